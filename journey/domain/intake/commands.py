"""What may be asked for an intake."""

from uuid import UUID

from pydantic import Field, StrictInt

from journey.domain.amount import MOST
from journey.domain.codes import Channel, Priority
from journey.domain.event import Coded, Command, Moment
from journey.domain.intake.events import CommunicationNeed, IntakeException, MatchMethod, Rejection


class StartIntake(Command):
    """Begin the intake."""

    channel: Channel
    reason: Coded | None = None
    priority: Priority = Priority.ROUTINE
    required: tuple[str, ...] = Field(
        default=(),
        description="Items that must be captured; a form is named by its questionnaire, and identity is the "
        "match of the patient.",
    )
    acknowledge_by: Moment | None = Field(
        default=None, description="When whoever asked is told, at the latest."
    )


class AcknowledgeIntake(Command):
    """Record that whoever asked for care was told that it is looked at."""

    channel: Channel | None = None


class MatchIdentity(Command):
    """Record how the patient was found among those who are known, and how many it could have been."""

    method: MatchMethod
    score: float | None = Field(default=None, ge=0, le=1)
    candidates: StrictInt = Field(default=1, ge=0, le=MOST, description="0: nobody; the patient is new.")


class CaptureIntakeItem(Command):
    """Record one item."""

    item: str = Field(min_length=1)
    value: str | None = None


class WaiveIntakeItem(Command):
    """An item need not be known, and why."""

    item: str = Field(min_length=1)
    reason: str = Field(min_length=1)


class ReceiveIntakeForm(Command):
    """Record that a form was filled in."""

    questionnaire: str = Field(min_length=1, description="Canonical URL, with |version where it has one.")
    response_id: str = Field(min_length=1, description="Id of the QuestionnaireResponse.")


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


class RecordCommunicationNeeds(Command):
    """What the patient needs to understand and to be understood; all of it, each time."""

    needs: tuple[CommunicationNeed, ...] = ()
    prefers: Channel | None = None


class CompleteIntake(Command):
    """Enough is known; care can go on."""

    exceptions: tuple[IntakeException, ...] = Field(
        default=(), description="What is missing and cannot be waited for, each with a reason."
    )


class AbandonIntake(Command):
    """Nobody goes on with it."""

    reason: str = Field(min_length=1)


class RejectIntake(Command):
    """Not for this service, or a duplicate."""

    reason: str = Field(min_length=1)
    kind: Rejection | None = None


IntakeCommand = (
    StartIntake
    | AcknowledgeIntake
    | MatchIdentity
    | CaptureIntakeItem
    | WaiveIntakeItem
    | ReceiveIntakeForm
    | RequestIntakeInformation
    | ReceiveIntakeInformation
    | FlagPotentialDuplicate
    | DismissPotentialDuplicate
    | RecordInterpreterNeed
    | RecordCommunicationNeeds
    | CompleteIntake
    | AbandonIntake
    | RejectIntake
)
