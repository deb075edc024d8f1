"""The server: this process, or several, answering on one address until they are told to stop.

Told to stop, it is not ready any more; it takes in nothing new, answers what it has taken in, and ends.
"""

import asyncio
import signal
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from functools import partial
from multiprocessing import connection, get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from types import FrameType
from typing import Any, Literal, cast

import structlog
import uvicorn
import uvicorn._subprocess as beginning
from fastapi import FastAPI
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors.multiprocess import Multiprocess, Process

from journey import log, tracing
from journey.api.app import create_app
from journey.api.behind import beside
from journey.api.engine import Engine
from journey.api.figures import SHARED
from journey.api.health import measure_process
from journey.api.publishing import refuse_unusable
from journey.api.wire import Wire
from journey.database import Database
from journey.migrate import check
from journey.parent import end_with_the_parent
from journey.settings import Settings, inherited
from journey.web.demo import Demo
from journey.worker import STOP, work

Role = Literal["all", "api", "worker"]

GRACE = 25
"""Seconds for requests under way when the server stops: more than a command is given."""

MEASURE = 5.0
"""Seconds between looks at what this process holds, where another may be asked for it."""

BEGUN = 60
"""Seconds within which a process that follows another (at SIGHUP) has to be there."""

MADE = "journey.api.beginning"
"""Imports and makes what several processes have in common."""

LOOK = 0.5
"""Seconds between looks at whether several processes are told again to stop."""

logger = structlog.get_logger()


class NotStarted(Exception):
    """A process that was to answer requests could not begin. What is logged says why."""

    def __init__(self) -> None:
        super().__init__(NotStarted.__doc__)


def serve(
    settings: Settings,
    database: Database,
    role: Role = "all",
    workers: int = 1,
    *,
    told: Callable[[str], None] = lambda _: None,
    demo: Demo | None = None,
) -> None:
    """Serve until SIGINT or SIGTERM; `told` hears the address as soon as requests to it are taken in. In a
    demo, people sign in with one click.

    Raises MigrationError, DatabaseUnavailable, NotStarted, WorkerFailed, SettingsError, OSError (address
    in use).
    """
    check(database.conninfo)
    tracing.configure(settings)
    if role != "api":
        refuse_unusable(settings)
    if role == "worker":
        work(database.conninfo, beside(database.conninfo, settings))
        return
    with ExitStack() as stack:
        shared = stack.enter_context(_shared()) if workers > 1 else None
        factory = partial(
            application, settings, database.conninfo, with_worker=role == "all", shared=shared, demo=demo
        )
        listener = stack.enter_context(listening(settings.host, settings.port))
        config = configured(settings, factory, workers)
        listener.listen(config.backlog)  # who asks from now on waits until the application is up
        logger.info("serving", url=url(listener), role=role, workers=workers)
        told(url(listener))
        if workers > 1:
            Several(config, [listener]).run()
        else:
            with signals_left_to_the_server():
                alone(config, listener)


def alone(config: uvicorn.Config, listener: socket.socket) -> None:
    """Answer in this process."""
    try:
        uvicorn.Server(config).run(sockets=[listener])
    except SystemExit as end:
        raise NotStarted from end


class Several(Multiprocess):
    """Processes that answer, each begun again when it is killed. They are forked from one that does nothing
    but import the program, once for all of them: it takes longer than all else that they begin with.
    """

    def __init__(self, config: uvicorn.Config, sockets: list[socket.socket]) -> None:
        super().__init__(config, sockets)
        forking = get_context("forkserver")
        forking.set_forkserver_preload([MADE])
        vars(beginning)["spawn"] = forking  # the library would begin each from nothing

    def keep_subprocess_alive(self) -> None:
        """One that has ended is begun again. One that takes long to begin has not: asked whether it lives, as
        the library would ask, it would be killed each time on a busy machine, and never be there.
        """
        for number, each in enumerate(self.processes):
            if self.should_exit.is_set() or each.process.is_alive():
                continue
            each.join()
            if each.exitcode == STARTUP_FAILURE:
                self.should_exit.set()
                return
            logger.warning("process.ended", exit_code=each.exitcode)
            self.processes[number] = Process(self.config, self.sockets)
            self.processes[number].start()

    def terminate_all(self) -> None:
        """What is not taken in yet is refused at once, not kept waiting for nobody."""
        for each in self.sockets:
            each.close()
        super().terminate_all()

    def join_all(self) -> None:
        """Told again while they drain, they are told again."""
        while left := [each.process for each in self.processes if each.process.is_alive()]:
            connection.wait([each.sentinel for each in left], LOOK)
            if self.signal_queue:
                self.signal_queue.clear()
                for each in left:
                    each.terminate()
        super().join_all()

    def run(self) -> None:
        super().run()
        if any(each.exitcode == STARTUP_FAILURE for each in self.processes):
            raise NotStarted


@contextmanager
def _shared() -> Iterator[Path]:
    """A folder for what several processes count, for as long as they run."""
    with TemporaryDirectory(prefix="journey-figures-") as folder, inherited(**{SHARED: folder}):
        yield Path(folder)


def application(
    settings: Settings,
    conninfo: str,
    *,
    with_worker: bool,
    shared: Path | None = None,
    demo: Demo | None = None,
) -> FastAPI:
    """What each process of a server makes for itself."""
    log.configure(settings)
    tracing.configure(settings)
    end_with_the_parent()
    app = create_app(settings, conninfo, with_worker=with_worker, shared=shared)
    app.state.demo = demo
    serving = app.router.lifespan_context

    @asynccontextmanager
    async def until_told_to_stop(app: FastAPI) -> AsyncIterator[Any]:
        async with serving(app) as state:
            engine = cast(Engine, app.state.engine)
            measuring = asyncio.create_task(_keep_measured(engine)) if shared else None
            with stopping_gently(engine, settings.drain_seconds):
                yield state
            if measuring is not None:
                measuring.cancel()

    app.router.lifespan_context = until_told_to_stop
    return app


async def _keep_measured(engine: Engine) -> None:
    while True:
        measure_process(engine)
        await asyncio.sleep(MEASURE)


@contextmanager
def stopping_gently(engine: Engine, drain: float) -> Iterator[None]:
    """Told to stop, the process is not ready at once, and lets those go who wait for the log. The server
    hears of it after the time to drain, or when it is told again.
    """
    loop = asyncio.get_running_loop()
    before = {each: signal.getsignal(each) for each in STOP}

    def hand_on(number: int, frame: FrameType | None) -> None:
        handler = before[signal.Signals(number)]
        if callable(handler):
            handler(number, frame)

    def told(number: int, frame: FrameType | None) -> None:
        again = engine.growth.over
        loop.call_soon_threadsafe(engine.growth.end_waiting)
        if drain and not again:
            loop.call_soon_threadsafe(loop.call_later, drain, hand_on, number, None)
        else:
            hand_on(number, frame)

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


def configured(settings: Settings, factory: partial[FastAPI], workers: int = 1) -> uvicorn.Config:
    """The server's settings. It logs nothing of requests: the edge does, without their addresses."""
    return uvicorn.Config(
        cast("str", factory),
        factory=True,
        workers=workers,
        loop="uvloop",
        http=Wire,
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        forwarded_allow_ips=settings.trusted_proxies,
        timeout_graceful_shutdown=GRACE,
        timeout_worker_healthcheck=BEGUN,
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
