"""Naming: the keys that lead to a resource, from its own names and from references to it.

urn:uuid:…             the same everywhere, if it is a UUID; else known in its Bundle alone
http://server/Type/id  an id of that server
Type/id                an id of the server that the Bundle names, else of the source
identifier             a number, whoever holds the resource
"""

import re
from collections.abc import Iterator
from hashlib import sha256
from typing import NamedTuple
from uuid import UUID

from journey.ingest.fhir.resource import LONGEST, Element, Json, Resource, clean
from journey.ingest.keys import Key

KINDS = {
    "Patient": "patient",
    "Encounter": "visit",
    "Appointment": "appointment",
    "EpisodeOfCare": "episode",
    "ServiceRequest": "referral",
    "Task": "task",
    "Claim": "authorization",
    "ClaimResponse": "decision",
    "Coverage": "coverage",
    "CareTeam": "careteam",
    "CarePlan": "careplan",
    "Consent": "consent",
}
"""What a number of such a resource leads to, as `routing` calls it."""

URI = "urn:ietf:rfc:3986"
"""The system of names that are the same everywhere (FHIR R4 4.3.0)."""

_LITERAL = re.compile(
    r"(?:(?P<base>https?://.+)/)?(?P<type>[A-Z][A-Za-z]{1,63})/(?P<id>[A-Za-z0-9.-]{1,64})(?:/_history/.+)?"
)
_CONDITIONAL = re.compile(r"(?P<type>[A-Z][A-Za-z]{1,63})\?identifier=(?P<system>[^|&]*)\|(?P<value>[^&]+)")


class Came(NamedTuple):
    """A resource as it was sent: what is needed to take it, now or later."""

    body: Json
    source: str
    """The system whose ids are meant."""
    full_url: str = ""
    scope: str = ""
    """The Bundle in which names that are no UUIDs are known."""

    @property
    def base(self) -> str:
        """The server that the Bundle names."""
        found = _LITERAL.fullmatch(self.full_url)
        return (found and found["base"]) or ""


def name_of(came: Came, resource: Resource) -> str:
    """What to call it where its events say what they come from: "" where it has no name."""
    found = _LITERAL.fullmatch(came.full_url)
    id_ = resource.short("id") or (found["id"] if found else came.full_url.removeprefix("urn:uuid:"))
    if id_ and resource.type == "Patient":  # it outlives the patient's erasure, and may be a number of theirs
        id_ = sha256(f"{came.source}|{id_}".encode()).hexdigest()[:32]
    return f"{resource.type}/{id_}"[:LONGEST] if id_ else ""


def names(came: Came, resource: Resource) -> tuple[Key, ...]:
    """The keys of the resource by its own names, its identifiers apart."""
    kind = KINDS[resource.type]
    found = tuple(_literal(came, kind, came.full_url)) if came.full_url else ()
    id_ = resource.short("id")
    if id_ and not came.base:
        found = (*found, Key(came.source, kind, f"{resource.type}/{id_}"))
    return tuple(dict.fromkeys(found))


def numbers(came: Came, element: Element, name: str, kind: str) -> Iterator[Key]:
    """The keys of the Identifiers in a list, or of the one."""
    listed = element.body.get(name)
    for each in element.all(name) if isinstance(listed, list) else filter(None, [element.one(name)]):
        if value := each.short("value"):
            yield Key(each.short("system") or came.source, kind, value)


def referred(came: Came, reference: Element | None, type_: str) -> tuple[Key, ...]:
    """The keys by which a resource of this type is found that is referred to; none where it is of another."""
    if reference is None:
        return ()
    kind = KINDS[type_]
    text = reference.text("reference")
    if len(text) > LONGEST * 2:
        raise reference.wrong("reference", "it is too long for a reference")
    literal = _LITERAL.fullmatch(text)
    if literal and literal["type"] != type_:
        return ()
    found: list[Key] = []
    if conditional := _CONDITIONAL.fullmatch(text):
        if conditional["type"] == type_:
            found.append(Key(clean(conditional["system"]) or came.source, kind, clean(conditional["value"])))
    elif text and not text.startswith("#"):
        found += _literal(came, kind, text)
    return (*dict.fromkeys((*found, *numbers(came, reference, "identifier", kind))),)


def _literal(came: Came, kind: str, text: str) -> Iterator[Key]:
    if literal := _LITERAL.fullmatch(text):
        name = f"{literal['type']}/{literal['id']}"
        for system in dict.fromkeys(
            (literal["base"] or came.base or came.source, literal["base"] or came.source)
        ):
            yield Key(system, kind, name)
    elif is_temporary(text):
        yield Key(came.scope or came.source, kind, text)
    else:
        yield Key(URI, kind, text)


def is_temporary(url: str) -> bool:
    """Whether the name is made up for one Bundle: it claims to be a UUID, and is none."""
    return url.startswith("urn:uuid:") and not _is_uuid(url.removeprefix("urn:uuid:"))


def _is_uuid(text: str) -> bool:
    try:
        return UUID(text).hex == text.replace("-", "").lower()
    except ValueError:
        return False
