"""Reading the log: every event, in the one order, and whole journeys as far as the log reaches."""

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any
from uuid import UUID

from psycopg import Connection
from psycopg.sql import SQL

from journey.domain.correction import History
from journey.domain.event import Recorded
from journey.store.mapper import recorded
from journey.store.recorder import COLUMNS, FOR_EVER, SELECT_LOG

SELECT_JOURNEYS = SQL("""
    SELECT position, {columns} FROM log JOIN event USING (journey_id, version)
     WHERE journey_id = ANY(%s) AND position <= %s
     ORDER BY journey_id, version
    """).format(columns=COLUMNS)


def read(connection: Connection[Any], after: int, limit: int, until: int = FOR_EVER) -> list[Recorded]:
    """The next events behind a position, in the order of positions; `position` is set on each."""
    cursor = connection.cursor(binary=True)
    cursor.execute(SELECT_LOG, (after, until, limit))
    return [recorded(row[1:], row[0]) for row in cursor.fetchall()]


def histories(
    connection: Connection[Any], journey_ids: Iterable[UUID], until: int = FOR_EVER
) -> Iterator[tuple[UUID, History]]:
    """The journeys whole, as they were when the log reached `until`."""
    cursor = connection.cursor(binary=True)
    cursor.execute(SELECT_JOURNEYS, (list(journey_ids), until))
    rows = (recorded(row[1:], row[0]) for row in cursor.fetchall())
    for journey_id, events in groupby(rows, key=lambda each: each.journey_id):
        yield journey_id, History(tuple(events))
