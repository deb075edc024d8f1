"""Telling: the messages that go out for a batch of deliveries, and the accounting of what they disclose."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from psycopg import Connection
from psycopg.sql import SQL
from pydantic_core import to_json

from journey.audit import disclosures
from journey.audit.disclosures import Disclosure
from journey.domain.event import Recorded
from journey.domain.labels import NONE
from journey.feed import place
from journey.feed.envelope import SOURCE, Payload, cloud_event, withheld_cloud_event
from journey.store.epoch import Line
from journey.store.mapper import recorded
from journey.store.recorder import COLUMNS
from journey.webhooks.rewound import NO_JOURNEY, notice
from journey.webhooks.subscription import Clearance, Follower, Subscription
from journey.webhooks.withheld import Kept, kept

LARGEST = 20_000
"""Bytes of a body; a full event that is larger goes thin."""

EVENTS = SQL("""
    SELECT position, {columns} FROM log JOIN event USING (journey_id, version) WHERE position = ANY(%s)
    """).format(columns=COLUMNS)
PATIENTS = """
    SELECT journey_id, (data->>'patient_id')::uuid FROM event
     WHERE journey_id = ANY(%s) AND version = 1 AND type = 'journey.opened'
    """
WHAT = {Payload.THIN: "codes and times of what happened", Payload.FULL: "what happened, in full"}


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


def body(of: Follower, back: Kept, event: Recorded) -> bytes:
    """The event as it goes out."""
    if event.journey_id in back.journeys:
        return to_json({"specversion": "1.0", "id": event.event_id, "source": SOURCE, "type": "withheld"})
    if event.event_id in back.events:
        return to_json(withheld_cloud_event(event))
    whole = Payload.THIN if event.event_id in back.thin else of.payload
    for payload in (whole, Payload.THIN):
        told = to_json(cloud_event(event, payload))
        if len(told) <= LARGEST:
            return told
    said = cloud_event(event)
    del said["data"], said["dataschema"]
    return to_json(said)


def account(connection: Connection[Any], of: Follower, back: Kept, events: Sequence[Recorded]) -> None:
    """One record for each patient. What is withheld discloses nothing."""
    going: defaultdict[UUID, list[Recorded]] = defaultdict(list)
    for each in events:
        if each.event_id not in back.events and each.journey_id not in back.journeys:
            going[each.journey_id].append(each)
    if not going:
        return
    of_patients: defaultdict[UUID, list[Recorded]] = defaultdict(list)
    for journey_id, patient_id in connection.execute(PATIENTS, (list(going),)):
        of_patients[patient_id] += going[journey_id]
    disclosures.record(
        connection, [_disclosure(of, back, patient, told) for patient, told in of_patients.items()]
    )


def _disclosure(of: Follower, back: Kept, patient: UUID, told: Sequence[Recorded]) -> Disclosure:
    labels = NONE.union(*(back.borne.get(each.event_id, NONE) for each in told))
    return Disclosure(
        channel=of.channel,
        recipient=of.recipient,
        recipient_address=of.recipient_address,
        purpose=of.purpose,
        basis=of.basis,
        description=WHAT[of.payload],
        patient_id=patient,
        journeys=tuple(sorted({each.journey_id for each in told})),
        positions=tuple(sorted(each.position or 0 for each in told)),
        reference=of.reference,
        labels=tuple(sorted(labels)),
    )
