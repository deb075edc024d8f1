"""Meeting: two acts at once, the second at an exact point of the first: before its statement of a number."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from itertools import count
from threading import get_ident
from typing import Any, TypeVar

import psycopg
import pytest

from tests.waiting import until

T = TypeVar("T")

WAITS = """
    SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'
    """


class Met:
    """What came of the second act; None where the first has fewer statements."""

    second: "Future[Any] | None" = None


@contextmanager
def meeting(
    monkeypatch: pytest.MonkeyPatch, url: str, statement: int, act: Callable[[], object]
) -> Iterator[Met]:
    """Before that statement of this thread, another one acts until it has done or waits for what this one
    holds; both have ended after the block.
    """
    met, numbers, us = Met(), count(1), get_ident()
    execute = psycopg.Cursor.execute

    with (
        ThreadPoolExecutor(1) as threads,
        psycopg.connect(url, autocommit=True) as looking,
        monkeypatch.context() as patched,
    ):

        def executing(cursor: Any, *arguments: Any, **more: Any) -> Any:
            if get_ident() == us and met.second is None and next(numbers) == statement:
                second = met.second = threads.submit(act)
                until(lambda: second.done() or looking.execute(WAITS).fetchone() is not None)
            return execute(cursor, *arguments, **more)

        patched.setattr(psycopg.Cursor, "execute", executing)
        yield met
