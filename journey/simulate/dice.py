"""Dice: everything random in the simulator comes from one of these, so that a seed is a whole clinic."""

from collections.abc import Sequence
from datetime import timedelta
from math import log
from random import Random
from typing import Any, TypeVar
from uuid import UUID

T = TypeVar("T")

Weighted = tuple[tuple[float, T], ...]
"""Choices, each with its share; the shares add up to 1."""


class Dice(Random):
    """A random source that says what the simulator asks of it. The same seed throws the same, anywhere."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self._turns: dict[Weighted[Any], list[float]] = {}

    def chance(self, share: float) -> bool:
        """True in this share of throws."""
        return self.random() < share

    def one(self, choices: Sequence[T]) -> T:
        """One of them, all alike."""
        return choices[int(self.random() * len(choices))]

    def by_share(self, choices: Weighted[T]) -> T:
        """One of them, each as often as its share says."""
        left = self.random()
        for share, choice in choices:
            left -= share
            if left < 0:
                return choice
        return choices[-1][1]

    def dealt(self, choices: Weighted[T]) -> T:
        """One of them, each as often as its share says, and as evenly as can be.

        What is rare is rare, and comes in a small clinic all the same.
        """
        turns = self._turns.setdefault(choices, [])
        if not turns:
            turns += [self.random() / share for share, _ in choices]
        first = turns.index(min(turns))
        share, choice = choices[first]
        turns[first] += 1 / share
        return choice

    def seldom(self, what: str, share: float) -> bool:
        """True in this share of throws for the same thing, as evenly as can be."""
        return self.dealt(((share, (what, True)), (1 - share, (what, False))))[1]

    def whole(self, least: int, most: int) -> int:
        """A whole number, both ends included."""
        return least + int(self.random() * (most - least + 1))

    def skewed(self, median: float, sigma: float, *, least: float, most: float) -> float:
        """Log-normal, as waiting times and lengths of stay are: mostly near the median, with a long tail."""
        return min(max(self.lognormvariate(log(median), sigma), least), most)

    def minutes(self, least: float, most: float) -> timedelta:
        """A span in whole seconds."""
        return timedelta(seconds=round(60 * self.uniform(least, most)))

    def hours(self, least: float, most: float) -> timedelta:
        """A span in whole seconds."""
        return self.minutes(60 * least, 60 * most)

    def days(self, least: float, most: float) -> timedelta:
        """A span in whole seconds."""
        return self.hours(24 * least, 24 * most)

    def uuid(self) -> UUID:
        """A random UUID (version 4) of this seed."""
        return UUID(int=self.getrandbits(128), version=4)
