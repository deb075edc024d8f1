"""A NATS server of the tests' own, a publisher beside it, and a reader of all that is in the stream."""

import asyncio
import json
import os
import signal
from collections import defaultdict
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager, suppress
from threading import Event as Signal
from typing import Any, NamedTuple, TypeVar

import nats
import pytest
from nats.aio.client import Client
from nats.js.api import AckPolicy, ConsumerConfig
from nats.js.errors import NotFoundError

from journey.api.access.owners import clearance
from journey.audit.disclosures import Basis
from journey.bench.published import STREAM, SWIFT, Server, installed
from journey.broker.nats import JetStream, Where
from journey.broker.port import Message
from journey.broker.publisher import Pace, Publisher
from journey.broker.turn import Terms
from journey.feed.envelope import Payload
from journey.feed.filter import EVERYTHING
from journey.worker import Listener
from tests.waiting import until
from tests.webhooks.delivering import World

T = TypeVar("T")
NAME = f"nats {STREAM}"

EVENTS = """
    SELECT event_id::text, type FROM log JOIN event USING (journey_id, version) ORDER BY position
    """


def program() -> None:
    if installed() is None:
        pytest.skip(
            "nats-server is not installed: NOTHING WAS PUBLISHED TO A BROKER (apt install nats-server)"
        )


class Read(NamedTuple):
    """One message of the stream."""

    subject: str
    id: str
    cursor: str
    body: dict[str, Any]


async def connected(urls: Sequence[str]) -> Client:
    async def quiet(_: Exception) -> None:
        """Servers of a cluster may be down."""

    return await nats.connect(list(urls), error_cb=quiet, connect_timeout=1)


async def _read(urls: Sequence[str]) -> list[Read]:
    client = await connected(urls)
    try:
        stream = client.jetstream(timeout=2)
        many = (await stream.stream_info(STREAM)).state.messages
        reading = await stream.pull_subscribe(
            "", stream=STREAM, config=ConsumerConfig(ack_policy=AckPolicy.NONE)
        )
        found: list[Read] = []
        while len(found) < many:
            for each in await reading.fetch(min(many - len(found), 500), timeout=2):
                told = each.headers or {}
                found.append(
                    Read(each.subject, told["Nats-Msg-Id"], told["Journey-Cursor"], json.loads(each.data))
                )
        return found
    finally:
        await client.close()


def answered(ask: Callable[[Sequence[str]], Coroutine[Any, Any, T]], urls: Sequence[str]) -> T:
    """What the servers say, asked again where they are about to elect another leader."""
    found: list[T] = []

    def asked() -> bool:
        with suppress(nats.errors.Error, OSError, TimeoutError):
            found.append(asyncio.run(ask(urls)))
        return bool(found)

    until(asked, timeout=30)
    return found[0]


def in_stream(*urls: str) -> list[Read]:
    """Everything that is there, from the first message to the last."""
    return answered(_read, urls)


async def _without(url: str) -> None:
    client = await connected([url])
    try:
        await client.jetstream().delete_stream(STREAM)
    except NotFoundError:
        pass
    finally:
        await client.close()


def without_stream(url: str) -> None:
    asyncio.run(_without(url))


async def _purged(url: str) -> None:
    client = await connected([url])
    await client.jetstream().purge_stream(STREAM)
    await client.close()


def purged(url: str) -> None:
    """The stream goes on, and what was in it is gone."""
    asyncio.run(_purged(url))


async def _put_there(url: str, subject: str, cursor: str) -> None:
    client = await connected([url])
    await client.jetstream().publish(
        subject, b"{}", headers={"Nats-Msg-Id": subject, "Journey-Cursor": cursor}
    )
    await client.close()


def put_there(url: str, subject: str, cursor: str) -> None:
    """As somebody else does, who should not be let."""
    asyncio.run(_put_there(url, subject, cursor))


async def _leader_of(urls: Sequence[str]) -> int:
    client = await connected(urls)
    try:
        cluster = (await client.jetstream().stream_info(STREAM)).cluster
        return int((cluster.leader or "n0")[1:]) if cluster else 0
    finally:
        await client.close()


def leader_of(*urls: str) -> int:
    """The number of the server that leads the stream."""
    return answered(_leader_of, urls)


def in_order(found: Sequence[Read]) -> bool:
    """Whether each journey's events stand in the order of their versions, none twice and none left out."""
    versions = defaultdict[str, list[int]](list)
    for each in found:
        versions[each.body["subject"]].append(each.body["journeyversion"])
    return all(seen == list(range(1, len(seen) + 1)) for seen in versions.values())


class Publishing(NamedTuple):
    """The log of a world, and where it is published to."""

    world: World
    servers: tuple[Server, ...]

    @property
    def urls(self) -> tuple[str, ...]:
        return tuple(each.url for each in self.servers)

    @property
    def stream(self) -> list[Read]:
        return in_stream(*self.urls)

    @property
    def log(self) -> list[str]:
        """The ids of all events, in order."""
        return [key for key, _ in self.world.rows(EVENTS)]

    def terms(self, **changed: Any) -> Terms:
        of = (self.world.owner, "Partners", "TREAT", Basis.TREATMENT, Payload.THIN, EVERYTHING, NAME)
        return Terms(clearance, *of)._replace(**changed)

    def opened(self) -> JetStream:
        return JetStream(Where(self.urls, replicas=len(self.servers)))

    def row(self, what: str) -> Any:
        rows = self.world.rows(f"SELECT {what} FROM broker")  # noqa: S608 - the test's own words
        return rows[0][0] if rows else None

    @contextmanager
    def publishing(self, opening: Any = None, pace: Pace = SWIFT, **changed: Any) -> Iterator[Publisher]:
        part = Publisher(self.world.url, opening or self.opened, self.terms(**changed), pace)
        listener = Listener(self.world.url, part.wake)
        part.start()
        listener.start()
        try:
            yield part
        finally:
            listener.stop()
            part.stop()

    def published(self, **changed: Any) -> list[Read]:
        """Publish until the end of the log is reached; what is in the stream then."""
        with self.publishing(**changed):
            self.reached()
        return self.stream

    def reached(self) -> None:
        until(lambda: self.row("position") == len(self.log), timeout=30)


class Killed(JetStream):
    """The real one, in a process that is killed when its second batch is stored, and nobody knows."""

    stored = 0

    async def publish(self, batch: Sequence[Message]) -> None:
        await super().publish(batch)
        Killed.stored += 1
        if Killed.stored == 2:
            os.kill(os.getpid(), signal.SIGKILL)


def publish_until_killed(url: str, where: Where, terms: Terms) -> None:
    """What such a process does."""
    Publisher(url, lambda: Killed(where), terms, SWIFT).start()
    signal.pause()


class Sleepy(JetStream):
    """The real one, of a publisher that falls asleep with its first batch in hand. When it wakes up, its ids
    are of no help.
    """

    def __init__(self, where: Where, asleep: Signal, awake: Signal) -> None:
        super().__init__(where)
        self._asleep, self._awake = asleep, awake

    async def publish(self, batch: Sequence[Message]) -> None:
        self._asleep.set()
        await asyncio.to_thread(self._awake.wait)
        await super().publish([each._replace(id=f"{each.id} late") for each in batch])


class Deaf(JetStream):
    """Of a server that takes the connection, and never answers."""

    def __init__(self, where: Where, connecting: Signal) -> None:
        super().__init__(where)
        self._connecting = connecting

    async def open(self) -> str | None:
        self._connecting.set()
        await asyncio.Event().wait()
        return None
