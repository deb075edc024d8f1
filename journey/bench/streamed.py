"""Streamed: the log into a NATS server of one's own, and the same by a bare loop."""

import asyncio
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial
from itertools import count
from pathlib import Path
from threading import Event as Signal
from time import perf_counter

import nats
import psycopg
from nats.aio.subscription import Subscription

from journey.api.access import keys
from journey.api.access.keys import Grant
from journey.api.access.owners import clearance
from journey.api.access.table import Role
from journey.audit.disclosures import Basis
from journey.bench import ward
from journey.bench.figures import Figure, measured, percentile
from journey.bench.published import STREAM, Server
from journey.bench.scratch import Scratch
from journey.broker.nats import JetStream, Where
from journey.broker.publisher import PACE, Publisher
from journey.broker.turn import Terms
from journey.domain.episode import OpenJourney
from journey.feed.envelope import Payload
from journey.feed.filter import EVERYTHING
from journey.store.identifiers import uuid7
from journey.store.store import Store
from journey.worker import Worker

EVENTS = 5_000
LENGTH = 10
SAMPLES = 200
ROUNDS = 5
BODY = 900
"""Bytes, about as many as a thin event has."""

LOOK = 0.005
"""Seconds between looks at how much is in the stream."""

EVERY = 0.02
"""Seconds between two events of which it is told how soon they come: fifty a second."""

LONGEST = 30.0
"""Seconds within which a message should have come."""

MILLISECONDS = 1000
SUBJECT = "journey.>"
OURS, BARE = "published", "bare loop"

_numbers = count()


def speeds(server: Scratch) -> Iterator[Figure]:
    """How fast, and how soon."""
    url = server.database()
    ward.fill(url, ward.mixed(EVENTS // LENGTH, LENGTH))
    owner = keys.create(url, "bench", Role.INTEGRATOR, None, Grant()).key.id
    with tempfile.TemporaryDirectory(prefix="journey-nats-") as folder:
        works = {
            OURS: partial(_published, url, owner, Path(folder)),
            BARE: partial(_posted, Path(folder)),
        }
        found = measured(works, rounds=ROUNDS)
        yield found.figure("messages of a bare loop", BARE, "/s")
        yield found.figure("events published", OURS, "/s", BARE)
        soon = _how_soon(url, owner, Path(folder))
        bare = _how_soon_bare(Path(folder))
    for share, name in ((0.5, "p50"), (0.99, "p99")):
        floor = percentile(bare, share)
        yield Figure(f"a bare message heard: {name}", floor * MILLISECONDS, "ms")
        own = percentile(soon, share)
        yield Figure(f"an event heard after the answer: {name}", own * MILLISECONDS, "ms", BARE, own / floor)


def _publisher(url: str, owner: str, server: Server) -> Publisher:
    said = (owner, "bench", "TREAT", Basis.TREATMENT, Payload.THIN, EVERYTHING, f"nats {STREAM}")
    return Publisher(url, lambda: JetStream(Where((server.url,))), Terms(clearance, *said), PACE)


@contextmanager
def _serving(folder: Path) -> Iterator[Server]:
    server = Server(folder, next(_numbers))
    server.start()
    try:
        yield server
    finally:
        server.kill()


# --- How fast


def _published(url: str, owner: str, folder: Path) -> float:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("DELETE FROM broker")
    with _serving(folder) as server:
        part = _publisher(url, owner, server)
        started = perf_counter()
        part.start()
        asyncio.run(_until_all_is_there(server))
        seconds = perf_counter() - started
        part.stop()
    return EVENTS / seconds


async def _until_all_is_there(server: Server) -> None:
    client = await nats.connect(server.url)
    stream, there = client.jetstream(), 0
    while there < EVENTS:
        await asyncio.sleep(LOOK)
        known = await stream.streams_info()
        there = known[0].state.messages if known else 0
    await client.close()


def _posted(folder: Path) -> float:
    with _serving(folder) as server:
        return EVENTS / asyncio.run(_post(server))


async def _post(server: Server) -> float:
    client = await nats.connect(server.url)
    stream = client.jetstream()
    await stream.add_stream(name=STREAM, subjects=[SUBJECT])
    started, body = perf_counter(), b"x" * BODY
    for _ in range(0, EVENTS, PACE.batch):
        several = [await stream.publish_async("journey.bench", body) for _ in range(PACE.batch)]
        await asyncio.gather(*several)
    seconds = perf_counter() - started
    await client.close()
    return seconds


# --- How soon


def _how_soon(url: str, owner: str, folder: Path) -> list[float]:
    with _serving(folder) as server, closing(Store(url)) as store:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("DELETE FROM broker")
        part = _publisher(url, owner, server)
        with Worker(url, appended=store.appended, beside=[part]):
            asyncio.run(_until_all_is_there(server))
            return asyncio.run(_heard(server, store))


async def _heard(server: Server, store: Store) -> list[float]:
    """From the answer to the subscriber."""
    client = await nats.connect(server.url)
    listening = await client.subscribe(SUBJECT)
    await client.flush()
    hearing = asyncio.create_task(_all(listening, SAMPLES))
    answered = await asyncio.to_thread(_told, store)
    heard = await hearing
    await client.close()
    return [heard[each] - at for each, at in answered.items()]


async def _all(listening: Subscription, many: int) -> dict[str, float]:
    """When each of so many messages came."""
    heard: dict[str, float] = {}
    while len(heard) < many:
        message = await listening.next_msg(timeout=LONGEST)
        heard[(message.headers or {})["Nats-Msg-Id"]] = perf_counter()
    return heard


def _told(store: Store) -> dict[str, float]:
    """When each event was answered."""
    answered: dict[str, float] = {}
    for _ in range(SAMPLES):
        answer = store.handle(uuid7(), OpenJourney(patient_id=uuid7()), ward.CONTEXT)
        answered |= {str(each.event_id): perf_counter() for each in answer.events}
        Signal().wait(EVERY)
    return answered


def _how_soon_bare(folder: Path) -> list[float]:
    with _serving(folder) as server:
        return asyncio.run(_heard_bare(server))


async def _heard_bare(server: Server) -> list[float]:
    """From before it is published to the subscriber."""
    client = await nats.connect(server.url)
    stream = client.jetstream()
    await stream.add_stream(name=STREAM, subjects=[SUBJECT])
    listening = await client.subscribe("journey.bench")
    taken = []
    for _ in range(SAMPLES):
        began = perf_counter()
        await stream.publish("journey.bench", b"x" * BODY)
        await listening.next_msg()
        taken.append(perf_counter() - began)
    await client.close()
    return taken
