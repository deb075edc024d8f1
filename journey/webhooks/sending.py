"""Sending: one message to one endpoint, and what came of it. Never raises for what the other side does.

Redirects are not followed: a signed message goes where its subscriber said, and nowhere else.
"""

import asyncio
import ssl
from collections.abc import Iterator, Mapping
from contextlib import suppress
from time import monotonic
from typing import NamedTuple, Self

from httpcore2 import AsyncConnectionPool, ConnectError, NetworkError, TimeoutException

from journey.webhooks.addresses import AddressRefused, Guarded, Where

KEPT_OPEN = 20.0
"""Seconds for which a connection is kept for the next message."""

LARGEST = 64 * 1024
"""Bytes of an answer that are read to keep its connection; nothing is made of them."""

GONE = 410
BUSY = frozenset({429, 503})
"""Answers whose `Retry-After` speaks for the whole endpoint."""

OURS = {"content-type": "application/cloudevents+json", "user-agent": "Journey-Webhooks/1"}
"""Where the message says nothing else."""


class Answer(NamedTuple):
    """What came of an attempt: a status, or the kind of error."""

    status: int | None
    error: str | None
    seconds: float
    retry_after: str | None = None

    @property
    def is_taken(self) -> bool:
        return self.status is not None and 200 <= self.status < 300  # noqa: PLR2004 - the class of answers


class Sender:
    """A client for one endpoint: each request looks through all of a client's connections."""

    def __init__(self, where: Where, tls: ssl.SSLContext, connections: int = 1) -> None:
        self._pool = AsyncConnectionPool(
            ssl_context=tls,
            max_connections=connections,
            max_keepalive_connections=connections,
            keepalive_expiry=KEPT_OPEN,
            network_backend=Guarded(where),
        )

    async def send(self, endpoint: str, headers: Mapping[str, str], body: bytes, seconds: float) -> Answer:
        """Post it, within so many seconds."""
        began = monotonic()
        heard: dict[str, str] = {}
        status: int | None = None
        error: str | None = None
        said: list[tuple[bytes | str, bytes | str]] = [*{**OURS, **headers}.items()]
        try:
            async with (
                asyncio.timeout(seconds),
                self._pool.stream("POST", endpoint, headers=said, content=body) as response,
            ):
                status = response.status
                heard = {name.lower().decode(): text.decode("latin-1") for name, text in response.headers}
                size = 0
                async for part in response.aiter_stream():
                    size += len(part)
                    if size > LARGEST:
                        break
        except Exception as failure:  # noqa: BLE001 - who hangs up at a bad moment, the library meets with any
            error = None if status is not None else _kind(failure)
        return Answer(status, error, monotonic() - began, heard.get("retry-after"))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        with suppress(NetworkError, OSError):
            await self._pool.aclose()


def _kind(failure: Exception) -> str:
    """What the subscriber is told of it: nothing of what stood on the wire."""
    match failure:
        case AddressRefused():
            return "address-refused"
        case TimeoutError() | TimeoutException():
            return "timeout"
        case ConnectError() if any(isinstance(each, ssl.SSLError) for each in _behind(failure)):
            return "tls"
        case ConnectError():
            return "not-reached"
        case _:
            return "broken-off"


def _behind(failure: BaseException | None) -> Iterator[BaseException]:
    """The failure, and those that led to it."""
    while failure is not None:
        yield failure
        failure = failure.__cause__ or failure.__context__
