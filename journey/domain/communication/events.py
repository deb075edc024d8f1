"""What was said to the patient, and how. The words themselves stay with the system that sends them."""

from enum import StrEnum
from uuid import UUID

from journey.domain.event import Coded, Event


class ContactChannel(StrEnum):
    """The ways to a patient (HL7 v3 ParticipationMode has most of them)."""

    SMS = "sms"
    EMAIL = "email"
    LETTER = "letter"
    PHONE = "phone"
    PORTAL = "portal"
    FAX = "fax"


class MessagePurpose(StrEnum):
    """What a message or a call is for."""

    REMINDER = "reminder"
    RESULT = "result"
    APPOINTMENT = "appointment"
    INFORMATION = "information"
    OUTREACH = "outreach"


class CallOutcome(StrEnum):
    """How a call ended. Whoever refuses to talk has been reached."""

    REACHED = "reached"
    NO_ANSWER = "no-answer"
    LEFT_MESSAGE = "left-message"
    WRONG_NUMBER = "wrong-number"
    REFUSED = "refused"


class MessageQueued(Event, stored_as="message.queued"):
    """A message is to be sent: by which way, what for, from which template, about which visit or result."""

    communication_id: UUID
    channel: ContactChannel
    purpose: MessagePurpose | None = None
    template: str | None = None
    about: UUID | None = None


class MessageSent(Event, stored_as="message.sent"):
    """It has gone out. What is not said here is as it was queued."""

    communication_id: UUID
    channel: ContactChannel
    purpose: MessagePurpose | None = None
    template: str | None = None
    about: UUID | None = None


class MessageDelivered(Event, stored_as="message.delivered"):
    """It has come where it was sent."""

    communication_id: UUID


class MessageRead(Event, stored_as="message.read"):
    """It has been opened."""

    communication_id: UUID


class MessageReplied(Event, stored_as="message.replied"):
    """The patient has answered: they are reached."""

    communication_id: UUID
    answer: Coded | None = None


class MessageFailed(Event, stored_as="message.failed"):
    """It did not get through: an attempt to reach the patient that did not succeed."""

    communication_id: UUID
    reason: Coded | None = None


class CallAttempted(Event, stored_as="call.attempted"):
    """Somebody has called the patient, and this is how it ended."""

    communication_id: UUID
    outcome: CallOutcome
    purpose: MessagePurpose | None = None
    about: UUID | None = None


class ContactPreferenceChanged(Event, stored_as="contact.preference_changed"):
    """The patient says by which ways they may be written to; any, where none are named."""

    channels: tuple[ContactChannel, ...] | None = None
    opted_out: bool = False


class ResultRelayed(Event, stored_as="result.relayed"):
    """The patient has been told of a result."""

    result_id: UUID
    relayed_by: str | None = None
    communication_id: UUID | None = None


CommunicationEvent = (
    MessageQueued
    | MessageSent
    | MessageDelivered
    | MessageRead
    | MessageReplied
    | MessageFailed
    | CallAttempted
    | ContactPreferenceChanged
    | ResultRelayed
)
