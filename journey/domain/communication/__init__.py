"""Communication: what was said to the patient, whether it got through, and the ways that they allow.

    a message: queued -> sent -> delivered -> read -> replied; queued | sent -> failed -> queued | sent
    a call: attempted, with its outcome
    What is told out of order takes no message back. A call that is answered, or a message that is replied to,
    reaches the patient; a call that is not, and a message that fails, are attempts in vain, and three of them
    ask for another way. Nothing is queued or sent against the patient's wish, and no text is kept here: only
    the name of its template.

FHIR: Communication, CommunicationRequest.

| status | Communication.status |
|---|---|
| queued | preparation |
| sent | in-progress |
| delivered, read, replied | completed |
| failed | not-done |
"""

from journey.domain.communication.commands import (
    ChangeContactPreference,
    CommunicationCommand,
    QueueMessage,
    RecordCall,
    RecordMessageDelivery,
    RecordMessageFailure,
    RecordMessageRead,
    RecordMessageReply,
    RelayResult,
    SendMessage,
)
from journey.domain.communication.decide import OptedOut, decide
from journey.domain.communication.events import (
    CallAttempted,
    CallOutcome,
    CommunicationEvent,
    ContactChannel,
    ContactPreferenceChanged,
    MessageDelivered,
    MessageFailed,
    MessagePurpose,
    MessageQueued,
    MessageRead,
    MessageReplied,
    MessageSent,
    ResultRelayed,
)
from journey.domain.communication.evolve import MessageEvent, evolve
from journey.domain.communication.state import (
    TRANSITIONS,
    Attempt,
    Communications,
    Message,
    MessageStatus,
    Preference,
    Relayed,
)

__all__ = [
    "TRANSITIONS",
    "Attempt",
    "CallAttempted",
    "CallOutcome",
    "ChangeContactPreference",
    "CommunicationCommand",
    "CommunicationEvent",
    "Communications",
    "ContactChannel",
    "ContactPreferenceChanged",
    "Message",
    "MessageDelivered",
    "MessageEvent",
    "MessageFailed",
    "MessagePurpose",
    "MessageQueued",
    "MessageRead",
    "MessageReplied",
    "MessageSent",
    "MessageStatus",
    "OptedOut",
    "Preference",
    "QueueMessage",
    "RecordCall",
    "RecordMessageDelivery",
    "RecordMessageFailure",
    "RecordMessageRead",
    "RecordMessageReply",
    "RelayResult",
    "Relayed",
    "ResultRelayed",
    "SendMessage",
    "decide",
    "evolve",
]
