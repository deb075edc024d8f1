"""Telling: an event as it goes out, and the accounting of what it discloses."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from psycopg import Connection
from psycopg.sql import SQL
from pydantic_core import to_json

from journey.audit import disclosures
from journey.audit.disclosures import Disclosure
from journey.delivery.follower import Follower
from journey.delivery.withheld import Kept
from journey.domain.event import Recorded
from journey.domain.labels import NONE
from journey.feed.envelope import SOURCE, Payload, cloud_event, withheld_cloud_event
from journey.store.recorder import COLUMNS

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
