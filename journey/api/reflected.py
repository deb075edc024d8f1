"""Reflected: waiting until the lists show what was recorded. Told a few times a second at most, however much.

The log tells a process that it has grown; a list shows that once its read model has come so far. Whoever
looked as soon as the log tells would see what was, and be told of nothing more.
"""

import asyncio
from contextlib import suppress
from time import monotonic

from journey.api.fresh import caught_up
from journey.api.growth import Growth
from journey.api.reads import Overloaded, Reads, TooSlow
from journey.store.errors import StoreUnavailable

LONGEST = 5.0
"""Seconds after which it is told all the same: what is far behind shows something each time."""

PAUSE = 0.2
"""Seconds between two tellings; where the read models do not keep up, LONGEST."""

IDLE = 15.0
"""Seconds between looks at whether anybody waits still."""


class Reflected:
    """As Growth: take `next_one` before looking, and wait for it if need be."""

    def __init__(self, growth: Growth, reads: Reads) -> None:
        self._growth = growth
        self._reads = reads
        self._next = asyncio.Event()
        self._following: asyncio.Task[None] | None = None
        self._waiting = 0

    @property
    def over(self) -> bool:
        return self._growth.over

    @property
    def next_one(self) -> asyncio.Event:
        if self._following is None:
            self._following = asyncio.create_task(self._follow(self._growth.next_one))
        return self._next

    async def wait(self, event: asyncio.Event, seconds: float) -> bool:
        """Whether it came within this time."""
        self._waiting += 1
        try:
            async with asyncio.timeout(seconds):
                await event.wait()
        except TimeoutError:
            return False
        finally:
            self._waiting -= 1
        return not self.over

    async def _follow(self, grown: asyncio.Event) -> None:
        """For as long as anybody waits."""
        try:
            while self._waiting and not self.over:
                if await self._growth.wait(grown, IDLE):
                    grown = self._growth.next_one
                    keep_up = False
                    with suppress(StoreUnavailable, TooSlow, Overloaded):
                        keep_up = (await caught_up(self._reads, self._growth, patience=LONGEST)).is_there
                    self._tell()
                    await self._rest(PAUSE if keep_up else LONGEST)
        finally:
            self._following = None
            self._tell()

    async def _rest(self, seconds: float) -> None:
        """For so long, unless the process stops."""
        until = monotonic() + seconds
        while not self.over and (left := until - monotonic()) > 0:
            await self._growth.wait(self._growth.next_one, left)

    def _tell(self) -> None:
        event, self._next = self._next, asyncio.Event()
        event.set()
