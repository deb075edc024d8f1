"""The feed: everything that was recorded, in the one order, for systems that follow it by asking.

A cursor names a position and the event that stands there, so that one from another log, or from before a
restore, is noticed. Filters never hold it back: it moves past what they leave out.
"""

import asyncio
import re
from collections.abc import Sequence
from typing import Annotated, NamedTuple
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from psycopg.sql import SQL
from pydantic import BaseModel, Field
from pydantic_core import to_json

from journey.api.access import Permission
from journey.api.cursors import Limit, cursor, foreign, position
from journey.api.engine import engine
from journey.api.envelope import CloudEvent, cloud_event
from journey.api.guard import guarded
from journey.api.openapi import LISTING, answers
from journey.api.problems import FieldError, Problem
from journey.api.reads import Reads, Rows
from journey.domain.event import EVENTS, Recorded
from journey.store.mapper import recorded
from journey.store.recorder import COLUMNS

WINDOW = 5000
"""Positions that one statement looks through for what a filter leaves."""

WINDOWS = 20
"""Statements for one answer; `more` then says that there is more to look through."""

LONGEST_WAIT = 30.0

CURSOR = re.compile(r"\d{1,18} [0-9a-f]{12}")
SCOPE = "log"

HEAD = "SELECT coalesce(max(position), 0) FROM log"
AT = "SELECT event_id FROM log JOIN event USING (journey_id, version) WHERE position = %s"
PAGE = SQL("""
    SELECT position, {columns} FROM log JOIN event USING (journey_id, version)
     WHERE position > %s AND position <= %s AND {condition}
     ORDER BY position LIMIT %s
    """)
ALL = PAGE.format(columns=COLUMNS, condition=SQL("true"))
OF_TYPES = PAGE.format(columns=COLUMNS, condition=SQL("type = ANY(%s)"))
OF_JOURNEY = PAGE.format(columns=COLUMNS, condition=SQL("journey_id = %s"))
OF_BOTH = PAGE.format(columns=COLUMNS, condition=SQL("type = ANY(%s) AND journey_id = %s"))

router = APIRouter(route_class=guarded(Permission.FEED), tags=["follow"])


class Feed(BaseModel):
    """A piece of the log."""

    events: tuple[CloudEvent, ...]
    next: str = Field(description="`after` of the next request, whether there were events or not.")
    more: bool = Field(description="Whether there is more to look through already.")


class Wanted(NamedTuple):
    """What a follower wants of the log."""

    types: list[str] | None
    journey_id: UUID | None
    limit: int


class Piece(NamedTuple):
    """What was found, how far was looked, and how far there was to look."""

    events: list[Recorded]
    until: int
    head: int


@router.get("/v1/events", responses=answers(Feed, *LISTING))
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
    wanted = Wanted(known_types(types) if types else None, journey, limit)
    reads, growth = engine(request).reads, engine(request).growth
    start = await _start(reads, after)
    loop = asyncio.get_running_loop()
    deadline = loop.time() + wait
    while True:
        grown = growth.next_one
        piece = await _look(reads, start, wanted)
        if piece.events or piece.until < piece.head:
            break
        start = piece.until
        if not await growth.wait(grown, deadline - loop.time()):
            break
    body = {
        "events": [cloud_event(each) for each in piece.events],
        "next": await _cursor(reads, piece),
        "more": piece.until < piece.head,
    }
    return Response(to_json(body), media_type="application/json")


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


async def _start(reads: Reads, after: str | None) -> int:
    """The position behind which to begin. Raises Problem where the cursor is of another log."""
    if not after:
        return 0
    text, event = position(SCOPE, after, CURSOR).split()
    start = int(text)
    if start:
        there = await reads.rows(AT, (start,))
        if not there or there[0][0].hex[-12:] != event:
            raise foreign()
    return start


async def _look(reads: Reads, start: int, wanted: Wanted) -> Piece:
    """The next events that are wanted, window by window."""
    head: int = (await reads.rows(HEAD))[0][0]
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
    return Piece(found, until, head)


async def _window(reads: Reads, begin: int, until: int, wanted: Wanted, limit: int) -> Rows:
    match wanted.types, wanted.journey_id:
        case None, None:
            return await reads.rows(ALL, (begin, until, limit), binary=True)
        case types, None:
            return await reads.rows(OF_TYPES, (begin, until, types, limit), binary=True)
        case None, journey_id:
            return await reads.rows(OF_JOURNEY, (begin, until, journey_id, limit), binary=True)
        case types, journey_id:
            return await reads.rows(OF_BOTH, (begin, until, types, journey_id, limit), binary=True)


async def _cursor(reads: Reads, piece: Piece) -> str:
    if piece.events and piece.events[-1].position == piece.until:
        event = piece.events[-1].event_id
    elif piece.until:
        event = (await reads.rows(AT, (piece.until,)))[0][0]
    else:
        event = UUID(int=0)
    return cursor(SCOPE, f"{piece.until} {event.hex[-12:]}")
