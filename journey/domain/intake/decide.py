"""What happens to an intake if this is done now. Yields nothing when it has already happened."""

from collections.abc import Iterator
from typing import assert_never

from journey.domain.codes import IntakeStatus
from journey.domain.event import Command, Event, Refused
from journey.domain.intake import commands as ask
from journey.domain.intake import events as happened
from journey.domain.intake.evolve import evolve
from journey.domain.intake.state import TRANSITIONS, Intake
from journey.domain.room import SOME_TIME, NotPossibleNow


class IntakeNotOpen(Refused):
    """It has not begun, or is over."""


class IntakeIncomplete(Refused):
    """Something is still missing."""


class NotRequired(Refused):
    """What nobody asked for need not be waived."""


class UnknownQuestion(Refused):
    """Nothing was asked under this id."""


NOTES: dict[type[Command], type[Event]] = {
    ask.MatchIdentity: happened.IdentityMatched,
    ask.ReceiveIntakeForm: happened.IntakeFormReceived,
    ask.RecordInterpreterNeed: happened.InterpreterNeedRecorded,
    ask.RecordCommunicationNeeds: happened.CommunicationNeedsRecorded,
}
"""What may be learnt of the patient at any time, before an intake as well."""


def decide(intake: Intake, command: ask.IntakeCommand) -> Iterator[happened.IntakeEvent]:
    """What happens if we do this now. Yields nothing when it has already happened."""
    match command:
        case ask.StartIntake():
            started = happened.IntakeStarted(**command.facts())
            if not intake.is_open and intake.status is not IntakeStatus.COMPLETED:
                yield started
            elif started != intake.started and not command.reported:
                raise NotPossibleNow(
                    f"The intake is {intake.status} already; correct-event says otherwise how it began."
                )
        case ask.AcknowledgeIntake():
            if intake.acknowledged is None or intake.acknowledged[0] != command.channel:
                _refuse_out_of_order(intake, happened.IntakeAcknowledged, command)
                yield happened.IntakeAcknowledged(**command.facts())
        case ask.WaiveIntakeItem():
            yield from _waive(intake, command)
        case ask.CaptureIntakeItem():
            if command.item not in intake.captured or intake.captured[command.item] != command.value:
                _refuse_out_of_order(intake, happened.IntakeItemCaptured, command)
                yield happened.IntakeItemCaptured(**command.facts())
        case ask.RequestIntakeInformation():
            known = intake.questions.get(command.request_id)
            told = known is not None and (known.what, known.due) == (command.what, command.due)
            if not told and command.request_id not in intake.answered:
                _refuse_out_of_order(intake, happened.IntakeInformationRequested, command)
                yield happened.IntakeInformationRequested(**command.facts())
        case ask.ReceiveIntakeInformation():
            yield from _answer(intake, command)
        case ask.FlagPotentialDuplicate():
            if command.candidate_patient_id not in intake.duplicates:
                yield happened.PotentialDuplicateFlagged(**command.facts())
        case ask.DismissPotentialDuplicate():
            if command.candidate_patient_id in intake.duplicates or command.reported:
                yield happened.PotentialDuplicateDismissed(**command.facts())
        case (
            ask.MatchIdentity()
            | ask.ReceiveIntakeForm()
            | ask.RecordInterpreterNeed()
            | ask.RecordCommunicationNeeds()
        ):
            event: happened.IntakeEvent = NOTES[type(command)](**command.facts())  # type: ignore[assignment]  # the table's values are this room's events
            if evolve(intake, event, SOME_TIME) != intake:
                yield event
        case ask.CompleteIntake():
            yield from _complete(intake, command)
        case ask.AbandonIntake():
            if intake.status is not IntakeStatus.ABANDONED:
                _refuse_out_of_order(intake, happened.IntakeAbandoned, command)
                yield happened.IntakeAbandoned(**command.facts())
        case ask.RejectIntake():
            if intake.status is not IntakeStatus.REJECTED:
                _refuse_out_of_order(intake, happened.IntakeRejected, command)
                yield happened.IntakeRejected(**command.facts())
        case _:
            assert_never(command)


def _refuse_out_of_order(intake: Intake, event: type[Event], command: Command) -> None:
    """A refusal of its own says how an intake is opened, or opened again."""
    sources, _ = TRANSITIONS[event]
    if intake.status not in sources and not command.reported:
        opens = "void-event of its completion opens it again"
        opens = opens if intake.status is IntakeStatus.COMPLETED else "start-intake begins one"
        raise IntakeNotOpen(f"The intake is {intake.status}; {opens}.")


def _waive(intake: Intake, command: ask.WaiveIntakeItem) -> Iterator[happened.IntakeEvent]:
    if intake.waived.get(command.item) == command.reason:
        return
    _refuse_out_of_order(intake, happened.IntakeItemWaived, command)
    if command.item not in intake.required and not command.reported:
        raise NotRequired("Only what is required is waived; start-intake said what is.")
    yield happened.IntakeItemWaived(**command.facts())


def _answer(intake: Intake, command: ask.ReceiveIntakeInformation) -> Iterator[happened.IntakeEvent]:
    if command.request_id in intake.answered:
        return
    if command.request_id not in intake.questions and not command.reported:
        raise UnknownQuestion("No information was requested under this id.")
    yield happened.IntakeInformationReceived(**command.facts())


def _complete(intake: Intake, command: ask.CompleteIntake) -> Iterator[happened.IntakeEvent]:
    if intake.status is IntakeStatus.COMPLETED:
        return
    _refuse_out_of_order(intake, happened.IntakeCompleted, command)
    blockers = intake.lacks_but(frozenset(each.item for each in command.exceptions))
    if blockers and not command.reported:
        raise IntakeIncomplete(
            "The intake still lacks what is listed; if it cannot wait, name it in exceptions, with a reason.",
            blockers=blockers,
        )
    yield happened.IntakeCompleted(**command.facts())
