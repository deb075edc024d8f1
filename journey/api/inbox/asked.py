"""What is asked about messages that were set aside, and what is answered."""

from typing import Annotated
from uuid import UUID

from fastapi import Path
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from journey.ingest.answers import Handled
from journey.ingest.parked import Channel, Counted, SetAside

STRICT = ConfigDict(extra="forbid", hide_input_in_errors=True)
MessageId = Annotated[str, Path(pattern=r"^[0-9a-f]{64}$", description="The message's `id`.")]
Code = Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]{1,100}$")]
Why = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=1000, pattern=r"^[^\x00]*$"),
    Field(description="In words; kept sealed beside the message."),
]


class SetAsideMessages(BaseModel):
    """A page of messages, the newest first."""

    messages: tuple[SetAside, ...]
    next: str | None = Field(description="Where the next page begins; null on the last.")


class MessageCounts(BaseModel):
    """How many messages there are, by how they came, what is true of them and why."""

    counts: tuple[Counted, ...]


class ReplayMessagesWanted(BaseModel):
    """Which parked messages are to be tried again, in the order in which they happened."""

    model_config = STRICT

    channel: Channel | None = Field(default=None, description="Those that came so; left out, all.")
    code: Code | None = Field(default=None, description="Those parked for this reason; left out, all.")
    limit: int = Field(default=100, ge=1, le=500, description="The most that one answer tells of.")
    cursor: Annotated[str, StringConstraints(max_length=250)] | None = Field(
        default=None, description="`next` of the answer before."
    )


class HandledMessages(BaseModel):
    """What came of each."""

    messages: tuple[Handled, ...]
    next: str | None = Field(description="Asked with it as `cursor`, it goes on; null: that was all.")


class CorrectMessageWanted(BaseModel):
    """How a message should read."""

    model_config = STRICT

    text: str = Field(
        min_length=1, description="All of it: HL7 v2 with a segment a line, or one FHIR resource as JSON."
    )
    why: Why


class DismissMessageWanted(BaseModel):
    """Why a message is left as it is."""

    model_config = STRICT

    why: Why


class MessageSeen(BaseModel):
    """What is recorded of whoever reads one."""

    message: str
    code: str | None
    journey_id: UUID | None


class MessagesHandled(BaseModel):
    """What is recorded of whoever sees to some."""

    done: str
    messages: tuple[str, ...]
