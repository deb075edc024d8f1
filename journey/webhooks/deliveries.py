"""Deliveries: the part of a worker that sends webhooks. A thread with an event loop, and in it a runner for
each subscription that is leased.

Any number of workers may run it: they share the subscriptions, and take over those of one that died.
"""

import asyncio
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from ssl import SSLContext
from time import monotonic
from typing import Any
from uuid import UUID

import structlog
import uvloop
from httpx2 import create_ssl_context

from journey.connection import UNAVAILABLE
from journey.delivery.desk import Desk
from journey.delivery.follower import Clear
from journey.store.identifiers import uuid7
from journey.store.memory import collect_rarely
from journey.webhooks import history, leases
from journey.webhooks.addresses import Where
from journey.webhooks.pace import Pace
from journey.webhooks.runner import Runner
from journey.webhooks.sending import Sender
from journey.webhooks.turn import Order, Turn, take_turn
from journey.webhooks.ways import NO_OTHER, Ways

GRACE = 5.0
"""Seconds that attempts have to end when the worker is told to stop."""

SELDOM = 0.5
"""Seconds between two looks at least: the log may grow a hundred times a second."""

PRUNED = 600.0
"""Seconds between looks at what of the history is too old."""

logger = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Terms:
    """What deliveries are made by."""

    clear: Clear
    where: Where = field(default_factory=Where)
    history_days: int = 30
    pace: Pace = field(default_factory=Pace)
    ways: Ways = field(default_factory=lambda: NO_OTHER)


class Deliveries:
    """Started and stopped by a worker, and woken when the log has grown or a subscription was changed."""

    def __init__(self, conninfo: str, terms: Terms) -> None:
        self._terms = terms
        self._desk = Desk(conninfo)
        self._worker = uuid7()
        self._runners: dict[UUID, tuple[Runner, asyncio.Task[None]]] = {}
        self._loop = uvloop.new_event_loop()
        self._stopping = asyncio.Event()
        self._woken = asyncio.Event()
        self._pruned = -PRUNED
        self._tls: SSLContext | None = None
        collect_rarely()
        self._thread = threading.Thread(target=self._run, name="webhooks", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Let what is under way end, give the leases back, and end."""
        self._tell(self._stopping.set)
        self._thread.join()
        self._desk.close()

    def wake(self) -> None:
        self._tell(self._wake)

    def _tell(self, what: Callable[[], None]) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(what)

    def _wake(self) -> None:
        self._woken.set()
        for runner, _ in self._runners.values():
            runner.woken.set()

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._main())

    async def _main(self) -> None:
        while not self._stopping.is_set():
            self._woken.clear()
            try:
                await self._look()
            except UNAVAILABLE as error:
                logger.warning("webhooks.database_lost", error=type(error).__name__)
            await self._pause()
        await self._end()

    async def _trusted(self) -> SSLContext:
        """Whom to trust, read when there is something to send: that takes its time."""
        if self._tls is None:
            self._tls = await asyncio.to_thread(create_ssl_context)
        return self._tls

    async def _look(self) -> None:
        """Keep what is held, and take what nobody holds."""
        seconds = self._terms.pace.lease
        part = await self._desk.run(lambda c: leases.share(c, self._worker, seconds))
        self._forget_ended()
        began = monotonic()
        held = self._held()
        for key in await self._desk.run(lambda c: leases.keep(c, held, seconds)):
            if key in self._runners:
                self._runners[key][0].holds_until = began + seconds
        for runner, _ in list(self._runners.values())[part:]:
            runner.stop()
        if part > len(self._runners):
            began = monotonic()
            most = part - len(self._runners)
            taken = await self._desk.run(lambda c: leases.take(c, self._worker, most, seconds))
            for key, lease in taken.items():
                self._begin(key, lease, await self._trusted(), began + seconds)
        if monotonic() - self._pruned > PRUNED:
            self._pruned = monotonic()
            await self._desk.run(lambda c: history.prune(c, self._terms.history_days))

    def _begin(self, key: UUID, lease: int, tls: SSLContext, until: float) -> None:
        sender = Sender(self._terms.where, tls, self._terms.pace.most)
        runner = Runner(key, lease, self._turn, sender, self._terms.pace, until, self._terms.ways)
        self._runners[key] = runner, self._loop.create_task(self._work(runner))

    async def _work(self, runner: Runner) -> None:
        """A runner that fails keeps its lease until that runs out: another worker may be able to."""
        try:
            async with runner.sender:
                await runner.run()
        except Exception:
            logger.exception("webhook.failed", webhook=str(runner.webhook))
            await asyncio.wait(
                (asyncio.ensure_future(self._stopping.wait()),), timeout=self._terms.pace.lease
            )
        else:
            await self._leave({runner.webhook: runner.lease})

    async def _turn(self, order: Order) -> Turn:
        return await self._desk.run(lambda c: take_turn(c, order, self._terms.clear, self._terms.ways))

    async def _leave(self, held: dict[UUID, int]) -> None:
        try:
            await self._desk.run(lambda c: leases.leave(c, held))
        except UNAVAILABLE:
            logger.info("webhook.lease_left_to_run_out")

    def _held(self) -> dict[UUID, int]:
        return {key: runner.lease for key, (runner, task) in self._runners.items() if not task.done()}

    def _forget_ended(self) -> None:
        self._runners = {key: each for key, each in self._runners.items() if not each[1].done()}

    async def _pause(self) -> None:
        """Until it is time to say again that we live, or somebody says that there is something to do."""
        seconds = self._terms.pace.lease / 3
        waiting = [asyncio.ensure_future(each.wait()) for each in (self._stopping, self._woken)]
        await asyncio.wait(waiting, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        if not self._stopping.is_set():
            await asyncio.wait(waiting[:1], timeout=min(seconds, SELDOM))
        for each in waiting:
            each.cancel()

    async def _end(self) -> None:
        for runner, _ in self._runners.values():
            runner.stop()
        tasks: list[asyncio.Task[Any]] = [task for _, task in self._runners.values()]
        if tasks:
            await asyncio.wait(tasks, timeout=GRACE)
        for each in tasks:
            each.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._leave(self._held_at_the_end())
        try:
            await self._desk.run(lambda c: leases.die(c, self._worker))
        except UNAVAILABLE:
            logger.info("webhooks.left_without_a_word")

    def _held_at_the_end(self) -> dict[UUID, int]:
        return {key: runner.lease for key, (runner, _) in self._runners.items()}
