"""Pages of the log: everything that was recorded, in the one order, for systems that follow it by asking.

Filters never hold a cursor back: it moves past what they leave out.
"""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field
from pydantic_core import to_json

from journey.api.access.table import Permission
from journey.api.engine import asking, engine
from journey.api.follow.asked import AfterIn, FilterIn, PayloadIn, wanted_by
from journey.api.follow.looking import known_to, look, reached
from journey.api.follow.place import line_of, place_after, refuse_rewound
from journey.api.follow.sending import To, told_of
from journey.api.guard import guarded
from journey.api.openapi import LISTING, answers
from journey.api.paging import Limit
from journey.api.readiness import InEpoch, shown
from journey.audit.disclosures import Channel as Disclosed
from journey.feed.envelope import CloudEvent, Payload, WithheldCloudEvent

LONGEST_WAIT = 30.0
SOON = 0.1
"""Seconds between looks while it is not known yet whose the last journeys of the log are."""

router = APIRouter(route_class=guarded(Permission.FEED, None), tags=["follow"])


class Feed(BaseModel):
    """A piece of the log."""

    events: tuple[CloudEvent | WithheldCloudEvent, ...]
    next: str = Field(description="`after` of the next request, whether there were events or not.")
    more: bool = Field(description="Whether there is more to look through already.")
    epoch: InEpoch | None = Field(
        description="The epoch that the log is in; another one, and the log was restored, copied or promoted."
    )


@router.get("/v1/events", responses=answers(Feed, *LISTING, "store-rewound"))
async def the_log(
    request: Request,
    *,
    asked: FilterIn,
    after: AfterIn = None,
    limit: Limit = 100,
    payload: PayloadIn = Payload.THIN,
    wait: Annotated[
        float, Query(ge=0, le=LONGEST_WAIT, description="Seconds to wait for events, if there are none.")
    ] = 0.0,
) -> Response:
    """What was recorded after the cursor, in order: nothing twice, nothing left out, nothing late."""
    by = asking(request)
    wanted = wanted_by(by, asked, payload)
    reads, growth = engine(request).reads, engine(request).growth
    place = await place_after(reads, await line_of(reads), after)
    loop = asyncio.get_running_loop()
    deadline = loop.time() + wait
    while True:
        grown = growth.next_one
        line = await line_of(reads)
        await refuse_rewound(reads, line, place)
        head = max(place.position, await known_to(reads, line.head, wanted))
        piece = await look(reads, place.position, head, wanted, limit)
        place = await reached(reads, line, piece)
        if piece.events or piece.until < head or growth.over or loop.time() >= deadline:
            break
        await growth.wait(grown, min(deadline - loop.time(), SOON if head < line.head else LONGEST_WAIT))
    to = To(by, wanted, Disclosed.FEED)
    going = await told_of(reads, to, piece.events, await piece.known(reads, wanted))
    request.state.seen = going.seen
    body = {
        "events": going.events,
        "next": place.cursor(),
        "more": piece.until < head,
        "epoch": shown(line.now),
    }
    return Response(to_json(body), media_type="application/json")
