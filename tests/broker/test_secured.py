"""A server that asks who one is, over TLS that only its own authority vouches for."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

import pytest

from journey.bench.published import Server
from journey.broker.nats import JetStream, Where
from journey.broker.port import Message, NotStored
from journey.broker.subjects import ALL
from tests.api.issuing import certificate
from tests.broker.publishing import program

A_MESSAGE = Message(
    subject=(ALL, "visit", "booked", "ward-3"), key=UUID(int=1), id="1", cursor="c", body=b"{}"
)


@contextmanager
def running(folder: Path, *more: str) -> Iterator[Server]:
    program()
    server = Server(folder, more=more)
    server.start()
    try:
        yield server
    finally:
        server.kill()


async def published(url: str) -> None:
    """One message, stored. Raises what the publisher would be told."""
    stream = JetStream(Where((url,)))
    try:
        await stream.open()
        await stream.publish([A_MESSAGE])
    finally:
        await stream.close()


@pytest.fixture
def authority(tmp_path: Path) -> Path:
    """A certificate for this machine, which vouches for itself; and its key."""
    certificate(tmp_path / "server.pem")
    return tmp_path / "server.pem"


def test_a_password_is_given_with_the_address(tmp_path: Path) -> None:
    with running(tmp_path, "--user", "journey", "--pass", "s3cret") as server:
        where = server.url.removeprefix("nats://")
        asyncio.run(published(f"nats://journey:s3cret@{where}"))
        for wrong in (f"nats://{where}", f"nats://journey:wrong@{where}"):
            with pytest.raises(NotStored) as refused:
                asyncio.run(published(wrong))
            assert "s3cret" not in str(refused.value)


def test_a_token_is_given_with_the_address(tmp_path: Path) -> None:
    with running(tmp_path, "--auth", "t0ken") as server:
        where = server.url.removeprefix("nats://")
        asyncio.run(published(f"nats://t0ken@{where}"))
        with pytest.raises(NotStored):
            asyncio.run(published(f"nats://other@{where}"))


def test_a_server_is_believed_if_its_authority_is(
    tmp_path: Path, authority: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = ("--tls", "--tlscert", str(authority), "--tlskey", str(authority))
    with running(tmp_path, *said) as server:
        url = server.url.replace("nats://", "tls://")
        with pytest.raises(NotStored):
            asyncio.run(published(url))
        monkeypatch.setenv("SSL_CERT_FILE", str(authority))
        asyncio.run(published(url))
