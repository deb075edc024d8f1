"""Provenance: where an event of a journey came from, as FHIR R4 has it: who said it, who wrote it down, when
it happened and when it was recorded, and what it takes back.
"""

from datetime import datetime
from types import MappingProxyType

from journey.audit.coding import ACT_REASON, Json, concept
from journey.audit.entries import RECORDED, Entry
from journey.fhir.data import instant

PARTICIPANT = "http://terminology.hl7.org/CodeSystem/provenance-participant-type"
OPERATION = "http://terminology.hl7.org/CodeSystem/v3-DataOperation"
AUTHOR = concept(PARTICIPANT, "author", "Author")
ENTERER = concept(PARTICIPANT, "enterer", "Enterer")
CREATE = concept(OPERATION, "CREATE", "create")
UPDATE = concept(OPERATION, "UPDATE", "revise")
TAKES_BACK = MappingProxyType({"voids": "removal", "corrects": "revision"})
LENGTHS = MappingProxyType({"day": 10, "month": 7, "year": 4})
"""How much of a time is told that is known so exactly."""


def provenance(entry: Entry) -> Json | None:
    """None where nothing was recorded on a journey."""
    if entry.kind != RECORDED:
        return None
    taken_back = [
        {"role": role, "what": {"identifier": {"system": "urn:ietf:rfc:3986", "value": f"urn:uuid:{each}"}}}
        for field, role in TAKES_BACK.items()
        if (each := entry.detail.get(field))
    ]
    made: Json = {
        "resourceType": "Provenance",
        "id": str(entry.id),
        "target": [{"reference": f"EpisodeOfCare/{entry.journeys[0]}/_history/{entry.version}"}],
        "recorded": instant(entry.at),
        "activity": {**(CREATE if entry.version == 1 else UPDATE), "text": entry.type},
        "agent": [
            {"type": AUTHOR, "who": {"display": entry.name}},
            {"type": ENTERER, "who": {"display": f"{entry.peer} ({entry.source})"}},
        ],
    }
    if (happened := _happened(entry)) is not None:
        made["occurredDateTime"] = happened
    if entry.purpose:
        made["reason"] = [{"coding": [{"system": ACT_REASON, "code": entry.purpose}]}]
    if taken_back:
        made["entity"] = taken_back
    return made


def _happened(entry: Entry) -> str | None:
    """As exactly as it is known."""
    precision = entry.detail["occurred_precision"]
    if precision == "unknown":
        return None
    told = instant(datetime.fromisoformat(entry.detail["occurred_at"]))
    return told[: LENGTHS.get(precision)]
