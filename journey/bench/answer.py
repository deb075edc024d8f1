"""What it costs to say where a patient stands, for a journey of 10, 50 and 200 events on a pathway.

CPU time of one thread, so that a busy machine does not count. The answer is beside what comes before it when
the journey is asked about at another time: loading its events and folding them.
"""

from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from time import process_time
from uuid import UUID

from journey.bench import ward
from journey.bench.figures import Figure, measured
from journey.bench.scratch import Scratch
from journey.domain.journey import Journey, fold
from journey.domain.standing import standing
from journey.pathways import installed
from journey.store.store import Store

LENGTHS = (10, 50, 200)
TIMES = 20
"""Answers in a contender's turn."""

MILLISECONDS = 1000
COMPARED = (("load and fold", ""), ("answer", "load and fold"), ("answer as JSON", "load and fold"))


def answer(server: Scratch) -> Iterator[Figure]:
    """One at a time, in one thread."""
    url = server.database()
    journeys = {length: ward.sepsis(length, length) for length in LENGTHS}
    ward.fill(url, (each for journey in journeys.values() for each in journey))
    with closing(Store(url)) as store:
        for length, recorded in journeys.items():
            journey_id = recorded[0].journey_id
            folded = _folded(store, journey_id)
            works: dict[str, Callable[[], object]] = {
                "load and fold": partial(_folded, store, journey_id),
                "answer": partial(standing, folded, installed()),
                "answer as JSON": partial(_written, folded),
            }
            found = measured({name: partial(_cpu, work) for name, work in works.items()})
            for name, against in COMPARED:
                what = f"{length} events: {name}"
                yield found.figure(what, name, "ms of CPU", against, scale=MILLISECONDS)


def _folded(store: Store, journey_id: UUID) -> Journey:
    history = store.load(journey_id)
    return fold(history.effective, journey_id, history.version)


def _written(journey: Journey) -> str:
    return standing(journey, installed()).model_dump_json()


def _cpu(work: Callable[[], object]) -> float:
    """How much of the processor it takes once."""
    started = process_time()
    for _ in range(TIMES):
        work()
    return (process_time() - started) / TIMES
