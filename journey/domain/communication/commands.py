"""What may be asked for a communication."""

from uuid import UUID

from pydantic import Field, StrictBool

from journey.domain.communication.events import CallOutcome, ContactChannel, MessagePurpose
from journey.domain.event import Coded, Command


class QueueMessage(Command):
    """Put a message aside to be sent. Its text stays with the system that sends it."""

    communication_id: UUID
    channel: ContactChannel
    purpose: MessagePurpose | None = None
    template: str | None = Field(
        default=None, min_length=1, max_length=100, description="The name of the text, never the text."
    )
    about: UUID | None = Field(default=None, description="The visit, result or referral that it is about.")


class SendMessage(Command):
    """Record that a message went out, queued or not."""

    communication_id: UUID
    channel: ContactChannel
    purpose: MessagePurpose | None = None
    template: str | None = Field(
        default=None, min_length=1, max_length=100, description="The name of the text, never the text."
    )
    about: UUID | None = Field(
        default=None, description="What it is about; for a reminder, the visit that it reminds of."
    )


class RecordMessageDelivery(Command):
    """Record that it came where it was sent."""

    communication_id: UUID


class RecordMessageRead(Command):
    """Record that it was opened."""

    communication_id: UUID


class RecordMessageReply(Command):
    """Record that the patient answered."""

    communication_id: UUID
    answer: Coded | None = None


class RecordMessageFailure(Command):
    """Record that it did not get through."""

    communication_id: UUID
    reason: Coded | None = None


class RecordCall(Command):
    """Record a call to the patient, and how it ended. The same id again corrects it."""

    communication_id: UUID
    outcome: CallOutcome
    purpose: MessagePurpose | None = None
    about: UUID | None = Field(default=None, description="The visit, result or referral that it is about.")


class ChangeContactPreference(Command):
    """Record by which ways the patient may be written to."""

    channels: tuple[ContactChannel, ...] | None = Field(
        default=None, description="The ways that are allowed; all, where it is left out."
    )
    opted_out: StrictBool = Field(default=False, description="By none of them, until this is changed.")


class RelayResult(Command):
    """Record that the patient was told of a result."""

    result_id: UUID
    relayed_by: str | None = Field(default=None, min_length=1)
    communication_id: UUID | None = Field(default=None, description="The message or call that told it.")


CommunicationCommand = (
    QueueMessage
    | SendMessage
    | RecordMessageDelivery
    | RecordMessageRead
    | RecordMessageReply
    | RecordMessageFailure
    | RecordCall
    | ChangeContactPreference
    | RelayResult
)
