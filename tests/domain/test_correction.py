"""Correction: what was recorded stays; another event says that it does not hold."""

import json
from typing import Any
from uuid import UUID

import pytest
from pydantic import ValidationError

from journey.domain.codes import Disposition, VisitStatus
from journey.domain.correction import (
    CancelAdmission,
    CancelDischarge,
    CancelMove,
    CorrectEvent,
    Dependants,
    EventCorrected,
    EventReattributed,
    EventReinstated,
    EventVoided,
    History,
    NotCorrectable,
    NothingToCancel,
    NotVoidable,
    ReattributeEvent,
    ReinstateEvent,
    UnknownEvent,
    VoidEvent,
)
from journey.domain.dependants import OthersDependOnIt
from journey.domain.discharge import DischargePatient, DischargePlanned
from journey.domain.episode import JourneyOpened
from journey.domain.event import EVENTS, Coded, Event, Precision
from journey.domain.journey import journey_at
from journey.domain.place import Location
from journey.domain.result import ResultReceived
from journey.domain.visit import AdmitPatient, MovePatient, PatientMoved, RecordNoShow
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
    completed,
    discharged,
    moved,
    no_show,
    on_leave,
    opened,
    started,
)
from tests.spec import Given, at, given, through_json

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
        CorrectEvent(
            event_id=STAY.id_of(moved), data={"location": {"point_of_care": "C", "bed": "3"}}, reason=WRONG
        ),
        STAY,
        [
            EventCorrected(
                corrects=STAY.id_of(moved),
                of="visit.moved",
                data={"visit_id": str(VISIT), "location": {"point_of_care": "C", "bed": "3"}},
                reason=WRONG,
            )
        ],
        STAY.when(VoidEvent(event_id=STAY.id_of(moved), reason=WRONG)).done(),
        NotCorrectable,
    ),
    Case(
        ReattributeEvent(event_id=STAY.id_of(moved), to_patient_id=UUID(int=3), reason=WRONG),
        STAY,
        [
            EventReattributed(
                voids=STAY.id_of(moved), of="visit.moved", to_patient_id=UUID(int=3), reason=WRONG
            )
        ],
        given(opened),
        UnknownEvent,
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


# --- Correct


def correct(recorded: Given, event: Event, **asked: Any) -> CorrectEvent:
    return CorrectEvent(event_id=recorded.id_of(event), reason=WRONG, **asked)


plan = DischargePlanned(visit_id=VISIT, expected_at=at(14))
received = ResultReceived(result_id=UUID(int=20))
ELSEWHERE = {"location": {"point_of_care": "D"}}


def test_what_is_corrected_reads_otherwise_under_its_own_id() -> None:
    told = given(opened, admitted, moved)
    read = told.when(correct(told, moved, data=ELSEWHERE)).done()
    assert place(read) == Location(point_of_care="D")
    assert [each.event_id for each in read.history.effective] == [
        each.event_id for each in told.history.effective
    ]


def test_the_latest_correction_counts() -> None:
    told = given(opened, admitted, moved)
    once = told.when(correct(told, moved, data=ELSEWHERE)).done()
    twice = once.when(correct(told, moved, data={"location": WARD_C.model_dump(mode="json")})).done()
    assert place(twice) == WARD_C


def test_a_correction_keeps_what_an_earlier_one_changed() -> None:
    told = given((opened, at(8)), (admitted, at(9)), (moved, at(11)))
    once = told.when(correct(told, moved, data=ELSEWHERE), at=at(13)).done()
    twice = once.when(correct(told, moved, happened_at=at(10)), at=at(14)).done()
    last = twice.history.effective[-1]
    assert (last.event, last.occurred_at) == (
        PatientMoved(visit_id=VISIT, location=Location(point_of_care="D")),
        at(10),
    )


def test_an_event_is_corrected_back_to_what_was_first_recorded() -> None:
    told = given((opened, at(8)), (admitted, at(9)), (moved, at(11)))
    once = told.when(correct(told, moved, data=ELSEWHERE, happened_at=at(10)), at=at(13)).done()
    back = correct(told, moved, data=moved.model_dump(mode="json", include={"location"}), happened_at=at(11))
    twice = once.when(back, at=at(14)).then(
        EventCorrected(corrects=told.id_of(moved), of="visit.moved", reason=WRONG)
    )
    assert twice.history.effective == told.history.effective


def test_what_is_reinstated_reads_as_it_was_first_recorded() -> None:
    told = given((opened, at(8)), (admitted, at(9)), (moved, at(11)))
    once = told.when(correct(told, moved, data=ELSEWHERE, happened_at=at(10)), at=at(13)).done()
    again = once.when(ReinstateEvent(event_id=told.id_of(moved), reason=WRONG)).then(reinstated(told, moved))
    assert again.history.effective == told.history.effective


def test_what_was_corrected_and_voided_is_reinstated_as_first_recorded() -> None:
    told = given(opened, admitted, moved)
    once = told.when(correct(told, moved, data=ELSEWHERE)).done()
    gone = once.when(VoidEvent(event_id=told.id_of(moved), reason=WRONG)).then(void(told, moved))
    assert place(gone) == WARD_A
    assert place(gone.when(ReinstateEvent(event_id=told.id_of(moved), reason=WRONG)).done()) == WARD_B


def test_a_corrected_time_puts_the_event_where_it_happened() -> None:
    told = given((opened, at(8)), (admitted, at(9)), (moved, at(12)), (moved_on, at(11)))
    assert place(told) == WARD_B
    earlier = correct(told, moved, happened_at=at(10))
    assert place(told.when(earlier, at=at(13)).done()) == WARD_C


def test_a_corrected_time_is_as_exact_as_it_is_told() -> None:
    told = given((opened, at(8)), (admitted, at(9)), (moved, at(12)))
    day = correct(told, moved, happened_at=at(0), happened_precision=Precision.DAY)
    corrected = told.when(day, at=at(13)).done().history.effective[-1]
    assert (corrected.occurred_at, corrected.occurred_precision) == (at(0), Precision.DAY)
    assert corrected.reaches == at(12), "it was known of by then"
    exact = told.when(correct(told, moved, happened_precision=Precision.HOUR), at=at(13)).done()
    assert exact.history.effective[-1].occurred_precision is Precision.HOUR


def test_what_is_now_said_to_be_later_than_it_was_told_is_known_since_the_correction() -> None:
    told = given((opened, at(8)), (admitted, at(9)), (moved, at(12)))
    later = correct(told, moved, happened_at=at(0, day=1), happened_precision=Precision.DAY)
    corrected = told.when(later, at=at(9, day=1)).done().history.effective[-1]
    assert corrected.reaches == at(9, day=1)


def test_readers_who_do_not_know_of_the_correction_read_what_was_recorded() -> None:
    told = given((opened, at(8)), (admitted, at(9)), (moved, at(12)))
    read = told.when(correct(told, moved, data=ELSEWHERE), at=at(15)).done()
    believed = journey_at(read.history, as_known_at=at(14))
    assert believed is not None
    assert [each.location for each in believed.visits] == [WARD_B]
    known = journey_at(read.history, as_of=at(13))
    assert known is not None
    assert [each.location for each in known.visits] == [Location(point_of_care="D")]


def test_a_field_is_taken_away() -> None:
    told = given(opened, admitted)
    read = told.when(correct(told, admitted, data={"location": None})).done()
    assert place(read) is None


def test_the_opening_is_corrected() -> None:
    concern = {"system": "local", "code": "knee"}
    told = given(opened)
    read = told.when(correct(told, opened, data={"concern": concern})).done()
    first = read.history.effective[0].event
    assert isinstance(first, JourneyOpened)
    assert first.concern == Coded(system="local", code="knee")


@pytest.mark.parametrize(
    ("event", "data", "names"),
    [
        (moved, {"ward": "C"}, "ward"),
        (moved, {"location": "Secret"}, "location"),
        (moved, {"location": {"point_of_care": "C", "colour": "Secret"}}, "location.colour"),
        (moved, {"location": None}, "location"),
        (admitted, {"encounter_class": "Secret"}, "encounter_class"),
        (moved, {"visit_id": str(UUID(int=99))}, "visit_id"),
        (opened, {"patient_id": str(UUID(int=99))}, "patient_id"),
        (discharged, {"override_reason": ""}, "override_reason"),
        (booked, {"appointment": {"start": 1772445600}}, "appointment.start"),
        (plan, {"expected_at": 1772445600}, "expected_at"),
        (received, {"abnormal": "yes"}, "abnormal"),
        (plan, {"expected_at": "1700-01-01T00:00:00Z"}, "expected_at"),
    ],
)
def test_what_the_event_does_not_hold_is_refused_by_the_name_of_the_field(
    event: Event, data: dict[str, Any], names: str
) -> None:
    told = given(opened, booked, admitted, moved, plan, received, discharged)
    with pytest.raises(NotCorrectable, match=names) as refused:
        told.when(correct(told, event, data=data)).decided()
    assert refused.value.field == f"data.{names}"
    assert "Secret" not in str(refused.value)


@pytest.mark.parametrize("value", ["\ud800", json.loads("[" * 500 + "]" * 500), "\0", {"x": "y" * 10_001}])
def test_what_cannot_be_kept_is_not_asked_for(value: Any) -> None:
    with pytest.raises(ValidationError, match="kept"):
        CorrectEvent(event_id=UUID(int=1), reason=WRONG, data={"comment": value})


def test_nothing_happened_after_it_is_corrected() -> None:
    told = given((opened, at(8)), (admitted, at(9)))
    told.when(correct(told, admitted, happened_at=at(11)), at=at(10)).then_refused(NotCorrectable)


def test_what_is_void_is_not_corrected() -> None:
    VOIDED.when(correct(STAY, moved, data=ELSEWHERE)).then_refused(NotCorrectable)


def test_a_correction_is_not_corrected() -> None:
    correction = VOIDED.history.recorded[-1].event_id
    VOIDED.when(CorrectEvent(event_id=correction, reason=WRONG)).then_refused(NotCorrectable)


def test_an_event_of_another_journey_is_not_corrected() -> None:
    unknown = CorrectEvent(event_id=UUID(int=99), reason=WRONG)
    STAY.when(unknown).then_refused(UnknownEvent)


def test_a_correction_that_changes_nothing_is_none() -> None:
    STAY.when(correct(STAY, moved)).then_nothing()
    STAY.when(correct(STAY, moved, data=moved.model_dump(mode="json"))).then_nothing()


def test_what_was_corrected_is_not_reported_again() -> None:
    told = given((opened, at(8)), (admitted, at(9)), (moved, at(11)))
    read = told.when(correct(told, moved, data=ELSEWHERE), at=at(13)).done()
    read.when(MovePatient(visit_id=VISIT, location=WARD_B, reported=True), at=at(11)).then_nothing()


def test_a_move_is_cancelled_at_the_place_that_it_reads() -> None:
    told = given(opened, admitted, moved)
    read = told.when(correct(told, moved, data=ELSEWHERE)).done()
    read.when(CancelMove(visit_id=VISIT, location=WARD_B)).then_refused(NothingToCancel)
    read.when(CancelMove(visit_id=VISIT, location=Location(point_of_care="D"), reason=WRONG)).then(
        void(told, moved)
    )


def test_a_correction_is_the_same_after_it_was_stored() -> None:
    told = given(opened, booked, admitted)
    read = told.when(correct(told, booked, data={"appointment": {"start": at(12).isoformat()}})).done()
    stored = History(tuple(through_json(each) for each in read.history.recorded))
    assert stored == read.history
    assert len({each.event for each in (*stored.recorded, *read.history.recorded)}) == len(stored.recorded)
    assert stored.effective == read.history.effective


def test_what_was_corrected_in_an_old_shape_is_read_in_todays() -> None:
    class Renamed(Event, stored_as="test.renamed"):
        """Something whose field had another name."""

        upcasts = (lambda stored: {"text": stored["note"]},)
        text: str

    del EVENTS["test.renamed"]
    told = given(opened, Renamed(text="a"))
    first = told.history.recorded[-1]
    correction = EventCorrected(corrects=first.event_id, of="test.renamed", data={"note": "b"}, reason=WRONG)
    read = told.recording([correction], at(12))
    assert read.history.effective[-1].event == Renamed(text="b")


# --- What hangs on it


BOOKED = given((opened, at(8)), (booked, at(9)), (arrived, at(10)), (started, at(11)), (completed, at(12)))


def without(recorded: Given, event: Event, dependants: Dependants) -> VoidEvent:
    return VoidEvent(event_id=recorded.id_of(event), reason=WRONG, dependants=dependants)


def taken(recorded: Given, event: Event, root: Event) -> EventVoided:
    return void(recorded, event).model_copy(update={"because_of": recorded.id_of(root)})


def test_what_others_hang_on_is_not_voided_unawares() -> None:
    with pytest.raises(OthersDependOnIt) as refused:
        BOOKED.when(VoidEvent(event_id=BOOKED.id_of(arrived), reason=WRONG)).decided()
    assert [(each.what, each.subject_id) for each in refused.value.blockers] == [
        ("visit.started of 2026-03-02T11:00+00:00", BOOKED.id_of(started)),
        ("visit.completed of 2026-03-02T12:00+00:00", BOOKED.id_of(completed)),
    ]
    assert {each.code for each in refused.value.blockers} == {"depends-on-it"}


def test_what_others_hang_on_is_voided_with_them_the_last_first() -> None:
    gone = BOOKED.when(without(BOOKED, arrived, Dependants.VOID)).then(
        taken(BOOKED, completed, arrived), taken(BOOKED, started, arrived), void(BOOKED, arrived)
    )
    assert status(gone) is VisitStatus.BOOKED


def test_what_others_hang_on_is_voided_without_them() -> None:
    gone = BOOKED.when(without(BOOKED, arrived, Dependants.KEEP)).then(void(BOOKED, arrived))
    assert status(gone) is VisitStatus.FINISHED


def test_what_another_system_says_is_voided_without_asking() -> None:
    reported = VoidEvent(event_id=BOOKED.id_of(arrived), reason=WRONG, reported=True)
    BOOKED.when(reported).then(void(BOOKED, arrived))


def test_a_cancellation_does_not_ask_what_hangs_on_it() -> None:
    stay = given(opened, admitted, on_leave)
    stay.when(CancelAdmission(visit_id=VISIT, reason=WRONG)).then(void(stay, admitted))


def test_what_was_voided_with_another_comes_back_with_it() -> None:
    gone = BOOKED.when(without(BOOKED, arrived, Dependants.VOID)).done()
    back = gone.when(ReinstateEvent(event_id=BOOKED.id_of(arrived), reason=WRONG)).then(
        reinstated(BOOKED, arrived),
        *(
            reinstated(BOOKED, each).model_copy(update={"because_of": BOOKED.id_of(arrived)})
            for each in (started, completed)
        ),
    )
    assert back.history.effective == BOOKED.history.effective


def test_what_was_corrected_and_taken_along_comes_back_as_it_read() -> None:
    read = BOOKED.when(correct(BOOKED, started, data=ELSEWHERE)).done()
    gone = read.when(without(read, arrived, Dependants.VOID)).done()
    back = gone.when(ReinstateEvent(event_id=BOOKED.id_of(arrived), reason=WRONG)).done()
    assert back.history.effective == read.history.effective


def test_what_was_voided_by_itself_does_not_come_back_with_another() -> None:
    alone = BOOKED.when(without(BOOKED, completed, Dependants.REFUSE)).then(void(BOOKED, completed))
    gone = alone.when(without(BOOKED, arrived, Dependants.VOID)).done()
    back = gone.when(ReinstateEvent(event_id=BOOKED.id_of(arrived), reason=WRONG)).done()
    assert status(back) is VisitStatus.IN_PROGRESS


def test_a_time_before_what_it_hangs_on_is_refused() -> None:
    BOOKED.when(correct(BOOKED, started, happened_at=at(9, 30)), at=at(13)).then_refused(NotCorrectable)
    kept = correct(BOOKED, started, happened_at=at(9, 30), dependants=Dependants.KEEP)
    assert status(BOOKED.when(kept, at=at(13)).done()) is VisitStatus.FINISHED


def test_a_time_after_what_hangs_on_it_is_refused() -> None:
    later = correct(BOOKED, arrived, happened_at=at(11, 30))
    BOOKED.when(later, at=at(13)).then_refused(OthersDependOnIt, blockers=["depends-on-it", "depends-on-it"])


def test_a_time_after_what_hangs_on_it_takes_that_along() -> None:
    later = correct(BOOKED, arrived, happened_at=at(12, 30), dependants=Dependants.VOID)
    read = BOOKED.when(later, at=at(13)).done()
    assert status(read) is VisitStatus.ARRIVED
    back = read.when(ReinstateEvent(event_id=BOOKED.id_of(arrived), reason=WRONG)).done()
    assert back.history.effective == BOOKED.history.effective


def test_a_reinstatement_is_held_against_what_was_told_meanwhile() -> None:
    told = given((opened, at(8)), (booked, at(9)), (arrived, at(10)))
    gone = told.when(without(told, arrived, Dependants.REFUSE), at=at(11)).done()
    missed = gone.when(RecordNoShow(visit_id=VISIT), at=at(11)).then(no_show)
    back = ReinstateEvent(event_id=told.id_of(arrived), reason=WRONG)
    missed.when(back, at=at(12)).then_refused(OthersDependOnIt, blockers=["depends-on-it"])
    instead = back.model_copy(update={"dependants": Dependants.VOID})
    here = missed.when(instead, at=at(12)).then(taken(missed, no_show, arrived), reinstated(told, arrived))
    assert status(here) is VisitStatus.ARRIVED
    again = here.when(without(told, arrived, Dependants.REFUSE), at=at(13)).done()
    twice = again.when(back, at=at(14)).then(reinstated(told, arrived))
    assert status(twice) is VisitStatus.ARRIVED, "what cannot have been stays void"


def test_nobody_departs_from_a_stay_that_was_not() -> None:
    stay = given(opened, admitted, discharged)
    stay.when(VoidEvent(event_id=stay.id_of(admitted), reason=WRONG)).then_refused(
        OthersDependOnIt, blockers=["depends-on-it"]
    )


def test_what_was_reported_out_of_order_hangs_on_nothing() -> None:
    told = given(opened, booked, started)
    told.when(VoidEvent(event_id=told.id_of(booked), reason=WRONG)).then(void(told, booked))


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


def test_a_stay_that_ended_before_the_patient_came_back_is_not_cancelled_with_the_next() -> None:
    back = AdmitPatient(visit_id=VISIT, reported=True)
    again = DischargePatient(visit_id=VISIT, disposition=Disposition.HOME, reported=True)
    told = given((opened, at(8)), (admitted, at(9)), (discharged, at(10)))
    told = told.when(back, at=at(11)).done()
    there = told.when(CancelAdmission(visit_id=VISIT), at=at(12)).done()
    assert there.journey_at(at(9, 30)).visits.by_id[VISIT].is_here
    told = told.when(again, at=at(12)).done()
    kept = told.when(CancelDischarge(visit_id=VISIT), at=at(13)).done()
    assert [kept.journey_at(at(hour, 30)).discharges.of(VISIT).departed is None for hour in (10, 12)] == [
        False,
        True,
    ]


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
