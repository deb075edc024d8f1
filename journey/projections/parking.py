"""Parking: a journey that a read model cannot take up waits alone, and everybody else's goes on.

What waits is in the log and nowhere else. A retry reads it with today's program, from the first event that
was not taken up, so that an upcaster or a mended read model is all that is needed.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple
from uuid import UUID

import psycopg
import structlog
from psycopg import Connection
from psycopg.rows import class_row

from journey.domain.journey import fold
from journey.projections.model import Change, ReadModel, written
from journey.store import log

LOCK_CHECKPOINT = "SELECT position FROM checkpoint WHERE name = %s FOR UPDATE"
PARK = """
    INSERT INTO parked_journey (model, journey_id, version, position, error)
    VALUES (%s, %s, %s, %s, %s) ON CONFLICT DO NOTHING
    """
STILL = """
    UPDATE parked_journey SET attempts = attempts + 1, error = %s WHERE model = %s AND journey_id = %s
    """
RELEASE = "DELETE FROM parked_journey WHERE model = %s AND journey_id = %s"
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
    parked_at: Any


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


def retry(connection: Connection[Any], model: ReadModel) -> Iterator[tuple[UUID, bool]]:
    """Take up what waits, each journey in a transaction of its own; whether it went well."""
    for each in parked(connection, model.name):
        try:
            with connection.transaction():
                _take_up(connection, model, each)
        except psycopg.OperationalError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it met before may be met again
            connection.execute(STILL, (type(error).__name__, model.name, each.journey_id))
            yield each.journey_id, False
        else:
            yield each.journey_id, True


def _take_up(connection: Connection[Any], model: ReadModel, each: Parked) -> None:
    """All that the journey waits with, up to where the read model has come meanwhile."""
    row = connection.execute(LOCK_CHECKPOINT, (model.name,)).fetchone()
    until = int(row[0]) if row else 0
    for journey_id, history in log.histories(connection, [each.journey_id], until):
        waiting = history.recorded[each.version - 1 :]
        journey = fold(history.effective, journey_id, history.version) if model.folds else None
        change = Change(journey_id, waiting, waiting[-1].position or 0, journey)
        written(connection, model.project(change))
    connection.execute(RELEASE, (model.name, each.journey_id))
