"""Beside: what is measured, in a process of its own for as long as the block lasts."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.connection import Connection as Pipe
from typing import Any

from journey import log
from journey.settings import Settings

processes = get_context("forkserver")

Target = Callable[[Settings, Callable[[Any], None]], None]
"""Told the settings, and whom to tell where it can be reached."""


@contextmanager
def beside(target: Target, **settings: Any) -> Iterator[Any]:
    """What it tells first."""
    here, there = processes.Pipe()
    process = processes.Process(target=_begin, args=(there, target, settings), daemon=True)
    process.start()
    there.close()
    try:
        yield here.recv()
    finally:
        process.terminate()
        process.join()
        here.close()


def _begin(pipe: Pipe, target: Target, said: dict[str, Any]) -> None:
    settings = Settings.load(**said, log_level="error")
    log.configure(settings)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # who started it ends it
    target(settings, pipe.send)
