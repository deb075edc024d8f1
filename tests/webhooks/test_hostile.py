"""Endpoints that mean ill: whatever they say or leave unsaid, an attempt ends in time, and is told of."""

import asyncio
import gzip
import socket
import ssl
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from ipaddress import ip_network
from threading import Thread

import pytest
import uvloop

from journey.webhooks.addresses import Where
from journey.webhooks.sending import Answer, Sender

HERE = Where(private=(ip_network("127.0.0.0/8"),), plain=("127.0.0.1",))
SECONDS = 0.5
OK = b"HTTP/1.1 200 OK\r\n"
BOMB = gzip.compress(bytes(1 << 20))
Talk = Callable[[socket.socket], None]


@contextmanager
def endpoint(talk: Talk) -> Iterator[str]:
    """A server that does this with each connection."""
    server = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with suppress(OSError):
            while True:
                connection, _ = server.accept()
                with connection, suppress(OSError):
                    connection.settimeout(4 * SECONDS)
                    talk(connection)

    thread = Thread(target=serve)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.getsockname()[1]}/"
    finally:
        server.shutdown(socket.SHUT_RDWR)
        server.close()
        thread.join()


def sent(url: str, times: int = 1) -> list[Answer]:
    async def main() -> list[Answer]:
        async with Sender(HERE, ssl.create_default_context(), 64) as sender:
            return await asyncio.gather(*(sender.send(url, {}, b"{}", SECONDS) for _ in range(times)))

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(main())


def saying(*parts: bytes) -> Talk:
    def talk(connection: socket.socket) -> None:
        connection.recv(1 << 16)
        for part in parts:
            connection.sendall(part)

    return talk


def for_ever(beginning: bytes, each: bytes) -> Talk:
    """Says the same until nobody listens any more."""

    def talk(connection: socket.socket) -> None:
        connection.recv(1 << 16)
        connection.sendall(beginning)
        while True:
            connection.sendall(each)

    return talk


def reset(connection: socket.socket) -> None:
    """Gone before anybody has said anything."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def silent(connection: socket.socket) -> None:
    while connection.recv(1 << 16):
        pass


@pytest.mark.parametrize(
    ("talk", "ends"),
    [
        (reset, {"broken-off", "not-reached", "timeout"}),
        (silent, {"timeout"}),
        (saying(), {"broken-off"}),
        (saying(b"what?\r\n\r\n"), {"broken-off"}),
        (saying(b"HTTP/1.1 999999 No\r\n\r\n"), {"broken-off"}),
        (saying(OK + b"Content-Length: -1\r\n\r\n"), {"broken-off"}),
        (saying(OK + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\nzz\r\n"), {200}),
        (saying(OK + b"X: \xff\x00\r\n\r\n"), {"broken-off"}),
        (saying(OK + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(BOMB), BOMB), {200}),
        (saying(b"HTTP/1.1 500 No\r\nRetry-After: \xff\r\nContent-Length: 0\r\n\r\n"), {500}),
        (for_ever(b"HTTP/1.1 500 No\r\n\r\n", bytes(1 << 16)), {500}),
        (for_ever(OK, b"X: y\r\n" * 1000), {"broken-off"}),
        (for_ever(b"", b"HTTP/1.1 100 Continue\r\n\r\n"), {"broken-off", "timeout"}),
    ],
)
def test_an_attempt_ends_whatever_the_endpoint_does(talk: Talk, ends: set[str | int]) -> None:
    with endpoint(talk) as url:
        for answer in sent(url, 1000 if talk is reset else 1):
            assert (answer.status or answer.error) in ends
