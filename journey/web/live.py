"""Live: tells a page that something was recorded, so that it looks again. It tells nothing of what.

Each page looks again at its own part with the rights of who is signed in, a few seconds apart at most.
It ends with the session.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from time import monotonic

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from journey.web.signing import Signed

BEAT = 15.0
"""Seconds after which a line is sent though nothing was recorded: who is gone is noticed."""

Handler = Callable[[Request], Awaitable[Response]]


def live(signed: Signed) -> Handler:
    async def handle(request: Request) -> Response:
        if await signed.session(request) is None:
            return Response(status_code=204)  # the browser asks no more
        request.scope["state"]["goes_on"]()
        return StreamingResponse(_grown(signed, request), media_type="text/event-stream")

    return handle


async def _grown(signed: Signed, request: Request) -> AsyncIterator[str]:
    growth = request.app.state.engine.growth
    yield "retry: 3000\n\n"
    event, looked = growth.next_one, monotonic()
    while not growth.over:
        has_grown = await growth.wait(event, BEAT)
        event = growth.next_one
        if monotonic() - looked >= BEAT:
            looked = monotonic()
            if await signed.session(request) is None:
                return
        yield "event: grown\ndata:\n\n" if has_grown else ": still here\n\n"
