"""OCEL 2.0 in JSON: events with the journeys, patients and things that each is about (ocel-standard.org).

A thing belongs to its journey, and a journey to its patient, who is an opaque id. Events stand in the order
of the log, objects in that of the openings.
"""

from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

from pydantic_core import to_json

from journey.domain.correction import CORRECTIONS
from journey.domain.event import EVENTS
from journey.export.said import activity, things, who
from journey.export.snapshot import Snapshot, Taken
from journey.feed.thin import thin
from journey.feed.times import utc

ATTRIBUTES = {
    "type": "string",
    "version": "integer",
    "recorded_at": "time",
    "precision": "string",
    "actor": "string",
    "role": "string",
    "team": "string",
    "voided": "boolean",
    "data": "string",
}
"""Of every event, with the types that OCEL has for them."""


def ocel(snapshot: Snapshot) -> Iterator[str]:
    """The file, piece by piece: the objects in one pass through the snapshot, the events in another."""
    kinds = {"journey", "patient"}
    yield '{"objects": [\n'
    yield from _parted(_objects(snapshot, kinds))
    yield '\n],\n"events": [\n'
    yield from _parted(_event(each, marked=snapshot.has_voided) for each in snapshot.in_order())
    yield f'\n],\n"objectTypes": {_json([{"name": each, "attributes": []} for each in sorted(kinds)])},\n'
    yield f'"eventTypes": {_json(_event_types(snapshot))}}}\n'


def _parted(parts: Iterator[dict[str, Any]]) -> Iterator[str]:
    for number, part in enumerate(parts):
        yield f",\n{_json(part)}" if number else _json(part)


def _json(value: Any) -> str:
    return to_json(value).decode()


def _event_types(snapshot: Snapshot) -> list[dict[str, Any]]:
    said = [{"name": name, "type": kind} for name, kind in ATTRIBUTES.items()]
    return [
        {"name": activity(event), "attributes": said}
        for event in EVENTS.values()
        if snapshot.has_voided or event not in CORRECTIONS
    ]


# --- Objects


def _objects(snapshot: Snapshot, kinds: set[str]) -> Iterator[dict[str, Any]]:
    patients = set[str]()
    for journey_id, taken in snapshot.by_journey():
        own, persons = _named(taken)
        for person in persons - patients:
            yield _object("patient", f"patient:{person}")
        patients |= persons
        of_whom = [_related(f"patient:{person}", what) for person, what in _whose(taken)]
        yield _object("journey", f"journey:{journey_id}", of_whom)
        for object_id, name in own.items():
            kinds.add(name)
            yield _object(name, object_id, [_related(f"journey:{journey_id}", "of")])


def _named(taken: Sequence[Taken]) -> tuple[dict[str, str], set[str]]:
    """The things that a journey's events name, by their ids, and the patients."""
    own: dict[str, str] = {}
    persons: set[str] = set()
    for each in taken:
        for _, name, value in things(each.recorded.event):
            if name == "patient":
                persons.add(value)
            elif name != "journey":
                own[_thing_id(name, each.recorded.journey_id, value)] = name
    return own, persons


def _whose(taken: Sequence[Taken]) -> Iterator[tuple[str, str]]:
    """The patient whose journey it is, where its opening is in the export."""
    for role, name, value in things(taken[0].recorded.event) if taken[0].recorded.version == 1 else ():
        if name == "patient":
            yield value, role


def _thing_id(name: str, journey_id: UUID, value: str) -> str:
    """Things are a journey's own: the id of one may be used on another journey again."""
    return f"{name}:{value}@{journey_id}"


def _object(kind: str, object_id: str, related: Sequence[dict[str, str]] = ()) -> dict[str, Any]:
    return {"id": object_id, "type": kind, "attributes": [], "relationships": related}


def _related(object_id: str, what: str) -> dict[str, str]:
    return {"objectId": object_id, "qualifier": what}


# --- Events


def _event(taken: Taken, *, marked: bool) -> dict[str, Any]:
    each = taken.recorded
    actor, said = who(each), thin(each.event)
    attributes = {
        "type": each.event.stored_as,
        "version": each.version,
        "recorded_at": utc(each.recorded_at),
        "precision": each.occurred_precision,
        "actor": actor.id,
        "role": actor.role,
        "team": actor.team,
        "voided": taken.voided if marked else None,
        "data": _json(said) if said else None,
    }
    return {
        "id": each.event_id,
        "type": activity(type(each.event)),
        "time": utc(each.occurred_at),
        "attributes": [
            {"name": name, "value": value} for name, value in attributes.items() if value is not None
        ],
        "relationships": list(_relations(taken)),
    }


def _relations(taken: Taken) -> Iterator[dict[str, str]]:
    each = taken.recorded
    yield _related(f"journey:{each.journey_id}", "on")
    seen = set[tuple[str, str]]()
    for role, name, value in things(each.event):
        if name == "journey" or (name, value) in seen:
            continue
        seen.add((name, value))
        object_id = f"patient:{value}" if name == "patient" else _thing_id(name, each.journey_id, value)
        yield _related(object_id, role)
