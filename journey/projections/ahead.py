"""Working ahead: the next batch is read and made into rows while the server writes those of the one before.

Only while there is much to read; whoever has caught up works for itself, and holds one connection less.
"""

from collections.abc import Callable
from collections.abc import Set as AbstractSet
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any, NamedTuple, Self
from uuid import UUID

from psycopg import Connection

from journey.connection import WORKING, opened
from journey.projections.model import Statement
from journey.store import log

Besides = AbstractSet[UUID]
"""The journeys whose events are not read."""


class Made(NamedTuple):
    """A batch of the log, and what it writes."""

    batch: log.Batch
    statements: tuple[Statement, ...]


Make = Callable[[Connection[Any], int, Besides], Made]
"""Makes what comes behind a position."""


class WorkAhead:
    """One batch ahead of whoever writes, on a connection of its own. For one thread."""

    def __init__(self, conninfo: str, make: Make) -> None:
        self._conninfo = conninfo
        self._make = make
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="work-ahead")
        self._connection: Connection[Any] | None = None
        self._next: tuple[int, Besides, Future[Made]] | None = None

    def begin(self, position: int, besides: Besides) -> None:
        """Start with what comes behind this position, without the events of some journeys."""
        self._next = position, besides, self._thread.submit(self._work, position, besides)

    def take(self, position: int, besides: Besides) -> Made | None:
        """What was made of it; None where that was not begun so, or failed."""
        position_made, besides_made, making = self._next or (None, None, None)
        self._next = None
        if making is None:
            return None
        wait([making])
        if (position_made, besides_made) != (position, besides):
            return None
        return None if making.exception() is not None else making.result()

    def stop(self) -> None:
        """Whatever was begun is not asked for any more. Afterwards nobody is at work."""
        if self._next is not None:
            wait([self._next[2]])
            self._next = None

    def rest(self) -> None:
        """There is nothing more to do for now: give the connection back."""
        self.stop()
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.rest()
        self._thread.shutdown()

    def _work(self, position: int, besides: Besides) -> Made:
        if self._connection is None or self._connection.closed:
            self._connection = opened(self._conninfo, WORKING, "working ahead")
        return self._make(self._connection, position, besides)
