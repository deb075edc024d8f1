"""Receiver: takes what webhooks send, and answers as it is told to, well or badly."""

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import NamedTuple, Self, cast

from httptools import HttpParserError, HttpRequestParser


class Received(NamedTuple):
    """One request."""

    headers: dict[str, str]
    body: bytes


class Reply(NamedTuple):
    """What is answered, after so many seconds. `hangs_up`: the connection is closed without a word."""

    status: int = 204
    headers: tuple[tuple[str, str], ...] = ()
    after: float = 0.0
    hangs_up: bool = False


TAKEN = Reply()
Answers = Callable[[Received], Reply]


@dataclass
class Connection(asyncio.Protocol):
    """One connection, request after request."""

    answers: Answers
    open: set[asyncio.Transport]
    _parser: HttpRequestParser = field(init=False)
    _transport: asyncio.Transport | None = None
    _headers: dict[str, str] = field(default_factory=dict)
    _body: bytes = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._parser = HttpRequestParser(self)
        self._transport = cast(asyncio.Transport, transport)
        self.open.add(self._transport)

    def connection_lost(self, _: Exception | None) -> None:
        if self._transport is not None:
            self.open.discard(self._transport)

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except HttpParserError:
            self._close()

    def on_message_begin(self) -> None:
        self._headers, self._body = {}, b""

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers[name.decode().lower()] = value.decode()

    def on_body(self, body: bytes) -> None:
        self._body += body

    def on_message_complete(self) -> None:
        reply = self.answers(Received(self._headers, self._body))
        if reply.after:
            asyncio.get_running_loop().call_later(reply.after, self._answer, reply)
        else:
            self._answer(reply)

    def _answer(self, reply: Reply) -> None:
        if self._transport is None or self._transport.is_closing():
            return
        if reply.hangs_up:
            self._close()
            return
        lines = [f"HTTP/1.1 {reply.status} Said", *(f"{name}: {value}" for name, value in reply.headers)]
        self._transport.write("\r\n".join([*lines, "Content-Length: 0", "", ""]).encode())

    def _close(self) -> None:
        if self._transport is not None:
            self._transport.close()


class Receiver:
    """A server on loopback, in a thread, for as long as the block lasts. `answers` may be exchanged."""

    def __init__(self, answers: Answers, port: int = 0) -> None:
        self.answers = answers
        self.port = port
        self._loop = asyncio.new_event_loop()
        self._open = threading.Event()
        self._over = asyncio.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hooks"

    def __enter__(self) -> Self:
        self._thread.start()
        self._open.wait()
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join()

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._serve())

    def _answer(self, request: Received) -> Reply:
        return self.answers(request)

    async def _serve(self) -> None:
        open_: set[asyncio.Transport] = set()
        server = await self._loop.create_server(
            lambda: Connection(self._answer, open_), "127.0.0.1", self.port
        )
        self.port = server.sockets[0].getsockname()[1]
        self._open.set()
        await self._over.wait()
        server.close()
        await asyncio.sleep(0)  # who has just come in is known
        for each in list(open_):
            each.abort()
