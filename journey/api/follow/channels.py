"""Channels: every stream of this process, the tail that they follow, and how many there may be."""

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import cast

import structlog
from fastapi import Request

from journey.api.engine import Engine, engine
from journey.api.follow.channel import Channel, End, Key, Means
from journey.api.follow.tail import Tail
from journey.api.problems import HANDLED, Problem

logger = structlog.get_logger()


class Channels:
    """Opened and closed by streams; a channel lives as long as it has listeners."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._tail = Tail(engine.reads, engine.growth, self._moved, self._need_readers)
        self._means = Means(engine.reads, engine.trail, engine.login, self._tail)
        self._channels: dict[Key, Channel] = {}
        self._streams: Counter[str] = Counter()
        self._following: asyncio.Task[None] | None = None
        self._beginning = asyncio.Lock()

    def refuse_too_many(self, caller: str) -> None:
        """Raises Problem."""
        settings = self._engine.settings
        if self._engine.growth.over or self._streams.total() >= settings.max_streams:
            raise Problem("overloaded", "Too many streams are open; try again later.")
        if self._streams[caller] >= settings.max_streams_per_key:
            raise Problem(
                "too-many-requests",
                "Too many streams are open with this key; close some, or ask for more in one.",
                headers={"Retry-After": "1"},
            )

    async def opened(self, key: Key, listener: Callable[[], None]) -> Channel:
        """The channel for those who ask for this; to be closed. Raises StoreUnavailable."""
        async with self._beginning:
            if self._following is None or self._following.done():
                await self._tail.begin()
        channel = self._channels.get(key)
        if channel is None or channel.over is not None:
            channel = self._channels[key] = Channel(key, self._means)
        channel.listeners.add(listener)
        self._streams[key.by.caller.id] += 1
        if self._following is None or self._following.done():
            self._following = asyncio.create_task(self._follow())
        return channel

    def closed(self, channel: Channel, listener: Callable[[], None]) -> None:
        """Somebody listens no more."""
        channel.listeners.discard(listener)
        self._streams[channel.key.by.caller.id] -= 1
        self._streams = +self._streams
        if not channel.listeners:
            channel.end(End.LASTED)
            if self._channels.get(channel.key) is channel:
                del self._channels[channel.key]

    async def _follow(self) -> None:
        """Raises nothing: whoever listens is told that it has ended, and asks again."""
        why = End.STOPPING
        try:
            await self._tail.follow(lambda: bool(self._channels))
        except HANDLED:  # type: ignore[misc]  # a tuple of exceptions
            why = End.UNAVAILABLE
        except Exception:
            why = End.UNAVAILABLE
            logger.exception("tail.failed")
        for channel in tuple(self._channels.values()):
            channel.end(why)

    def _need_readers(self) -> bool:
        wanted = [each.wanted for each in self._channels.values()]
        return any(each.needs_readers or each.filter.needs_about for each in wanted)

    def _moved(self) -> None:
        for channel in self._channels.values():
            channel.move()


def channels(request: Request) -> Channels:
    """Those of this process."""
    state = request.app.state
    if not hasattr(state, "channels"):
        state.channels = Channels(engine(request))
    return cast(Channels, state.channels)
