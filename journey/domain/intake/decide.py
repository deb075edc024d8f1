"""What happens to an intake if this is done now. Yields nothing when it has already happened."""

from collections.abc import Iterator
from typing import assert_never

from journey.domain.codes import IntakeStatus
from journey.domain.event import Command, Refused
from journey.domain.intake import commands as ask
from journey.domain.intake import events as happened
from journey.domain.intake.state import Intake


class IntakeNotOpen(Refused):
    """It has not begun, or is over."""


class IntakeIncomplete(Refused):
    """Something is still missing."""


class UnknownQuestion(Refused):
    """Nothing was asked under this id."""


def decide(intake: Intake, command: ask.IntakeCommand) -> Iterator[happened.IntakeEvent]:
    """What happens if we do this now. Yields nothing when it has already happened."""
    match command:
        case ask.StartIntake():
            if not intake.is_open and intake.status is not IntakeStatus.COMPLETED:
                yield happened.IntakeStarted(**command.facts())
        case ask.CaptureIntakeItem():
            if command.item not in intake.captured or intake.captured[command.item] != command.value:
                _refuse_unless_open(intake, command)
                yield happened.IntakeItemCaptured(**command.facts())
        case ask.RequestIntakeInformation():
            if command.request_id not in intake.questions and command.request_id not in intake.answered:
                _refuse_unless_open(intake, command)
                yield happened.IntakeInformationRequested(**command.facts())
        case ask.ReceiveIntakeInformation():
            yield from _answer(intake, command)
        case ask.FlagPotentialDuplicate():
            if command.candidate_patient_id not in intake.duplicates:
                yield happened.PotentialDuplicateFlagged(**command.facts())
        case ask.DismissPotentialDuplicate():
            if command.candidate_patient_id in intake.duplicates:
                yield happened.PotentialDuplicateDismissed(**command.facts())
        case ask.RecordInterpreterNeed():
            if intake.interpreter != command.language:
                yield happened.InterpreterNeedRecorded(**command.facts())
        case ask.CompleteIntake():
            yield from _complete(intake, command)
        case ask.AbandonIntake():
            if intake.status is not IntakeStatus.ABANDONED:
                _refuse_unless_open(intake, command)
                yield happened.IntakeAbandoned(**command.facts())
        case ask.RejectIntake():
            if intake.status is not IntakeStatus.REJECTED:
                _refuse_unless_open(intake, command)
                yield happened.IntakeRejected(**command.facts())
        case _:
            assert_never(command)


def _refuse_unless_open(intake: Intake, command: Command) -> None:
    if not intake.is_open and not command.reported:
        raise IntakeNotOpen(f"The intake is {intake.status}; start-intake begins one.")


def _answer(intake: Intake, command: ask.ReceiveIntakeInformation) -> Iterator[happened.IntakeEvent]:
    if command.request_id in intake.answered:
        return
    if command.request_id not in intake.questions and not command.reported:
        raise UnknownQuestion("No information was requested under this id.")
    yield happened.IntakeInformationReceived(**command.facts())


def _complete(intake: Intake, command: ask.CompleteIntake) -> Iterator[happened.IntakeEvent]:
    if intake.status is IntakeStatus.COMPLETED:
        return
    _refuse_unless_open(intake, command)
    blockers = intake.lacks()
    if blockers and not command.reported:
        raise IntakeIncomplete("The intake still lacks what is listed.", blockers=blockers)
    yield happened.IntakeCompleted()
