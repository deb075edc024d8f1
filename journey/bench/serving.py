"""The processes of the soak over HTTP: `journey serve`, forked from one that has the program imported, and
begun again when it has ended.
"""

import os
import runpy
import signal
import sys
from collections.abc import Sequence
from multiprocessing import get_context
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from threading import Event as Signal
from time import monotonic

from journey.api.server import MADE
from journey.bench.callers import Line, Target
from journey.settings import Settings, handed_on, inherited
from journey.store.vault import master_keys

LONGEST_STOP = 60.0
"""Seconds within which a process that is told to stop has to have ended."""

AT_WORK = b'"event": "working"'
"""What a worker logs once it can be told to stop in good order."""


LOOK = 0.05
"""Seconds between looks at whether it is up."""

processes = get_context("forkserver")


def keyed(url: str) -> dict[str, str]:
    """What a process of its own is begun in: this database, and the master key that is used here."""
    settings = Settings.load()
    master_keys(settings)  # made, where there is none yet
    master_key = settings.master_key_file or settings.home / "master.key"
    return {"DATABASE_URL": url, "JOURNEY_MASTER_KEY_FILE": str(master_key)}


class NotUp(Exception):
    """A process does not get up."""


class Serving:
    """One `journey serve …`. An API has a target; a worker answers nobody."""

    def __init__(
        self, kind: str, log: Path, role: str, *arguments: str, target: Target | None = None
    ) -> None:
        self.kind = kind
        self._log = log
        self._target = target
        self._arguments = ["serve", "--role", role, *arguments]
        if target is not None:
            self._arguments += ["--host", target[0], "--port", str(target[1])]
        self._process: ForkServerProcess | None = None
        self._logged = 0

    def keep_up(self) -> None:
        """Begin it where it does not run. What a killed one left behind may have had its address still."""
        if self._process is None or self._process.exitcode is not None:
            self._logged = self._log.stat().st_size if self._log.exists() else 0
            processes.set_forkserver_preload([MADE])
            said = (self._log, handed_on(), self._arguments)
            self._process = processes.Process(target=_journey, args=said)
            self._process.start()

    def is_up(self) -> bool:
        """Whether it is past its beginning."""
        if self._process is None or self._process.exitcode is not None:
            return False
        if self._target is None:
            return AT_WORK in self._log.read_bytes()[self._logged :]
        line = Line([self._target], "", 0)
        answer = line.ask("GET", "/healthz")
        line.close()
        return answer is not None

    def wait_until_up(self) -> None:
        """Raises NotUp where it takes too long."""
        deadline = monotonic() + LONGEST_STOP
        while not self.is_up():
            if monotonic() > deadline:
                raise NotUp(self.kind)
            Signal().wait(LOOK)

    def resident(self) -> int:
        """Bytes of memory that it holds; none where that cannot be told."""
        if self._process is None:
            return 0
        try:
            pages = Path(f"/proc/{self._process.pid}/statm").read_text().split()[1]
        except OSError:  # another system
            return 0
        return int(pages) * os.sysconf("SC_PAGESIZE")

    def worked(self) -> float:
        """Seconds of processor time that it has taken; none where that cannot be told."""
        if self._process is None:
            return 0.0
        try:
            fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:  # another system
            return 0.0
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def kill(self) -> None:
        """SIGKILL: it gets no chance to do anything about it."""
        if self._process is not None:
            self._process.kill()
            self._process.join()

    def kill_one_of_several(self) -> bool:
        """One of the processes that answer for it, where it has some: it is for itself to begin another."""
        if self._process is None or self._process.pid is None:
            return False
        try:
            began = [each for each in _children(self._process.pid) if b"forkserver" in _command(each)]
            answering = [worker for each in began for worker in _children(each)]
        except OSError:  # another system, or it has just ended
            return False
        if answering:
            os.kill(answering[0], signal.SIGKILL)
        return bool(answering)

    def stop(self) -> str | None:
        """Tell it to stop, and say what is wrong with how it does."""
        if self._process is None or self._process.exitcode is not None:
            return None
        self._process.terminate()
        self._process.join(LONGEST_STOP)
        if self._process.is_alive():
            self.kill()
            return f"{self.kind} did not end within {LONGEST_STOP:.0f} s of being told to stop"
        code = self._process.exitcode
        return None if code == 0 else f"{self.kind} ended with exit code {code} when it was told to stop"


def _journey(log: Path, environment: dict[str, str], arguments: Sequence[str]) -> None:
    """What an interpreter does for `python -m journey`."""
    with log.open("ab") as said:
        for number in (1, 2):
            os.dup2(said.fileno(), number)
    sys.argv = ["journey", *arguments]
    with inherited(**environment):
        runpy.run_module("journey", run_name="__main__", alter_sys=True)


def _children(process: int) -> list[int]:
    return [int(each) for each in Path(f"/proc/{process}/task/{process}/children").read_text().split()]


def _command(process: int) -> bytes:
    return Path(f"/proc/{process}/cmdline").read_bytes()
