"""Turns: one at a time sees to a message that was set aside: who has it tried, corrected or dismissed, and
what is tried by itself because what it waited for has come.

Whose turn it is looks at the message again: it may have been seen to meanwhile. Nobody waits in a circle: a
turn is let go before another is waited for, those of several messages come in one order, and what else is
waited for meanwhile (a merge, a row) is never held by who waits for a turn.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

from journey.connection import UNAVAILABLE, WORKING, Bounded, opened
from journey.store.errors import StoreUnavailable
from journey.store.store import Store

MESSAGES = 0x4A_000A
"""Advisory locks of messages, with a part of the message's key."""

REQUESTS = 0x4A_000B
"""Advisory locks of requests that bear an Idempotency-Key: waited for before the message's."""

TAKE = """
    SELECT pg_advisory_lock(%s, number)
      FROM (SELECT DISTINCT hashtext(encode(key, 'hex')) AS number FROM unnest(%s::bytea[]) AS of (key)
             ORDER BY number) AS ordered
    """
LEAVE = "SELECT pg_advisory_unlock_all()"


class Turns:
    """Of one thread. The server ends them with the connection, however that ends."""

    def __init__(self, store: Store, of: int) -> None:
        self._store = store
        self._of = of
        self._connection: Bounded | None = None
        self._held: frozenset[bytes] = frozenset()

    def __contains__(self, key: bytes) -> bool:
        return key in self._held

    def take(self, keys: Sequence[bytes]) -> None:
        """Let go of those before, and wait for these. Raises StoreUnavailable, where it is too long, too."""
        self.leave()
        if not keys:
            return
        try:
            if self._connection is None:
                self._connection = opened(self._store.datastore.conninfo, WORKING, "inbox")
            self._connection.execute(TAKE, (self._of, list(keys)))
        except UNAVAILABLE as error:
            raise StoreUnavailable from error
        self._held = frozenset(keys)

    def leave(self) -> None:
        """Others may see to them."""
        if self._held and self._connection:
            self._held = frozenset()
            with suppress(*UNAVAILABLE):  # the server has let go, then
                self._connection.execute(LEAVE)

    def close(self) -> None:
        if self._connection:
            self._connection.close()


@contextmanager
def turns(store: Store, of: int = MESSAGES) -> Iterator[Turns]:
    """A connection of its own, once there is something to wait for: the store needs all of its own."""
    mine = Turns(store, of)
    try:
        yield mine
    finally:
        mine.close()
