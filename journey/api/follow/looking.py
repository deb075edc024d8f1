"""Looking: the next events of the log that somebody wants, window by window, and up to where was looked."""

from time import monotonic
from typing import NamedTuple
from uuid import UUID

from psycopg.sql import SQL

from journey.api.follow.asked import Wanted
from journey.api.follow.known import Known, known_of
from journey.api.follow.place import at
from journey.api.reads import Reads, Rows
from journey.domain.event import Recorded
from journey.feed.place import Place
from journey.feed.place import at as place_at
from journey.projections.status import PatientStatus
from journey.store.epoch import Line
from journey.store.mapper import recorded
from journey.store.recorder import COLUMNS

WINDOW = 5000
"""Positions that one statement looks through for what a filter leaves."""

WINDOWS = 20
"""Statements for one answer; `more` then says that there is more to look through."""

ENOUGH = 1.0
"""Seconds after which no further one is begun, whatever was found: who waits is told how far it has come."""

PAGE = SQL("""
    SELECT position, {columns} FROM log JOIN event USING (journey_id, version)
     WHERE position > %s AND position <= %s AND {condition}
     ORDER BY position LIMIT %s
    """)
REACHED = "SELECT position FROM checkpoint WHERE name = %s"


class Piece(NamedTuple):
    """What was found, and how far was looked."""

    events: list[Recorded]
    until: int

    async def known(self, reads: Reads, wanted: Wanted) -> dict[UUID, Known]:
        """What is to be known of its journeys before any of it goes out."""
        journeys = {each.journey_id for each in self.events}
        return await known_of(reads, journeys, needs_about=wanted.filter.needs_about)


async def known_to(reads: Reads, head: int, wanted: Wanted) -> int:
    """Up to where it is known whose each journey is, and what is withheld; what nobody knows yet is not to
    be passed over.
    """
    if not wanted.needs_readers:
        return head
    reached = await reads.rows(REACHED, (PatientStatus.name,))
    return min(head, reached[0][0]) if reached else 0


async def look(reads: Reads, start: int, head: int, wanted: Wanted, limit: int) -> Piece:
    """The next events that are wanted."""
    until, found = start, list[Recorded]()
    named = bool(wanted.filter.journey or wanted.filter.patient)
    deadline = monotonic() + ENOUGH
    for _ in range(WINDOWS):
        begin, until = until, head if named else min(until + WINDOW, head)
        rows = await _window(reads, begin, until, wanted, limit - len(found))
        found += [recorded(row[1:], row[0]) for row in rows]
        if len(found) == limit:
            until = found[-1].position or until
            break
        if until == head or monotonic() > deadline:
            break
    return Piece(found, until)


async def _window(reads: Reads, begin: int, until: int, wanted: Wanted, limit: int) -> Rows:
    condition = wanted.condition
    statement = PAGE.format(columns=COLUMNS, condition=SQL(condition.sql))
    return await reads.rows(statement, (begin, until, *condition.parameters, limit), binary=True)


async def reached(reads: Reads, line: Line, piece: Piece) -> Place:
    """The place up to which was looked."""
    if piece.events and piece.events[-1].position == piece.until:
        return place_at(line, piece.until, piece.events[-1].event_id)
    return await at(reads, line, piece.until)
