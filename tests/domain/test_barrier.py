"""Barrier: what stands between a patient and their care, and what is done about it."""

from uuid import UUID

import pytest
from pydantic import ValidationError

from journey.domain.barrier import (
    ArrangeAssistance,
    AssistanceArranged,
    AssistanceKind,
    AssistanceRequested,
    Barrier,
    BarrierDeclined,
    BarrierIdentified,
    BarrierPlanMade,
    BarrierReopened,
    BarrierResolved,
    BarrierStatus,
    BarrierUnresolvable,
    BarrierWorkStarted,
    DeclineBarrierHelp,
    GiveUpBarrier,
    IdentifyBarrier,
    PlanBarrier,
    ReopenBarrier,
    RequestAssistance,
    ResolveBarrier,
    StartBarrierWork,
)
from journey.domain.barrier.codes import LABELS, SHAPE, in_words
from journey.domain.codes import Disposition
from journey.domain.correction import VoidEvent
from journey.domain.dependants import OthersDependOnIt
from journey.domain.discharge import DischargeBlocked, DischargePatient
from journey.domain.episode import CloseJourney
from journey.domain.event import Coded, Event, Precision
from journey.domain.room import NotPossibleNow, UnknownSubject
from journey.domain.rules import JourneyIsOver, StillOpen
from journey.domain.standing import Standing, standing
from tests.domain.cases import Case
from tests.domain.told import VISIT, admitted, closed, opened
from tests.spec import Given, at, given

BARRIER, OTHER = UUID(int=40), UUID(int=41)
NO_TRANSPORT = Coded(system="icd-10-cm", code="Z59.82")
ALONE = Coded(system="http://hl7.org/fhir/sid/icd-10-cm", code="Z60.2", display="Living alone")

identified = BarrierIdentified(barrier_id=BARRIER, code=NO_TRANSPORT, blocks=("imaging-booked",))
plan_made = BarrierPlanMade(barrier_id=BARRIER, plan="a taxi", owner="coordinator-1", due=at(12, day=3))
work_started = BarrierWorkStarted(barrier_id=BARRIER)
help_asked = AssistanceRequested(barrier_id=BARRIER, kind=AssistanceKind.TRANSPORT, provider="Rides")
help_arranged = AssistanceArranged(
    barrier_id=BARRIER, kind=AssistanceKind.TRANSPORT, provider="Rides", scheduled_for=at(9, day=4)
)
resolved = BarrierResolved(barrier_id=BARRIER, resolution="drives with a neighbour")
unresolvable = BarrierUnresolvable(barrier_id=BARRIER, reason="no service there")
declined = BarrierDeclined(barrier_id=BARRIER, reason="wants none")
reopened = BarrierReopened(barrier_id=BARRIER, reason="the neighbour is ill")

identify = IdentifyBarrier(barrier_id=BARRIER, code=NO_TRANSPORT, blocks=("imaging-booked",))
plan = PlanBarrier(barrier_id=BARRIER, plan="a taxi", owner="coordinator-1", due=at(12, day=3))
start = StartBarrierWork(barrier_id=BARRIER)
ask_help = RequestAssistance(barrier_id=BARRIER, kind=AssistanceKind.TRANSPORT, provider="Rides")
arrange = ArrangeAssistance(
    barrier_id=BARRIER, kind=AssistanceKind.TRANSPORT, provider="Rides", scheduled_for=at(9, day=4)
)
resolve = ResolveBarrier(barrier_id=BARRIER, resolution="drives with a neighbour")
give_up = GiveUpBarrier(barrier_id=BARRIER, reason="no service there")
decline = DeclineBarrierHelp(barrier_id=BARRIER, reason="wants none")
reopen = ReopenBarrier(barrier_id=BARRIER, reason="the neighbour is ill")

known = given(opened, identified)
gone = given(opened, identified, resolved)

CASES = [
    Case(identify, given(opened), [identified], given(opened, closed), JourneyIsOver),
    Case(plan, known, [plan_made], given(opened), UnknownSubject),
    Case(start, known, [work_started], gone, NotPossibleNow),
    Case(ask_help, known, [help_asked], gone, NotPossibleNow),
    Case(arrange, given(opened, identified, help_asked), [help_arranged], given(opened), UnknownSubject),
    Case(resolve, known, [resolved], given(opened, identified, declined), NotPossibleNow),
    Case(give_up, known, [unresolvable], gone, NotPossibleNow),
    Case(decline, known, [declined], gone, NotPossibleNow),
    Case(reopen, gone, [reopened], known, NotPossibleNow),
]


def barrier(told: Given) -> Barrier:
    found = told.journey.barriers.get(BARRIER)
    assert found is not None
    return found


def stands(*told: Event) -> Standing:
    return standing(given(opened, *told).journey)


def blocked_by(*told: Event) -> list[str]:
    return [blocker.what for blocker in stands(*told).blocked_by if blocker.code == "barrier"]


# --- From status to status


@pytest.mark.parametrize(
    ("told", "status"),
    [
        ([identified], BarrierStatus.IDENTIFIED),
        ([identified, plan_made], BarrierStatus.PLAN_MADE),
        ([identified, plan_made, work_started], BarrierStatus.IN_PROGRESS),
        ([identified, help_asked], BarrierStatus.IN_PROGRESS),
        ([identified, help_arranged], BarrierStatus.IN_PROGRESS),
        ([identified, work_started, plan_made], BarrierStatus.PLAN_MADE),
        ([identified, help_arranged, resolved], BarrierStatus.RESOLVED),
        ([identified, unresolvable], BarrierStatus.UNRESOLVABLE),
        ([identified, declined], BarrierStatus.DECLINED),
        ([identified, resolved, reopened], BarrierStatus.IDENTIFIED),
        ([identified, unresolvable, reopened, resolved], BarrierStatus.RESOLVED),
    ],
)
def test_events_lead_to(told: list[Event], status: BarrierStatus) -> None:
    assert barrier(given(opened, *told)).status is status


def test_what_is_in_the_way_may_be_said_better_until_there_is_a_plan() -> None:
    better = IdentifyBarrier(barrier_id=BARRIER, code=ALONE, blocks=("visit", "admission"))
    said = BarrierIdentified(barrier_id=BARRIER, code=ALONE, blocks=("visit", "admission"))
    assert barrier(known.when(better).then(said)).blocks == ("visit", "admission")
    given(opened, identified, plan_made).when(better).then_refused(NotPossibleNow)


@pytest.mark.parametrize("status", [resolved, unresolvable, declined])
def test_what_ended_is_reopened_from_wherever_it_ended(status: Event) -> None:
    told = given(opened, identified, status).when(reopen).then(reopened)
    assert barrier(told).resolved is None


def test_another_reason_to_reopen_what_is_open_is_refused() -> None:
    again = ReopenBarrier(barrier_id=BARRIER, reason="another")
    given(opened, identified, resolved, reopened).when(again).then_refused(NotPossibleNow)


def test_one_barrier_ends_and_the_other_stands() -> None:
    other = BarrierIdentified(barrier_id=OTHER, code=ALONE)
    told = given(opened, identified, other).when(resolve).then(resolved)
    assert [each.barrier_id for each in told.journey.barriers.standing()] == [OTHER]


@pytest.mark.parametrize("command", [identify, plan, start, ask_help, arrange])
def test_what_ended_is_not_worked_on_though_it_was_before(
    command: IdentifyBarrier | PlanBarrier | StartBarrierWork | RequestAssistance | ArrangeAssistance,
) -> None:
    told = given(opened, identified, plan_made, help_asked, help_arranged, work_started, resolved)
    told.when(command).then_refused(NotPossibleNow)


# --- Help


def test_who_was_asked_arranges_it_where_nobody_else_is_named() -> None:
    bare = ArrangeAssistance(barrier_id=BARRIER, kind=AssistanceKind.TRANSPORT)
    told = given(opened, identified, help_asked).when(bare)
    arranged = told.then(AssistanceArranged(barrier_id=BARRIER, kind=AssistanceKind.TRANSPORT))
    assistance = barrier(arranged).assistance[AssistanceKind.TRANSPORT]
    assert (assistance.provider, assistance.is_arranged, assistance.scheduled_for) == ("Rides", True, None)


def test_help_asked_for_again_after_it_was_there_is_another_request() -> None:
    told = given(opened, identified, help_asked, help_arranged).when(ask_help).then(help_asked)
    assert barrier(told).assistance[AssistanceKind.TRANSPORT].is_arranged is False


def test_another_time_for_the_help_is_arranged_anew() -> None:
    later = arrange.model_copy(update={"scheduled_for": at(10, day=5)})
    told = given(opened, identified, help_arranged)
    told.when(later).then(help_arranged.model_copy(update={"scheduled_for": at(10, day=5)}))


def test_help_of_two_kinds_stands_side_by_side() -> None:
    food = RequestAssistance(barrier_id=BARRIER, kind=AssistanceKind.FOOD)
    told = given(opened, identified, help_asked).when(food).done()
    assert set(barrier(told).assistance) == {AssistanceKind.TRANSPORT, AssistanceKind.FOOD}


def test_help_that_is_asked_for_is_to_be_arranged() -> None:
    asked = [step.step for step in stands(identified, help_asked).next]
    assert asked == ["arrange-assistance", "resolve-barrier"]
    assert [step.step for step in stands(identified, help_asked, help_arranged).next] == ["resolve-barrier"]


def test_what_is_arranged_does_not_take_the_barrier_away() -> None:
    assert blocked_by(identified, help_arranged) == ["no transport; imaging-booked waits for it"]


# --- Told late, out of order, or wrongly


def test_what_is_told_of_an_unknown_barrier_by_another_system_is_kept() -> None:
    told = given(opened).when(start.model_copy(update={"reported": True})).then(work_started)
    assert barrier(told).status is BarrierStatus.IN_PROGRESS
    assert [blocker.what for blocker in standing(told.journey).blocked_by if blocker.code == "barrier"] == [
        "a barrier of which no more is known"
    ]


def test_an_identification_told_late_is_not_taken_back_to_the_beginning() -> None:
    told = given((opened, at(8)), (work_started, at(12))).when(
        identify.model_copy(update={"reported": True}), at=at(13)
    )
    now = barrier(told.then(identified))
    assert (now.status, now.code) == (BarrierStatus.IN_PROGRESS, NO_TRANSPORT)


@pytest.mark.parametrize("late", [ask_help, arrange, start, plan, identify])
def test_a_report_after_the_end_opens_nothing_again(
    late: RequestAssistance | ArrangeAssistance | StartBarrierWork | PlanBarrier | IdentifyBarrier,
) -> None:
    told = gone.when(late.model_copy(update={"reported": True})).done()
    assert barrier(told).status is BarrierStatus.RESOLVED


def test_a_report_of_another_end_is_believed() -> None:
    told = gone.when(decline.model_copy(update={"reported": True})).then(declined)
    assert (barrier(told).status, barrier(told).resolved) == (BarrierStatus.DECLINED, None)


def test_help_told_late_stands_where_it_happened() -> None:
    told = given((opened, at(8)), (identified, at(9)), (resolved, at(14)))
    late = told.when(ask_help, at=at(11)).then(help_asked)
    assert barrier(late).status is BarrierStatus.RESOLVED
    told.when(ask_help, at=at(15)).then_refused(NotPossibleNow)


def test_a_day_is_judged_at_its_end() -> None:
    told = given((opened, at(8)), (identified, at(14)))
    day = plan.model_copy(update={"occurred_at": at(0), "occurred_precision": Precision.DAY})
    told.when(day).then(plan_made)
    told.when(plan, at=at(10)).then_refused(UnknownSubject)


def test_a_resolution_that_is_voided_leaves_the_barrier_standing() -> None:
    voided = gone.when(VoidEvent(event_id=gone.id_of(resolved), reason="another patient")).done()
    assert [each.status for each in voided.journey.barriers.standing()] == [BarrierStatus.IDENTIFIED]
    assert barrier(voided).resolved is None


def test_a_barrier_that_is_voided_never_was() -> None:
    voided = known.when(VoidEvent(event_id=known.id_of(identified), reason="another patient")).done()
    assert list(voided.journey.barriers) == []


def test_what_is_done_about_a_barrier_hangs_on_it() -> None:
    told = given(opened, identified, help_asked, resolved)
    void = VoidEvent(event_id=told.id_of(identified), reason="another patient")
    told.when(void).then_refused(OthersDependOnIt, blockers=["depends-on-it", "depends-on-it"])


# --- Where the patient stands


def test_an_open_barrier_is_a_loop_with_its_owner_and_its_due_time() -> None:
    (loop,) = stands(identified, plan_made).open.barriers
    assert (loop.id, loop.status, loop.what) == (BARRIER, "plan-made", "no transport")
    assert (loop.who, loop.due) == ("coordinator-1", at(12, day=3))


def test_it_is_to_be_resolved_in_time_by_its_owner() -> None:
    told = stands(identified, plan_made)
    (step,) = told.next
    assert (step.step, step.owner, step.due) == ("resolve-barrier", "coordinator-1", at(12, day=3))
    assert told.at(at(13, day=3)).overdue == (step,)


def test_a_plan_that_names_nobody_leaves_the_owner() -> None:
    first = IdentifyBarrier(barrier_id=BARRIER, code=ALONE, owner="nurse-1", due=at(9, day=1))
    told = given(opened).when(first).done().when(PlanBarrier(barrier_id=BARRIER, plan="visits")).done()
    assert (barrier(told).owner, barrier(told).due) == ("nurse-1", at(9, day=1))


@pytest.mark.parametrize("end", [resolved, unresolvable, declined])
def test_what_ended_is_in_nobodys_way(end: Event) -> None:
    told = stands(identified, end)
    assert (blocked_by(identified, end), told.open.barriers, told.next) == ([], (), ())


def test_only_a_resolution_is_a_milestone() -> None:
    def reached(*told: Event) -> list[str]:
        return [each.milestone for each in given(opened, *told).journey.barriers.reached()]

    assert reached(identified, resolved) == ["barrier-resolved"]
    assert reached(identified, declined) == reached(identified, resolved, reopened) == []


def test_no_journey_is_closed_over_it_without_a_word() -> None:
    known.when(CloseJourney()).then_refused(StillOpen, blockers=["open-barrier"])
    known.when(CloseJourney(override_reason="moved away")).done()
    gone.when(CloseJourney()).then(closed)
    given(opened, identified, declined).when(CloseJourney()).then(closed)


def test_it_keeps_nobody_in_hospital_unless_it_says_so() -> None:
    leave = DischargePatient(visit_id=VISIT, disposition=Disposition.HOME)
    given(opened, admitted, identified).when(leave).done()
    keeps = BarrierIdentified(barrier_id=OTHER, code=ALONE, keeps_in_hospital=True)
    kept = given(opened, admitted, identified, keeps)
    assert [blocker.subject_id for blocker in kept.journey.holds(VISIT)] == [OTHER]
    kept.when(leave).then_refused(DischargeBlocked, blockers=["barrier"])
    kept.recording([BarrierResolved(barrier_id=OTHER)], at(12)).when(leave, at=at(13)).done()


# --- The codes


@pytest.mark.parametrize("code", ["Z59.82", "z5982", "Z60.2", "Z55", "Z91.141", "Z59.811"])
def test_what_looks_like_a_code_of_icd_10_cm_is_one(code: str) -> None:
    IdentifyBarrier(barrier_id=BARRIER, code=Coded(system="icd-10-cm", code=code))


@pytest.mark.parametrize("code", ["transport", "59.82", "Z5", "Z59.", "Z59.82.1", "Z59.82345", ""])
def test_what_does_not_is_refused(code: str) -> None:
    with pytest.raises(ValidationError, match=r"looks like Z59\.82"):
        IdentifyBarrier(barrier_id=BARRIER, code=Coded(system="icd-10-cm", code=code))


def test_codes_of_other_systems_look_as_they_like() -> None:
    local = Coded(system="local", code="transport")
    told = IdentifyBarrier(barrier_id=BARRIER, code=local)
    assert in_words(told.code) == "transport"


def test_a_step_that_waits_has_a_name() -> None:
    with pytest.raises(ValidationError, match="blocks"):
        IdentifyBarrier(barrier_id=BARRIER, code=NO_TRANSPORT, blocks=("",))


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (NO_TRANSPORT, "no transport"),
        (Coded(system="icd-10-cm", code="z5982"), "no transport"),
        (ALONE, "Living alone"),
        (Coded(system="icd-10-cm", code="Z64.0"), "Z64.0"),
    ],
)
def test_a_barrier_is_told_in_words(code: Coded, words: str) -> None:
    assert blocked_by(BarrierIdentified(barrier_id=BARRIER, code=code)) == [words]


def test_the_words_are_about_codes() -> None:
    assert [code for code in LABELS if not SHAPE.fullmatch(code)] == []
