"""Communication: a message to the patient, or a call."""

from uuid import UUID

import pytest

from journey.domain.communication import (
    CallAttempted,
    MessageDelivered,
    MessageFailed,
    MessageQueued,
    MessageRead,
    MessageReplied,
    MessageSent,
)
from journey.domain.communication.events import CallOutcome, ContactChannel, MessagePurpose
from journey.domain.communication.state import MessageStatus
from journey.domain.event import Coded, Event
from tests.domain.told import VISIT, opened
from tests.fhir.telling import one, statuses, texts
from tests.spec import PATIENT, at, given

ID = UUID(int=60)
ABOUT = {"purpose": MessagePurpose.REMINDER, "about": VISIT}
queued = MessageQueued(communication_id=ID, channel=ContactChannel.SMS, template="day-before", **ABOUT)
sent = MessageSent(communication_id=ID, channel=ContactChannel.SMS)
delivered = MessageDelivered(communication_id=ID)
replied = MessageReplied(communication_id=ID, answer=Coded(system="x", code="Y", display="Will come"))
failed = MessageFailed(communication_id=ID, reason=Coded(system="x", code="bounced"))
S = MessageStatus
LEADING_TO: dict[MessageStatus, tuple[tuple[Event, ...], str]] = {
    S.QUEUED: ((queued,), "preparation"),
    S.SENT: ((queued, sent), "in-progress"),
    S.FAILED: ((queued, sent, failed), "stopped"),
    S.DELIVERED: ((queued, sent, delivered), "completed"),
    S.READ: ((queued, sent, MessageRead(communication_id=ID)), "completed"),
    S.REPLIED: ((queued, sent, replied), "completed"),
}
CALLS = {
    CallOutcome.REACHED: ("completed", []),
    CallOutcome.LEFT_MESSAGE: ("completed", []),
    CallOutcome.NO_ANSWER: ("not-done", ["recipient-unavailable"]),
    CallOutcome.WRONG_NUMBER: ("not-done", ["invalid-phone-number"]),
    CallOutcome.REFUSED: ("not-done", ["patient-objection"]),
}
MODES = {
    ContactChannel.SMS: "SMSWRIT",
    ContactChannel.EMAIL: "EMAILWRIT",
    ContactChannel.LETTER: "MAILWRIT",
    ContactChannel.PHONE: "PHONE",
    ContactChannel.PORTAL: "ONLINEWRIT",
    ContactChannel.FAX: "FAXWRIT",
}


@pytest.mark.parametrize("status", MessageStatus)
def test_every_status_of_a_message_is_told(status: MessageStatus) -> None:
    events, expected = LEADING_TO[status]
    told = given(opened, *events)
    assert told.journey.communications.by_id[ID].status is status
    assert one("Communication", told)["status"] == expected


@pytest.mark.parametrize("outcome", CallOutcome)
def test_every_outcome_of_a_call_is_told(outcome: CallOutcome) -> None:
    body = one("Communication", given(opened, CallAttempted(communication_id=ID, outcome=outcome)))
    status, why = CALLS[outcome]
    assert body["status"] == status
    assert texts(body, "statusReason", "coding", "code") == why
    assert texts(body, "medium", "coding", "code") == ["PHONE"]


@pytest.mark.parametrize("channel", ContactChannel)
def test_every_way_is_a_medium(channel: ContactChannel) -> None:
    body = one("Communication", given(opened, MessageQueued(communication_id=ID, channel=channel)))
    assert texts(body, "medium", "coding", "code") == [MODES[channel]]


@pytest.mark.parametrize("purpose", MessagePurpose)
def test_every_purpose_is_a_category(purpose: MessagePurpose) -> None:
    queue = MessageQueued(communication_id=ID, channel=ContactChannel.SMS, purpose=purpose)
    body = one("Communication", given(opened, queue))
    expected = "reminder" if purpose is MessagePurpose.REMINDER else "notification"
    assert texts(body, "category", "coding", "code") == [expected]
    assert texts(body, "category", "text") == [purpose]


def test_a_message_says_to_whom_about_what_and_when_it_went_and_came() -> None:
    body = one("Communication", given(opened, queued, (sent, at(9)), (delivered, at(10)), (replied, at(11))))
    assert texts(body, "recipient", "reference") == [f"Patient/{PATIENT}"]
    assert texts(body, "about", "identifier", "value") == [f"urn:uuid:{VISIT}"]
    assert body["topic"] == {"text": "day-before"}
    assert body["sent"] == "2026-03-02T09:00:00.000000Z"
    assert body["received"] == "2026-03-02T10:00:00.000000Z"
    assert texts(body, "note", "text") == ["Will come"]


def test_what_failed_before_it_went_out_was_not_done() -> None:
    body = one("Communication", given(opened, queued, failed))
    assert body["status"] == "not-done"
    assert texts(body, "statusReason", "coding", "code") == ["bounced"]


def test_a_message_and_a_call_under_one_id_are_one_communication() -> None:
    call = CallAttempted(communication_id=ID, outcome=CallOutcome.REACHED)
    assert one("Communication", given(opened, call, queued))["status"] == "preparation"


def test_each_version_reads_as_it_was() -> None:
    told = given(opened, queued, sent, delivered)
    assert statuses("Communication", ID, told) == ["preparation", "in-progress", "completed"]
