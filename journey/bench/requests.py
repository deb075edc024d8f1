"""Requests as fast as they are answered: so many connections at once, each kept alive, in one process.

The client is as small as it can be, so that what is measured is the server: it writes bytes that were made
before, and of an answer reads the status and how long it is.
"""

import asyncio
import re
from collections import Counter
from collections.abc import Callable
from functools import partial
from time import perf_counter
from typing import NamedTuple

import uvloop

LENGTH = re.compile(rb"\r\ncontent-length: (\d+)\r\n", re.IGNORECASE)
END = b"\r\n\r\n"
WORST = 0.99


class Asked(NamedTuple):
    """What came of it: requests a second, the time of each, and answers by status."""

    rate: float
    times: list[float]
    statuses: Counter[int]


Line = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Request = Callable[[int], bytes]
"""The bytes of a connection's next request, by its number."""


def request(method: str, path: str, token: str, body: bytes = b"") -> bytes:
    """As it goes out."""
    head = f"{method} {path} HTTP/1.1\r\nHost: journey\r\nAuthorization: Bearer {token}\r\n"
    if body:
        head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
    return head.encode() + b"\r\n" + body


def asked(address: tuple[str, int], next_one: Request, *, connections: int, seconds: float) -> Asked:
    """Ask for so long over so many connections."""
    return uvloop.run(_asked(address, next_one, connections, seconds))


async def _asked(address: tuple[str, int], next_one: Request, connections: int, seconds: float) -> Asked:
    lines = [await asyncio.open_connection(*address) for _ in range(connections)]
    started = perf_counter()
    found = Asked(0.0, [], Counter())
    await asyncio.gather(
        *(
            _one_after_another(line, partial(next_one, number), started + seconds, found)
            for number, line in enumerate(lines)
        )
    )
    return found._replace(rate=len(found.times) / (perf_counter() - started))


async def _one_after_another(line: Line, next_one: Callable[[], bytes], until: float, found: Asked) -> None:
    reader, writer = line
    while (began := perf_counter()) < until:
        writer.write(next_one())
        head = await reader.readuntil(END)
        length = LENGTH.search(head)
        await reader.readexactly(int(length[1]) if length else 0)
        found.times.append(perf_counter() - began)
        found.statuses[int(head[9:12])] += 1
    writer.close()
