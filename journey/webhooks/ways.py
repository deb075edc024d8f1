"""Ways: how else events are told than as CloudEvents, by the kind of the subscription.

Numbers, order, retries, leases and what may be told are those of every subscription; a way has its own
messages, and its own word on when there is nothing more to try.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol
from uuid import UUID

from psycopg import Connection

from journey.delivery.follower import Clearance
from journey.webhooks.pace import Pace
from journey.webhooks.subscription import Subscription
from journey.webhooks.telling import Batch, Message


class Outcome(NamedTuple):
    """What came of an attempt. `attempts`: those that count, this one included."""

    number: int
    journey_id: UUID
    state: str
    attempts: int
    due_at: datetime
    tried_at: datetime
    milliseconds: int
    status: int | None = None
    error: str | None = None


class Ending(NamedTuple):
    """The subscription is not worked on any more."""

    state: str
    reason: str


class Way(Protocol):
    """One way of telling."""

    def pace(self, usual: Pace) -> Pace:
        """When something is tried again."""
        ...

    def heed(self, connection: Connection[Any], of: Subscription, came: Sequence[Outcome]) -> Ending | None:
        """What follows from what came of attempts, which is written; whether it ends the subscription."""
        ...

    def plans(self, connection: Connection[Any], of: Subscription) -> bool:
        """Whether events get numbers by now."""
        ...

    def ended(self, connection: Connection[Any], of: Subscription) -> None:
        """It is not worked on any more."""
        ...

    def messages(
        self, connection: Connection[Any], of: Subscription, clearance: Clearance, batch: Batch
    ) -> list[Message]:
        """What is sent, in the order given; and, before it leaves, the record that it does."""
        ...


Ways = Mapping[str, Way]
NO_OTHER: Ways = MappingProxyType({})
