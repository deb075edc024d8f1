"""What is true of the intake after an event. Total: history is never refused."""

from typing import assert_never

from journey.domain.codes import IntakeStatus
from journey.domain.event import Fact
from journey.domain.intake import events as happened
from journey.domain.intake.state import TRANSITIONS, Intake, Question


def evolve(intake: Intake, event: happened.IntakeEvent, fact: Fact) -> Intake:
    """Where the intake stands after this event. Total: history is never refused."""
    match event:
        case happened.IntakeStarted():
            asked = intake._replace(
                started=event,
                required=event.required,
                priority=event.priority,
                acknowledge_by=event.acknowledge_by,
            )
            return _led(asked, event, fact)
        case happened.IntakeAcknowledged():
            _, since = intake.acknowledged or (None, fact)
            return intake._replace(acknowledged=(event.channel, since))
        case happened.IdentityMatched():
            return intake._replace(matched=event)
        case happened.IntakeItemWaived():
            return intake._replace(waived={**intake.waived, event.item: event.reason})
        case happened.IntakeFormReceived():
            answers = intake.forms.get(event.questionnaire, frozenset()) | {event.response_id}
            return intake._replace(forms={**intake.forms, event.questionnaire: answers})
        case happened.CommunicationNeedsRecorded():
            return intake._replace(needs=(frozenset(event.needs), event.prefers))
        case happened.IntakeItemCaptured():
            return intake._replace(captured={**intake.captured, event.item: event.value})
        case happened.IntakeInformationRequested():
            question = Question(event.what, event.due, fact)
            asked = intake._replace(questions={**intake.questions, event.request_id: question})
            return _led(asked, event, fact) if asked.is_open else asked
        case happened.IntakeInformationReceived():
            left = {key: value for key, value in intake.questions.items() if key != event.request_id}
            answered = intake._replace(questions=left, answered=intake.answered | {event.request_id})
            goes_on = answered.is_open and not left
            return _standing(answered, IntakeStatus.IN_PROGRESS, fact) if goes_on else answered
        case happened.PotentialDuplicateFlagged():
            return intake._replace(duplicates={**intake.duplicates, event.candidate_patient_id: fact})
        case happened.PotentialDuplicateDismissed():
            undecided = {k: v for k, v in intake.duplicates.items() if k != event.candidate_patient_id}
            return intake._replace(duplicates=undecided)
        case happened.InterpreterNeedRecorded():
            return intake._replace(interpreter=event.language)
        case happened.IntakeCompleted() | happened.IntakeAbandoned() | happened.IntakeRejected():
            return _led(intake, event, fact)
        case _:
            assert_never(event)


def _led(intake: Intake, event: happened.IntakeEvent, fact: Fact) -> Intake:
    """Where the event leads."""
    _, status = TRANSITIONS[type(event)]
    return _standing(intake, IntakeStatus(status or intake.status), fact)


def _standing(intake: Intake, status: IntakeStatus, fact: Fact) -> Intake:
    return intake if intake.status is status else intake._replace(status=status, since=fact)
