"""The engine: what a process holds to answer requests, from its start to its end."""

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import TypeVar, cast

from fastapi import Request

from journey.api.access.admission import Admitted
from journey.api.access.caller import Caller
from journey.api.access.ring import KeyRing
from journey.api.access.trail import Trail
from journey.api.figures import Figures
from journey.api.growth import Growth
from journey.api.problems import Problem
from journey.api.reads import Reads
from journey.settings import Settings
from journey.store.store import Store
from journey.worker import Worker

QUEUE = 64
"""Commands for each write thread that may be under way; more are sent away rather than left waiting."""

T = TypeVar("T")


@dataclass(slots=True)
class Engine:
    """Writes go through `store` in threads of their own; reads through `reads`; `growth` tells of the log."""

    settings: Settings
    conninfo: str
    store: Store
    reads: Reads
    growth: Growth
    keys: KeyRing
    trail: Trail
    figures: Figures
    threads: ThreadPoolExecutor
    under_way: int = field(default=0)

    @property
    def is_full(self) -> bool:
        """Whether a command would be sent away."""
        return self.under_way >= QUEUE * self.settings.write_threads

    async def write(self, work: Callable[[], T]) -> T:
        """Do the work in a write thread. Raises Problem where too much is waiting already."""
        if self.is_full:
            raise Problem("overloaded", "Too many commands are waiting; try again.")
        self.under_way += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self.threads, work)
        finally:
            self.under_way -= 1


@asynccontextmanager
async def running(
    settings: Settings, conninfo: str, figures: Figures, *, with_worker: bool
) -> AsyncIterator[Engine]:
    """An engine for as long as the block lasts; with the worker's threads, where this process has them."""
    async with AsyncExitStack() as stack:
        store = Store(conninfo, pool_size=settings.write_threads)
        stack.push_async_callback(asyncio.to_thread, store.close)
        threads = ThreadPoolExecutor(settings.write_threads, thread_name_prefix="write")
        stack.push_async_callback(asyncio.to_thread, threads.shutdown)
        if with_worker:
            worker = Worker(conninfo, appended=store.appended)
            worker.start()
            stack.push_async_callback(asyncio.to_thread, worker.stop)
        reads = Reads(conninfo, settings.read_pool_size)
        await reads.pool.open()
        stack.push_async_callback(reads.pool.close)
        growth = Growth(conninfo).start()
        stack.push_async_callback(growth.stop)
        yield Engine(settings, conninfo, store, reads, growth, KeyRing(reads), Trail(reads), figures, threads)


def engine(request: Request) -> Engine:
    return cast(Engine, request.app.state.engine)


def admitted(request: Request) -> Admitted:
    """The journey that the address names."""
    return cast(Admitted, request.state.admitted)


def caller(request: Request) -> Caller:
    return cast(Caller, request.state.caller)
