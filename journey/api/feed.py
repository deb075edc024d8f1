"""The feed: everything that was recorded, in the one order, for systems that follow it by asking.

A cursor names a place in the log, so that one from another log, or from before a restore, is noticed. Filters
never hold it back: it moves past what they leave out.
"""

import asyncio
from collections.abc import Collection, Sequence
from typing import Annotated, LiteralString, NamedTuple
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from psycopg.sql import SQL
from pydantic import BaseModel, Field
from pydantic_core import to_json

from journey.api.access.admission import EVERYBODYS, of_their_teams
from journey.api.access.caller import Caller
from journey.api.access.scopes import ANY, resource_of
from journey.api.access.table import Permission
from journey.api.access.withheld import withheld
from journey.api.conditions import Condition, all_of, joined
from journey.api.engine import asking, engine
from journey.api.envelope import CloudEvent, WithheldCloudEvent, cloud_event, withheld_cloud_event
from journey.api.guard import NOTHING_SEEN, Seen, guarded
from journey.api.openapi import LISTING, answers
from journey.api.paging import Limit
from journey.api.place import TAIL, Place, at, line_of, refuse_rewound, told
from journey.api.problems import FieldError, Problem
from journey.api.readiness import InEpoch, shown
from journey.api.reads import Reads, Rows
from journey.domain.event import EVENTS, Recorded
from journey.domain.labels import Labels
from journey.projections.status import PatientStatus
from journey.store.epoch import Line
from journey.store.mapper import recorded
from journey.store.recorder import COLUMNS

WINDOW = 5000
"""Positions that one statement looks through for what a filter leaves."""

WINDOWS = 20
"""Statements for one answer; `more` then says that there is more to look through."""

LONGEST_WAIT = 30.0
SOON = 0.1
"""Seconds between looks while it is not known yet whose the last journeys of the log are."""

PAGE = SQL("""
    SELECT position, {columns} FROM log JOIN event USING (journey_id, version)
     WHERE position > %s AND position <= %s AND {condition}
     ORDER BY position LIMIT %s
    """)
LABELLED = "SELECT journey_id FROM patient_status WHERE journey_id = ANY(%s) AND labels <> '{}'"
PATIENTS = """
    SELECT DISTINCT data->>'patient_id' FROM event
     WHERE journey_id = ANY(%s) AND version = 1 AND type = 'journey.opened'
    """
REACHED = "SELECT position FROM checkpoint WHERE name = %s"
TYPES = "type = ANY(%s)"
MAY_BE_WITHHELD = """
    EXISTS (SELECT FROM patient_status AS status
             WHERE status.journey_id = event.journey_id AND labels <> '{}' AND NOT labels <@ %s)
    """
JOURNEY = "journey_id = %s"
THEIRS: LiteralString = """
    EXISTS (SELECT FROM patient_status AS status WHERE status.journey_id = event.journey_id AND """

router = APIRouter(route_class=guarded(Permission.FEED, None), tags=["follow"])


class Feed(BaseModel):
    """A piece of the log."""

    events: tuple[CloudEvent | WithheldCloudEvent, ...]
    next: str = Field(description="`after` of the next request, whether there were events or not.")
    more: bool = Field(description="Whether there is more to look through already.")
    epoch: InEpoch | None = Field(
        description="The epoch that the log is in; another one, and the log was restored, copied or promoted."
    )


class Wanted(NamedTuple):
    """What a follower wants of the log. `cleared`: the labels whose events they see, None for all."""

    types: list[str] | None
    journey_id: UUID | None
    whose: Condition
    cleared: Labels | None
    limit: int

    @property
    def condition(self) -> Condition:
        """What an event has to be."""
        return all_of(
            [
                *(() if self.types is None else (self._of_types(self.types),)),
                *(() if self.journey_id is None else (Condition(JOURNEY, (self.journey_id,)),)),
                *(() if self.whose == EVERYBODYS else (self._theirs,)),
            ]
        )

    def _of_types(self, types: list[str]) -> Condition:
        """What may be withheld from them is found whatever its type: else the type would be told."""
        of_types = Condition(TYPES, (types,))
        if self.cleared is None:
            return of_types
        return joined(" OR ", (of_types, Condition(MAY_BE_WITHHELD, (sorted(self.cleared),))))

    def holds(self, event: Recorded) -> bool:
        """Whether they want it, where they see it."""
        return self.types is None or event.event.stored_as in self.types

    @property
    def needs_readers(self) -> bool:
        """Whether it has to be known of each journey whose it is, or what labels it bears."""
        return self.whose != EVERYBODYS or (self.types is not None and self.cleared is not None)

    @property
    def _theirs(self) -> Condition:
        sql: LiteralString = THEIRS + self.whose.sql + ")"
        return Condition(sql, self.whose.parameters)


class Piece(NamedTuple):
    """What was found, and how far was looked."""

    events: list[Recorded]
    until: int


@router.get("/v1/events", responses=answers(Feed, *LISTING, "store-rewound"))
async def the_log(
    request: Request,
    *,
    after: Annotated[
        str | None, Query(max_length=200, description="`next` of the last answer; left out, the beginning.")
    ] = None,
    limit: Limit = 100,
    types: Annotated[
        list[str] | None,
        Query(alias="type", max_length=100, description="A type, or a room's: `visit.booked`, `visit.*`."),
    ] = None,
    journey: Annotated[UUID | None, Query(description="One journey's events only.")] = None,
    wait: Annotated[
        float, Query(ge=0, le=LONGEST_WAIT, description="Seconds to wait for events, if there are none.")
    ] = 0.0,
) -> Response:
    """What was recorded after the cursor, in order: nothing twice, nothing left out, nothing late."""
    by = asking(request)
    readable = types_for(by.caller, known_types(types) if types else None)
    wanted = Wanted(readable, journey, of_their_teams(by), by.cleared, limit)
    reads, growth = engine(request).reads, engine(request).growth
    place = told(after)
    loop = asyncio.get_running_loop()
    deadline = loop.time() + wait
    while True:
        grown = growth.next_one
        line = await line_of(reads)
        await refuse_rewound(reads, line, place)
        head = max(place.position, await _known_to(reads, line.head, wanted))
        piece = await _look(reads, place.position, head, wanted)
        place = await _reached(reads, line, piece)
        if piece.events or piece.until < head or growth.over or loop.time() >= deadline:
            break
        await growth.wait(grown, min(deadline - loop.time(), SOON if head < line.head else LONGEST_WAIT))
    journeys = {each.journey_id for each in piece.events}
    kept_back = await withheld(reads, journeys, by.cleared)
    labelled = await _labelled(reads, journeys) if kept_back and wanted.types is not None else journeys
    told_of = [
        withheld_cloud_event(each) if each.event_id in kept_back else cloud_event(each)
        for each in piece.events
        if (each.journey_id in labelled if each.event_id in kept_back else wanted.holds(each))
    ]
    request.state.seen = await _seen(reads, {each["subject"] for each in told_of})
    body = {
        "events": told_of,
        "next": place.cursor(),
        "more": piece.until < head,
        "epoch": shown(line.now),
    }
    return Response(to_json(body), media_type="application/json")


async def _labelled(reads: Reads, journeys: Collection[UUID]) -> set[UUID]:
    """Those of which all that is withheld is found, whatever its type; of others, where a label was voided
    away, only what is of the types that were asked for, and that is not to be told.
    """
    return {journey_id for (journey_id,) in await reads.rows(LABELLED, (list(journeys),))}


async def _seen(reads: Reads, journeys: Collection[UUID]) -> Seen:
    """Of whom the events tell: what goes to other systems is accounted for, too."""
    if not journeys:
        return NOTHING_SEEN
    patients = await reads.rows(PATIENTS, (list(journeys),))
    return Seen(tuple(sorted(journeys)), tuple(UUID(each) for (each,) in patients))


def known_types(given: Sequence[str]) -> list[str]:
    """The stored names that these words stand for. Raises Problem: a misspelt one would never be heard of."""
    found: set[str] = set()
    for word in given:
        room = word.removesuffix("*") if word.endswith(".*") else None
        matching = {each for each in EVENTS if each == word or (room and each.startswith(room))}
        if not matching:
            error = FieldError(where="query", field="type", message="There is no such type of event")
            raise Problem("invalid", "A type of event is unknown.", errors=(error,))
        found |= matching
    return sorted(found)


def types_for(asking: Caller, types: list[str] | None) -> list[str] | None:
    """Those of the types that the caller's scopes let through; None for all."""
    if asking.may(Permission.FEED, ANY):
        return types
    return [each for each in types or sorted(EVENTS) if asking.may(Permission.FEED, resource_of(each))]


async def _known_to(reads: Reads, head: int, wanted: Wanted) -> int:
    """Up to where it is known whose each journey is, and what is withheld; what nobody knows yet is not to
    be passed over.
    """
    if not wanted.needs_readers:
        return head
    reached = await reads.rows(REACHED, (PatientStatus.name,))
    return min(head, reached[0][0]) if reached else 0


async def _look(reads: Reads, start: int, head: int, wanted: Wanted) -> Piece:
    """The next events that are wanted, window by window."""
    until, found = start, list[Recorded]()
    for _ in range(WINDOWS):
        begin, until = until, head if wanted.journey_id else min(until + WINDOW, head)
        rows = await _window(reads, begin, until, wanted, wanted.limit - len(found))
        found += [recorded(row[1:], row[0]) for row in rows]
        if len(found) == wanted.limit:
            until = found[-1].position or until
            break
        if until == head:
            break
    return Piece(found, until)


async def _window(reads: Reads, begin: int, until: int, wanted: Wanted, limit: int) -> Rows:
    condition = wanted.condition
    statement = PAGE.format(columns=COLUMNS, condition=SQL(condition.sql))
    return await reads.rows(statement, (begin, until, *condition.parameters, limit), binary=True)


async def _reached(reads: Reads, line: Line, piece: Piece) -> Place:
    """The place up to which was looked."""
    if piece.events and piece.events[-1].position == piece.until:
        epoch = line.given_in(piece.until)
        return Place(piece.until, piece.events[-1].event_id.hex[-TAIL:], epoch.hex[-TAIL:])
    return await at(reads, line, piece.until)
