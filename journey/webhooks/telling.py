"""Telling: the messages that go out for a batch of deliveries, and the accounting of what they disclose."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from psycopg import Connection

from journey.delivery.follower import Clearance
from journey.delivery.telling import EVENTS, account, body
from journey.delivery.withheld import kept
from journey.feed import place
from journey.store.epoch import Line
from journey.store.mapper import recorded
from journey.webhooks.rewound import NO_JOURNEY, notice
from journey.webhooks.subscription import Subscription


class Due(NamedTuple):
    """A delivery that is to be attempted."""

    number: int
    position: int
    event_id: UUID
    journey_id: UUID
    attempts: int
    disclosed: bool

    @property
    def is_notice(self) -> bool:
        """Whether it tells that the log was put back."""
        return self.journey_id == NO_JOURNEY


class Batch(NamedTuple):
    """The deliveries that are to be attempted now, and the log as it is."""

    log: Line
    due: Sequence[Due]
    now: datetime


class Message(NamedTuple):
    """What is sent for a delivery. Its id is the event's: the same on every attempt, replay and rewind."""

    number: int
    journey_id: UUID
    message_id: str
    attempts: int
    body: bytes
    headers: Mapping[str, str]


def messages(
    connection: Connection[Any], of: Subscription, clearance: Clearance, batch: Batch
) -> list[Message]:
    """What is sent, in the order given; and, before it leaves, the record that it does."""
    due = [each for each in batch.due if not each.is_notice]
    rows = connection.cursor(binary=True).execute(EVENTS, ([each.position for each in due],)).fetchall()
    events = {row[0]: recorded(row[1:], row[0]) for row in rows}
    back = kept(connection, of, clearance, events.values(), batch.now)
    account(connection, of, back, [events[each.position] for each in due if not each.disclosed])
    epochs = {each.id: each for each in batch.log.epochs}
    return [
        _message(batch.log, each, notice(epochs[each.event_id], each.number))
        if each.is_notice
        else _message(batch.log, each, body(of, back, events[each.position]))
        for each in batch.due
    ]


def _message(log: Line, due: Due, said: bytes) -> Message:
    headers = {
        "journey-delivery": str(due.number),
        "journey-cursor": place.at(log, due.position, due.event_id).cursor(),
    }
    return Message(due.number, due.journey_id, str(due.event_id), due.attempts, said, headers)
