"""Waiting until those who read the log have come far enough."""

from collections.abc import Sequence
from functools import partial
from threading import Event as Signal
from typing import Any
from uuid import UUID

from psycopg import Connection

from journey.domain.event import Refused
from journey.store import log

LAST_APPEND = "SELECT coalesce(max(id), 0) FROM pending"
UNPLACED = "SELECT EXISTS (SELECT FROM pending WHERE id <= %(last)s)"
UNREAD = """
    SELECT NOT EXISTS (SELECT FROM checkpoint WHERE name = %(model)s AND position >= %(end)s) AND %(end)s > 0
    """
BEHIND = """
    SELECT EXISTS (SELECT FROM event LEFT JOIN log USING (journey_id, version)
                    WHERE journey_id = ANY(%(journeys)s) AND position IS NULL)
        OR EXISTS (SELECT FROM checkpoint
                    WHERE name = ANY(%(models)s)
                      AND position < (SELECT max(position) FROM log WHERE journey_id = ANY(%(journeys)s)))
    """
IDENTITY = "patient_identity"
"""The read model that tells which records are of one person."""

LOOK_AGAIN = 0.02
"""Seconds between looks at how far the read models are."""


class NotCaughtUp(Refused):
    """The read models have not caught up; ask again when a worker runs, and it goes on from there."""


def for_journeys(
    connection: Connection[Any], journeys: Sequence[UUID], models: Sequence[str], patience: float
) -> None:
    """Until the read models have read all of these, and whatever they had read before is written. Raises
    NotCaughtUp.
    """
    _until_not(connection, BEHIND, {"journeys": list(journeys), "models": list(models)}, patience)


def for_merges(connection: Connection[Any], patience: float) -> None:
    """Until the read model of merges has read all that is recorded. Raises NotCaughtUp."""
    [(last,)] = connection.execute(LAST_APPEND).fetchall()
    _until_not(connection, UNPLACED, {"last": last}, patience)
    _until_not(connection, UNREAD, {"model": IDENTITY, "end": log.end(connection)}, patience)


def _until_not(connection: Connection[Any], query: str, values: dict[str, Any], patience: float) -> None:
    signal = Signal()
    ask = partial(connection.execute, query.encode(), values)
    for _ in range(int(patience / LOOK_AGAIN)):
        [(is_behind,)] = ask().fetchall()
        if not is_behind:
            return
        signal.wait(LOOK_AGAIN)
    raise NotCaughtUp("The read models have not caught up; ask again when a worker runs, and it goes on.")
