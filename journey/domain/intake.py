"""Intake: from the first contact to knowing enough to care for the patient.

    not started -> in progress <-> awaiting information
                   in progress | awaiting information -> completed | abandoned | rejected

    It is completed when every required item is captured, every question is answered and no possible
    duplicate of the patient is left undecided.

Domain words; FHIR keeps its parts in Questionnaire(Response), Flag and Patient.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import assert_never
from uuid import UUID

from pydantic import AwareDatetime, Field

from journey.domain.codes import Channel, IntakeStatus, Priority
from journey.domain.event import Blocker, Coded, Command, Event, Fact, Refused

# --- Events


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

# --- Commands


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
    due: AwareDatetime | None = None


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

# --- State


@dataclass(frozen=True, slots=True)
class Question:
    """What was asked, of whom, until when."""

    what: str
    due: AwareDatetime | None
    asked: Fact


@dataclass(frozen=True, slots=True)
class Intake:
    """Where the intake stands. `since` is the event that gave it its status."""

    status: IntakeStatus = IntakeStatus.NOT_STARTED
    since: Fact | None = None
    required: tuple[str, ...] = ()
    captured: Mapping[str, str | None] = field(default_factory=dict)
    questions: Mapping[UUID, Question] = field(default_factory=dict)
    answered: frozenset[UUID] = frozenset()
    duplicates: Mapping[UUID, Fact] = field(default_factory=dict)
    interpreter: str | None = None

    @property
    def is_open(self) -> bool:
        return self.status in {IntakeStatus.IN_PROGRESS, IntakeStatus.AWAITING_INFORMATION}

    def blockers(self) -> tuple[Blocker, ...]:
        """What keeps it from being completed."""
        missing = (item for item in self.required if item not in self.captured)
        return (
            *(Blocker(code="intake-item", what=f"{item} is not captured") for item in missing),
            *(
                Blocker(code="intake-information", what=f"no answer yet: {question.what}", subject_id=key)
                for key, question in self.questions.items()
            ),
            *(
                Blocker(code="potential-duplicate", what="a possible duplicate is undecided", subject_id=key)
                for key in self.duplicates
            ),
        )


class IntakeNotOpen(Refused):
    """It has not begun, or is over."""


class IntakeIncomplete(Refused):
    """Something is still missing."""


class UnknownQuestion(Refused):
    """Nothing was asked under this id."""


# --- evolve


def evolve(intake: Intake, event: IntakeEvent, fact: Fact) -> Intake:
    """Where the intake stands after this event. Total: history is never refused."""
    match event:
        case IntakeStarted():
            return _standing(replace(intake, required=event.required), IntakeStatus.IN_PROGRESS, fact)
        case IntakeItemCaptured():
            return replace(intake, captured={**intake.captured, event.item: event.value})
        case IntakeInformationRequested():
            question = Question(event.what, event.due, fact)
            asked = replace(intake, questions={**intake.questions, event.request_id: question})
            return _standing(asked, IntakeStatus.AWAITING_INFORMATION, fact)
        case IntakeInformationReceived():
            left = {key: value for key, value in intake.questions.items() if key != event.request_id}
            answered = replace(intake, questions=left, answered=intake.answered | {event.request_id})
            return answered if left else _standing(answered, IntakeStatus.IN_PROGRESS, fact)
        case PotentialDuplicateFlagged():
            return replace(intake, duplicates={**intake.duplicates, event.candidate_patient_id: fact})
        case PotentialDuplicateDismissed():
            undecided = {k: v for k, v in intake.duplicates.items() if k != event.candidate_patient_id}
            return replace(intake, duplicates=undecided)
        case InterpreterNeedRecorded():
            return replace(intake, interpreter=event.language)
        case IntakeCompleted():
            return _standing(intake, IntakeStatus.COMPLETED, fact)
        case IntakeAbandoned():
            return _standing(intake, IntakeStatus.ABANDONED, fact)
        case IntakeRejected():
            return _standing(intake, IntakeStatus.REJECTED, fact)
        case _:
            assert_never(event)


def _standing(intake: Intake, status: IntakeStatus, fact: Fact) -> Intake:
    return intake if intake.status is status else replace(intake, status=status, since=fact)


# --- decide


def decide(intake: Intake, command: IntakeCommand) -> Iterator[IntakeEvent]:
    """What happens if we do this now. Yields nothing when it has already happened."""
    match command:
        case StartIntake():
            if not intake.is_open and intake.status is not IntakeStatus.COMPLETED:
                yield IntakeStarted(**command.facts())
        case CaptureIntakeItem():
            if command.item not in intake.captured or intake.captured[command.item] != command.value:
                _refuse_unless_open(intake, command)
                yield IntakeItemCaptured(**command.facts())
        case RequestIntakeInformation():
            if command.request_id not in intake.questions and command.request_id not in intake.answered:
                _refuse_unless_open(intake, command)
                yield IntakeInformationRequested(**command.facts())
        case ReceiveIntakeInformation():
            yield from _answer(intake, command)
        case FlagPotentialDuplicate():
            if command.candidate_patient_id not in intake.duplicates:
                yield PotentialDuplicateFlagged(**command.facts())
        case DismissPotentialDuplicate():
            if command.candidate_patient_id in intake.duplicates:
                yield PotentialDuplicateDismissed(**command.facts())
        case RecordInterpreterNeed():
            if intake.interpreter != command.language:
                yield InterpreterNeedRecorded(**command.facts())
        case CompleteIntake():
            yield from _complete(intake, command)
        case AbandonIntake():
            if intake.status is not IntakeStatus.ABANDONED:
                _refuse_unless_open(intake, command)
                yield IntakeAbandoned(**command.facts())
        case RejectIntake():
            if intake.status is not IntakeStatus.REJECTED:
                _refuse_unless_open(intake, command)
                yield IntakeRejected(**command.facts())
        case _:
            assert_never(command)


def _refuse_unless_open(intake: Intake, command: Command) -> None:
    if not intake.is_open and not command.reported:
        raise IntakeNotOpen(f"The intake is {intake.status}; start-intake begins one.")


def _answer(intake: Intake, command: ReceiveIntakeInformation) -> Iterator[IntakeEvent]:
    if command.request_id in intake.answered:
        return
    if command.request_id not in intake.questions and not command.reported:
        raise UnknownQuestion("No information was requested under this id.")
    yield IntakeInformationReceived(**command.facts())


def _complete(intake: Intake, command: CompleteIntake) -> Iterator[IntakeEvent]:
    if intake.status is IntakeStatus.COMPLETED:
        return
    _refuse_unless_open(intake, command)
    blockers = intake.blockers()
    if blockers and not command.reported:
        raise IntakeIncomplete("The intake still lacks what is listed.", blockers=blockers)
    yield IntakeCompleted()
