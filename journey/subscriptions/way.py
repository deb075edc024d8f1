"""Way: how a FHIR Subscription is worked on, where it differs from a webhook.

Its endpoint has to take a handshake before anything of an event is sent. What tells of no event, the
handshake and the heartbeats after it, is one delivery under the number 0, which is due again and again.
Whose endpoint fails is in error, soon, and gets nothing until whoever subscribed says so; what happens
meanwhile is numbered (missed.py) and kept for who asks.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from psycopg import Connection
from pydantic_core import to_json

from journey.delivery.follower import Clearance
from journey.delivery.telling import EVENTS, account
from journey.domain.event import Recorded
from journey.fhir.data import Json
from journey.store.mapper import recorded
from journey.subscriptions.focusing import Focused, Telling, focused
from journey.subscriptions.notification import REWOUND, Happened, Said, Type, bundle
from journey.subscriptions.terms import Content, Status, Terms, terms
from journey.webhooks.pace import HOUR, Pace
from journey.webhooks.subscription import Subscription
from journey.webhooks.telling import Batch, Due, Message
from journey.webhooks.ways import Ending, Outcome

KIND: Final = "fhir"
STANDING = 0
"""The number of what tells of no event."""

TRIES = 3
"""Waits between attempts, of those that a webhook has."""

REFUSED = Ending("suspended", "refused")
NOT_TAKEN = Ending("suspended", "not-taken")
ENDED = Ending("suspended", "ended")

KNOWN = """
    SELECT confirmed, heartbeat, coalesce(ends <= clock_timestamp(), false)
      FROM fhir_subscription WHERE id = %s
    """
CONFIRM = "UPDATE fhir_subscription SET confirmed = true, started = true WHERE id = %s"
CONFIRMED = "SELECT confirmed FROM fhir_subscription WHERE id = %s"
BEAT = """
    UPDATE webhook_delivery
       SET state = 'pending', attempts = 0, ended_at = NULL,
           due_at = clock_timestamp() + %s * interval '1 second'
     WHERE webhook = %s AND number = 0
    """
GIVEN_UP = """
    UPDATE webhook_delivery SET state = 'skipped', ended_at = clock_timestamp()
     WHERE webhook = %s AND number > 0 AND state IN ('waiting', 'pending', 'dead')
    """
SILENT = "DELETE FROM webhook_delivery WHERE webhook = %s AND number = 0"


class Fhir:
    """FHIR Subscriptions (R4, topic-based by the backport)."""

    def pace(self, usual: Pace) -> Pace:
        """There is a status for who is not reached: it is told within the hour."""
        return replace(usual, waits=usual.waits[:TRIES], given_up=min(usual.given_up, HOUR))

    def heed(self, connection: Connection[Any], of: Subscription, came: Sequence[Outcome]) -> Ending | None:
        [(confirmed, heartbeat, is_over)] = connection.execute(KNOWN, (of.id,)).fetchall()
        if is_over:
            return ENDED
        handshakes = [each for each in came if each.number == STANDING] if not confirmed else []
        if any(each.state != "delivered" for each in handshakes):
            return REFUSED
        if handshakes:
            connection.execute(CONFIRM, (of.id,))
        if any(each.state == "dead" for each in came):
            return NOT_TAKEN
        if heartbeat is not None and any(each.state == "delivered" for each in came):
            connection.execute(BEAT, (heartbeat, of.id))
        return None

    def plans(self, connection: Connection[Any], of: Subscription) -> bool:
        [(confirmed,)] = connection.execute(CONFIRMED, (of.id,)).fetchall()
        return bool(confirmed)

    def ended(self, connection: Connection[Any], of: Subscription) -> None:
        silence(connection, of.id)

    def messages(
        self, connection: Connection[Any], of: Subscription, clearance: Clearance, batch: Batch
    ) -> list[Message]:
        [known] = terms(connection, [of.id])
        due = [each for each in batch.due if not each.is_notice]
        rows = connection.cursor(binary=True).execute(EVENTS, ([each.position for each in due],)).fetchall()
        events = {row[0]: recorded(row[1:], row[0]) for row in rows}
        telling = Telling(of, clearance, known.topic, known.content, batch.now)
        shown = focused(connection, telling, events.values())
        fresh = [events[each.position] for each in due if each.position in events and not each.disclosed]
        account(connection, of, shown.back, [each for each in fresh if each.event_id in shown.by_event])
        return [_message(known, each, _body(known, each, shown, events, batch.now)) for each in batch.due]


def silence(connection: Connection[Any], key: UUID) -> None:
    """Send nothing of what was not taken; it can be asked for."""
    connection.execute(GIVEN_UP, (key,))
    connection.execute(SILENT, (key,))


def _body(of: Terms, due: Due, shown: Focused, events: dict[int, Recorded], now: datetime) -> Json:
    if due.number == STANDING:
        kind = Type.HEARTBEAT if of.status is Status.ACTIVE else Type.HANDSHAKE
        return bundle(of, Said(kind, of.events), Content.EMPTY, now)
    errors = [REWOUND] if due.is_notice else []
    event = None if due.is_notice else events.get(due.position)
    happened = happening(due.number, event, shown)
    return bundle(of, Said(Type.EVENT, due.number, [happened], errors), of.content, now)


def happening(number: int, event: Recorded | None, shown: Focused) -> Happened:
    """An event under its number, as far as it may be told."""
    if event is None:
        return Happened(number, None)
    return Happened(number, event.recorded_at, shown.by_event.get(event.event_id))


def _message(of: Terms, due: Due, body: Json) -> Message:
    told = (each.partition(":") for each in of.headers)
    headers = {name.strip().lower(): value.strip() for name, _, value in told}
    ours = {"content-type": "application/fhir+json", "user-agent": "Journey-Subscriptions/1"}
    said = to_json(body)
    return Message(due.number, due.journey_id, str(due.event_id), due.attempts, said, {**headers, **ours})
