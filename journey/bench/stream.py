"""How long after the answer to a command its event is heard on a stream, and what idle streams cost.

The floor hears of it from the database: one connection that listens to the log's channel and selects what is
new. A hundred events a second, fifty readers; then two thousand whose filter lets nothing through.
"""

import asyncio
import json
import re
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import cast

import psycopg
import uvloop

from journey.api.access import keys
from journey.api.access.table import Role
from journey.bench.callers import Target
from journey.bench.figures import Figure, percentile
from journey.bench.requests import request
from journey.bench.scratch import Scratch
from journey.bench.serve import surroundings
from journey.bench.served import free_address
from journey.bench.serving import Serving
from journey.settings import inherited
from journey.store.recorder import LISTEN

READERS, IDLE = 50, 2000
EVERY = 0.01
"""Seconds from one command to the next."""

EVENTS, WARM_UP = 1500, 200
ENOUGH = 2.0
"""Seconds within which the last event should have been heard."""

JOURNEYS = 20
MILLISECONDS, KILOBYTE = 1000, 1 << 10
ID = re.compile(rb'"id":"([0-9a-f-]{36})"')
NEW = """
    SELECT event_id, position FROM log JOIN event USING (journey_id, version)
     WHERE position > %s ORDER BY position
    """
SILENT = "/v1/events/stream?after=now&type=journey.entered_in_error"
LIVE = "/v1/events/stream?after=now"

Times = dict[str, float]


class Listens(asyncio.Protocol):
    """A connection that hears a stream, and remembers what came when."""

    def __init__(self, head: bytes) -> None:
        self._head = head
        self.came: list[tuple[float, bytes]] = []
        self.began = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        cast(asyncio.Transport, transport).write(self._head)

    def data_received(self, data: bytes) -> None:
        self.came.append((perf_counter(), data))
        self.began.set()

    def heard(self) -> Iterator[tuple[str, float]]:
        """Each event, and when it came."""
        for at, data in self.came:
            for found in ID.findall(data):
                yield found.decode(), at


def stream(server: Scratch) -> Iterator[Figure]:
    """From the answer to the event, beside the floor; then memory."""
    url = server.database()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="journey-stream-")))
        address = free_address()
        stack.enter_context(inherited(**surroundings(url)))
        api = Serving("the API", folder / "api.log", "all", target=address)
        api.keep_up()
        stack.callback(api.stop)
        api.wait_until_up()
        writes = keys.create(url, "writes", Role.COORDINATOR).token
        reads = keys.create(url, "reads", Role.INTEGRATOR).token
        ours, floor = uvloop.run(_live(url, address, writes, reads))
        for name, found in (("LISTEN and select", floor), (f"{READERS} streams", ours)):
            for share, called in ((0.5, "p50"), (0.99, "p99")):
                against = None if found is floor else percentile(ours, share) / percentile(floor, share)
                value = percentile(found, share) * MILLISECONDS
                rival = "" if against is None else "LISTEN and select"
                yield Figure(f"heard after, {name}: {called}", value, "ms", rival, against)
        before = api.resident()
        after = uvloop.run(_idle(address, reads, api.resident))
        yield Figure(f"memory of each of {IDLE} idle streams", (after - before) / IDLE / KILOBYTE, "KB")


async def _live(url: str, address: Target, writes: str, reads: str) -> tuple[list[float], list[float]]:
    """For each event, how long after the answer each reader heard it; and the floor."""
    loop = asyncio.get_running_loop()
    listens = [Listens(request("GET", LIVE, reads)) for _ in range(READERS)]
    for each in listens:
        await loop.create_connection(partial(_itself, each), *address)
    floor: Times = {}
    listening = asyncio.create_task(_floor(url, floor))
    with ProcessPoolExecutor(1, get_context("forkserver")) as writer:
        answered = await loop.run_in_executor(writer, _written, address, writes)
    await asyncio.sleep(ENOUGH)  # the last is long heard then
    listening.cancel()
    measured = dict(list(answered.items())[WARM_UP:])
    heard = [(event, at) for each in listens for event, at in each.heard() if event in measured]
    if len(heard) != READERS * len(measured):
        raise NotHeard(len(heard))
    return [at - measured[event] for event, at in heard], [floor[each] - at for each, at in measured.items()]


class NotHeard(Exception):
    """Not every reader has heard every event."""


def _written(address: Target, token: str) -> Times:
    """In a process of its own: who listens does not hold up who writes. They have one clock."""
    return uvloop.run(_write(address, token))


async def _write(address: Target, token: str) -> Times:
    """Commands, one after the other at their pace, and when each was answered."""
    reader, writer = await asyncio.open_connection(*address)

    async def ask(path: str, body: dict[str, str]) -> str:
        writer.write(request("POST", path, token, json.dumps(body).encode()))
        head = await reader.readuntil(b"\r\n\r\n")
        [length] = re.findall(rb"content-length: (\d+)", head, re.IGNORECASE)
        said = json.loads(await reader.readexactly(int(length)))
        journeys.append(said["journey_id"])
        return str(said["events"][-1]["event_id"])

    journeys: list[str] = []
    for _ in range(JOURNEYS):
        await ask("/v1/journeys", {"team": "ward 3"})
    opened = tuple(journeys)
    answered: Times = {}
    begin = perf_counter()
    for number in range(EVENTS):
        await asyncio.sleep(max(0.0, begin + number * EVERY - perf_counter()))
        path = f"/v1/journeys/{opened[number % JOURNEYS]}/assign-owner"
        event = await ask(path, {"team": f"team {number}"})
        answered[event] = perf_counter()
    writer.close()
    return answered


async def _floor(url: str, heard: Times) -> None:
    connection = await psycopg.AsyncConnection.connect(url, autocommit=True, prepare_threshold=0)
    async with connection:
        await connection.execute(LISTEN)
        position = 0
        while True:
            rows = await (await connection.execute(NEW, (position,))).fetchall()
            at = perf_counter()
            for event_id, position in rows:  # noqa: B007 - the last is where it goes on
                heard[str(event_id)] = at
            async for _ in connection.notifies(timeout=ENOUGH, stop_after=1):
                pass


async def _idle(address: Target, token: str, resident: Callable[[], int]) -> int:
    """Bytes that the API holds while they listen."""
    loop = asyncio.get_running_loop()
    listens = [Listens(request("GET", SILENT, token)) for _ in range(IDLE)]
    for each in listens:
        await loop.create_connection(partial(_itself, each), *address)
    for each in listens:
        await each.began.wait()
    return resident()


def _itself(listens: Listens) -> Listens:
    return listens
