"""Resources as a sender would write them, with as little in them as the test is about."""

from typing import Any

Json = dict[str, Any]

MRN = "http://hospital.example/mrn"
V2_0203 = "http://terminology.hl7.org/CodeSystem/v2-0203"
ACT = "http://terminology.hl7.org/CodeSystem/v3-ActCode"


def patient(number: str = "M1", id_: str = "p1", **more: Any) -> Json:
    identifier = {"system": MRN, "value": number, "type": {"coding": [{"system": V2_0203, "code": "MR"}]}}
    return {"resourceType": "Patient", "id": id_, "identifier": [identifier], **more}


def of(id_: str = "p1") -> Json:
    return {"reference": f"Patient/{id_}"}


def encounter(id_: str = "e1", *, status: str = "finished", code: str = "AMB", **more: Any) -> Json:
    period = {"start": "2026-03-01T09:00:00Z"} | (
        {"end": "2026-03-01T10:00:00Z"} if status == "finished" else {}
    )
    told = {"resourceType": "Encounter", "id": id_, "status": status, "class": {"system": ACT, "code": code}}
    return {**told, "subject": of(), "period": period, **more}


def appointment(id_: str = "a1", *, status: str = "booked", **more: Any) -> Json:
    told = {
        "resourceType": "Appointment",
        "id": id_,
        "status": status,
        "created": "2026-02-01T08:00:00Z",
        "start": "2026-03-01T09:00:00Z",
        "end": "2026-03-01T10:00:00Z",
        "participant": [{"actor": of(), "status": "accepted"}],
    }
    return {**told, **more}


def episode(id_: str = "s1", *, status: str = "active", **more: Any) -> Json:
    period = {"start": "2026-01-01"} | ({"end": "2026-06-30"} if status == "finished" else {})
    return {
        "resourceType": "EpisodeOfCare",
        "id": id_,
        "status": status,
        "patient": of(),
        "period": period,
        **more,
    }


def referral(id_: str = "r1", *, status: str = "active", **more: Any) -> Json:
    told = {
        "resourceType": "ServiceRequest",
        "id": id_,
        "status": status,
        "intent": "order",
        "category": [{"coding": [{"system": "http://snomed.info/sct", "code": "3457005"}]}],
        "subject": of(),
        "authoredOn": "2026-02-01T08:00:00Z",
    }
    return {**told, **more}


def task(id_: str = "t1", *, status: str = "accepted", focus: str = "ServiceRequest/r1", **more: Any) -> Json:
    told = {
        "resourceType": "Task",
        "id": id_,
        "status": status,
        "intent": "order",
        "focus": {"reference": focus},
        "for": of(),
        "lastModified": "2026-02-03T08:00:00Z",
    }
    return {**told, **more}


def bundle(*resources: Json, kind: str = "transaction", urls: tuple[str, ...] = (), **more: Any) -> Json:
    entries = []
    for number, each in enumerate(resources):
        request = {"method": "POST", "url": each["resourceType"]}
        url = {"fullUrl": urls[number]} if urls else {}
        entries.append({**url, "resource": each, "request": request})
    return {"resourceType": "Bundle", "type": kind, "entry": entries, **more}


def changed(resource: Json, at: str, **more: Any) -> Json:
    """A later version of it."""
    return {**resource, "meta": {"lastUpdated": at}, **more}
