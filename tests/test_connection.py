"""How connections are opened: with limits at the server, and with patience at this end."""

import ast
import os
import signal
from pathlib import Path

import psycopg
import pytest

from journey.connection import (
    ANSWERING,
    OPERATING,
    REBUILDING,
    WORKING,
    Limits,
    Unanswered,
    bounded,
    opened,
)
from journey.database import connect

PACKAGE = Path(__file__).parents[1] / "journey"


def shown(connection: psycopg.Connection, name: str) -> str:
    [(value,)] = connection.execute("SELECT current_setting(%s)", (name,)).fetchall()
    return str(value)


@pytest.mark.parametrize("limits", [ANSWERING, WORKING, OPERATING, REBUILDING])
def test_the_server_ends_what_takes_too_long(empty_database_url: str, limits: Limits) -> None:
    with opened(empty_database_url, limits, "test") as connection:
        seconds = "SELECT setting::int / 1000 FROM pg_settings WHERE name = %s"
        found = [
            connection.execute(seconds, (name,)).fetchall()[0][0]
            for name in ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout")
        ]
        assert found == list(limits)
        assert shown(connection, "application_name") == "journey test"
        assert shown(connection, "jit") == "off"
    assert all(limits)
    assert limits.lock < limits.statement < limits.patience


def test_a_statement_a_lock_and_an_idle_transaction_are_ended(empty_database_url: str) -> None:
    short = Limits(statement=1, lock=1, idle=1)
    with (
        opened(empty_database_url, short, "test") as connection,
        pytest.raises(psycopg.errors.QueryCanceled),
    ):
        connection.execute("SELECT pg_sleep(60)")
    with opened(empty_database_url, short, "test", autocommit=False) as connection:
        connection.execute("SELECT 1")
        with pytest.raises(psycopg.OperationalError):
            tuple(connection.notifies(timeout=20))  # listens until the server hangs up


def test_what_the_address_says_itself_is_kept(empty_database_url: str) -> None:
    said = bounded(empty_database_url, ANSWERING, "test")
    again = bounded(said.replace("connect_timeout=5", "connect_timeout=9"), ANSWERING, "other")
    assert "connect_timeout=9" in again
    assert "application_name='journey test'" in again
    own = psycopg.conninfo.make_conninfo(empty_database_url, options="-c statement_timeout=1234")
    with opened(own, ANSWERING, "test") as connection:
        assert shown(connection, "statement_timeout") == "1234ms"
    with connect(empty_database_url) as connection:
        assert shown(connection, "statement_timeout") == "5s"


def test_a_server_that_says_nothing_is_given_up(empty_database_url: str) -> None:
    with (
        opened(empty_database_url, Limits(statement=1, lock=1, idle=1), "test") as connection,
        connect(empty_database_url) as other,
    ):
        pid = connection.info.backend_pid
        os.kill(pid, signal.SIGSTOP)
        try:
            with pytest.raises(Unanswered):
                connection.execute("SELECT 1")
            assert connection.closed
            assert other.execute("SELECT 1").fetchone() == (1,)
        finally:
            os.kill(pid, signal.SIGCONT)


def pools_of(tree: ast.Module) -> set[str]:
    """What the module may call its pools of connections to the database: other libraries have pools too."""
    imported = [each for each in ast.walk(tree) if isinstance(each, ast.ImportFrom)]
    names = [name for each in imported if each.module == "psycopg_pool" for name in each.names]
    return {name.asname or name.name for name in names if name.name.endswith("ConnectionPool")}


def test_every_connection_is_opened_in_one_place() -> None:
    """The benchmarks measure against connections as they come."""
    for path in PACKAGE.rglob("*.py"):
        if path.name == "connection.py" or "bench" in path.parts:
            continue
        tree = ast.parse(path.read_text())
        pools = pools_of(tree)
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call):
                continue
            called = ast.unparse(node.func)
            assert not called.startswith("psycopg_pool."), path
            assert called not in {"psycopg.connect", "Connection.connect", "AsyncConnection.connect"}, path
            if called in pools:
                assert {"connection_class"} <= {each.arg for each in node.keywords}, path
