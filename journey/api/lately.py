"""Lately: answers that took long, told again to whoever says that they need not be of this moment.

They say so as HTTP has it (Cache-Control: max-age, RFC 9111 section 5.2.1.1). Once an answer is older than
what it took times AS_LONG, it is made anew behind the one who is told it: figures over a large log stay
within reach and take a small part of the database's time, however many look at them.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Hashable
from time import monotonic
from typing import Generic, NamedTuple, TypeVar

from fastapi import Request

from journey.api.fresh import is_to_be

Found = TypeVar("Found")
MAX_AGE = re.compile(r"max-age=(\d{1,9})(?:,|\s|$)")

LONG = 0.1
"""Seconds; what is made in less is always made anew."""

AS_LONG = 20.0
"""An answer is told so many times as long as it took."""

REMEMBERED = 64


class Known(NamedTuple, Generic[Found]):
    """An answer, when it was asked for, and how long it took."""

    answer: Found
    since: float
    took: float


class Lately(Generic[Found]):
    """The latest answers by what was asked."""

    def __init__(self) -> None:
        self._known: dict[Hashable, Known[Found]] = {}
        self._making: dict[Hashable, asyncio.Task[Found]] = {}

    async def ask(self, key: Hashable, work: Callable[[], Awaitable[Found]], age: float) -> Found:
        """An answer that is so many seconds old at most. Raises what `work` raises."""
        known, now = self._known.get(key), monotonic()
        if known is None or now - known.since > age:
            return await self._made(key, work)
        if now - known.since > AS_LONG * known.took and key not in self._making:
            made = self._making[key] = asyncio.create_task(self._made(key, work))
            made.add_done_callback(lambda done: self._over(key, done))
        return known.answer

    async def _made(self, key: Hashable, work: Callable[[], Awaitable[Found]]) -> Found:
        since = monotonic()
        answer = await work()
        self._known.pop(key, None)
        if monotonic() - since > LONG:
            self._known[key] = Known(answer, since, monotonic() - since)
            if len(self._known) > REMEMBERED:
                self._known.pop(next(iter(self._known)))
        return answer

    def _over(self, key: Hashable, done: asyncio.Task[Found]) -> None:
        del self._making[key]
        if not done.cancelled():
            done.exception()  # whoever asks next is told, or told the one before


def age_of(request: Request) -> float:
    """Seconds that an answer may be old; none where nothing is said, or that it is to be of now."""
    said = MAX_AGE.search(request.headers.get("cache-control", ""))
    return float(said[1]) if said and not is_to_be(request) else 0.0
