"""Intake: from the first contact to knowing enough."""

from uuid import UUID

import pytest

from journey.domain.codes import Channel, IntakeStatus
from journey.domain.correction import VoidEvent
from journey.domain.intake import (
    AbandonIntake,
    AcknowledgeIntake,
    CaptureIntakeItem,
    CommunicationNeed,
    CommunicationNeedsRecorded,
    CompleteIntake,
    DismissPotentialDuplicate,
    FlagPotentialDuplicate,
    IdentityMatched,
    IntakeAbandoned,
    IntakeAcknowledged,
    IntakeCompleted,
    IntakeException,
    IntakeFormReceived,
    IntakeIncomplete,
    IntakeInformationReceived,
    IntakeInformationRequested,
    IntakeItemCaptured,
    IntakeItemWaived,
    IntakeNotOpen,
    IntakeRejected,
    IntakeStarted,
    InterpreterNeedRecorded,
    MatchIdentity,
    MatchMethod,
    NotRequired,
    PotentialDuplicateDismissed,
    PotentialDuplicateFlagged,
    ReceiveIntakeForm,
    ReceiveIntakeInformation,
    RecordCommunicationNeeds,
    RecordInterpreterNeed,
    RejectIntake,
    Rejection,
    RequestIntakeInformation,
    StartIntake,
    UnknownQuestion,
    WaiveIntakeItem,
)
from journey.domain.room import NotPossibleNow
from journey.domain.rules import JourneyIsOver
from journey.domain.standing import standing
from tests.domain.cases import Case
from tests.domain.told import closed, opened
from tests.spec import at, given

QUESTION = UUID(int=30)
TWIN = UUID(int=3)
begun = IntakeStarted(channel=Channel.PHONE, required=("insurance",))
captured = IntakeItemCaptured(item="insurance", value="card 7")
asked = IntakeInformationRequested(request_id=QUESTION, what="old images")
answered = IntakeInformationReceived(request_id=QUESTION)
flagged = PotentialDuplicateFlagged(candidate_patient_id=TWIN)
dismissed = PotentialDuplicateDismissed(candidate_patient_id=TWIN)
finished = IntakeCompleted()
abandoned = IntakeAbandoned(reason="no answer")

FORM = "https://example.org/fhir/Questionnaire/history|2"
form = IntakeFormReceived(questionnaire=FORM, response_id="qr-1")
waived = IntakeItemWaived(item="insurance", reason="self-payer")
ambiguous = IdentityMatched(method=MatchMethod.PROBABILISTIC, score=0.9, candidates=2)
decided = IdentityMatched(method=MatchMethod.MANUAL)

CASES = [
    Case(
        StartIntake(channel=Channel.PHONE, required=("insurance",)),
        given(opened),
        [begun],
        given(opened, closed),
        JourneyIsOver,
    ),
    Case(
        CaptureIntakeItem(item="insurance", value="card 7"),
        given(opened, begun),
        [captured],
        given(opened),
        IntakeNotOpen,
    ),
    Case(
        RequestIntakeInformation(request_id=QUESTION, what="old images"),
        given(opened, begun),
        [asked],
        given(opened, begun, abandoned),
        IntakeNotOpen,
        quiet=given(opened, begun, asked, answered),
    ),
    Case(
        ReceiveIntakeInformation(request_id=QUESTION),
        given(opened, begun, asked),
        [answered],
        given(opened, begun),
        UnknownQuestion,
    ),
    Case(
        FlagPotentialDuplicate(candidate_patient_id=TWIN),
        given(opened),
        [flagged],
        given(opened, closed),
        JourneyIsOver,
    ),
    Case(
        DismissPotentialDuplicate(candidate_patient_id=TWIN),
        given(opened, flagged),
        [dismissed],
        given(opened, flagged, closed),
        JourneyIsOver,
        quiet=given(opened),
    ),
    Case(
        RecordInterpreterNeed(language="ps"),
        given(opened),
        [InterpreterNeedRecorded(language="ps")],
        given(opened, closed),
        JourneyIsOver,
    ),
    Case(
        CompleteIntake(),
        given(opened, begun, captured, asked, answered, flagged, dismissed),
        [finished],
        given(opened, begun, asked, flagged),
        IntakeIncomplete,
        ["intake-item", "intake-information", "potential-duplicate"],
    ),
    Case(
        AbandonIntake(reason="no answer"),
        given(opened, begun, asked),
        [abandoned],
        given(opened, begun, captured, finished),
        IntakeNotOpen,
    ),
    Case(
        RejectIntake(reason="not for us", kind=Rejection.WRONG_SERVICE),
        given(opened, begun),
        [IntakeRejected(reason="not for us", kind=Rejection.WRONG_SERVICE)],
        given(opened),
        IntakeNotOpen,
    ),
    Case(
        AcknowledgeIntake(channel=Channel.PHONE),
        given(opened, begun, abandoned),
        [IntakeAcknowledged(channel=Channel.PHONE)],
        given(opened),
        IntakeNotOpen,
    ),
    Case(
        MatchIdentity(method=MatchMethod.PROBABILISTIC, score=0.9, candidates=2),
        given(opened),
        [ambiguous],
        given(opened, closed),
        JourneyIsOver,
    ),
    Case(
        WaiveIntakeItem(item="insurance", reason="self-payer"),
        given(opened, begun),
        [waived],
        given(opened, IntakeStarted(channel=Channel.PHONE)),
        NotRequired,
    ),
    Case(
        ReceiveIntakeForm(questionnaire=FORM, response_id="qr-1"),
        given(opened),
        [form],
        given(opened, closed),
        JourneyIsOver,
    ),
    Case(
        RecordCommunicationNeeds(needs=(CommunicationNeed.LARGE_PRINT,), prefers=Channel.PHONE),
        given(opened),
        [CommunicationNeedsRecorded(needs=(CommunicationNeed.LARGE_PRINT,), prefers=Channel.PHONE)],
        given(opened, closed),
        JourneyIsOver,
    ),
]


def test_it_waits_until_every_question_is_answered() -> None:
    other = IntakeInformationRequested(request_id=UUID(int=31), what="consent form")
    waiting = given(opened, begun, asked, other, answered).journey.intake
    assert waiting.status is IntakeStatus.AWAITING_INFORMATION
    on = given(opened, begun, asked, answered).journey.intake
    assert on.status is IntakeStatus.IN_PROGRESS


def test_an_abandoned_intake_is_begun_again_with_what_is_known() -> None:
    again = given(opened, begun, captured, abandoned).when(
        StartIntake(channel=Channel.PHONE, required=("insurance",))
    )
    intake = again.then(begun).journey.intake
    assert (intake.status, intake.lacks()) == (IntakeStatus.IN_PROGRESS, ())


def test_a_late_answer_does_not_begin_a_finished_intake_again() -> None:
    late = (
        given(opened, begun, asked, abandoned)
        .when(ReceiveIntakeInformation(request_id=QUESTION))
        .then(answered)
    )
    assert late.journey.intake.status is IntakeStatus.ABANDONED


def test_a_reported_question_does_not_begin_a_finished_intake_again() -> None:
    told = given(opened, begun, captured, finished).when(
        RequestIntakeInformation(request_id=QUESTION, what="old images", reported=True)
    )
    assert told.then(asked).journey.intake.status is IntakeStatus.COMPLETED


def test_an_intake_that_another_system_completed_is_complete() -> None:
    given(opened, begun).when(CompleteIntake(reported=True)).then(finished)


def test_another_intake_is_not_begun_in_silence_on_top_of_one() -> None:
    other = StartIntake(channel=Channel.WEB)
    given(opened, begun).when(other).then_refused(NotPossibleNow)
    given(opened, begun, captured, finished).when(other).then_refused(NotPossibleNow)
    given(opened, begun).when(other.model_copy(update={"reported": True})).then_nothing()


def test_what_was_forgotten_is_told_once_the_completion_is_void() -> None:
    told = given(opened, begun, captured, finished)
    allergies = CaptureIntakeItem(item="allergies", value="none")
    told.when(allergies).then_refused(IntakeNotOpen)
    told = told.when(VoidEvent(event_id=told.id_of(finished), reason="too early")).done()
    told.when(allergies).then(IntakeItemCaptured(item="allergies", value="none"))


def test_nobody_waits_for_an_answer_to_an_intake_that_was_given_up() -> None:
    assert standing(given(opened, begun, asked, abandoned).journey).next == ()


def test_a_question_is_asked_otherwise() -> None:
    other = RequestIntakeInformation(request_id=QUESTION, what="old images", due=at(17))
    again = IntakeInformationRequested(request_id=QUESTION, what="old images", due=at(17))
    given(opened, begun, asked).when(other).then(again)


def test_a_dismissal_that_is_reported_before_the_flag_decides_about_it() -> None:
    said = DismissPotentialDuplicate(candidate_patient_id=TWIN, reported=True)
    early = given(opened).when(said, at=at(12)).then(dismissed)
    late = early.when(FlagPotentialDuplicate(candidate_patient_id=TWIN, reported=True), at=at(11)).done()
    assert late.journey.intake.duplicates == {}


def test_a_duplicate_may_be_flagged_again() -> None:
    given(opened, flagged, dismissed).when(FlagPotentialDuplicate(candidate_patient_id=TWIN)).then(flagged)


# --- What is known, and what need not be


@pytest.mark.parametrize(
    ("item", "event"),
    [
        ("insurance", IntakeItemCaptured(item="insurance")),
        ("insurance", waived),
        (FORM, form),
        ("identity", decided),
        ("identity", IdentityMatched(method=MatchMethod.IDENTIFIER, candidates=0)),
        ("identity", IntakeItemWaived(item="identity", reason="unconscious")),
    ],
)
def test_what_settles_a_required_item(item: str, event: IntakeItemCaptured) -> None:
    asked_for = IntakeStarted(channel=Channel.PHONE, required=(item,))
    given(opened, asked_for).when(CompleteIntake()).then_refused(IntakeIncomplete, blockers=["intake-item"])
    given(opened, asked_for, event).when(CompleteIntake()).then(finished)


def test_a_patient_who_could_be_two_people_is_decided_about() -> None:
    undecided = given(opened, begun, captured, ambiguous)
    undecided.when(CompleteIntake()).then_refused(IntakeIncomplete, blockers=["identity-undecided"])
    undecided.when(MatchIdentity(method=MatchMethod.MANUAL)).then(decided).when(CompleteIntake()).then(
        finished
    )


def test_what_cannot_wait_is_completed_with_a_reason_for_each_exception() -> None:
    urgent = given(opened, begun, asked, flagged, ambiguous)
    exceptions = tuple(
        IntakeException(item=item, reason="chest pain")
        for item in ("insurance", "intake-information", "potential-duplicate", "identity-undecided")
    )
    urgent.when(CompleteIntake(exceptions=exceptions[:1])).then_refused(
        IntakeIncomplete, blockers=["intake-information", "potential-duplicate", "identity-undecided"]
    )
    urgent.when(CompleteIntake(exceptions=exceptions)).then(IntakeCompleted(exceptions=exceptions))


def test_whoever_asked_is_told_in_time() -> None:
    soon = IntakeStarted(channel=Channel.WEB, acknowledge_by=at(17))
    waiting = given(opened, soon)
    (first, _) = standing(waiting.journey).next
    assert (first.step, first.due) == ("acknowledge-intake", at(17))
    told = waiting.when(AcknowledgeIntake()).then(IntakeAcknowledged())
    assert [each.step for each in standing(told.journey).next] == ["complete-intake"]
    assert "intake-acknowledged" in [each.milestone for each in standing(told.journey).reached]


def test_needs_are_told_as_a_whole() -> None:
    needs = CommunicationNeedsRecorded(needs=(CommunicationNeed.BRAILLE, CommunicationNeed.ADVOCATE))
    same = RecordCommunicationNeeds(needs=(CommunicationNeed.ADVOCATE, CommunicationNeed.BRAILLE))
    given(opened, needs).when(same).then_nothing()
    given(opened, needs).when(RecordCommunicationNeeds()).then(CommunicationNeedsRecorded())


def test_a_form_may_be_filled_in_again() -> None:
    given(opened, form).when(ReceiveIntakeForm(questionnaire=FORM, response_id="qr-2")).then(
        IntakeFormReceived(questionnaire=FORM, response_id="qr-2")
    )
