"""Together: what requests under way at the same time ask of the database, asked with one statement.

A statement costs a process more than the rows that it brings. Nobody waits for a batch to fill: while one is
under way the next gathers.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

import psycopg

Item = TypeVar("Item")
Found = TypeVar("Found")

MOST = 200
"""Items of one statement."""


class Together(Generic[Item, Found]):
    """`work` answers for several items at once, in their order; `under_way` statements at a time."""

    def __init__(
        self, work: Callable[[Sequence[Item]], Awaitable[Sequence[Found]]], *, under_way: int = 1
    ) -> None:
        self._work = work
        self._under_way = under_way
        self._waiting: list[tuple[Item, asyncio.Future[Found]]] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._at_work = 0

    async def ask(self, item: Item) -> Found:
        """Raises what `work` raises, for this item alone where it does not for the others."""
        future: asyncio.Future[Found] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, future))
        if self._at_work < self._under_way:
            self._at_work += 1
            task = asyncio.create_task(self._go_on())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return await future

    async def _go_on(self) -> None:
        try:
            while self._waiting:
                batch, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
                await self._settle(batch)
        finally:
            self._at_work -= 1  # at once: whoever asks from now on begins anew

    async def _settle(self, batch: Sequence[tuple[Item, asyncio.Future[Found]]]) -> None:
        """Whoever has gone meanwhile is told nothing; the others are, whatever becomes of one of them."""
        try:
            found = await self._work([item for item, _ in batch])
        except Exception as error:  # noqa: BLE001 - whatever it is, it is raised where it was asked
            if len(batch) > 1 and isinstance(error, psycopg.DataError):  # one of them cannot be written
                for each in batch:
                    await self._settle([each])
                return
            for _, future in batch:
                if not future.done():
                    future.set_exception(error)
        else:
            for (_, future), answer in zip(batch, found, strict=True):
                if not future.done():
                    future.set_result(answer)
