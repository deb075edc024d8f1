"""NATS JetStream: the stream that the log goes into, and the only file that knows of NATS.

Each message says behind which one it is to be stored, by number and id, so that what is sent without waiting
is stored in order or not at all, and a publisher that slept and comes back stores nothing. The id is the
event's.
"""

import asyncio
from collections.abc import Coroutine, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple, TypeVar
from urllib.parse import quote

from nats.aio.client import Client
from nats.errors import Error
from nats.js import JetStreamContext
from nats.js.api import Header, PubAck, RetentionPolicy, StorageType, StreamConfig, StreamInfo
from nats.js.errors import APIError, NotFoundError

from journey.broker.port import Message, NotStored
from journey.broker.subjects import ALL

CURSOR = "Journey-Cursor"
CONTENT_TYPE = {"Content-Type": "application/cloudevents+json"}

ACKNOWLEDGED = 4.0
"""Seconds within which all of a batch has to be; less than a lease."""

CONNECTED = 8.0
"""Seconds to find a server that answers; several may be down."""

PING = 10
"""Seconds between two questions whether the server is still there, while there is nothing to publish."""

NOTHING = "_"
LONGEST = 500
"""Characters of a word in a subject. A server hangs up on who sends a line of more than 4 KB."""

T = TypeVar("T")


class Where(NamedTuple):
    """The servers, and what the stream is made like if it is not there."""

    servers: tuple[str, ...]
    credentials: Path | None = None
    stream: str = "JOURNEY"
    replicas: int = 1
    days: float = 7
    """For which messages are kept; 0 for ever."""
    duplicates: float = 600
    """Seconds for which ids are remembered."""


class JetStream:
    """A connection, for as long as nothing is wrong with it. What went wrong ends whatever waits on it."""

    def __init__(self, where: Where) -> None:
        self._where = where
        self._client: Client | None = None
        self._stream: JetStreamContext | None = None
        self._broken: asyncio.Future[Exception] = asyncio.Future()
        self._last = 0

    async def open(self) -> str | None:
        self._client = client = Client()  # one that was turned away has a socket to close as well
        await self._unless_broken(self._connected(client), CONNECTED)
        self._stream = client.jetstream(timeout=ACKNOWLEDGED)
        info = await self._unless_broken(self._ensured(self._stream))
        self._last = info.state.last_seq
        return await self._unless_broken(self._cursor(self._stream)) if self._last else ""

    async def publish(self, batch: Sequence[Message]) -> None:
        await self._unless_broken(self._published(batch))

    async def lost(self) -> None:
        raise NotStored(_reason(await asyncio.shield(self._broken)))

    async def close(self) -> None:
        if self._client is not None:
            with suppress(Error, OSError, TimeoutError):
                async with asyncio.timeout(1.0):
                    await self._client.close()

    async def _connected(self, client: Client) -> None:
        """It is not connected anew by itself: what is stored has to be asked first."""
        where = self._where
        await client.connect(
            list(where.servers),
            name="journey",
            user_credentials=str(where.credentials) if where.credentials else None,
            allow_reconnect=False,
            connect_timeout=2,
            ping_interval=PING,
            error_cb=self._went_wrong,
            disconnected_cb=self._hung_up,
        )

    async def _ensured(self, stream: JetStreamContext) -> StreamInfo:
        """Made if it is missing; one that is there is left as it is."""
        try:
            return await stream.stream_info(self._where.stream)
        except NotFoundError:
            return await stream.add_stream(
                StreamConfig(
                    name=self._where.stream,
                    subjects=[f"{ALL}.>"],
                    retention=RetentionPolicy.LIMITS,
                    storage=StorageType.FILE,
                    num_replicas=self._where.replicas,
                    max_age=self._where.days * 86_400,
                    duplicate_window=self._where.duplicates,
                )
            )

    async def _cursor(self, stream: JetStreamContext) -> str | None:
        try:
            last = await stream.get_msg(self._where.stream, seq=self._last)
        except NotFoundError:  # too old by now
            return None
        return (last.headers or {}).get(CURSOR)

    async def _published(self, batch: Sequence[Message]) -> None:
        if self._stream is None:
            raise NotStored("not open")
        waiting, before = list[asyncio.Future[PubAck]](), dict[str, str]()
        for number, each in enumerate(batch, self._last):
            headers = {
                **CONTENT_TYPE,
                CURSOR: each.cursor,
                Header.MSG_ID: each.id,
                Header.EXPECTED_STREAM: self._where.stream,
                Header.EXPECTED_LAST_SEQUENCE: str(number),
                **before,
            }
            before = {Header.EXPECTED_LAST_MSG_ID: each.id}
            waiting.append(await self._stream.publish_async(_subject(each), each.body, headers=headers))
        for stored in await asyncio.gather(*waiting):
            self._last += 1
            if stored.seq != self._last:
                raise NotStored("it was there before")

    async def _unless_broken(self, doing: Coroutine[Any, Any, T], seconds: float = ACKNOWLEDGED) -> T:
        """What came of it. Raises NotStored, also where the connection broke, or nothing came in time."""
        task = asyncio.ensure_future(doing)
        try:
            await asyncio.wait((task, self._broken), timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
            if task.done():
                return await task
        except (Error, OSError, TimeoutError) as error:
            raise NotStored(_reason(error)) from error
        finally:
            task.cancel()
        raise NotStored(_reason(self._broken.result()) if self._broken.done() else "no answer in time")

    async def _went_wrong(self, error: Exception) -> None:
        """One of several servers that cannot be reached is none: there are others."""
        if self._client is not None and not self._broken.done():
            self._broken.set_result(error)

    async def _hung_up(self) -> None:
        await self._went_wrong(ConnectionResetError())


def _subject(message: Message) -> str:
    return ".".join(map(_token, message.subject))


def _token(word: str) -> str:
    """A word between dots: what has a meaning in subjects, or no place in them, is written as in a URL."""
    if not word:
        return NOTHING
    escaped = quote(word, safe="").replace(".", "%2E")[:LONGEST]
    return "%5F" if escaped == NOTHING else escaped


def _reason(error: Exception) -> str:
    """Without the subject, and with it a team's name."""
    if isinstance(error, APIError) and error.description:
        return error.description
    return str(error).split(" for ")[0] if type(error) is Error else type(error).__name__
