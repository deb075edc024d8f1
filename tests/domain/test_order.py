"""Order: state follows what happened, whenever it was told; a command is judged by its own time."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from itertools import permutations

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st

from journey.domain.codes import Disposition, EncounterClass, JourneyStatus, VisitStatus
from journey.domain.correction import (
    CancelDischarge,
    CancelMove,
    CorrectEvent,
    History,
    NothingToCancel,
    VoidEvent,
)
from journey.domain.discharge import DischargePatient, DischargePlanned, PlanDischarge
from journey.domain.episode import CloseJourney, JourneyClosed, PutOnHold
from journey.domain.event import Command, Precision, latest
from journey.domain.journey import Journey, journey_at
from journey.domain.room import NotPossibleNow
from journey.domain.rules import JourneyIsOver, StillOpen
from journey.domain.visit import (
    AdmitPatient,
    ChangeClass,
    MovePatient,
    PatientAdmitted,
    PatientMoved,
    RecordArrival,
    RecordNoShow,
    StartVisit,
    VisitStarted,
)
from tests.domain.told import (
    INPATIENT,
    OTHER_VISIT,
    VISIT,
    WARD_A,
    WARD_B,
    WARD_C,
    activated,
    admitted,
    arrived,
    booked,
    closed,
    completed,
    discharged,
    moved,
    no_show,
    opened,
    planned,
    started,
)
from tests.spec import STABLE, Given, at, given

# --- A command is judged by what had happened when it occurred


def test_an_arrival_told_after_the_no_show_is_judged_by_its_own_time() -> None:
    told = given((opened, at(8)), (booked, at(9)), (no_show, at(11)))
    late = told.when(RecordArrival(visit_id=VISIT), at=at(10)).then(arrived)
    assert status(late) is VisitStatus.ARRIVED


def test_what_came_later_does_not_allow_a_command() -> None:
    told = given((opened, at(8)), (booked, at(9)), (arrived, at(11)))
    told.when(StartVisit(visit_id=VISIT), at=at(10)).then_refused(NotPossibleNow)


def test_a_late_fact_changes_what_is_true_now() -> None:
    told = given((opened, at(8)), (admitted, at(9)), (moved, at(12)))
    told.when(MovePatient(visit_id=VISIT, location=WARD_C), at=at(11)).then(
        PatientMoved(visit_id=VISIT, location=WARD_C)
    )
    early = given((opened, at(8)), (moved, at(12)))
    begun = early.when(AdmitPatient(visit_id=VISIT, location=WARD_A), at=at(9)).then(admitted)
    visit = begun.journey.visits.get(VISIT)
    assert visit is not None
    assert (visit.location, visit.is_stay) == (WARD_B, True)


def test_a_closed_journey_takes_what_happened_before_its_close() -> None:
    told = given((opened, at(8)), (booked, at(9)), (arrived, at(10)), (completed, at(12)), (closed, at(13)))
    told.when(StartVisit(visit_id=VISIT), at=at(11)).then(started)
    told.when(RecordArrival(visit_id=OTHER_VISIT), at=at(14)).then_refused(JourneyIsOver)


def test_a_close_is_judged_by_what_was_open_then() -> None:
    told = given((opened, at(8)), (arrived, at(9)), (started, at(10)), (completed, at(12)))
    told.when(CloseJourney(), at=at(11)).then_refused(StillOpen, blockers=["open-visit"])
    told.when(CloseJourney(), at=at(13)).then(closed)


def test_a_close_told_late_does_not_pass_over_who_is_here_today() -> None:
    told = given((opened, at(8)), (admitted, at(12)))
    told.when(CloseJourney(), at=at(10)).then_refused(StillOpen, blockers=["open-visit"])


def test_a_stay_may_begin_after_another_ended_though_that_is_told_later() -> None:
    told = given((opened, at(8)), (admitted, at(9)))
    left = told.when(DischargePatient(visit_id=VISIT, disposition=Disposition.HOME), at=at(12)).done()
    again = PatientAdmitted(visit_id=OTHER_VISIT)
    left.when(AdmitPatient(visit_id=OTHER_VISIT), at=at(13)).then(again)


def test_an_arrival_told_later_is_when_care_began() -> None:
    told = given((planned, at(8)), (activated, at(11)), (arrived, at(11)))
    late = told.when(RecordArrival(visit_id=OTHER_VISIT), at=at(10)).done()
    since = late.journey.episode.since
    assert since is not None
    assert (since.at, late.journey.episode.status) == (at(10), JourneyStatus.ACTIVE)


# --- The opening


def test_the_opening_stands_first_though_something_happened_before_it() -> None:
    told = given((opened, at(8))).when(RecordArrival(visit_id=VISIT), at=at(7)).then(arrived)
    assert [each.event for each in told.history.effective] == [opened, arrived]
    assert told.journey.identity.patient_id == opened.patient_id


def test_what_happened_before_the_opening_begins_the_care_of_a_planned_journey() -> None:
    told = given((planned, at(8))).when(RecordArrival(visit_id=VISIT), at=at(7)).then(activated, arrived)
    assert told.journey.episode.status is JourneyStatus.ACTIVE


# --- Reports in any order

STAY: tuple[Command, ...] = (
    StartVisit(visit_id=VISIT, encounter_class=EncounterClass.EMERGENCY, occurred_at=at(9)),
    AdmitPatient(visit_id=VISIT, location=WARD_A, occurred_at=at(10)),
    PlanDischarge(visit_id=VISIT, expected_at=at(14), checklist=(), occurred_at=at(10, 30)),
    MovePatient(visit_id=VISIT, location=WARD_B, occurred_at=at(11)),
    MovePatient(visit_id=VISIT, location=WARD_C, occurred_at=at(12)),
    CancelMove(visit_id=VISIT, location=WARD_C, occurred_at=at(12, 30)),
    MovePatient(visit_id=VISIT, location=WARD_A, occurred_at=at(13)),
    MovePatient(visit_id=VISIT, location=WARD_B, occurred_at=at(13, 30)),
    DischargePatient(visit_id=VISIT, disposition=Disposition.HOME, occurred_at=at(14)),
    CancelDischarge(visit_id=VISIT, occurred_at=at(15)),
    ChangeClass(visit_id=VISIT, encounter_class=INPATIENT, occurred_at=at(15, 30)),
    DischargePatient(visit_id=VISIT, disposition=Disposition.REHABILITATION, occurred_at=at(16)),
)
"""Registered, admitted, moved about (once by mistake), sent home, kept, sent to rehabilitation."""

UNDONE = {at(12), at(14)}
"""When what was cancelled is said to have happened; said once more, it would be another fact."""


def reported(commands: Sequence[Command]) -> Given:
    """What is recorded when they are reported in this order; a cancel waits for what it cancels."""
    told, waiting = given((planned, at(8))), list(commands)
    while waiting:
        command = waiting.pop(0).model_copy(update={"reported": True})
        try:
            told = told.when(command).done()
        except NothingToCancel:
            waiting.append(command)
    return told


def state(told: Given) -> Journey:
    return replace(told.journey, version=0, recorded=())


@STABLE
@for_all(st.permutations(STAY))
def test_reports_end_in_the_same_state_in_any_order(shuffled: Sequence[Command]) -> None:
    assert state(reported(shuffled)) == state(reported(STAY))


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_a_hold_that_is_told_late_had_ended_when_care_began(order: tuple[int, ...]) -> None:
    reports = (
        PutOnHold(reason="holiday", occurred_at=at(9)),
        AdmitPatient(visit_id=VISIT, occurred_at=at(10)),
        DischargePatient(visit_id=VISIT, disposition=Disposition.HOME, occurred_at=at(14)),
    )
    told = given((opened, at(8)))
    for number in order:
        told = told.when(reports[number].model_copy(update={"reported": True})).done()
    assert told.journey.episode.status is JourneyStatus.ACTIVE
    assert status(told) is VisitStatus.FINISHED


@STABLE
@for_all(st.permutations(STAY), st.data())
def test_a_report_that_comes_again_changes_nothing(shuffled: Sequence[Command], data: st.DataObject) -> None:
    told = reported(shuffled)
    again = data.draw(st.sampled_from([each for each in STAY if each.occurred_at not in UNDONE]))
    told.when(again.model_copy(update={"reported": True})).then_nothing()


def test_the_stay_ends_where_the_last_report_says() -> None:
    journey = reported(STAY).journey
    visit = journey.visits.get(VISIT)
    assert visit is not None
    assert (visit.status, visit.location, visit.ended and visit.ended.at) == (
        VisitStatus.FINISHED,
        WARD_B,
        at(16),
    )
    assert journey.episode.status is JourneyStatus.ACTIVE


def test_a_place_told_again_counts_though_what_was_between_comes_late() -> None:
    told = given((opened, at(8)), (admitted, at(9)), (moved, at(10)))
    again = told.when(MovePatient(visit_id=VISIT, location=WARD_B, reported=True), at=at(12)).then(moved)
    between = again.when(MovePatient(visit_id=VISIT, location=WARD_C, reported=True), at=at(11)).done()
    visit = between.journey.visits.get(VISIT)
    assert visit is not None
    assert visit.location == WARD_B


def test_a_place_asked_for_again_is_no_move() -> None:
    told = given((opened, at(8)), (admitted, at(9)), (moved, at(10)))
    told.when(MovePatient(visit_id=VISIT, location=WARD_B), at=at(12)).then_nothing()


# --- Precision


def test_what_is_known_by_the_day_stands_at_its_end() -> None:
    told = given((opened, at(8)), (discharged, at(0), Precision.DAY), (admitted, at(14)))
    assert status(told) is VisitStatus.FINISHED


def test_what_is_known_by_the_month_stands_at_its_end() -> None:
    first = at(0) - timedelta(days=1)
    told = given((opened, at(8)), (discharged, first, Precision.MONTH), (admitted, at(14, day=20)))
    assert status(told) is VisitStatus.FINISHED


def test_a_command_known_by_the_day_is_judged_at_its_end() -> None:
    told = given((opened, at(8)), (booked, at(9)), (arrived, at(14)))
    day = StartVisit(visit_id=VISIT, occurred_at=at(0), occurred_precision=Precision.DAY)
    told.when(day).then(started)


def test_what_is_known_of_a_month_that_goes_on_stands_where_it_was_told() -> None:
    first = at(0) - timedelta(days=1)
    told = given((opened, at(8)), (admitted, at(9)))
    left = told.recording([discharged], at(12), Precision.INSTANT)
    month = left.recording([moved], first, Precision.MONTH)
    assert [each.event for each in month.history.effective] == [opened, admitted, discharged, moved]
    known = replace(month.history.recorded[-1], recorded_at=at(10))
    early = History((*month.history.recorded[:-1], known))
    assert [each.event for each in early.effective] == [opened, admitted, moved, discharged]


def test_a_command_of_an_earlier_day_is_judged_at_the_end_of_that_day() -> None:
    told = given((opened, at(8)), (booked, at(9)), (arrived, at(14)), (started, at(9, day=1)))
    day = RecordNoShow(visit_id=VISIT, occurred_at=at(0), occurred_precision=Precision.DAY)
    told.when(day).then_refused(NotPossibleNow)
    before = RecordNoShow(visit_id=VISIT, occurred_at=at(13), occurred_precision=Precision.HOUR)
    told.when(before).then(no_show)


def test_what_was_told_of_a_day_late_on_it_comes_before_what_is_done_next() -> None:
    told = given((opened, at(8)), (booked, at(9)))
    today = RecordArrival(visit_id=VISIT, occurred_at=at(0), occurred_precision=Precision.DAY)
    event = told.when(today).then(arrived).history.recorded[-1]
    late = Given(History((*told.history.recorded, replace(event, recorded_at=at(22)))))
    here = late.when(StartVisit(visit_id=VISIT), at=at(22, 30)).then(started)
    assert [each.event for each in here.history.effective] == [opened, booked, arrived, started]
    late.when(StartVisit(visit_id=VISIT), at=at(21)).then_refused(NotPossibleNow)


@pytest.mark.parametrize(
    ("start", "precision", "end"),
    [
        (at(9), Precision.INSTANT, at(9)),
        (at(9), Precision.UNKNOWN, at(9)),
        (at(9), Precision.MINUTE, at(9, 1)),
        (at(9), Precision.HOUR, at(10)),
        (datetime(2024, 2, 29, tzinfo=UTC), Precision.DAY, datetime(2024, 3, 1, tzinfo=UTC)),
        (datetime(2024, 2, 1, tzinfo=UTC), Precision.MONTH, datetime(2024, 3, 1, tzinfo=UTC)),
        (datetime(2026, 12, 1, tzinfo=UTC), Precision.MONTH, datetime(2027, 1, 1, tzinfo=UTC)),
        (datetime(2024, 1, 1, tzinfo=UTC), Precision.YEAR, datetime(2025, 1, 1, tzinfo=UTC)),
        (datetime(2026, 1, 1, tzinfo=UTC), Precision.YEAR, datetime(2027, 1, 1, tzinfo=UTC)),
    ],
)
def test_a_period_ends_just_before_the_next(start: datetime, precision: Precision, end: datetime) -> None:
    past = timedelta() if precision in {Precision.INSTANT, Precision.UNKNOWN} else timedelta(microseconds=1)
    assert latest(start, precision) == end - past


@pytest.mark.parametrize("hours", [-11, 0, 13])
def test_a_month_is_as_long_wherever_it_was_written(hours: int) -> None:
    written = datetime(2026, 2, 1, tzinfo=timezone(timedelta(hours=hours)))
    read = latest(written.astimezone(UTC), Precision.MONTH)
    assert read == latest(written, Precision.MONTH)


# --- As it was, as it was known


def test_what_was_known_then_leaves_out_what_was_told_since() -> None:
    told = given((opened, at(8)), (admitted, at(9)), (discharged, at(12)))
    undone = told.when(VoidEvent(event_id=told.id_of(discharged), reason="mixed up"), at=at(15)).done()
    believed = journey_at(undone.history, as_known_at=at(14))
    assert believed is not None
    assert [each.status for each in believed.visits] == [VisitStatus.FINISHED]
    assert status(undone) is VisitStatus.IN_PROGRESS


def test_what_was_so_then_leaves_out_what_happened_since() -> None:
    told = given((opened, at(8)), (started, at(12)), (arrived, at(9)))
    then = journey_at(told.history, as_of=at(11))
    assert then is not None
    assert [each.status for each in then.visits] == [VisitStatus.ARRIVED]


def test_what_we_believed_then_of_an_earlier_time() -> None:
    told = given((opened, at(8)), (discharged, at(12)), (admitted, at(9)))
    known_before = told.history.recorded[1].recorded_at
    believed = journey_at(told.history, as_of=at(10), as_known_at=known_before)
    assert believed is not None
    assert list(believed.visits) == []
    known_now = journey_at(told.history, as_of=at(10))
    assert known_now is not None
    assert [each.is_stay for each in known_now.visits] == [True]


MONDAY, TUESDAY = (at(12), at(12, day=1))
IN_A = given((opened, at(8)), (admitted, at(9)), (moved, at(14, day=1)))
TOLD_WEDNESDAY = IN_A.when(
    CorrectEvent(event_id=IN_A.id_of(admitted), data={"location": {"point_of_care": "D"}}, reason="slip"),
    at=at(9, day=2),
).done()
TOLD_WEDNESDAY = TOLD_WEDNESDAY.when(
    MovePatient(visit_id=VISIT, location=WARD_C, occurred_at=at(10, day=1)), at=at(10, day=1)
).done()
TOLD_TUESDAY, TOLD_SINCE = at(20, day=1), at(20, day=2)


@pytest.mark.parametrize(
    ("as_of", "as_known_at", "ward"),
    [
        (MONDAY, TOLD_TUESDAY, "A"),
        (MONDAY, TOLD_SINCE, "D"),
        (TUESDAY, TOLD_TUESDAY, "A"),
        (TUESDAY, TOLD_SINCE, "C"),
    ],
)
def test_where_the_patient_was_and_where_we_believed_them(
    as_of: datetime, as_known_at: datetime, ward: str
) -> None:
    journey = journey_at(TOLD_WEDNESDAY.history, as_of=as_of, as_known_at=as_known_at)
    assert journey is not None
    assert [each.location and each.location.point_of_care for each in journey.visits] == [ward]


def test_before_anything_was_known_there_was_no_journey() -> None:
    told = given((opened, at(8)))
    assert journey_at(told.history, as_known_at=at(7)) is None
    assert journey_at(told.history, as_of=at(7)) is None


def test_an_override_is_recorded_with_what_was_open_at_its_own_time() -> None:
    told = given((opened, at(8)), (arrived, at(9)), (started, at(10)), (completed, at(12)))
    (event,) = told.when(CloseJourney(override_reason="transferred"), at=at(11)).decided()
    assert isinstance(event, JourneyClosed)
    assert [blocker.what for blocker in event.left_open] == ["a visit is in-progress"]


def status(told: Given) -> VisitStatus | None:
    visit = told.journey.visits.get(VISIT)
    return None if visit is None else visit.status


def test_events_of_one_moment_stand_as_they_were_told() -> None:
    told = given((opened, at(8)), (arrived, at(9)), (VisitStarted(visit_id=VISIT), at(9)))
    assert status(told) is VisitStatus.IN_PROGRESS
    plan = DischargePlanned(visit_id=VISIT)
    assert given((opened, at(8)), (plan, at(8))).journey.version == 2
