"""What the console fetches for a browser goes on as it comes, and ends where nobody takes it."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from starlette.responses import JSONResponse, StreamingResponse
from starlette.types import Receive, Scope, Send

from journey.web.calling import Api, File, Refusal

PAGE: dict[str, Any] = {
    "asgi": {"version": "3.0"},
    "scheme": "http",
    "app": None,
    "state": {"request_id": "1"},
}
MANY = 1000


class Broken(Exception):
    """Half of the way."""


class Long:
    """An API that answers with a long file; `made` is how much of it there was so far."""

    def __init__(self, *, breaks: bool = False) -> None:
        self.made = 0
        self.over = asyncio.Event()
        self._breaks = breaks

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await StreamingResponse(self._pieces(), media_type="text/csv")(scope, receive, send)
        finally:
            self.over.set()

    async def _pieces(self) -> AsyncIterator[bytes]:
        for number in range(MANY):
            self.made += 1
            if self._breaks and number == MANY // 2:
                raise Broken
            yield b"%06d\n" % number

    async def file(self) -> File:
        return await Api(self, PAGE, "key").file("GET", "/v1/audit")


def test_no_more_is_made_than_is_taken() -> None:
    async def told() -> None:
        long = Long()
        file = await long.file()
        assert file.headers["content-type"].startswith("text/csv")
        for number in range(10):
            assert await anext(file.pieces) == b"%06d\n" % number
            assert long.made <= number + 2
        rest = [each async for each in file.pieces]
        assert len(b"".join(rest)) == 7 * (MANY - 10)

    asyncio.run(told())


def test_who_goes_away_ends_it() -> None:
    async def told() -> None:
        long = Long()
        file = await long.file()
        await anext(file.pieces)
        del file
        async with asyncio.timeout(10):
            await long.over.wait()
        assert long.made < MANY

    asyncio.run(told())


def test_a_file_that_breaks_off_does_not_look_whole() -> None:
    async def told() -> None:
        file = await Long(breaks=True).file()
        with pytest.raises(Broken):
            async for _ in file.pieces:
                pass

    asyncio.run(told())


def test_what_is_refused_is_no_file() -> None:
    async def told() -> None:
        problem = JSONResponse({"code": "invalid", "detail": "Say which."}, 422)
        with pytest.raises(Refusal) as refused:
            await Api(problem, PAGE, "key").file("GET", "/v1/audit")
        assert (refused.value.status, refused.value.problem["detail"]) == (422, "Say which.")

    asyncio.run(told())
