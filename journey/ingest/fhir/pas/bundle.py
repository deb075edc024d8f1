"""What a request, an answer or a question of a payer refers to travels inside it."""

from collections.abc import Iterator, Mapping
from typing import Any

from journey.ingest.fhir.resource import Json

BESIDE = frozenset(
    {
        *("Organization", "Practitioner", "PractitionerRole", "Coverage", "CommunicationRequest"),
        *("ServiceRequest", "MedicationRequest", "DeviceRequest"),
    }
)
"""What is looked up: neither whose it is, which has a journey, nor documents."""

SUBJECTS = frozenset({"Claim", "ClaimResponse", "Task"})
DEEP = 40


def enclosed(body: Json, others: Mapping[str, Json]) -> Json:
    """The resource with what it refers to as `contained`. `others`: those that came with it, by the reference
    that names them (fullUrl, and `Type/id`).
    """
    if not _is(body, SUBJECTS):
        return body
    held = body.get("contained")
    inside: list[Any] = held if isinstance(held, list) else []
    found: dict[str, Json] = {}
    wanted = list(_references(body))
    while wanted:
        text = wanted.pop()
        other = others.get(text)
        if other is None or text in found or not _is(other, BESIDE):
            continue
        found[text] = {**other, "id": text.removeprefix("urn:uuid:").rpartition("/")[2]}
        wanted += _references(other)
    return {**body, "contained": [*inside, *(found[text] for text in sorted(found))]} if found else body


def _references(part: Any, deep: int = 0) -> Iterator[str]:
    match part:
        case dict() if deep < DEEP:
            for name, value in part.items():
                if name == "reference" and isinstance(value, str):
                    yield value
                else:
                    yield from _references(value, deep + 1)
        case list() if deep < DEEP:
            for each in part:
                yield from _references(each, deep + 1)
        case _:
            pass


def unwrapped(body: Json) -> Iterator[Json]:
    """The Bundles inside a notification (R4 backport) or an operation's answer; else the resource itself."""
    match body:
        case {"resourceType": "Parameters", "parameter": list(parts)}:
            inner = [each["resource"] for each in parts if isinstance(each, dict) and "resource" in each]
        case {"resourceType": "Bundle", "entry": list(parts)}:
            inner = [each["resource"] for each in parts if isinstance(each, dict) and "resource" in each]
            inner = inner if any(_is_bundle(each) for each in inner) else []
        case _:
            inner = []
    bundles = [each for each in inner if _is_bundle(each)]
    yield from bundles or [body]


def _is_bundle(body: Any) -> bool:
    return isinstance(body, dict) and _is(body, frozenset({"Bundle"}))


def _is(body: Json, types: frozenset[str]) -> bool:
    name = body.get("resourceType")
    return isinstance(name, str) and name in types
