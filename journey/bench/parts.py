"""The processes of a soak. Each runs until its pipe closes, or until it is killed, which is the point.

What writers were told and readers saw goes into files line by line, unbuffered: a SIGKILL loses nothing that
was written.
"""

import logging
import os
import random
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection as Pipe
from pathlib import Path
from threading import Event as Signal
from threading import Thread
from time import monotonic, time
from uuid import UUID, uuid5

import psycopg
import structlog

from journey.bench.checker import Asked, Entry, Outcome
from journey.domain.correction import ReinstateEvent, VoidEvent
from journey.domain.episode import AssignOwner, OpenJourney
from journey.domain.event import Actor, Command, Context, Refused, Source
from journey.domain.visit.commands import AdmitPatient
from journey.projections import READ_MODELS
from journey.projections.projector import Projector
from journey.store import log
from journey.store.errors import Contended, OutcomeUnknown, StoreUnavailable
from journey.store.identifiers import uuid7
from journey.store.recorder import LISTEN
from journey.store.sequencer import Sequencer
from journey.store.store import Appended, Store
from journey.worker import Listener, Worker

NAMESPACE = UUID("6f5f0f0e-7b1d-4c53-9a55-0d8f0f6f2f11")
HOT, HOT_FOR = 8, 1.5
"""Journeys that everybody writes to at once, and the seconds after which they are left for new ones."""

PAUSE = 0.05
"""Seconds before a lost database is tried again."""

CONTEXT = Context(
    actor=Actor(id="soak", kind="system"),
    source=Source(system="soak", channel="soak"),
)


@contextmanager
def until_closed(pipe: Pipe) -> Iterator[Signal]:
    """Set once whoever started this process closes the pipe, or is gone."""
    closed = Signal()

    def wait() -> None:
        with suppress(EOFError, OSError):
            pipe.recv_bytes()
        closed.set()

    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    logging.getLogger("psycopg").setLevel(logging.ERROR)  # what is killed is missed by those who talked to it
    threading.excepthook = _end
    Thread(target=wait, daemon=True).start()
    yield closed


def _end(what: threading.ExceptHookArgs) -> None:
    """An error that nobody expected ends the process, and is told by its exit code."""
    traceback.print_exception(what.exc_type, what.exc_value, what.exc_traceback)
    os._exit(70)


class Journal:
    """A file of whole lines: half a line, which a kill can leave, is cut off when it is taken up again."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        os.ftruncate(self._file, sum(len(line) + 1 for line in lines(path)))

    def write(self, text: str) -> None:
        os.write(self._file, text.encode())


def lines(path: Path) -> list[str]:
    """The whole lines of a file that somebody may be writing to."""
    text = path.read_bytes() if path.exists() else b""
    return text[: text.rfind(b"\n") + 1].decode().splitlines()


# --- Sequencer and projector


def sequencer(pipe: Pipe, url: str) -> None:
    """Elected, or standing by."""
    with until_closed(pipe) as closed:
        part = Sequencer(url)
        part.start()
        closed.wait()
        part.stop()


def projectors(pipe: Pipe, url: str, batch: int) -> None:
    """All read models, each elected or standing by."""
    with until_closed(pipe) as closed:
        parts = [Projector(url, model, batch=batch) for model in READ_MODELS]

        def wake() -> None:
            for part in parts:
                part.woken.set()

        listener = Listener(url, wake)
        listener.start()
        for part in parts:
            part.start()
        closed.wait()
        listener.stop()
        for part in parts:
            part.stop()


# --- Readers


def reader(pipe: Pipe, url: str, path: Path) -> None:
    """Follows the log and writes down what it sees; begun again, it goes on behind what it wrote."""
    journal, before = Journal(path), lines(path)
    after = int(before[-1].split()[0]) if before else 0
    with until_closed(pipe) as closed:
        while not closed.is_set():
            with suppress(psycopg.Error), psycopg.connect(url, autocommit=True) as connection:
                connection.execute(LISTEN)
                while not closed.is_set():
                    batch = log.read(connection, after, 500)
                    journal.write(
                        "".join(
                            f"{each.position} {each.journey_id} {each.version} {each.event_id}\n"
                            for each in batch
                        )
                    )
                    after = batch[-1].position or after if batch else after
                    if not batch:
                        for _ in connection.notifies(timeout=0.1, stop_after=1):
                            pass
            closed.wait(PAUSE)


def seen(path: Path) -> list[Entry]:
    """What a reader wrote down."""
    found = []
    for line in lines(path):
        position, journey_id, version, event_id = line.split()
        found.append(Entry(int(position), UUID(journey_id), int(version), UUID(event_id)))
    return found


# --- Writers


def writer(pipe: Pipe, url: str, path: Path, threads: int, seed: int) -> None:
    """So many writers, each on a connection of its own: half of what they do is about the hot journeys."""
    journal = Journal(path)
    with until_closed(pipe) as closed, closing(Store(url, pool_size=threads, timeout=2.0)) as store:
        many = [
            Thread(target=_write, args=(store, journal, closed, random.Random(seed * 1000 + number)))  # noqa: S311 - no secret
            for number in range(threads)
        ]
        for each in many:
            each.start()
        for each in many:
            each.join()


def asked(path: Path) -> list[Asked]:
    """What the writers of a file asked, and what they were told."""
    found: dict[UUID, Asked] = {}
    for line in lines(path):
        request, *told = line.split()
        outcome, *event_ids = told or [Outcome.UNKNOWN]
        found[UUID(request)] = Asked(UUID(request), Outcome(outcome), tuple(map(UUID, event_ids)))
    return list(found.values())


def _write(store: Store, journal: Journal, closed: Signal, dice: random.Random) -> None:
    own = [uuid7()]
    while not closed.is_set():
        if dice.random() < 0.5:  # noqa: PLR2004 - half of all
            slot = f"{dice.randrange(HOT)} {time() // HOT_FOR}"
            journey_id = uuid5(NAMESPACE, slot)
        else:
            if dice.random() < 0.1:  # noqa: PLR2004 - one in ten
                own.append(uuid7())
            journey_id = dice.choice(own[-3:])
        ask(store, journal, journey_id, _opening(journey_id))
        for _ in range(dice.randrange(4)):
            ask(store, journal, journey_id, _something(store, journey_id, dice))


def _opening(journey_id: UUID) -> Callable[[], Command]:
    return lambda: OpenJourney(patient_id=uuid5(journey_id, "patient"), team="soak")


def _something(store: Store, journey_id: UUID, dice: random.Random) -> Callable[[], Command]:
    """A change of owner, often told late; or a stay; or a correction of something."""

    def command() -> Command:
        die = dice.random()
        if die < 0.7:  # noqa: PLR2004 - shares of a whole
            late = timedelta(minutes=dice.randrange(60)) if dice.random() < 0.3 else timedelta()  # noqa: PLR2004 - as above
            at = datetime.now(UTC) - late if late else None
            return AssignOwner(team=str(uuid7()), occurred_at=at)
        if die < 0.8:  # noqa: PLR2004 - as above
            return AdmitPatient(visit_id=uuid7(), reported=True)
        target = dice.choice(store.load(journey_id).recorded or [None])
        event_id = target.event_id if target else uuid7()
        correction = VoidEvent if die < 0.92 else ReinstateEvent  # noqa: PLR2004 - as above
        return correction(event_id=event_id, reason="soak")

    return command


def ask(store: Store, journal: Journal, journey_id: UUID, command: Callable[[], Command]) -> None:
    """One request, written down before it is made and once it is answered."""
    request = uuid7()
    context = CONTEXT.model_copy(update={"correlation_id": request})
    journal.write(f"{request}\n")
    event_ids: tuple[UUID, ...] = ()
    try:
        answer: Appended = store.handle(journey_id, command(), context, idempotency_key=str(request))
    except OutcomeUnknown:
        outcome = Outcome.UNKNOWN
    except (Refused, Contended, StoreUnavailable):
        outcome = Outcome.FAIL
    else:
        outcome, event_ids = Outcome.OK, tuple(each.event_id for each in answer.events)
    journal.write(" ".join([str(request), outcome, *map(str, event_ids)]) + "\n")


# --- Everything behind the writes, in one process


def worker(pipe: Pipe, url: str) -> None:
    """As `journey serve --role worker` runs it."""
    with until_closed(pipe) as closed, Worker(url):
        closed.wait()


def fifty_a_second(pipe: Pipe, url: str) -> None:
    """Journeys are opened, so many a second."""
    with until_closed(pipe) as closed, closing(Store(url)) as store:
        due = monotonic()
        while not closed.wait(max(0.0, due - monotonic())):
            store.handle(uuid7(), OpenJourney(patient_id=uuid7()), CONTEXT)
            due += 0.02
