"""Subscription: who wants to be sent which events, where to, what for, and what may be told to them."""

from datetime import datetime
from typing import Any, NamedTuple, Self
from uuid import UUID

from psycopg import Connection

from journey.audit.disclosures import Basis, Channel
from journey.delivery.follower import LeaseLost
from journey.feed.envelope import Payload
from journey.feed.filter import Filter
from journey.store.vault import vault
from journey.webhooks.pace import Endpoint, Pace

CLOUD_EVENTS = "cloudevents"
"""What is told in CloudEvents; another kind has its own way (ways.py)."""


class Subscription(NamedTuple):
    """A subscription as it is while it is worked on, with the lease that it is worked on under."""

    id: UUID
    owner: str
    endpoint: str
    wanted: Filter
    payload: Payload
    recipient: str
    recipient_address: str | None
    purpose: str
    basis: Basis
    state: str
    secrets: tuple[bytes, ...]
    position: int
    epoch: int
    next_number: int
    trips: int
    shut_until: datetime | None
    down_since: datetime | None
    kind: str = CLOUD_EVENTS

    @classmethod
    def of(cls, row: tuple[Any, ...]) -> Self:
        """From a row of LOCKED. The secrets are opened."""
        key, owner, endpoint, wanted, payload, *told, basis, state, secret, former = row[:12]
        asked = Filter.model_validate(wanted)
        named = (Payload(payload), *told, Basis(basis), state, opened(secret, former))
        return cls(key, owner, endpoint, asked, *named, *row[12:])

    @property
    def channel(self) -> Channel:
        return Channel.WEBHOOK

    @property
    def reference(self) -> str:
        return str(self.id)

    def breaker(self, pace: Pace) -> Endpoint:
        """What the worker before knew of the endpoint."""
        down = self.trips > 0
        return Endpoint(
            allowance=1 if down else pace.slow,
            trips=self.trips,
            shut_until=self.shut_until,
            down_since=self.down_since,
        )


def opened(secret: bytes | None, former: bytes | None) -> tuple[bytes, ...]:
    """The secrets that messages are signed with, from those that are stored."""
    return tuple(vault().kms.unwrap(each) for each in (secret, former) if each is not None)


LOCKED = """
    SELECT id, owner, endpoint, wanted, payload, recipient, recipient_address, purpose, basis, state,
           secret, CASE WHEN former_until > now() THEN former_secret END,
           position, epoch, next_number, trips, shut_until, down_since, kind
      FROM webhook WHERE id = %s AND lease = %s FOR UPDATE
    """


def locked(connection: Connection[Any], webhook: UUID, lease: int) -> Subscription:
    """The subscription, and nobody else's until the transaction ends. Raises LeaseLost."""
    row = connection.execute(LOCKED, (webhook, lease)).fetchone()
    if row is None:
        raise LeaseLost
    return Subscription.of(row)
