"""What took long is told again to whoever says that it may be."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from starlette.requests import Request

from journey.api import lately
from journey.api.lately import Lately, age_of


class Clock:
    """Goes on when it is told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(lately, "monotonic", clock)
    return clock


class Counting:
    """Takes so long each time, and answers how often it was done."""

    def __init__(self, clock: Clock, takes: float) -> None:
        self._clock, self._takes = clock, takes
        self.times = 0

    async def __call__(self) -> int:
        self.times += 1
        self._clock.now += self._takes
        return self.times


def told(kept: Lately[int], work: Callable[[], Awaitable[int]], age: float) -> int:
    """The answer, once whatever it set off is done."""

    async def ask() -> int:
        answer = await kept.ask("this", work, age)
        others = asyncio.all_tasks() - {asyncio.current_task()}
        await asyncio.gather(*others, return_exceptions=True)
        return answer

    return asyncio.run(ask())


def test_who_says_nothing_is_told_anew(clock: Clock) -> None:
    kept, work = Lately[int](), Counting(clock, 1.0)
    assert [told(kept, work, 0.0) for _ in range(3)] == [1, 2, 3]


def test_what_took_long_is_told_again_for_a_while(clock: Clock) -> None:
    kept, work = Lately[int](), Counting(clock, 1.0)
    assert [told(kept, work, 600.0) for _ in range(3)] == [1, 1, 1]
    clock.now += 30.0
    assert told(kept, work, 600.0) == 1  # and it is made anew behind
    assert told(kept, work, 600.0) == 2
    assert work.times == 2


def test_what_is_too_old_for_who_asks_is_made_for_them(clock: Clock) -> None:
    kept, work = Lately[int](), Counting(clock, 1.0)
    told(kept, work, 600.0)
    clock.now += 700.0
    assert told(kept, work, 600.0) == 2


def test_what_is_made_in_no_time_always_is(clock: Clock) -> None:
    kept, work = Lately[int](), Counting(clock, 0.01)
    assert [told(kept, work, 600.0) for _ in range(3)] == [1, 2, 3]


def test_what_cannot_be_made_anew_is_told_as_it_was(clock: Clock) -> None:
    async def fails() -> int:
        raise TimeoutError

    kept = Lately[int]()
    told(kept, Counting(clock, 1.0), 600.0)
    clock.now += 30.0
    assert told(kept, fails, 600.0) == 1
    clock.now += 700.0
    with pytest.raises(TimeoutError):
        told(kept, fails, 600.0)


def test_no_more_is_remembered_than_that(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lately, "REMEMBERED", 2)
    kept, work = Lately[int](), Counting(clock, 1.0)

    async def ask() -> list[int]:
        return [await kept.ask(key, work, 600.0) for key in (1, 2, 3, 3, 2, 1)]

    assert asyncio.run(ask()) == [1, 2, 3, 3, 2, 4]


@pytest.mark.parametrize(
    ("said", "age"),
    [
        ("", 0.0),
        ("max-age=60", 60.0),
        ("no-cache", 0.0),
        ("max-age=5, no-transform", 5.0),
        ("max-age=x", 0.0),
        ("max-age=60, no-cache", 0.0),
    ],
)
def test_how_old_an_answer_may_be_is_said_as_http_has_it(said: str, age: float) -> None:
    headers = [(b"cache-control", said.encode())] if said else []
    assert age_of(Request({"type": "http", "headers": headers})) == age
