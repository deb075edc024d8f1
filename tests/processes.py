"""Processes of their own, forked from one that has the program imported: importing it takes a second.

That one is started from nothing and does nothing but import: what it forks has no thread, no connection and
no file of the tests.
"""

import os
import runpy
import signal
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from multiprocessing import Pipe, get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Self, TextIO

processes = get_context("forkserver")
processes.set_forkserver_preload(["tests.loaded"])

Finished = subprocess.CompletedProcess[str]
First = Callable[[], object]
Target = Callable[..., object]
NOTHING = Path(os.devnull)


class Started:
    """A process that goes on until it is done, asked as one that `subprocess.Popen` began."""

    def __init__(
        self,
        target: Target,
        *arguments: Any,
        folder: Path,
        environment: dict[str, str],
        stdin: Path = NOTHING,
        first: First | None = None,
    ) -> None:
        """`first` is called in it before all else."""
        (said, saying), (logged, logging) = Pipe(duplex=False), Pipe(duplex=False)
        with saying, logging:
            surroundings = (first, stdin, (saying, logging), folder, environment)
            self._process = processes.Process(target=_begun, args=(surroundings, target, arguments))
            self._process.start()
        self.pid = self._process.pid or 0
        self.stdout: TextIO | None = _text(said)
        self.stderr: TextIO | None = _text(logged)

    @property
    def returncode(self) -> int | None:
        """What it ended with: minus the signal that ended it."""
        return self._process.exitcode

    def poll(self) -> int | None:
        return self.returncode

    def send_signal(self, number: signal.Signals) -> None:
        if self.returncode is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self._process.kill()

    def wait(self, timeout: float = 60) -> int:
        self._process.join(timeout)
        if self.returncode is None:
            self.kill()
            raise AssertionError("the program has not come to its end")
        return self.returncode

    def communicate(self, timeout: float = 60) -> tuple[str, str]:
        """What it says until its end."""
        with ThreadPoolExecutor(2) as reading:
            out, err = (reading.submit(each.read) if each else None for each in (self.stdout, self.stderr))
            self.wait(timeout)
            return out.result() if out else "", err.result() if err else ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """None outlives its test, whatever became of that."""
        self.kill()
        self._process.join()
        for stream in (self.stdout, self.stderr):
            if stream is not None:
                stream.close()


def finished(
    many: Sequence[tuple[str, ...]], folder: Path, environment: dict[str, str], stdin: Path = NOTHING
) -> list[Finished]:
    """`journey` with each of these arguments, all at the same time and each to its end."""
    with ExitStack() as stack:
        started = [
            stack.enter_context(
                Started(journey, *arguments, folder=folder, environment=environment, stdin=stdin)
            )
            for arguments in many
        ]
        said = [each.communicate() for each in started]
        return [
            Finished(arguments, each.wait(), *texts)
            for arguments, each, texts in zip(many, started, said, strict=True)
        ]


def journey(*arguments: str) -> None:
    """What an interpreter does for `python -m journey`."""
    sys.argv = ["journey", *arguments]
    runpy.run_module("journey", run_name="__main__", alter_sys=True)


def _text(pipe: "Connection[Any, Any]") -> TextIO:
    with pipe:
        return os.fdopen(os.dup(pipe.fileno()), encoding="utf-8", newline="\n")


def _begun(
    surroundings: "tuple[First | None, Path, Sequence[Connection[Any, Any]], Path, dict[str, str]]",
    target: Target,
    arguments: tuple[Any, ...],
) -> None:
    """What an interpreter sets up before a program runs in it."""
    first, stdin, said, folder, environment = surroundings
    if first:
        first()
    reading = os.open(stdin, os.O_RDONLY)
    for number, opened in enumerate((reading, *(each.fileno() for each in said))):
        os.dup2(opened, number)
    os.close(reading)
    for each in said:
        each.close()
    sys.stdin, sys.stdout, sys.stderr = (
        open(number, mode, encoding="utf-8", closefd=False)  # noqa: SIM115 - open as long as the process
        for number, mode in enumerate("rww")
    )
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    os.chdir(folder)
    warnings.simplefilter("error")
    target(*arguments)
