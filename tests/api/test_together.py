"""What is asked at the same time is asked together; each gets its own answer, and nobody is forgotten."""

import asyncio
from collections.abc import Sequence

import psycopg
import pytest

from journey.api.together import MOST, Together
from journey.store.errors import StoreUnavailable

OUTAGE = 10**6


class Doubling:
    """Answers with the double. What is below zero cannot be written."""

    def __init__(self) -> None:
        self.batches: list[Sequence[int]] = []
        self.begun, self.open = asyncio.Event(), asyncio.Event()
        self.open.set()

    async def __call__(self, items: Sequence[int]) -> list[int]:
        self.batches.append(items)
        self.begun.set()
        await self.open.wait()
        if any(item < 0 for item in items):
            raise psycopg.DataError
        if OUTAGE in items:
            raise StoreUnavailable
        return [2 * item for item in items]


def test_each_gets_its_own_answer_of_few_statements() -> None:
    async def ask() -> None:
        work = Doubling()
        together = Together(work)
        found = await asyncio.gather(*(together.ask(number) for number in range(2 * MOST + 10)))
        assert found == [2 * number for number in range(2 * MOST + 10)]
        assert len(work.batches) == 3

    asyncio.run(ask())


@pytest.mark.parametrize("under_way", [1, 2, 3])
def test_nobody_is_forgotten_however_they_come(under_way: int) -> None:
    """Those who come just when the last statement has ended are the ones to lose."""

    async def one_after_another(together: Together[int, int], number: int) -> int:
        return sum([await together.ask(number) for _ in range(50)])

    async def ask() -> None:
        together = Together(Doubling(), under_way=under_way)
        asked = (one_after_another(together, number) for number in range(16))
        found = await asyncio.wait_for(asyncio.gather(*asked), 30)
        assert found == [100 * number for number in range(16)]

    asyncio.run(ask())


def test_what_cannot_be_written_fails_alone() -> None:
    async def ask() -> None:
        together = Together(Doubling())
        found = await asyncio.gather(*(together.ask(n) for n in (1, -1, 2)), return_exceptions=True)
        assert [type(each) for each in found] == [int, psycopg.DataError, int]

    asyncio.run(ask())


def test_an_outage_is_everybodys() -> None:
    async def ask() -> None:
        work = Doubling()
        together = Together(work)
        found = await asyncio.gather(*(together.ask(n) for n in (1, OUTAGE, 2)), return_exceptions=True)
        assert {type(each) for each in found} == {StoreUnavailable}
        assert len(work.batches) == 1
        assert await together.ask(3) == 6

    asyncio.run(ask())


def test_who_leaves_takes_nobody_along() -> None:
    async def ask() -> None:
        work = Doubling()
        work.open.clear()
        together = Together(work)
        first, second = (asyncio.create_task(together.ask(number)) for number in (1, 2))
        await work.begun.wait()
        first.cancel()
        work.open.set()
        assert await second == 4
        assert first.cancelled() or first.cancelling()

    asyncio.run(ask())
