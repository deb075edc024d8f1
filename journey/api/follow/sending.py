"""Sending: how what was found goes out to who asked, decided when it is sent.

What is withheld is told of in its place; data goes out whole where the key's scopes let its holder read it
and the patient has not said otherwise.
"""

import asyncio
from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from typing import Any, LiteralString, NamedTuple
from uuid import UUID

from journey.api.access.asking import Asking
from journey.api.access.looks import read
from journey.api.access.scopes import resource_of
from journey.api.access.table import Permission
from journey.api.access.withheld import BEARS, hidden_of
from journey.api.follow.asked import Wanted
from journey.api.guard import Seen
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
OPENINGS: LiteralString = f"""
    SELECT opening.journey_id, CASE type WHEN 'journey.opened' THEN (data->>'patient_id')::uuid END,
           EXISTS (SELECT FROM event WHERE event.journey_id = opening.journey_id AND {BEARS})
      FROM event AS opening WHERE opening.journey_id = ANY(%s) AND opening.version = 1
    """  # noqa: S608 - made of constants
"""Whose each journey is, and whether something of it may be withheld."""

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


async def told_of(reads: Reads, by: Asking, wanted: Wanted, found: Sequence[Recorded]) -> Told:
    """How these go out. That they do is to be disclosed before."""
    journeys = list({each.journey_id for each in found})
    openings, known = await asyncio.gather(
        reads.rows(OPENINGS, (journeys,)), _about(reads, journeys if wanted.filter.needs_about else ())
    )
    bearing = [journey_id for journey_id, _, bears in openings if bears]
    kept_back = await hidden_of(reads, bearing, wanted.cleared)
    labelled = await _labelled(reads, journeys) if kept_back and wanted.hides else set(journeys)

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
    seen = {each.journey_id for each in going}
    patients = {patient for journey_id, patient, _ in openings if patient and journey_id in seen}
    return Told(events, Seen(tuple(sorted(seen)), tuple(sorted(patients))))


async def disclose(
    reads: Reads, by: Asking, channel: Channel, payload: Payload, events: Sequence[dict[str, Any]]
) -> None:
    """To be done before they go out. One record for each patient; what is withheld discloses nothing."""
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
    if not journeys:
        return {}
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
