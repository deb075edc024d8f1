"""The embedded cluster: made once, shared by every process that asks, gone when the last of them is.

    start.lock     held while somebody starts; one at a time
    users.lock     shared by every process that uses the server; the watchdog waits to have it alone
    server.lock    held by the server's own processes, so it is free exactly when none is left
    watchdog.lock  held by the watchdog on duty

These are the kernel's locks (flock): none can be left behind, they end with the process, whatever ended it.
"""

import fcntl
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

import structlog

from journey.embedded import failure, watchdog
from journey.embedded.binaries import Binaries, find
from journey.embedded.failure import ClusterError
from journey.embedded.place import Place, choose, within_reach

DATABASE = "journey"
SUPERUSER = "journey"
PORT = 5432
"""Only a part of the socket's name: the server listens on no network."""
LONGEST_START = 120.0
"""Seconds; recovery after a crash is part of a start."""
PIDFILE_SOCKETS, PIDFILE_STATUS = 4, 7
"""Lines of postmaster.pid, counted from 0."""
BUILTIN_LOCALES_SINCE = 17
NEEDED_TO_CREATE = 64 << 20
"""Bytes; fresh data takes 40 million of them."""

Finished = subprocess.CompletedProcess[str]

log = structlog.get_logger()


class Cluster:
    """PostgreSQL under a folder of the user's, on a Unix socket.

    ``durable=False`` gives up surviving a crash for speed: for tests, never for data. ``binaries`` is the
    folder of PostgreSQL's programs when not the usual one. Errors are ``ClusterError``, in sentences.
    """

    def __init__(self, home: Path, *, durable: bool = True, binaries: Path | None = None) -> None:
        self._home = home.resolve()
        self._durable = durable
        self._binaries = binaries
        self._place: Place | None = None
        self._users: int | None = None
        self._sockets = ""

    def start(self) -> str:
        """Bring the server up, or join the one that runs, and say where it is.

        Called again it finds the server running, or brings back one that was killed.
        """
        try:
            where = self._place = choose(self._home)
            with _opened(where.folder / "start.lock") as starting:
                fcntl.flock(starting, fcntl.LOCK_EX)
                self._join(where)
                _send_watchdog(where)
                self._bring_up(where)
        except OSError as error:
            self.stop()
            raise failure.from_os(error, self._home) from error
        except BaseException:
            self.stop()
            raise
        return self.url()

    def stop(self) -> None:
        """Leave the server. The last to leave sees it stopped before this returns."""
        if self._users is None or self._place is None:
            return
        users, self._users = self._users, None
        try:
            if watchdog.taken(users, fcntl.LOCK_EX):
                with _opened(self._place.folder / "server.lock") as server:
                    watchdog.stop_server(server, self._place.data)
            else:
                # Shared by others: at once. Held by the watchdog, which stops the server: when that is done.
                fcntl.flock(users, fcntl.LOCK_SH)
        finally:
            os.close(users)

    @property
    def is_up(self) -> bool:
        """Whether the server that was started or joined answers for its folder still."""
        return self._place is not None and self._is_ready(self._place)

    def url(self, database: str = DATABASE) -> str:
        """Where a database of this cluster is, once started; libpq and ``psql`` take it as it is."""
        host = quote(self._sockets, safe="")
        return f"postgresql://{SUPERUSER}@/{quote(database, safe='')}?host={host}&port={PORT}"

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _join(self, where: Place) -> None:
        """Share the server. Waits for a watchdog that is just stopping it."""
        if self._users is None:
            self._users = watchdog.open_lock(where.folder / "users.lock")
            fcntl.flock(self._users, fcntl.LOCK_SH)

    def _bring_up(self, where: Place) -> None:
        deadline = time.monotonic() + LONGEST_START
        launched = False
        while not self._is_ready(where):
            with _opened(where.folder / "server.lock") as server:
                if watchdog.postmaster(where.data) is None and watchdog.taken(server, fcntl.LOCK_EX):
                    if launched:
                        raise failure.from_output(where.last_words(), where.folder, "start")
                    self._launch(where, server)
                    launched = True
            if time.monotonic() > deadline:
                raise ClusterError(
                    f"PostgreSQL has not come up in {where.folder} within {LONGEST_START:.0f} s. "
                    f"What it is doing stands in {where.log}; start again once it is done."
                )
            time.sleep(0.01)

    def _is_ready(self, where: Place) -> bool:
        try:
            lines = (where.data / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return False
        if len(lines) <= PIDFILE_STATUS or lines[PIDFILE_STATUS].strip() != "ready":
            return False
        self._sockets = lines[PIDFILE_SOCKETS]
        return watchdog.postmaster(where.data) is not None

    def _launch(self, where: Place, server_lock: int) -> None:
        """Start the server with the lock as its inheritance. Holding it proves that nobody serves this
        folder, whatever pid files say.
        """
        programs = within_reach(find(self._binaries, major=where.major()), where.account)
        with where.new_log() as output:
            run = partial(where.account.run, hold=server_lock, output=output)
            if where.major() is None:
                _create(where, programs, run, durable=self._durable)
            for claim in (where.data / "postmaster.pid", where.sockets() / f".s.PGSQL.{PORT}.lock"):
                claim.unlink(missing_ok=True)
            settings = [f"--{name}={value}" for name, value in self._settings(where).items()]
            server = [programs / "postgres", "-D", str(where.data), *settings]
            # The shell ends at once and leaves the server to init: no child of ours to wait for, no zombie.
            run(["/bin/sh", "-c", '"$@" &', "sh", *server])
        log.info("embedded database starting", folder=str(where.folder), postgres=programs.version)

    def _settings(self, where: Place) -> dict[str, str]:
        safe = "on" if self._durable else "off"
        settings = {
            "listen_addresses": "",
            "port": str(PORT),
            "unix_socket_directories": f'"{where.sockets()}"',
            "unix_socket_permissions": "0700",
            "max_connections": "100",
            "timezone": "UTC",
            "fsync": safe,
            "full_page_writes": safe,
            "synchronous_commit": safe,
            # The text of an error and its detail quote rows, so patients. Whoever caused it is told; the
            # server's log is not.
            "log_min_messages": "log",
            "log_error_verbosity": "terse",
            "log_timezone": "UTC",
        }
        if sys.platform == "darwin" and self._durable:
            settings["wal_sync_method"] = "fsync_writethrough"  # plain fsync stops at the drive's cache there
        return settings


def _create(where: Place, programs: Binaries, run: Callable[..., Finished], *, durable: bool) -> None:
    """Make the data under another name and rename it when complete: a crash half-way leaves nothing that
    looks like data.
    """
    fresh = where.data.with_name("data.new")
    if fresh.exists():
        shutil.rmtree(fresh)
    if shutil.disk_usage(where.folder).free < NEEDED_TO_CREATE:
        raise failure.disk_full(where.folder)
    where.account.make_private(fresh)
    locale = ["--locale=C", f"--lc-ctype={'C.UTF-8' if sys.platform == 'linux' else 'C'}"]
    if programs.major >= BUILTIN_LOCALES_SINCE:  # sorts and folds the same on every platform
        locale = ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    options = ["--encoding=UTF8", *locale, "--data-checksums", "--wal-segsize=4", "--auth=trust"]
    sync = [] if durable else ["--no-sync"]
    alone = [programs / "postgres", "--single", "-D", str(fresh), "postgres"]
    made = (
        run([programs / "initdb", "-D", str(fresh), f"--username={SUPERUSER}", *options, *sync]).returncode
        == 0
        and run(alone, stdin=f"CREATE DATABASE {DATABASE};\n").returncode == 0
    )
    if not made:
        shutil.rmtree(fresh)
        raise failure.from_output(where.last_words(), where.folder, "make its data folder")
    fresh.rename(where.data)
    folder = os.open(where.folder, os.O_RDONLY)  # the new name is on disk once the folder is
    os.fsync(folder)
    os.close(folder)


def _send_watchdog(where: Place) -> None:
    """Unless one is on duty. It inherits the lock that says so: between two starters there is never a
    moment without.
    """
    with _opened(where.folder / "watchdog.lock") as duty:
        if not watchdog.taken(duty, fcntl.LOCK_EX):
            return
        subprocess.run(  # noqa: S603 - our own program
            [sys.executable, "-I", "-S", watchdog.__file__, str(duty), str(where.folder)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
            pass_fds=(duty,),
            start_new_session=True,
            check=True,
        )


@contextmanager
def _opened(path: Path) -> Iterator[int]:
    lock = watchdog.open_lock(path)
    try:
        yield lock
    finally:
        os.close(lock)
