"""Desk: a few database connections that the event loop's work goes through, each in a thread of its own."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any, TypeVar

import psycopg
from psycopg import Connection

from journey.connection import UNAVAILABLE, WORKING, opened

CONNECTIONS = 3
LIMITS = WORKING._replace(idle=10)
"""Who stands still in the midst of a turn holds up whoever is to take over, and no longer than this."""

WHOLE = """
    SELECT set_config(name, '20s', false) FROM pg_settings WHERE name = 'transaction_timeout'
    """
"""In a pipeline a transaction does not count as idle. PostgreSQL has it from 17 on."""

BY_INDEX = "SET enable_seqscan = off"
"""A few rows of a table are wanted each time. Planned while that is small or empty, statements would go on
reading all of it when it is large.
"""

T = TypeVar("T")
Work = Callable[[Connection[Any]], T]


class Desk:
    """Runs functions of a connection. One that is lost is opened anew the next time."""

    def __init__(self, conninfo: str) -> None:
        self._conninfo = conninfo
        self._threads = ThreadPoolExecutor(CONNECTIONS, thread_name_prefix="webhooks")
        self._own = threading.local()
        self._open: set[Connection[Any]] = set()

    async def run(self, work: Work[T]) -> T:
        """Do it in a thread. Raises psycopg.Error."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._run, work)

    def close(self) -> None:
        self._threads.shutdown()
        for each in self._open:
            each.close()

    def _run(self, work: Work[T]) -> T:
        connection: Connection[Any] | None = getattr(self._own, "connection", None)
        if connection is None or connection.closed:
            self._own.connection = connection = opened(self._conninfo, LIMITS, "webhooks")
            connection.execute(BY_INDEX)
            connection.execute(WHOLE)
            self._open.add(connection)
        try:
            return work(connection)
        except UNAVAILABLE:
            self._open.discard(connection)
            with suppress(psycopg.Error):
                connection.close()
            raise
