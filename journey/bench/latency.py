"""How long after the answer a change is visible in a read model, at a modest load.

Two ways: the worker in the process that writes (`serve`), and in one of its own (`serve --role worker`).
"""

from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from threading import Event as Signal
from threading import Thread
from time import perf_counter
from uuid import UUID

import psycopg

from journey.bench import parts, ward
from journey.bench.figures import Figure, percentile
from journey.bench.scratch import Scratch
from journey.bench.soak import Part
from journey.domain.episode import AssignOwner, OpenJourney
from journey.store.identifiers import uuid7
from journey.store.store import Store
from journey.worker import Worker

SAMPLES = 400
BACKGROUND = 0.02
"""Seconds between the commands of somebody else: fifty a second."""

LONGEST = 30.0
"""Seconds after which a change should have been visible, whatever else goes on."""

VISIBLE = "SELECT 1 FROM patient_status WHERE journey_id = %s AND version >= %s"
MILLISECONDS = 1000


class NeverVisible(Exception):
    """The worker does not work."""


def latency(server: Scratch) -> Iterator[Figure]:
    """From the answer of `Store.handle` to the row, looked for without a pause."""
    for where in ("the same process", "another process"):
        url = server.database()
        with closing(Store(url)) as store, _worker(url, store, where), _somebody_else(url):
            found = _sampled(url, store)
        for share, name in ((0.5, "p50"), (0.99, "p99")):
            value = percentile(found, share) * MILLISECONDS
            yield Figure(f"visible after, worker in {where}: {name}", value, "ms")


def _sampled(url: str, store: Store) -> list[float]:
    found = []
    with psycopg.connect(url, autocommit=True, prepare_threshold=0) as connection:
        journey_id = _opened(store)
        for number in range(SAMPLES):
            answer = store.handle(journey_id, AssignOwner(team=f"team-{number}"), ward.CONTEXT)
            answered = perf_counter()
            while connection.execute(VISIBLE, (journey_id, answer.version)).fetchone() is None:
                if perf_counter() > answered + LONGEST:
                    raise NeverVisible(LONGEST)
            found.append(perf_counter() - answered)
            if number % 20 == 0:
                journey_id = _opened(store)
    return found[SAMPLES // 10 :]


def _opened(store: Store) -> UUID:
    journey_id = uuid7()
    store.handle(journey_id, OpenJourney(patient_id=uuid7()), ward.CONTEXT)
    return journey_id


@contextmanager
def _worker(url: str, store: Store, where: str) -> Iterator[None]:
    if where == "the same process":
        with Worker(url, appended=store.appended):
            yield
        return
    part = Part("worker", parts.worker, (url,))
    with ExitStack() as stack:
        part.start()
        stack.callback(part.stop)
        yield


@contextmanager
def _somebody_else(url: str) -> Iterator[None]:
    enough = Signal()

    def write() -> None:
        with closing(Store(url)) as store:
            while not enough.wait(BACKGROUND):
                _opened(store)

    thread = Thread(target=write)
    thread.start()
    try:
        yield
    finally:
        enough.set()
        thread.join()
