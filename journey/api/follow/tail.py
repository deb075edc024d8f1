"""The tail: the end of the log as this process has it in memory, for everybody who follows it live.

One reader of the log a process: it reads what is new once, whoever is told of it. It keeps the last events;
who is further behind reads the log for themselves until they are within the tail.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Collection, Sequence
from itertools import takewhile
from typing import Any, NamedTuple
from uuid import UUID

from psycopg.sql import SQL

from journey.api.follow.known import OPENING, Known, about_of
from journey.api.follow.looking import REACHED
from journey.api.follow.place import at, line_of
from journey.api.growth import Growth
from journey.api.reads import Reads
from journey.domain.event import Recorded
from journey.domain.labels import Labels
from journey.feed.about import NOTHING, About
from journey.feed.place import BEGINNING, Place
from journey.feed.place import at as place_at
from journey.projections.status import PatientStatus
from journey.store.epoch import Line
from journey.store.mapper import recorded
from journey.store.recorder import COLUMNS

KEPT = 5000
"""Events in memory at most."""

AT_ONCE = 500
"""Events of one step."""

SOON = 0.005
"""Seconds between looks while it is not known yet whose the last journeys of the log are."""

CHECK = 1.0
"""Seconds between looks, though nothing was heard, while anybody follows."""

NEWEST = SQL("""
    WITH newest AS MATERIALIZED (
        SELECT position, {columns} FROM log JOIN event USING (journey_id, version)
         WHERE position > (SELECT %s::bigint) ORDER BY position LIMIT {limit}
    ), opening AS ({opening} IN (SELECT journey_id FROM newest))
    SELECT head, epoch, reached, opening.patient_id, opening.labels, opening.bears, newest.*
      FROM (SELECT coalesce((SELECT max(position) FROM log), 0) AS head,
                   (SELECT id FROM store_epoch ORDER BY number DESC LIMIT 1) AS epoch,
                   (SELECT position FROM checkpoint WHERE name = %s) AS reached) AS now
           LEFT JOIN newest ON true LEFT JOIN opening USING (journey_id)
     ORDER BY newest.position
    """)
"""Where the log stands, and what is new in it with what is known of its journeys. The place is a subquery, so
that the plan does not depend on it: to make one takes five times as long as to follow it.
"""

THEIRS = (
    "SELECT DISTINCT ON (journey_id) journey_id, teams, labels FROM patient_status WHERE journey_id = ANY(%s)"
)


class Whose(NamedTuple):
    """Whose the journey is now, and which labels it bears."""

    teams: Collection[str] = ()
    labels: Labels = frozenset()


class Last(NamedTuple):
    """One of the last events, and what was known of its journey when it came."""

    event: Recorded
    known: Known
    whose: Whose = Whose()

    @property
    def position(self) -> int:
        return self.event.position or 0


class Step(NamedTuple):
    """What is in the tail after a position, and up to where that is."""

    events: Sequence[Last]
    place: Place


class Tail:
    """Read by `follow`, as long as anybody wants it to be. `moved` is called after each step."""

    def __init__(
        self, reads: Reads, growth: Growth, moved: Callable[[], None], needs_readers: Callable[[], bool]
    ) -> None:
        self._reads = reads
        self._growth = growth
        self._moved = moved
        self._needs_readers = needs_readers
        self._last: deque[Last] = deque()
        self._line = Line(0, ())
        self.start = 0
        self.place = BEGINNING
        self.bent = 0
        """How often the log was put back."""

    @property
    def line(self) -> Line:
        return self._line

    async def begin(self) -> None:
        """At the end of the log, as far as it is known whose it is."""
        self._line = await line_of(self._reads)
        self._last.clear()
        self.start = await self._known()
        self.place = await at(self._reads, self._line, self.start)

    async def follow(self, wanted: Callable[[], bool]) -> None:
        """Until nobody wants it any more, or the process stops."""
        while wanted() and not self._growth.over:
            grown = self._growth.next_one
            behind = await self._step()
            self._moved()
            if not behind:
                await self._growth.wait(grown, CHECK)
            elif self._needs_readers() and self._growth.next_one is grown:
                await self._growth.wait(grown, SOON)

    def after(self, position: int) -> Step:
        """What came after a position that is not before `start`."""
        later = takewhile(lambda each: each.position > position, reversed(self._last))
        return Step(tuple(later)[::-1], self.place)

    async def _step(self) -> bool:
        """Read on; whether there is more that cannot be read yet."""
        statement = NEWEST.format(columns=COLUMNS, opening=SQL(OPENING), limit=AT_ONCE)
        rows = await self._reads.rows(statement, (self.place.position, PatientStatus.name), binary=True)
        head, epoch, reached, *_ = rows[0]
        was = self._line.now
        if (was and epoch != was.id) or head < self.place.position:
            self.bent += 1
            await self.begin()
            return False
        if epoch and not was:  # the first one has begun
            self._line = await line_of(self._reads)
        self._line = self._line._replace(head=head)
        until = min(head, reached or 0) if self._needs_readers() else head
        new = [each for row in rows if (each := _last(row)) and each.position <= until]
        if new:
            await self._read(new)
        return bool(self.place.position < head)

    async def _read(self, new: Sequence[Last]) -> None:
        """What is new, the log having no gaps."""
        told, whose = dict[UUID, About](), dict[UUID, Whose]()
        if self._needs_readers():
            journeys = list({each.event.journey_id for each in new})
            told, whose = await asyncio.gather(about_of(self._reads, journeys), self._whose(journeys))
        for each in new:
            key = each.event.journey_id
            known = each.known._replace(about=told.get(key, NOTHING))
            self._last.append(Last(each.event, known, whose.get(key, Whose())))
        while len(self._last) > KEPT:
            self.start = self._last.popleft().position
        self.place = place_at(self._line, new[-1].position, new[-1].event.event_id)

    async def _whose(self, journeys: list[UUID]) -> dict[UUID, Whose]:
        rows = await self._reads.rows(THEIRS, (journeys,))
        return {key: Whose(frozenset(teams), frozenset(labels)) for key, teams, labels in rows}

    async def _known(self) -> int:
        """Up to where it is known whose each journey is, if anybody has to know."""
        if not self._needs_readers():
            return self._line.head
        reached = await self._reads.rows(REACHED, (PatientStatus.name,))
        return min(self._line.head, reached[0][0]) if reached else 0


def _last(row: tuple[Any, ...]) -> Last | None:
    """What a row of NEWEST tells, if anything is new."""
    patient_id, labels, bears, position = row[3:7]
    return Last(recorded(row[7:], position), Known.of(patient_id, labels, bears)) if position else None
