"""Import: a stream of commands, one a line, and a stream of what became of each.

A line is answered as soon as what came with it is on disk. Nothing is held but what has just come; a client
that is gone has sent what it has sent. Sent again, from any line, what was applied is a duplicate.
"""

import asyncio
from collections.abc import MutableMapping
from itertools import islice
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field
from starlette.types import Receive, Scope, Send

from journey.api.access.table import Permission
from journey.api.bulk.spool import Spool
from journey.api.bulk.telling import Teller
from journey.api.commands import Purpose
from journey.api.engine import caller, engine
from journey.api.guard import guarded
from journey.api.openapi import WRITING, answers
from journey.api.problems import Problem
from journey.ingest.counts import COUNTED, Counts
from journey.ingest.ndjson.applying import WINDOW, Sender, Window
from journey.ingest.ndjson.ingest import count
from journey.ingest.ndjson.lines import SOURCE, Line, Lines, told
from journey.ingest.ndjson.result import Result

PATH = "/v1/journeys/import"
MEDIA_TYPE = "application/x-ndjson"
PATIENCE = 60.0
"""Seconds for which the next piece is waited for."""

STOPPING = "The server is stopping; send the rest in a moment."
NOTHING_CAME = "No line came for a minute; send the rest when it is there."
MEDIA_TYPES = frozenset({MEDIA_TYPE, "application/ndjson", "application/jsonl"})


class Summary(BaseModel):
    """The last line of the answer. An answer without it was cut off: send the same again."""

    status: Literal["complete", "stopped"]
    messages: int = Field(description="Lines, but for empty ones.")
    applied: int
    duplicate: int
    rejected: int = Field(description="Refused, invalid or failed.")
    journeys: int = Field(description="Opened.")
    events: int = Field(description="Recorded.")
    resume_at: int | None = Field(
        default=None,
        description="Where it stopped, the line from which to send again. A later one may be done.",
    )
    code: str | None = Field(default=None, description="Why it stopped, where that is a problem.")
    detail: str | None = None


class Import(StreamingResponse):
    """The answer to one request, made while the request still comes."""

    media_type = MEDIA_TYPE

    def __init__(self, request: Request, sender: Sender, names: str) -> None:
        self._spool = Spool()
        super().__init__(self._spool, media_type=MEDIA_TYPE)
        self._growth = engine(request).growth
        self._longest = engine(request).settings.max_body_bytes
        self._teller = Teller(request, sender)
        self._names = names
        self._counts = Counts()
        self._taken = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - ASGI's
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._take(receive))
            await self.stream_response(send)

    async def _take(self, receive: Receive) -> None:
        """Everything that comes, to its end or to what stops it."""
        try:
            await self._write(await self._taken_in(receive))
        finally:
            await self._spool.close()

    async def _taken_in(self, receive: Receive) -> Summary:
        lines, more = Lines(self._longest), True
        while more:
            message = await self._next(receive)
            if message is None:
                return self._stopped(STOPPING if self._growth.over else NOTHING_CAME)
            if message["type"] == "http.disconnect":
                return self._stopped("The connection was lost.")
            more = message.get("more_body", False)
            come = iter(lines.cut(message.get("body", b"")) + ([] if more else lines.rest()))
            while together := list(islice(come, WINDOW)):
                if summary := await self._window(together):
                    return summary
                if self._growth.over:
                    return self._stopped(STOPPING)
        return self._summary("complete")

    async def _next(self, receive: Receive) -> MutableMapping[str, Any] | None:
        """What comes next; None where that is waited for in vain, or the process is about to stop."""
        coming = asyncio.ensure_future(receive())
        try:
            async with asyncio.timeout(PATIENCE):
                while not (self._growth.over or coming.done()):
                    await self._until_grown(coming)
        except TimeoutError:
            return None
        else:
            return coming.result() if coming.done() else None
        finally:
            coming.cancel()

    async def _until_grown(self, coming: asyncio.Future[Any]) -> None:
        grown = asyncio.ensure_future(self._growth.next_one.wait())
        try:
            await asyncio.wait((coming, grown), return_when=asyncio.FIRST_COMPLETED)
        finally:
            grown.cancel()

    async def _window(self, together: list[bytes]) -> Summary | None:
        """Tell these lines and what became of them; a summary where it ends here."""
        first, self._taken = self._taken + 1, self._taken + len(together)
        window = await asyncio.to_thread(self._read, together, first)
        problem = await self._teller.tell(window)
        waits = None
        answer = bytearray()
        for number, result in enumerate(window.results(), first):
            if isinstance(result, Result):
                count(self._counts, result)
                answer += result.written()
            elif result is not None:
                waits = waits or number
        await self._spool.write(bytes(answer))
        if problem is None:
            return None
        return self._summary("stopped", resume_at=waits, code=problem.code, detail=problem.detail)

    def _read(self, together: list[bytes], first: int) -> Window:
        said = [told(number, raw, self._names, self._longest) for number, raw in enumerate(together, first)]
        return Window(said)

    def _stopped(self, detail: str) -> Summary:
        return self._summary("stopped", resume_at=self._taken + 1, detail=detail)

    def _summary(self, status: Literal["complete", "stopped"], **more: Any) -> Summary:
        counted = {name: getattr(self._counts, name) for name in COUNTED if name in Summary.model_fields}
        return Summary(status=status, **counted, **more)

    async def _write(self, summary: Summary) -> None:
        await self._spool.write(summary.model_dump_json(exclude_none=True).encode() + b"\n")


router = APIRouter(route_class=guarded(Permission.WRITE, None))


@router.post(
    PATH,
    tags=["import"],
    name="import",
    status_code=200,
    response_class=Import,
    responses={
        **answers(Result, *WRITING, refused=True),
        200: {"model": Result | Summary, "description": "A line for each line, and a last one that counts."},
    },
    openapi_extra={
        "requestBody": {"required": True, "content": {MEDIA_TYPE: {"schema": Line.model_json_schema()}}}
    },
)
async def import_(
    request: Request,
    *,
    source: Annotated[
        str | None,
        Query(pattern=SOURCE, description="The system that the lines come from; the key's name if left out."),
    ] = None,
    purpose: Purpose = "TREAT",
) -> Response:
    """Tell journeys what happened, one command a line; each line is answered with a line, in their order.

    What is wrong with a line is said in its answer, in the words of the problems, and keeps no other from
    being applied. Sent again, in whole or in part, a line that was applied is a `duplicate`.
    """
    refuse_other_media(request)
    who = caller(request)
    state = request.state
    sender = Sender(source or who.name, who.actor(), purpose, state.correlation_id, state.traceparent)
    return Import(request, sender, names=f"{who.name}\0{source or ''}")


def refuse_other_media(request: Request) -> None:
    """Lines of JSON as they are: what is compressed would be taken for lines that are none."""
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    plain = request.headers.get("content-encoding", "identity").strip().lower() == "identity"
    if media not in MEDIA_TYPES or not plain:
        detail = f"Send lines of JSON with Content-Type: {MEDIA_TYPE}, and no Content-Encoding."
        raise Problem("unsupported-media-type", detail)
