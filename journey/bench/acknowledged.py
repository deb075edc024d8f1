"""Acknowledged: what is wrong with what senders were told over MLLP, of what the database holds.

    AA  applied: its events are recorded       AE  parked, or applied since       AR  parked or rejected
    CA  kept, whatever becomes of it           CR  as AR

Whatever is acknowledged stands in the inbox, on disk with the events that it led to. Sent once more, it leads
to nothing new.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any, NamedTuple
from uuid import UUID, uuid5

from psycopg import Connection

from journey.ingest.hl7v2.applying import CORRELATION
from journey.ingest.hl7v2.inbox import message_key

STATUSES = "SELECT key, status FROM inbox WHERE channel = 'hl7v2'"
FIRST = """
    SELECT (context->>'correlation_id')::uuid, min(recorded_at) FROM event GROUP BY 1
    """
DOUBLED = """
    SELECT count(*) FROM (
        SELECT FROM event
         GROUP BY context->>'correlation_id', journey_id, type, data::text, occurred_at HAVING count(*) > 1)
           AS doubled
    """
EVENTS = "SELECT count(*) FROM event"
MAY_BE = {
    "AA": {"applied"},
    "AE": {"parked", "applied"},
    "AR": {"parked", "rejected"},
    "CA": {"applied", "parked", "rejected"},
    "CR": {"parked", "rejected"},
}


class Told(NamedTuple):
    """A message, and what was said to it in the end; "" where it asked for no word."""

    raw: bytes
    code: str

    @property
    def key(self) -> bytes:
        return message_key(self.raw)


Shares = Sequence[Sequence[Told]]
"""Of each connection, in the order in which it sent."""


class Held(NamedTuple):
    """What the database holds. `first`: when the first event that a request led to was recorded."""

    statuses: Mapping[bytes, str]
    first: Mapping[UUID, datetime]
    doubled: int
    events: int


def held(connection: Connection[Any]) -> Held:
    """Everything that the checks need."""
    [(doubled,)] = connection.execute(DOUBLED).fetchall()
    [(events,)] = connection.execute(EVENTS).fetchall()
    statuses = dict(connection.execute(STATUSES).fetchall())
    return Held(statuses, dict(connection.execute(FIRST).fetchall()), doubled, events)


def complaints(shares: Shares, before: Held, again: Shares, after: Held) -> Iterator[str]:
    """Everything that is wrong, when it had all been sent, and after it was sent again with nobody killed."""
    lost = [each for share in shares for each in share if each.code and each.key not in before.statuses]
    if lost:
        yield f"{len(lost)} messages were acknowledged, and are not kept"
    if after.events != before.events:
        yield f"{after.events - before.events} events were recorded when it was sent again"
    if before.doubled or after.doubled:
        yield f"{before.doubled + after.doubled} events were recorded twice for one message"
    for share in (*shares, *again):
        for each in share:
            if each.code and after.statuses.get(each.key) not in MAY_BE[each.code]:
                yield f"a message was told {each.code}, and is {after.statuses.get(each.key, 'not there')}"
    keys = {each.key for share in shares for each in share}
    if unasked := after.statuses.keys() - keys:
        yield f"{len(unasked)} messages are in the inbox that nobody sent"
    for share in shares:
        yield from _of_order([each for each in share if each.code == "AA"], before)


def _of_order(applied: Sequence[Told], holds: Held) -> Iterator[str]:
    times = [holds.first[name] for each in applied if (name := _named(each)) in holds.first]
    if any(later < earlier for earlier, later in pairwise(times)):
        yield "messages of one connection were recorded in another order"


def _named(each: Told) -> UUID:
    """What its events are correlated by."""
    return uuid5(CORRELATION, each.key.hex())
