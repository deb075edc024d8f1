"""What may be asked for a task."""

from uuid import UUID

from pydantic import Field

from journey.domain.codes import Priority
from journey.domain.event import Command, Moment


class RequestTask(Command):
    """Ask somebody to do something."""

    task_id: UUID
    what: str = Field(min_length=1)
    team: str | None = Field(default=None, min_length=1, description="Who does it.")
    person: str | None = Field(default=None, min_length=1)
    due: Moment | None = None
    priority: Priority = Priority.ROUTINE
    about: UUID | None = Field(default=None, description="The id of what it is about: a referral, a visit.")


class AcceptTask(Command):
    """Say that it will be done."""

    task_id: UUID
    accepted_by: str | None = None


class RejectTask(Command):
    """Say that it will not be done. Says why."""

    task_id: UUID
    reason: str = Field(min_length=1)


class StartTask(Command):
    """Begin with it."""

    task_id: UUID


class HoldTask(Command):
    """Let it rest."""

    task_id: UUID
    reason: str = Field(min_length=1)


class ResumeTask(Command):
    """Go on with it."""

    task_id: UUID


class CompleteTask(Command):
    """Record that it is done."""

    task_id: UUID
    outcome: str | None = None


class FailTask(Command):
    """Record that it could not be done."""

    task_id: UUID
    reason: str = Field(min_length=1)


class CancelTask(Command):
    """Ask nobody to do it any more."""

    task_id: UUID
    reason: str = Field(min_length=1)


class ReassignTask(Command):
    """Ask another team or person instead."""

    task_id: UUID
    team: str | None = Field(default=None, min_length=1)
    person: str | None = Field(default=None, min_length=1)
    due: Moment | None = Field(default=None, description="As before, where it is left out.")
    reason: str | None = None


TaskCommand = (
    RequestTask
    | AcceptTask
    | RejectTask
    | StartTask
    | HoldTask
    | ResumeTask
    | CompleteTask
    | FailTask
    | CancelTask
    | ReassignTask
)
