"""What happened on the way into care."""

from uuid import UUID

from pydantic import AwareDatetime

from journey.domain.codes import Channel, Priority
from journey.domain.event import Coded, Event


class IntakeStarted(Event, stored_as="intake.started"):
    """Somebody asked for care."""

    channel: Channel
    reason: Coded | None = None
    priority: Priority = Priority.ROUTINE
    required: tuple[str, ...] = ()


class IntakeItemCaptured(Event, stored_as="intake.item_captured"):
    """One thing that had to be known is known."""

    item: str
    value: str | None = None


class IntakeInformationRequested(Event, stored_as="intake.information_requested"):
    """Something is missing, and somebody was asked for it."""

    request_id: UUID
    what: str
    asked_of: str | None = None
    due: AwareDatetime | None = None


class IntakeInformationReceived(Event, stored_as="intake.information_received"):
    """The answer is here."""

    request_id: UUID


class PotentialDuplicateFlagged(Event, stored_as="intake.duplicate_flagged"):
    """Another record may be the same person."""

    candidate_patient_id: UUID
    score: float | None = None


class PotentialDuplicateDismissed(Event, stored_as="intake.duplicate_dismissed"):
    """It is somebody else, or has been linked."""

    candidate_patient_id: UUID


class InterpreterNeedRecorded(Event, stored_as="intake.interpreter_need_recorded"):
    """The patient needs an interpreter for this language (BCP 47)."""

    language: str


class IntakeCompleted(Event, stored_as="intake.completed"):
    """Enough is known."""


class IntakeAbandoned(Event, stored_as="intake.abandoned"):
    """Nobody went on with it."""

    reason: str


class IntakeRejected(Event, stored_as="intake.rejected"):
    """Not for this service, or a duplicate."""

    reason: str


IntakeEvent = (
    IntakeStarted
    | IntakeItemCaptured
    | IntakeInformationRequested
    | IntakeInformationReceived
    | PotentialDuplicateFlagged
    | PotentialDuplicateDismissed
    | InterpreterNeedRecorded
    | IntakeCompleted
    | IntakeAbandoned
    | IntakeRejected
)
