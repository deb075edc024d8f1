"""Notification: what goes out, as Bundles (Subscriptions R5 Backport 1.1, for R4).

The first entry says how the subscription stands and what happened; the others are what it happened to.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from journey.fhir.data import CODES, Json, filled, instant
from journey.store.identifiers import uuid7
from journey.subscriptions.terms import Content, Status, Terms

BACKPORT = "http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition/"
OF_BUNDLE = f"{BACKPORT}backport-subscription-notification-r4"
OF_STATUS = f"{BACKPORT}backport-subscription-status-r4"
REWOUND: Json = {"coding": [{"system": f"{CODES}subscription-error", "code": "store-rewound"}]}
"""The log was put back to before something that was told: what is told from here on replaces it."""


class Type(StrEnum):
    """What a notification is."""

    HANDSHAKE = "handshake"
    HEARTBEAT = "heartbeat"
    EVENT = "event-notification"
    QUERY_STATUS = "query-status"
    QUERY_EVENT = "query-event"


class Focus(NamedTuple):
    """The resource that an event is about; without `body` it is only named."""

    type: str
    id: str
    body: Json | None = None


class Happened(NamedTuple):
    """An event under its number. Of what may not be told there is no focus."""

    number: int
    at: datetime | None
    focus: Focus | None = None


class Said(NamedTuple):
    """What a notification says of the subscription."""

    type: Type
    events: int
    """Since the subscription began."""
    happened: Sequence[Happened] = ()
    errors: Sequence[Json] = ()
    status: Status | None = None
    """Where another one is told than it has."""


def bundle(of: Terms, said: Said, content: Content, at: datetime) -> Json:
    """A notification, or what is answered for events that are asked for."""
    status = told(of, said, content)
    first = {
        "fullUrl": f"urn:uuid:{status['id']}",
        "resource": status,
        "request": {"method": "GET", "url": f"{of.base}/Subscription/{of.id}/$status"},
        "response": {"status": "200"},
    }
    return {
        "resourceType": "Bundle",
        "id": str(uuid7()),
        "meta": {"profile": [OF_BUNDLE]},
        "type": "history",
        "timestamp": instant(at),
        "entry": [first, *_resources(of, said, content)],
    }


def told(of: Terms, said: Said, content: Content) -> Json:
    """How the subscription stands."""
    parameter: list[Json] = [
        {"name": "subscription", "valueReference": {"reference": f"{of.base}/Subscription/{of.id}"}},
        {"name": "topic", "valueCanonical": of.topic.url},
        {"name": "status", "valueCode": said.status or of.status},
        {"name": "type", "valueCode": said.type},
        {"name": "events-since-subscription-start", "valueString": str(said.events)},
    ]
    parameter += [
        {"name": "notification-event", "part": [*_event(of, each, content)]} for each in said.happened
    ]
    errors = [*said.errors, *([{"text": of.error}] if of.error else [])]
    parameter += [{"name": "error", "valueCodeableConcept": each} for each in errors]
    return {
        "resourceType": "Parameters",
        "id": str(uuid7()),
        "meta": {"profile": [OF_STATUS]},
        "parameter": parameter,
    }


def _event(of: Terms, each: Happened, content: Content) -> Iterator[Json]:
    yield {"name": "event-number", "valueString": str(each.number)}
    if each.at is not None:
        yield {"name": "timestamp", "valueInstant": instant(each.at)}
    if each.focus is not None and content is not Content.EMPTY:
        yield {"name": "focus", "valueReference": {"reference": _address(of, each.focus)}}


def _resources(of: Terms, said: Said, content: Content) -> Iterator[Json]:
    """Each once, and as it is now, however much happened to it."""
    focuses = {(each.focus.type, each.focus.id): each.focus for each in said.happened if each.focus}
    for each in focuses.values() if content is not Content.EMPTY else ():
        yield filled(
            {
                "fullUrl": _address(of, each),
                "resource": each.body if content is Content.FULL else None,
                "request": {"method": "PUT", "url": f"{each.type}/{each.id}"},
                "response": {"status": "200"},
            }
        )


def _address(of: Terms, focus: Focus) -> str:
    return f"{of.base}/{focus.type}/{focus.id}"


def standings(every: Sequence[Terms]) -> Json:
    """What is answered for how subscriptions stand."""
    found = [told(each, Said(Type.QUERY_STATUS, each.events), Content.EMPTY) for each in every]
    entries = [
        {"fullUrl": f"urn:uuid:{each['id']}", "resource": each, "search": {"mode": "match"}} for each in found
    ]
    body = {"resourceType": "Bundle", "id": str(uuid7()), "type": "searchset", "total": len(entries)}
    return filled({**body, "entry": entries})
