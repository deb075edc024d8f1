"""Capability: the statement of what this server does (R4 CapabilityStatement), made of what is there."""

from importlib.metadata import version
from typing import Any

from journey.api.fhir import auditing, topics
from journey.api.fhir.asked import RESULT
from journey.fhir.data import Json
from journey.fhir.every import KINDS, referring_to
from journey.fhir.kind import By, Kind

SECURITY = "http://terminology.hl7.org/CodeSystem/restful-security-service"
MADE = "2026-11-22"
TYPES = {
    By.PATIENT: "reference",
    By.STATUS: "token",
    By.DATE: "date",
    By.OWNER: "string",
    By.IDENTIFIER: "token",
    By.NAME: "string",
    By.BIRTH_DATE: "date",
}
EVERYTHING = {
    "name": "everything",
    "definition": "http://hl7.org/fhir/OperationDefinition/Patient-everything",
}
COMMON_TYPES = {"_id": "token", "_lastUpdated": "date"}


def statement(base: str, *, cors: bool = False) -> Json:
    """`cors`: whether pages of other origins may ask."""
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": MADE,
        "kind": "instance",
        "software": {"name": "Journey", "version": version("journey")},
        "implementation": {"description": "Patient journeys as FHIR resources", "url": base},
        "instantiates": [topics.SERVER],
        "fhirVersion": "4.0.1",
        "format": ["application/fhir+json", "json"],
        "rest": [
            {
                "mode": "server",
                "documentation": "Resources are made of the events of patients' journeys, and change by them "
                "alone. A version is the journey's version with the last event that shows in the resource.",
                "security": {
                    "cors": cors,
                    "service": [{"coding": [{"system": SECURITY, "code": "SMART-on-FHIR"}]}],
                    "description": "Authorization: Bearer with an API key or an access token.",
                },
                "searchParam": [
                    {"name": name, "type": "special", "documentation": said} for name, said in RESULT.items()
                ],
                "interaction": [
                    {"code": "transaction", "documentation": "POST and PUT of resources as data"},
                    {"code": "batch", "documentation": "The same, each by itself; NDJSON is taken, too"},
                ],
                "resource": [
                    *(_resource(each) for each in sorted(KINDS.values())),
                    *auditing.described(),
                    topics.resource(),
                ],
            }
        ],
    }


def _resource(kind: Kind) -> Json:
    told: dict[str, Any] = {"type": kind.type}
    if kind.profile is not None:
        told["supportedProfile"] = [kind.profile]
    names = {name: TYPES[by] for name, by in sorted(kind.parameters.items())} | COMMON_TYPES
    return told | {
        "documentation": kind.about,
        "interaction": [{"code": each} for each in ("read", "vread", "history-instance", "search-type")],
        "versioning": "versioned",
        "readHistory": True,
        "updateCreate": False,
        "searchInclude": [f"{kind.type}:{each}" for each in sorted(kind.includes)],
        **({"searchRevInclude": along} if (along := [*referring_to(kind.type)]) else {}),
        "searchParam": [{"name": name, "type": type_} for name, type_ in names.items()],
        **({"operation": [EVERYTHING]} if kind.type == "Patient" else {}),
    }
