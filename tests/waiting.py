"""Waiting for what another process does: by looking, with a deadline, never by hoping that a pause was long
enough.
"""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def until(condition: Callable[[], T], timeout: float = 10.0) -> T:
    """The condition's first true answer. Fails the test after ``timeout`` seconds without one."""
    deadline = time.monotonic() + timeout
    while not (answer := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"{condition} has not come true within {timeout} s")
        time.sleep(0.01)
    return answer
