"""Carrying out: over a connection that holds the errand's lock, telling how far it is and heeding a stop."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from time import monotonic
from typing import Any

import psycopg
import structlog
from psycopg import Connection
from psycopg.types.json import Json

from journey.errands.errand import State, lock_of
from journey.ledger.anchor import Unreadable
from journey.ledger.seal import NoKey
from journey.ledger.verifying.keys import NoLedger, NothingToTrust
from journey.projections.rebuild import NotRebuilt

TOLD = 0.5
"""Seconds between two words of how far it is."""

LOCK = "SELECT pg_try_advisory_lock(%s)"
BEGIN = """
    UPDATE errand SET began_at = clock_timestamp()
     WHERE id = %s AND began_at IS NULL AND ended_at IS NULL
    """
TELL = """
    UPDATE errand SET done = %(done)s, total = %(total)s,
           moved_at = CASE WHEN done = %(done)s THEN moved_at ELSE clock_timestamp() END
     WHERE id = %(id)s
    RETURNING stopped_by
    """
WAITS = "UPDATE errand SET waits_for = %s WHERE id = %s"
END = """
    UPDATE errand SET ended_at = clock_timestamp(), outcome = %(outcome)s, said = %(said)s,
           result = %(result)s, waits_for = NULL, done = %(done)s, total = %(total)s,
           moved_at = CASE WHEN done = %(done)s THEN moved_at ELSE clock_timestamp() END
     WHERE id = %(id)s AND ended_at IS NULL
    """
EXPECTED = (NotRebuilt, NothingToTrust, NoLedger, Unreadable, NoKey)
"""Whose own sentence is for whoever asked."""

logger = structlog.get_logger()


class Stopped(Exception):
    """It was stopped, and nothing is changed by it."""

    def __init__(self) -> None:
        super().__init__(Stopped.__doc__)


class Carrier:
    """Whoever carries one out."""

    def __init__(self, connection: Connection[Any], id_: int) -> None:
        self._connection = connection
        self._id = id_
        self._come = {"id": id_, "done": 0, "total": 0}
        self._next = 0.0
        self.result: Mapping[str, Any] = {}

    def told(self, done: int, total: int) -> None:
        """So much of it is done. Raises Stopped."""
        self._come |= {"done": done, "total": total}
        if monotonic() < self._next:
            return
        self._next = monotonic() + TOLD
        stopped_by = self._connection.execute(TELL, self._come).fetchone()
        if stopped_by and stopped_by[0]:
            raise Stopped

    def waits(self, readers: str) -> None:
        """It cannot go on before these have ended."""
        self._connection.execute(WAITS, (readers, self._id))

    def ended(self, outcome: State, said: str | None = None) -> None:
        result = Json(dict(self.result)) if outcome is State.DONE else None
        came = {"outcome": outcome, "said": said, "result": result}
        self._connection.execute(END, self._come | came)


def taken(connection: Connection[Any], id_: int) -> bool:
    """Begin it, unless somebody else has: from here on it is ours, for as long as the connection lasts."""
    if connection.execute(LOCK, (lock_of(id_),)).fetchone() != (True,):
        return False
    return connection.execute(BEGIN, (id_,)).rowcount == 1


@contextmanager
def carried(connection: Connection[Any], id_: int) -> Iterator[Carrier]:
    """What is done in the block is the errand. What it raises is kept, in words that tell of nobody."""
    carrier = Carrier(connection, id_)
    try:
        yield carrier
    except BaseException as error:
        with suppress(psycopg.Error):  # then it was abandoned, and that shows
            carrier.ended(*_came_of_it(error))
        raise
    carrier.ended(State.DONE)


def _came_of_it(error: BaseException) -> tuple[State, str | None]:
    if isinstance(error, Stopped):
        return State.STOPPED, str(error)
    if isinstance(error, EXPECTED):
        return State.FAILED, str(error)
    if isinstance(error, Exception):
        kind = type(error).__name__
        return State.FAILED, f"It met a fault, {kind}. What is logged says more; then start it again."
    return State.ABANDONED, "Whoever carried it out was told to end. Start it again."
