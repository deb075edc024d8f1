"""How fast a read model is rebuilt beside the live one, while others append, read it and keep it up.

The floor is reading the log and decoding it, with nothing done about it, under the same load. Whoever reads
must see no error and no row that is older than one it has seen: else there is no figure.
"""

from collections.abc import Callable, Collection, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from functools import partial
from threading import Event as Signal
from threading import Thread
from time import perf_counter

import psycopg

from journey.bench import parts, ward
from journey.bench.catch_up import decoded
from journey.bench.figures import Figure, measured
from journey.bench.scratch import Scratch
from journey.bench.soak import Part, processes
from journey.projections import READ_MODELS
from journey.projections import rebuild as beside
from journey.projections.model import ReadModel
from journey.projections.projector import Projector
from journey.projections.status import PatientStatus
from journey.projections.timeline import Timeline

LENGTH = 10
ROUNDS = 1
FLOOR = "select and decode"
MODELS: tuple[ReadModel, ...] = (PatientStatus(), Timeline())
SOME = "WHERE journey_id < '08000000-0000-0000-0000-000000000000'"
READ = {
    PatientStatus.name: f"SELECT count(*), sum(version), max(position) FROM patient_status {SOME}",  # noqa: S608 - our own words
    Timeline.name: f"SELECT count(*), sum(version), max(position) FROM timeline {SOME}",  # noqa: S608 - our own words
}
"""None of these ever falls, unless a row is missing or older: of one journey in thirty-two, as a reader of a
large log asks for a part of it.
"""

PAUSE = 0.01
"""Seconds between two reads of a reader."""

LONGEST_START = 20.0
"""Seconds that whoever writes beside it may take to begin."""

MILLISECONDS = 1000


class Disturbed(Exception):
    """A reader met an error, or rows older than those that it had seen."""


class Reader:
    """Reads all the time, on a connection whose statements are prepared, as those of a pool are."""

    def __init__(self, url: str, query: str) -> None:
        self._url, self._query = url, query
        self._stopping = Signal()
        self._thread = Thread(target=self._run)
        self.reads, self.longest = 0, 0.0
        self.wrong: list[str] = []

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join()
        if self.wrong:
            raise Disturbed(self.wrong[0])

    def _run(self) -> None:
        seen = (0, 0, 0)
        try:
            with psycopg.connect(self._url, autocommit=True, prepare_threshold=0) as connection:
                while not self._stopping.wait(PAUSE):
                    started = perf_counter()
                    [found] = connection.execute(self._query, ()).fetchall()
                    self.longest = max(self.longest, perf_counter() - started)
                    if any(now < before for now, before in zip(found, seen, strict=True)):
                        self.wrong.append(f"{found} after {seen}")
                    seen = found
                    self.reads += 1
        except psycopg.Error as error:
            self.wrong.append(type(error).__name__)


def rebuild(server: Scratch) -> Iterator[Figure]:
    """Events a second; the appends and the longest read meanwhile."""
    url = server.database()
    ward.fill(url, ward.mixed(server.events // LENGTH, LENGTH))
    for model in READ_MODELS:
        Projector(url, model).catch_up()
    readers = {model.name: Reader(url, READ[model.name]) for model in MODELS}
    with _others(url, readers.values()), ProcessPoolExecutor(1, processes) as elsewhere:
        before, began = _end(url), perf_counter()
        contenders = {
            FLOOR: partial(_of, elsewhere, decoded, url, server.events),
            **{model.name: partial(_of, elsewhere, rebuilt, url, model) for model in MODELS},
        }
        found = measured(contenders, rounds=ROUNDS)
        appended = (_end(url) - before) / (perf_counter() - began)
    yield found.figure(f"rebuild: {FLOOR}", FLOOR, "events/s")
    for name, reader in readers.items():
        yield found.figure(f"rebuild: {name}", name, "events/s", FLOOR)
        yield Figure(f"rebuild: {name}: reads, none older", reader.reads, "reads")
        yield Figure(f"rebuild: {name}: longest read", reader.longest * MILLISECONDS, "ms")
    yield Figure("appended meanwhile", appended, "events/s")


@contextmanager
def _others(url: str, readers: Collection[Reader]) -> Iterator[None]:
    """Those who are not to be disturbed, once they are at it."""
    with ExitStack() as stack:
        before = _end(url)
        for kind, target in (("worker", parts.worker), ("writer", parts.fifty_a_second)):
            part = Part(kind, target, (url,))
            part.start()
            stack.callback(part.stop)
        for reader in readers:
            reader.start()
            stack.callback(reader.stop)
        deadline = perf_counter() + LONGEST_START
        while _end(url) == before and perf_counter() < deadline:
            Signal().wait(PAUSE)
        yield


def _of(elsewhere: Executor, work: Callable[..., float], *given: object) -> float:
    """In a process of its own, as an operator runs it."""
    return elsewhere.submit(work, *given).result()


def rebuilt(url: str, model: ReadModel) -> float:
    """Events a second."""
    started = perf_counter()
    return beside.rebuild(url, model).events / (perf_counter() - started)


def _end(url: str) -> int:
    with psycopg.connect(url) as connection:
        [(end,)] = connection.execute("SELECT max(position) FROM log").fetchall()
        return int(end)
