"""Wire: the connection as a client makes it. A request's head has to come soon, and be of a size.

The rest of a request is bounded at the edge, where it can be answered as a problem of a route's.
"""

import asyncio
from http import HTTPStatus

from pydantic_core import to_json
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from journey.api.catalogue import CATALOGUE
from journey.api.problems import MEDIA_TYPE

HEAD_SECONDS = 10.0
"""Seconds from the opening of a connection, or from a request's first byte, to the end of its headers."""

ABORT = "journey.abort"
"""An extension of the scope: hang up at once, on who takes nothing of an answer."""

LARGEST_HEAD = 64 * 1024
"""Bytes; more than the edge takes, so that it is the edge that mostly says so."""


class Wire(HttpToolsProtocol):
    """The server's protocol, with patience of its own."""

    _late: asyncio.TimerHandle | None = None
    _taken = 0
    _refused = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # uvicorn's own
        super().connection_made(transport)
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        self._rest()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._refused:
            return
        super().data_received(data)
        if self._late is not None:
            self._taken += len(data)
            if self._taken > LARGEST_HEAD:
                self._refuse("headers-too-large")

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["extensions"] = {ABORT: {"now": self.transport.abort}}
        self._rest()
        self._wait()

    def on_headers_complete(self) -> None:
        self._rest()
        super().on_headers_complete()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - ours says more
        self._refuse("malformed-request")

    def _wait(self) -> None:
        self._taken = 0
        self._late = self.loop.call_later(HEAD_SECONDS, self._refuse, "request-timeout")

    def _rest(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None

    def _refuse(self, code: str) -> None:
        """Answer without a request, and hang up. It is never put into the answer to an earlier request: that
        is the last then.
        """
        of_the_head = self._late is not None
        self._rest()
        if self._refused or self.transport.is_closing():
            return
        self._refused = True
        if self.cycle is not None and not self.cycle.response_complete:
            if of_the_head:
                self.cycle.keep_alive = False
                return
            if self.cycle.response_started or self.pipeline:
                self.transport.close()
                return
        self._say(code)
        self.transport.close()

    def _say(self, code: str) -> None:
        kind = CATALOGUE[code]
        body = to_json(
            {
                "type": f"/docs#{code}",
                "title": code.replace("-", " ").capitalize(),
                "status": kind.status,
                "code": code,
                "detail": kind.meaning,
            }
        )
        head = (
            f"HTTP/1.1 {kind.status} {HTTPStatus(kind.status).phrase}\r\n"
            f"Content-Type: {MEDIA_TYPE}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        )
        self.transport.write(head.encode() + body)
