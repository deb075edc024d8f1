"""Stops the server once its last user is gone, however that user went.

Every process that uses the server shares ``users.lock``; the kernel drops a share when its process ends,
SIGKILL included. This program waits for that lock alone, so it wakes when nobody is left, and asks the
server to stop. The server itself holds ``server.lock``, inherited by each of its processes: the lock is
free exactly when all of them are gone. No list of pids can go stale.

Run as ``python -I -S watchdog.py DUTY FOLDER``, where DUTY is an open ``watchdog.lock`` already held:
standard library only, so it starts in milliseconds and does not mind the environment being upgraded under
it.
"""

import fcntl
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

PATIENCE = 60.0
"""Seconds a fast shutdown may take (it writes a checkpoint) before the server is stopped without one."""

HAS_PROC = Path("/proc/self/cmdline").exists()


def open_lock(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def taken(lock: int, how: int) -> bool:
    """Take the lock if that is possible at once."""
    try:
        fcntl.flock(lock, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def postmaster(data: Path) -> int | None:
    """The process that serves this folder. The pid file alone proves nothing: after a crash or a restarted
    container its pid is another's.
    """
    try:
        pid = int((data / "postmaster.pid").read_text().partition("\n")[0])
    except (FileNotFoundError, ValueError):
        return None
    return pid if _serves(pid, data) else None


def _serves(pid: int, data: Path) -> bool:
    return b"postgres -D " + os.fsencode(data) + b" " in _command_line(pid)


def _command_line(pid: int) -> bytes:
    """Its words, each followed by a space. Empty for a process that is gone, a zombie included."""
    if HAS_PROC:
        try:
            return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ")
        except (FileNotFoundError, ProcessLookupError):
            return b""
    command = ["/bin/ps", "-ww", "-o", "command=", "-p", str(pid)]
    said = subprocess.run(command, stdout=subprocess.PIPE, check=False).stdout  # noqa: S603 - a fixed command
    return said.replace(b"\n", b" ")


def stop_server(server_lock: int, data: Path) -> None:
    """Return once no process of the server is left: asked first, told after ``PATIENCE``."""
    asked: int | None = None
    started = time.monotonic()
    while not taken(server_lock, fcntl.LOCK_EX):
        pid = postmaster(data)
        waited = time.monotonic() - started
        if pid is not None and waited > PATIENCE:
            _send(pid, signal.SIGQUIT)
        elif pid is not None and pid != asked:
            _send(pid, signal.SIGINT)
            asked = pid
        if waited > 2 * PATIENCE:
            return
        time.sleep(0.01)


def _send(pid: int, what: signal.Signals) -> None:
    try:
        os.kill(pid, what)
    except ProcessLookupError:
        return  # gone between looking and asking: what was wanted


def main(duty: int, folder: Path) -> None:
    users = open_lock(folder / "users.lock")
    server = open_lock(folder / "server.lock")
    if os.fork() > 0:
        os._exit(0)  # whoever started this reaps this half at once and never waits for the other
    fcntl.flock(users, fcntl.LOCK_EX)
    stop_server(server, folder / "data")
    # In this order: who gets in next must find the watch unmanned, and sends a new watchdog.
    os.close(server)
    os.close(duty)
    os.close(users)


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
