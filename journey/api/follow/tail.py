"""The tail: the end of the log as this process has it in memory, for everybody who follows it live.

One reader of the log a process: it reads what is new once, whoever is told of it. It keeps the last events;
who is further behind reads the log for themselves until they are within the tail.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Collection, Sequence
from itertools import takewhile
from typing import NamedTuple
from uuid import UUID

from psycopg.sql import SQL

from journey.api.follow.looking import PAGE, REACHED
from journey.api.follow.place import at, line_of
from journey.api.growth import Growth
from journey.api.reads import Reads
from journey.domain.event import Recorded
from journey.domain.labels import Labels
from journey.feed import about
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

FARTHEST = (1 << 63) - 1

CHECK = 1.0
"""Seconds between looks, though nothing was heard, while anybody follows."""

NEWEST = PAGE.format(columns=COLUMNS, condition=SQL("true"))
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
    about: About
    whose: Whose


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
        later = takewhile(lambda each: (each.event.position or 0) > position, reversed(self._last))
        return Step(tuple(later)[::-1], self.place)

    async def _step(self) -> bool:
        """Read on; whether there is more that cannot be read yet."""
        begin = self.place.position
        line, rows = await asyncio.gather(
            line_of(self._reads), self._reads.rows(NEWEST, (begin, FARTHEST, AT_ONCE), binary=True)
        )
        if (self._line.now and line.now != self._line.now) or line.head < self.place.position:
            self.bent += 1
            await self.begin()
            return False
        self._line = line
        needed, known = self._needs_readers(), await self._known()
        if known > self.place.position:
            await self._read(
                [recorded(row[1:], row[0]) for row in rows if row[0] <= known], whose_is_known=needed
            )
        return self.place.position < line.head

    async def _read(self, events: Sequence[Recorded], *, whose_is_known: bool) -> None:
        """What is new, the log having no gaps. It is asked for before it is known that there is anything."""
        if not events:
            return
        journeys = list({each.journey_id for each in events})
        told, whose = dict[UUID, About](), dict[UUID, Whose]()
        if whose_is_known:
            told = about.about(await self._reads.rows(about.SELECT, (journeys, about.TELLING)))
            whose = await self._whose(journeys)
        if self._needs_readers() and not whose_is_known:  # somebody came meanwhile who has to know
            return
        for each in events:
            key = each.journey_id
            self._last.append(Last(each, told.get(key, NOTHING), whose.get(key, Whose())))
        while len(self._last) > KEPT:
            self.start = self._last.popleft().event.position or 0
        self.place = place_at(self._line, events[-1].position or 0, events[-1].event_id)

    async def _whose(self, journeys: list[UUID]) -> dict[UUID, Whose]:
        rows = await self._reads.rows(THEIRS, (journeys,))
        return {key: Whose(frozenset(teams), frozenset(labels)) for key, teams, labels in rows}

    async def _known(self) -> int:
        """Up to where it is known whose each journey is, if anybody has to know."""
        if not self._needs_readers():
            return self._line.head
        reached = await self._reads.rows(REACHED, (PatientStatus.name,))
        return min(self._line.head, reached[0][0]) if reached else 0
