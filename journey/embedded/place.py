"""Where a cluster lives and which account its server runs as.

PostgreSQL refuses to run as root, so root lends it the account ``nobody`` and gives that account exactly
three things: a data folder, a socket folder and an open log. Folders that are not ours keep their modes.
Where they shut ``nobody`` out (a home under ``/root``, say) the cluster lives under ``/var/lib/journey``
instead, in a folder named after the home it belongs to.
"""

import hashlib
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import structlog

from journey.embedded.binaries import Binaries
from journey.embedded.failure import ClusterError

STATE = Path("/var/lib/journey")
LONGEST_SOCKET_FOLDER = 85
"""Bytes. The address of a Unix socket holds 104 on macOS, and the socket's own name and its terminator need
the rest.
"""

log = structlog.get_logger()


@dataclass(frozen=True)
class Account:
    """Who the server runs as; None is whoever runs this process."""

    uid: int | None = None
    gid: int | None = None

    def run(
        self,
        command: list[str],
        *,
        stdin: str = "",
        hold: int | None = None,
        output: int = subprocess.DEVNULL,
    ) -> subprocess.CompletedProcess[str]:
        """Run a program of PostgreSQL's, away from our terminal, folder and environment.

        It inherits the lock ``hold`` and writes to the open file ``output``, not to a pipe of ours: should
        we be killed, it still ends in good order.
        """
        return subprocess.run(  # noqa: S603 - PostgreSQL's programs, and the shell that detaches one
            command,
            input=stdin,
            stdout=output,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            cwd="/",
            env={"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"},
            pass_fds=() if hold is None else (hold,),
            start_new_session=True,
            user=self.uid,
            group=self.gid,
            extra_groups=None if self.uid is None else [],
        )

    def can_enter(self, folder: Path) -> bool:
        return self.run(["/bin/sh", "-c", 'cd "$1"', "sh", str(folder)]).returncode == 0

    def make_private(self, folder: Path) -> None:
        """A folder only this account may enter."""
        folder.mkdir(mode=0o700)
        if self.uid is not None and self.gid is not None:
            os.chown(folder, self.uid, self.gid)


@dataclass(frozen=True)
class Place:
    folder: Path
    account: Account

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def log(self) -> Path:
        return self.folder / "postgres.log"

    def major(self) -> int | None:
        """The major version that wrote the data, None where there is none yet."""
        written = self.data / "PG_VERSION"
        return int(written.read_text()) if written.exists() else None

    @contextmanager
    def new_log(self) -> Iterator[int]:
        """A new file a run, so that none grows for ever. The one before stays: it says how that run ended."""
        if self.log.exists():
            self.log.replace(self.log.with_name("postgres.log.before"))
        with self.log.open("wb") as file:
            yield file.fileno()

    def last_words(self) -> str:
        return self.log.read_text(errors="replace")

    def sockets(self) -> Path:
        """A folder only the server's account and root may enter: who reaches the socket is let in."""
        folder = self.folder / "socket"
        if len(os.fsencode(folder)) > LONGEST_SOCKET_FOLDER or any(mark in str(folder) for mark in '",'):
            folder = Path(f"/tmp/journey-{_named_after(self.folder)}")  # noqa: S108 - its owner is checked below
        if not folder.exists():
            self.account.make_private(folder)
        owner = folder.lstat()
        expected = os.geteuid() if self.account.uid is None else self.account.uid
        if owner.st_uid != expected or owner.st_mode & 0o077 or folder.is_symlink():
            raise ClusterError(
                f"{folder} should belong to the database alone, and does not. Remove it, and start again."
            )
        return folder


def choose(home: Path) -> Place:
    """The place of this home's cluster: where its data is, else in the home, else where the server can
    reach it.
    """
    inside = home / "database"
    if os.geteuid() != 0:
        home.mkdir(parents=True, exist_ok=True)
        inside.mkdir(mode=0o700, exist_ok=True)
        return Place(inside, Account())
    outside = STATE / _named_after(home)
    if (outside / "data").exists():
        return _outside(home, outside)
    account = _owner_of(inside / "data") or _nobody()
    _make_passable(inside)
    if account.can_enter(inside):
        return Place(inside, account)
    if (inside / "data").exists():
        raise ClusterError(
            f"The database in {inside} exists, but a folder above it is closed to the account it runs as. "
            f"Open the way again (chmod o+x), or start afresh with another JOURNEY_HOME."
        )
    return _outside(home, outside)


def within_reach(binaries: Binaries, account: Account) -> Binaries:
    """The same programs where this account can run them: a copy when the environment is closed to it, as
    one under root's own folder is.
    """
    if account.uid is None or _runs(account, binaries):
        return binaries
    install = binaries.folder.parent
    copy = STATE / f"postgres-{binaries.version}-{_named_after(install)}"
    if not copy.exists():
        _copy(install, copy)
    reachable = Binaries(copy / install.parent.name / install.name / binaries.folder.name, binaries.version)
    if not _runs(account, reachable):
        raise ClusterError(
            f"The account that owns the database can run PostgreSQL neither from {install} nor from {copy}. "
            "Run Journey as an ordinary user, or set DATABASE_URL."
        )
    return reachable


def _copy(install: Path, copy: Path) -> None:
    package = install.parent
    libraries = package.with_name(f"{package.name}.libs")
    _make_passable(STATE)
    with tempfile.TemporaryDirectory(dir=STATE) as unfinished:
        fresh = Path(unfinished, "copy")
        shutil.copytree(
            install, fresh / package.name / install.name, ignore=shutil.ignore_patterns("include")
        )
        if libraries.exists():  # a wheel keeps them beside the package, and its programs look for them there
            shutil.copytree(libraries, fresh / libraries.name)
        for path in (fresh, *fresh.rglob("*")):
            mode = path.stat().st_mode
            path.chmod(mode | (0o055 if mode & 0o100 else 0o044))
        try:
            fresh.rename(copy)
        except OSError:
            if not copy.exists():  # when it does, another process was faster
                raise
    log.info(
        "copied PostgreSQL's programs to where the server can reach them",
        source=str(install),
        folder=str(copy),
    )


def _runs(account: Account, binaries: Binaries) -> bool:
    try:
        return account.run([binaries / "postgres", "--version"]).returncode == 0
    except PermissionError:
        return False


def _outside(home: Path, outside: Path) -> Place:
    _make_passable(outside)
    (outside / "home").write_text(f"{home}\n")
    log.info(
        "the home is closed to the server's account: its database lives elsewhere",
        home=str(home),
        folder=str(outside),
    )
    return Place(outside, _owner_of(outside / "data") or _nobody())


def _make_passable(folder: Path) -> None:
    """Make the folder and those missing above it, for the server's account to pass through. A folder that
    exists keeps its mode.
    """
    if folder.is_dir():
        return
    _make_passable(folder.parent)
    folder.mkdir(exist_ok=True)
    folder.chmod(0o711)


def _owner_of(data: Path) -> Account | None:
    """Root leaves a cluster to the account that made it."""
    if not data.exists():
        return None
    owner = data.stat()
    return Account(owner.st_uid, owner.st_gid)


def _nobody() -> Account:
    try:
        entry = pwd.getpwnam("nobody")
    except KeyError:
        raise ClusterError(
            "PostgreSQL does not run as root, and this machine has no account nobody to lend it. "
            "Run Journey as an ordinary user, or set DATABASE_URL."
        ) from None
    return Account(entry.pw_uid, entry.pw_gid)


def _named_after(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:16]
