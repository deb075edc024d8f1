"""The engine: what a process holds to answer requests, from its start to its end."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager
from contextvars import copy_context
from dataclasses import dataclass, field
from typing import TypeVar, cast

from fastapi import Request

from journey.api.access.admission import Admission
from journey.api.access.asking import Asking
from journey.api.access.caller import Caller
from journey.api.access.login import Login
from journey.api.access.looks import Looks
from journey.api.access.ring import KeyRing
from journey.api.access.tokens import Tokens
from journey.api.access.trail import Trail
from journey.api.behind import beside
from journey.api.figures import Figures
from journey.api.flowmodels import FlowFigures
from journey.api.fresh import MODELS, Reach, caught_up, is_to_be
from journey.api.growth import Growth
from journey.api.lately import Lately
from journey.api.limits import Limits
from journey.api.lists.since import Shared, States, Told
from journey.api.problems import Problem
from journey.api.reads import Reads
from journey.api.reflected import Reflected
from journey.api.webhooks.terms import terms
from journey.settings import Settings
from journey.store.errors import OutcomeUnknown
from journey.store.store import Store
from journey.webhooks.deliveries import Terms
from journey.worker import Worker

QUEUE = 64
"""Commands for each write thread that may be under way; more are sent away rather than left waiting."""

PATIENCE = 20.0
"""Seconds for a command, its turn included: more than it takes to make sure after a lost connection."""

T = TypeVar("T")


@dataclass(slots=True)
class Engine:
    """Writes go through `store` in threads of their own; reads through `reads`; `growth` tells of the log."""

    settings: Settings
    conninfo: str
    store: Store
    reads: Reads
    growth: Growth
    login: Login
    trail: Trail
    looks: Looks
    figures: Figures
    limits: Limits
    threads: ThreadPoolExecutor
    webhooks: Terms
    flow: Lately[FlowFigures] = field(default_factory=Lately)
    lists: Shared[Told] = field(default_factory=Shared)
    states: States = field(default_factory=States)
    reflected: Reflected = field(init=False)
    under_way: int = field(default=0)

    def __post_init__(self) -> None:
        self.reflected = Reflected(self.growth, self.reads)

    @property
    def is_full(self) -> bool:
        """Whether a command would be sent away."""
        return self.under_way >= QUEUE * self.settings.write_threads

    async def write(self, work: Callable[[], T]) -> T:
        """Do the work in a write thread. Raises Problem where too much is waiting, or for too long, and
        OutcomeUnknown: a database that has stopped keeps the thread, but nobody who asked.
        """
        if self.is_full:
            raise Problem("overloaded", "Too many commands are waiting; try again.")
        self.under_way += 1
        doing = self.threads.submit(copy_context().run, work)
        done = asyncio.wrap_future(doing)
        done.add_done_callback(self._done)
        await asyncio.wait((done,), timeout=PATIENCE)
        if done.done():
            return done.result()
        if doing.cancel():
            raise Problem("overloaded", "The command waited too long for its turn; try again.")
        raise OutcomeUnknown

    async def caught_up(self, models: Sequence[str] = MODELS) -> Reach:
        """Wait a moment until these read models have what is recorded now."""
        return await caught_up(self.reads, self.growth, models)

    def _done(self, done: asyncio.Future[T]) -> None:
        self.under_way -= 1
        if not done.cancelled():
            done.exception()  # seen, though whoever asked may have been answered before


@asynccontextmanager
async def running(
    settings: Settings, conninfo: str, figures: Figures, *, with_worker: bool
) -> AsyncIterator[Engine]:
    """An engine for as long as the block lasts; with the worker's threads, where this process has them."""
    async with AsyncExitStack() as stack:
        store = Store(conninfo, pool_size=settings.write_threads, counted=figures.store)
        stack.push_async_callback(asyncio.to_thread, store.close)
        threads = ThreadPoolExecutor(settings.write_threads, thread_name_prefix="write")
        stack.push_async_callback(asyncio.to_thread, threads.shutdown)
        sending = terms(settings)
        if with_worker:
            worker = Worker(conninfo, appended=store.appended, beside=beside(conninfo, settings))
            worker.start()
            stack.push_async_callback(asyncio.to_thread, worker.stop)
        reads = Reads(conninfo, settings.read_pool_size)
        await reads.pool.open()
        stack.push_async_callback(reads.pool.close)
        growth = Growth(conninfo).start()
        stack.push_async_callback(growth.stop)
        limits = Limits(figures, rate=settings.rate_per_second, burst=settings.rate_burst)
        tokens = Tokens(settings) if settings.oidc_issuer else None
        if tokens is not None:
            stack.push_async_callback(tokens.issuer.stop)
        login, trail = Login(KeyRing(reads), tokens), Trail(reads)
        yield Engine(
            settings,
            conninfo,
            store,
            reads,
            growth,
            login,
            trail,
            Looks(reads),
            figures,
            limits,
            threads,
            sending,
        )


def engine(request: Request) -> Engine:
    return cast(Engine, request.app.state.engine)


def admission(request: Request) -> Admission:
    """The journey that the address names."""
    return cast(Admission, request.state.admission)


def asking(request: Request) -> Asking:
    """Who asks, for what, and why."""
    return cast(Asking, request.state.asking)


def caller(request: Request) -> Caller:
    return cast(Caller, request.state.caller)


async def fresh_if_asked(request: Request) -> None:
    """What wants nothing older than now waits for the read models. Raises Problem where it takes too long."""
    if is_to_be(request) and not (await engine(request).caught_up()).is_there:
        raise Problem("not-caught-up", "The read models have not come so far yet; ask again.")
