"""Invariants: the rules of FHIR R4 that bind several elements of a type together, under the standard's names.

Each is a question to a part of a resource, as it is written; true where the rule holds.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any

Part = Mapping[str, Any]
Rule = Callable[[Part], bool]


def _moment(told: str, *, end: bool = False) -> datetime:
    """The first, or the last, moment of a date or time."""
    match len(told):
        case 4:
            begins, next_one = (
                datetime(int(told), 1, 1, tzinfo=UTC),
                datetime(int(told) + 1, 1, 1, tzinfo=UTC),
            )
        case 7:
            begins = datetime(int(told[:4]), int(told[5:]), 1, tzinfo=UTC)
            next_one = (begins + timedelta(days=31)).replace(day=1)
        case 10:
            begins = datetime.fromisoformat(told).replace(tzinfo=UTC)
            next_one = begins + timedelta(days=1)
        case _:
            return datetime.fromisoformat(told)
    return next_one - timedelta(microseconds=1) if end else begins


def _in_order(start: str | None, end: str | None) -> bool:
    return start is None or end is None or _moment(start) <= _moment(end, end=True)


def _only_for(body: Part, element: str, words: set[str], what: str = "status") -> bool:
    return element not in body or body.get(what) in words


def _exists(body: Part, element: str) -> bool:
    """With a value, or with an extension that says why there is none."""
    return element in body or f"_{element}" in body


def _entries(body: Part) -> list[Part]:
    return list(body.get("entry", ()))


def _carries(body: Part, element: str, types: set[str]) -> bool:
    """In each entry of such bundles, and in no other's."""
    return all((element in each) is (body["type"] in types) for each in _entries(body))


def _distinct(body: Part) -> bool:
    if body["type"] == "history":
        return True
    told = [
        (each["fullUrl"], each.get("resource", {}).get("meta", {}).get("versionId"))
        for each in _entries(body)
        if "fullUrl" in each
    ]
    return len(told) == len(set(told))


ASKED, ANSWERED = {"batch", "transaction", "history"}, {"batch-response", "transaction-response", "history"}
PERSONS = {"Practitioner"}


def _is_of(reference: Part, types: set[str]) -> bool:
    told = reference.get("type") or reference.get("reference", "").rpartition("/")[0].rpartition("/")[2]
    return told in types


INVARIANTS: Mapping[str, Mapping[str, Rule]] = MappingProxyType(
    {
        # data types
        "Period": {"per-1": lambda body: _in_order(body.get("start"), body.get("end"))},
        "ContactPoint": {"cpt-2": lambda body: "value" not in body or "system" in body},
        "Quantity": {"qty-3": lambda body: "code" not in body or "system" in body},
        "Attachment": {"att-1": lambda body: "data" not in body or "contentType" in body},
        "Extension": {
            "ext-1": lambda body: ("extension" in body) is not any(name.startswith("value") for name in body)
        },
        # people
        "PatientContact": {
            "pat-1": lambda body: bool({"name", "telecom", "address", "organization"} & set(body))
        },
        "CareTeamParticipant": {
            "ctm-1": lambda body: "onBehalfOf" not in body or _is_of(body.get("member", {}), PERSONS)
        },
        # appointments
        "AppointmentParticipant": {"app-1": lambda body: "type" in body or "actor" in body},
        "Appointment": {
            "app-2": lambda body: _exists(body, "start") is _exists(body, "end"),
            "app-3": lambda body: (
                (_exists(body, "start") and _exists(body, "end"))
                or body.get("status") in {"proposed", "cancelled", "waitlist"}
            ),
            "app-4": lambda body: _only_for(body, "cancelationReason", {"cancelled", "noshow"}),
            "starts before it ends": lambda body: _in_order(body.get("start"), body.get("end")),
        },
        # what is asked for and done
        "ServiceRequest": {"prr-1": lambda body: "orderDetail" not in body or "code" in body},
        "Task": {"inv-1": lambda body: _in_order(body.get("authoredOn"), body.get("lastModified"))},
        "CarePlanActivity": {"cpl-3": lambda body: ("detail" in body) is not ("reference" in body)},
        # consent
        "Consent": {
            "ppc-1": lambda body: "policy" in body or "policyRule" in body,
            "ppc-2": lambda body: "patient" in body or not _has_scope(body, "patient-privacy"),
            "ppc-3": lambda body: "patient" in body or not _has_scope(body, "research"),
            "ppc-4": lambda body: "patient" in body or not _has_scope(body, "adr"),
            "ppc-5": lambda body: "patient" in body or not _has_scope(body, "treatment"),
        },
        # who did it
        "AuditEventEntity": {"sev-1": lambda body: not {"name", "query"} <= set(body)},
        # how it is carried
        "Bundle": {
            "bdl-1": lambda body: _only_for(body, "total", {"searchset", "history"}, "type"),
            "bdl-2": lambda body: (
                body["type"] == "searchset" or not any("search" in each for each in _entries(body))
            ),
            "bdl-3": lambda body: _carries(body, "request", ASKED),
            "bdl-4": lambda body: _carries(body, "response", ANSWERED),
            "bdl-7": _distinct,
        },
        "BundleEntry": {
            "bdl-5": lambda body: bool({"resource", "request", "response"} & set(body)),
            "bdl-8": lambda body: "/_history/" not in body.get("fullUrl", ""),
        },
        "CapabilityStatement": {
            "cpb-1": lambda body: bool({"rest", "messaging", "document"} & set(body)),
            "cpb-2": lambda body: bool({"description", "software", "implementation"} & set(body)),
            "cpb-14": lambda body: body["kind"] != "instance" or "implementation" in body,
            "cpb-15": lambda body: body["kind"] != "capability" or "implementation" not in body,
        },
        "CapabilityStatementRest": {
            "cpb-9": lambda body: _are_distinct(each["type"] for each in body.get("resource", ()))
        },
        "CapabilityStatementRestResource": {
            "cpb-12": lambda body: _are_distinct(each["name"] for each in body.get("searchParam", ()))
        },
    }
)
"""By type, and there by the name that the standard gives it."""


def _has_scope(body: Part, code: str) -> bool:
    return any(each.get("code") == code for each in body.get("scope", {}).get("coding", ()))


def _are_distinct(told: Any) -> bool:
    names = list(told)
    return len(names) == len(set(names))
