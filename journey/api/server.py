"""The server: this process, or several, answering on one address until they are told to stop."""

import asyncio
import signal
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from threading import Event as Signal
from types import FrameType
from typing import Any, Literal, cast

import structlog
import uvicorn
from fastapi import FastAPI
from uvicorn.supervisors.multiprocess import Multiprocess

from journey import log
from journey.api.app import create_app
from journey.database import Database
from journey.migrate import check
from journey.settings import Settings
from journey.worker import Worker

Role = Literal["all", "api", "worker"]

GRACE = 5
"""Seconds for requests under way when the server is told to stop."""

STOP = (signal.SIGINT, signal.SIGTERM)

logger = structlog.get_logger()


def serve(
    settings: Settings,
    database: Database,
    role: Role = "all",
    workers: int = 1,
    *,
    told: Callable[[str], None] = lambda _: None,
) -> None:
    """Serve until SIGINT or SIGTERM; `told` hears the address as soon as requests to it are taken in.

    Raises MigrationError, DatabaseUnavailable, OSError (address in use).
    """
    check(database.conninfo)
    if role == "worker":
        work(database.conninfo)
        return
    factory = partial(application, settings, database.conninfo, with_worker=role == "all")
    with listening(settings.host, settings.port) as listener:
        config = configured(factory, workers)
        listener.listen(config.backlog)  # who asks from now on waits until the application is up
        logger.info("serving", url=url(listener), role=role, workers=workers)
        told(url(listener))
        if workers > 1:
            Multiprocess(config, sockets=[listener]).run()
        else:
            with signals_left_to_the_server():
                uvicorn.Server(config).run(sockets=[listener])


def application(settings: Settings, conninfo: str, *, with_worker: bool) -> FastAPI:
    """What each process of a server makes for itself."""
    log.configure(settings)
    app = create_app(settings, conninfo, with_worker=with_worker)
    serving = app.router.lifespan_context

    @asynccontextmanager
    async def until_told_to_stop(app: FastAPI) -> AsyncIterator[Any]:
        async with serving(app) as state:
            with also_at_a_signal(app.state.engine.growth.end_waiting):
                yield state

    app.router.lifespan_context = until_told_to_stop
    return app


@contextmanager
def also_at_a_signal(then: Callable[[], None]) -> Iterator[None]:
    """Do this in the loop when the process is told to stop, before the server does what it does."""
    loop = asyncio.get_running_loop()
    before = {each: signal.getsignal(each) for each in STOP}

    def told(number: int, frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(then)
        handler = before[signal.Signals(number)]
        if callable(handler):
            handler(number, frame)

    for each in STOP:
        signal.signal(each, told)
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


@contextmanager
def signals_left_to_the_server() -> Iterator[None]:
    """It raises what stopped it once more when it is done; whoever called `serve` still has to tidy up."""
    before = {each: signal.signal(each, lambda *_: None) for each in STOP}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


def configured(factory: partial[FastAPI], workers: int = 1) -> uvicorn.Config:
    """The server's settings. It logs nothing of requests: the edge does, without their addresses."""
    return uvicorn.Config(
        cast("str", factory),
        factory=True,
        workers=workers,
        loop="uvloop",
        http="httptools",
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE,
    )


def listening(host: str, port: int) -> socket.socket:
    """The socket that requests come in by; port 0 takes any free one."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
    except OSError:
        listener.close()
        raise
    return listener


def url(listener: socket.socket) -> str:
    """Where a browser finds it."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def work(conninfo: str) -> None:
    """The worker alone, until SIGINT or SIGTERM."""
    told = Signal()
    for each in STOP:
        signal.signal(each, lambda *_: told.set())
    with Worker(conninfo):
        logger.info("working")
        told.wait()
