"""Live: tells a page that something was recorded, so that it looks again. It tells nothing of what.

It does once the lists show it. Each page looks again at its own part with the rights of who is signed in, a
few seconds apart at most. It ends with the session, and where that opens more of them than a browser
can have beside its pages.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from time import monotonic

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from journey.web.sessions import digest
from journey.web.signing import Signed

BEAT = 15.0
"""Seconds after which a line is sent though nothing was recorded: who is gone is noticed."""

MOST = 4
"""Of one session: browsers open six connections to a host at most, and need some to ask with."""

OVER = "event: over\ndata:\n\n"
"""Said to the oldest: it begins again once somebody looks at its page."""

Handler = Callable[[Request], Awaitable[Response]]


class Lines:
    """Those that are open in this process, by session."""

    def __init__(self) -> None:
        self._open: dict[bytes, list[object]] = {}

    @contextmanager
    def one(self, session: bytes) -> Iterator[Callable[[], bool]]:
        """A new one; whether it is among the newest still."""
        its, line = self._open.setdefault(session, []), object()
        its.append(line)
        del its[:-MOST]
        try:
            yield lambda: line in its
        finally:
            if line in its:
                its.remove(line)
            if not its and self._open.get(session) is its:
                del self._open[session]


def live(signed: Signed) -> Handler:
    lines = Lines()

    async def handle(request: Request) -> Response:
        session = await signed.session(request)
        if session is None:
            return Response(status_code=204)  # the browser asks no more
        request.scope["state"]["goes_on"]()
        told = _grown(signed, request, lines, digest(session.secret))
        return StreamingResponse(told, media_type="text/event-stream")

    return handle


async def _grown(signed: Signed, request: Request, lines: Lines, session: bytes) -> AsyncIterator[str]:
    growth = request.app.state.engine.reflected
    with lines.one(session) as is_wanted:
        yield "retry: 3000\n\n"
        event, looked = growth.next_one, monotonic()
        while not growth.over:
            has_grown = await growth.wait(event, BEAT)
            event = growth.next_one
            if not is_wanted():
                yield OVER
                return
            if monotonic() - looked >= BEAT:
                looked = monotonic()
                if await signed.session(request) is None:
                    return
            yield "event: grown\ndata:\n\n" if has_grown else ": still here\n\n"
