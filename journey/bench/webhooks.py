"""How fast webhooks are delivered, one subscription to one endpoint, beside a bare loop of the same client.

Both post bodies of the same size to the same receiver, a process of its own, as many at once. The bare loop
signs nothing, reads nothing, and nobody could tell afterwards what it did.
"""

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from ipaddress import ip_network
from multiprocessing import get_context
from multiprocessing.connection import Connection as Pipe
from threading import Event as Signal
from threading import Lock
from time import perf_counter

import psycopg
import uvloop
from httpcore2 import AsyncConnectionPool

from journey.api.access import keys
from journey.api.access.keys import Grant
from journey.api.access.owners import clearance
from journey.api.access.table import Role
from journey.audit.disclosures import Basis
from journey.bench import ward
from journey.bench.figures import Figure, measured
from journey.bench.receiver import TAKEN, Received, Receiver, Reply
from journey.bench.scratch import Scratch
from journey.feed.envelope import Payload
from journey.feed.filter import EVERYTHING
from journey.webhooks import registry
from journey.webhooks.addresses import Where
from journey.webhooks.deliveries import Deliveries, Terms
from journey.webhooks.pace import Pace
from journey.webhooks.registry import Wanted

EVENTS = 5_000
LENGTH = 10
ROUNDS = 5
BODY = 900
"""Bytes, about as many as a thin event has."""

HERE = Where(private=(ip_network("127.0.0.0/8"),), plain=("127.0.0.1",))
PACE = Pace(slow=Pace().most)
"""The most at once from the beginning: how it gets there is not what is measured."""

processes = get_context("forkserver")


def webhooks(server: Scratch) -> Iterator[Figure]:
    """Every event of a log, thin."""
    url = server.database()
    ward.fill(url, ward.mixed(EVENTS // LENGTH, LENGTH))
    owner = keys.create(url, "bench", Role.INTEGRATOR, None, Grant()).key.id
    with _receiving() as (pipe, address):
        found = measured(
            {
                "webhooks": partial(_delivered, url, owner, pipe, address),
                "bare loop": partial(_posted, pipe, address),
            },
            rounds=ROUNDS,
        )
    yield found.figure("posts of a bare loop", "bare loop", "/s")
    yield found.figure("deliveries", "webhooks", "/s", "bare loop")


def _delivered(url: str, owner: str, pipe: Pipe, address: str) -> float:
    wanted = Wanted(address, "", EVERYTHING, Payload.THIN, "bench", None, "TREAT", Basis.TREATMENT)
    with psycopg.connect(url, autocommit=True) as connection:
        made, _ = registry.create(connection, owner, wanted, 0)
        pipe.send(EVENTS)
        part = Deliveries(url, Terms(clearance, HERE, pace=PACE))
        part.start()
        seconds = float(pipe.recv())
        part.stop()
        registry.delete(connection, owner, made.id)
    return EVENTS / seconds


def _posted(pipe: Pipe, address: str) -> float:
    pipe.send(EVENTS)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_post(address, EVENTS))
    return EVENTS / float(pipe.recv())


async def _post(address: str, times: int) -> None:
    numbers = iter(range(times))
    body, headers = b"x" * BODY, [("content-type", "application/json")]

    async def one_after_another(pool: AsyncConnectionPool) -> None:
        for _ in numbers:
            await pool.request("POST", address, headers=headers, content=body)

    async with AsyncConnectionPool(max_connections=PACE.most) as pool, asyncio.TaskGroup() as group:
        for _ in range(PACE.most):
            group.create_task(one_after_another(pool))


# --- The receiver, in a process of its own


@contextmanager
def _receiving() -> Iterator[tuple[Pipe, str]]:
    """Told how many to wait for, it tells how many seconds lay between the first of them and the last."""
    with ExitStack() as stack:
        ours, theirs = processes.Pipe()
        process = processes.Process(target=_receive, args=(theirs,), daemon=True)
        process.start()
        stack.callback(process.join)
        stack.callback(ours.close)
        theirs.close()
        yield ours, ours.recv()


class _Count:
    """Of different messages that came, and the time they took."""

    def __init__(self) -> None:
        self.wanted, self.seen = 0, set[str]()
        self.since = self.took = 0.0
        self.done = Signal()
        self._lock = Lock()

    def begin(self, wanted: int) -> None:
        with self._lock:
            self.wanted, self.seen, self.since = wanted, set(), 0.0
            self.done.clear()

    def __call__(self, request: Received) -> Reply:
        with self._lock:
            self.since = self.since or perf_counter()
            self.seen.add(request.headers.get("webhook-id") or str(len(self.seen)))
            if len(self.seen) == self.wanted:
                self.took = perf_counter() - self.since
                self.done.set()
        return TAKEN


def _receive(pipe: Pipe) -> None:
    count = _Count()
    with Receiver(count) as receiver:
        pipe.send(receiver.url)
        while True:
            try:
                count.begin(int(pipe.recv()))
            except EOFError:
                return
            count.done.wait()
            pipe.send(count.took)
