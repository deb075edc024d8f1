"""Care plan: what care aims at; and notes."""

from datetime import date
from uuid import UUID

from journey.domain.careplan import (
    Activity,
    AddNote,
    CarePlanReviewed,
    CarePlanUpdated,
    ChangeGoalStatus,
    Goal,
    GoalStatus,
    GoalStatusChanged,
    NoteAdded,
    NoteIsWritten,
    ReviewCarePlan,
    UpdateCarePlan,
)
from journey.domain.correction import VoidEvent
from journey.domain.episode import CloseJourney
from journey.domain.event import Coded
from journey.domain.room import UnknownSubject
from journey.domain.standing import standing
from tests.domain.cases import Case
from tests.domain.told import VISIT, closed, opened
from tests.spec import at, given

WALK, NOTE = UUID(int=60), UUID(int=61)
walk = Goal(goal_id=WALK, what="walk to the shops", target_date=date(2026, 4, 1))
plan = UpdateCarePlan(
    title="Back on her feet",
    goals=(walk,),
    activities=(Activity(what="physiotherapy twice a week", owner="physio"),),
    review_due=at(9, day=14),
)
note = AddNote(
    note_id=NOTE,
    text="She is afraid of the stairs.",
    category=Coded(system="local", code="nursing"),
    author_role="nurse",
)
updated = CarePlanUpdated(**plan.facts())
reviewed = CarePlanReviewed(reviewed_by="dr-7", review_due=at(9, day=28))
reached = GoalStatusChanged(goal_id=WALK, status=GoalStatus.COMPLETED)
noted = NoteAdded(**note.facts())
planned = given(opened, updated)

CASES = [
    Case(plan, given(opened), [updated]),
    Case(
        ReviewCarePlan(reviewed_by="dr-7", review_due=at(9, day=28)),
        planned,
        [reviewed],
        given(opened),
        UnknownSubject,
    ),
    Case(
        ChangeGoalStatus(goal_id=WALK, status=GoalStatus.COMPLETED),
        planned,
        [reached],
        given(opened),
        UnknownSubject,
    ),
    Case(
        note,
        given(opened),
        [noted],
        given(opened, noted.model_copy(update={"text": "She likes the stairs."})),
        NoteIsWritten,
    ),
]


def test_a_plan_says_when_it_is_looked_at_again() -> None:
    (review,) = standing(planned.journey).next
    assert (review.step, review.due, review.warn_at) == ("review-care-plan", at(9, day=14), at(9, day=13))
    (again,) = standing(given(opened, updated, reviewed).journey).next
    assert again.due == at(9, day=28)


def test_a_plan_without_a_review_asks_for_nothing() -> None:
    assert standing(given(opened, CarePlanUpdated(title="Rest")).journey).next == ()


def test_an_unfinished_plan_keeps_nobody_and_nothing_open() -> None:
    assert planned.journey.left_open() == ()
    assert planned.journey.holds(VISIT) == ()
    planned.when(CloseJourney()).then(closed)


def test_a_plan_is_written_anew_as_a_whole() -> None:
    told = planned.when(UpdateCarePlan(title="Rest")).done()
    assert told.journey.careplan.goals == {}
    assert standing(told.journey).next == ()


def test_a_goal_keeps_what_it_was_when_its_status_changes() -> None:
    goal = given(opened, updated, reached).journey.careplan.goals[WALK]
    assert (goal.what, goal.status) == ("walk to the shops", GoalStatus.COMPLETED)


def test_a_goal_may_change_back() -> None:
    told = given(opened, updated, reached)
    (event,) = told.when(ChangeGoalStatus(goal_id=WALK, status=GoalStatus.ACTIVE)).decided()
    assert isinstance(event, GoalStatusChanged)


def test_another_system_may_report_on_a_goal_before_the_plan() -> None:
    report = ChangeGoalStatus(goal_id=WALK, status=GoalStatus.COMPLETED, reported=True)
    told = given(opened).when(report, at=at(12)).then(reached)
    told = told.when(plan, at=at(11)).done()
    assert told.journey.careplan.goals[WALK].status is GoalStatus.COMPLETED


def test_another_system_may_report_a_review_of_a_plan_we_do_not_have() -> None:
    review = ReviewCarePlan(reviewed_by="dr-7", review_due=at(9, day=28), reported=True)
    told = given(opened).when(review).then(reviewed)
    assert [each.step for each in standing(told.journey).next] == ["review-care-plan"]


def test_a_note_is_voided_and_written_again_and_never_changed() -> None:
    told = given(opened, noted)
    told.when(note.model_copy(update={"text": "She likes the stairs."})).then_refused(NoteIsWritten)
    gone = told.when(VoidEvent(event_id=told.id_of(noted), reason="another patient")).done()
    assert gone.journey.careplan.notes == {}
    other = note.model_copy(update={"note_id": UUID(int=62), "text": "She likes the stairs."})
    assert len(told.when(other).done().journey.careplan.notes) == 2


def test_another_system_may_report_another_version_of_a_note() -> None:
    other = note.model_copy(update={"text": "She likes the stairs.", "reported": True})
    assert given(opened, noted).when(other).decided()


def test_notes_put_nothing_in_the_answer() -> None:
    told, bare = standing(given(opened, noted).journey), standing(given(opened).journey)
    assert (told.next, told.blocked_by, told.open, told.reached) == (
        bare.next,
        bare.blocked_by,
        bare.open,
        bare.reached,
    )


def test_a_plan_reviewed_and_written_anew_keeps_its_notes() -> None:
    told = given(opened, noted, updated, reviewed, updated)
    assert set(told.journey.careplan.notes) == {NOTE}
    assert told.journey.careplan.reviewed_by is None
