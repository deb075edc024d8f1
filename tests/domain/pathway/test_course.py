"""The course of a journey on its pathway: stage, milestones, what is next, later, overdue, and why."""

from datetime import UTC, datetime
from typing import Any

import pytest

from journey.domain.correction import EventVoided
from journey.domain.enrolment import PathwayAssigned
from journey.domain.event import Precision
from journey.domain.standing import Standing, standing
from journey.domain.treatment import DecisionMade, DiagnosisCommunicated
from journey.domain.visit import (
    Appointment,
    VisitBooked,
    VisitCompleted,
    VisitRescheduled,
    VisitStarted,
)
from tests.domain.told import (
    OTHER_VISIT,
    VISIT,
    arrived,
    booked,
    cancelled,
    completed,
    no_show,
    opened,
    started,
)
from tests.spec import Told, at, given
from tests.ways import FIRST, definition, pathways

ASSIGNED = PathwayAssigned(pathway="a-way", version="3.0.0")
told_them = DiagnosisCommunicated(outcome="confirmed")
SEEN = [(booked, at(9)), (arrived, at(10, day=1)), (started, at(10, 5, day=1)), (completed, at(11, day=1))]


def stands(*told: Told, assigned: PathwayAssigned = ASSIGNED, **changed: Any) -> Standing:
    installed = pathways(definition(**{"version": "3.0.0", **changed}))
    return standing(given(opened, assigned, *told).journey, installed)


def names(steps: Any) -> list[str]:
    return [step.step for step in steps if step.step in {"seen", "told", "met", "extra"}]


def reached(stood: Standing) -> dict[str, datetime]:
    return {each.milestone: each.at for each in stood.reached}


def milestones(*each: dict[str, Any]) -> dict[str, Any]:
    return {"milestones": list(each), "stages": [{"id": "on", "entered_by": ["start"]}]}


def test_what_is_required_first_is_next_and_the_rest_is_later() -> None:
    stood = stands((booked, at(9)))
    assert (names(stood.next), names(stood.later)) == (["seen"], ["told"])
    assert stood.later[0].waits_for == ("seen",)
    assert [each.what for each in stood.blocked_by if each.code == "requires"] == ["told waits for seen"]


def test_what_is_reached_moves_the_stage_and_the_next_step() -> None:
    stood = stands(*SEEN)
    assert (stood.stage, names(stood.next)) == ("seen", ["told"])
    assert reached(stood)["seen"] == at(11, day=1)


def test_a_milestone_is_reached_though_what_it_requires_is_not() -> None:
    assert "told" in reached(stands((booked, at(9)), (told_them, at(12))))


def test_what_happened_before_the_start_counts_only_where_it_is_said_to() -> None:
    before = [(told_them, at(8)), (booked, at(9))]
    told = {"id": "told", "reached_by": "diagnosis.communicated"}
    assert "told" not in reached(stands(*before, **milestones(told)))
    assert "told" in reached(stands(*before, **milestones({**told, "anytime": True})))


def test_due_times_are_counted_from_the_start_or_from_another_milestone() -> None:
    (seen,) = [step for step in stands((booked, at(9))).next if step.step == "seen"]
    assert seen.due == datetime(2026, 3, 4, 23, 59, 59, tzinfo=UTC)
    assert seen.warn_at is not None
    (told,) = [step for step in stands(*SEEN).next if step.step == "told"]
    assert told.due == datetime(2026, 3, 6, 23, 59, 59, tzinfo=UTC)


def test_a_parameter_chooses_the_time() -> None:
    quick = ASSIGNED.model_copy(update={"parameters": {"pace": "quick"}})
    (told,) = [step for step in stands(*SEEN, assigned=quick).next if step.step == "told"]
    assert told.due == at(12, day=1)
    assert [(each.at, each.to) for each in told.escalate] == [(at(12, day=1), "matron")]


def test_where_nobody_says_a_parameter_its_first_word_holds() -> None:
    told = {**FIRST["milestones"][1], "due": {"within": {"by": "parameters.pace", "cases": {"slow": "9d"}}}}
    (step,) = [
        each for each in stands(*SEEN, milestones=[FIRST["milestones"][0], told]).next if each.step == "told"
    ]
    assert step.due == datetime(2026, 3, 11, 23, 59, 59, tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "overdue", "at_risk"),
    [(at(12), [], []), (at(12, day=2), [], ["seen"]), (at(1, day=3), ["seen"], [])],
)
def test_overdue_and_at_risk_depend_on_the_readers_clock(
    now: datetime, overdue: list[str], at_risk: list[str]
) -> None:
    stood = stands((booked, at(9))).at(now)
    assert (names(stood.overdue), names(stood.at_risk)) == (overdue, at_risk)


def test_being_overdue_keeps_nothing_from_being_recorded() -> None:
    late = stands(
        (booked, at(9)), (arrived, at(9, day=20)), (started, at(10, day=20)), (completed, at(11, day=20))
    )
    assert "seen" in reached(late)


def test_what_is_only_later_is_overdue_too() -> None:
    extra = {"id": "extra", "reached_by": "decision.made", "requires": ["seen"], "due": {"within": "1d"}}
    stood = stands((booked, at(9)), milestones=[*FIRST["milestones"], extra]).at(at(9, day=9))
    assert "extra" in names(stood.overdue)


def test_a_late_report_changes_when_a_milestone_was_reached() -> None:
    again = VisitCompleted(visit_id=VISIT)
    stood = stands(*SEEN, (VisitStarted(visit_id=VISIT), at(15)), (again, at(16)))
    assert reached(stood)["seen"] == at(16)


def test_a_voided_event_reaches_nothing() -> None:
    before = given(opened, ASSIGNED, *SEEN)
    void = EventVoided(voids=before.id_of(completed), of="visit.completed", reason="another patient")
    after = before.recording([void], at(12, day=1))
    stood = standing(after.journey, pathways(definition(version="3.0.0")))
    assert "seen" not in reached(stood)


def test_a_milestone_may_be_undone_and_reached_again() -> None:
    way = milestones(
        {"id": "met", "reached_by": "visit.booked", "undone_by": ["visit.no_show", "visit.cancelled"]}
    )
    assert "met" in reached(stands((booked, at(9)), **way))
    missed = stands((booked, at(9)), (no_show, at(11)), **way)
    assert names(missed.next) == ["met"]
    assert names(stands((booked, at(9)), (cancelled, at(11)), **way).next) == ["met"]


def test_the_first_or_the_latest_reaching_counts_as_the_definition_says() -> None:
    met = {"id": "met", "reached_by": "decision.made"}
    decisions = [(booked, at(9)), (_decision("mdt"), at(10)), (_decision("to-treat"), at(12))]
    assert reached(stands(*decisions, **milestones(met)))["met"] == at(10)
    assert reached(stands(*decisions, **milestones({**met, "repeat": "latest"})))["met"] == at(12)


def _decision(kind: str) -> Any:
    return DecisionMade(kind=kind)


def test_the_nth_event_may_be_the_one_that_counts() -> None:
    twice = {"id": "met", "reached_by": {"event": "decision.made", "count": 2}}
    one = [(booked, at(9)), (_decision("mdt"), at(10))]
    assert "met" not in reached(stands(*one, **milestones(twice)))
    assert reached(stands(*one, (_decision("to-treat"), at(12)), **milestones(twice)))["met"] == at(12)


def test_all_or_any_of_several_may_be_asked_for() -> None:
    both = {"id": "met", "reached_by": {"all": ["decision.made", "diagnosis.communicated"]}}
    half = [(booked, at(9)), (told_them, at(10))]
    assert "met" not in reached(stands(*half, **milestones(both)))
    assert reached(stands(*half, (_decision("mdt"), at(12)), **milestones(both)))["met"] == at(12)
    either = {"id": "met", "reached_by": {"any": ["decision.made", "diagnosis.communicated"]}}
    assert reached(stands(*half, **milestones(either)))["met"] == at(10)


def test_what_is_skipped_says_by_which_event() -> None:
    skipped = {"id": "met", "reached_by": "visit.completed", "skip_when": "diagnosis.communicated"}
    told = given(opened, ASSIGNED, (booked, at(9)), (told_them, at(10)))
    stood = standing(told.journey, pathways(definition(version="3.0.0", **milestones(skipped))))
    (waived,) = stood.waived
    assert (waived.milestone, waived.why, waived.event_ids) == ("met", "skipped", (told.id_of(told_them),))


def test_what_was_reached_is_not_skipped_afterwards() -> None:
    skipped = {"id": "met", "reached_by": "visit.booked", "skip_when": "diagnosis.communicated"}
    stood = stands((booked, at(9)), (told_them, at(10)), **milestones(skipped))
    assert (reached(stood)["met"], stood.waived) == (at(9), ())


def test_what_does_not_apply_is_not_owed() -> None:
    applies = {
        "id": "met",
        "reached_by": "visit.completed",
        "applies_when": {"unless": "diagnosis.communicated"},
    }
    assert names(stands((booked, at(9)), **milestones(applies)).next) == ["met"]
    assert names(stands((booked, at(9)), (told_them, at(10)), **milestones(applies)).next) == []


def test_a_branch_adds_its_milestones_once_it_is_taken() -> None:
    branch = {
        "id": "news",
        "when": "diagnosis.communicated",
        "milestones": [{"id": "extra", "reached_by": "decision.made"}],
    }
    assert "extra" not in names(stands((booked, at(9)), branches=[branch]).next)
    assert "extra" in names(stands((booked, at(9)), (told_them, at(10)), branches=[branch]).next)


def test_a_blocker_stands_from_one_event_until_another() -> None:
    rests = [
        {"id": "missed", "since": "visit.no_show", "until": "visit.rescheduled", "what": "missed the visit"}
    ]
    stood = stands((booked, at(9)), (no_show, at(11)), blockers=rests)
    assert "missed" in [each.code for each in stood.blocked_by]
    assert "missed" not in [each.code for each in stands((booked, at(9)), blockers=rests).blocked_by]


def test_after_the_end_nothing_is_owed_and_the_rooms_have_the_word() -> None:
    stood = stands(*SEEN, (told_them, at(12, day=1)), ends="diagnosis.communicated")
    assert (names(stood.next), stood.stage) == ([], "in-care")
    assert stood.pathway is not None
    assert stood.pathway.ended_at == at(12, day=1)


def test_after_the_end_the_next_start_begins_it_anew() -> None:
    once = [*SEEN, (told_them, at(12, day=1))]
    other = VisitBooked(visit_id=OTHER_VISIT, appointment=Appointment())
    again = stands(*once, (other, at(9, day=7)), ends="diagnosis.communicated")
    assert again.pathway is not None
    assert (again.pathway.started_at, again.pathway.ended_at) == (at(9, day=7), None)
    assert (again.stage, names(again.next), names(again.later)) == ("booked", ["seen"], ["told"])
    twice = stands(*once, (other, at(9, day=7)), (told_them, at(9, day=8)), ends="diagnosis.communicated")
    assert twice.pathway is not None
    assert (twice.pathway.started_at, twice.pathway.ended_at) == (at(9, day=7), at(9, day=8))


def test_a_start_in_the_midst_of_it_begins_nothing() -> None:
    other = VisitBooked(visit_id=OTHER_VISIT, appointment=Appointment())
    stood = stands(*SEEN, (other, at(12, day=1)), ends="diagnosis.communicated")
    assert stood.pathway is not None
    assert stood.pathway.started_at == at(9)


def test_a_day_is_counted_from_what_is_known_only_to_the_day() -> None:
    stood = stands((booked, at(0), Precision.DAY))
    (seen,) = [step for step in stood.next if step.step == "seen"]
    assert seen.due == datetime(2026, 3, 4, 23, 59, 59, tzinfo=UTC)


def test_every_part_of_the_answer_names_the_event_that_decided_it() -> None:
    told = given(opened, ASSIGNED, *SEEN)
    stood = standing(told.journey, pathways(definition(version="3.0.0")))
    known = {each.event_id for each in told.history.recorded}
    assert {part.event_id for part in stood.reached} <= known
    assert {part.event_id for part in (*stood.next, *stood.later)} <= known
    assert stood.why["pathway"] == (told.id_of(ASSIGNED),)
    assert stood.why["stage"] == (told.id_of(completed),)


def test_the_answer_of_another_moment_is_that_of_its_events() -> None:
    told = given(opened, ASSIGNED, *SEEN)
    then = standing(told.journey_at(at(10, 30, day=1)), pathways(definition(version="3.0.0")))
    assert (then.stage, "seen" in reached(then)) == ("booked", False)


ABOUT = {"event": "visit.booked", "where": {"appointment.service.code": "ORTHO"}, "same": "visit_id"}


@pytest.mark.parametrize(("same_visit", "counts"), [(True, True), (False, False)])
def test_an_event_may_count_by_what_was_said_of_the_same_thing_before(same_visit: bool, counts: bool) -> None:
    missed = {"id": "met", "reached_by": {"event": "visit.no_show", "of": [ABOUT]}}
    visit = VISIT if same_visit else OTHER_VISIT
    told = [(booked, at(9)), (no_show.model_copy(update={"visit_id": visit}), at(10))]
    assert ("met" in reached(stands(*told, **milestones(missed)))) is counts


def test_what_is_said_of_a_thing_later_does_not_count() -> None:
    missed = {"id": "met", "reached_by": {"event": "visit.no_show", "of": [ABOUT]}}
    other = booked.model_copy(update={"visit_id": OTHER_VISIT})
    told = [(other, at(8)), (no_show, at(9)), (booked, at(10))]
    assert "met" not in reached(stands(*told, **milestones(missed)))


def test_a_due_time_may_be_counted_from_the_latest_run_of_a_clock() -> None:
    way = milestones({"id": "met", "reached_by": "decision.made", "due": {"after": "wait", "within": "9d"}})
    wait = {
        "id": "wait",
        "stop": "decision.made",
        "nullify": "visit.no_show",
        "restart": {"after": "visit.no_show", "on": "visit.rescheduled"},
    }

    def due(*told: Told) -> datetime | None:
        (step,) = [each for each in stands(*told, clocks=[wait], **way).next if each.step == "met"]
        return step.due

    again = (VisitRescheduled(visit_id=VISIT, start=at(9, day=30)), at(9, day=5))
    missed = (no_show, at(10, day=3))
    assert due((booked, at(9))) == datetime(2026, 3, 11, 23, 59, 59, tzinfo=UTC)
    assert due((booked, at(9)), missed) is None
    assert due((booked, at(9)), missed, again) == datetime(2026, 3, 16, 23, 59, 59, tzinfo=UTC)
