"""The API on a socket of this process, and clients that listen to it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from socket import SO_SNDBUF, SOL_SOCKET
from threading import Thread
from typing import Any
from urllib.parse import urlencode

import httpx2
import uvicorn
from fastapi import FastAPI

from journey.api.access.table import Role
from journey.api.app import create_app
from journey.api.server import listening, url
from journey.api.wire import Wire
from journey.feed.sse import Heard, heard
from journey.settings import Settings
from tests.waiting import until

BUFFER = 32 * 1024
"""Bytes that the system keeps for a client who takes nothing: few, so that it shows soon."""


@dataclass(frozen=True)
class Served:
    """Where it answers, and with which keys."""

    app: FastAPI
    url: str
    tokens: dict[Role, str]

    @contextmanager
    def listening(
        self, last: str | None = None, *, token: str | None = None, **asked: Any
    ) -> Iterator[Iterator[Heard]]:
        """What is heard, after this as `Last-Event-ID`."""
        said = {"Authorization": f"Bearer {token or self.tokens[Role.INTEGRATOR]}"}
        said |= {"Last-Event-ID": last} if last else {}
        address = f"{self.url}/v1/events/stream?{urlencode(asked, doseq=True)}"
        with (
            httpx2.Client(timeout=20) as client,
            client.stream("GET", address, headers=said) as answer,
        ):
            assert answer.status_code == 200, answer.read()
            yield heard(answer.iter_lines())

    def stop_waiting(self) -> None:
        growth = self.app.state.engine.growth
        growth._loop.call_soon_threadsafe(growth.end_waiting)  # noqa: SLF001 - as a signal does


def events(messages: Iterator[Heard], many: int) -> list[dict[str, Any]]:
    """So many events, whatever else is heard between."""
    found: list[dict[str, Any]] = []
    while len(found) < many:
        message = next(messages)
        assert message.event in {"message", "heartbeat"}, message
        if message.event == "message":
            found.append(json.loads(message.data) | {"cursor": message.id})
    return found


def positions(found: list[dict[str, Any]]) -> list[int]:
    return [int(each["sequence"]) for each in found]


@contextmanager
def on_a_socket(
    conninfo: str,
    home: Path,
    tokens: dict[Role, str],
    *,
    with_worker: bool = True,
    port: int = 0,
    **chosen: Any,
) -> Iterator[Served]:
    settings = Settings.load(database_url=conninfo, home=home, **chosen)
    app = create_app(settings, conninfo, with_worker=with_worker)
    config = uvicorn.Config(
        app, http=Wire, loop="uvloop", ws="none", lifespan="on", log_config=None, timeout_graceful_shutdown=5
    )
    server, socket = uvicorn.Server(config), listening("127.0.0.1", port)
    socket.setsockopt(SOL_SOCKET, SO_SNDBUF, BUFFER)
    thread = Thread(target=server.run, kwargs={"sockets": [socket]})
    thread.start()
    until(lambda: server.started)
    served = Served(app, url(socket), tokens)
    try:
        yield served
    finally:
        served.stop_waiting()
        server.should_exit = True
        thread.join()
