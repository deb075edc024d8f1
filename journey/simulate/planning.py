"""What is agreed and asked for besides the visits: a care plan with its goals, tasks, notes."""

from collections.abc import Callable
from datetime import datetime, timedelta

from journey.domain.careplan import (
    Activity,
    ActivityStatus,
    AddNote,
    ChangeGoalStatus,
    Goal,
    GoalStatus,
    ReviewCarePlan,
    UpdateCarePlan,
)
from journey.domain.task import (
    AcceptTask,
    CancelTask,
    CompleteTask,
    FailTask,
    HoldTask,
    ReassignTask,
    RejectTask,
    RequestTask,
    ResumeTask,
    StartTask,
)
from journey.simulate.dice import Weighted
from journey.simulate.step import COORDINATORS, WARD
from journey.simulate.story import Story, Told
from journey.simulate.thread import Thread

A_DAY = 24  # hours
GOALS = ("walks for half an hour a day", "blood pressure below 130/80", "takes the tablets every day")
ACTIVITIES = ("rehabilitation class", "weekly weighing", "call from the nurse")
ENDS_OF_GOALS: Weighted[GoalStatus] = (
    (0.5, GoalStatus.COMPLETED),
    (0.2, GoalStatus.CANCELLED),
    (0.2, GoalStatus.ON_HOLD),
    (0.1, GoalStatus.ACCEPTED),
)
NOTES = ("is well informed and asks good questions", "prefers to be called in the evening")
SHARE_REVIEWED = 0.5
TASKS = ("get the discharge letter", "send the log of blood pressures", "explain the inhaler", "renew papers")


def plans(story: Story, told: Told, at: datetime) -> None:
    """A plan, looked at again after some weeks."""
    dice = story.dice
    by = story.staff(told.case.team)
    goals = [dice.uuid(), dice.uuid()]
    first, second = dice.sample(GOALS, 2)
    until = story.diary.day_of(at + timedelta(days=90))
    plan = UpdateCarePlan(
        occurred_at=at,
        title="Living with heart disease",
        goals=(
            Goal(goal_id=goals[0], what=first, target_date=until),
            Goal(goal_id=goals[1], what=second, status=GoalStatus.PROPOSED),
        ),
        activities=(
            Activity(what=dice.one(ACTIVITIES), owner="heart-nurse", status=ActivityStatus.SCHEDULED),
        ),
        review_due=at + timedelta(days=42),
    )
    story.say(told, plan, by)
    at = story.diary.in_hours(at + dice.days(20, 45))
    status = dice.dealt(ENDS_OF_GOALS)
    changed = ChangeGoalStatus(occurred_at=at, goal_id=goals[0], status=status, reason="as agreed")
    story.say(told, changed, by)
    if dice.chance(SHARE_REVIEWED):
        at += timedelta(minutes=2)
        due = at + timedelta(days=60)
        story.say(told, ReviewCarePlan(occurred_at=at, reviewed_by=by.actor.id, review_due=due), by)
    story.settles(told, at)


def notes(story: Story, told: Told, at: datetime) -> None:
    """Somebody writes something down."""
    note = AddNote(occurred_at=at, note_id=story.dice.uuid(), text=story.dice.one(NOTES), author_role="nurse")
    story.say(told, note, story.dice.one(WARD))


# --- Tasks


def asks_for_something(story: Story, told: Told, at: datetime) -> None:
    """Somebody is asked to do something."""
    dice = story.dice
    thread = Thread(story, told, story.diary.in_hours(at), {"task_id": dice.uuid()})
    due = story.diary.in_hours(thread.at + dice.days(3, 9))
    asked = RequestTask(
        occurred_at=thread.at,
        task_id=thread.names["task_id"],
        what=dice.one(TASKS),
        team="care-coordination",
        due=due,
    )
    story.say(told, asked, story.staff(told.case.team))
    dice.dealt(COURSES)(thread)


def _begun(thread: Thread) -> None:
    who = thread.dice.one(COORDINATORS)
    thread.then(AcceptTask, who, 0.2, 20, accepted_by=who.actor.id)
    thread.then(StartTask, who, 0.2, 30)


def _done(thread: Thread) -> None:
    thread.then(CompleteTask, thread.dice.one(COORDINATORS), 1, 4 * A_DAY, outcome="done")
    thread.ends()


def _begun_and_done(thread: Thread) -> None:
    _begun(thread)
    _done(thread)


def _rested(thread: Thread) -> None:
    _begun(thread)
    who = thread.dice.one(COORDINATORS)
    thread.then(HoldTask, who, 1, 40, reason="waiting for the family")
    thread.then(ResumeTask, who, 20, 4 * A_DAY)
    _done(thread)


def _rejected(thread: Thread) -> None:
    thread.then(RejectTask, thread.dice.one(COORDINATORS), 1, 40, reason="not ours")
    who = thread.story.staff(thread.told.case.team)
    thread.then(ReassignTask, who, 1, 30, team="social-work", reason="rejected")
    _done(thread)


def _rejected_for_good(thread: Thread) -> None:
    thread.then(RejectTask, thread.dice.one(COORDINATORS), 1, 40, reason="not needed")
    thread.ends()


def _failed(thread: Thread) -> None:
    _begun(thread)
    thread.then(FailTask, thread.dice.one(COORDINATORS), 5, 60, reason="nobody answers")
    thread.ends()


def _cancelled(thread: Thread) -> None:
    thread.then(CancelTask, thread.story.staff(thread.told.case.team), 1, 50, reason="no longer needed")
    thread.ends()


def _forgotten(thread: Thread) -> None:
    thread.is_left()


COURSES: Weighted[Callable[[Thread], None]] = (
    (0.28, _done),
    (0.16, _begun_and_done),
    (0.08, _rested),
    (0.08, _rejected),
    (0.07, _rejected_for_good),
    (0.08, _failed),
    (0.10, _cancelled),
    (0.15, _forgotten),
)
