"""Intake: from the first contact to knowing enough."""

from uuid import UUID

from journey.domain.codes import Channel, IntakeStatus
from journey.domain.intake import (
    AbandonIntake,
    CaptureIntakeItem,
    CompleteIntake,
    DismissPotentialDuplicate,
    FlagPotentialDuplicate,
    IntakeAbandoned,
    IntakeCompleted,
    IntakeIncomplete,
    IntakeInformationReceived,
    IntakeInformationRequested,
    IntakeItemCaptured,
    IntakeNotOpen,
    IntakeRejected,
    IntakeStarted,
    InterpreterNeedRecorded,
    PotentialDuplicateDismissed,
    PotentialDuplicateFlagged,
    ReceiveIntakeInformation,
    RecordInterpreterNeed,
    RejectIntake,
    RequestIntakeInformation,
    StartIntake,
    UnknownQuestion,
)
from journey.domain.rules import JourneyIsOver
from tests.domain.cases import Case
from tests.domain.told import closed, opened
from tests.spec import given

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
        RejectIntake(reason="not for us"),
        given(opened, begun),
        [IntakeRejected(reason="not for us")],
        given(opened),
        IntakeNotOpen,
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


def test_a_duplicate_may_be_flagged_again() -> None:
    given(opened, flagged, dismissed).when(FlagPotentialDuplicate(candidate_patient_id=TWIN)).then(flagged)
