"""Whose it is: the numbers by which a patient is found, and what a Patient says of the person."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from journey.domain.codes import Gender
from journey.domain.identity import Demographics, Identifier
from journey.ingest.fhir.naming import Came, names
from journey.ingest.fhir.resource import LONGEST, Element, Resource
from journey.ingest.keys import FIND_NOBODY, Key

SSN = "http://hl7.org/fhir/sid/us-ssn"
OLD = frozenset({"old", "temp"})
"""Identifier.use of numbers that are recorded and find nobody while there is another."""


class Person(NamedTuple):
    """What a Patient says."""

    identifiers: tuple[Identifier, ...]
    keys: tuple[Key, ...]
    """The numbers by which the patient is found."""
    names: tuple[Key, ...]
    """What references to the Patient say."""
    demographics: Demographics


def person(came: Came, patient: Resource) -> Person:
    """Raises Unapplied."""
    listed = tuple(_identifiers(came, patient))
    finding = _keys(each for each, use in listed if each.type not in FIND_NOBODY and use not in OLD)
    own = names(came, patient)
    identifiers = tuple(dict.fromkeys(each for each, _ in listed))
    if not identifiers and own:
        identifiers = (Identifier(system=own[-1].system, value=own[-1].value, type="RI"),)
    keys = finding or _keys(each for each, _ in listed)
    return Person(identifiers, keys, own, _demographics(patient))


def _keys(identifiers: Iterator[Identifier]) -> tuple[Key, ...]:
    return tuple(dict.fromkeys(Key(each.system, "patient", each.value) for each in identifiers))


def _identifiers(came: Came, patient: Resource) -> Iterator[tuple[Identifier, str]]:
    for each in patient.all("identifier"):
        value, system = each.short("value"), each.short("system")
        if value:
            kind = "SS" if system == SSN else _type(each)
            yield Identifier(system=system or came.source, value=value, type=kind), each.short("use")


def _type(identifier: Element) -> str:
    """HL7 table 0203, by whatever name its system goes."""
    found = (each.short("code") for each in identifier.codes("type"))
    return next(filter(None, found), "MR")


def _demographics(patient: Resource) -> Demographics:
    name = _chosen(patient, "name", ("official", "usual", ""))
    deceased = patient.moment("deceasedDateTime")
    facts: dict[str, Any] = {
        **_name(name),
        "birth_date": _day(patient),
        "gender": _gender(patient),
        "language": _language(patient),
        "phone": _phone(patient),
        "address": _address(patient),
        "deceased_at": deceased.at if deceased else None,
    }
    return Demographics(**facts)


def _chosen(patient: Resource, name: str, uses: tuple[str, ...]) -> Element | None:
    """The one of the use that comes first in the list, else any that is not of the past."""
    listed = [each for each in patient.all(name) if each.short("use") not in OLD]
    by_use = {each.short("use"): each for each in reversed(listed)}
    return next((by_use[use] for use in uses if use in by_use), next(iter(listed), None))


def _name(name: Element | None) -> dict[str, Any]:
    if name is None:
        return {}
    given = tuple(filter(None, name.texts("given")))
    family = name.short("family") or ("" if given else name.short("text"))
    if sum(map(len, given)) > LONGEST:
        raise name.wrong("given", "it is too long for a name")
    return {"family": family or None, "given": given or None}


def _day(patient: Resource) -> str | None:
    moment = patient.moment("birthDate")
    return patient.text("birthDate")[:10] if moment else None


def _gender(patient: Resource) -> Gender | None:
    text = patient.short("gender").lower()
    if text and text not in set(Gender):
        raise patient.unknown("gender", f"it should be {', '.join(Gender)}")
    return Gender(text) if text else None


def _language(patient: Resource) -> str | None:
    listed = list(patient.all("communication"))
    chosen = next((each for each in listed if each.flag("preferred")), next(iter(listed), None))
    coded = chosen.coded("language") if chosen else None
    return coded.code if coded else None


def _phone(patient: Resource) -> str | None:
    numbers = (each.short("value") for each in patient.all("telecom") if each.short("system") == "phone")
    return next(filter(None, numbers), None)


def _address(patient: Resource) -> str | None:
    """On one line: street, city, state, postcode, country."""
    address = _chosen(patient, "address", ("home", ""))
    if address is None:
        return None
    parts = (
        *address.texts("line"),
        *(address.text(each) for each in ("city", "state", "postalCode", "country")),
    )
    return ", ".join(filter(None, parts)) or address.text("text") or None
