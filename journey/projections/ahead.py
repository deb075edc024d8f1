"""Reading ahead: the next batch is read and decoded while the server writes the rows of the one before.

Only while there is much to read; whoever has caught up reads for itself, and holds one connection less.
"""

from collections.abc import Set as AbstractSet
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any, Self
from uuid import UUID

from psycopg import Connection

from journey.connection import WORKING, opened
from journey.store import log


class ReadAhead:
    """One batch ahead of its reader, on a connection of its own. For one thread."""

    def __init__(self, conninfo: str, batch: int) -> None:
        self._conninfo = conninfo
        self._batch = batch
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="read-ahead")
        self._connection: Connection[Any] | None = None
        self._next: tuple[int, AbstractSet[UUID], Future[log.Batch]] | None = None

    def begin(self, position: int, besides: AbstractSet[UUID]) -> None:
        """Start to read what comes behind this position, without the events of some journeys."""
        self._next = position, besides, self._thread.submit(self._read, position, besides)

    def take(self, position: int, besides: AbstractSet[UUID]) -> log.Batch | None:
        """What was read behind this position; None where that was not begun so, or failed."""
        position_read, besides_read, reading = self._next or (None, None, None)
        self._next = None
        if reading is None:
            return None
        wait([reading])
        if (position_read, besides_read) != (position, besides):
            return None
        return None if reading.exception() is not None else reading.result()

    def rest(self) -> None:
        """There is nothing more to read for now: give the connection back."""
        if self._next is not None:
            wait([self._next[2]])
            self._next = None
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.rest()
        self._thread.shutdown()

    def _read(self, position: int, besides: AbstractSet[UUID]) -> log.Batch:
        if self._connection is None or self._connection.closed:
            self._connection = opened(self._conninfo, WORKING, "reader ahead")
        return log.batch(self._connection, position, self._batch, besides)
