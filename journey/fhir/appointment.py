"""Appointment: a visit before the patient comes, and what became of the time that was agreed."""

from collections.abc import Iterator

from journey.domain.codes import Initiator, VisitStatus
from journey.domain.visit import Visit
from journey.fhir.chart import Chart
from journey.fhir.course import Course, was_ahead
from journey.fhir.data import (
    UNKNOWN,
    Json,
    coding,
    concept,
    filled,
    happened,
    identifier,
    instant,
    named,
    reference,
)
from journey.fhir.kind import By, Include, Kind
from journey.fhir.parties import person

S = VisitStatus
STATUS = {
    S.PROPOSED: "proposed",
    S.WAITLIST: "waitlist",
    S.BOOKED: "booked",
    S.ARRIVED: "arrived",
    S.CHECKED_IN: "checked-in",
    S.IN_PROGRESS: "fulfilled",
    S.ON_LEAVE: "fulfilled",
    S.FINISHED: "fulfilled",
    S.CANCELLED: "cancelled",
    S.NO_SHOW: "noshow",
    S.LEFT_UNSEEN: "cancelled",
    S.ENTERED_IN_ERROR: "entered-in-error",
}
"""The visit's status in the value set appointmentstatus: once care begins, its Encounter says more."""

UNTIMED = frozenset({"proposed", "cancelled", "waitlist"})
"""Where no time need be told (invariant app-3)."""

REASONS = "http://terminology.hl7.org/CodeSystem/appointment-cancellation-reason"
BY_WHOM = {
    Initiator.PATIENT: {"system": REASONS, "code": "pat", "display": "Patient"},
    Initiator.PROVIDER: {"system": REASONS, "code": "prov", "display": "Provider"},
    Initiator.SYSTEM: {"system": REASONS, "code": "other", "display": "Other"},
}
LEFT: Json = {"coding": [BY_WHOM[Initiator.PATIENT]], "text": "Left without being seen"}


def appointments(chart: Chart) -> Iterator[Json]:
    """One for each visit that was ever ahead."""
    for visit in chart.journey.visits:
        passed = chart.courses[visit.visit_id]
        if was_ahead(passed):
            yield _appointment(chart, visit, passed)


def _appointment(chart: Chart, visit: Visit, passed: Course) -> Json:
    status = STATUS[visit.status]
    return filled(
        {
            "id": str(visit.visit_id),
            "identifier": [identifier(visit.visit_id)],
            "status": status,
            "cancelationReason": _cancelled(visit),
            "serviceType": [concept(visit.coded or visit.service)] if visit.service else None,
            **_time(visit, status),
            "created": happened(passed[0].by),
            "comment": visit.comment,
            "basedOn": [reference("ServiceRequest", visit.referral_id)] if visit.referral_id else None,
            "participant": list(_participants(chart, visit)),
        }
    )


def _cancelled(visit: Visit) -> Json | None:
    """Who called it off, and why (invariant app-4: of nothing else)."""
    if visit.status is S.LEFT_UNSEEN:
        return LEFT
    if visit.status is not S.CANCELLED:
        return None
    by = [BY_WHOM[visit.initiator]] if visit.initiator else []
    why = [coding(visit.reason)] if visit.reason else []
    return {"coding": by + why} if by or why else None


def _time(visit: Visit, status: str) -> Json:
    """Both ends or none (invariants app-2, app-3): one that is agreed and not known is said to be unknown.
    An end from before the visit was put off is none.
    """
    end = visit.end if visit.start and visit.end and visit.start <= visit.end else None
    told = {"start": visit.start, "end": end}
    if visit.start is None and status in UNTIMED:
        return {}
    known: Json = {name: instant(at) for name, at in told.items() if at is not None}
    return known | {f"_{name}": UNKNOWN for name, at in told.items() if at is None}


def _participants(chart: Chart, visit: Visit) -> Iterator[Json]:
    is_wish = visit.status in {S.PROPOSED, S.WAITLIST}
    theirs = "declined" if _called_off_by(visit, Initiator.PATIENT) else "accepted"
    ours = "declined" if _called_off_by(visit, Initiator.PROVIDER) else "accepted"
    patient = reference("Patient", chart.patient_id)
    yield {"actor": patient, "required": "required", "status": theirs}
    for each in visit.participants:
        yield {"actor": person(each), "status": "needs-action" if is_wish else ours}
    if visit.location is not None and str(visit.location):
        place = named("Location", str(visit.location))
        yield {"actor": place, "status": "needs-action" if is_wish else "accepted"}


def _called_off_by(visit: Visit, whom: Initiator) -> bool:
    return visit.status is S.CANCELLED and visit.initiator is whom


APPOINTMENT = Kind(
    type="Appointment",
    about="A visit that is or was ahead: wished for, waited for, agreed, and what became of it.",
    made=appointments,
    rooms=frozenset({"visits", "discharges"}),
    also=frozenset({"merges"}),
    parameters={
        "patient": By.PATIENT,
        "status": By.STATUS,
        "date": By.DATE,
        "identifier": By.IDENTIFIER,
    },
    dated="start",
    includes={
        "patient": Include("participant.actor", ("Patient",)),
        "based-on": Include("basedOn", ("ServiceRequest",)),
    },
)
