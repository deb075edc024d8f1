"""Sending: how what was found goes out to who asked, decided when it is sent.

What is withheld is told of in its place; data goes out whole where the key's scopes let its holder read it
and the patient has not said otherwise.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple
from uuid import UUID

from journey.api.access.asking import Asking
from journey.api.access.looks import read
from journey.api.access.scopes import resource_of
from journey.api.access.table import Permission
from journey.api.access.withheld import hidden_of
from journey.api.follow.asked import Wanted
from journey.api.follow.known import Known
from journey.api.guard import Seen
from journey.api.reads import Reads
from journey.audit.disclosures import Channel, Disclosure, Sending, Sent, basis_of
from journey.domain import labels
from journey.domain.event import Recorded
from journey.domain.journey import journey_at
from journey.feed.consented import SPOKEN, Recipient, consented
from journey.feed.envelope import Payload, cloud_event, withheld_cloud_event

LABELLED = "SELECT journey_id FROM patient_status WHERE journey_id = ANY(%s) AND labels <> '{}'"
ASKED = """
    SELECT DISTINCT journey_id FROM event
     WHERE journey_id = ANY(%s) AND (type = ANY(%s) OR context::text LIKE '%%"labels":["%%')
    """

WHAT = {Payload.THIN: "codes and times of what happened", Payload.FULL: "what happened, in full"}

Limits = dict[UUID, Payload]


class Told(NamedTuple):
    """What goes out, and of whom it tells."""

    events: list[dict[str, Any]]
    seen: Seen


class To(NamedTuple):
    """To whom it goes, what they want of it, and which way."""

    by: Asking
    wanted: Wanted
    channel: Channel


async def told_of(reads: Reads, to: To, found: Sequence[Recorded], known: Mapping[UUID, Known]) -> Told:
    """How these go out. That they do is to be recorded before: what was seen, and what it discloses."""
    wanted = to.wanted
    kept_back = await hidden_of(reads, [key for key, each in known.items() if each.bears], wanted.cleared)
    labelled = await _labelled(reads, known) if kept_back and wanted.hides else known

    def is_told(each: Recorded) -> bool:
        is_withheld = each.event_id in kept_back
        if is_withheld and each.journey_id not in labelled:
            return False
        return wanted.holds(each, known[each.journey_id].about, withheld=is_withheld)

    going = [each for each in found if is_told(each)]
    limits = await _limits(reads, to.by, going) if wanted.payload is Payload.FULL else {}
    events = [
        withheld_cloud_event(each)
        if each.event_id in kept_back
        else cloud_event(each, limits.get(each.event_id, Payload.THIN))
        for each in going
    ]
    journeys = {each.journey_id for each in going}
    patients = {patient for each in journeys if (patient := known[each].patient_id)}
    return Told(
        events, Seen(tuple(sorted(journeys)), tuple(sorted(patients)), None, _disclosed(to, events, known))
    )


def _disclosed(
    to: To, events: Sequence[Mapping[str, Any]], known: Mapping[UUID, Known]
) -> tuple[Disclosure, ...]:
    """One for each patient; what is withheld discloses nothing."""
    by = to.by
    sending = Sending(
        to.channel,
        by.caller.name,
        by.purpose,
        basis_of(by.purpose),
        WHAT[to.wanted.payload],
        f"key {by.caller.id}",
    )
    return sending.of_each(
        Sent(patient, each["subject"], int(each["sequence"]), of.labels.union(_labels(each)))
        for each in events
        if each["type"] != "withheld" and (patient := (of := known[each["subject"]]).patient_id)
    )


def _labels(event: Mapping[str, Any]) -> list[str]:
    return event["labels"].split(",") if "labels" in event else []


async def _labelled(reads: Reads, journeys: Collection[UUID]) -> set[UUID]:
    """Those of which all that is withheld is found, whatever its type; of others, where a label was voided
    away, only what is of the types that were asked for, and that is not to be told.
    """
    return {journey_id for (journey_id,) in await reads.rows(LABELLED, (list(journeys),))}


async def _limits(reads: Reads, by: Asking, going: Sequence[Recorded]) -> Limits:
    """How much of each may go out, where more than its ids and codes was asked for."""
    readable = [each for each in going if by.caller.may(Permission.READ, resource_of(each.event.stored_as))]
    limits = {each.event_id: Payload.FULL for each in readable}
    journeys = {each.journey_id for each in readable}
    to, now = Recipient(by.caller.name, by.purpose), datetime.now(UTC)
    for (journey_id,) in await reads.rows(ASKED, (list(journeys), SPOKEN)):
        history = await read(reads, journey_id)
        journey, borne = journey_at(history), labels.labelled(history.recorded)
        for each in readable:
            if journey is not None and each.journey_id == journey_id:
                limits[each.event_id] = consented(journey.consents, borne, each.event_id, to, now)
    return limits
