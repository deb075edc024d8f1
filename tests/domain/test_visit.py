"""Visit: from the wish for a time to the end of care."""

import pytest

from journey.domain.codes import EncounterClass, Initiator, VisitStatus
from journey.domain.event import Coded
from journey.domain.room import NotPossibleNow
from journey.domain.rules import JourneyIsOnHold
from journey.domain.visit import (
    AdmitPatient,
    AlreadyInHospital,
    Appointment,
    BookVisit,
    CancelVisit,
    ChangeClass,
    ChangeVisit,
    CheckIn,
    CompleteVisit,
    EncounterClassChanged,
    EndLeave,
    EndsByDischarge,
    LeaveEnded,
    MovePatient,
    NoShowReversed,
    PatientAdmitted,
    PatientArrived,
    PatientLeftUnseen,
    RecordArrival,
    RecordLeftUnseen,
    RecordNoShow,
    RemoveVisit,
    RequestVisit,
    RescheduleVisit,
    ReverseNoShow,
    StartLeave,
    StartVisit,
    UnknownVisit,
    Visit,
    VisitBooked,
    VisitChanged,
    VisitRescheduled,
    VisitStarted,
    WaitlistVisit,
)
from tests.domain import test_appointment
from tests.domain.cases import Case
from tests.domain.told import (
    INPATIENT,
    OTHER_VISIT,
    TEN,
    VISIT,
    WARD_A,
    WARD_B,
    activated,
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
    on_hold,
    on_leave,
    opened,
    planned,
    requested,
    started,
    waitlisted,
)
from tests.spec import Given, at, given

ELSEWHERE = PatientAdmitted(visit_id=OTHER_VISIT)

CASES = [
    Case(
        RequestVisit(visit_id=VISIT),
        given(opened),
        [requested],
        given(opened, cancelled),
        NotPossibleNow,
        quiet=given(opened, requested, booked),
    ),
    Case(
        WaitlistVisit(visit_id=VISIT),
        given(opened, requested),
        [waitlisted],
        given(opened, requested, booked, arrived),
        NotPossibleNow,
    ),
    Case(
        BookVisit(visit_id=VISIT, appointment=TEN),
        given(opened, requested, waitlisted),
        [booked],
        given(opened, booked, cancelled),
        NotPossibleNow,
        quiet=given(opened, booked, arrived),
    ),
    Case(
        RescheduleVisit(visit_id=VISIT, start=at(15), initiator=Initiator.PATIENT),
        given(opened, booked),
        [VisitRescheduled(visit_id=VISIT, start=at(15), initiator=Initiator.PATIENT)],
        given(opened, booked, arrived),
        NotPossibleNow,
    ),
    Case(
        ChangeVisit(visit_id=VISIT, appointment=Appointment(participants=("dr-1",), comment="bring scans")),
        given(opened, booked),
        [
            VisitChanged(
                visit_id=VISIT, appointment=Appointment(participants=("dr-1",), comment="bring scans")
            )
        ],
        given(opened),
        UnknownVisit,
        quiet=given(
            opened,
            VisitBooked(
                visit_id=VISIT,
                appointment=Appointment(start=at(10), participants=("dr-1",), comment="bring scans"),
            ),
        ),
    ),
    Case(
        CancelVisit(visit_id=VISIT),
        given(opened, booked),
        [cancelled],
        given(opened, booked, arrived),
        NotPossibleNow,
    ),
    Case(
        RemoveVisit(visit_id=VISIT),
        given(opened, booked),
        [in_error],
        given(opened, booked, arrived),
        NotPossibleNow,
    ),
    Case(
        RecordNoShow(visit_id=VISIT),
        given(opened, booked),
        [no_show],
        given(opened, booked, arrived),
        NotPossibleNow,
    ),
    Case(
        ReverseNoShow(visit_id=VISIT, reason="was in the waiting room"),
        given(opened, booked, no_show),
        [NoShowReversed(visit_id=VISIT, reason="was in the waiting room")],
        given(opened, booked, cancelled),
        NotPossibleNow,
        quiet=given(opened, booked),
    ),
    Case(
        RecordArrival(visit_id=VISIT),
        given(opened, booked),
        [arrived],
        given(opened, booked, cancelled),
        NotPossibleNow,
        quiet=given(opened, booked, arrived, started),
    ),
    Case(
        CheckIn(visit_id=VISIT),
        given(opened, booked, arrived),
        [checked_in],
        given(opened, booked),
        NotPossibleNow,
        quiet=given(opened, booked, arrived, started),
    ),
    Case(
        StartVisit(visit_id=VISIT),
        given(opened, booked, arrived),
        [started],
        given(opened, booked),
        NotPossibleNow,
    ),
    Case(
        AdmitPatient(visit_id=VISIT, location=WARD_A),
        given(opened, arrived, started),
        [admitted],
        given(opened, ELSEWHERE),
        AlreadyInHospital,
    ),
    Case(
        ChangeClass(visit_id=VISIT, encounter_class=EncounterClass.OBSERVATION),
        given(opened, arrived, started),
        [EncounterClassChanged(visit_id=VISIT, encounter_class=EncounterClass.OBSERVATION)],
        given(opened, arrived, started, ELSEWHERE),
        AlreadyInHospital,
    ),
    Case(
        MovePatient(visit_id=VISIT, location=WARD_B),
        given(opened, admitted),
        [moved],
        given(opened, booked),
        NotPossibleNow,
    ),
    Case(
        StartLeave(visit_id=VISIT),
        given(opened, admitted),
        [on_leave],
        given(opened, arrived),
        NotPossibleNow,
    ),
    Case(
        EndLeave(visit_id=VISIT),
        given(opened, admitted, on_leave),
        [LeaveEnded(visit_id=VISIT)],
        given(opened, admitted, discharged),
        NotPossibleNow,
        quiet=given(opened, admitted),
    ),
    Case(
        RecordLeftUnseen(visit_id=VISIT),
        given(opened, arrived, checked_in),
        [PatientLeftUnseen(visit_id=VISIT)],
        given(opened, arrived, started),
        NotPossibleNow,
    ),
    Case(
        CompleteVisit(visit_id=VISIT),
        given(opened, arrived, started),
        [completed],
        given(opened, admitted),
        EndsByDischarge,
    ),
    *test_appointment.CASES,
]


def visit_after(recorded: Given) -> Visit:
    visit = recorded.journey.visits.get(VISIT)
    assert visit is not None
    return visit


def test_a_planned_journey_becomes_active_when_the_patient_arrives() -> None:
    given(planned, booked).when(RecordArrival(visit_id=VISIT)).then(activated, arrived)


def test_nothing_begins_while_the_journey_is_on_hold() -> None:
    given(opened, booked, on_hold).when(RecordArrival(visit_id=VISIT)).then_refused(JourneyIsOnHold)


def test_who_is_in_hospital_is_moved_though_the_journey_is_on_hold() -> None:
    given(opened, admitted, on_hold).when(MovePatient(visit_id=VISIT, location=WARD_B)).then(moved)


def test_a_virtual_visit_needs_no_arrival() -> None:
    virtual = Appointment(start=at(10), encounter_class=EncounterClass.VIRTUAL)
    given(opened, VisitBooked(visit_id=VISIT, appointment=virtual)).when(StartVisit(visit_id=VISIT)).then(
        started
    )


def test_a_visit_nobody_booked_begins_with_the_arrival() -> None:
    emergency = PatientArrived(visit_id=VISIT, encounter_class=EncounterClass.EMERGENCY)
    given(opened).when(RecordArrival(visit_id=VISIT, encounter_class=EncounterClass.EMERGENCY)).then(
        emergency
    )


@pytest.mark.parametrize(
    "begins",
    [
        RecordArrival(visit_id=VISIT, encounter_class=INPATIENT),
        StartVisit(visit_id=VISIT, encounter_class=INPATIENT),
        AdmitPatient(visit_id=VISIT),
    ],
    ids=lambda command: command.name(),
)
def test_no_second_stay_begins_whichever_way(
    begins: RecordArrival | StartVisit | AdmitPatient,
) -> None:
    here = (arrived,) if isinstance(begins, StartVisit) else ()
    given(opened, *here, ELSEWHERE).when(begins).then_refused(AlreadyInHospital)


def test_a_second_stay_that_another_system_reports_is_recorded() -> None:
    given(opened, ELSEWHERE).when(AdmitPatient(visit_id=VISIT, location=WARD_A, reported=True)).then(admitted)


def test_the_second_of_two_reported_stays_is_still_moved() -> None:
    given(opened, ELSEWHERE, admitted).when(MovePatient(visit_id=VISIT, location=WARD_B)).then(moved)


def test_a_patient_made_an_outpatient_again_is_in_no_stay() -> None:
    outpatient = EncounterClassChanged(visit_id=VISIT, encounter_class=EncounterClass.AMBULATORY)
    given(opened, admitted, outpatient).when(CompleteVisit(visit_id=VISIT)).then(completed)


def test_a_visit_asked_for_is_not_booked_by_changing_the_wish() -> None:
    changed = given(opened, requested).when(ChangeVisit(visit_id=VISIT, appointment=TEN)).done()
    assert visit_after(changed).status is VisitStatus.PROPOSED


def test_a_change_of_a_visit_we_never_heard_of_implies_its_booking() -> None:
    changed = given(opened).when(ChangeVisit(visit_id=VISIT, appointment=TEN, reported=True)).done()
    assert visit_after(changed).status is VisitStatus.BOOKED


def test_whoever_is_moved_is_here() -> None:
    told = given(opened).when(MovePatient(visit_id=VISIT, location=WARD_B, reported=True)).then(moved)
    assert visit_after(told).status is VisitStatus.IN_PROGRESS


@pytest.mark.parametrize(
    "late",
    [
        RecordArrival(visit_id=VISIT, reported=True),
        CheckIn(visit_id=VISIT, reported=True),
        WaitlistVisit(visit_id=VISIT, reported=True),
        RecordNoShow(visit_id=VISIT, reported=True),
        BookVisit(visit_id=VISIT, appointment=Appointment(), reported=True),
    ],
    ids=lambda command: command.name(),
)
@pytest.mark.parametrize("progress", [(started,), (started, on_leave)], ids=["in-progress", "on-leave"])
def test_a_report_does_not_take_a_visit_back(
    late: RecordArrival | BookVisit, progress: tuple[VisitStarted, ...]
) -> None:
    given(opened, arrived, *progress).when(late).then_nothing()


def test_a_late_arrival_tells_the_place_and_takes_nobody_back() -> None:
    told = given(opened, arrived, started).when(RecordArrival(visit_id=VISIT, location=WARD_A, reported=True))
    after = visit_after(told.then(PatientArrived(visit_id=VISIT, location=WARD_A)))
    assert (after.status, after.location) == (VisitStatus.IN_PROGRESS, WARD_A)


def test_a_reported_return_opens_the_visit_again() -> None:
    back = given(opened, admitted, discharged).when(
        AdmitPatient(visit_id=VISIT, location=WARD_A, reported=True)
    )
    after = visit_after(back.then(admitted))
    assert (after.status, after.ended) == (VisitStatus.IN_PROGRESS, None)


def test_a_cancellation_says_who_called_it_off() -> None:
    by_us = CancelVisit(
        visit_id=VISIT, initiator=Initiator.PROVIDER, reason=Coded(system="local", code="ill")
    )
    (event,) = given(opened, booked).when(by_us).decided()
    assert event.model_dump()["initiator"] == "provider"


def test_an_appointment_ends_after_it_starts() -> None:
    with pytest.raises(ValueError, match="cannot end before it starts"):
        Appointment(start=at(10), end=at(9))
