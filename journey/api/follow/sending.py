"""Sending: how what was found goes out to who asked, decided when it is sent.

What is withheld is told of in its place; data goes out whole where the key's scopes let its holder read it
and the patient has not said otherwise.
"""

from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple
from uuid import UUID

from journey.api.access.asking import Asking
from journey.api.access.looks import read
from journey.api.access.scopes import resource_of
from journey.api.access.table import Permission
from journey.api.access.withheld import withheld
from journey.api.follow.asked import Wanted
from journey.api.guard import NOTHING_SEEN, Seen
from journey.api.reads import Reads
from journey.audit.disclosures import INSERT_TOLD, Channel, Sending, basis_of
from journey.domain import labels
from journey.domain.event import Recorded
from journey.domain.journey import journey_at
from journey.feed import about
from journey.feed.about import NOTHING, About
from journey.feed.consented import SPOKEN, Recipient, consented
from journey.feed.envelope import Payload, cloud_event, withheld_cloud_event

LABELLED = "SELECT journey_id FROM patient_status WHERE journey_id = ANY(%s) AND labels <> '{}'"
PATIENTS = """
    SELECT DISTINCT data->>'patient_id' FROM event
     WHERE journey_id = ANY(%s) AND version = 1 AND type = 'journey.opened'
    """
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


async def told_of(
    reads: Reads, by: Asking, wanted: Wanted, found: Sequence[Recorded], channel: Channel = Channel.FEED
) -> Told:
    """How these go out, once it is recorded to whom."""
    journeys = {each.journey_id for each in found}
    kept_back = await withheld(reads, journeys, wanted.cleared)
    labelled = await _labelled(reads, journeys) if kept_back and wanted.hides else journeys
    known = await _about(reads, journeys) if wanted.filter.needs_about else {}

    def is_told(each: Recorded) -> bool:
        is_withheld = each.event_id in kept_back
        if is_withheld and each.journey_id not in labelled:
            return False
        return wanted.holds(each, known.get(each.journey_id, NOTHING), withheld=is_withheld)

    going = [each for each in found if is_told(each)]
    limits = await _limits(reads, by, going) if wanted.payload is Payload.FULL else {}
    events = [
        withheld_cloud_event(each)
        if each.event_id in kept_back
        else cloud_event(each, limits.get(each.event_id, Payload.THIN))
        for each in going
    ]
    await _disclose(reads, by, channel, wanted.payload, events)
    return Told(events, await _seen(reads, {each.journey_id for each in going}))


async def _disclose(
    reads: Reads, by: Asking, channel: Channel, payload: Payload, events: Sequence[dict[str, Any]]
) -> None:
    """One record for each patient. What is withheld discloses nothing."""
    told = [
        (each["subject"], int(each["sequence"]), each.get("labels", ""))
        for each in events
        if each["type"] != "withheld"
    ]
    if told:
        of = Sending(
            channel, by.caller.name, by.purpose, basis_of(by.purpose), WHAT[payload], f"key {by.caller.id}"
        )
        await reads.rows(INSERT_TOLD, of.told(told))


async def _labelled(reads: Reads, journeys: Collection[UUID]) -> set[UUID]:
    """Those of which all that is withheld is found, whatever its type; of others, where a label was voided
    away, only what is of the types that were asked for, and that is not to be told.
    """
    return {journey_id for (journey_id,) in await reads.rows(LABELLED, (list(journeys),))}


async def _about(reads: Reads, journeys: Collection[UUID]) -> dict[UUID, About]:
    return about.about(await reads.rows(about.SELECT, (list(journeys), about.TELLING)))


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


async def _seen(reads: Reads, journeys: Collection[UUID]) -> Seen:
    """Of whom the events tell: what goes to other systems is accounted for, too."""
    if not journeys:
        return NOTHING_SEEN
    patients = await reads.rows(PATIENTS, (list(journeys),))
    return Seen(tuple(sorted(journeys)), tuple(UUID(each) for (each,) in patients))
