"""Appointment: a visit before the patient comes, and what became of the time that was agreed."""

from datetime import timedelta
from uuid import UUID

import pytest

from journey.domain.codes import Initiator, VisitStatus
from journey.domain.correction import VoidEvent
from journey.domain.event import Coded, Event
from journey.domain.visit import (
    Appointment,
    LeaveStarted,
    NoShowReversed,
    PatientLeftUnseen,
    VisitBooked,
    VisitCancelled,
    VisitChanged,
    VisitRescheduled,
)
from journey.fhir.appointment import STATUS
from tests.domain.told import (
    TEN,
    VISIT,
    WARD_A,
    admitted,
    arrived,
    booked,
    cancelled,
    checked_in,
    completed,
    in_error,
    no_show,
    opened,
    requested,
    started,
    waitlisted,
)
from tests.fhir.telling import every_version, one, statuses, texts, told_as
from tests.spec import PATIENT, at, given

REFERRAL = UUID(int=30)
S = VisitStatus
LEFT = PatientLeftUnseen(visit_id=VISIT)
LEADING_TO: dict[VisitStatus, tuple[tuple[Event, ...], str]] = {
    S.PROPOSED: ((requested,), "proposed"),
    S.WAITLIST: ((requested, waitlisted), "waitlist"),
    S.BOOKED: ((booked,), "booked"),
    S.ARRIVED: ((booked, arrived), "arrived"),
    S.CHECKED_IN: ((booked, arrived, checked_in), "checked-in"),
    S.IN_PROGRESS: ((booked, arrived, started), "fulfilled"),
    S.ON_LEAVE: ((booked, admitted, LeaveStarted(visit_id=VISIT)), "fulfilled"),
    S.FINISHED: ((booked, arrived, started, completed), "fulfilled"),
    S.CANCELLED: ((booked, cancelled), "cancelled"),
    S.NO_SHOW: ((booked, no_show), "noshow"),
    S.LEFT_UNSEEN: ((booked, arrived, LEFT), "cancelled"),
    S.ENTERED_IN_ERROR: ((booked, in_error), "entered-in-error"),
}


@pytest.mark.parametrize("status", VisitStatus)
def test_every_status_of_a_visit_is_one_of_an_appointment(status: VisitStatus) -> None:
    events, expected = LEADING_TO[status]
    told = given(opened, *events)
    assert told.journey.visits.by_id[VISIT].status is status
    assert one("Appointment", told)["status"] == expected == STATUS[status]


def test_an_appointment_says_what_was_agreed() -> None:
    agreed = Appointment(
        start=at(10),
        end=at(11),
        service=Coded(system="http://snomed.info/sct", code="394801008", display="Trauma"),
        location=WARD_A,
        participants=("dr-no",),
        comment="Bring the letter.",
        referral_id=REFERRAL,
    )
    body = one("Appointment", given(opened, (VisitBooked(visit_id=VISIT, appointment=agreed), at(8))))
    assert body["start"] == "2026-03-02T10:00:00.000000Z"
    assert body["end"] == "2026-03-02T11:00:00.000000Z"
    assert body["created"] == "2026-03-02T08:00:00.000000Z"
    assert texts(body, "serviceType", "coding", "code") == ["394801008"]
    assert texts(body, "basedOn", "reference") == [f"ServiceRequest/{REFERRAL}"]
    assert body["comment"] == "Bring the letter."
    patient, doctor, place = body["participant"]
    assert patient["actor"]["reference"] == f"Patient/{PATIENT}"
    assert doctor["actor"] == {"type": "Practitioner", "display": "dr-no"}
    assert place["actor"] == {"type": "Location", "display": "A · 1"}
    assert texts(body, "participant", "status") == ["accepted"] * 3


def test_an_end_that_is_not_known_is_said_to_be_unknown() -> None:
    body = one(
        "Appointment", given(opened, VisitBooked(visit_id=VISIT, appointment=Appointment(start=at(10))))
    )
    assert "end" not in body
    assert body["_end"]["extension"][0]["valueCode"] == "unknown"


def test_a_stay_that_is_expected_without_a_time_has_two_unknown_ends() -> None:
    body = one("Appointment", given(opened, VisitBooked(visit_id=VISIT, appointment=Appointment())))
    assert {"_start", "_end"} <= set(body)
    assert not {"start", "end"} & set(body)


def test_a_wish_needs_no_time() -> None:
    assert not {"start", "end", "_start", "_end"} & set(one("Appointment", given(opened, requested)))


def test_an_end_from_before_the_visit_was_put_off_is_not_told() -> None:
    later = VisitChanged(visit_id=VISIT, appointment=Appointment(start=at(15)))
    body = one("Appointment", given(opened, booked, later))
    assert body["start"] == "2026-03-02T15:00:00.000000Z"
    assert "end" not in body


@pytest.mark.parametrize(
    ("initiator", "code", "declined"),
    [
        (Initiator.PATIENT, "pat", [True, False]),
        (Initiator.PROVIDER, "prov", [False, True]),
        (Initiator.SYSTEM, "other", [False, False]),
    ],
)
def test_a_cancellation_says_whose_it_was(initiator: Initiator, code: str, declined: list[bool]) -> None:
    reason = Coded(system="local", code="FLU", display="Influenza")
    agreed = TEN.model_copy(update={"participants": ("dr-no",)})
    off = VisitCancelled(visit_id=VISIT, initiator=initiator, reason=reason)
    body = one("Appointment", given(opened, VisitBooked(visit_id=VISIT, appointment=agreed), off))
    assert texts(body, "cancelationReason", "coding", "code") == [code, "FLU"]
    assert [each["status"] == "declined" for each in body["participant"]] == declined


def test_why_a_visit_was_put_off_is_no_reason_for_a_cancellation() -> None:
    put_off = VisitRescheduled(visit_id=VISIT, start=at(15), end=at(16), reason=Coded(system="x", code="FLU"))
    assert "cancelationReason" not in one("Appointment", given(opened, booked, put_off))
    assert "cancelationReason" not in one("Appointment", given(opened, booked, put_off, no_show))
    assert "cancelationReason" not in one("Appointment", given(opened, booked, put_off, cancelled))


def test_whoever_walks_in_has_no_appointment() -> None:
    assert told_as("Appointment", given(opened, arrived, started, completed)) == []
    assert told_as("Appointment", given(opened, arrived, LEFT, in_error)) == []


def test_each_version_reads_as_it_was() -> None:
    told = given(opened, requested, booked, no_show, NoShowReversed(visit_id=VISIT, reason="late"), arrived)
    assert statuses("Appointment", VISIT, told) == ["proposed", "booked", "noshow", "booked", "arrived"]
    numbers = [each.number for each in every_version("Appointment", VISIT, told)]
    assert numbers == [2, 3, 4, 5, 6]


def test_a_booking_that_is_struck_out_is_gone_once() -> None:
    told = given(opened, booked)
    undone = told.when(VoidEvent(event_id=told.id_of(booked), reason="wrong patient")).done()
    assert told_as("Appointment", undone) == []
    assert statuses("Appointment", VISIT, undone) == ["booked", None]


def test_a_patient_who_comes_late_is_not_missed() -> None:
    told = given(opened, booked, (no_show, at(11)), (arrived, at(11) + timedelta(minutes=5)))
    assert one("Appointment", told)["status"] == "arrived"
