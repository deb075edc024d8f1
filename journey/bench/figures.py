"""How things are measured: contenders take turns in shuffled rounds, each turn short.

A figure is the median of the rounds; a ratio the median of the ratios within each round. A machine that is
busy with something else is so for all who take their turn meanwhile: what to believe are the ratios.
"""

import random
from collections.abc import Callable, Mapping
from statistics import median
from threading import Barrier, Thread
from time import perf_counter
from typing import NamedTuple

ROUNDS = 11


class Figure(NamedTuple):
    """One line of an answer. `ratio` is against the floor or the rival that `against` names."""

    what: str
    value: float
    unit: str
    against: str = ""
    ratio: float | None = None


class Measured:
    """What every contender measured, round by round."""

    def __init__(self, rounds: Mapping[str, list[float]]) -> None:
        self._rounds = rounds

    def figure(self, what: str, name: str, unit: str, against: str = "", *, scale: float = 1) -> Figure:
        """A contender's median, and its ratio to another where one is named."""
        ratio = None
        if against:
            pairs = zip(self._rounds[name], self._rounds[against], strict=True)
            ratio = median(own / other for own, other in pairs)
        return Figure(what, median(self._rounds[name]) * scale, unit, against, ratio)


def measured(contenders: Mapping[str, Callable[[], float]], *, rounds: int | None = None) -> Measured:
    """Each contender once a round, in another order every time. The first round warms up."""
    dice = random.Random(0)  # noqa: S311 - no secret
    found: dict[str, list[float]] = {name: [] for name in contenders}
    for number in range((rounds or ROUNDS) + 1):
        for name in dice.sample(list(contenders), len(contenders)):
            value = contenders[name]()
            if number > 0:
                found[name].append(value)
    return Measured(found)


def rate(work: Callable[[int], object], *, threads: int, seconds: float) -> float:
    """How often a second the threads together got it done; each is told its number."""
    start, counts = Barrier(threads + 1), [0] * threads
    until = [0.0]

    def run(number: int) -> None:
        start.wait()
        while not counts[number] or perf_counter() < until[0]:
            work(number)
            counts[number] += 1

    crew = [Thread(target=run, args=(number,)) for number in range(threads)]
    for each in crew:
        each.start()
    started = perf_counter()
    until[0] = started + seconds
    start.wait()
    for each in crew:
        each.join()
    return sum(counts) / (perf_counter() - started)


def seconds(work: Callable[[], object], *, times: int = 1) -> float:
    """How long it takes once."""
    started = perf_counter()
    for _ in range(times):
        work()
    return (perf_counter() - started) / times


def percentile(values: list[float], share: float) -> float:
    """The value below which so large a share of them lies."""
    return sorted(values)[min(int(len(values) * share), len(values) - 1)]
