"""Validating: each resource here is broken in one way, and the validation says in which."""

from copy import deepcopy
from typing import Any, cast, get_args

import pytest
from fhir.resources.R4B import get_fhir_model_class
from pydantic import BaseModel

from tests.fhir.invariants import INVARIANTS
from tests.fhir.required import REQUIRED
from tests.fhir.us_core import US_CORE
from tests.fhir.validating import Json, complaints_about

KNOWN = {"Patient/1", "EpisodeOfCare/1", "Appointment/1"}
ENCOUNTER: Json = {
    "resourceType": "Encounter",
    "id": "1",
    "meta": {
        "versionId": "1",
        "lastUpdated": "2026-03-01T09:00:00Z",
        "profile": [f"{US_CORE}encounter"],
    },
    "identifier": [{"use": "official", "system": "urn:ietf:rfc:3986", "value": "urn:uuid:1"}],
    "status": "finished",
    "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"},
    "type": [{"text": "a visit"}],
    "subject": {"reference": "Patient/1", "type": "Patient"},
    "participant": [{"individual": {"type": "Practitioner", "display": "Dr. Who"}}],
    "period": {"start": "2026-03-01", "end": "2026-03-01T10:00:00Z"},
}
APPOINTMENT: Json = {
    "resourceType": "Appointment",
    "id": "1",
    "status": "booked",
    "start": "2026-03-01T09:00:00Z",
    "end": "2026-03-01T10:00:00Z",
    "participant": [{"actor": {"reference": "Patient/1"}, "status": "accepted"}],
}
CONSENT: Json = {
    "resourceType": "Consent",
    "id": "1",
    "status": "active",
    "scope": {
        "coding": [{"system": "http://terminology.hl7.org/CodeSystem/consentscope", "code": "treatment"}]
    },
    "category": [{"text": "treatment"}],
    "patient": {"reference": "Patient/1"},
    "policyRule": {"text": "opt-in"},
    "provision": {"type": "permit"},
}
BUNDLE: Json = {
    "resourceType": "Bundle",
    "type": "searchset",
    "total": 1,
    "entry": [
        {"fullUrl": "urn:uuid:00000000-0000-0000-0000-000000000001", "resource": ENCOUNTER},
    ],
}
PLAN: Json = {
    "resourceType": "CarePlan",
    "id": "1",
    "status": "active",
    "intent": "plan",
    "contained": [
        {
            "resourceType": "Goal",
            "id": "1",
            "lifecycleStatus": "active",
            "description": {"text": "to walk"},
            "subject": {"reference": "Patient/1"},
        }
    ],
    "subject": {"reference": "Patient/1"},
    "goal": [{"reference": "#1"}],
    "activity": [{"detail": {"status": "not-started"}}],
}
SOUND = (ENCOUNTER, APPOINTMENT, CONSENT, BUNDLE, PLAN)

OUT = object()
"""Says that the element is taken away."""

BROKEN: list[tuple[Json, str, Any, str]] = [
    (ENCOUNTER, "id", "a_b", "id"),
    (ENCOUNTER, "id", "a" * 65, "id"),
    (ENCOUNTER, "id", OUT, "id: a resource has one"),
    (ENCOUNTER, "resourceType", "Visit", "names no type of R4"),
    (ENCOUNTER, "colour", "red", "colour: Extra inputs"),
    (ENCOUNTER, "class", OUT, "class: Field required"),
    (ENCOUNTER, "type", [], "type: is there, and empty"),
    (ENCOUNTER, "period", {}, "period: is there, and empty"),
    (ENCOUNTER, "period.end", "2026-03-01T10:00:00", "period.end"),
    (ENCOUNTER, "period.end", "2026-02-28", "breaks per-1"),
    (ENCOUNTER, "identifier.0.value", "", "identifier.0.value: is there, and empty"),
    (ENCOUNTER, "identifier.0.value", "  ", "identifier.0.value: is nothing but blanks"),
    (ENCOUNTER, "identifier.0.use", "nickname", "Encounter.identifier.use: 'nickname' is no code"),
    (ENCOUNTER, "meta.lastUpdated", "2026-03-01", "meta.lastUpdated"),
    (ENCOUNTER, "status", "done", "Encounter.status: 'done' is no code of R4's"),
    (
        ENCOUNTER,
        "statusHistory",
        [{"status": "begun", "period": {"start": "2026"}}],
        "statusHistory.status: 'begun'",
    ),
    (ENCOUNTER, "subject.reference", "Patient/2", "Patient/2 is not there"),
    (ENCOUNTER, "subject.reference", "patient 1", "is no reference"),
    (ENCOUNTER, "subject.type", "Group", "leads to a Patient, and says Group"),
    (ENCOUNTER, "participant.0.individual.type", "Patient", "leads to a Patient, where Practitioner"),
    (ENCOUNTER, "participant.0.individual.display", OUT, "leads nowhere, and has no display"),
    (ENCOUNTER, "subject.reference", "#1", "breaks ref-1"),
    (ENCOUNTER, "subject", OUT, f"subject: is missing, and {US_CORE}encounter"),
    (ENCOUNTER, "extension", [{"url": "http://example.org/a"}], "breaks ext-1"),
    (APPOINTMENT, "start", OUT, "breaks app-2"),
    (APPOINTMENT, "status", "arriving", "is no code"),
    (APPOINTMENT, "end", "2026-03-01T08:00:00Z", "breaks starts before it ends"),
    (APPOINTMENT, "participant.0.actor", OUT, "breaks app-1"),
    (APPOINTMENT, "cancelationReason", {"text": "ill"}, "breaks app-4"),
    (CONSENT, "policyRule", OUT, "breaks ppc-1"),
    (CONSENT, "patient", OUT, "breaks ppc-5"),
    (CONSENT, "provision.type", "allow", "Consent.provision.type: 'allow' is no code"),
    (BUNDLE, "type", "transaction", "breaks bdl-3"),
    (BUNDLE, "type", "collection", "breaks bdl-1"),
    (BUNDLE, "entry.0.resource.status", "done", "Bundle.entry.resource.status: 'done' is no code"),
    (BUNDLE, "entry.0.fullUrl", "https://a.example/Encounter/1/_history/2", "breaks bdl-8"),
    (BUNDLE, "entry.0.search", {"mode": "found"}, "'found' is no code"),
    (PLAN, "goal.0.reference", "#2", "breaks ref-1"),
    (PLAN, "goal", OUT, "breaks dom-3"),
    (PLAN, "activity.0.reference", {"reference": "Appointment/1"}, "breaks cpl-3"),
]


def broken(body: Json, path: str, value: Any) -> Json:
    """The same but for what stands there."""
    out = deepcopy(body)
    *way, last = path.split(".")
    here: Any = out
    for each in way:
        here = here[int(each)] if each.isdigit() else here[each]
    if value is OUT:
        del here[last]
    else:
        here[last] = value
    return out


@pytest.mark.parametrize("body", SOUND, ids=lambda body: body["resourceType"])
def test_of_what_is_sound_it_complains_in_nothing(body: Json) -> None:
    assert list(complaints_about(body, KNOWN)) == []


@pytest.mark.parametrize(
    ("body", "path", "value", "complaint"),
    BROKEN,
    ids=lambda each: each if isinstance(each, str) else "",
)
def test_it_complains_about_what_is_broken(body: Json, path: str, value: Any, complaint: str) -> None:
    complaints = list(complaints_about(broken(body, path, value), KNOWN))
    assert any(complaint in each for each in complaints), complaints


def model(type_: str) -> type[BaseModel]:
    """The library's class of a type, or of a part of one."""
    return cast(type[BaseModel], get_fhir_model_class(type_))


@pytest.mark.parametrize("path", REQUIRED)
def test_a_table_of_codes_is_of_an_element_of_codes_that_there_is(path: str) -> None:
    """And where the library's short list of them is whole, they are the same."""
    type_, element = path.split(".")
    fields = {field.alias or name: field for name, field in model(type_).model_fields.items()}
    field = fields[element]
    assert "Code" in str(field.annotation), get_args(field.annotation)
    listed = cast(dict[str, list[str]], field.json_schema_extra or {}).get("enum_values")
    if listed and "+" not in listed:
        assert set(listed) == REQUIRED[path]


def test_the_tables_speak_of_types_that_there_are() -> None:
    for type_ in INVARIANTS:
        assert model(type_).__name__ == type_
