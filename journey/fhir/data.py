"""Data types: the pieces that resources are made of (FHIR R4 section 2.24)."""

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from journey.domain.event import Coded, Fact, Precision, Recorded

Json = dict[str, Any]

CODE = re.compile(r"\S+( \S+)*")
BLANKS = re.compile(r"\s+")

OURS = "https://journey.example/fhir/"
"""Where what this project defines is named."""

EXTENSIONS = f"{OURS}StructureDefinition/"
"""Where the definitions of our own extensions are named."""

CODES = f"{OURS}CodeSystem/"
"""Where our own code systems are named."""

UNKNOWN: Json = {
    "extension": [
        {
            "url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason",
            "valueCode": "unknown",
        }
    ]
}
"""Stands where an element has to be and its value is not known."""

SYSTEMS = {
    "ICD-10": "http://hl7.org/fhir/sid/icd-10",
    "ICD-10-CM": "http://hl7.org/fhir/sid/icd-10-cm",
    "SNOMED": "http://snomed.info/sct",
    "SNOMED CT": "http://snomed.info/sct",
    "LOINC": "http://loinc.org",
    "CPT": "http://www.ama-assn.org/go/cpt",
    "HCPCS": "https://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets",
}
"""Short names of code systems, and their canonical URIs."""

LENGTH_OF_DAY = 10
LENGTHS = {Precision.DAY: LENGTH_OF_DAY, Precision.MONTH: 7, Precision.YEAR: 4}
"""How many characters of a time are told that is known so exactly."""

NOON = timedelta(hours=12)
"""From the start of a day: in Greenwich it is that day, too, in whichever zone it began."""


def filled(body: Json) -> Json:
    """Without what is not known: an element that is there has a value."""
    return {name: value for name, value in body.items() if value is not None and value not in ("", [], {})}


def instant(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def happened(recorded: Recorded) -> str | None:
    """When it happened, as exactly as that is known; None where it is not."""
    precision = recorded.occurred_precision
    if precision is Precision.UNKNOWN:
        return None
    if precision in LENGTHS:
        return instant(recorded.occurred_at + NOON)[: LENGTHS[precision]]
    return instant(recorded.occurred_at)


def span(begun: Recorded, ended: Recorded | None = None) -> Json | None:
    """From when until when something was so. An end that is known less exactly than the beginning, and would
    stand before it, is told to the day.
    """
    start, end = happened(begun), ended and happened(ended)
    if start and end and len(start) == len(end) and end < start:
        end = end[:LENGTH_OF_DAY] if end[:LENGTH_OF_DAY] == start[:LENGTH_OF_DAY] else None
    return filled({"start": start, "end": end}) or None


def period(start: Fact | datetime | None, end: Fact | datetime | None = None) -> Json | None:
    return filled({"start": _time(start), "end": _time(end)}) or None


def days(first: date | None, last: date | None) -> Json | None:
    """A period of whole days, the last of them included; of one that ends before it begins, the beginning."""
    backwards = first is not None and last is not None and last < first
    end = None if backwards else last
    return filled({"start": first and first.isoformat(), "end": end and end.isoformat()}) or None


def _time(at: Fact | datetime | None) -> str | None:
    moment = at.at if isinstance(at, Fact) else at
    return None if moment is None else instant(moment)


def coding(coded: Coded) -> Json:
    """With the system's canonical URI, where it is known by a short name."""
    return worded(SYSTEMS.get(coded.system, coded.system), coded.code, coded.display, coded.version)


def worded(system: str, code: str, display: str | None = None, version: str | None = None) -> Json:
    """A Coding. What FHIR takes for no code, because of its blanks, is told in words."""
    said = code.strip()
    is_code = CODE.fullmatch(said) is not None
    told = {
        "system": BLANKS.sub("%20", system.strip()),
        "version": version,
        "code": said if is_code else None,
        "display": display or (None if is_code else said),
    }
    return filled(told)


def concept(coded: Coded | str | None) -> Json | None:
    """A CodeableConcept; of words alone, just its text."""
    if coded is None or coded == "":
        return None
    return {"text": coded} if isinstance(coded, str) else {"coding": [coding(coded)]}


def known(system: str, code: str, display: str | None = None) -> Json:
    """A concept of a code that this project chose."""
    return {"coding": [worded(system, code, display)]}


def reference(type_: str, id_: object, display: str | None = None) -> Json:
    """To a resource of this server."""
    return filled({"reference": f"{type_}/{id_}", "type": type_, "display": display})


def named(type_: str, name: str | None) -> Json | None:
    """To somebody or something that is only known by name here."""
    return {"type": type_, "display": name} if name else None


def identifier(value: UUID | str, system: str = "urn:ietf:rfc:3986") -> Json:
    return {"system": system, "value": f"urn:uuid:{value}" if isinstance(value, UUID) else value}


def texts(*said: str | None) -> list[Json]:
    """Annotations, or what else has nothing but a text."""
    return [{"text": each} for each in said if each]


def references(body: object, at: str = "") -> Iterable[tuple[str, str]]:
    """Every reference in a resource, with the path where it stands."""
    match body:
        case {"reference": str(told)}:
            yield at, told
        case dict():
            for name, value in body.items():
                yield from references(value, f"{at}.{name}" if at else str(name))
        case list():
            for each in body:
                yield from references(each, at)
        case _:
            pass
