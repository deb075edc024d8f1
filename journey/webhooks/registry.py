"""Registry: the subscriptions, made and changed by whoever holds the key that owns them."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Literal, NamedTuple
from uuid import UUID

from psycopg import Connection
from psycopg.rows import class_row
from psycopg.sql import SQL
from psycopg.types.json import Json
from pydantic import BaseModel, Field

from journey.audit.disclosures import Basis
from journey.feed.envelope import Payload
from journey.feed.filter import Filter
from journey.store.identifiers import uuid7
from journey.store.recorder import CHANNEL
from journey.store.vault import vault
from journey.webhooks import history, signing
from journey.webhooks.history import Counts
from journey.webhooks.subscription import opened

MOST = 100
"""Subscriptions of one key."""


class NoSuchWebhook(Exception):
    """You have no subscription of this id."""

    def __init__(self) -> None:
        super().__init__(NoSuchWebhook.__doc__)


class TooManyWebhooks(Exception):
    """Your key has as many subscriptions as one may have; delete one, or widen the filter of one."""

    def __init__(self) -> None:
        super().__init__(TooManyWebhooks.__doc__)


class Webhook(BaseModel):
    """A subscription as it may be shown: without its secret."""

    id: UUID
    endpoint: str
    description: str
    filter: Filter = Field(description="What is wanted; an empty one wants everything.")
    payload: Payload
    recipient: str
    recipient_address: str | None
    purpose: str
    basis: Basis
    state: Literal["active", "suspended", "disabled"]
    reason: str | None = Field(
        description="Why not active: `paused`, `owner-revoked`, `unreachable` (for three days), `gone` (410)."
    )
    position: int = Field(description="Up to here the log was looked through.")
    epoch: int = Field(description="The epoch of the log that this position is of; 0: of none yet.")
    next_number: int = Field(description="The delivery number that the next event gets.")
    down_since: datetime | None = Field(description="Since when the endpoint takes nothing.")
    probed_at: datetime | None = Field(description="When an endpoint that takes nothing is tried again.")
    two_secrets_until: datetime | None = Field(description="Until then messages bear two signatures.")
    created_at: datetime
    changed_at: datetime
    deliveries: Counts


class Wanted(NamedTuple):
    """A subscription as it is asked for."""

    endpoint: str
    description: str
    filter: Filter
    payload: Payload
    recipient: str
    recipient_address: str | None
    purpose: str
    basis: Basis

    def values(self) -> dict[str, Any]:
        return {**self._asdict(), "filter": Json(self.filter.model_dump(mode="json", exclude_defaults=True))}


class AheadOfIt(Exception):
    """The subscription has not come so far yet; it can only be put back."""

    def __init__(self) -> None:
        super().__init__(AheadOfIt.__doc__)


SHOWN = SQL("""
    id, endpoint, description, wanted AS filter, payload, recipient, recipient_address, purpose, basis, state,
    reason, position, epoch, next_number, down_since,
    CASE WHEN shut_until > now() THEN shut_until END AS probed_at,
    CASE WHEN former_until > now() THEN former_until END AS two_secrets_until, created_at, changed_at,
    (SELECT json_build_object('waiting', count(*) FILTER (WHERE delivery.state = 'waiting'),
                              'pending', count(*) FILTER (WHERE delivery.state = 'pending'),
                              'dead', count(*) FILTER (WHERE delivery.state = 'dead'))
       FROM webhook_delivery AS delivery
      WHERE delivery.webhook = webhook.id AND delivery.state IN ('waiting', 'pending', 'dead')) AS deliveries
    """)
SELECT = SQL("SELECT {} FROM webhook WHERE owner = %s AND kind = 'cloudevents' ORDER BY id DESC").format(
    SHOWN
)
SELECT_ONE = SQL("SELECT {} FROM webhook WHERE id = %s AND owner = %s AND kind = 'cloudevents'").format(SHOWN)
COUNT = "SELECT count(*) FROM webhook WHERE owner = %s"
INSERT = """
    INSERT INTO webhook (id, owner, secret, position, epoch, endpoint, description, wanted, payload,
                         recipient, recipient_address, purpose, basis)
    VALUES (%(id)s, %(owner)s, %(secret)s,
            coalesce(%(position)s, (SELECT coalesce(max(position), 0) FROM log)),
            (SELECT coalesce(max(number), 0) FROM store_epoch), %(endpoint)s,
            %(description)s, %(filter)s, %(payload)s, %(recipient)s, %(recipient_address)s, %(purpose)s,
            %(basis)s)
    """
CHANGE = """
    UPDATE webhook
       SET endpoint = %(endpoint)s, description = %(description)s, wanted = %(filter)s, payload = %(payload)s,
           recipient = %(recipient)s, recipient_address = %(recipient_address)s, purpose = %(purpose)s,
           basis = %(basis)s, changed_at = now(),
           lease = lease + 1, leased_until = NULL, trips = 0, shut_until = NULL, down_since = NULL
     WHERE id = %(id)s
    """
"""Whoever works on it knows the endpoint that it was: the lease is taken from them."""

ANEW = """
    UPDATE webhook_delivery SET disclosed = false
     WHERE webhook = %s AND disclosed AND state IN ('waiting', 'pending', 'dead')
    """
"""Who was told stands in the accounting; who is told from now on may be somebody else."""

ENABLE = """
    UPDATE webhook SET state = 'active', reason = NULL, trips = 0, shut_until = NULL, down_since = NULL,
                       lease = lease + 1, leased_until = NULL, changed_at = now() WHERE id = %s
    """
PAUSE = "UPDATE webhook SET state = 'suspended', reason = 'paused', changed_at = now() WHERE id = %s"
ROTATE = """
    UPDATE webhook SET former_secret = secret, former_until = now() + %s * interval '1 hour', secret = %s,
                       changed_at = now()
     WHERE id = %s
    """
REWIND = "UPDATE webhook SET position = %s, changed_at = now() WHERE id = %s"
SECRETS = "SELECT secret, CASE WHEN former_until > now() THEN former_secret END FROM webhook WHERE id = %s"
DELETE = "DELETE FROM webhook WHERE id = %s"
HELD = """
    SELECT position FROM webhook WHERE id = %s AND owner = %s AND kind = 'cloudevents' FOR UPDATE
    """
WAKE = SQL("NOTIFY {}").format(SQL(CHANNEL))


def create(
    connection: Connection[Any], owner: str, wanted: Wanted, position: int | None
) -> tuple[Webhook, str]:
    """A new subscription to what comes behind a position (None: from now on), and its secret, which is shown
    this once. Raises TooManyWebhooks.
    """
    [(there,)] = connection.execute(COUNT, (owner,)).fetchall()
    if there >= MOST:
        raise TooManyWebhooks
    key, secret = uuid7(), signing.new_secret()
    values = {"id": key, "owner": owner, "secret": vault().kms.wrap(secret), "position": position}
    connection.execute(INSERT, {**values, **wanted.values()})
    connection.execute(WAKE)
    return read(connection, owner, key), signing.shown(secret)


def every(connection: Connection[Any], owner: str) -> list[Webhook]:
    """The newest first."""
    with connection.cursor(row_factory=class_row(Webhook)) as cursor:
        return cursor.execute(SELECT, (owner,)).fetchall()


def read(connection: Connection[Any], owner: str, key: UUID) -> Webhook:
    """Raises NoSuchWebhook."""
    with connection.cursor(row_factory=class_row(Webhook)) as cursor:
        found = cursor.execute(SELECT_ONE, (key, owner)).fetchone()
    if found is None:
        raise NoSuchWebhook
    return found


def change(connection: Connection[Any], owner: str, key: UUID, wanted: Wanted) -> Webhook:
    """From now on it is this. Raises NoSuchWebhook."""
    with held(connection, owner, key):
        connection.execute(CHANGE, {"id": key, **wanted.values()})
        connection.execute(ANEW, (key,))
    return read(connection, owner, key)


def enable(connection: Connection[Any], owner: str, key: UUID) -> Webhook:
    """Go on where it stopped. Raises NoSuchWebhook."""
    with held(connection, owner, key):
        connection.execute(ENABLE, (key,))
    return read(connection, owner, key)


def pause(connection: Connection[Any], owner: str, key: UUID) -> Webhook:
    """Send nothing until it is enabled. Raises NoSuchWebhook."""
    with held(connection, owner, key):
        connection.execute(PAUSE, (key,))
    return read(connection, owner, key)


def rotate(connection: Connection[Any], owner: str, key: UUID, hours: float) -> tuple[Webhook, str]:
    """A new secret beside the one before, which holds for so many hours more. Raises NoSuchWebhook."""
    secret = signing.new_secret()
    with held(connection, owner, key):
        connection.execute(ROTATE, (hours, vault().kms.wrap(secret), key))
    return read(connection, owner, key), signing.shown(secret)


def rewind(connection: Connection[Any], owner: str, key: UUID, position: int) -> Webhook:
    """Send again what stands behind this position, under new numbers and the same ids; dead letters behind it
    begin anew, so that no journey is told its later part first. Raises NoSuchWebhook, AheadOfIt.
    """
    with held(connection, owner, key) as reached:
        if position > reached:
            raise AheadOfIt
        connection.execute(REWIND, (position, key))
        history.replay(connection, key, None, behind=position)
    return read(connection, owner, key)


def replay(connection: Connection[Any], owner: str, key: UUID, numbers: Sequence[int] | None) -> list[int]:
    """Begin anew with these dead letters, or with all. Raises NoSuchWebhook."""
    with held(connection, owner, key):
        return history.replay(connection, key, numbers)


def skip(connection: Connection[Any], owner: str, key: UUID, numbers: Sequence[int]) -> list[int]:
    """Give these dead letters up. Raises NoSuchWebhook."""
    with held(connection, owner, key):
        return history.skip(connection, key, numbers)


def delete(connection: Connection[Any], owner: str, key: UUID) -> Webhook:
    """End it, and forget its deliveries; what it was. Raises NoSuchWebhook."""
    found = read(connection, owner, key)
    with held(connection, owner, key):
        connection.execute(DELETE, (key,))
    return found


def secrets(connection: Connection[Any], key: UUID) -> tuple[bytes, ...]:
    """Those that messages are signed with now."""
    [row] = connection.execute(SECRETS, (key,)).fetchall()
    return opened(*row)


@contextmanager
def held(connection: Connection[Any], owner: str, key: UUID) -> Iterator[int]:
    """The subscription is nobody else's to change within the block, and afterwards its worker is woken; its
    position. Raises NoSuchWebhook.
    """
    with connection.transaction():
        row = connection.execute(HELD, (key, owner)).fetchone()
        if row is None:
            raise NoSuchWebhook
        yield int(row[0])
        connection.execute(WAKE)
