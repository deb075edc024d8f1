"""The machine around a read model: a batch of events, its rows and its checkpoint in one transaction.

One leader for each read model, elected by an advisory lock that lives with its database connection. Killed at
any moment, the next leader goes on from the checkpoint: each event counts once.
"""

from collections.abc import Sequence
from contextlib import suppress
from inspect import getdoc
from threading import Event as Signal
from threading import Thread
from typing import Any
from zlib import crc32

import psycopg
import structlog
from psycopg import Connection

from journey import tracing
from journey.connection import WORKING, Limits, opened
from journey.domain.event import Recorded
from journey.projections.ahead import Besides, Made, WorkAhead
from journey.projections.folded import FoldedJourneys, parted, unfolded
from journey.projections.model import ReadModel, Statement, together, written
from journey.projections.parking import LOCK_CHECKPOINT, lies_in_the_journey, park, parked, retry
from journey.store import log
from journey.store.memory import collect_rarely

BATCH = 5000
"""Events in a transaction, at most. It writes each of its journeys once: fewer would take longer in all; with
more, a late reader would wait longer.
"""

MANY = 20
"""Journeys that may be parked within a batch's length of the log: with more, the read model is at fault, not
they, and it stops.
"""

STANDBY = 0.2
"""Seconds between attempts to become the leader, or to reach a lost database again."""

LOOK_ANYWAY = 1.0
"""Seconds after which the log is looked at although no notification came: one may be lost."""

SELECT_AHEAD = """
    SELECT position > (SELECT coalesce(max(position), 0) FROM log) FROM checkpoint WHERE name = %s
    """
MOVE = """
    UPDATE checkpoint SET position = %s, updated_at = now(), last_error = NULL, failing_since = NULL
     WHERE name = %s
    """
REMEMBER = """
    INSERT INTO checkpoint (name, last_error, failing_since) VALUES (%s, %s, clock_timestamp())
    ON CONFLICT (name) DO UPDATE
       SET last_error = excluded.last_error,
           failing_since = coalesce(checkpoint.failing_since, excluded.failing_since)
    """

logger = structlog.get_logger()


class AheadOfTheLog(Exception):
    """The log ends before what this read model has seen: part of the database was restored, and not the
    rest. Run: journey projections rebuild.
    """

    def __init__(self) -> None:
        super().__init__(getdoc(AheadOfTheLog))


def lock_of(name: str) -> int:
    """The advisory lock of whoever keeps this read model."""
    return 0x4A_0002 << 32 | crc32(name.encode())


class Projector:
    """Keeps one read model up to the log, in a thread. `woken` is set by whoever knows of new positions."""

    def __init__(
        self, conninfo: str, model: ReadModel, *, batch: int = BATCH, limits: Limits = WORKING
    ) -> None:
        self.model = model
        self.name = model.name
        """Of its checkpoint, and of what it parks."""
        self.woken = Signal()
        self._conninfo = conninfo
        self._limits = limits
        self.batch = batch
        self._folded = FoldedJourneys(model.keeps)
        self._stopping = Signal()
        collect_rarely()
        self._thread = Thread(target=self._run, name=f"projector-{model.name}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Finish the batch in hand."""
        self._stopping.set()
        self.woken.set()
        self._thread.join()

    def catch_up(self) -> int:
        """Project until the end of the log, in this thread; the number of events projected."""
        with self.connected() as connection, self.ahead() as ahead:
            connection.execute("SELECT pg_advisory_lock(%s)", (lock_of(self.name),))
            connection.commit()
            self._refuse_ahead(connection)
            total = 0
            while done := self.step(connection, ahead):
                total += done
            return total

    def ahead(self) -> WorkAhead:
        """Somebody to make the next batch while the one before is written."""
        return WorkAhead(self._conninfo, self._made)

    def step(self, connection: Connection[Any], ahead: WorkAhead | None = None) -> int:
        """Project the next batch in one transaction; the number of its events.

        Where that fails, journey by journey: those that cannot be taken up are parked.
        """
        try:
            with connection.transaction():
                return self._together(connection, ahead)
        except Exception as error:
            if ahead:
                ahead.stop()
            self._folded.forget()
            if not lies_in_the_journey(error):
                raise
            with connection.transaction():
                return self._one_by_one(connection, error)

    def _together(self, connection: Connection[Any], ahead: WorkAhead | None) -> int:
        position = self._position(connection)
        waiting = {each.journey_id for each in parked(connection, self.name)}
        made = ahead.take(position, waiting) if ahead else None
        batch = made.batch if made else log.batch(connection, position, self.batch, waiting)
        with tracing.span("project", model=self.name, events=batch.size) if batch.size else tracing.OFF:
            statements = made.statements if made else self._statements(connection, batch.recorded)
            if ahead and batch.size == self.batch:
                ahead.begin(batch.position, waiting)
            elif ahead:
                ahead.rest()
            written(connection, statements)
            return self._reach(connection, batch)

    def _made(self, connection: Connection[Any], position: int, besides: Besides) -> Made:
        batch = log.batch(connection, position, self.batch, besides)
        return Made(batch, self._statements(connection, batch.recorded))

    def _statements(self, connection: Connection[Any], events: Sequence[Recorded]) -> tuple[Statement, ...]:
        if not events:
            return ()
        changes = self._folded.changes(connection, events) if self.model.folds else unfolded(events)
        return together(write for change in changes for write in self.model.project(change))

    def _one_by_one(self, connection: Connection[Any], error: Exception) -> int:
        """Raises the error where it is the read model's, and not that of a few journeys."""
        position = self._position(connection)
        waiting = parked(connection, self.name)
        batch, unreadable = log.carefully(
            connection, position, self.batch, {each.journey_id for each in waiting}
        )
        failed = {each.journey_id: (each.version, each.position, each.error) for each in unreadable}
        of_late = sum(each.position > batch.position - BATCH for each in waiting)
        for journey_id, events in parted(batch.recorded).items():
            if len(failed) + of_late > MANY:
                break
            if self._refused(connection, events) and (found := self._first_refused(connection, events)):
                failed[journey_id] = found
        if len(failed) + of_late > MANY:
            self._folded.forget()
            raise error
        for journey_id, (version, at, kind) in failed.items():
            park(connection, self.name, journey_id, (version, at), kind)
        return self._reach(connection, batch)

    def _first_refused(
        self, connection: Connection[Any], events: Sequence[Recorded]
    ) -> tuple[int, int, str] | None:
        """Version, position and error of the first that cannot be taken up, with those before it taken up."""
        for each in events:
            if refused := self._refused(connection, [each]):
                return each.version, each.position or 0, refused
        return None

    def _refused(self, connection: Connection[Any], events: Sequence[Recorded]) -> str | None:
        """Write them, or none of them, and say with what kind of error."""
        try:
            with connection.transaction():
                written(connection, self._statements(connection, events))
        except Exception as problem:
            self._folded.forget()
            if not lies_in_the_journey(problem):
                raise
            return type(problem).__name__
        return None

    def _reach(self, connection: Connection[Any], batch: log.Batch) -> int:
        if batch.size:
            connection.execute(MOVE, (batch.position, self.name))
        return batch.size

    def _position(self, connection: Connection[Any]) -> int:
        row = connection.execute(LOCK_CHECKPOINT, (self.name,)).fetchone()
        if row is None:
            connection.execute("INSERT INTO checkpoint (name) VALUES (%s)", (self.name,))
            return 0
        return int(row[0])

    def connected(self) -> Connection[Any]:
        """A connection that need not wait for the disk: the checkpoint is lost with the rows, or neither."""
        connection = opened(self._conninfo, self._limits, f"projector {self.name}", autocommit=False)
        connection.execute("SET synchronous_commit = off")
        connection.commit()
        return connection

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._folded.forget()
            try:
                with self.connected() as connection, self.ahead() as ahead:
                    self._lead(connection, ahead)
            except Exception as error:
                if _is_lost(error):
                    kind = type(error).__name__
                    logger.warning("projector.connection_lost", model=self.name, error=kind)
                    self._stopping.wait(STANDBY)
                else:
                    logger.exception("projector.failed", model=self.name)
                    self._remember(error)
                    self._stopping.wait(LOOK_ANYWAY)

    def _lead(self, connection: Connection[Any], ahead: WorkAhead) -> None:
        while not self._elected(connection):
            if self._stopping.wait(STANDBY):
                return
        self._refuse_ahead(connection)
        for _ in retry(self._conninfo, self.model):  # a newer program may be able to
            pass
        while not self._stopping.is_set():
            self.woken.clear()
            while self.step(connection, ahead) and not self._stopping.is_set():
                pass
            self.woken.wait(LOOK_ANYWAY)

    def _refuse_ahead(self, connection: Connection[Any]) -> None:
        """What follows would be passed over in silence."""
        with connection.transaction():
            if connection.execute(SELECT_AHEAD, (self.name,)).fetchone() == (True,):
                raise AheadOfTheLog

    def _elected(self, connection: Connection[Any]) -> bool:
        row = connection.execute("SELECT pg_try_advisory_lock(%s)", (lock_of(self.name),)).fetchone()
        connection.commit()
        return bool(row and row[0])

    def _remember(self, error: Exception) -> None:
        """Keep the kind of error where `projections list` shows it; its text may hold a patient's data."""
        with suppress(psycopg.Error), opened(self._conninfo, WORKING, "projector") as connection:
            connection.execute(REMEMBER, (self.name, type(error).__name__))


def _is_lost(error: Exception) -> bool:
    """Whether the connection is gone (SQLSTATE class 08, 57P, or none), and not the statement at fault."""
    if not isinstance(error, psycopg.OperationalError | psycopg.InterfaceError):
        return False
    return error.sqlstate is None or error.sqlstate.startswith(("08", "57P"))
