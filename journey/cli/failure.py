"""What went wrong, as one sentence on standard error, and the exit status that says so.

An error that is expected has its sentence. Any other is a bug: it is named by its kind and place, never by
its text, which may quote a patient.
"""

import errno
import os
import sys
import traceback
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    import psycopg

DEBUG: ContextVar[bool] = ContextVar("debug", default=False)
"""Whether tracebacks were asked for."""

PROJECT = Path(__file__).parents[2]
FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class Failed(Exception):
    """The command cannot do what was asked; the message is the sentence that says why."""


def reported(error: Exception) -> int:
    """Say it, and answer the exit status."""
    if isinstance(error, BrokenPipeError):
        # Whoever read our output has gone; what is left of it must not fail again at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    if DEBUG.get():
        _log(error)
    typer.echo(f"Error: {_expected(error) or _unexpected(error)}", err=True)
    return 1


def _expected(error: Exception) -> str | None:
    import psycopg

    from journey.api.access.keys import NameTaken, NoSuchKey
    from journey.api.server import NotStarted
    from journey.database import DatabaseUnavailable
    from journey.domain.event import Refused
    from journey.errands.carrying import Stopped
    from journey.ledger.anchor import Unreadable
    from journey.ledger.answers import NoSuchCheckpoint, NoSuchLeaf, NotYet
    from journey.ledger.merkle import Unproven
    from journey.ledger.seal import NoKey
    from journey.ledger.seals import OtherKey
    from journey.migrate import MigrationError
    from journey.mllp.certificates import Unusable
    from journey.pathways import Mistaken
    from journey.projections.rebuild import NotRebuilt
    from journey.settings import SettingsError
    from journey.store.errors import Contended, StaleVersion, StoreUnavailable
    from journey.store.mapper import UnknownStoredEvent
    from journey.tracing import NotInstalled
    from journey.worker import WorkerFailed

    told = (
        Failed,
        SettingsError,
        DatabaseUnavailable,
        MigrationError,
        Mistaken,
        NotRebuilt,
        NotInstalled,
        NoSuchLeaf,
        NoSuchCheckpoint,
        NotYet,
        Unproven,
        Unusable,
        NoKey,
        OtherKey,
        Unreadable,
        StoreUnavailable,
        StaleVersion,
        Contended,
        Refused,
        Stopped,
        NameTaken,
        NoSuchKey,
        UnknownStoredEvent,
        NotStarted,
        WorkerFailed,
    )
    if isinstance(error, told):
        return str(error)
    if isinstance(error, OSError):
        return _about_file(error)
    if isinstance(error, psycopg.Error):
        return _about_database(error)
    return None


def _about_database(error: "psycopg.Error") -> str | None:
    from psycopg import InterfaceError, OperationalError, errors

    sentences: dict[tuple[type[Exception], ...], str] = {
        (errors.DiskFull,): "The database's disk is full. Free some space there, and run the command again.",
        (errors.InsufficientPrivilege,): (
            "The database's user may not do this. Let DATABASE_URL name the user that owns Journey's tables."
        ),
        (errors.UndefinedTable, errors.UndefinedColumn): (
            "The database is not at this version of Journey. Run: journey migrate."
        ),
        (OperationalError, InterfaceError): (
            "The connection to the database was lost. Once it is back, run the command again."
        ),
    }
    return next((sentence for kinds, sentence in sentences.items() if isinstance(error, kinds)), None)


def _about_file(error: OSError) -> str:
    file = str(error.filename) if error.filename is not None else "the output"
    if error.errno in FULL:
        return f"There is no space left to write {file}. Free some, or write elsewhere."
    return f"{file} cannot be used: {error.strerror or type(error).__name__}."


def _unexpected(error: Exception) -> str:
    """Where in our own code it came up."""
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if Path(frame.filename).is_relative_to(PROJECT / "journey")
    ]
    place = f" at {Path(frames[-1].filename).relative_to(PROJECT)}:{frames[-1].lineno}" if frames else ""
    return (
        f"Journey did not expect this: {type(error).__name__}{place}. "
        "Nothing is lost that was recorded. For the traceback, run: journey --debug …"
    )


def _log(error: Exception) -> None:
    import structlog

    if structlog.is_configured():
        structlog.get_logger().error("command.failed", exc_info=error)
    else:
        traceback.print_exception(error)
