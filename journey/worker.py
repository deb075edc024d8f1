"""The worker: what runs behind the writes. The sequencer, every read model, the ear on the log's
channel, and whoever works beside them.

Any number of processes may run one: each part elects a leader, and the others stand by.
"""

import signal
import threading
from collections.abc import Callable, Sequence
from selectors import EVENT_READ, DefaultSelector
from socket import socketpair
from threading import Event as Signal
from threading import Thread
from typing import Protocol, Self

import psycopg
import structlog

from journey.connection import WORKING, opened
from journey.projections import READ_MODELS
from journey.projections.projector import Projector
from journey.store.recorder import LISTEN
from journey.store.sequencer import Sequencer

STOP = (signal.SIGINT, signal.SIGTERM)

LISTEN_AGAIN = 0.2
"""Seconds before a lost connection is tried again."""

logger = structlog.get_logger()


class WorkerFailed(Exception):
    """A part of the worker ended by a fault, which is logged. Start it again; nothing is lost."""

    def __init__(self) -> None:
        super().__init__(WorkerFailed.__doc__)


class Listener:
    """Calls back whenever the log has grown, and once after a lost connection, to be sure."""

    def __init__(self, conninfo: str, grown: Callable[[], None]) -> None:
        self._conninfo = conninfo
        self._grown = grown
        self._stopping = Signal()
        self._ear, self._alarm = socketpair()
        self._thread = Thread(target=self._run, name="listener", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._alarm.close()
        self._thread.join()
        self._ear.close()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                with opened(self._conninfo, WORKING, "listener") as connection, DefaultSelector() as waiting:
                    waiting.register(connection.fileno(), EVENT_READ)
                    waiting.register(self._ear, EVENT_READ)
                    connection.execute(LISTEN)
                    self._grown()
                    while not self._stopping.is_set():
                        waiting.select()
                        for _ in connection.notifies(timeout=0, stop_after=1):
                            self._grown()
            except psycopg.Error as error:
                logger.warning("listener.connection_lost", error=type(error).__name__)
                self._stopping.wait(LISTEN_AGAIN)


class Beside(Protocol):
    """Somebody else who works behind the writes, and is told when the log has grown."""

    def start(self) -> None: ...

    def stop(self) -> None: ...

    def wake(self) -> None: ...


class Worker:
    """Everything behind the writes, in threads. `appended` wakes the sequencer from within this process."""

    def __init__(
        self,
        conninfo: str,
        *,
        appended: Signal | None = None,
        beside: Sequence[Beside] = (),
    ) -> None:
        self._sequencer = Sequencer(conninfo, appended=appended)
        self._projectors = [Projector(conninfo, model) for model in READ_MODELS]
        self._beside = beside
        self._listener = Listener(conninfo, self._wake)

    def start(self) -> None:
        self._listener.start()
        for projector in self._projectors:
            projector.start()
        self._sequencer.start()
        for each in self._beside:
            each.start()

    def stop(self) -> None:
        """Finish what is in hand: first the log, then those who read it."""
        self._sequencer.stop()
        self._listener.stop()
        for projector in self._projectors:
            projector.stop()
        for each in self._beside:
            each.stop()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _wake(self) -> None:
        for projector in self._projectors:
            projector.woken.set()
        for each in self._beside:
            each.wake()


def work(conninfo: str, beside: Sequence[Beside] = ()) -> None:
    """The worker alone, until SIGINT or SIGTERM. Raises WorkerFailed: better begun anew than half alive."""
    told, failed = Signal(), Signal()

    def fail(what: threading.ExceptHookArgs) -> None:
        logger.error("worker.failed", exc_info=what.exc_value)
        failed.set()
        told.set()

    threading.excepthook = fail
    for each in STOP:
        signal.signal(each, lambda *_: told.set())
    with Worker(conninfo, beside=beside):
        logger.info("working")
        told.wait()
    if failed.is_set():
        raise WorkerFailed
