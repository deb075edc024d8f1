"""Terms: what a FHIR Subscription is told by, beyond what every webhook has, and how it stands."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID

from psycopg import Connection
from pydantic_core import from_json, to_json

from journey.store.vault import vault
from journey.subscriptions.topics import TOPICS, Topic


class Content(StrEnum):
    """How much of the resource is sent along."""

    EMPTY = "empty"
    ID_ONLY = "id-only"
    FULL = "full-resource"


class Status(StrEnum):
    """R4 SubscriptionStatus."""

    REQUESTED = "requested"
    ACTIVE = "active"
    ERROR = "error"
    OFF = "off"


OFF = frozenset({"paused", "ended"})
"""Why one is not active that nothing is wrong with."""

WHY = {
    "refused": "The endpoint did not take the handshake.",
    "not-taken": "The endpoint did not take a notification, however often it was tried.",
    "unreachable": "The endpoint took nothing for too long.",
    "gone": "The endpoint answered 410: it is gone.",
    "owner-revoked": "The key that subscribed may not follow any more.",
}
"""What is wrong, by the reason."""


class Terms(NamedTuple):
    """`events`: how many there were since it began."""

    id: UUID
    topic: Topic
    content: Content
    base: str
    headers: tuple[str, ...]
    heartbeat: int | None
    ends: datetime | None
    confirmed: bool
    state: str
    reason: str | None
    events: int

    @property
    def status(self) -> Status:
        if self.state == "active":
            return Status.ACTIVE if self.confirmed else Status.REQUESTED
        return Status.OFF if self.reason in OFF else Status.ERROR

    @property
    def error(self) -> str | None:
        return WHY.get(self.reason or "") if self.status is Status.ERROR else None


SELECT = """
    SELECT id, topic, content, base, headers, heartbeat, ends, confirmed, state, reason, next_number - 1
      FROM webhook JOIN fhir_subscription USING (id) WHERE id = ANY(%s) ORDER BY id DESC
    """


def terms(connection: Connection[Any], keys: Sequence[UUID]) -> list[Terms]:
    """Of each of these that there is."""
    rows = connection.execute(SELECT, (list(keys),)).fetchall()
    return [_terms(*row) for row in rows]


def _terms(key: UUID, topic: str, content: str, base: str, headers: bytes, *rest: Any) -> Terms:
    return Terms(key, TOPICS[topic], Content(content), base, lines(headers), *rest)


def sealed(headers: Sequence[str]) -> bytes:
    """The lines of channel.header, as they may be stored."""
    return vault().kms.wrap(to_json(headers))


def lines(headers: bytes) -> tuple[str, ...]:
    """The same, opened."""
    return tuple(from_json(vault().kms.unwrap(headers)))
