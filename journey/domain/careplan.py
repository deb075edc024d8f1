"""Care plan: what care aims at and does about it; and notes, which are read and never changed.

    updated -> reviewed -> updated …
    each goal: proposed | accepted | active <-> on hold -> completed | cancelled
    A note is written once. What is wrong in it is voided and written again.

FHIR: CarePlan, Goal, Communication, Annotation.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum
from typing import assert_never
from uuid import UUID

from pydantic import AwareDatetime, Field

from journey.domain.event import Coded, Command, Event, Fact, Frozen, Moment, Refused
from journey.domain.personal import Personal
from journey.domain.room import NOTICE, Silent, Step, UnknownSubject

# --- Events


class GoalStatus(StrEnum):
    """FHIR Goal.lifecycleStatus."""

    PROPOSED = "proposed"
    ACCEPTED = "accepted"
    ACTIVE = "active"
    ON_HOLD = "on-hold"
    COMPLETED = "completed"
    CANCELLED = "cancelled"


class ActivityStatus(StrEnum):
    """FHIR CarePlan.activity.detail.status."""

    NOT_STARTED = "not-started"
    SCHEDULED = "scheduled"
    IN_PROGRESS = "in-progress"
    ON_HOLD = "on-hold"
    COMPLETED = "completed"
    CANCELLED = "cancelled"


class Goal(Frozen):
    """What is to be reached, and by when."""

    goal_id: UUID
    what: Personal = Field(min_length=1)
    target_date: date | None = None
    status: GoalStatus = GoalStatus.ACTIVE


class Activity(Frozen):
    """What is done about it, and who does it."""

    what: Personal = Field(min_length=1)
    owner: str | None = None
    status: ActivityStatus = ActivityStatus.NOT_STARTED


class CarePlanUpdated(Event, stored_as="careplan.updated"):
    """The plan is this from now on, as a whole."""

    title: Personal
    goals: tuple[Goal, ...] = ()
    activities: tuple[Activity, ...] = ()
    review_due: AwareDatetime | None = None


class CarePlanReviewed(Event, stored_as="careplan.reviewed"):
    """Somebody has looked at the plan, and it stays; until the next review."""

    reviewed_by: str
    review_due: AwareDatetime | None = None


class GoalStatusChanged(Event, stored_as="careplan.goal_status_changed"):
    """A goal is reached, rests, or is given up."""

    goal_id: UUID
    status: GoalStatus
    reason: Personal | None = None


class NoteAdded(Event, stored_as="careplan.note_added"):
    """Somebody has written something down."""

    note_id: UUID
    text: Personal
    category: Coded | None = None
    author_role: str | None = None


CarePlanEvent = CarePlanUpdated | CarePlanReviewed | GoalStatusChanged | NoteAdded

# --- Commands


class UpdateCarePlan(Command):
    """Write the plan, or write it anew as a whole."""

    title: str = Field(min_length=1)
    goals: tuple[Goal, ...] = ()
    activities: tuple[Activity, ...] = ()
    review_due: Moment | None = Field(default=None, description="When somebody should look at it again.")


class ReviewCarePlan(Command):
    """Record that the plan was looked at and stays."""

    reviewed_by: str = Field(min_length=1)
    review_due: Moment = Field(description="When somebody should look at it the next time.")


class ChangeGoalStatus(Command):
    """Say how far a goal is."""

    goal_id: UUID
    status: GoalStatus
    reason: str | None = None


class AddNote(Command):
    """Write something down."""

    note_id: UUID
    text: str = Field(min_length=1)
    category: Coded | None = None
    author_role: str | None = Field(default=None, description="In which role it is written.")


CarePlanCommand = UpdateCarePlan | ReviewCarePlan | ChangeGoalStatus | AddNote

# --- State


@dataclass(frozen=True, slots=True)
class CarePlan(Silent):
    """The journey's plan and its notes. `since` is the event that wrote or reviewed it last."""

    since: Fact | None = None
    title: str | None = None
    goals: Mapping[UUID, Goal] = field(default_factory=dict)
    activities: tuple[Activity, ...] = ()
    review_due: datetime | None = None
    reviewed_by: str | None = None
    notes: Mapping[UUID, NoteAdded] = field(default_factory=dict)

    def steps(self) -> Iterator[Step]:
        if self.review_due is not None and self.since is not None:
            due = self.review_due
            yield Step(step="review-care-plan", due=due, warn_at=due - NOTICE, event_id=self.since.event_id)


class NoteIsWritten(Refused):
    """A note is never changed."""


# --- evolve


def evolve(plan: CarePlan, event: CarePlanEvent, fact: Fact) -> CarePlan:
    """The plan and the notes after this event. Total: history is never refused."""
    match event:
        case CarePlanUpdated():
            goals = {goal.goal_id: goal for goal in event.goals}
            return CarePlan(fact, event.title, goals, event.activities, event.review_due, None, plan.notes)
        case CarePlanReviewed():
            return replace(plan, since=fact, review_due=event.review_due, reviewed_by=event.reviewed_by)
        case GoalStatusChanged():
            goal = plan.goals.get(event.goal_id)
            if goal is None:
                return plan
            changed = goal.model_copy(update={"status": event.status})
            return replace(plan, goals={**plan.goals, event.goal_id: changed})
        case NoteAdded():
            return replace(plan, notes={**plan.notes, event.note_id: event})
        case _:
            assert_never(event)


# --- decide


def decide(plan: CarePlan, command: CarePlanCommand) -> Iterator[CarePlanEvent]:
    """What happens if we do this now. Yields nothing when it has already happened."""
    match command:
        case UpdateCarePlan():
            yield from _unless_so(plan, CarePlanUpdated(**command.facts()))
        case ReviewCarePlan():
            if plan.since is None and not command.reported:
                raise UnknownSubject("The journey has no care plan yet; update-care-plan writes one.")
            yield from _unless_so(plan, CarePlanReviewed(**command.facts()))
        case ChangeGoalStatus():
            goal = plan.goals.get(command.goal_id)
            if goal is None and not command.reported:
                raise UnknownSubject("The care plan has no goal with this id; update-care-plan sets goals.")
            if goal is None or goal.status is not command.status:
                yield GoalStatusChanged(**command.facts())
        case AddNote():
            note = NoteAdded(**command.facts())
            known = plan.notes.get(command.note_id)
            if known is not None and known != note and not command.reported:
                raise NoteIsWritten("A note is not changed; void-event it, and add another with its own id.")
            if known != note:
                yield note
        case _:
            assert_never(command)


def _unless_so(
    plan: CarePlan, event: CarePlanUpdated | CarePlanReviewed
) -> Iterator[CarePlanUpdated | CarePlanReviewed]:
    """The event, unless the plan is so already."""
    if plan.since is None or evolve(plan, event, plan.since) != plan:
        yield event
