"""Communication: what was said to the patient, whether it got through, and the ways that they allow."""

from uuid import UUID

import pytest
from pydantic import ValidationError

from journey.domain.communication import (
    CallAttempted,
    CallOutcome,
    ChangeContactPreference,
    ContactChannel,
    ContactPreferenceChanged,
    Message,
    MessageDelivered,
    MessageFailed,
    MessagePurpose,
    MessageQueued,
    MessageRead,
    MessageReplied,
    MessageSent,
    MessageStatus,
    OptedOut,
    QueueMessage,
    RecordCall,
    RecordMessageDelivery,
    RecordMessageFailure,
    RecordMessageRead,
    RecordMessageReply,
    RelayResult,
    ResultRelayed,
    SendMessage,
)
from journey.domain.correction import VoidEvent
from journey.domain.dependants import OthersDependOnIt
from journey.domain.episode import CloseJourney
from journey.domain.event import Coded, Command, Event, Precision
from journey.domain.room import NotPossibleNow, UnknownSubject
from journey.domain.standing import standing
from tests.domain.cases import Case
from tests.domain.told import VISIT, closed, opened
from tests.spec import Given, at, given

MESSAGE, OTHER, RESULT = UUID(int=50), UUID(int=51), UUID(int=52)
SMS, LETTER, EMAIL = ContactChannel.SMS, ContactChannel.LETTER, ContactChannel.EMAIL
REMINDER = MessagePurpose.REMINDER
YES = Coded(system="local", code="confirmed")
NO_NUMBER = Coded(system="local", code="no-such-number")

queued = MessageQueued(communication_id=MESSAGE, channel=SMS, purpose=REMINDER, template="r1", about=VISIT)
sent = MessageSent(communication_id=MESSAGE, channel=SMS)
delivered = MessageDelivered(communication_id=MESSAGE)
read = MessageRead(communication_id=MESSAGE)
replied = MessageReplied(communication_id=MESSAGE, answer=YES)
failed = MessageFailed(communication_id=MESSAGE, reason=NO_NUMBER)
opted_out = ContactPreferenceChanged(opted_out=True)
letters_only = ContactPreferenceChanged(channels=(LETTER,))
anything_goes = ContactPreferenceChanged()
relayed = ResultRelayed(result_id=RESULT, relayed_by="nurse-1")

queue = QueueMessage(communication_id=MESSAGE, channel=SMS, purpose=REMINDER, template="r1", about=VISIT)
send = SendMessage(communication_id=MESSAGE, channel=SMS)
deliver = RecordMessageDelivery(communication_id=MESSAGE)
see = RecordMessageRead(communication_id=MESSAGE)
reply = RecordMessageReply(communication_id=MESSAGE, answer=YES)
fail = RecordMessageFailure(communication_id=MESSAGE, reason=NO_NUMBER)
call = RecordCall(communication_id=OTHER, outcome=CallOutcome.NO_ANSWER)


def call_ended(outcome: CallOutcome, number: int = 51) -> CallAttempted:
    return CallAttempted(communication_id=UUID(int=number), outcome=outcome)


no_answer = call_ended(CallOutcome.NO_ANSWER)

CASES = [
    Case(queue, given(opened), [queued], given(opened, opted_out), OptedOut),
    Case(send, given(opened, queued), [sent], given(opened, letters_only), OptedOut),
    Case(deliver, given(opened, sent), [delivered], given(opened), UnknownSubject),
    Case(see, given(opened, sent, delivered), [read], given(opened, queued), NotPossibleNow),
    Case(reply, given(opened, sent), [replied], given(opened, sent, failed), NotPossibleNow),
    Case(fail, given(opened, sent), [failed], given(opened, sent, delivered), NotPossibleNow),
    Case(call, given(opened), [no_answer]),
    Case(ChangeContactPreference(channels=(LETTER,)), given(opened), [letters_only]),
    Case(
        RelayResult(result_id=RESULT, relayed_by="nurse-1", occurred_at=at(12)),
        given(opened),
        [relayed],
    ),
]


def message(told: Given) -> Message:
    return told.journey.communications.by_id[MESSAGE]


def in_vain(told: Given) -> int:
    return len(told.journey.communications.in_vain())


def unable_to_reach(told: Given) -> list[str]:
    found = standing(told.journey).blocked_by
    return [blocker.what for blocker in found if blocker.code == "unable-to-reach"]


def awaited(told: Given) -> list[str]:
    return [step.step for step in standing(told.journey).next]


def milestones(told: Given) -> list[tuple[str, int, UUID | None]]:
    reached = told.journey.communications.reached()
    return [(each.milestone, each.at.hour, each.subject_id) for each in reached]


# --- A message goes its way


@pytest.mark.parametrize(
    ("told", "status"),
    [
        ([queued], MessageStatus.QUEUED),
        ([queued, sent], MessageStatus.SENT),
        ([sent, delivered], MessageStatus.DELIVERED),
        ([sent, read], MessageStatus.READ),
        ([sent, delivered, read, replied], MessageStatus.REPLIED),
        ([queued, failed], MessageStatus.FAILED),
        ([queued, sent, failed, queued], MessageStatus.QUEUED),
        ([sent, failed, sent], MessageStatus.SENT),
    ],
)
def test_events_lead_to(told: list[Event], status: MessageStatus) -> None:
    assert message(given(opened, *told)).status is status


def test_what_was_queued_need_not_be_said_again() -> None:
    now = message(given(opened, queued).when(send).then(sent))
    assert (now.channel, now.purpose, now.template, now.about) == (SMS, REMINDER, "r1", VISIT)


def test_a_message_that_failed_goes_another_way() -> None:
    letter = SendMessage(communication_id=MESSAGE, channel=LETTER)
    told = given(opened, queued, sent, failed).when(letter)
    now = message(told.then(MessageSent(communication_id=MESSAGE, channel=LETTER)))
    assert (now.status, now.channel, now.purpose) == (MessageStatus.SENT, LETTER, REMINDER)


def test_what_is_sent_is_not_queued_again() -> None:
    given(opened, queued, sent).when(QueueMessage(communication_id=MESSAGE, channel=LETTER)).then_refused(
        NotPossibleNow
    )


def test_a_patient_may_answer_twice() -> None:
    no = RecordMessageReply(communication_id=MESSAGE, answer=Coded(system="local", code="cancelled"))
    told = given(opened, sent, replied).when(no).done()
    answer = message(told).told
    assert answer is not None
    assert answer.code == "cancelled"


def test_the_same_failure_after_another_try_is_another_one() -> None:
    given(opened, sent, failed, sent).when(fail).then(failed)


def test_a_queued_message_waits_to_be_sent() -> None:
    assert awaited(given(opened, queued)) == ["send-message"]
    assert awaited(given(opened, queued, sent)) == []


def test_a_failed_message_waits_until_the_patient_is_reached() -> None:
    told = given(opened, sent, failed)
    assert awaited(told) == ["send-message"]
    assert awaited(told.recording([call_ended(CallOutcome.REACHED)], told.next_moment)) == []


def test_nothing_of_it_keeps_a_journey_open_or_rests_when_it_is_over() -> None:
    over = given(opened, queued, sent).when(CloseJourney()).then(closed)
    over.when(deliver).then(delivered)
    over.when(RelayResult(result_id=RESULT, relayed_by="nurse-1", occurred_at=over.next_moment)).then(relayed)


# --- Told late, out of order, or wrongly


@pytest.mark.parametrize("late", [send, deliver, see, fail])
def test_what_comes_out_of_order_takes_no_message_back(late: Command) -> None:
    told = given(opened, sent, delivered, read, replied).when(late.model_copy(update={"reported": True}))
    assert message(told.done()).status is MessageStatus.REPLIED
    assert in_vain(told.done()) == 0


def test_a_read_message_was_delivered() -> None:
    given(opened, sent, read).when(deliver).then_nothing()


def test_a_message_that_failed_was_delivered_after_all() -> None:
    told = given(opened, sent, failed).when(deliver.model_copy(update={"reported": True})).then(delivered)
    assert message(told).status is MessageStatus.DELIVERED


def test_a_message_first_heard_of_in_the_middle_is_there() -> None:
    told = given(opened).when(see.model_copy(update={"reported": True})).then(read)
    assert (message(told).status, message(told).channel) == (MessageStatus.READ, None)


def test_what_it_was_about_may_come_late() -> None:
    told = given((opened, at(8)), (read, at(12))).when(queue.model_copy(update={"reported": True}), at=at(13))
    now = message(told.then(queued))
    assert (now.status, now.about) == (MessageStatus.READ, VISIT)


def test_a_delivery_told_late_stands_before_the_reply() -> None:
    told = given((opened, at(8)), (sent, at(9)), (replied, at(12)))
    late = told.when(deliver, at=at(10)).then(delivered)
    assert message(late).status is MessageStatus.REPLIED


def test_a_message_sent_some_time_that_day_is_one_of_that_day() -> None:
    told = given((opened, at(8)), (queued, at(14)))
    day = send.model_copy(update={"occurred_at": at(0), "occurred_precision": Precision.DAY})
    told.when(day).then(sent)


def test_a_sending_that_is_voided_leaves_it_queued() -> None:
    told = given(opened, queued, sent)
    voided = told.when(VoidEvent(event_id=told.id_of(sent), reason="another patient")).done()
    assert awaited(voided) == ["send-message"]
    assert milestones(voided) == []


def test_what_was_delivered_had_been_sent() -> None:
    told = given(opened, queued, sent, delivered)
    void = VoidEvent(event_id=told.id_of(sent), reason="another patient")
    told.when(void).then_refused(OthersDependOnIt, blockers=["depends-on-it"])


def test_what_was_said_otherwise_stays_when_a_message_comes() -> None:
    told = given(opened, no_answer, opted_out, relayed, delivered).journey.communications
    assert (len(told.in_vain()), told.preference.opted_out, set(told.relayed)) == (1, True, {RESULT})


# --- What the patient allows


def test_whoever_opted_out_is_not_written_to() -> None:
    out = given(opened, opted_out)
    for channel in ContactChannel:
        out.when(SendMessage(communication_id=MESSAGE, channel=channel)).then_refused(OptedOut)


def test_only_the_ways_that_are_allowed_are_taken() -> None:
    told = given(opened, letters_only)
    told.when(SendMessage(communication_id=MESSAGE, channel=EMAIL)).then_refused(OptedOut)
    told.when(SendMessage(communication_id=MESSAGE, channel=LETTER)).done()


def test_to_allow_no_way_is_to_opt_out() -> None:
    told = given(opened, ContactPreferenceChanged(channels=()))
    told.when(SendMessage(communication_id=MESSAGE, channel=LETTER)).then_refused(OptedOut)


def test_whoever_says_otherwise_is_written_to_again() -> None:
    told = given(opened, opted_out).when(ChangeContactPreference()).then(anything_goes)
    told.when(send).then(sent)


def test_what_was_queued_before_is_not_sent_after_the_patient_opted_out() -> None:
    told = given(opened, queued, opted_out)
    told.when(send).then_refused(OptedOut)
    told.when(fail).then(failed)


def test_a_wish_told_late_is_judged_by_its_own_time() -> None:
    told = given((opened, at(8)), (opted_out, at(12)))
    told.when(send, at=at(10)).then(sent)
    told.when(send, at=at(13)).then_refused(OptedOut)


def test_a_message_that_went_out_all_the_same_is_told() -> None:
    given(opened, opted_out).when(send.model_copy(update={"reported": True})).then(sent)


def test_what_was_sent_before_is_delivered_and_read_after_the_patient_opted_out() -> None:
    given(opened, sent, opted_out).when(deliver).then(delivered).when(see).then(read)


def test_the_order_in_which_ways_are_named_means_nothing() -> None:
    told = given(opened, ContactPreferenceChanged(channels=(LETTER, SMS)))
    told.when(ChangeContactPreference(channels=(SMS, LETTER))).then_nothing()


def test_a_wish_that_was_taken_back_stays_so_though_it_is_told_later() -> None:
    back = ChangeContactPreference(reported=True)
    told = given((opened, at(8))).when(back, at=at(12)).then(anything_goes)
    told = told.when(ChangeContactPreference(opted_out=True, reported=True), at=at(10)).then(opted_out)
    told.when(send, at=at(13)).then(sent)
    told.when(send, at=at(11)).then_refused(OptedOut)


def test_a_wish_that_is_voided_was_never_one() -> None:
    told = given(opened, opted_out)
    told.when(VoidEvent(event_id=told.id_of(opted_out), reason="another patient")).done().when(send).then(
        sent
    )


# --- Attempts to reach the patient


def test_three_attempts_in_vain_ask_for_another_way() -> None:
    calls = [call_ended(outcome, 60 + number) for number, outcome in enumerate(list(CallOutcome)[1:4])]
    assert unable_to_reach(given(opened, *calls[:2])) == []
    told = given(opened, *calls)
    assert in_vain(told) == 3
    assert unable_to_reach(told) == ["3 attempts since the patient was last reached: find another way"]


def test_a_message_that_fails_is_an_attempt() -> None:
    told = given(opened, no_answer, call_ended(CallOutcome.WRONG_NUMBER, 60), sent, failed)
    assert len(unable_to_reach(told)) == 1


@pytest.mark.parametrize(
    "contact",
    [[call_ended(CallOutcome.REACHED, 70)], [call_ended(CallOutcome.REFUSED, 70)], [sent, replied]],
)
def test_whoever_is_reached_is_tried_anew(contact: list[Event]) -> None:
    tries = [call_ended(CallOutcome.NO_ANSWER, 60 + number) for number in range(3)]
    told = given(opened, *tries, *contact)
    assert (in_vain(told), unable_to_reach(told)) == (0, [])
    assert in_vain(given(opened, *tries, *contact, no_answer)) == 1


@pytest.mark.parametrize("event", [sent, delivered, read])
def test_a_message_without_an_answer_reaches_nobody_and_is_no_attempt_in_vain(event: Event) -> None:
    assert in_vain(given(opened, no_answer, event)) == 1


def test_a_call_told_again_counts_once() -> None:
    told = given(opened, no_answer)
    told.when(call).then_nothing()
    assert in_vain(told.recording([no_answer], told.next_moment)) == 1


def test_a_call_whose_outcome_is_corrected_counts_as_corrected() -> None:
    told = given(opened, no_answer)
    corrected = told.when(RecordCall(communication_id=OTHER, outcome=CallOutcome.REACHED))
    assert in_vain(corrected.then(call_ended(CallOutcome.REACHED))) == 0


def test_a_contact_told_late_ends_only_the_attempts_before_it() -> None:
    tries = [(call_ended(CallOutcome.NO_ANSWER, 60 + number), at(9 + number)) for number in range(4)]
    told = given((opened, at(8)), *tries)
    reached = RecordCall(communication_id=OTHER, outcome=CallOutcome.REACHED)
    late = told.when(reached, at=at(10, 30)).then(call_ended(CallOutcome.REACHED))
    assert (in_vain(told), in_vain(late)) == (4, 2)
    assert milestones(late) == [("patient-reached", 10, None)]


def test_a_contact_of_some_time_that_day_ends_the_attempts_of_the_day() -> None:
    told = given((opened, at(8)), (no_answer, at(9)))
    reached = RecordCall(
        communication_id=MESSAGE,
        outcome=CallOutcome.REACHED,
        occurred_at=at(0),
        occurred_precision=Precision.DAY,
    )
    assert in_vain(told.when(reached).done()) == 0


def test_a_contact_that_is_voided_ends_nothing() -> None:
    reached = call_ended(CallOutcome.REACHED, 70)
    told = given(opened, *(call_ended(CallOutcome.NO_ANSWER, 60 + number) for number in range(3)), reached)
    voided = told.when(VoidEvent(event_id=told.id_of(reached), reason="another patient")).done()
    assert len(unable_to_reach(voided)) == 1


# --- Reminders and results


def test_a_reminder_that_was_sent_is_of_its_visit() -> None:
    told = given((opened, at(8)), (queued, at(9)))
    assert milestones(told) == []
    assert milestones(told.recording([sent], at(10))) == [("reminder-sent", 10, VISIT)]


def test_a_reminder_that_failed_reminded_nobody() -> None:
    assert milestones(given(opened, queued, sent, failed)) == []


def test_a_reminder_that_is_sent_again_after_it_failed_reminds_then() -> None:
    told = given((opened, at(8)), (queued, at(9)), (sent, at(10)), (failed, at(11)), (sent, at(12)))
    assert milestones(told) == [("reminder-sent", 12, VISIT)]


def test_a_letter_about_the_visit_is_no_reminder() -> None:
    letter = MessageSent(
        communication_id=MESSAGE, channel=LETTER, purpose=MessagePurpose.APPOINTMENT, about=VISIT
    )
    assert milestones(given(opened, letter)) == []


def test_a_result_that_changed_is_told_again() -> None:
    told = given((opened, at(8)), (relayed, at(9)))
    tell = RelayResult(result_id=RESULT, relayed_by="nurse-1")
    told.when(tell, at=at(9)).then_nothing()
    again = told.when(tell, at=at(11)).then(relayed)
    again.when(tell, at=at(9)).then_nothing()
    assert milestones(again) == [("result-relayed", 11, RESULT)]


# --- What is kept


@pytest.mark.parametrize("kept", [{"template": ""}, {"template": "x" * 101}, {"text": "Dear Mr …"}])
def test_the_name_of_a_text_is_kept_and_never_the_text(kept: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        SendMessage.model_validate({"communication_id": MESSAGE, "channel": SMS, **kept})


def test_a_refusal_says_nothing_of_the_patient() -> None:
    with pytest.raises(OptedOut, match=r"^The patient does not want to be written to by sms; take a way"):
        given(opened, opted_out).when(send).decided()
