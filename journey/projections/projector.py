"""The machine around a read model: a batch of events, its rows and its checkpoint in one transaction.

One leader for each read model, elected by an advisory lock that lives with its database connection. Killed at
any moment, the next leader goes on from the checkpoint: each event counts once.
"""

from contextlib import suppress
from threading import Event as Signal
from threading import Thread
from typing import Any
from zlib import crc32

import psycopg
import structlog
from psycopg import Connection
from pydantic_core import to_json

from journey.domain.event import Recorded
from journey.projections.ahead import ReadAhead
from journey.projections.folded import FoldedJourneys, unfolded
from journey.projections.model import ReadModel
from journey.store import log
from journey.store.memory import collect_rarely

BATCH = 2000
"""Events in a transaction. More would make a rebuild little faster and a late reader wait longer."""

STANDBY = 0.2
"""Seconds between attempts to become the leader, or to reach a lost database again."""

LOOK_ANYWAY = 1.0
"""Seconds after which the log is looked at although no notification came: one may be lost."""

logger = structlog.get_logger()


class Projector:
    """Keeps one read model up to the log, in a thread. `woken` is set by whoever knows of new positions."""

    def __init__(self, conninfo: str, model: ReadModel, *, batch: int = BATCH) -> None:
        self.model = model
        self.woken = Signal()
        self._conninfo = conninfo
        self._batch = batch
        self._folded = FoldedJourneys()
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
        with self._connected() as connection, ReadAhead(self._conninfo, self._batch) as ahead:
            connection.execute("SELECT pg_advisory_lock(%s)", (self._lock,))
            connection.commit()
            total = 0
            while done := self.step(connection, ahead):
                total += done
            return total

    def step(self, connection: Connection[Any], ahead: ReadAhead | None = None) -> int:
        """Project the next batch in one transaction; the number of its events."""
        with connection.transaction():
            batch = self._next(connection, ahead)
            if not batch:
                return 0
            rows: dict[Any, list[dict[str, Any]]] = {}
            for change in self._folded.changes(connection, batch) if self.model.folds else unfolded(batch):
                for statement, row in self.model.project(change):
                    rows.setdefault(statement, []).append(row)
            for statement, many in rows.items():
                connection.execute(statement, {"rows": to_json(many).decode()})
            connection.execute(
                "UPDATE checkpoint SET position = %s, updated_at = now(), last_error = NULL WHERE name = %s",
                (batch[-1].position, self.model.name),
            )
            return len(batch)

    def _next(self, connection: Connection[Any], ahead: ReadAhead | None) -> list[Recorded]:
        position = self._position(connection)
        batch = ahead.take(position) if ahead else []
        batch = batch or log.read(connection, position, self._batch)
        if ahead and len(batch) == self._batch:
            ahead.begin(batch[-1].position or 0)
        elif ahead:
            ahead.rest()
        return batch

    @property
    def _lock(self) -> int:
        return 0x4A_0002 << 32 | crc32(self.model.name.encode())

    def _position(self, connection: Connection[Any]) -> int:
        row = connection.execute(
            "SELECT position FROM checkpoint WHERE name = %s FOR UPDATE", (self.model.name,)
        ).fetchone()
        if row is None:
            connection.execute("INSERT INTO checkpoint (name) VALUES (%s)", (self.model.name,))
            return 0
        return int(row[0])

    def _connected(self) -> Connection[Any]:
        """A connection that need not wait for the disk: the checkpoint is lost with the rows, or neither."""
        connection = psycopg.connect(self._conninfo, prepare_threshold=0)
        connection.execute("SET synchronous_commit = off")
        connection.commit()
        return connection

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._folded.forget()
            try:
                with self._connected() as connection, ReadAhead(self._conninfo, self._batch) as ahead:
                    self._lead(connection, ahead)
            except Exception as error:
                if _is_lost(error):
                    kind = type(error).__name__
                    logger.warning("projector.connection_lost", model=self.model.name, error=kind)
                    self._stopping.wait(STANDBY)
                else:
                    logger.exception("projector.failed", model=self.model.name)
                    self._remember(error)
                    self._stopping.wait(LOOK_ANYWAY)

    def _lead(self, connection: Connection[Any], ahead: ReadAhead) -> None:
        while not self._elected(connection):
            if self._stopping.wait(STANDBY):
                return
        while not self._stopping.is_set():
            self.woken.clear()
            while self.step(connection, ahead) and not self._stopping.is_set():
                pass
            self.woken.wait(LOOK_ANYWAY)

    def _elected(self, connection: Connection[Any]) -> bool:
        row = connection.execute("SELECT pg_try_advisory_lock(%s)", (self._lock,)).fetchone()
        connection.commit()
        return bool(row and row[0])

    def _remember(self, error: Exception) -> None:
        """Keep the kind of error where `projections list` shows it; its text may hold a patient's data."""
        with suppress(psycopg.Error), psycopg.connect(self._conninfo, autocommit=True) as connection:
            connection.execute(
                "INSERT INTO checkpoint (name, last_error) VALUES (%s, %s) "
                "ON CONFLICT (name) DO UPDATE SET last_error = excluded.last_error",
                (self.model.name, type(error).__name__),
            )


def _is_lost(error: Exception) -> bool:
    """Whether the connection is gone (SQLSTATE class 08, 57P, or none), and not the statement at fault."""
    if not isinstance(error, psycopg.OperationalError | psycopg.InterfaceError):
        return False
    return error.sqlstate is None or error.sqlstate.startswith(("08", "57P"))
