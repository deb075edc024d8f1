"""Leases: who publishes to a broker, and up to where it has acknowledged. One at a time; who comes
next goes on where the last one was.
"""

from typing import Any, NamedTuple
from uuid import UUID

from psycopg import Connection

from journey.delivery.follower import LeaseLost
from journey.feed.place import Place

ADD = "INSERT INTO broker (name) VALUES (%s) ON CONFLICT DO NOTHING"
TAKE = """
    UPDATE broker SET worker = %(worker)s, lease = lease + 1,
                      leased_until = clock_timestamp() + %(seconds)s * interval '1 second'
     WHERE name = (SELECT name FROM broker
                    WHERE name = %(name)s AND coalesce(leased_until < clock_timestamp(), true)
                      FOR UPDATE SKIP LOCKED)
    RETURNING lease
    """
KEEP = """
    UPDATE broker SET leased_until = clock_timestamp() + %(seconds)s * interval '1 second'
     WHERE name = %(name)s AND lease = %(lease)s
    RETURNING position, event, epoch, stored, disclosed
    """
MOVE = """
    UPDATE broker SET position = %s, event = %s, epoch = %s, stored = coalesce(%s, stored), last_error = NULL
     WHERE name = %s AND lease = %s
    """
DISCLOSED = "UPDATE broker SET disclosed = %s WHERE name = %s AND lease = %s"
LEAVE = "UPDATE broker SET worker = NULL, leased_until = NULL WHERE name = %s AND lease = %s"
FAILED = "UPDATE broker SET last_error = %s WHERE name = %s"


class Lease(NamedTuple):
    """Who holds it says so each time; `seconds` after the last time, another may take it."""

    name: str
    number: int
    seconds: float


class Known(NamedTuple):
    """Up to which place the log was looked through, the last position that the broker has acknowledged, and
    up to where it is accounted for.
    """

    place: Place
    stored: int
    disclosed: int


def take(connection: Connection[Any], name: str, worker: UUID, seconds: float) -> Lease | None:
    """Lease it, if nobody publishes there."""
    connection.execute(ADD, (name,))
    asked = {"name": name, "worker": worker, "seconds": seconds}
    row = connection.execute(TAKE, asked).fetchone()
    return Lease(name, row[0], seconds) if row else None


def kept(connection: Connection[Any], lease: Lease) -> Known:
    """Go on with it, and nobody else until the transaction ends. Raises LeaseLost."""
    asked = {"name": lease.name, "lease": lease.number, "seconds": lease.seconds}
    row = connection.execute(KEEP, asked).fetchone()
    if row is None:
        raise LeaseLost
    return Known(Place(*row[:3]), *row[3:])


def move(connection: Connection[Any], lease: Lease, place: Place, stored: int | None = None) -> None:
    """All up to the place is acknowledged; `stored`: the last of it that was sent. Raises LeaseLost."""
    done = connection.execute(MOVE, (*place, stored, lease.name, lease.number))
    if not done.rowcount:
        raise LeaseLost


def account(connection: Connection[Any], lease: Lease, position: int) -> None:
    """Up to this position all stands in the accounting."""
    connection.execute(DISCLOSED, (position, lease.name, lease.number))


def leave(connection: Connection[Any], lease: Lease) -> None:
    """Give it to whoever comes."""
    connection.execute(LEAVE, (lease.name, lease.number))


def fail(connection: Connection[Any], name: str, reason: str) -> None:
    """Keep why it does not go on where an operator looks."""
    connection.execute(FAILED, (reason, name))
