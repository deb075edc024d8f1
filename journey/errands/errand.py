"""Errand: what was asked for, how far it is, and what came of it.

    waiting -> running -> done
                       -> failed
                       -> stopped      somebody asked for that
                       -> abandoned    whoever carried it out is gone

Whoever carries one out holds its advisory lock, which goes with their connection: one that has begun, has not
ended and is held by nobody was abandoned, and may be asked for anew. No clock decides that.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple, Self

from psycopg import Connection
from psycopg.sql import SQL, Literal

LOCKS = 0x4A_0009
"""The upper half of every errand's advisory lock; the lower one is its id."""

LOG = "log"
"""What a verification is of."""


class Kind(StrEnum):
    """What is done."""

    REBUILD = "rebuild"
    VERIFICATION = "verification"


class State(StrEnum):
    """How far it is."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    STOPPED = "stopped"
    ABANDONED = "abandoned"


class Wanted(NamedTuple):
    """What somebody asks for. `whole`: from the beginning, not from where the last one ended."""

    kind: Kind
    subject: str = LOG
    whole: bool = True


class Errand(NamedTuple):
    """One of them, as it is now."""

    id: int
    kind: Kind
    subject: str
    whole: bool
    state: State
    asked_by: str
    asked_at: datetime
    began_at: datetime | None
    done: int
    total: int
    moved_at: datetime | None
    waits_for: str | None
    stopped_by: str | None
    ended_at: datetime | None
    said: str | None
    result: Any

    @classmethod
    def of(cls, row: tuple[Any, ...]) -> Self:
        """As `SELECT` finds it."""
        id_, kind, subject, whole, state, *more = row
        return cls(id_, Kind(kind), subject, whole, State(state), *more)

    @property
    def is_under_way(self) -> bool:
        return self.state in {State.WAITING, State.RUNNING}

    @property
    def per_second(self) -> float | None:
        """How fast it has gone until it last came further."""
        took = (self.moved_at - self.began_at) if self.moved_at and self.began_at else timedelta()
        return round(self.done / took.total_seconds(), 1) if took and self.done else None

    @property
    def seconds_left(self) -> float | None:
        """At that pace."""
        if self.state is not State.RUNNING or not self.per_second:
            return None
        return round(max(0, self.total - self.done) / self.per_second, 1)


FOUND = SQL("""
    SELECT id, kind, subject, whole,
           CASE WHEN ended_at IS NOT NULL THEN outcome
                WHEN began_at IS NULL THEN 'waiting'
                WHEN EXISTS (
                     SELECT FROM pg_locks
                      WHERE locktype = 'advisory' AND objsubid = 1 AND granted
                        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
                        AND classid::bigint = {locks} AND objid::bigint = errand.id) THEN 'running'
                ELSE 'abandoned' END,
           asked_by, asked_at, began_at, done, total, moved_at, waits_for, stopped_by, ended_at, said, result
      FROM errand
    """).format(locks=Literal(LOCKS))
OF = FOUND + SQL(" WHERE kind = %s AND subject = %s ORDER BY id DESC LIMIT %s")
OF_EACH = FOUND + SQL(" WHERE id IN (SELECT max(id) FROM errand WHERE kind = %s GROUP BY subject)")
"""The last one of each subject."""

UNDER_WAY = """
    SELECT id, began_at, whole, stopped_by FROM errand
     WHERE kind = %s AND subject = %s AND ended_at IS NULL FOR UPDATE
    """
ASK = """
    INSERT INTO errand (kind, subject, whole, asked_by) VALUES (%s, %s, %s, %s)
    ON CONFLICT (kind, subject) WHERE ended_at IS NULL DO NOTHING RETURNING id
    """
ABANDONED = """
    UPDATE errand SET ended_at = coalesce(moved_at, began_at), outcome = 'abandoned',
           said = 'Whoever carried it out is gone. Start it again.'
     WHERE id = %s
    """
STOP_WAITING = """
    UPDATE errand SET ended_at = clock_timestamp(), outcome = 'stopped', stopped_by = %(by)s
     WHERE kind = %(kind)s AND subject = %(subject)s AND ended_at IS NULL AND began_at IS NULL
    """
STOP = """
    UPDATE errand SET stopped_by = %(by)s
     WHERE kind = %(kind)s AND subject = %(subject)s AND ended_at IS NULL AND stopped_by IS NULL
    """


class UnderWay(Exception):
    """Another is under way, shorter or about to be stopped. Wait for its end, or stop it; then ask again."""

    def __init__(self) -> None:
        super().__init__(UnderWay.__doc__)


class Asked(NamedTuple):
    """Which errand it is, and whether nobody had asked for it yet."""

    id: int
    is_new: bool


def lock_of(id_: int) -> int:
    """The advisory lock of whoever carries it out."""
    return LOCKS << 32 | id_


def ask(connection: Connection[Any], wanted: Wanted, by: str) -> Asked:
    """Have it carried out; where it is under way already, that is it. Raises UnderWay where that one is
    less than what is wanted, or is about to be stopped.
    """
    of = (wanted.kind, wanted.subject)
    with connection.transaction():
        while True:
            there = connection.execute(UNDER_WAY, of).fetchone()
            if there is not None and there[1] is not None and is_free(connection, there[0]):
                connection.execute(ABANDONED, (there[0],))
            elif there is not None:
                if there[3] is not None or (wanted.whole and not there[2]):
                    raise UnderWay
                return Asked(there[0], is_new=False)
            made = connection.execute(ASK, (*of, wanted.whole, by)).fetchone()
            if made is not None:  # else somebody asked at the same moment
                return Asked(made[0], is_new=True)


def stop(connection: Connection[Any], wanted: Wanted, by: str) -> bool:
    """Have it stop, if it is under way: at once where it has not begun, else when it tells how far it is."""
    of = {"by": by, "kind": wanted.kind, "subject": wanted.subject}
    waited = connection.execute(STOP_WAITING, of).rowcount
    return bool(waited or connection.execute(STOP, of).rowcount)


def is_free(connection: Connection[Any], id_: int) -> bool:
    """Whether nobody carries it out; held until the transaction ends."""
    return connection.execute("SELECT pg_try_advisory_xact_lock(%s)", (lock_of(id_),)).fetchone() == (True,)


def settled(found: Iterable[Errand]) -> bool:
    """Whether all are as they seem: one that ends while it is read seems abandoned, and is read again."""
    return all(each.ended_at for each in found if each.state is State.ABANDONED)
