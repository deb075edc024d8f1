"""The listener: connections of other systems, each message acknowledged when it is on disk, and not before.

A connection has one message under way, so its order is kept and what it sends beyond that waits in its own
buffers. Where the database is away nothing is answered: the connection is closed, and its sender sends again.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from ipaddress import ip_address
from time import perf_counter
from typing import Any

import structlog

from journey.mllp.acknowledging import acknowledgements, too_long
from journey.mllp.certificates import Unusable, listening
from journey.mllp.figures import Figures
from journey.mllp.framing import Framed, Frames, framed
from journey.mllp.header import header
from journey.mllp.taking import Taking
from journey.settings import Settings
from journey.store.errors import StoreUnavailable

CHUNK = 1 << 16
HANDSHAKE = 10.0
"""Seconds in which TLS comes about."""
GRACE = 25.0
"""Seconds for what is under way when the listener stops: more than a message takes."""

logger = structlog.get_logger()


class Ended(Exception):
    """The connection is to be closed; the message is why, in a word."""


@dataclass(eq=False)
class Connection:
    """One of them, and how far it has come."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    frames: Frames
    source: str
    task: "asyncio.Task[None] | None"
    messages: int = 0
    is_busy: bool = False
    answers: dict[str, int] = field(default_factory=dict)


class Listener:
    """Any number of connections, as many as the settings allow at once."""

    def __init__(self, taking: Taking, settings: Settings, figures: Figures) -> None:
        self._taking = taking
        self._settings = settings
        self._figures = figures
        self._open: set[Connection] = set()
        self._stopping = asyncio.Event()

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[tuple[str, int]]:
        """Takes connections in for as long as the block lasts; its address. Raises OSError and Unusable.

        After it, what is under way is finished and acknowledged; what was not begun is the sender's still.
        """
        settings, tls = self._settings, self._tls()
        server = await asyncio.start_server(
            self._connected,
            settings.mllp_host,
            settings.mllp_port,
            limit=CHUNK,
            backlog=settings.mllp_connections,
            ssl=tls,
            ssl_handshake_timeout=HANDSHAKE if tls else None,
        )
        try:
            host, port = server.sockets[0].getsockname()[:2]
            yield host, port
        finally:
            server.close()
            await self._stop()

    def _tls(self) -> ssl.SSLContext | None:
        settings = self._settings
        if settings.mllp_tls_cert_file is None:
            if settings.mllp_tls_key_file or settings.mllp_tls_client_ca_file:
                raise Unusable("TLS needs a certificate: name one with JOURNEY_MLLP_TLS_CERT_FILE.")
            return None
        return listening(
            settings.mllp_tls_cert_file, settings.mllp_tls_key_file, settings.mllp_tls_client_ca_file
        )

    async def _stop(self) -> None:
        self._stopping.set()
        await asyncio.sleep(0)  # who has just come in is taken in, and seen below
        for each in self._open:
            if not each.is_busy:
                each.writer.close()
        tasks = [each.task for each in self._open if each.task]
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=GRACE)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    # --- One connection

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        why = self._refusal(writer)
        if why is not None:
            self._figures.closed.labels(why).inc()
            logger.warning("mllp.refused", why=why)
            writer.transport.abort()
            return
        writer.transport.set_write_buffer_limits(high=0)  # an answer counts as read when it has left us
        frames = Frames(self._settings.mllp_max_bytes)
        connection = Connection(reader, writer, frames, _source(writer), asyncio.current_task())
        self._open.add(connection)
        self._figures.connections.inc()
        try:
            await self._converse(connection)
            why = "ended"
        except Ended as end:
            why = str(end)
        except OSError:
            why = "lost"
        finally:
            self._open.discard(connection)
            self._figures.connections.dec()
            self._tell(connection, why or "stopped")
            if why == "unread":
                writer.transport.abort()
            writer.close()

    def _refusal(self, writer: asyncio.StreamWriter) -> str | None:
        """Why this one is not taken in."""
        if writer.get_extra_info("peername") is None:
            return "lost"
        allowed = self._settings.mllp_from
        address = ip_address(_peer(writer))
        address = getattr(address, "ipv4_mapped", None) or address
        if allowed and not any(address in network for network in allowed):
            return "not-allowed"
        if self._stopping.is_set() or len(self._open) >= self._settings.mllp_connections:
            return "too-many"
        return None

    async def _converse(self, connection: Connection) -> None:
        loop = asyncio.get_running_loop()
        heard = since = loop.time()
        begun = 0
        frames, settings = connection.frames, self._settings
        while not self._stopping.is_set():
            deadline = since + settings.mllp_idle_seconds
            if frames.is_inside:
                deadline = min(deadline, heard + settings.mllp_read_seconds)
            try:
                async with asyncio.timeout_at(deadline):
                    data = await connection.reader.read(CHUNK)
            except TimeoutError:
                raise Ended("slow" if frames.is_inside else "idle") from None
            if not data:
                return
            for each in frames.feed(data):
                if self._stopping.is_set():
                    return
                await self._answer(connection, each)
                since = loop.time()
            if frames.begun != begun:
                heard, begun = loop.time(), frames.begun

    async def _answer(self, connection: Connection, each: Framed) -> None:
        connection.is_busy = True
        connection.messages += 1
        started = perf_counter()
        try:
            for answer in await self._answers(connection, each):
                connection.writer.write(framed(answer))
            async with asyncio.timeout(self._settings.mllp_read_seconds):
                await connection.writer.drain()
        except StoreUnavailable as problem:
            raise Ended("database-away") from problem
        except TimeoutError:
            raise Ended("unread") from None
        finally:
            connection.is_busy = False
        self._figures.seconds.observe(perf_counter() - started)

    async def _answers(self, connection: Connection, each: Framed) -> list[bytes]:
        """What to write once it is taken. Raises StoreUnavailable: nothing is to be written then."""
        if each.is_whole:
            status, found = await self._taking.take(each.raw, connection.source, connection.messages)
        else:
            status, found = "not-kept", too_long(self._settings.mllp_max_bytes)
        self._figures.messages.labels(status).inc()
        connection.answers[status] = connection.answers.get(status, 0) + 1
        answers = [] if found is None else list(acknowledgements(header(each.raw), found))
        for code, _ in answers:
            self._figures.answers.labels(code).inc()
        return [answer for _, answer in answers]

    def _tell(self, connection: Connection, why: str) -> None:
        """What came of it, for the log and the figures."""
        frames, figures = connection.frames, self._figures
        cut_short = frames.cut_short + frames.is_inside
        figures.closed.labels(why).inc()
        figures.noise.inc(frames.noise)
        figures.cut_short.inc(cut_short)
        amiss = why not in {"ended", "stopped", "idle"} or cut_short or frames.noise
        tell: Any = logger.warning if amiss else logger.info
        tell(
            "mllp.closed",
            source=connection.source,
            why=why,
            messages=connection.messages,
            **connection.answers,
            noise_bytes=frames.noise,
            cut_short=cut_short,
        )


def _peer(writer: asyncio.StreamWriter) -> str:
    """Its address, without the zone of a link-local one."""
    return str(writer.get_extra_info("peername")[0]).partition("%")[0]


def _source(writer: asyncio.StreamWriter) -> str:
    """Where its messages come from: its address, and the name in its certificate where it showed one."""
    certificate = writer.get_extra_info("peercert") or {}
    names = [value for rdn in certificate.get("subject", ()) for key, value in rdn if key == "commonName"]
    return " ".join(("mllp", _peer(writer), *names))
