"""Parking: a journey that a read model cannot take up waits alone, and everybody else's goes on.

What waits is in the log and nowhere else. A retry reads it with today's program, from the first event that
was not taken up, so that an upcaster or a mended read model is all that is needed.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import psycopg
import structlog
from psycopg import Connection
from psycopg.rows import class_row

from journey.connection import WORKING, opened
from journey.domain.journey import fold
from journey.projections.model import Change, ReadModel, together, written
from journey.store import log

ROW_REFUSED = ("22", "23", "54", "P0")
"""SQLSTATE classes in which a row is at fault: its data, a constraint, its size, what a trigger raises."""

LOCK_CHECKPOINT = "SELECT position FROM checkpoint WHERE name = %s FOR UPDATE"
PARK = """
    INSERT INTO parked_journey (model, journey_id, version, position, error)
    VALUES (%s, %s, %s, %s, %s) ON CONFLICT DO NOTHING
    """
STILL = """
    UPDATE parked_journey SET attempts = attempts + 1, error = %s WHERE model = %s AND journey_id = %s
    """
RELEASE = "DELETE FROM parked_journey WHERE model = %s AND journey_id = %s RETURNING version"
SELECT = "SELECT * FROM parked_journey WHERE model = %s ORDER BY position"

logger = structlog.get_logger()


class Parked(NamedTuple):
    """A journey that waits: from which version and position on, and the kind of error that it met."""

    model: str
    journey_id: UUID
    version: int
    position: int
    error: str
    attempts: int
    parked_at: datetime


def lies_in_the_journey(error: Exception) -> bool:
    """Whether an event, or a row made of it, is at fault. Else it is the connection, the server, its disk, or
    a statement that is wrong for everybody: nobody is parked for that.
    """
    if isinstance(error, psycopg.Error):
        return isinstance(error, psycopg.DataError) or (error.sqlstate or "").startswith(ROW_REFUSED)
    return not isinstance(error, OSError | MemoryError)


def parked(connection: Connection[Any], model: str) -> list[Parked]:
    """What waits, the longest first."""
    return connection.cursor(row_factory=class_row(Parked)).execute(SELECT, (model,)).fetchall()


def park(
    connection: Connection[Any], model: str, journey_id: UUID, first: tuple[int, int], error: str
) -> None:
    """Let the journey wait from this version and position on."""
    version, position = first
    connection.execute(PARK, (model, journey_id, version, position, error))
    logger.error("projector.parked", model=model, journey_id=str(journey_id), version=version, error=error)


def retry(conninfo: str, model: ReadModel) -> Iterator[tuple[UUID, bool]]:
    """Take up what waits, each journey in a transaction of its own; whether it went well.

    The model's projector may run meanwhile: each waits for the other's transaction, as both lock the
    checkpoint.
    """
    with opened(conninfo, WORKING, "retry") as connection:
        for each in parked(connection, model.name):
            try:
                with connection.transaction():
                    waited = _taken_up(connection, model, each.journey_id)
            except Exception as error:
                if not lies_in_the_journey(error):
                    raise
                connection.execute(STILL, (type(error).__name__, model.name, each.journey_id))
                yield each.journey_id, False
            else:
                if waited:
                    yield each.journey_id, True


def _taken_up(connection: Connection[Any], model: ReadModel, journey_id: UUID) -> bool:
    """All that the journey waits with, up to where the read model has come; false where it waits no more."""
    row = connection.execute(LOCK_CHECKPOINT, (model.name,)).fetchone()
    until = int(row[0]) if row else 0
    released = connection.execute(RELEASE, (model.name, journey_id)).fetchone()
    if released is None:
        return False
    for _, history in log.histories(connection, [journey_id], until):
        waiting = history.recorded[released[0] - 1 :]
        journey = fold(history.effective, journey_id, history.version) if model.folds else None
        change = Change(journey_id, waiting, waiting[-1].position or 0, journey)
        written(connection, together(model.project(change)))
    return True
