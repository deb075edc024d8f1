"""Reads: the pool that answers are read through, without blocking the process."""

from collections.abc import Sequence
from typing import Any, LiteralString

import psycopg
from psycopg.sql import SQL, Composed
from psycopg_pool import AsyncConnectionPool, PoolTimeout, TooManyRequests

from journey.api.matching import LIKENESS
from journey.connection import ANSWERING, UNAVAILABLE, Unanswered, async_kind, bounded
from journey.store.errors import StoreUnavailable

TIMEOUT = 3.0
"""Seconds that a read waits for a connection."""

QUEUE = 64
"""Reads for each connection that may wait; more are sent away."""

SESSION = f"-c timezone=UTC -c {LIKENESS} -c work_mem=64MB"
"""Figures sort a row for each stage of each journey: in memory that takes half as long."""

UNREACHABLE = "The database cannot be reached, or is too busy to answer; try again in a moment."

Rows = list[tuple[Any, ...]]
Query = LiteralString | SQL | Composed


class TooSlow(Exception):
    """The answer took the database more than 5 s; ask for less."""

    def __init__(self) -> None:
        super().__init__(TooSlow.__doc__)


class Overloaded(Exception):
    """More requests are waiting for the database than it can answer soon; try again."""

    def __init__(self) -> None:
        super().__init__(Overloaded.__doc__)


class Reads:
    """An asynchronous pool of autocommit connections; statements are prepared at their first use."""

    def __init__(self, conninfo: str, size: int) -> None:
        self.pool = AsyncConnectionPool(
            bounded(conninfo, ANSWERING, "reads", SESSION),
            connection_class=async_kind(ANSWERING),
            min_size=1,
            max_size=size,
            max_waiting=QUEUE * size,
            timeout=TIMEOUT,
            reconnect_timeout=TIMEOUT,  # longer, and its pauses grow beyond a minute
            open=False,
            kwargs={"autocommit": True, "prepare_threshold": 0},
            name="reads",
        )

    async def rows(self, statement: Query, parameters: Sequence[Any] = (), *, binary: bool = False) -> Rows:
        """What the statement finds. Raises StoreUnavailable, TooSlow, Overloaded.

        Asked again once, over connections that are known to live: those of a restarted server are all dead.
        """
        try:
            return await self._rows(statement, parameters, binary=binary)
        except psycopg.errors.QueryCanceled:
            raise TooSlow from None
        except TooManyRequests:
            raise Overloaded from None
        except (PoolTimeout, Unanswered) as error:
            raise StoreUnavailable(UNREACHABLE) from error
        except UNAVAILABLE:
            await self.pool.check()
        try:
            return await self._rows(statement, parameters, binary=binary)
        except UNAVAILABLE as error:
            raise StoreUnavailable(UNREACHABLE) from error

    async def execute(self, statement: Query, parameters: Sequence[Any] = ()) -> None:
        """Do something small that may be lost."""
        try:
            async with self.pool.connection() as connection:
                await connection.execute(statement, parameters)
        except TooManyRequests:
            raise Overloaded from None
        except UNAVAILABLE as error:
            raise StoreUnavailable(UNREACHABLE) from error

    async def _rows(self, statement: Query, parameters: Sequence[Any], *, binary: bool) -> Rows:
        async with self.pool.connection() as connection, connection.cursor(binary=binary) as cursor:
            await cursor.execute(statement, parameters)
            return await cursor.fetchall()
