"""A snapshot of the log, read through piece by piece: what is recorded meanwhile is not in it.

Memory holds one piece, however long the log is, and an id for each journey that was ever corrected.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from psycopg import Connection
from psycopg.sql import SQL, Composed

from journey.connection import OPERATING
from journey.database import connect
from journey.domain.correction import CORRECTIONS, History, in_order
from journey.domain.event import Recorded
from journey.store import log
from journey.store.mapper import recorded
from journey.store.recorder import COLUMNS

EVENTS_AT_ONCE = 5000
JOURNEYS_AT_ONCE = 250

CORRECTING = [each.stored_as for each in CORRECTIONS]
END = "SELECT coalesce(max(position), 0) FROM log"
CORRECTED = "SELECT DISTINCT journey_id FROM event WHERE type = ANY(%s)"
EVENTS = SQL("""
    SELECT position, {columns} FROM log JOIN event USING (journey_id, version)
     WHERE position > %(after)s AND position <= %(until)s AND {those}
     ORDER BY position LIMIT %(limit)s
    """)
OPENED = SQL("""
    SELECT position, journey_id FROM log
     WHERE version = 1 AND position > %(after)s AND position <= %(until)s AND {those}
     ORDER BY position LIMIT %(limit)s
    """)
PEOPLE = SQL("""
    SELECT (opened.data->>'patient_id')::uuid, array_agg(opened.journey_id) FROM event AS opened
     WHERE opened.version = 1 AND opened.type = 'journey.opened'
       AND opened.journey_id IN (
           SELECT journey_id FROM log JOIN event USING (journey_id, version)
            WHERE position <= %(until)s AND {those}
              AND (type = ANY(%(corrections)s)
                   OR (occurred_at >= coalesce(%(begins)s, '-infinity'::timestamptz)
                       AND occurred_at < coalesce(%(ends)s, 'infinity'::timestamptz))))
     GROUP BY 1
    """)
OF_JOURNEY = SQL("journey_id = %(journey)s")
OF_PATHWAY = SQL("journey_id IN (SELECT journey_id FROM patient_status WHERE pathway = %(pathway)s)")
OF_TEAM = SQL("journey_id IN (SELECT journey_id FROM patient_status WHERE team = %(team)s)")


class Selection(NamedTuple):
    """What is exported; all that holds where nothing is said. `everything`: also what does not hold, as it
    was recorded, and the corrections that say so.
    """

    begins: datetime | None = None
    ends: datetime | None = None
    pathway: str | None = None
    team: str | None = None
    journey: UUID | None = None
    everything: bool = False

    def has(self, each: Recorded) -> bool:
        """Whether it happened in the time asked for."""
        begins, ends = self.begins, self.ends
        return (begins is None or each.occurred_at >= begins) and (ends is None or each.occurred_at < ends)


class Taken(NamedTuple):
    """An event of the export."""

    recorded: Recorded
    voided: bool


class Snapshot:
    """The selected part of the log at one moment."""

    def __init__(self, connection: Connection[Any], selection: Selection) -> None:
        self._connection = connection
        self._selection = selection
        [(self.end,)] = connection.execute(END).fetchall()
        found = connection.execute(CORRECTED, (CORRECTING,))
        self._corrected = {journey_id for (journey_id,) in found}
        self.reached = 0
        """The position up to which it has been read through."""
        self.events = 0
        """How many of its events have been given out, in the last time that it was read through."""

    @property
    def has_voided(self) -> bool:
        """Whether what does not hold is in it."""
        return self._selection.everything

    def in_order(self) -> Iterator[Taken]:
        """The events in the order of the log."""
        statement = EVENTS.format(columns=COLUMNS, those=self._those())
        for rows in self._pieces(statement, EVENTS_AT_ONCE):
            events = [recorded(row[1:], row[0]) for row in rows]
            corrected = {each.journey_id for each in events} & self._corrected
            histories = dict(log.histories(self._connection, corrected, self.end)) if corrected else {}
            readings = {
                reading.event_id: reading
                for history in histories.values()
                for reading in self._events(history)
            }
            for each in events:
                history = histories.get(each.journey_id)
                reading = each if history is None else readings.get(each.event_id)
                if reading is not None and self._selection.has(reading):
                    self.events += 1
                    yield Taken(reading, history is not None and each.event_id in history.voided)

    def by_journey(self) -> Iterator[tuple[UUID, Sequence[Taken]]]:
        """Each journey with its events as they happened; journeys in the order in which they were opened."""
        statement = OPENED.format(those=self._those())
        for rows in self._pieces(statement, JOURNEYS_AT_ONCE):
            found = dict(log.histories(self._connection, [row[1] for row in rows], self.end))
            for _, journey_id in rows:
                history = found[journey_id]
                taken = [
                    Taken(each, each.event_id in history.voided)
                    for each in sorted(self._events(history), key=in_order)
                    if self._selection.has(each)
                ]
                if taken:
                    self.events += len(taken)
                    yield journey_id, taken

    def people(self) -> Iterator[tuple[UUID, Sequence[UUID]]]:
        """The patients of whom something is selected, or may be by a correction, with their journeys."""
        asked = {**self._selection._asdict(), "until": self.end, "corrections": CORRECTING}
        with self._connection.cursor("people") as cursor:
            cursor.itersize = EVENTS_AT_ONCE
            yield from cursor.execute(PEOPLE.format(those=self._those()), asked)

    def _events(self, history: History) -> Sequence[Recorded]:
        return history.recorded if self._selection.everything else history.effective

    def _pieces(self, statement: Composed, limit: int) -> Iterator[list[tuple[Any, ...]]]:
        self.reached = self.events = 0
        asked = {**self._selection._asdict(), "until": self.end, "limit": limit}
        cursor = self._connection.cursor(binary=True)
        while rows := cursor.execute(statement, {**asked, "after": self.reached}).fetchall():
            yield rows
            self.reached = rows[-1][0]
        self.reached = self.end

    def _those(self) -> Composed:
        chosen = self._selection
        said = ((OF_JOURNEY, chosen.journey), (OF_PATHWAY, chosen.pathway), (OF_TEAM, chosen.team))
        return SQL(" AND ").join([SQL("true"), *(sql for sql, value in said if value is not None)])


@contextmanager
def snapshot(conninfo: str, selection: Selection) -> Iterator[Snapshot]:
    """The log as it is now, for as long as the block lasts."""
    with connect(conninfo, OPERATING) as connection, connection.transaction():
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield Snapshot(connection, selection)
