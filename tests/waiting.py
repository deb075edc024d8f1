"""Waiting for what another process does: by looking, with a deadline, never by hoping that a pause was long
enough.
"""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def until(condition: Callable[[], T], timeout: float = 30.0) -> T:
    """The condition's first true answer. Fails the test after ``timeout`` seconds without one. The longer it
    takes, the less often it looks: looking may be work.
    """
    began = time.monotonic()
    while not (answer := condition()):
        waited = time.monotonic() - began
        if waited > timeout:
            raise AssertionError(f"{condition} has not come true within {timeout} s")
        time.sleep(min(0.01 + waited / 10, 0.1))
    return answer
