"""Patient: who the patient is, by all that their journeys know (US Core Patient).

A record that was merged into another goes on under its own id, no longer active, and leads to the other one.
"""

import re
from collections.abc import Iterator
from datetime import date
from urllib.parse import quote

from journey.domain.codes import Gender
from journey.domain.discharge import PatientDischarged
from journey.domain.identity import Demographics, Identifier
from journey.domain.journey import Journey
from journey.domain.personal import ERASED
from journey.fhir.chart import Chart
from journey.fhir.data import OURS, UNKNOWN, Json, filled, identifier, instant, known, reference
from journey.fhir.kind import By, Include, Kind
from journey.fhir.person import together

IDENTIFIER_TYPES = "http://terminology.hl7.org/CodeSystem/v2-0203"
AUTHORITIES = f"{OURS}NamingSystem/"
"""Where an authority's numbers are named that is only known by a name here."""

LANGUAGES = "urn:ietf:bcp:47"
LANGUAGE = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*")
A_DAY = len("2026-03-01")
"""Characters of a date that is known to the day."""


def patients(chart: Chart) -> Iterator[Json]:
    """The journey's one."""
    journey = chart.journey
    patient_id = journey.identity.patient_id
    if patient_id is None:
        return
    said = journey.identity.demographics
    yield filled(
        {
            "id": str(patient_id),
            "identifier": [identifier(patient_id), *_numbers(journey.identity.identifiers)],
            "active": journey.merges.into(patient_id) is None,
            "name": [_name(said)],
            "telecom": [{"system": "phone", "value": said.phone}] if said.phone else None,
            "gender": said.gender or Gender.UNKNOWN,
            "birthDate": said.birth_date if _is_a_date(said.birth_date) else None,
            **_deceased(journey),
            "address": [{"text": said.address}] if said.address else None,
            "communication": [_language(said.language)] if said.language else None,
            "link": _links(journey),
        }
    )


def _numbers(identifiers: tuple[Identifier, ...]) -> Iterator[Json]:
    """What is erased of a number leaves nothing that it could be told by."""
    for each in identifiers:
        if each.value == ERASED:
            continue
        is_address = ":" in each.system
        yield filled(
            {
                "type": known(IDENTIFIER_TYPES, each.type),
                "system": each.system if is_address else AUTHORITIES + quote(each.system, safe=""),
                "value": each.value,
                "assigner": None if is_address else {"type": "Organization", "display": each.system},
            }
        )


def _name(said: Demographics) -> Json:
    return filled({"family": said.family, "given": list(said.given or ())}) or UNKNOWN


def _is_a_date(told: str | None) -> bool:
    """Whether the calendar has it, as it has every month and year that can be recorded."""
    if told is None or len(told) < A_DAY:
        return told is not None
    try:
        date.fromisoformat(told)
    except ValueError:
        return False
    return True


def _deceased(journey: Journey) -> Json:
    """When, as far as is known: at the time that was given, or by the end of a stay."""
    told = journey.identity.demographics.deceased_at
    ends = [each.departed.at for each in journey.discharges if each.has_died and each.departed]
    at = told or min(ends, default=None)
    return {} if at is None else {"deceasedDateTime": instant(at)}


def _language(told: str) -> Json:
    language = known(LANGUAGES, told) if LANGUAGE.fullmatch(told) else {"text": told}
    return {"language": language, "preferred": True}


def _links(journey: Journey) -> list[Json]:
    told = (*journey.identity.links, *journey.merges.links(journey.identity.patient_id))
    return [{"other": reference("Patient", other), "type": link.value} for other, link in dict(told).items()]


PATIENT = Kind(
    type="Patient",
    about="Who the patient is, by all of their journeys that may be seen; merged ones refer to each other.",
    made=patients,
    rooms=frozenset({"episode"}),
    also=frozenset({"identity", "merges"}),
    events=frozenset({PatientDischarged}),
    parameters={"identifier": By.IDENTIFIER, "name": By.NAME, "birthdate": By.BIRTH_DATE},
    includes={"link": Include("link.other", ("Patient",))},
    profile="http://hl7.org/fhir/us/core/StructureDefinition/us-core-patient",
    together=together,
)
