"""Publisher: the part of a worker that puts the log into a broker's stream. A thread with an event loop.

Any number of workers may run it: one publishes, and the others stand by. Whoever takes over asks the stream
where it ends, and goes on behind that.
"""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, NamedTuple

import structlog

from journey.broker import leases
from journey.broker.leases import Lease
from journey.broker.port import NotStored, Stream
from journey.broker.turn import OwnerRevoked, Terms, Turn, resume, take_turn
from journey.connection import UNAVAILABLE
from journey.delivery.desk import Desk
from journey.delivery.follower import LeaseLost
from journey.store.identifiers import uuid7

logger = structlog.get_logger()


class Pace(NamedTuple):
    """Seconds, if nothing else is said."""

    lease: float = 10.0
    """For which nobody else publishes after the last word of who does; those who stand by look thrice."""
    soon: float = 0.1
    """Until it is looked again what a read model did not tell yet, and until the first new try."""
    longest: float = 5.0
    """Between two tries, after several that failed."""
    batch: int = 500
    """Events that are under way at once."""


PACE = Pace()


class Publisher:
    """Started and stopped by a worker, and woken when the log has grown. `opening` gives the stream that is
    to be opened, each time another.
    """

    def __init__(self, conninfo: str, opening: Callable[[], Stream], terms: Terms, pace: Pace = PACE) -> None:
        self._name = terms.reference
        self._opening = opening
        self._terms = terms
        self._pace = pace
        self._desk = Desk(conninfo)
        self._worker = uuid7()
        self._failures = 0
        self._loop = asyncio.new_event_loop()
        self._stopping = asyncio.Event()
        self._woken = asyncio.Event()
        self._thread = threading.Thread(target=self._run, name="broker", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Let the batch in hand be acknowledged, give the lease back, and end."""
        self._tell(self._stopping)
        self._thread.join()
        self._desk.close()

    def wake(self) -> None:
        self._tell(self._woken)

    def _tell(self, event: asyncio.Event) -> None:
        with suppress(RuntimeError):  # the loop is closed
            self._loop.call_soon_threadsafe(event.set)

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._main())

    async def _main(self) -> None:
        while not self._stopping.is_set():
            try:
                await self._lead()
            except LeaseLost:
                logger.info("broker.lease_lost", broker=self._name)
            except UNAVAILABLE as error:
                self._failures += 1
                logger.warning("broker.database_lost", broker=self._name, error=type(error).__name__)
            except NotStored as error:
                await self._failed(error.reason)
            except OwnerRevoked:
                await self._failed(OwnerRevoked.__name__)
            except Exception as error:
                logger.exception("broker.failed", broker=self._name)
                await self._failed(type(error).__name__)
            await self._rest()

    async def _lead(self) -> None:
        """Publish for as long as nothing is wrong, if nobody else does."""
        lease = await self._desk.run(lambda c: leases.take(c, self._name, self._worker, self._pace.lease))
        if lease is None:
            self._failures = 0
            return
        stream = self._opening()
        opening = asyncio.create_task(stream.open())
        try:
            await self._first_of(opening, self._stopping.wait())
            if not opening.done():
                return
            last = opening.result()
            await self._desk.run(lambda c: resume(c, lease, last))
            await self._publish(lease, stream)
        finally:
            opening.cancel()
            await stream.close()
            with suppress(*UNAVAILABLE):
                await self._desk.run(lambda c: leases.leave(c, lease))

    async def _publish(self, lease: Lease, stream: Stream) -> None:
        while not self._stopping.is_set():
            self._woken.clear()
            turn = await self._desk.run(lambda c: take_turn(c, lease, self._terms, self._pace.batch))
            if turn.messages:
                await stream.publish(turn.messages)
            await self._reached(lease, turn)
            self._failures = 0
            if not turn.more:
                await self._wait(stream, self._pace.soon if turn.later else self._pace.lease / 3)

    async def _reached(self, lease: Lease, turn: Turn) -> None:
        await self._desk.run(lambda c: leases.move(c, lease, turn.place, turn.stored))

    async def _failed(self, reason: str) -> None:
        self._failures += 1
        logger.warning("broker.not_stored", broker=self._name, reason=reason)
        with suppress(*UNAVAILABLE):
            await self._desk.run(lambda c: leases.fail(c, self._name, reason))

    async def _wait(self, stream: Stream, seconds: float) -> None:
        """Until the log has grown, it is to stop, or it is time to say again that it publishes. Raises
        NotStored where the broker is lost meanwhile.
        """
        lost = asyncio.create_task(stream.lost())
        await self._first_of(lost, self._stopping.wait(), self._woken.wait(), seconds=seconds)
        if lost.done():
            lost.result()
        lost.cancel()

    async def _first_of(self, *doing: Awaitable[Any], seconds: float | None = None) -> None:
        """Until one of them has ended. What waits for a signal waits no more then."""
        waiting = [asyncio.ensure_future(each) for each in doing]
        await asyncio.wait(waiting, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        for each in waiting[1:]:
            each.cancel()

    async def _rest(self) -> None:
        """Before it is tried again, by whoever is first."""
        seconds = self._pace.lease / 3
        if self._failures:
            seconds = min(self._pace.soon * 2.0**self._failures, self._pace.longest)
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._stopping.wait()
