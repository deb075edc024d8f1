"""The database this installation uses: the one DATABASE_URL names, or an embedded one under the home."""

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import psycopg
import structlog
from psycopg.conninfo import conninfo_to_dict

from journey.connection import ANSWERING, Limits, opened
from journey.settings import Settings

OLDEST_SERVER = 15
PREPARED_AFTER = 5
"""Times that a statement is sent before it is prepared; the driver's own: most are sent once."""

LOOK_AFTER_SECONDS = 0.25
"""Between looks at whether the embedded server is there."""

log = structlog.get_logger()


class DatabaseUnavailable(Exception):
    """There is no database to work with. The message says why and what to do, and never holds a password."""


@dataclass(frozen=True)
class Database:
    conninfo: str = field(repr=False)
    embedded: bool


@contextmanager
def open_database(settings: Settings) -> Iterator[Database]:
    """The database, running and new enough, for as long as the block lasts. Raises DatabaseUnavailable."""
    if settings.database_url is None:
        with _embedded(settings) as conninfo:
            yield Database(conninfo, embedded=True)
        return
    with connect(settings.database_url) as connection:
        _require_recent(connection)
    yield Database(settings.database_url, embedded=False)


def connect(conninfo: str, limits: Limits = ANSWERING) -> psycopg.Connection:
    """A connection in autocommit. Raises DatabaseUnavailable."""
    parts = _parse(conninfo)
    try:
        return opened(conninfo, limits, "command", prepare_threshold=PREPARED_AFTER)
    except psycopg.OperationalError as error:
        reason = str(error).partition("\n")[0].rpartition(" failed: ")[2]
        raise DatabaseUnavailable(
            f"The database {_named(parts)} cannot be reached: {reason.rstrip('.')}. "
            "Check that its server runs and that DATABASE_URL is right."
        ) from None


def _parse(conninfo: str) -> dict[str, Any]:
    """What the address says. Never quoted back where it is malformed: a part of the password may stand
    anywhere in it.
    """
    try:
        parts = conninfo_to_dict(conninfo)
    except psycopg.ProgrammingError:
        parts = {"host": "@"}
    numbers = (str(parts.get("port", "")).replace(",", ""), str(parts.get("connect_timeout", "")))
    if "@" in str(parts.get("host", "")) or not all(each.isdecimal() or not each for each in numbers):
        raise DatabaseUnavailable(
            "DATABASE_URL is not the address of a PostgreSQL database. One looks like this: "
            "postgresql://user:password@host:5432/database (in a password, @ : / are written %40 %3A %2F)."
        ) from None
    return parts


def _named(parts: dict[str, Any]) -> str:
    address = ":".join(str(parts[key]) for key in ("host", "port") if key in parts)
    return f"{parts.get('dbname', '')} at {address or 'the default address'}".strip()


def _require_recent(connection: psycopg.Connection) -> None:
    version = connection.info.server_version
    if version < OLDEST_SERVER * 10000:
        raise DatabaseUnavailable(
            f"DATABASE_URL names a PostgreSQL {version // 10000}, and Journey needs {OLDEST_SERVER} "
            "or newer. Upgrade that server, or name another."
        )


@contextmanager
def _embedded(settings: Settings) -> Iterator[str]:
    if sys.platform == "win32":
        raise DatabaseUnavailable(
            "There is no embedded database for Windows: set DATABASE_URL to a PostgreSQL server."
        )
    from journey.embedded import Cluster, ClusterError  # noqa: PLC0415 - only where it is used

    cluster = Cluster(settings.home, binaries=settings.postgres_bin_dir)
    try:
        conninfo = cluster.start()
    except ClusterError as error:
        raise DatabaseUnavailable(str(error)) from error
    log.warning("using the embedded database: good for trying out, for production set DATABASE_URL")
    leaving = threading.Event()

    def keep_up() -> None:
        """Bring the server back when something has killed it: nobody else would."""
        while not leaving.wait(LOOK_AFTER_SECONDS):
            if not cluster.is_up:
                log.warning("the embedded database is gone; starting it again")
                try:
                    cluster.start()
                except ClusterError as error:
                    log.error("the embedded database does not start", reason=str(error))  # noqa: TRY400 - said in full

    keeper = threading.Thread(target=keep_up, name="database-keeper", daemon=True)
    keeper.start()
    try:
        yield conninfo
    finally:
        leaving.set()
        keeper.join()
        cluster.stop()
