"""Correction: what was recorded stays; another event says that it does not hold."""

from uuid import UUID

from journey.domain.codes import Disposition, VisitStatus
from journey.domain.correction import (
    CancelAdmission,
    CancelDischarge,
    CancelMove,
    EventReinstated,
    EventVoided,
    NothingToCancel,
    NotVoidable,
    ReinstateEvent,
    UnknownEvent,
    VoidEvent,
)
from journey.domain.discharge import DischargePatient
from journey.domain.event import Event, Precision
from journey.domain.place import Location
from journey.domain.visit import PatientMoved
from tests.domain.cases import Case
from tests.domain.told import (
    VISIT,
    WARD_A,
    WARD_B,
    WARD_C,
    admitted,
    arrived,
    booked,
    closed,
    discharged,
    moved,
    opened,
    started,
)
from tests.spec import Given, at, given

WRONG = "wrong patient"
moved_on = PatientMoved(visit_id=VISIT, location=WARD_C)


def void(recorded: Given, event: Event, reason: str = WRONG) -> EventVoided:
    return EventVoided(voids=recorded.id_of(event), of=event.stored_as, reason=reason)


def reinstated(recorded: Given, event: Event) -> EventReinstated:
    return EventReinstated(reinstates=recorded.id_of(event), of=event.stored_as, reason=WRONG)


def place(recorded: Given) -> Location | None:
    visit = recorded.journey.visits.get(VISIT)
    return None if visit is None else visit.location


def status(recorded: Given) -> VisitStatus | None:
    visit = recorded.journey.visits.get(VISIT)
    return None if visit is None else visit.status


STAY = given(opened, arrived, started, admitted, moved, moved_on, discharged)
VOIDED = STAY.when(VoidEvent(event_id=STAY.id_of(moved), reason=WRONG)).done()

CASES = [
    Case(
        VoidEvent(event_id=STAY.id_of(moved), reason=WRONG),
        STAY,
        [void(STAY, moved)],
        given(opened),
        UnknownEvent,
    ),
    Case(
        ReinstateEvent(event_id=STAY.id_of(moved), reason=WRONG),
        VOIDED,
        [reinstated(STAY, moved)],
        given(opened),
        UnknownEvent,
        quiet=STAY,
    ),
    Case(
        CancelAdmission(visit_id=VISIT, reason=WRONG),
        STAY,
        [void(STAY, admitted)],
        given(opened, booked),
        NothingToCancel,
    ),
    Case(
        CancelMove(visit_id=VISIT, reason=WRONG),
        STAY,
        [void(STAY, moved_on)],
        given(opened, admitted),
        NothingToCancel,
    ),
    Case(
        CancelDischarge(visit_id=VISIT, reason=WRONG),
        STAY,
        [void(STAY, discharged)],
        given(opened, admitted),
        NothingToCancel,
    ),
]


# --- Void and reinstate


def test_what_is_void_takes_no_part() -> None:
    assert (place(STAY), place(VOIDED)) == (WARD_C, WARD_C)
    both = VOIDED.when(VoidEvent(event_id=STAY.id_of(moved_on), reason=WRONG)).done()
    assert place(both) == WARD_A


def test_what_is_reinstated_takes_part_at_its_own_time() -> None:
    cancelled = STAY.when(CancelMove(visit_id=VISIT)).done()
    assert place(cancelled) == WARD_B
    again = cancelled.when(ReinstateEvent(event_id=STAY.id_of(moved_on), reason=WRONG)).done()
    assert again.journey.visits == STAY.journey.visits


def test_the_latest_word_on_an_event_counts() -> None:
    again = VOIDED.when(ReinstateEvent(event_id=STAY.id_of(moved), reason=WRONG)).done()
    third = again.when(VoidEvent(event_id=STAY.id_of(moved), reason=WRONG)).then(void(STAY, moved))
    assert third.history.voided == {STAY.id_of(moved)}


def test_a_correction_is_not_voided() -> None:
    correction = VOIDED.history.recorded[-1].event_id
    VOIDED.when(VoidEvent(event_id=correction, reason=WRONG)).then_refused(NotVoidable)


def test_a_correction_is_not_reinstated() -> None:
    correction = VOIDED.history.recorded[-1].event_id
    VOIDED.when(ReinstateEvent(event_id=correction, reason=WRONG)).then_refused(NotVoidable)


def test_the_opening_is_not_voided() -> None:
    STAY.when(VoidEvent(event_id=STAY.id_of(opened), reason=WRONG)).then_refused(NotVoidable)


def test_a_closed_journey_is_corrected() -> None:
    over = given(opened, arrived, closed)
    over.when(VoidEvent(event_id=over.id_of(arrived), reason=WRONG)).then(void(over, arrived))


# --- Cancel


def test_a_cancelled_admission_leaves_what_was_before_it() -> None:
    here = given(opened, arrived, started, admitted).when(CancelAdmission(visit_id=VISIT)).done()
    visit = here.journey.visits.get(VISIT)
    assert visit is not None
    assert (visit.status, visit.is_stay) == (VisitStatus.IN_PROGRESS, False)


def test_a_cancelled_registration_leaves_the_arrival() -> None:
    here = given(opened, arrived, started).when(CancelAdmission(visit_id=VISIT)).done()
    assert status(here) is VisitStatus.ARRIVED


def test_a_cancelled_discharge_brings_the_patient_back() -> None:
    assert status(STAY.when(CancelDischarge(visit_id=VISIT)).done()) is VisitStatus.IN_PROGRESS


def test_a_discharge_is_cancelled_however_often_it_was_reported() -> None:
    twice = given(opened, admitted, (discharged, at(12)), (discharged, at(13)))
    cancelled = twice.when(CancelDischarge(visit_id=VISIT), at=at(14)).done()
    assert status(cancelled) is VisitStatus.IN_PROGRESS


def test_a_discharge_known_by_the_day_is_cancelled_on_that_day() -> None:
    left = given((opened, at(8)), (admitted, at(9)), (discharged, at(0), Precision.DAY))
    assert status(left.when(CancelDischarge(visit_id=VISIT), at=at(15)).done()) is VisitStatus.IN_PROGRESS


def test_a_cancel_is_of_what_came_before_it() -> None:
    later = given((opened, at(8)), (admitted, at(9)), (discharged, at(14)))
    later.when(CancelDischarge(visit_id=VISIT), at=at(13)).then_refused(NothingToCancel)


def test_a_discharge_after_a_cancelled_one_stands() -> None:
    twice = given((opened, at(8)), (admitted, at(9)), (discharged, at(12)), (discharged, at(14)))
    late = twice.when(CancelDischarge(visit_id=VISIT), at=at(13)).done()
    assert status(late) is VisitStatus.FINISHED
    assert len(late.history.voided) == 1


def test_the_move_to_a_place_is_cancelled() -> None:
    to_b = CancelMove(visit_id=VISIT, location=WARD_B, reason=WRONG)
    assert place(STAY.when(to_b).then(void(STAY, moved))) == WARD_C


def test_the_patient_was_not_moved_to_a_place_nobody_told_of() -> None:
    STAY.when(CancelMove(visit_id=VISIT, location=Location(room="9"))).then_refused(NothingToCancel)


def test_a_move_reported_twice_is_cancelled_once() -> None:
    twice = given(opened, admitted, moved, moved_on, moved_on)
    assert place(twice.when(CancelMove(visit_id=VISIT)).done()) == WARD_B


def test_who_was_brought_back_is_discharged_again() -> None:
    back = STAY.when(CancelDischarge(visit_id=VISIT)).done()
    home = DischargePatient(visit_id=VISIT, disposition=Disposition.HOME)
    back.when(home).then(discharged)


def test_another_visit_is_not_cancelled() -> None:
    STAY.when(CancelDischarge(visit_id=UUID(int=99))).then_refused(NothingToCancel)
