"""Leases: which worker works on which subscription. The workers that live share them evenly.

A worker says every few seconds that it lives, and keeps what it has; what a dead one had is free when its
lease has run out. Each lease has a number, and only who holds the last one can write.
"""

from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

from psycopg import Connection

LIVES = """
    INSERT INTO webhook_worker (worker) VALUES (%s)
    ON CONFLICT (worker) DO UPDATE SET seen_at = clock_timestamp()
    """
FORGET = "DELETE FROM webhook_worker WHERE seen_at < clock_timestamp() - %s * interval '10 seconds'"
SHARE = """
    SELECT ceil((SELECT count(*) FROM webhook WHERE state = 'active')::numeric / greatest(count(*), 1))::int
      FROM webhook_worker WHERE seen_at > clock_timestamp() - %s * interval '1 second'
    """
TAKE = """
    UPDATE webhook SET worker = %(worker)s, lease = lease + 1,
                       leased_until = clock_timestamp() + %(seconds)s * interval '1 second'
     WHERE id IN (SELECT id FROM webhook
                   WHERE state = 'active' AND coalesce(leased_until < clock_timestamp(), true)
                   ORDER BY leased_until NULLS FIRST LIMIT %(most)s FOR UPDATE SKIP LOCKED)
    RETURNING id, lease
    """
KEEP = """
    UPDATE webhook SET leased_until = clock_timestamp() + %(seconds)s * interval '1 second'
     WHERE id IN (SELECT id FROM webhook
                           JOIN unnest(%(ids)s::uuid[], %(leases)s::bigint[]) AS held (id, lease)
                                USING (id, lease)
                     FOR UPDATE OF webhook SKIP LOCKED)
    RETURNING id
    """
"""One that is in the midst of a turn is kept by that."""

RENEW = """
    UPDATE webhook SET leased_until = clock_timestamp() + %(seconds)s * interval '1 second'
     WHERE id = %(id)s AND leased_until < clock_timestamp() + %(least)s * interval '1 second'
    """
AT_LEAST = 2 / 3
"""The share of a lease that is left after each turn: it is not written at every one."""

LEAVE = """
    UPDATE webhook SET worker = NULL, leased_until = NULL
      FROM unnest(%(ids)s::uuid[], %(leases)s::bigint[]) AS held (id, lease)
     WHERE webhook.id = held.id AND webhook.lease = held.lease
    """
DIES = "DELETE FROM webhook_worker WHERE worker = %s"

Held = Mapping[UUID, int]


def share(connection: Connection[Any], worker: UUID, seconds: float) -> int:
    """Say that this worker lives; how many subscriptions are its part."""
    with connection.transaction():
        connection.execute(LIVES, (worker,))
        connection.execute(FORGET, (seconds,))
        [(part,)] = connection.execute(SHARE, (seconds,)).fetchall()
        return int(part)


def take(connection: Connection[Any], worker: UUID, most: int, seconds: float) -> dict[UUID, int]:
    """Lease subscriptions that nobody works on, so many at most."""
    return dict(connection.execute(TAKE, {"worker": worker, "most": most, "seconds": seconds}).fetchall())


def keep(connection: Connection[Any], held: Held, seconds: float) -> Collection[UUID]:
    """Go on with these; those for which that was possible."""
    rows = connection.execute(KEEP, {**_held(held), "seconds": seconds}).fetchall()
    return {key for (key,) in rows}


def renew(connection: Connection[Any], webhook: UUID, seconds: float) -> None:
    """Go on with this one, in a turn. Whoever works without a pause locks it nearly all the time, so that
    `keep` hardly ever gets at it.
    """
    asked = {"id": webhook, "seconds": seconds, "least": seconds * AT_LEAST}
    connection.execute(RENEW, asked)


def leave(connection: Connection[Any], held: Held) -> None:
    """Give these to whoever comes."""
    connection.execute(LEAVE, _held(held))


def die(connection: Connection[Any], worker: UUID) -> None:
    """Say that this worker is no more."""
    connection.execute(DIES, (worker,))


def _held(held: Held) -> dict[str, list[Any]]:
    return {"ids": list(held), "leases": list(held.values())}
