"""Elements: a resource of which only some are told (R4 section 3.1.1.5.9), and marked so."""

from journey.fhir.data import Json

SUBSETTED: Json = {
    "system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue",
    "code": "SUBSETTED",
    "display": "subsetted",
}
ALWAYS = frozenset({"resourceType", "id", "meta"})
REQUIRED = {
    "Appointment": {"status", "participant"},
    "CarePlan": {"status", "intent", "subject"},
    "Claim": {"status", "type", "use", "patient", "created", "provider", "priority", "insurance"},
    "ClaimResponse": {"status", "type", "use", "patient", "created", "insurer", "outcome"},
    "Communication": {"status"},
    "Consent": {"status", "scope", "category", "policyRule"},
    "Coverage": {"status", "beneficiary", "payor"},
    "Encounter": {"status", "class"},
    "EpisodeOfCare": {"status", "patient"},
    "ServiceRequest": {"status", "intent", "subject"},
    "Task": {"status", "intent"},
}
"""What R4 has at least once in each."""


def some_of(resource: Json, elements: frozenset[str]) -> Json:
    """With these elements, and those that R4 requires; a profile may require more."""
    told = ALWAYS | elements | REQUIRED.get(resource["resourceType"], set())
    kept = {name: value for name, value in resource.items() if name.removeprefix("_") in told}
    meta = {name: value for name, value in resource["meta"].items() if name != "profile"}
    return kept | {"meta": {**meta, "tag": [SUBSETTED]}}
