"""How things are measured: contenders take turns in shuffled rounds, and the median of each is kept.

A machine that is busy with something else is so for all of them; what to believe are the ratios.
"""

import random
from collections.abc import Callable, Mapping
from statistics import median
from threading import Barrier, Thread
from time import perf_counter
from typing import NamedTuple

ROUNDS = 5


class Figure(NamedTuple):
    """One line of an answer. `ratio` is against the floor or the rival that `against` names."""

    what: str
    value: float
    unit: str
    against: str = ""
    ratio: float | None = None


def medians(contenders: Mapping[str, Callable[[], float]], *, rounds: int = ROUNDS) -> dict[str, float]:
    """What each measured, each once a round, in another order every time. The first round warms up."""
    dice = random.Random(0)  # noqa: S311 - no secret
    measured: dict[str, list[float]] = {name: [] for name in contenders}
    for number in range(rounds + 1):
        for name in dice.sample(list(contenders), len(contenders)):
            value = contenders[name]()
            if number > 0:
                measured[name].append(value)
    return {name: median(values) for name, values in measured.items()}


def rate(work: Callable[[int], object], *, threads: int, seconds: float) -> float:
    """How often a second the threads together got it done; each is told its number."""
    start, counts = Barrier(threads + 1), [0] * threads
    until = [0.0]

    def run(number: int) -> None:
        start.wait()
        while perf_counter() < until[0]:
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
