"""The stream: what happens, as Server-Sent Events, from wherever the client has got to and then as it comes.

Everybody is somewhere in the log, and nothing is kept for them but that: who is behind reads the log until
they have caught up with their channel, and from there on what it sends. A client that takes nothing is hung
up on, and goes on where it was.
"""

import asyncio
from typing import Annotated, NamedTuple

from fastapi import APIRouter, Header, Query, Request, Response
from starlette.types import Receive, Scope, Send

from journey.api.access.table import Permission
from journey.api.engine import asking, engine
from journey.api.follow.asked import AfterIn, FilterIn, PayloadIn, wanted_by
from journey.api.follow.channel import ROUTE, Channel, End, Key, said
from journey.api.follow.channels import Channels, channels
from journey.api.follow.looking import known_to, look, reached
from journey.api.follow.place import line_of, place_after, refuse_rewound
from journey.api.follow.tail import SOON
from journey.api.guard import guarded
from journey.api.openapi import LISTING, streamed
from journey.api.problems import Problem
from journey.api.reads import Reads
from journey.api.wire import ABORT
from journey.feed.envelope import Payload
from journey.feed.place import LONGEST_CURSOR, Place

RETRY = b"retry: 1000\n\n"
"""Milliseconds after which a client asks again."""

HEARTBEAT = 15.0
"""Seconds without a word, after which a client is told how far the log was looked through."""

STUCK = 20.0
"""Seconds that a client may take nothing, with its connection full."""

CATCH_UP = 200
"""Events that are read at once for who is behind."""

LONGEST = 86_400.0
HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"x-accel-buffering", b"no"),
]

router = APIRouter(route_class=guarded(Permission.FEED, None), tags=["follow"])


@router.get(ROUTE, response_class=Response, responses=streamed(*LISTING, "store-rewound"))
async def stream_of_the_log(
    request: Request,
    *,
    asked: FilterIn,
    after: AfterIn = None,
    last_event_id: Annotated[
        str | None, Header(max_length=LONGEST_CURSOR, description="As `after`, which it goes before.")
    ] = None,
    payload: PayloadIn = Payload.THIN,
    lasting: Annotated[
        float, Query(ge=0, le=LONGEST, description="Seconds after which it ends, once there is nothing new.")
    ] = LONGEST,
) -> Response:
    """What was recorded after the cursor, and then what is, as it is: nothing twice, nothing left out."""
    by, reads = asking(request), engine(request).reads
    wanted_by(by, asked, payload)
    line = await line_of(reads)
    place = await place_after(reads, line, last_event_id or after)
    await refuse_rewound(reads, line, place)
    channels(request).refuse_too_many(by.caller.id)
    key = Key(request.headers["authorization"], by, asked, payload)
    return Stream(reads, channels(request), key, Begins(place, lasting))


class Begins(NamedTuple):
    """From where a stream goes on, and for how many seconds."""

    place: Place
    lasting: float


class Stream(Response):
    """One connection, as long as it lasts."""

    media_type = "text/event-stream"

    def __init__(self, reads: Reads, channels: Channels, key: Key, begins: Begins) -> None:
        super().__init__()
        self._reads = reads
        self._channels = channels
        self._key = key
        self._place, self._lasting = begins
        self._woken = asyncio.Event()
        self._quiet = False
        self._lasted = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._send = send
        channel = await self._channels.opened(self._key, self._woken.set)
        leaving = asyncio.create_task(self._leaves(receive))
        loop = asyncio.get_running_loop()
        self._beat = loop.call_later(HEARTBEAT, self._beats)
        ends = loop.call_later(self._lasting, self._ends)
        scope["state"]["goes_on"]()
        try:
            await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
            await self._says(RETRY)
            await self._tell(channel, leaving)
            await self._says(b"", more=False)
        except TimeoutError:
            scope["extensions"][ABORT]["now"]()
        finally:
            self._beat.cancel()
            ends.cancel()
            leaving.cancel()
            self._channels.closed(channel, self._woken.set)

    async def _tell(self, channel: Channel, leaving: "asyncio.Task[None]") -> None:
        """Until it ends, for whichever reason."""
        while not leaving.done():
            self._woken.clear()
            if self._place.position < channel.start:
                await self._catch_up(channel)
                continue
            told = channel.after(self._place.position)
            if channel.place.position > self._place.position:
                self._place = channel.place
            if told:
                await self._says(told)
            if channel.over is not None:
                await self._says(await self._farewell(channel.over))
                return
            if self._lasted:
                await self._says(said({"reason": End.LASTED}, event="end"))
                return
            if self._quiet:
                await self._says(said({}, at=self._place, event="heartbeat"))
            await self._woken.wait()

    async def _catch_up(self, channel: Channel) -> None:
        """A piece nearer to where the channel begins."""
        line = await line_of(self._reads)
        until = await known_to(self._reads, channel.place.position, channel.wanted)
        if until <= self._place.position:  # whose the last journeys are is told in a moment
            await asyncio.sleep(SOON)
            return
        piece = await look(self._reads, self._place.position, until, channel.wanted, CATCH_UP)
        frames = await channel.framed(piece.events, await piece.known(self._reads, channel.wanted), line)
        self._place = await reached(self._reads, line, piece)
        told = b"".join(each.frame for each in frames)
        await self._says(told or said({}, at=self._place, event="heartbeat"))

    async def _farewell(self, why: End) -> bytes:
        """What a client needs to know to go on."""
        if why is End.REWOUND:
            try:
                await refuse_rewound(self._reads, await line_of(self._reads), self._place)
            except Problem as problem:
                if problem.code == "store-rewound":
                    return said({"detail": problem.detail, **problem.more}, event="rewound")
        return said({"reason": why}, event="end")

    async def _says(self, told: bytes, *, more: bool = True) -> None:
        """Raises TimeoutError where nothing is taken."""
        self._quiet = False
        async with asyncio.timeout(STUCK):
            await self._send({"type": "http.response.body", "body": told, "more_body": more})

    async def _leaves(self, receive: Receive) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        self._woken.set()

    def _beats(self) -> None:
        """A heartbeat is due where nothing was said since the last."""
        if self._quiet:
            self._woken.set()
        self._quiet = True
        self._beat = asyncio.get_running_loop().call_later(HEARTBEAT, self._beats)

    def _ends(self) -> None:
        self._lasted = True
        self._woken.set()
