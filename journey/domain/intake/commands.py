"""What may be asked for an intake."""

from uuid import UUID

from pydantic import Field

from journey.domain.codes import Channel, Priority
from journey.domain.event import Coded, Command, Moment


class StartIntake(Command):
    """Begin the intake."""

    channel: Channel
    reason: Coded | None = None
    priority: Priority = Priority.ROUTINE
    required: tuple[str, ...] = Field(default=(), description="Items that must be captured.")


class CaptureIntakeItem(Command):
    """Record one item."""

    item: str = Field(min_length=1)
    value: str | None = None


class RequestIntakeInformation(Command):
    """Ask somebody for what is missing."""

    request_id: UUID
    what: str = Field(min_length=1)
    asked_of: str | None = None
    due: Moment | None = None


class ReceiveIntakeInformation(Command):
    """Record that the answer came."""

    request_id: UUID


class FlagPotentialDuplicate(Command):
    """Another record may be the same person."""

    candidate_patient_id: UUID
    score: float | None = Field(default=None, ge=0, le=1)


class DismissPotentialDuplicate(Command):
    """The other record is decided about."""

    candidate_patient_id: UUID


class RecordInterpreterNeed(Command):
    """The patient needs an interpreter."""

    language: str = Field(min_length=2, description="BCP 47.")


class CompleteIntake(Command):
    """Enough is known; care can go on."""


class AbandonIntake(Command):
    """Nobody goes on with it."""

    reason: str = Field(min_length=1)


class RejectIntake(Command):
    """Not for this service, or a duplicate."""

    reason: str = Field(min_length=1)


IntakeCommand = (
    StartIntake
    | CaptureIntakeItem
    | RequestIntakeInformation
    | ReceiveIntakeInformation
    | FlagPotentialDuplicate
    | DismissPotentialDuplicate
    | RecordInterpreterNeed
    | CompleteIntake
    | AbandonIntake
    | RejectIntake
)
