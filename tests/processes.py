"""Processes of their own, forked from one that has the program imported: importing it takes a second.

That one is started from nothing and does nothing but import: what it forks has no thread, no connection and
no file of the tests.
"""

import os
import runpy
import subprocess
import sys
import time
import warnings
from collections.abc import Sequence
from contextlib import ExitStack
from multiprocessing import get_context
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from tempfile import TemporaryDirectory

processes = get_context("forkserver")
processes.set_forkserver_preload(["tests.loaded"])

Finished = subprocess.CompletedProcess[str]
NOTHING = Path(os.devnull)
WRITING = os.O_WRONLY | os.O_CREAT | os.O_TRUNC


def finished(
    many: Sequence[tuple[str, ...]], folder: Path, environment: dict[str, str], stdin: Path = NOTHING
) -> list[Finished]:
    """`journey` with each of these arguments, all at the same time and each to its end."""
    with TemporaryDirectory() as kept:
        said = [(Path(kept, f"{n}.out"), Path(kept, f"{n}.err")) for n in range(len(many))]
        codes = _ended(
            [
                processes.Process(target=_journey, args=(arguments, folder, environment, (stdin, *files)))
                for arguments, files in zip(many, said, strict=True)
            ]
        )
        return [
            Finished(arguments, code, *(file.read_text("utf-8") for file in files))
            for arguments, code, files in zip(many, codes, said, strict=True)
        ]


def _ended(some: list[ForkServerProcess]) -> list[int]:
    """What each ended with, as of a process: minus the signal that ended it. None outlives this."""
    with ExitStack() as stack:
        for process in some:
            process.start()
            stack.callback(process.join)
            stack.callback(process.kill)
        for process in some:
            process.join(60)
            if process.exitcode is None:
                raise AssertionError("the program has not come to its end")
        return [process.exitcode or 0 for process in some]


def _journey(
    arguments: tuple[str, ...], folder: Path, environment: dict[str, str], streams: tuple[Path, Path, Path]
) -> None:
    """What an interpreter sets up before `python -m journey` runs in it."""
    for number, (path, flags) in enumerate(zip(streams, (os.O_RDONLY, WRITING, WRITING), strict=True)):
        opened = os.open(path, flags)
        if opened != number:
            os.dup2(opened, number)
            os.close(opened)
    sys.stdin, sys.stdout, sys.stderr = (
        open(number, mode, encoding="utf-8", closefd=False)  # noqa: SIM115 - open as long as the process
        for number, mode in enumerate("rww")
    )
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    os.chdir(folder)
    warnings.simplefilter("error")
    sys.argv = ["journey", *arguments]
    runpy.run_module("journey", run_name="__main__", alter_sys=True)
