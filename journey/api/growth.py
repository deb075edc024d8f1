"""Growth: waiting, in many requests at once, for the log to grow. One listener a process tells them all."""

import asyncio
from typing import Self

from journey.worker import Listener


class Growth:
    """Set whenever the log has grown. Take `next_one` *before* looking, and wait for it if need be."""

    def __init__(self, conninfo: str) -> None:
        self._listener = Listener(conninfo, self._heard)
        self._loop = asyncio.get_running_loop()
        self._next = asyncio.Event()
        self.over = False

    def start(self) -> Self:
        self._listener.start()
        return self

    async def stop(self) -> None:
        self.end_waiting()
        await asyncio.to_thread(self._listener.stop)

    @property
    def next_one(self) -> asyncio.Event:
        return self._next

    def end_waiting(self) -> None:
        """Nobody waits any more: the process is about to stop."""
        self.over = True
        self._wake()

    async def wait(self, event: asyncio.Event, seconds: float) -> bool:
        """Whether it came within this time; at once, and in vain, where the process stops."""
        if self.over or seconds <= 0:
            return False
        try:
            async with asyncio.timeout(seconds):
                await event.wait()
        except TimeoutError:
            return False
        return not self.over

    def _heard(self) -> None:
        self._loop.call_soon_threadsafe(self._wake)

    def _wake(self) -> None:
        event, self._next = self._next, asyncio.Event()
        event.set()
