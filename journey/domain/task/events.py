"""What happened to a task."""

from uuid import UUID

from pydantic import AwareDatetime

from journey.domain.codes import Priority
from journey.domain.event import Event
from journey.domain.personal import Personal


class TaskRequested(Event, stored_as="task.requested"):
    """Somebody is asked to do this."""

    task_id: UUID
    what: Personal
    team: str | None = None
    person: str | None = None
    due: AwareDatetime | None = None
    priority: Priority = Priority.ROUTINE
    about: UUID | None = None


class TaskAccepted(Event, stored_as="task.accepted"):
    """They will."""

    task_id: UUID
    accepted_by: str | None = None


class TaskRejected(Event, stored_as="task.rejected"):
    """They will not, for this reason."""

    task_id: UUID
    reason: Personal


class TaskStarted(Event, stored_as="task.started"):
    """They are at it."""

    task_id: UUID


class TaskPutOnHold(Event, stored_as="task.put_on_hold"):
    """It rests, for this reason."""

    task_id: UUID
    reason: Personal


class TaskResumed(Event, stored_as="task.resumed"):
    """They are at it again."""

    task_id: UUID


class TaskCompleted(Event, stored_as="task.completed"):
    """It is done."""

    task_id: UUID
    outcome: Personal | None = None


class TaskFailed(Event, stored_as="task.failed"):
    """It was tried and could not be done, for this reason."""

    task_id: UUID
    reason: Personal


class TaskCancelled(Event, stored_as="task.cancelled"):
    """It need not be done any more, for this reason."""

    task_id: UUID
    reason: Personal


class TaskReassigned(Event, stored_as="task.reassigned"):
    """Another team or person is asked instead."""

    task_id: UUID
    team: str | None = None
    person: str | None = None
    due: AwareDatetime | None = None
    reason: Personal | None = None


TaskEvent = (
    TaskRequested
    | TaskAccepted
    | TaskRejected
    | TaskStarted
    | TaskPutOnHold
    | TaskResumed
    | TaskCompleted
    | TaskFailed
    | TaskCancelled
    | TaskReassigned
)
