"""The spool gives what was put into it, whoever is faster."""

import asyncio
import random

import pytest

from journey.api.bulk import spool
from journey.api.bulk.spool import Spool


@pytest.mark.parametrize("memory", [10, 1 << 20])
@pytest.mark.parametrize("most", [1, 500, 1 << 20])
def test_it_gives_what_it_got(monkeypatch: pytest.MonkeyPatch, memory: int, most: int) -> None:
    monkeypatch.setattr(spool, "MEMORY", memory)
    monkeypatch.setattr(spool, "PIECE", 7)
    dice = random.Random(1)  # noqa: S311 - no secret
    pieces = [dice.randbytes(dice.randrange(40)) for _ in range(200)]

    async def passed_on() -> bytes:
        kept = Spool(most)

        async def write() -> None:
            for piece in pieces:
                await kept.write(piece)
                if dice.random() < 0.3:
                    await asyncio.sleep(0)
            await kept.close()

        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(write())
            return b"".join([piece async for piece in kept])

    assert asyncio.run(passed_on()) == b"".join(pieces)


def test_who_writes_waits_once_too_much_is_unread() -> None:
    async def written() -> tuple[bool, bytes]:
        kept = Spool(10)
        await kept.write(b"0123456789")
        more = asyncio.ensure_future(kept.write(b"more"))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        waited = not more.done()
        reading = aiter(kept)
        first = await anext(reading)
        await more
        await kept.close()
        return waited, first + b"".join([piece async for piece in reading])

    assert asyncio.run(written()) == (True, b"0123456789more")
