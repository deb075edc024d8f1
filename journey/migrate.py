"""Brings a database to this version: ``migrations/NNNN_name.sql``, each once, in order, in a transaction.

What was applied stands in ``schema_migration`` with a checksum, so that a file changed afterwards is
noticed. Forward only. Any number of processes may migrate at once: one does, the others wait for it.

A file whose first line is ``-- no-transaction`` runs statement by statement (each ends with ``;`` at the
end of a line), for CREATE INDEX CONCURRENTLY and the like. It is recorded when all of it is done, so it
must stand being run again from the start. A file that needs longer than the limits below says so itself:
``SET statement_timeout = '10min';``.
"""

import hashlib
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cache, cached_property
from inspect import cleandoc
from pathlib import Path

import psycopg
import structlog
from psycopg.rows import class_row

from journey.connection import REBUILDING
from journey.database import connect

ADVISORY_LOCK = 0x4A6F75726E657921
"""Journey's own among the database's advisory locks: its name in ASCII."""
LIMITS = "SET lock_timeout = '4s'; SET statement_timeout = '5s'"
"""What waits for a lock makes everybody else wait behind it, and these run beside the version in use."""
LONGEST_WAIT = 300.0
"""Seconds another process may take to migrate before this one gives up."""
NO_TRANSACTION = "-- no-transaction"
SELECT_APPLIED = "SELECT name, sha256, applied_at FROM schema_migration ORDER BY name"

log = structlog.get_logger()


class MigrationError(Exception):
    """Migrating was refused or failed. The docstring of each kind is its message."""

    def __init__(self, **facts: object) -> None:
        super().__init__(" ".join(cleandoc(type(self).__doc__ or "").split()).format(**facts))


class MigrationsMissing(MigrationError):
    """There are no migrations in {folder}. Install Journey anew, or run it from its checkout."""


class Misnumbered(MigrationError):
    """{name} is not what follows {previous}. Migrations are called NNNN_name.sql and counted from 0001
    without gaps.
    """


class EditedMigration(MigrationError):
    """{name} was changed after it was applied on {applied_at:%Y-%m-%d}. Put it back as it was, and make the
    change in a new migration.
    """


class UnknownMigration(MigrationError):
    """The database has had {name}, which this version of Journey does not have. Run the version that
    migrated it, or a newer one.
    """


class AppliedOutOfOrder(MigrationError):
    """{name} has not been applied, yet {later} has. Give {name} a number after the last one applied."""


class NotMigrated(MigrationError):
    """The database is behind this version of Journey by {names}. Run: journey migrate."""


class StillMigrating(MigrationError):
    """Another process has been migrating this database for {seconds:.0f} s. Look at what it is doing, then
    run journey migrate again.
    """


class MigrationFailed(MigrationError):
    """{name} failed and nothing of it was kept: {reason}. The migrations before it are in place; run
    journey migrate again once this is dealt with.
    """


class MigrationInterrupted(MigrationError):
    """{name} failed part-way, and it runs outside a transaction: {reason}. Run journey migrate again once
    this is dealt with; it starts that file over.
    """


@dataclass(frozen=True)
class Migration:
    name: str
    sql: str

    @cached_property
    def sha256(self) -> str:
        return hashlib.sha256(self.sql.encode()).hexdigest()

    @property
    def transactional(self) -> bool:
        return not self.sql.startswith(NO_TRANSACTION)

    def statements(self) -> list[str]:
        return [part for part in re.split(r";[ \t]*$", self.sql, flags=re.MULTILINE) if part.strip()]


@dataclass(frozen=True)
class Applied:
    name: str
    sha256: str
    applied_at: datetime


def folder() -> Path:
    """In an installed wheel they are data of the package; in a checkout they stand beside it."""
    packaged = Path(__file__).with_name("_migrations")
    return packaged if packaged.is_dir() else Path(__file__).parent.with_name("migrations")


def available(source: Path | None = None) -> list[Migration]:
    source = source or folder()
    found = [Migration(path.name, path.read_text(encoding="utf-8")) for path in sorted(source.glob("*.sql"))]
    if not found:
        raise MigrationsMissing(folder=source)
    previous = "nothing"
    for number, migration in enumerate(found, start=1):
        if not re.fullmatch(rf"{number:04}_[a-z0-9_]+\.sql", migration.name):
            raise Misnumbered(name=migration.name, previous=previous)
        previous = migration.name
    return found


def migrate(conninfo: str, source: Path | None = None) -> list[str]:
    """Apply what is missing and return its names. Raises MigrationError, DatabaseUnavailable."""
    known = available(source)
    with connect(conninfo, REBUILDING) as connection:
        _wait_for_turn(connection)
        _prepare(connection)
        missing = _missing(known, _applied(connection))
        for migration in missing:
            _apply(connection, migration)
    return [migration.name for migration in missing]


def pending(conninfo: str, source: Path | None = None) -> list[str]:
    """What `migrate` would apply; the same refusals, and nothing is changed."""
    with connect(conninfo) as connection:
        return [migration.name for migration in _missing(available(source), _applied(connection))]


def check(conninfo: str, source: Path | None = None) -> None:
    """Raises MigrationError unless the database is exactly at this version, and DatabaseUnavailable."""
    with connect(conninfo) as connection:
        agreed(_applied(connection), source)


def agreed(applied: list[Applied], source: Path | None = None) -> None:
    """Raises MigrationError unless a database that has had these is exactly at this version."""
    missing = _missing(_shipped() if source is None else available(source), applied)
    if missing:
        raise NotMigrated(names=", ".join(each.name for each in missing))


@cache
def _shipped() -> list[Migration]:
    """Those of the version that runs, whatever is installed beside it meanwhile."""
    return available()


def _wait_for_turn(connection: psycopg.Connection) -> None:
    """Return as the only one migrating this database, until the connection closes.

    Polled, not waited for: a session blocked in pg_advisory_lock() holds a snapshot, and CREATE INDEX
    CONCURRENTLY waits for every older snapshot to go, so the one at work and those in wait would deadlock.
    """
    started = time.monotonic()
    while True:
        row = connection.execute("SELECT pg_try_advisory_lock(%s)", [ADVISORY_LOCK]).fetchone()
        if row == (True,):
            return
        if time.monotonic() - started > LONGEST_WAIT:
            raise StillMigrating(seconds=LONGEST_WAIT)
        time.sleep(0.05)


def _applied(connection: psycopg.Connection) -> list[Applied]:
    """What the database has had, in order; nothing where it was never migrated."""
    if connection.execute("SELECT to_regclass('schema_migration')").fetchone() == (None,):
        return []
    with connection.cursor(row_factory=class_row(Applied)) as cursor:
        return cursor.execute(SELECT_APPLIED).fetchall()


def _missing(known: list[Migration], applied: list[Applied]) -> list[Migration]:
    """What is known and not applied, once both agree on the past."""
    by_name = {migration.name: migration for migration in known}
    for past in applied:
        if past.name not in by_name:
            raise UnknownMigration(name=past.name)
        if past.sha256 != by_name[past.name].sha256:
            raise EditedMigration(name=past.name, applied_at=past.applied_at)
    had = {past.name for past in applied}
    missing = [migration for migration in known if migration.name not in had]
    if missing and applied and missing[0].name < applied[-1].name:
        raise AppliedOutOfOrder(name=missing[0].name, later=applied[-1].name)
    return missing


def _prepare(connection: psycopg.Connection) -> None:
    with _explained(MigrationFailed, "Creating the table schema_migration"):
        connection.execute("""
            CREATE TABLE IF NOT EXISTS schema_migration (
                name         text PRIMARY KEY,
                sha256       text NOT NULL,
                applied_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
                milliseconds integer NOT NULL
            )
            """)


def _apply(connection: psycopg.Connection, migration: Migration) -> None:
    started = time.perf_counter()
    connection.execute(LIMITS)
    if migration.transactional:
        with _explained(MigrationFailed, migration.name), connection.transaction():
            connection.execute(migration.sql.encode())
            _record(connection, migration, started)
    else:
        with _explained(MigrationInterrupted, migration.name):
            for statement in migration.statements():
                connection.execute(statement.encode())
            _record(connection, migration, started)


def _record(connection: psycopg.Connection, migration: Migration, started: float) -> None:
    milliseconds = round((time.perf_counter() - started) * 1000)
    connection.execute(
        "INSERT INTO schema_migration (name, sha256, milliseconds) VALUES (%s, %s, %s)",
        [migration.name, migration.sha256, milliseconds],
    )
    log.info("migration applied", migration=migration.name, milliseconds=milliseconds)


@contextmanager
def _explained(kind: type[MigrationError], name: str) -> Iterator[None]:
    try:
        yield
    except psycopg.errors.LockNotAvailable as error:
        raise kind(name=name, reason="another session holds a lock it needs") from error
    except psycopg.errors.QueryCanceled as error:
        raise kind(name=name, reason="a statement took longer than it may") from error
    except psycopg.Error as error:
        raise kind(name=name, reason=error.diag.message_primary or str(error)) from error
