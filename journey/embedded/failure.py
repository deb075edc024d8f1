"""What keeps the embedded database from running, in sentences for the person who started it."""

import errno
import shutil
from pathlib import Path

NO_SPACE = "No space left on device"
NEEDED_TO_RUN = 1 << 20
"""Bytes. With less the server cannot even write down why it gave up."""


class ClusterError(Exception):
    """The embedded database could not be used; the message says why and what to do."""


def disk_full(folder: Path) -> ClusterError:
    return ClusterError(
        f"The disk that holds {folder} is full. "
        "Free some space, or point JOURNEY_HOME at a folder on another disk."
    )


def from_os(error: OSError, folder: Path) -> ClusterError:
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return disk_full(folder)
    return ClusterError(
        f"The embedded database cannot be kept in {folder}: "
        f"{error.strerror or error} ({error.filename or folder}). "
        "Point JOURNEY_HOME at a folder this user may write, or set DATABASE_URL."
    )


def from_output(output: str, folder: Path, doing: str) -> ClusterError:
    """From what PostgreSQL wrote when it gave up."""
    if NO_SPACE in output or shutil.disk_usage(folder).free < NEEDED_TO_RUN:
        return disk_full(folder)
    marks = ("FATAL:", "PANIC:", "initdb: error:")
    said = [line.partition(mark)[2].strip() for line in output.splitlines() for mark in marks if mark in line]
    reason = said[-1] if said else (output.strip().splitlines() or ["it said nothing"])[-1]
    return ClusterError(
        f"PostgreSQL could not {doing} in {folder}: {reason.rstrip('.')}. "
        f"More may stand in {folder / 'postgres.log'}. DATABASE_URL names a server to use instead."
    )
