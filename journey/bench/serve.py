"""How many requests a second are answered, with API, worker and database on the same machine.

The rivals look the same row up by its primary key: as one is told to with FastAPI (asynchronous psycopg, a
response model), and from a bare Starlette route that sends the database's own JSON. Neither asks for a key,
nor whose the journey is, nor records who looked. The floor of commands is one insert of one row, committed.
"""

import json
import random
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from http import HTTPStatus
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple
from uuid import uuid5

from journey.api.access import keys
from journey.api.access.table import Role
from journey.bench import rivals, ward
from journey.bench.append import inserting
from journey.bench.callers import Target
from journey.bench.figures import Figure, Measured, measured, percentile, rate
from journey.bench.requests import WORST, Asked, Request, asked, request
from journey.bench.scratch import Scratch
from journey.bench.served import free_address
from journey.bench.serving import Serving, keyed
from journey.projections import READ_MODELS
from journey.projections.projector import Projector
from journey.settings import inherited

LENGTH = 10
"""Events of a journey."""

SMALL = 10_000
"""Events of the log that growth is told against."""

CONNECTIONS, BURST = 16, 200
TURN, ROUNDS = 1.0, 7
BURST_LASTS = 5.0
READS_TO_WRITES = 10
MILLISECONDS, MEGABYTE = 1000, 1 << 20
IDIOMATIC, BARE = rivals.APPS
UNBOUNDED = {"JOURNEY_RATE_PER_SECOND": "1000000", "JOURNEY_LOG_LEVEL": "warning"}


class At(NamedTuple):
    """A served log: where, with which key, and how many journeys it holds."""

    address: Target
    token: str
    journeys: int

    def reads(self, dice: random.Random) -> Request:
        """Where a patient stands, anybody's."""
        return lambda _: request("GET", f"/v1/journeys/{self._any(dice)}", self.token)

    def writes(self, dice: random.Random) -> Request:
        """Another person is accountable."""

        def one(number: int) -> bytes:
            body = json.dumps({"team": "ward-3", "person": f"{number}-{dice.random()}"}).encode()
            return request("POST", f"/v1/journeys/{self._any(dice)}/assign-owner", self.token, body)

        return one

    def both(self, dice: random.Random) -> Request:
        """Ten reads to a write."""
        read, write = self.reads(dice), self.writes(dice)

        def one(number: int) -> bytes:
            kind = read if dice.randrange(READS_TO_WRITES + 1) else write
            return kind(number)

        return one

    def _any(self, dice: random.Random) -> str:
        return str(uuid5(ward.WARD, str(dice.randrange(self.journeys))))


def serve(server: Scratch) -> Iterator[Figure]:
    """Reads and commands beside their rivals; ten to one, and from two hundred at once."""
    dice = random.Random(0)  # noqa: S311 - no secret
    with ExitStack() as stack:
        url = filled(server, server.events)
        at, api = stack.enter_context(served(url, server.events))
        yield from _reads(stack, url, at, dice)
        yield from _writes(stack, url, at, dice)
        before = api.resident()
        mixed = asked(at.address, at.both(dice), connections=CONNECTIONS, seconds=server.seconds)
        yield from _told(f"reads and commands 10:1, {CONNECTIONS} connections", mixed)
        burst = asked(at.address, at.both(dice), connections=BURST, seconds=BURST_LASTS)
        yield from _told(f"reads and commands 10:1, {BURST} connections", burst)
        yield Figure("memory of the API", before / MEGABYTE, "MB")
        yield Figure("memory of the API, after both", api.resident() / MEGABYTE, "MB")
        small, _ = stack.enter_context(served(filled(server, SMALL), SMALL, with_worker=False))
        yield from _growth(small, at, dice)


def _reads(stack: ExitStack, url: str, at: At, dice: random.Random) -> Iterator[Figure]:
    where = {"ours": at}
    for name in rivals.APPS:
        where[name] = at._replace(address=stack.enter_context(beside(rivals.serve, name, url)))
    found = measured(
        {name: partial(_rate, each, each.reads(dice)) for name, each in where.items()}, rounds=ROUNDS
    )
    for name, against in ((IDIOMATIC, ""), (BARE, ""), ("ours", IDIOMATIC), ("ours", BARE)):
        yield found.figure(f"where a patient stands: {name}", name, "requests/s", against)


def _writes(stack: ExitStack, url: str, at: At, dice: random.Random) -> Iterator[Figure]:
    floor = inserting(stack, url, CONNECTIONS)
    contenders = {
        "floor": partial(rate, floor, threads=CONNECTIONS, seconds=TURN),
        "ours": partial(_rate, at, at.writes(dice)),
    }
    found: Measured = measured(contenders, rounds=ROUNDS)
    yield found.figure("a command: floor", "floor", "/s")
    yield found.figure("a command: ours", "ours", "requests/s", "floor")


def _growth(small: At, large: At, dice: random.Random) -> Iterator[Figure]:
    """How the slowest reads grow with the log."""
    found = measured(
        {
            "small": partial(_worst, small, small.reads(dice)),
            "large": partial(_worst, large, large.reads(dice)),
        },
        rounds=ROUNDS,
    )
    yield found.figure(f"reads, {small.journeys * LENGTH} events: p99", "small", "ms", scale=MILLISECONDS)
    yield found.figure(
        f"reads, {large.journeys * LENGTH} events: p99", "large", "ms", "small", scale=MILLISECONDS
    )


def _rate(at: At, next_one: Request) -> float:
    return asked(at.address, next_one, connections=CONNECTIONS, seconds=TURN).rate


def _worst(at: At, next_one: Request) -> float:
    return percentile(asked(at.address, next_one, connections=CONNECTIONS, seconds=TURN).times, WORST)


def _told(what: str, found: Asked) -> Iterator[Figure]:
    yield Figure(f"{what}: answered", found.rate, "requests/s")
    for share, name in ((0.5, "p50"), (WORST, "p99")):
        yield Figure(f"{what}: {name}", percentile(found.times, share) * MILLISECONDS, "ms")
    yield Figure(f"{what}: answered as asked", found.statuses[HTTPStatus.OK] / len(found.times), "of all")


def filled(server: Scratch, events: int) -> str:
    url = server.database()
    ward.fill(url, ward.mixed(events // LENGTH, LENGTH))
    for model in READ_MODELS:
        Projector(url, model).catch_up()
    return url


def surroundings(url: str) -> dict[str, str]:
    """What a process of its own is begun in: nothing holds it back, and it says little."""
    return {**keyed(url), **UNBOUNDED}


@contextmanager
def served(url: str, events: int, *, with_worker: bool = True) -> Iterator[tuple[At, Serving]]:
    """An API and a worker, each a process."""
    token = keys.create(url, "bench", Role.COORDINATOR).token
    address = free_address()
    with TemporaryDirectory() as folder, inherited(**surroundings(url)), ExitStack() as stack:
        api = Serving("api", Path(folder, "api.log"), "api", target=address)
        worker = Serving("worker", Path(folder, "worker.log"), "worker")
        for each in (api, worker) if with_worker else (api,):
            each.keep_up()
            stack.callback(each.stop)
        api.wait_until_up()
        yield At(address, token, events // LENGTH), api


@contextmanager
def beside(serve_it: Callable[..., None], *said: str) -> Iterator[Target]:
    """Another server, in a process of its own: what it is told, and last its port."""
    address = free_address()
    process = get_context("forkserver").Process(target=serve_it, args=(*said, address[1]), daemon=True)
    process.start()
    try:
        rivals.wait_until_up(address)
        yield address
    finally:
        process.terminate()
        process.join()
