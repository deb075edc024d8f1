"""Since: what a list says otherwise than it did, for whoever keeps it on a screen.

A page may be asked for with its `state`. Asked with that later, what is on it as it was is left out, and what
is no more on it is named: a change costs what has changed, on the way and in the record of who saw what. A
state is told again to whom it was told, by the process that told it; by any other all is told anew.
"""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from functools import cached_property
from secrets import token_urlsafe
from typing import Any, Generic, NamedTuple, TypeVar
from uuid import UUID

from pydantic import BaseModel, Field
from pydantic_core import to_json

from journey.api.lists.listing import Asked, List, Row

Found = TypeVar("Found")
Key = tuple[str, str]
"""The journey, and what is listed of it."""

RUNNING = frozenset({"minutes_waited", "minutes_left", "days_waited", "days_left"})
"""What says only that time goes by."""

REMEMBERED = 500
"""States; of a screen that looks each second a few are of use."""


class Gone(BaseModel):
    """Something that was on the page."""

    journey_id: UUID
    id: str = Field(description="The id of what is listed, or its number on the journey.")


class Told:
    """A page, and what it says of each row."""

    def __init__(
        self, listing: List, found: Sequence[Sequence[Any]], asked: Asked, scope: str, limit: int
    ) -> None:
        self.page = listing.page(found, asked, scope, limit)
        self.rows: list[Row] = self.page[listing.name]
        place = len(listing.keys)
        self._keys: list[Key] = [(row[place - 2], row[place - 1]) for row in found[:limit]]

    @cached_property
    def says(self) -> Mapping[Key, int]:
        """By what is listed, whatever tells it apart from before."""
        return {key: hash(_still(row)) for key, row in zip(self._keys, self.rows, strict=True)}

    def otherwise(self, before: Mapping[Key, int]) -> tuple[list[Row], list[Row]]:
        """The rows that say something else than before, and what is gone."""
        said = zip(self.rows, self.says.items(), strict=True)
        rows = [row for row, (key, says) in said if before.get(key) != says]
        gone = [{"journey_id": each[0], "id": each[1]} for each in before if each not in self.says]
        return rows, gone


def _still(row: Row) -> bytes:
    return to_json({name: value for name, value in row.items() if name not in RUNNING})


class State(NamedTuple):
    """What was told, to whom, and what they had asked."""

    whose: tuple[str, str]
    says: Mapping[Key, int]


class States:
    """The latest that this process told."""

    def __init__(self) -> None:
        self._known: dict[str, State] = {}

    def told(self, told: Told, name: str, since: str, whose: tuple[str, str]) -> Row:
        """The page where it differs from that state; all of it where that is not known, or not theirs."""
        before = self._known.get(since)
        known = before.says if before is not None and before.whose == whose else {}
        rows, gone = told.otherwise(known)
        is_as_it_was = bool(known) and not rows and not gone
        state = since if is_as_it_was else self._kept(State(whose, told.says))
        return {**told.page, name: rows, "gone": gone, "whole": not known, "state": state}

    def _kept(self, state: State) -> str:
        token = token_urlsafe(12)
        self._known[token] = state
        while len(self._known) > REMEMBERED:
            self._known.pop(next(iter(self._known)))
        return token


class Shared(Generic[Found]):
    """The same question of many at the same time is answered once, by a read that begins after they asked."""

    def __init__(self) -> None:
        self._next: dict[Hashable, asyncio.Task[Found]] = {}
        self._under_way: dict[Hashable, asyncio.Task[Found]] = {}

    async def ask(self, key: Hashable, work: Callable[[], Awaitable[Found]]) -> Found:
        """Raises what `work` raises."""
        if key not in self._next:
            reading = asyncio.create_task(self._read(key, work))
            reading.add_done_callback(lambda done: done.cancelled() or done.exception())
            self._next[key] = reading
        return await asyncio.shield(self._next[key])

    async def _read(self, key: Hashable, work: Callable[[], Awaitable[Found]]) -> Found:
        if before := self._under_way.get(key):
            await asyncio.wait((before,))
        self._under_way[key] = mine = self._next.pop(key)
        try:
            return await work()
        finally:
            if self._under_way[key] is mine:
                del self._under_way[key]
