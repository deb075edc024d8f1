"""Communication: a message to the patient, or a call. The words stay with the system that sent them."""

from collections.abc import Iterator
from typing import cast
from uuid import UUID

from journey.domain.communication import MessageDelivered, MessageRead, MessageReplied, MessageSent
from journey.domain.communication.events import CallAttempted, CallOutcome, ContactChannel, MessagePurpose
from journey.domain.communication.state import Message, MessageStatus
from journey.domain.event import Event, Recorded
from journey.fhir.chart import Chart
from journey.fhir.data import Json, concept, filled, happened, identifier, instant, known, reference
from journey.fhir.kind import By, Include, Kind

S = MessageStatus
STATUS = {
    S.QUEUED: "preparation",
    S.SENT: "in-progress",
    S.FAILED: "stopped",
    S.DELIVERED: "completed",
    S.READ: "completed",
    S.REPLIED: "completed",
}
"""The message's status in the value set event-status. One that failed before it went out was not done."""

C = CallOutcome
REASONS = "http://terminology.hl7.org/CodeSystem/communication-not-done-reason"
CALLED: dict[CallOutcome, tuple[str, Json | None]] = {
    C.REACHED: ("completed", None),
    C.LEFT_MESSAGE: ("completed", None),
    C.NO_ANSWER: ("not-done", known(REASONS, "recipient-unavailable", "Recipient Unavailable")),
    C.WRONG_NUMBER: ("not-done", known(REASONS, "invalid-phone-number", "Invalid Phone Number")),
    C.REFUSED: ("not-done", known(REASONS, "patient-objection", "Patient Objection")),
}
"""How a call ended, and why nothing was said in it."""

MODES = "http://terminology.hl7.org/CodeSystem/v3-ParticipationMode"
MEDIUM = {
    ContactChannel.SMS: known(MODES, "SMSWRIT", "SMS message"),
    ContactChannel.EMAIL: known(MODES, "EMAILWRIT", "email"),
    ContactChannel.LETTER: known(MODES, "MAILWRIT", "mail"),
    ContactChannel.PHONE: known(MODES, "PHONE", "telephone"),
    ContactChannel.PORTAL: known(MODES, "ONLINEWRIT", "online written"),
    ContactChannel.FAX: known(MODES, "FAXWRIT", "telefax"),
}
CATEGORIES = "http://terminology.hl7.org/CodeSystem/communication-category"
CATEGORY = dict.fromkeys(MessagePurpose, "notification") | {MessagePurpose.REMINDER: "reminder"}


def communications(chart: Chart) -> Iterator[Json]:
    """One for each message and each call."""
    told = chart.journey.communications
    for message in told:
        yield _message(chart, message)
    for key, call in told.calls.items():
        if told.get(key) is None:
            yield _call(chart, call)


def _message(chart: Chart, message: Message) -> Json:
    events = chart.told(message.communication_id, "communications")
    failed = message.status is S.FAILED
    never_sent = failed and message.sent is None
    return _communication(
        chart,
        message.communication_id,
        {
            "status": "not-done" if never_sent else STATUS[message.status],
            "statusReason": concept(message.told) if failed else None,
            "medium": [MEDIUM[message.channel]] if message.channel else None,
            "topic": concept(message.template),
            **_concerning(message.purpose, message.about),
            "sent": _first(events, MessageSent),
            "received": _first(events, MessageDelivered, MessageRead, MessageReplied),
            "note": [_reply(chart, each) for each in events if type(each.event) is MessageReplied],
        },
    )


def _call(chart: Chart, call: CallAttempted) -> Json:
    status, why_not = CALLED[call.outcome]
    events = chart.told(call.communication_id, "communications")
    return _communication(
        chart,
        call.communication_id,
        {
            "status": status,
            "statusReason": why_not,
            "medium": [MEDIUM[ContactChannel.PHONE]],
            **_concerning(call.purpose, call.about),
            "sent": _first(events[-1:], CallAttempted),
        },
    )


def _communication(chart: Chart, id_: UUID, body: Json) -> Json:
    patient = reference("Patient", chart.patient_id)
    common = {"id": str(id_), "identifier": [identifier(id_)], "subject": patient, "recipient": [patient]}
    return filled(common | body)


def _concerning(purpose: MessagePurpose | None, about: UUID | None) -> Json:
    """What it is for, and the visit or the result that it is about."""
    category = purpose and known(CATEGORIES, CATEGORY[purpose]) | {"text": purpose.value}
    return {
        "category": [category] if category else None,
        "about": [{"identifier": identifier(about)}] if about else None,
    }


def _first(events: tuple[Recorded, ...], *kinds: type[Event]) -> str | None:
    """When the first of these happened."""
    return next((happened(each) for each in events if type(each.event) in kinds), None)


def _reply(chart: Chart, replied: Recorded) -> Json:
    """What the patient answered, where that is known."""
    answer = cast(MessageReplied, replied.event).answer
    return filled(
        {
            "authorReference": reference("Patient", chart.patient_id),
            "time": happened(replied) or instant(replied.recorded_at),
            "text": (answer.display or answer.code) if answer else "The patient has answered.",
        }
    )


COMMUNICATION = Kind(
    type="Communication",
    about="A message to the patient or a call: by which way, what for, and how far it got.",
    made=communications,
    rooms=frozenset({"communications"}),
    also=frozenset({"merges"}),
    parameters={
        "patient": By.PATIENT,
        "subject": By.PATIENT,
        "recipient": By.PATIENT,
        "status": By.STATUS,
        "sent": By.DATE,
        "identifier": By.IDENTIFIER,
    },
    dated="sent",
    includes={
        "patient": Include("subject", ("Patient",)),
        "subject": Include("subject", ("Patient",)),
        "recipient": Include("recipient", ("Patient",)),
    },
)
