"""Registry: FHIR Subscriptions, made and changed by whoever holds the key that owns them."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from psycopg import Connection
from psycopg.rows import class_row
from psycopg.types.json import Json as Jsonb

from journey.audit.disclosures import basis_of
from journey.delivery.follower import Clear
from journey.feed.envelope import Payload
from journey.feed.filter import Filter
from journey.fhir.data import Json
from journey.store.identifiers import uuid7
from journey.subscriptions.missed import count_up
from journey.subscriptions.terms import Content, lines, sealed
from journey.subscriptions.topics import Topic
from journey.subscriptions.way import silence
from journey.webhooks.registry import COUNT, MOST, WAKE, TooManyWebhooks
from journey.webhooks.rewound import NO_JOURNEY


class NoSuchSubscription(Exception):
    """You have no Subscription of this id."""

    def __init__(self) -> None:
        super().__init__(NoSuchSubscription.__doc__)


class Wanted(NamedTuple):
    """A Subscription as it is asked for. `headers`: None leaves them as they are."""

    endpoint: str
    topic: Topic
    criteria: str | None
    filter: Filter
    content: Content
    headers: tuple[str, ...] | None
    heartbeat: int | None
    ends: datetime | None
    reason: str
    contact: Sequence[Json]
    recipient: str
    purpose: str
    base: str
    is_on: bool = True

    def values(self) -> dict[str, Any]:
        whole = self.content is Content.FULL
        return {
            **self._asdict(),
            "topic": self.topic.url,
            "wanted": Jsonb(self.filter.model_dump(mode="json", exclude_defaults=True)),
            "payload": Payload.FULL if whole else Payload.THIN,
            "basis": basis_of(self.purpose),
            "headers": sealed(self.headers or ()),
            "contact": Jsonb(list(self.contact)),
        }


class Kept(NamedTuple):
    """A Subscription as it may be shown: without its headers."""

    id: UUID
    endpoint: str
    reason: str
    recipient: str
    purpose: str
    criteria: str | None
    contact: list[Json]
    changed_at: datetime


SHOWN = """
    SELECT id, endpoint, description AS reason, recipient, purpose, criteria, contact, changed_at
      FROM webhook JOIN fhir_subscription USING (id)
     WHERE owner = %s AND (%s::uuid IS NULL OR id = %s) ORDER BY id DESC
    """
INSERT = """
    WITH made AS (
        INSERT INTO webhook (id, kind, owner, position, epoch, endpoint, description, wanted, payload,
                             recipient, purpose, basis)
        VALUES (%(id)s, 'fhir', %(owner)s, (SELECT coalesce(max(position), 0) FROM log),
                (SELECT coalesce(max(number), 0) FROM store_epoch), %(endpoint)s, %(reason)s, %(wanted)s,
                %(payload)s, %(recipient)s, %(purpose)s, %(basis)s)
        RETURNING id
    )
    INSERT INTO fhir_subscription (id, topic, criteria, content, base, headers, heartbeat, ends, contact)
    SELECT id, %(topic)s, %(criteria)s, %(content)s, %(base)s, %(headers)s, %(heartbeat)s, %(ends)s,
           %(contact)s
      FROM made
    """
HANDSHAKE = """
    INSERT INTO webhook_delivery (webhook, number, position, event_id, journey_id, state)
    VALUES (%s, 0, 0, %s, %s, 'pending')
    """
CHANGE = """
    UPDATE webhook
       SET endpoint = %(endpoint)s, description = %(reason)s, wanted = %(wanted)s, payload = %(payload)s,
           recipient = %(recipient)s, purpose = %(purpose)s, basis = %(basis)s, changed_at = now(),
           state = CASE WHEN %(is_on)s THEN 'active' ELSE 'suspended' END,
           reason = CASE WHEN NOT %(is_on)s THEN 'paused' END,
           lease = lease + 1, leased_until = NULL, trips = 0, shut_until = NULL, down_since = NULL
     WHERE id = %(id)s
    """
CHANGE_TERMS = """
    UPDATE fhir_subscription
       SET topic = %(topic)s, criteria = %(criteria)s, content = %(content)s, base = %(base)s,
           headers = %(headers)s, heartbeat = %(heartbeat)s, ends = %(ends)s, contact = %(contact)s,
           confirmed = false
     WHERE id = %(id)s
    """
HELD = """
    SELECT endpoint, headers FROM webhook JOIN fhir_subscription USING (id)
     WHERE id = %s AND owner = %s FOR UPDATE OF webhook
    """
DELETE = "DELETE FROM webhook WHERE id = %s"


def create(connection: Connection[Any], owner: str, wanted: Wanted) -> UUID:
    """A new one, to what happens from now on; a handshake goes first. Raises TooManyWebhooks."""
    with connection.transaction():
        [(there,)] = connection.execute(COUNT, (owner,)).fetchall()
        if there >= MOST:
            raise TooManyWebhooks
        key = uuid7()
        connection.execute(INSERT, {"id": key, "owner": owner, **wanted.values()})
        _shake(connection, key)
        return key


def every(connection: Connection[Any], owner: str, key: UUID | None = None) -> list[Kept]:
    """Those of the owner, the newest first."""
    with connection.cursor(row_factory=class_row(Kept)) as cursor:
        return cursor.execute(SHOWN, (owner, key, key)).fetchall()


def read(connection: Connection[Any], owner: str, key: UUID) -> Kept:
    """Raises NoSuchSubscription."""
    found = every(connection, owner, key)
    if not found:
        raise NoSuchSubscription
    return found[0]


def change(connection: Connection[Any], owner: str, key: UUID, wanted: Wanted, clear: Clear) -> None:
    """From now on it is this, and begins with a handshake; what was not taken by now is had by asking for
    it. Raises NoSuchSubscription.
    """
    with _held(connection, owner, key) as (endpoint, headers):
        count_up(connection, key, clear)
        kept = lines(headers) if wanted.headers is None and endpoint == wanted.endpoint else ()
        said = wanted if wanted.headers is not None else wanted._replace(headers=kept)
        values = {"id": key, **said.values()}
        connection.execute(CHANGE, values)
        connection.execute(CHANGE_TERMS, values)
        silence(connection, key)
        if wanted.is_on:
            _shake(connection, key)


def delete(connection: Connection[Any], owner: str, key: UUID) -> None:
    """End it. Raises NoSuchSubscription."""
    with _held(connection, owner, key):
        connection.execute(DELETE, (key,))


def _shake(connection: Connection[Any], key: UUID) -> None:
    connection.execute(HANDSHAKE, (key, uuid7(), NO_JOURNEY))
    connection.execute(WAKE)


@contextmanager
def _held(connection: Connection[Any], owner: str, key: UUID) -> Iterator[tuple[str, bytes]]:
    """It is nobody else's to change within the block. Raises NoSuchSubscription."""
    with connection.transaction():
        row = connection.execute(HELD, (key, owner)).fetchone()
        if row is None:
            raise NoSuchSubscription
        yield row
        connection.execute(WAKE)
