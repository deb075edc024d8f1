"""Kind: one type of resource: what it is made of, how it is found, and which versions of it there were.

The version of a resource is the journey's version with the last event that it is made of: `ETag`s, `vread`
and the history of all resources count as the journey does.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any, NamedTuple

from journey.domain.correction import CORRECTIONS, History, TimelineRecomputed
from journey.domain.event import Event, Recorded
from journey.domain.journey import ROOM_OF_EVENT, journey_at
from journey.domain.labels import RESTRICTED, labelled
from journey.fhir.chart import Chart, about
from journey.fhir.data import CODES, Json, instant, worded

CONFIDENTIALITY = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"
SENSITIVITY = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
CONFIDENTIALITIES = frozenset("ULMNRV")
Types = frozenset[type[Event]]
REDACTED: Json = {
    "system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue",
    "code": "REDACTED",
    "display": "redacted",
}
"""What a resource bears where something is kept from whoever asks."""


class By(StrEnum):
    """What the index of resources knows of each, and it is found by."""

    PATIENT = "patient"
    STATUS = "status"
    DATE = "date"
    OWNER = "owner"
    IDENTIFIER = "identifier"
    NAME = "name"
    BIRTH_DATE = "birthdate"


def only(histories: Sequence[History]) -> History:
    """Of what is on one journey."""
    return histories[0]


class Include(NamedTuple):
    """A reference that may be followed, either way: where in the resource it stands, and to which types."""

    path: str
    types: tuple[str, ...]


class Kind(NamedTuple):
    """One type of resource. `rooms`: those whose things they are, one resource a thing, under its id; `also`:
    those whose every event may show in each; `events`: what else may, without changing what it is found by.
    `dated`, `owned`: where in a resource its date and its owner stand (`period`, `authoredOn`, `owner`).
    """

    type: str
    about: str
    made: Callable[[Chart], Iterator[Json]]
    rooms: frozenset[str] = frozenset()
    also: frozenset[str] = frozenset()
    events: Types = frozenset()
    parameters: Mapping[str, By] = MappingProxyType({})
    dated: str | None = None
    owned: str | None = None
    includes: Mapping[str, Include] = MappingProxyType({})
    """What may be asked to come along, by its name."""
    profile: str | None = None
    found_by: Callable[[Chart], Iterator[Json]] | None = None
    """What the index reads of each resource, where that is told for less than the whole."""

    together: Callable[[Sequence[History]], History] = only
    """How the histories of several journeys come to one, where a resource is made of all of them."""

    @property
    def made_of(self) -> frozenset[str]:
        return self.rooms | self.also

    def touched(self, id_: str, recorded: Recorded, by_id: Mapping[Any, Recorded]) -> bool:
        """Whether an event may show in the resource of this id."""
        event: Event = recorded.event
        if type(event) is TimelineRecomputed:
            return False
        if type(event) in CORRECTIONS:
            meant = (by_id.get(each) for each in targets(event))
            return any(each is not None and self.touched(id_, each, by_id) for each in meant)
        room = ROOM_OF_EVENT[type(event)]
        if room in self.also or room == "custody" or type(event) in self.events:
            return True
        return room in self.rooms and any(str(each) == id_ for each in about(event))


def targets(event: Event) -> Iterator[Any]:
    """The events that a correction is about."""
    said = (getattr(event, name, None) for name in ("voids", "corrects", "reinstates"))
    return (each for each in said if each is not None)


class Version(NamedTuple):
    """A resource as it was from a version of its journey on. `body` is None from where it is gone."""

    number: int
    at: datetime
    body: Json | None
    is_first: bool = False


def chart_of(history: History) -> Chart | None:
    """None where nothing is there yet."""
    journey = journey_at(history)
    return None if journey is None else Chart(journey)


def current(kind: Kind, history: History) -> Iterator[Json]:
    """Every resource of the kind, as it is, with its version."""
    chart = chart_of(history)
    if chart is None:
        return
    by_id = {each.event_id: each for each in history.recorded}
    security = security_labels(history)
    for body in kind.made(chart):
        touching = (each for each in reversed(history.recorded) if kind.touched(body["id"], each, by_id))
        last = next(touching, history.recorded[-1])
        yield with_meta(kind, body, last, security)


def version_at(kind: Kind, id_: str, history: History, number: int) -> Version | None:
    """The resource as of a version of its journey; None where nothing about it was recorded then, or it was
    not there yet.
    """
    found = next(_touching(kind, id_, history, number + 1), None)
    if found is None or found.number != number:
        return None
    if found.body is not None:
        return found
    was_there = any(each.body is not None for each in versions(kind, id_, history, number))
    return found if was_there else None


def versions(kind: Kind, id_: str, history: History, before: int | None = None) -> Iterator[Version]:
    """Every version there was, or every one before another, the last one first; made one at a time.

    Before the first, what is recorded may be of the same thing, and be none of this resource's: a visit that
    is booked has no Encounter yet. However much is recorded of what is gone, it went once.
    """
    newer: Version | None = None
    gone: Version | None = None
    for each in _touching(kind, id_, history, before):
        if each.body is None:
            gone = each
            continue
        yield from (one for one in (newer, gone) if one is not None)
        newer, gone = each, None
    if newer is not None:
        yield newer._replace(is_first=True)


def _touching(kind: Kind, id_: str, history: History, before: int | None = None) -> Iterator[Version]:
    """What there is of it with each event that may show in it, the last one first."""
    by_id = {each.event_id: each for each in history.recorded}
    for place in reversed(range(len(history.recorded))):
        each = history.recorded[place]
        if (before is None or each.version < before) and kind.touched(id_, each, by_id):
            yield _version(kind, id_, History(history.recorded[: place + 1]))


def _version(kind: Kind, id_: str, history: History) -> Version:
    chart, last = chart_of(history), history.recorded[-1]
    bodies = () if chart is None else kind.made(chart)
    body = next((each for each in bodies if each["id"] == id_), None)
    told = body and with_meta(kind, body, last, security_labels(history))
    return Version(last.version, last.recorded_at, told)


def with_meta(kind: Kind, body: Json, last: Recorded, security: list[Json]) -> Json:
    """With its version, which stands right after the id, as readers expect."""
    meta: Json = {"versionId": str(last.version), "lastUpdated": instant(last.recorded_at)}
    if kind.profile is not None:
        meta["profile"] = [kind.profile]
    if security:
        meta["security"] = security
    return {"resourceType": kind.type, "id": body["id"], "meta": meta, **body}


def security_labels(history: History) -> list[Json]:
    """The labels of what the journey shows (HL7 Healthcare Privacy and Security Classification System)."""
    borne = sorted(frozenset().union(*labelled(history.recorded).values()))
    return [label(each) for each in borne]


def redacted(resource: Json) -> Json:
    """Marked as not all there is."""
    security = [*resource["meta"].get("security", ()), REDACTED]
    return {**resource, "meta": {**resource["meta"], "security": security}}


def label(code: str) -> Json:
    """A security label, in the code system that it is of."""
    if code == RESTRICTED:
        return worded(f"{CODES}label", code)
    return worded(CONFIDENTIALITY if code in CONFIDENTIALITIES else SENSITIVITY, code)
