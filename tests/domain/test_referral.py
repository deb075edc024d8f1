"""Referral: asking another service to see the patient, and closing the loop."""

from uuid import UUID

import pytest

from journey.domain.codes import Priority
from journey.domain.correction import VoidEvent
from journey.domain.discharge import DischargePatient
from journey.domain.episode import CloseJourney
from journey.domain.event import Coded, Event
from journey.domain.referral import (
    AcceptReferral,
    AcceptReferralCancellation,
    CancelReferral,
    ChangeReferral,
    CloseReferral,
    ConfirmReferralReceipt,
    DeclineReferral,
    DraftReferral,
    ExpireReferral,
    NobodyReroutes,
    NotifyReferralAppointment,
    NotifyReferralNoShow,
    ProvideReferralInformation,
    ReceiveInterimReport,
    ReceiveReferralOutcome,
    ReferralAccepted,
    ReferralAppointmentNotified,
    ReferralCancellationAccepted,
    ReferralCancellationRefused,
    ReferralCancellationRequested,
    ReferralCancelled,
    ReferralChanged,
    ReferralCommand,
    ReferralDeclined,
    ReferralDrafted,
    ReferralExpired,
    ReferralInformationProvided,
    ReferralInformationRequested,
    ReferralInterimReportReceived,
    ReferralLoopClosed,
    ReferralNoShowNotified,
    ReferralOrder,
    ReferralOutcomeReceived,
    ReferralReceiptConfirmed,
    ReferralReopened,
    ReferralRerouted,
    ReferralSent,
    ReferralStatus,
    ReferralTriaged,
    RefuseReferralCancellation,
    ReopenReferral,
    RequestReferralCancellation,
    RequestReferralInformation,
    RerouteReferral,
    SendReferral,
    TriageReferral,
)
from journey.domain.referral.state import ENDED, NEXT
from journey.domain.room import NotPossibleNow, UnknownSubject
from journey.domain.rules import StillOpen
from journey.domain.standing import standing
from tests.domain.cases import Case
from tests.domain.told import VISIT, admitted, closed, opened
from tests.spec import Given, Told, at, given

KNEE = UUID(int=30)
MRI = Coded(system="cpt", code="73721", display="MRI of a knee")
FULL = Coded(system="local", code="no-capacity")
order = ReferralOrder(number="R-1", service=MRI, performer="imaging-1")
ids = {"referral_id": KNEE}

drafted = ReferralDrafted(referral_id=KNEE, order=order)
sent = ReferralSent(referral_id=KNEE, order=order)
both_knees = ReferralOrder(number="R-1", service=MRI, performer="imaging-1", visits=2)
changed = ReferralChanged(referral_id=KNEE, order=both_knees)
received = ReferralReceiptConfirmed(referral_id=KNEE)
triaged = ReferralTriaged(referral_id=KNEE, priority=Priority.URGENT)
asked = ReferralInformationRequested(referral_id=KNEE, what="the last images", due=at(20))
provided = ReferralInformationProvided(referral_id=KNEE)
accepted = ReferralAccepted(referral_id=KNEE, owner="imaging-desk", expected_by=at(9, day=7))
declined = ReferralDeclined(referral_id=KNEE, reason=FULL, reroute_owner="coordinator-1")
rerouted = ReferralRerouted(referral_id=KNEE, performer="imaging-2")
scheduled = ReferralAppointmentNotified(referral_id=KNEE, start=at(9, day=3))
missed = ReferralNoShowNotified(referral_id=KNEE)
interim = ReferralInterimReportReceived(referral_id=KNEE, report="d-1")
outcome = ReferralOutcomeReceived(referral_id=KNEE, report="d-2")
loop_closed = ReferralLoopClosed(referral_id=KNEE, reviewed_by="dr-7")
cancelled = ReferralCancelled(referral_id=KNEE, reason="recovered")
stop_asked = ReferralCancellationRequested(referral_id=KNEE, reason="recovered")
stopped = ReferralCancellationAccepted(referral_id=KNEE)
goes_on = ReferralCancellationRefused(referral_id=KNEE, reason="nearly done")
expired = ReferralExpired(referral_id=KNEE, reason="not reached three times")
reopened = ReferralReopened(referral_id=KNEE, reason="closed too early")

taken = given(opened, sent, received, accepted)
over = given(opened, sent, received, accepted, outcome, loop_closed)
close = CloseReferral(referral_id=KNEE, reviewed_by="dr-7")
cancel = CancelReferral(referral_id=KNEE, reason="recovered")
decline = DeclineReferral(referral_id=KNEE, reason=FULL, reroute_owner="coordinator-1")

CASES = [
    Case(DraftReferral(referral_id=KNEE, order=order), given(opened), [drafted], over, NotPossibleNow),
    Case(SendReferral(referral_id=KNEE, order=order), given(opened, drafted), [sent], taken, NotPossibleNow),
    Case(ChangeReferral(referral_id=KNEE, order=both_knees), taken, [changed], over, NotPossibleNow),
    Case(ConfirmReferralReceipt(**ids), given(opened, sent), [received], given(opened), UnknownSubject),
    Case(
        TriageReferral(referral_id=KNEE, priority=Priority.URGENT),
        given(opened, sent),
        [triaged],
        over,
        NotPossibleNow,
    ),
    Case(
        RequestReferralInformation(referral_id=KNEE, what="the last images", due=at(20)),
        given(opened, sent, received),
        [asked],
        over,
        NotPossibleNow,
    ),
    Case(
        ProvideReferralInformation(**ids),
        given(opened, sent, asked),
        [provided],
        taken,
        NotPossibleNow,
    ),
    Case(
        AcceptReferral(referral_id=KNEE, owner="imaging-desk", expected_by=at(9, day=7)),
        given(opened, sent),
        [accepted],
        over,
        NotPossibleNow,
    ),
    Case(decline, given(opened, sent), [declined], over, NotPossibleNow),
    Case(
        RerouteReferral(referral_id=KNEE, performer="imaging-2"),
        given(opened, sent, declined),
        [rerouted],
        over,
        NotPossibleNow,
    ),
    Case(
        NotifyReferralAppointment(referral_id=KNEE, start=at(9, day=3)),
        taken,
        [scheduled],
        given(opened, sent),
        NotPossibleNow,
    ),
    Case(
        NotifyReferralNoShow(**ids), given(opened, sent, accepted, scheduled), [missed], taken, NotPossibleNow
    ),
    Case(ReceiveInterimReport(referral_id=KNEE, report="d-1"), taken, [interim], over, NotPossibleNow),
    Case(
        ReceiveReferralOutcome(referral_id=KNEE, report="d-2"),
        taken,
        [outcome],
        given(opened, sent, cancelled),
        NotPossibleNow,
    ),
    Case(close, given(opened, sent, accepted, outcome), [loop_closed], taken, NotPossibleNow),
    Case(cancel, given(opened, sent), [cancelled], given(opened, sent, accepted, scheduled), NotPossibleNow),
    Case(
        RequestReferralCancellation(referral_id=KNEE, reason="recovered"),
        given(opened, sent, accepted, scheduled),
        [stop_asked],
        given(opened, sent),
        NotPossibleNow,
    ),
    Case(
        AcceptReferralCancellation(**ids),
        given(opened, sent, accepted, scheduled, stop_asked),
        [stopped],
        taken,
        NotPossibleNow,
    ),
    Case(
        RefuseReferralCancellation(referral_id=KNEE, reason="nearly done"),
        given(opened, sent, accepted, scheduled, stop_asked),
        [goes_on],
        taken,
        NotPossibleNow,
    ),
    Case(
        ExpireReferral(referral_id=KNEE, reason="not reached three times"),
        given(opened, sent),
        [expired],
        over,
        NotPossibleNow,
    ),
    Case(
        ReopenReferral(referral_id=KNEE, reason="closed too early"), over, [reopened], taken, NotPossibleNow
    ),
]


def status(told: Given) -> str:
    (referral,) = told.journey.referrals
    return referral.status


def blockers(*told: Told) -> list[str]:
    return [each.code for each in standing(given(*told).journey).blocked_by]


def test_an_outcome_does_not_close_the_loop_its_review_does() -> None:
    back = given(opened, sent, accepted, outcome)
    back.when(CloseJourney()).then_refused(StillOpen, blockers=["open-referral"])
    back.when(close).then(loop_closed).when(CloseJourney()).then(closed)


def test_a_decline_names_who_finds_another_service() -> None:
    nobody = decline.model_copy(update={"reroute_owner": None})
    given(opened, sent).when(nobody).then_refused(NobodyReroutes)
    reported = nobody.model_copy(update={"reported": True})
    told = given(opened, sent).when(reported).then(declined.model_copy(update={"reroute_owner": None}))
    assert status(told) == "declined"


def test_what_is_in_progress_is_cancelled_on_request_only() -> None:
    told = given(opened, sent, accepted, scheduled)
    told.when(cancel).then_refused(NotPossibleNow)
    asked_to_stop = told.when(RequestReferralCancellation(referral_id=KNEE, reason="recovered")).done()
    refused = asked_to_stop.when(RefuseReferralCancellation(referral_id=KNEE, reason="nearly done")).done()
    assert status(refused) == "in-progress"
    assert status(asked_to_stop.when(AcceptReferralCancellation(referral_id=KNEE)).done()) == "cancelled"


def test_a_rerouted_referral_is_the_same_loop_asked_of_another() -> None:
    told = given(opened, sent, declined, rerouted)
    (loop,) = standing(told.journey).open.referrals
    assert (loop.id, loop.status, loop.who) == (KNEE, "sent", "imaging-2")


def test_an_outcome_may_come_before_any_appointment() -> None:
    given(opened, sent).when(ReceiveReferralOutcome(referral_id=KNEE, report="d-2")).then(outcome)


def test_a_second_report_that_says_something_else_is_not_lost() -> None:
    other = ReceiveInterimReport(referral_id=KNEE, report="d-9")
    given(opened, sent, accepted, interim).when(other).then(interim.model_copy(update={"report": "d-9"}))


def test_what_was_agreed_is_not_agreed_to_otherwise_in_silence() -> None:
    other = AcceptReferral(referral_id=KNEE, owner="somebody-else")
    taken.when(other).then_refused(NotPossibleNow)


def test_another_system_may_report_the_answer_before_the_question() -> None:
    early = given(opened).when(AcceptReferral(referral_id=KNEE, owner="imaging-desk", reported=True)).done()
    assert status(early) == "accepted"


@pytest.mark.parametrize(
    ("told", "late", "stays"),
    [
        ([sent, accepted], ConfirmReferralReceipt(**ids), "accepted"),
        ([sent, accepted], SendReferral(referral_id=KNEE, order=order), "accepted"),
        ([sent, accepted, scheduled], AcceptReferral(referral_id=KNEE, owner="imaging-desk"), "scheduled"),
        ([sent, accepted, outcome], ReceiveInterimReport(referral_id=KNEE, report="d-1"), "outcome-received"),
        ([sent, accepted, outcome], NotifyReferralAppointment(referral_id=KNEE), "outcome-received"),
        ([sent, accepted, outcome], cancel, "outcome-received"),
        ([sent, accepted, outcome, loop_closed], ConfirmReferralReceipt(**ids), "closed"),
        ([sent, accepted, scheduled, stop_asked], AcceptReferral(**ids), "cancellation-requested"),
    ],
)
def test_what_is_reported_out_of_order_takes_no_loop_back(
    told: list[Event], late: ReferralCommand, stays: str
) -> None:
    """What is known of a day alone sorts after all that is known of its hours."""
    report = late.model_copy(update={"reported": True})
    recorded = given(opened, *told).when(report)
    assert len(recorded.decided()) == 1
    assert status(recorded.done()) == stays


def test_a_receipt_told_late_counts_when_the_acceptance_turns_out_void() -> None:
    late = given(opened, sent, accepted).when(ConfirmReferralReceipt(**ids, reported=True)).done()
    void = VoidEvent(event_id=late.id_of(accepted), reason="of another patient")
    assert status(late.when(void).done()) == "received"


def test_an_outcome_sent_twice_is_reviewed_once_and_another_one_again() -> None:
    again = ReceiveReferralOutcome(referral_id=KNEE, report="d-2", reported=True)
    over.when(again).then_nothing()
    other = again.model_copy(update={"report": "d-3"})
    assert status(over.when(other).done()) == "outcome-received"


def test_an_unread_outcome_does_not_expire() -> None:
    back = given(opened, sent, accepted, outcome)
    back.when(ExpireReferral(referral_id=KNEE, reason="not reached three times")).then_refused(NotPossibleNow)


def test_what_was_asked_for_after_the_acceptance_leaves_the_patient_taken_on() -> None:
    told = given(opened, sent, accepted, asked, provided)
    (step,) = standing(told.journey).next
    assert (status(told), step.step, step.due) == ("accepted", "notify-referral-appointment", None)


def test_an_answer_is_not_due_when_the_question_was() -> None:
    (step,) = standing(given(opened, sent, asked, provided).journey).next
    assert (step.step, step.due) == ("accept-referral", None)
    (step,) = standing(given(opened, sent, asked, rerouted).journey).next
    assert (step.step, step.due) == ("confirm-referral-receipt", None)


def test_that_it_was_read_shows_though_it_changes_no_priority() -> None:
    read = TriageReferral(referral_id=KNEE, priority=Priority.ROUTINE, triaged_by="dr-7")
    happened = ReferralTriaged(referral_id=KNEE, priority=Priority.ROUTINE, triaged_by="dr-7")
    given(opened, sent).when(read).then(happened)


@pytest.mark.parametrize(
    ("told", "otherwise"),
    [
        ([sent, declined], DeclineReferral(referral_id=KNEE, reason=MRI, reroute_owner="coordinator-1")),
        ([sent, cancelled], CancelReferral(referral_id=KNEE, reason="moved away")),
        ([sent, received], ProvideReferralInformation(referral_id=KNEE, documents=("d-9",))),
        ([sent, accepted, outcome, loop_closed], close.model_copy(update={"patient_informed_at": at(20)})),
    ],
)
def test_what_is_said_otherwise_the_second_time_is_not_dropped(
    told: list[Event], otherwise: ReferralCommand
) -> None:
    """It is refused, and correct-event says it."""
    given(opened, *told).when(otherwise).then_refused(NotPossibleNow)


def test_two_open_referrals_for_one_service_are_pointed_out() -> None:
    second = ReferralSent(referral_id=UUID(int=31), order=ReferralOrder(service=MRI))
    assert "duplicate-referral" in blockers(opened, sent, second)
    assert "duplicate-referral" not in blockers(opened, sent, cancelled, second)


@pytest.mark.parametrize(("follow_up", "held"), [(False, ["open-referral"]), (True, [])])
def test_nobody_is_discharged_while_a_loop_is_open_unless_it_is_a_follow_up(
    follow_up: bool, held: list[str]
) -> None:
    asked_for = ReferralSent(referral_id=KNEE, order=ReferralOrder(follow_up=follow_up))
    told = given(opened, admitted, asked_for)
    assert [each.code for each in told.journey.holds(VISIT)] == held


def test_what_is_left_open_at_discharge_is_recorded_with_the_override() -> None:
    leave = DischargePatient(visit_id=VISIT, disposition="home", override_reason="the patient insists")
    (event,) = given(opened, admitted, sent).when(leave).decided()
    assert [each.code for each in event.left_open] == ["open-referral"]  # type: ignore[attr-defined]  # it is a departure


@pytest.mark.parametrize(
    ("told", "step", "owner"),
    [
        ([drafted], "send-referral", None),
        ([sent], "confirm-referral-receipt", None),
        ([sent, asked], "provide-referral-information", None),
        ([sent, accepted], "notify-referral-appointment", "imaging-desk"),
        ([sent, declined], "reroute-referral", "coordinator-1"),
        ([sent, accepted, scheduled], "receive-referral-outcome", "imaging-desk"),
        ([sent, accepted, outcome], "close-referral", "imaging-desk"),
    ],
)
def test_an_open_loop_says_what_comes_next_and_who_does_it(
    told: list[Event], step: str, owner: str | None
) -> None:
    (next_one,) = standing(given(opened, *told).journey).next
    assert (next_one.step, next_one.owner) == (step, owner)


def test_every_status_says_what_comes_next_or_is_an_end() -> None:
    assert set(NEXT) | ENDED == set(ReferralStatus)
