"""Connections: every one to the database is opened here, and nothing that is asked on one waits for ever.

The server ends a statement, a wait for a lock, and a transaction in which nothing happens; the network's
silence is noticed at both ends; a server that has stopped without a word is given up a little later.
"""

from functools import cache
from typing import Any, ClassVar, NamedTuple, TypeVar

import psycopg
from psycopg import AsyncConnection, Connection
from psycopg.abc import PQGen
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.errors import _WaitTimeout  # its only name

CONNECT_SECONDS = 5

MORE = 2.0
"""Seconds for which an answer is waited for beyond the server's own limit."""

INTERVAL = 0.1
"""Seconds between looks at whether the process was interrupted; the driver's own."""

ALIVE = {
    "connect_timeout": CONNECT_SECONDS,
    "keepalives": 1,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 15_000,
}
"""What the client asks of the network; the address may say otherwise."""

SERVER = {
    "tcp_keepalives_idle": 10,
    "tcp_keepalives_interval": 5,
    "tcp_keepalives_count": 3,
    "tcp_user_timeout": 15_000,
}
"""What the server asks of it, so that the locks of a machine that is gone are free again."""

PLANS = {"jit": "off"}
"""A server that can compile a statement would: for longer than any of these takes to be answered."""

T = TypeVar("T")
Row = tuple[Any, ...]


class Limits(NamedTuple):
    """Seconds for a statement, for a wait for a lock, and for a transaction in which nothing happens."""

    statement: int
    lock: int
    idle: int

    @property
    def patience(self) -> float:
        """Seconds after which the server has stopped."""
        return self.statement + MORE

    @property
    def options(self) -> str:
        said = {
            "statement_timeout": self.statement * 1000,
            "lock_timeout": self.lock * 1000,
            "idle_in_transaction_session_timeout": self.idle * 1000,
        }
        return " ".join(f"-c {name}={value}" for name, value in {**said, **SERVER, **PLANS}.items())


ANSWERING = Limits(statement=5, lock=4, idle=30)
"""Somebody waits for the answer: reads, commands, keys."""

WORKING = Limits(statement=60, lock=10, idle=60)
"""Behind the writes: the sequencer, the read models, who listens."""

OPERATING = Limits(statement=600, lock=10, idle=600)
"""A command that looks at all there is."""

REBUILDING = Limits(statement=3600, lock=10, idle=600)
"""An index of a large table takes its time."""


UNAVAILABLE = (psycopg.OperationalError, psycopg.InterfaceError, psycopg.errors.ReadOnlySqlTransaction)
"""What is raised when a server is full, stopped, too slow or still only a copy: later, it may do."""


class Unanswered(psycopg.OperationalError):
    """The database has not answered in time; the connection is given up."""

    def __init__(self) -> None:
        super().__init__("The database has not answered in time; the connection is given up.")


class Bounded(Connection[Row]):
    """A connection that is given up when the server does not answer."""

    patience: ClassVar[float]

    def wait(self, gen: PQGen[T], interval: float = INTERVAL, timeout: float | None = None) -> T:
        if timeout is not None:
            return super().wait(gen, interval, timeout)
        try:
            return super().wait(gen, interval, self.patience)
        except _WaitTimeout:
            self.pgconn.finish()
            raise Unanswered from None


class AsyncBounded(AsyncConnection[Row]):
    """The same for reads."""

    patience: ClassVar[float]

    async def wait(
        self,
        gen: PQGen[T],
        interval: float = INTERVAL,
        timeout: float | None = None,  # noqa: ASYNC109 - the driver's signature
    ) -> T:
        if timeout is not None:
            return await super().wait(gen, interval, timeout)
        try:
            return await super().wait(gen, interval, self.patience)
        except _WaitTimeout:
            self.pgconn.finish()
            raise Unanswered from None


@cache
def kind(limits: Limits) -> type[Bounded]:
    """The class of connections with these limits."""
    return type("Bounded", (Bounded,), {"patience": limits.patience})


@cache
def async_kind(limits: Limits) -> type[AsyncBounded]:
    return type("AsyncBounded", (AsyncBounded,), {"patience": limits.patience})


def bounded(conninfo: str, limits: Limits, use: str, options: str = "") -> str:
    """The address with its limits. What it says itself is kept; `options` have the last word."""
    given = conninfo_to_dict(conninfo)
    said = (limits.options, str(given.pop("options", None) or ""), options)
    known = {**ALIVE, "application_name": f"journey {use}", **given}
    return make_conninfo("", **known, options=" ".join(filter(None, said)))


def opened(
    conninfo: str, limits: Limits, use: str, *, autocommit: bool = True, prepare_threshold: int | None = 0
) -> Bounded:
    """A connection for this use, which `pg_stat_activity` shows. Raises psycopg.Error."""
    return kind(limits).connect(
        bounded(conninfo, limits, use), autocommit=autocommit, prepare_threshold=prepare_threshold
    )
