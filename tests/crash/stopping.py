"""Processes that come to one exact point, say so, and stay there until they are killed."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection as Pipe
from threading import Event as Signal
from typing import Any, NoReturn
from uuid import UUID

import psycopg
from psycopg import Connection

from journey.projections import READ_MODELS, parking, rebuild, swap
from journey.projections.model import Change, Write, written
from journey.projections.projector import Projector
from journey.projections.timeline import Timeline
from journey.store.sequencer import LOCK, Sequencer, sequence
from journey.store.store import Store
from journey.worker import Listener
from tests.processes import processes
from tests.store.asked import CONTEXT, owned_by


@contextmanager
def come_to_its_point(target: Callable[..., None], *arguments: Any) -> Iterator[None]:
    """The block runs while the process stands there; then it is killed."""
    ours, theirs = processes.Pipe()
    process = processes.Process(target=target, args=(theirs, *arguments), daemon=True)
    process.start()
    theirs.close()
    try:
        if not ours.poll(20) or ours.recv() != "there":
            raise AssertionError(f"{target.__name__} has not come to its point")
        yield
    finally:
        process.kill()
        process.join()


def _stay(pipe: Pipe) -> NoReturn:
    pipe.send("there")
    while True:
        Signal().wait()


def before_the_append(pipe: Pipe, url: str, journey_id: UUID) -> None:
    store = Store(url)
    store.events.put = lambda *_, **__: _stay(pipe)  # type: ignore[method-assign]  # the point to stop at
    store.handle(journey_id, owned_by("east"), CONTEXT, idempotency_key="k")


def after_the_append(pipe: Pipe, url: str, journey_id: UUID) -> None:
    store = Store(url)
    put = store.events.put

    def putting(*events: Any, **key: Any) -> NoReturn:
        put(*events, **key)
        _stay(pipe)

    store.events.put = putting  # type: ignore[method-assign]  # as above
    store.handle(journey_id, owned_by("east"), CONTEXT, idempotency_key="k")


def before_the_sequence_commits(pipe: Pipe, url: str) -> None:
    with psycopg.connect(url) as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", (LOCK,))
        sequence(connection)
        _stay(pipe)


def after_the_sequence_commits(pipe: Pipe, url: str) -> None:
    """Nobody in this process hears of it any more."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", (LOCK,))
        sequence(connection)
        _stay(pipe)


def when_the_wake_up_has_come(pipe: Pipe, url: str) -> None:
    """A whole worker whose listener has heard, and has told nobody."""
    listens = Signal()

    def grown() -> None:
        if listens.is_set():
            _stay(pipe)
        listens.set()  # the look at the start, once it listens: what comes now is heard

    Listener(url, grown).start()
    listens.wait()
    Sequencer(url).start()
    Signal().wait()


class Stopping(Connection[Any]):
    """A connection that comes to its point at the statement that begins so."""

    pipe: Pipe
    at = "UPDATE checkpoint"

    def execute(self, query: Any, params: Any = None, **options: Any) -> Any:
        if isinstance(query, str) and query.lstrip().startswith(self.at):
            _stay(self.pipe)
        return super().execute(query, params, **options)


class StoppingProjector(Projector):
    """Stops between its rows and its checkpoint."""

    def connected(self) -> Connection[Any]:
        return Stopping.connect(self._conninfo)


def before_the_checkpoint(pipe: Pipe, url: str, model: int) -> None:
    Stopping.pipe = pipe
    StoppingProjector(url, READ_MODELS[model], batch=7).catch_up()


def before_the_projection_commits(pipe: Pipe, url: str, model: int) -> None:
    with psycopg.connect(url) as connection, connection.transaction(force_rollback=True):
        Projector(url, READ_MODELS[model], batch=7).step(connection)
        _stay(pipe)


def in_the_midst_of_a_rebuild(pipe: Pipe, url: str, moment: str) -> None:
    """With its tables filled, or put in place and not committed."""
    if moment == "filled":
        swap.index = lambda *_: _stay(pipe)
    else:
        put_in_place = swap.put_in_place

        def putting(*arguments: Any) -> NoReturn:
            put_in_place(*arguments)
            _stay(pipe)

        swap.put_in_place = putting  # type: ignore[assignment]  # as above
    rebuild.rebuild(url, Timeline())


class Poisoned(Timeline):
    """Cannot take up what comes after the first event of a journey."""

    def project(self, change: Change) -> Iterator[Write]:
        if change.recorded[-1].version > 1:
            raise LookupError
        yield from super().project(change)


def before_the_parking_commits(pipe: Pipe, url: str) -> None:
    Stopping.pipe = pipe
    StoppingProjector(url, Poisoned()).catch_up()


def before_the_retry_commits(pipe: Pipe, url: str) -> None:
    def writing(*arguments: Any) -> NoReturn:
        written(*arguments)
        _stay(pipe)

    parking.written = writing  # type: ignore[assignment,attr-defined]  # the point to stop at
    list(parking.retry(url, Timeline()))
