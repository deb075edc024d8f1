"""What happened on the way into care."""

from enum import StrEnum
from uuid import UUID

from pydantic import AwareDatetime, Field

from journey.domain.codes import Channel, Priority
from journey.domain.event import Coded, Event, Frozen
from journey.domain.personal import Personal


class MatchMethod(StrEnum):
    """How a patient was found among those who are known."""

    IDENTIFIER = "identifier"
    DETERMINISTIC = "deterministic"
    PROBABILISTIC = "probabilistic"
    MANUAL = "manual"


class CommunicationNeed(StrEnum):
    """What a patient needs to understand and to be understood (after the NHS Accessible Information
    Standard).
    """

    SIGN_LANGUAGE = "sign-language"
    LIP_READING = "lip-reading"
    HEARING_LOOP = "hearing-loop"
    LARGE_PRINT = "large-print"
    BRAILLE = "braille"
    AUDIO = "audio"
    EASY_READ = "easy-read"
    TEXT_ONLY = "text-only"
    LONGER_APPOINTMENT = "longer-appointment"
    ADVOCATE = "advocate"


class Rejection(StrEnum):
    """Why an intake goes no further."""

    DUPLICATE = "duplicate"
    WRONG_SERVICE = "wrong-service"
    OUT_OF_AREA = "out-of-area"
    NOT_ELIGIBLE = "not-eligible"


class IntakeException(Frozen):
    """What an intake was completed without, and why: an item, or a word for all of a kind."""

    item: str = Field(
        min_length=1,
        description="An item; or intake-information, potential-duplicate, identity-undecided for all such.",
    )
    reason: Personal = Field(min_length=1)


class IntakeStarted(Event, stored_as="intake.started"):
    """Somebody asked for care."""

    channel: Channel
    reason: Coded | None = None
    priority: Priority = Priority.ROUTINE
    required: tuple[str, ...] = ()
    acknowledge_by: AwareDatetime | None = None


class IntakeAcknowledged(Event, stored_as="intake.acknowledged"):
    """Whoever asked for care was told that it is looked at."""

    channel: Channel | None = None


class IdentityMatched(Event, stored_as="intake.identity_matched"):
    """It was looked up who the patient is. More than one candidate: somebody has to decide."""

    method: MatchMethod
    score: float | None = None
    candidates: int = 1


class IntakeItemCaptured(Event, stored_as="intake.item_captured"):
    """One thing that had to be known is known."""

    item: str
    value: Personal | None = None


class IntakeItemWaived(Event, stored_as="intake.item_waived"):
    """It need not be known here, for this reason."""

    item: str
    reason: Personal


class IntakeFormReceived(Event, stored_as="intake.form_received"):
    """The patient, or somebody for them, filled in a form (FHIR QuestionnaireResponse)."""

    questionnaire: str
    response_id: Personal


class IntakeInformationRequested(Event, stored_as="intake.information_requested"):
    """Something is missing, and somebody was asked for it."""

    request_id: UUID
    what: Personal
    asked_of: Personal | None = None
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

    language: Personal


class CommunicationNeedsRecorded(Event, stored_as="intake.communication_needs_recorded"):
    """What the patient needs to understand and to be understood; all of it, each time."""

    needs: tuple[CommunicationNeed, ...] = ()
    prefers: Channel | None = None


class IntakeCompleted(Event, stored_as="intake.completed"):
    """Enough is known. `exceptions` is what it was completed without."""

    exceptions: tuple[IntakeException, ...] = ()


class IntakeAbandoned(Event, stored_as="intake.abandoned"):
    """Nobody went on with it."""

    reason: Personal


class IntakeRejected(Event, stored_as="intake.rejected"):
    """Not for this service, or a duplicate."""

    reason: Personal
    kind: Rejection | None = None


IntakeEvent = (
    IntakeStarted
    | IntakeAcknowledged
    | IdentityMatched
    | IntakeItemCaptured
    | IntakeItemWaived
    | IntakeFormReceived
    | IntakeInformationRequested
    | IntakeInformationReceived
    | PotentialDuplicateFlagged
    | PotentialDuplicateDismissed
    | InterpreterNeedRecorded
    | CommunicationNeedsRecorded
    | IntakeCompleted
    | IntakeAbandoned
    | IntakeRejected
)
