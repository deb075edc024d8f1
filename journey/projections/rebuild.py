"""Rebuilding a read model beside the live one: readers see the old rows, then the new ones, and no gap.

The tables are made again in a schema of their own, with the same names, and filled from the log's beginning
by the same statements. What comes in meanwhile goes to the live tables too. For the swap the live projector
waits, the new tables take up the last few events, whoever began to read before that ends, and the tables
change places in one transaction.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from inspect import getdoc
from threading import Event as Signal
from time import monotonic
from typing import Any, NamedTuple

import psycopg
from psycopg import Connection
from psycopg.errors import LockNotAvailable
from psycopg.sql import SQL, Identifier

from journey.connection import REBUILDING, opened
from journey.projections import swap
from journey.projections.ahead import WorkAhead
from journey.projections.model import ReadModel, tables_of
from journey.projections.parking import LOCK_CHECKPOINT
from journey.projections.projector import Projector
from journey.store import log
from journey.store.rebuilding import TRY, lock_of

NEAR = 500
"""Events behind the live read model from which on it is worth making it wait."""

SWAP_PATIENCE = 0.5
"""Seconds that the swap waits for whoever reads, before it lets all others pass and tries again."""

PAUSE = 0.5
"""Seconds between such attempts."""

PATIENCE = 600.0
"""Seconds after which a reader has had its time, and the rebuild is given up."""

SWAPPING = 0x4A_0004
"""Advisory lock of a swap: two at once would wait for each other to end."""

LOOK = 0.01
"""Seconds between looks at who still reads."""

READING = """
    SELECT (pid, xact_start)::text,
           format('process %%s (%%s, %%s, since %%s UTC)', pid,
                  coalesce(nullif(application_name, ''), usename), state,
                   to_char(xact_start AT TIME ZONE 'UTC', 'HH24:MI:SS'))
      FROM pg_stat_activity
     WHERE datname = current_database() AND coalesce(backend_type, 'client backend') = 'client backend'
       AND (backend_xmin IS NOT NULL OR pid IN (
            SELECT pid FROM pg_locks WHERE granted AND relation = ANY (%(tables)s::regclass[])))
       AND NOT pid = ANY (%(ours)s::int[]) AND NOT pg_blocking_pids(pid) && %(ours)s::int[]
    """
"""Whoever has a snapshot, or has read the old rows in a transaction that goes on. Of other users' processes,
only those who may read all statistics see more than the snapshot.
"""
LOST = """
    SELECT count(*) FROM parked_journey AS new
      LEFT JOIN parked_journey AS live ON live.model = %(live)s AND live.journey_id = new.journey_id
     WHERE new.model = %(new)s AND new.position <= %(position)s
       AND (live.position IS NULL OR live.position > new.position)
    """
REACHED = """
    INSERT INTO checkpoint (name, position) VALUES (%s, %s)
    ON CONFLICT (name) DO UPDATE
       SET position = excluded.position, updated_at = now(), last_error = NULL, failing_since = NULL
    """

Told = Callable[[int, int], None]
"""Called with how many events are projected, and how many there are."""

Waits = Callable[[str], None]
"""Called with whom it waits for before it can swap, whenever that is somebody else."""


class NotRebuilt(Exception):
    """The read model stays as it was."""

    def __init__(self) -> None:
        super().__init__(getdoc(type(self)))


class Rebuilding(NotRebuilt):
    """A rebuild of this read model is under way already. Wait for its end, or stop it."""


class RowsWouldBeLost(NotRebuilt):
    """Rows that are there now could not be made again. Mend what the log says of their journeys first."""


class StillRead(NotRebuilt):
    """A transaction that reads the old rows does not end. End it, and rebuild again."""

    def __init__(self, readers: str) -> None:
        Exception.__init__(
            self, f"A transaction that reads the old rows does not end: {readers}. End it, and rebuild again."
        )


class HangsOnIt(NotRebuilt):
    """What hangs on the old table cannot follow to the new one. Drop it, rebuild, and make it again."""

    def __init__(self, what: Iterable[str]) -> None:
        Exception.__init__(
            self,
            f"What hangs on the old table cannot follow to the new one: {', '.join(what)}. "
            "Drop it, rebuild, and make it again.",
        )


class Rebuilt(NamedTuple):
    """What became of it: the events in it, and the journeys that wait."""

    model: str
    events: int
    parked: int


class RebuiltBeside(Projector):
    """A projector of the tables in the schema beside, with a checkpoint of its own."""

    def __init__(self, conninfo: str, model: ReadModel) -> None:
        super().__init__(conninfo, model, limits=REBUILDING)
        self.name = f"{model.name} (rebuilding)"
        self.schema = f"rebuilding_{model.name}"

    def connected(self) -> Connection[Any]:
        connection = super().connected()
        connection.execute(SQL("SET search_path = {}, public").format(Identifier(self.schema)))
        connection.commit()
        return connection


def rebuild(
    conninfo: str,
    model: ReadModel,
    told: Told = lambda _done, _all: None,
    waits: Waits = lambda _readers: None,
) -> Rebuilt:
    """Make it anew from the log, beside the live one. Raises NotRebuilt, saying why."""
    beside = RebuiltBeside(conninfo, model)
    with (
        _alone(conninfo, model),
        beside.connected() as connection,
        beside.ahead() as ahead,
    ):
        try:
            _begin(connection, beside)
            _fill(connection, beside, ahead, told)
            swap.index(connection, beside.schema, tables_of(model))
            until, readers = monotonic() + PATIENCE, ""
            while True:
                _fill(connection, beside, ahead, told)
                with suppress(LockNotAvailable):
                    _let_readers_end(connection, tables_of(model))  # before anybody is held up
                    return _swapped(conninfo, connection, beside)
                if (now := _readers(connection, tables_of(model))) != readers:
                    readers = now
                    waits(readers)
                if monotonic() > until:
                    raise StillRead(readers)  # noqa: TRY301 - it is discarded for this as for anything else
                Signal().wait(PAUSE)
        except BaseException:
            with suppress(psycopg.Error):
                connection.rollback()
                _discard(connection, beside)
            raise


@contextmanager
def _alone(conninfo: str, model: ReadModel) -> Iterator[None]:
    """The lock lives with its own connection, so that a killed rebuild is no obstacle to the next."""
    with opened(conninfo, REBUILDING, "rebuild") as connection:
        row = connection.execute(TRY, (lock_of(model.name),)).fetchone()
        if not row or not row[0]:
            raise Rebuilding
        yield


def _begin(connection: Connection[Any], beside: RebuiltBeside) -> None:
    _discard(connection, beside)  # whatever a killed one left
    if what := swap.what_cannot_follow(connection, tables_of(beside.model)):
        raise HangsOnIt(what)
    with connection.transaction():
        swap.lay_out(connection, beside.schema, tables_of(beside.model))


def _discard(connection: Connection[Any], beside: RebuiltBeside) -> None:
    with connection.transaction():
        connection.execute(SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(Identifier(beside.schema)))
        connection.execute("DELETE FROM checkpoint WHERE name = %s", (beside.name,))
        connection.execute("DELETE FROM parked_journey WHERE model = %s", (beside.name,))


def _fill(connection: Connection[Any], beside: RebuiltBeside, ahead: WorkAhead, told: Told) -> None:
    """Project until it is near the live one."""
    end = log.end(connection)
    connection.commit()
    near = False
    while not near:
        near = beside.step(connection, ahead) < NEAR
        reached = _reached(connection, beside.name)
        told(reached, max(end, reached))


def _swapped(conninfo: str, connection: Connection[Any], beside: RebuiltBeside) -> Rebuilt:
    """Change places in one transaction, while the live projector waits at its checkpoint.

    What is left to be taken up is committed before, and seen by whoever reads from then on: a reader whose
    snapshot is older would miss it in the new tables, so the swap waits for those.
    """
    model = beside.model
    with opened(conninfo, REBUILDING, "swap", autocommit=False) as live, live.transaction():
        live.execute("SELECT set_config('lock_timeout', %s, true)", (f"{SWAP_PATIENCE}s",))
        live.execute("SELECT pg_advisory_xact_lock(%s)", (SWAPPING,))
        row = live.execute(LOCK_CHECKPOINT, (model.name,)).fetchone()
        position = min(int(row[0]), log.end(live)) if row else 0
        while (reached := _reached(connection, beside.name)) < position:
            beside.step(connection)
        [(lost,)] = live.execute(
            LOST, {"live": model.name, "new": beside.name, "position": position}
        ).fetchall()
        if lost:
            raise RowsWouldBeLost
        _let_readers_end(connection, tables_of(model), live)
        swap.put_in_place(live, beside.schema, tables_of(model))
        live.execute("DELETE FROM parked_journey WHERE model = %s", (model.name,))
        waiting = live.execute(
            "UPDATE parked_journey SET model = %s WHERE model = %s", (model.name, beside.name)
        )
        live.execute("DELETE FROM checkpoint WHERE name = %s", (beside.name,))
        live.execute(REACHED, (model.name, reached))
        return Rebuilt(model.name, reached, waiting.rowcount)


def _let_readers_end(connection: Connection[Any], tables: Iterable[str], *holding: Connection[Any]) -> None:
    """Until whoever reads now has ended. Raises LockNotAvailable after the swap's patience."""
    until = monotonic() + SWAP_PATIENCE
    before = _reading(connection, tables, *holding)
    while before:
        if monotonic() > until:
            raise LockNotAvailable
        Signal().wait(LOOK)
        now = _reading(connection, tables, *holding)
        before = {each: who for each, who in before.items() if each in now}


def _readers(connection: Connection[Any], tables: Iterable[str]) -> str:
    """Who reads, in words; without a name where a lock is held by no process."""
    return ", ".join(_reading(connection, tables).values()) or "no process; see pg_prepared_xacts"


def _reading(connection: Connection[Any], tables: Iterable[str], *holding: Connection[Any]) -> dict[str, str]:
    """The transactions that are in the way of the swap, and who they are; not whom it holds up itself."""
    asked = {
        "ours": [each.info.backend_pid for each in (connection, *holding)],
        "tables": [f"public.{table}" for table in tables],
    }
    with connection.transaction():
        return dict(connection.execute(READING, asked).fetchall())


def _reached(connection: Connection[Any], name: str) -> int:
    with connection.transaction():
        row = connection.execute("SELECT position FROM checkpoint WHERE name = %s", (name,)).fetchone()
    return int(row[0]) if row else 0
