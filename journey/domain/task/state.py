"""What is true of the tasks of a journey: only what a rule or the patient's standing reads."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from journey.domain.codes import Priority
from journey.domain.event import Blocker, Fact
from journey.domain.room import Milestone, Passed, Step, Things, Transitions, milestone, step
from journey.domain.task import events as happened


class TaskStatus(StrEnum):
    """FHIR Task.status."""

    REQUESTED = "requested"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    IN_PROGRESS = "in-progress"
    ON_HOLD = "on-hold"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


S = TaskStatus
OPEN = frozenset({S.REQUESTED, S.ACCEPTED, S.IN_PROGRESS, S.ON_HOLD})
TRANSITIONS: Transitions = {
    happened.TaskRequested: (frozenset({None}), S.REQUESTED),
    happened.TaskAccepted: (frozenset({S.REQUESTED}), S.ACCEPTED),
    happened.TaskRejected: (frozenset({S.REQUESTED, S.ACCEPTED}), S.REJECTED),
    happened.TaskStarted: (frozenset({S.REQUESTED, S.ACCEPTED}), S.IN_PROGRESS),
    happened.TaskPutOnHold: (frozenset({S.ACCEPTED, S.IN_PROGRESS}), S.ON_HOLD),
    happened.TaskResumed: (frozenset({S.ON_HOLD}), S.IN_PROGRESS),
    happened.TaskCompleted: (OPEN, S.COMPLETED),
    happened.TaskFailed: (OPEN - {S.REQUESTED}, S.FAILED),
    happened.TaskCancelled: (OPEN, S.CANCELLED),
    happened.TaskReassigned: (OPEN | {S.REJECTED, S.FAILED}, S.REQUESTED),
}
ENDED = frozenset({S.COMPLETED, S.CANCELLED})
PASSED: Passed = {
    happened.TaskAccepted: frozenset(set(S) - {S.REQUESTED, S.ACCEPTED}),
    happened.TaskStarted: frozenset(set(S) - {S.REQUESTED, S.ACCEPTED, S.IN_PROGRESS}),
    happened.TaskRejected: ENDED | {S.FAILED},
    happened.TaskPutOnHold: ENDED | {S.REJECTED, S.FAILED},
    happened.TaskResumed: ENDED | {S.REJECTED, S.FAILED},
    happened.TaskReassigned: ENDED,
}
NEXT = {
    S.REQUESTED: "accept-task",
    S.ACCEPTED: "start-task",
    S.IN_PROGRESS: "complete-task",
    S.ON_HOLD: "resume-task",
}


class Task(NamedTuple):
    """One task. `since` is the event that gave it its status."""

    task_id: UUID
    status: TaskStatus
    since: Fact
    what: str = ""
    team: str | None = None
    person: str | None = None
    due: datetime | None = None
    priority: Priority = Priority.ROUTINE
    about: UUID | None = None
    outcome: str | None = None
    reason: str | None = None

    @property
    def is_open(self) -> bool:
        return self.status in OPEN


@dataclass(frozen=True, slots=True)
class Tasks(Things[Task]):
    """Every task of the journey."""

    def unfinished(self) -> Iterator[Task]:
        return (each for each in self if each.is_open)

    def left_open(self) -> Iterator[Blocker]:
        for each in self.unfinished():
            yield Blocker(code="open-task", what=f"a task is {each.status}", subject_id=each.task_id)

    def reached(self) -> Iterator[Milestone]:
        for each in self:
            if each.status is S.COMPLETED:
                yield from milestone("task-completed", each.since, each.task_id)

    def steps(self) -> Iterator[Step]:
        for each in self.unfinished():
            next_one = step(NEXT[each.status], each.since, each.due, each.task_id)
            yield next_one.model_copy(update={"owner": each.person or each.team})
