"""Coding: what an entry is in the words of DICOM, HL7 and IHE BALP (Basic Audit Log Patterns)."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

Json = dict[str, Any]

DCM = "http://dicom.nema.org/resources/ontology/DCM"
EVENT_TYPE = "http://terminology.hl7.org/CodeSystem/audit-event-type"
INTERACTION = "http://hl7.org/fhir/restful-interaction"
LIFECYCLE = "http://terminology.hl7.org/CodeSystem/iso-21089-lifecycle"
PARTICIPATION = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType"
ROLE_CLASS = "http://terminology.hl7.org/CodeSystem/v3-RoleClass"
ACT_REASON = "http://terminology.hl7.org/CodeSystem/v3-ActReason"
ENTITY_TYPE = "http://terminology.hl7.org/CodeSystem/audit-entity-type"
OBJECT_ROLE = "http://terminology.hl7.org/CodeSystem/object-role"
BALP_ENTITY = "https://profiles.ihe.net/ITI/BALP/CodeSystem/BasicAuditEntityType"
PROFILE = "https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit."


def coding(system: str, code: str, display: str) -> Json:
    return {"system": system, "code": code, "display": display}


def concept(system: str, code: str, display: str) -> Json:
    return {"coding": [coding(system, code, display)]}


SOURCE = coding(DCM, "110153", "Source Role ID")
DESTINATION = coding(DCM, "110152", "Destination Role ID")
RECIPIENT = coding(PARTICIPATION, "IRCP", "information recipient")
AUTHOR = coding(PARTICIPATION, "AUT", "author (originator)")
PROVIDER = coding(ROLE_CLASS, "PROV", "healthcare provider")
PERSON = coding(ENTITY_TYPE, "1", "Person")
SYSTEM_OBJECT = coding(ENTITY_TYPE, "2", "System Object")
PATIENT = coding(OBJECT_ROLE, "1", "Patient")
REPORT = coding(OBJECT_ROLE, "3", "Report")
DOMAIN_RESOURCE = coding(OBJECT_ROLE, "4", "Domain Resource")
QUERY = coding(OBJECT_ROLE, "24", "Query")
REQUEST_ID = coding(BALP_ENTITY, "XrequestId", "transport specific unique identifier")
REST = coding(EVENT_TYPE, "rest", "RESTful Operation")
EXPORT = coding(DCM, "110106", "Export")
ALERT = coding(DCM, "110113", "Security Alert")
AUDIT_USED = coding(DCM, "110101", "Audit Log Used")
AUTHENTICATION = coding(DCM, "110114", "User Authentication")


class Deed(NamedTuple):
    """How a kind of entry is told. `profile`: the one of BALP for those that were done."""

    type: Json
    subtype: Json
    action: str
    profile: str | None = None


def _rest(code: str, action: str, profile: str | None = None) -> Deed:
    return Deed(REST, coding(INTERACTION, code, code), action, profile)


CREATED = _rest("create", "C", "Create")
UPDATED = _rest("update", "U", "Update")
QUERIED = _rest("search", "E", "Query")
DISCLOSED = Deed(
    EXPORT, coding(LIFECYCLE, "disclose", "Disclose Record Lifecycle Event"), "R", "PrivacyDisclosure.Source"
)
CHANGED_RIGHTS = Deed(ALERT, coding(DCM, "110137", "User Security Attributes Changed"), "U")
OTHERWISE = _rest("operation", "E")
DEEDS: Mapping[str, Deed] = MappingProxyType(
    {
        "read": _rest("read", "R", "Read"),
        "search": QUERIED,
        "feed": QUERIED,
        "write": UPDATED,
        "disclosed": DISCLOSED,
        "audit": Deed(AUDIT_USED, coding(INTERACTION, "search", "search"), "R"),
        "review": Deed(AUDIT_USED, coding(LIFECYCLE, "verify", "Verify Record Lifecycle Event"), "E"),
        "export": Deed(EXPORT, coding(LIFECYCLE, "extract", "Extract Record Lifecycle Event"), "R"),
        "evidence": Deed(EXPORT, coding(LIFECYCLE, "extract", "Extract Record Lifecycle Event"), "R"),
        "print": Deed(EXPORT, coding(LIFECYCLE, "access", "Access/View Record Lifecycle Event"), "R"),
        "login": Deed(AUTHENTICATION, coding(DCM, "110122", "Login"), "E"),
        "glass-broken": Deed(ALERT, coding(DCM, "110127", "Emergency Override Started"), "E"),
        "glass-closed": Deed(ALERT, coding(DCM, "110138", "Emergency Override Stopped"), "E"),
        "key-created": CHANGED_RIGHTS,
        "key-changed": CHANGED_RIGHTS,
        "key-revoked": CHANGED_RIGHTS,
        "message-read": _rest("read", "R", "Read"),
        "message-handled": UPDATED,
        "operation": OTHERWISE,
        "verification": Deed(AUDIT_USED, coding(LIFECYCLE, "verify", "Verify Record Lifecycle Event"), "E"),
    }
)
OUTCOMES = MappingProxyType({"done": "0", "refused": "4", "denied": "8"})
"""Success, minor failure, serious failure."""
