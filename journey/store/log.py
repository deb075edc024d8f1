"""Reading the log: every event, in the one order, and whole journeys as far as the log reaches."""

from collections.abc import Container, Iterable, Iterator
from itertools import groupby
from typing import Any, NamedTuple
from uuid import UUID

from psycopg import Connection
from psycopg.sql import SQL

from journey.domain.correction import History
from journey.domain.event import Recorded
from journey.store.mapper import recorded
from journey.store.recorder import FOR_EVER, JOINED, SELECT_LOG

SELECT_JOURNEYS = SQL("""
    SELECT position, {columns}
      FROM log JOIN event USING (journey_id, version) LEFT JOIN data_key USING (journey_id)
     WHERE journey_id = ANY(%s) AND position <= %s
     ORDER BY journey_id, version
    """).format(columns=JOINED)

SELECT_WHOLE = SQL("""
    SELECT position, {columns}
      FROM event LEFT JOIN log USING (journey_id, version) LEFT JOIN data_key USING (journey_id)
     WHERE journey_id = ANY(%s)
     ORDER BY journey_id, version
    """).format(columns=JOINED)
"""Journeys as they are recorded, with what has no position yet."""

END = "SELECT coalesce(max(position), 0) FROM log"


def read(connection: Connection[Any], after: int, limit: int, until: int = FOR_EVER) -> list[Recorded]:
    """The next events behind a position, in the order of positions; `position` is set on each."""
    cursor = connection.cursor(binary=True)
    cursor.execute(SELECT_LOG, (after, until, limit))
    return [recorded(row[1:], row[0]) for row in cursor.fetchall()]


def end(connection: Connection[Any]) -> int:
    """The last position."""
    [(position,)] = connection.execute(END).fetchall()
    return int(position)


class Batch(NamedTuple):
    """The next events of the log. `position`: the last one read, that of an event passed over included."""

    recorded: list[Recorded]
    position: int
    size: int


class Unreadable(NamedTuple):
    """An event that this program cannot read, where it stands, and the kind of the error."""

    journey_id: UUID
    version: int
    position: int
    error: str


def batch(connection: Connection[Any], after: int, limit: int, besides: Container[UUID] = ()) -> Batch:
    """The next events behind a position, without those of some journeys, which are not even read."""
    rows = _rows(connection, after, limit)
    found = [recorded(row[1:], row[0]) for row in rows if row[1] not in besides]
    return Batch(found, rows[-1][0] if rows else after, len(rows))


def carefully(
    connection: Connection[Any], after: int, limit: int, besides: Container[UUID] = ()
) -> tuple[Batch, list[Unreadable]]:
    """The same, though some cannot be read: of each journey what comes before that, and what it is."""
    rows = _rows(connection, after, limit)
    found: list[Recorded] = []
    unreadable: dict[UUID, Unreadable] = {}
    for position, *row in rows:
        journey_id, version = row[:2]
        if journey_id in besides or journey_id in unreadable:
            continue
        try:
            found.append(recorded(tuple(row), position))
        except Exception as error:  # noqa: BLE001 - whatever is wrong with it
            unreadable[journey_id] = Unreadable(journey_id, version, position, type(error).__name__)
    return Batch(found, rows[-1][0] if rows else after, len(rows)), list(unreadable.values())


def _rows(connection: Connection[Any], after: int, limit: int) -> list[tuple[Any, ...]]:
    cursor = connection.cursor(binary=True)
    return cursor.execute(SELECT_LOG, (after, FOR_EVER, limit)).fetchall()


def histories(
    connection: Connection[Any], journey_ids: Iterable[UUID], until: int = FOR_EVER
) -> Iterator[tuple[UUID, History]]:
    """The journeys whole, as they were when the log reached `until`."""
    cursor = connection.cursor(binary=True)
    return parted(cursor.execute(SELECT_JOURNEYS, (list(journey_ids), until)).fetchall())


def whole(connection: Connection[Any], journey_ids: Iterable[UUID]) -> Iterator[tuple[UUID, History]]:
    """The journeys as they are recorded by now."""
    cursor = connection.cursor(binary=True)
    return parted(cursor.execute(SELECT_WHOLE, (list(journey_ids),)).fetchall())


def parted(rows: Iterable[tuple[Any, ...]]) -> Iterator[tuple[UUID, History]]:
    """Rows of positions and stored events, as the journeys that they are of."""
    told = (recorded(row[1:], row[0]) for row in rows)
    for journey_id, events in groupby(told, key=lambda each: each.journey_id):
        yield journey_id, History(tuple(events))
