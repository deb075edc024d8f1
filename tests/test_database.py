import os
import signal
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from journey.database import DatabaseUnavailable, connect, open_database
from journey.settings import Settings
from tests.waiting import until


def test_database_url_names_the_database(settings: Settings, database_url: str) -> None:
    with open_database(settings) as database:
        assert database.conninfo == database_url
        assert not database.embedded
    assert not settings.home.exists()


def test_without_it_an_embedded_one_runs_for_as_long_as_it_is_used(
    short_folder: Path, postgres_bin_dir: Path | None
) -> None:
    settings = Settings.load(home=short_folder / "home", postgres_bin_dir=postgres_bin_dir)
    with open_database(settings) as database:
        assert database.embedded
        with connect(database.conninfo) as connection:
            assert connection.execute("SELECT current_database()").fetchone() == ("journey",)
    with pytest.raises(DatabaseUnavailable, match="cannot be reached"):
        connect(database.conninfo)


def test_an_embedded_one_that_was_killed_comes_back_with_what_was_committed(
    short_folder: Path, postgres_bin_dir: Path | None
) -> None:
    settings = Settings.load(home=short_folder / "home", postgres_bin_dir=postgres_bin_dir)

    def server() -> int:
        with connect(database.conninfo) as connection:
            row = connection.execute("SELECT pg_read_file('postmaster.pid')").fetchone()
        assert row is not None
        return int(row[0].split()[0])

    def another_serves() -> bool:
        try:
            return server() != killed
        except (DatabaseUnavailable, psycopg.Error):
            return False

    with open_database(settings) as database:
        with connect(database.conninfo) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 1")
        killed = server()
        os.kill(killed, signal.SIGKILL)
        until(another_serves, 30)
        with connect(database.conninfo) as connection:
            assert connection.execute("SELECT count(*) FROM kept").fetchone() == (1,)


def test_no_way_to_embed_one_is_a_sentence(short_folder: Path) -> None:
    settings = Settings.load(home=short_folder / "home", postgres_bin_dir=short_folder)
    with pytest.raises(DatabaseUnavailable, match=r"^JOURNEY_POSTGRES_BIN_DIR is .* or leave it unset\.$"):
        open_database(settings).__enter__()


@pytest.mark.parametrize(
    "address",
    [
        "hello pa55word",
        "mysql://me:pa55word@db/journey",
        "postgresql+psycopg://me:pa55word@db/journey",
        "postgresql://me:pa55word/7@db/journey",
        "postgresql://me:pa55:word@db:port/journey",
        "postgresql://me:a@pa55word@db/journey",
        "host=db pasword=pa55word",
    ],
)
def test_what_is_not_an_address_is_refused_without_quoting_it(address: str) -> None:
    with pytest.raises(DatabaseUnavailable, match="DATABASE_URL is not the address") as refused:
        connect(address)
    assert "pa55" not in str(refused.value)
    assert refused.value.__cause__ is None
    assert refused.value.__suppress_context__


def test_a_server_that_is_not_there_is_named_without_the_password() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(DatabaseUnavailable) as refused:
        connect(f"postgresql://me:pa55word@127.0.0.1:{port}/journey")
    said = str(refused.value)
    assert said.startswith(f"The database journey at 127.0.0.1:{port} cannot be reached: Connection refused.")
    assert "pa55word" not in said


def test_a_host_that_does_not_exist_is_said_so() -> None:
    with pytest.raises(DatabaseUnavailable, match=r"journey at nowhere\.invalid cannot be reached:"):
        connect("postgresql://me:pa55word@nowhere.invalid/journey")


def test_a_database_that_does_not_exist_is_said_so(database_url: str) -> None:
    with pytest.raises(DatabaseUnavailable, match='database "nothing" does not exist'):
        connect(psycopg.conninfo.make_conninfo(database_url, dbname="nothing"))


def test_a_server_that_is_too_old_is_refused_with_what_to_do() -> None:
    with server_of_version("14.13") as address, pytest.raises(DatabaseUnavailable) as refused:
        open_database(Settings.load(database_url=address)).__enter__()
    assert str(refused.value) == (
        "DATABASE_URL names a PostgreSQL 14, and Journey needs 15 or newer. "
        "Upgrade that server, or name another."
    )


@contextmanager
def server_of_version(version: str) -> Iterator[str]:
    """Speaks just enough of PostgreSQL's protocol to be logged in to."""

    def message(kind: bytes, body: bytes) -> bytes:
        return kind + struct.pack("!i", len(body) + 4) + body

    def serve() -> None:
        client, _ = listening.accept()
        with client:
            client.recv(4096)  # who wants in
            client.sendall(
                message(b"R", struct.pack("!i", 0))
                + message(b"S", b"server_version\0" + version.encode() + b"\0")
                + message(b"S", b"client_encoding\0UTF8\0")
                + message(b"K", struct.pack("!ii", 1, 1))
                + message(b"Z", b"I")
            )
            client.recv(4096)  # the farewell

    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = threading.Thread(target=serve)
        server.start()
        port = listening.getsockname()[1]
        yield f"postgresql://me@127.0.0.1:{port}/journey?sslmode=disable&gssencmode=disable"
        server.join()
