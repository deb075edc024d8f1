"""Encounter: a visit from the arrival on, and the stay that it became."""

from datetime import timedelta
from uuid import UUID

import pytest

from journey.domain.codes import EncounterClass, VisitStatus
from journey.domain.correction import VoidEvent
from journey.domain.discharge import PatientDischarged
from journey.domain.event import Coded, Event, Precision
from journey.domain.place import Location
from journey.domain.visit import (
    Appointment,
    EncounterClassChanged,
    LeaveEnded,
    PatientAdmitted,
    PatientArrived,
    PatientLeftUnseen,
    PatientMoved,
    VisitBooked,
    VisitRescheduled,
)
from journey.fhir.encounter import CLASS_DISPLAY, STATUS
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
    discharged,
    in_error,
    moved,
    no_show,
    on_leave,
    opened,
    requested,
    started,
    waitlisted,
)
from tests.fhir.telling import every_version, one, statuses, texts, told_as
from tests.fhir.validating import Json
from tests.spec import JOURNEY, PATIENT, at, given

S = VisitStatus
LEFT = PatientLeftUnseen(visit_id=VISIT)
LEADING_TO: dict[VisitStatus, tuple[tuple[Event, ...], str | None]] = {
    S.PROPOSED: ((requested,), None),
    S.WAITLIST: ((requested, waitlisted), None),
    S.BOOKED: ((booked,), None),
    S.ARRIVED: ((booked, arrived), "arrived"),
    S.CHECKED_IN: ((booked, arrived, checked_in), "arrived"),
    S.IN_PROGRESS: ((booked, arrived, started), "in-progress"),
    S.ON_LEAVE: ((admitted, on_leave), "onleave"),
    S.FINISHED: ((booked, arrived, started, completed), "finished"),
    S.CANCELLED: ((booked, cancelled), None),
    S.NO_SHOW: ((booked, no_show), None),
    S.LEFT_UNSEEN: ((arrived, LEFT), "cancelled"),
    S.ENTERED_IN_ERROR: ((booked, in_error), None),
}


def passed(body: Json) -> list[object]:
    return texts(body, "statusHistory", "status")


@pytest.mark.parametrize("status", VisitStatus)
def test_every_status_of_a_visit_to_which_the_patient_came_is_told(status: VisitStatus) -> None:
    events, expected = LEADING_TO[status]
    told = given(opened, *events)
    assert told.journey.visits.by_id[VISIT].status is status
    assert [each["status"] for each in told_as("Encounter", told)] == ([expected] if expected else [])
    assert expected in {STATUS[status], None}


@pytest.mark.parametrize("code", EncounterClass)
def test_every_class_has_words(code: EncounterClass) -> None:
    body = one("Encounter", given(opened, PatientArrived(visit_id=VISIT, encounter_class=code)))
    assert (body["class"]["code"], body["class"]["display"]) == (code, CLASS_DISPLAY[code])


def test_a_stay_ends_with_the_discharge() -> None:
    told = given(opened, (admitted, at(9)), (moved, at(10)), (discharged, at(15)))
    body = one("Encounter", told)
    assert body["status"] == "finished"
    assert body["period"] == {"start": "2026-03-02T09:00:00.000000Z", "end": "2026-03-02T15:00:00.000000Z"}
    assert body["statusHistory"] == [{"status": "in-progress", "period": body["period"]}]
    assert texts(body, "hospitalization", "dischargeDisposition", "coding", "code") == ["home"]
    first, second = body["location"]
    assert (first["location"]["display"], first["status"]) == ("A · 1", "completed")
    assert first["period"] == {"start": "2026-03-02T09:00:00.000000Z", "end": "2026-03-02T10:00:00.000000Z"}
    assert (second["location"]["display"], second["status"]) == ("B · 7", "completed")
    assert second["period"] == {"start": "2026-03-02T10:00:00.000000Z", "end": "2026-03-02T15:00:00.000000Z"}


def test_where_the_patient_is_now_is_active() -> None:
    body = one("Encounter", given(opened, admitted, moved))
    assert texts(body, "location", "status") == ["completed", "active"]
    assert "end" not in body["period"]


def test_whoever_was_moved_back_was_there_twice() -> None:
    back = PatientMoved(visit_id=VISIT, location=WARD_A)
    body = one("Encounter", given(opened, admitted, moved, back, back))
    assert texts(body, "location", "location", "display") == ["A · 1", "B · 7", "A · 1"]


def test_who_came_is_where_they_were_to_come_unless_it_is_said() -> None:
    agreed = TEN.model_copy(update={"location": WARD_A})
    body = one(
        "Encounter",
        given(opened, (VisitBooked(visit_id=VISIT, appointment=agreed), at(8)), (arrived, at(10))),
    )
    assert texts(body, "location", "location", "display") == ["A · 1"]
    assert texts(body, "location", "period", "start") == ["2026-03-02T10:00:00.000000Z"]


def test_a_place_of_which_nothing_is_known_is_none() -> None:
    body = one("Encounter", given(opened, PatientArrived(visit_id=VISIT, location=Location())))
    assert "location" not in body


def test_the_facility_provides_it() -> None:
    place = Location(facility="St. Elsewhere", point_of_care="A")
    body = one("Encounter", given(opened, PatientArrived(visit_id=VISIT, location=place)))
    assert body["serviceProvider"] == {"type": "Organization", "display": "St. Elsewhere"}


def test_what_it_was_before_is_its_history() -> None:
    back = LeaveEnded(visit_id=VISIT)
    body = one("Encounter", given(opened, arrived, checked_in, started, admitted, on_leave, back))
    assert body["status"] == "in-progress"
    assert passed(body) == ["arrived", "in-progress", "onleave"]


def test_the_classes_before_the_present_one_are_its_history() -> None:
    agreed = Appointment(start=at(10), end=at(11), encounter_class=EncounterClass.EMERGENCY)
    watched = EncounterClassChanged(visit_id=VISIT, encounter_class=EncounterClass.OBSERVATION)
    stayed = PatientAdmitted(visit_id=VISIT, encounter_class=EncounterClass.INPATIENT)
    body = one(
        "Encounter", given(opened, VisitBooked(visit_id=VISIT, appointment=agreed), arrived, watched, stayed)
    )
    assert body["class"]["code"] == "IMP"
    assert texts(body, "classHistory", "class", "code") == ["EMER", "OBSENC"]


def test_what_is_told_late_is_history_in_its_place() -> None:
    told = given(opened, (started, at(10)), (arrived, at(9, 55)))
    body = one("Encounter", told)
    assert body["status"] == "in-progress"
    assert passed(body) == ["arrived"]
    assert body["period"]["start"] == "2026-03-02T09:55:00.000000Z"


def test_a_receipt_that_is_told_late_takes_nothing_back() -> None:
    """The rules of the room say what leads where: a visit that has begun is not waited for again."""
    body = one("Encounter", given(opened, (started, at(9)), (checked_in, at(9, 30))))
    assert body["status"] == "in-progress"
    assert passed(body) == []


def test_a_visit_that_is_called_off_after_the_arrival_stays_readable() -> None:
    body = one("Encounter", given(opened, booked, arrived, cancelled))
    assert body["status"] == "cancelled"
    assert passed(body) == ["arrived"]


def test_an_arrival_that_never_was_is_an_error() -> None:
    told = given(opened, arrived, LEFT, in_error)
    assert one("Encounter", told)["status"] == "entered-in-error"
    assert statuses("Encounter", VISIT, told) == ["arrived", "cancelled", "entered-in-error"]


def test_why_a_visit_was_put_off_is_not_why_the_patient_came() -> None:
    put_off = VisitRescheduled(visit_id=VISIT, start=at(15), reason=Coded(system="x", code="FLU"))
    assert "reasonCode" not in one("Encounter", given(opened, booked, put_off, arrived))


def test_what_a_visit_belongs_to_is_referred_to() -> None:
    agreed = TEN.model_copy(update={"referral_id": UUID(int=30), "participants": ("dr-no",)})
    body = one("Encounter", given(opened, VisitBooked(visit_id=VISIT, appointment=agreed), arrived))
    assert body["subject"]["reference"] == f"Patient/{PATIENT}"
    assert texts(body, "episodeOfCare", "reference") == [f"EpisodeOfCare/{JOURNEY}"]
    assert texts(body, "appointment", "reference") == [f"Appointment/{VISIT}"]
    assert texts(body, "basedOn", "reference") == [f"ServiceRequest/{UUID(int=30)}"]
    assert texts(body, "participant", "individual", "display") == ["dr-no"]
    assert "appointment" not in one("Encounter", given(opened, arrived))


def test_the_end_of_a_discharge_that_was_struck_out_is_none() -> None:
    told = given(opened, admitted, discharged)
    undone = told.when(VoidEvent(event_id=told.id_of(discharged), reason="wrong bed")).done()
    body = one("Encounter", undone)
    assert body["status"] == "in-progress"
    assert "hospitalization" not in body
    assert "end" not in body["period"]
    assert statuses("Encounter", VISIT, undone) == ["in-progress", "finished", "in-progress"]


def test_a_disposition_is_told_in_the_words_of_fhir_and_as_it_was_said() -> None:
    ub04 = Coded(system="https://www.nubc.org/CodeSystem/PatDischargeStatus", code="03", display="SNF")
    told = given(opened, admitted, PatientDischarged(visit_id=VISIT, disposition=ub04))
    body = one("Encounter", told)
    assert texts(body, "hospitalization", "dischargeDisposition", "coding", "code") == ["snf", "03"]


def test_before_the_arrival_there_is_no_version() -> None:
    told = given(opened, requested, booked, arrived, started)
    assert [(each.number, each.is_first) for each in every_version("Encounter", VISIT, told)] == [
        (4, True),
        (5, False),
    ]


# --- times that are known less exactly


def test_a_time_that_is_known_to_the_day_is_told_to_the_day() -> None:
    """Midnight in Berlin is yesterday in Greenwich; the day is the one in Berlin."""
    berlin = at(0) - timedelta(hours=1)
    body = one("Encounter", given(opened, (arrived, berlin, Precision.DAY)))
    assert body["period"] == {"start": "2026-03-02"}


def test_an_end_that_is_known_to_the_hour_does_not_stand_before_the_beginning() -> None:
    told = given(opened, (started, at(14, 30)), (completed, at(14), Precision.HOUR))
    assert one("Encounter", told)["period"] == {"start": "2026-03-02T14:30:00.000000Z", "end": "2026-03-02"}


def test_a_time_that_is_not_known_is_said_to_be_unknown_where_one_has_to_stand() -> None:
    told = given(opened, (arrived, at(9), Precision.UNKNOWN), (started, at(10), Precision.UNKNOWN))
    body = one("Encounter", told)
    assert "period" not in body
    assert texts(body, "statusHistory", "period", "extension", "valueCode") == ["unknown"]
