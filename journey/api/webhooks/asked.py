"""What is asked about webhooks, and what is answered."""

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from journey.api.times import Time
from journey.audit.disclosures import Basis, basis_of
from journey.feed.envelope import Payload
from journey.feed.filter import EVERYTHING, Filter
from journey.feed.place import LONGEST_CURSOR
from journey.webhooks.addresses import LONGEST
from journey.webhooks.history import Delivery
from journey.webhooks.registry import Wanted, Webhook

Line = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")
]
Name = Annotated[Line, StringConstraints(min_length=1)]
Cursor = Annotated[str, StringConstraints(max_length=LONGEST_CURSOR)]
Numbers = Annotated[tuple[Annotated[int, Field(ge=1, lt=1 << 63)], ...], Field(min_length=1, max_length=1000)]
STRICT = ConfigDict(extra="forbid", hide_input_in_errors=True)


class WebhookChanged(BaseModel):
    """A subscription, all of it: what is left out is as it is when it is left out at first."""

    model_config = STRICT

    endpoint: str = Field(
        max_length=LONGEST, description="Where events are posted: https://example.org/hooks."
    )
    filter: Filter = Field(default=EVERYTHING, description="What is wanted, as of `/v1/events`.")
    payload: Payload = Field(
        default=Payload.THIN, description="`thin`: codes, ids and times; `full`: all of it, up to 20 kB."
    )
    recipient: Name = Field(description="Who is told; stands in the accounting of disclosures.")
    recipient_address: Line | None = Field(default=None, description="Their postal address, likewise.")
    purpose: str = Field(
        default="TREAT",
        pattern=r"^[A-Z][A-Z0-9]{0,19}$",
        description="What for (HL7 v3 ActReason); decides, with the key, what is withheld.",
    )
    basis: Basis | None = Field(
        default=None, description="What allows the disclosure; left out, what the purpose falls under."
    )
    description: Line = ""

    def wanted(self) -> Wanted:
        return Wanted(
            self.endpoint,
            self.description,
            self.filter,
            self.payload,
            self.recipient,
            self.recipient_address,
            self.purpose,
            self.basis or basis_of(self.purpose),
        )


class WebhookWanted(WebhookChanged):
    """A subscription to be made."""

    after: Cursor | None = Field(
        default=None,
        description="A cursor of the log to begin behind; empty, the beginning; left out, from now on.",
    )


class Secret(BaseModel):
    """A subscription, with a secret that is shown this once."""

    webhook: Webhook
    secret: str = Field(description="Messages are signed with it: `whsec_…` (Standard Webhooks).")


class Webhooks(BaseModel):
    """Every subscription of your key."""

    webhooks: tuple[Webhook, ...]


class Tested(BaseModel):
    """What the endpoint said to a test event."""

    webhook_id: UUID = Field(description="The `webhook-id` that it was sent under.")
    taken: bool = Field(description="Whether a real one would count as delivered: any 2xx.")
    status: int | None
    error: str | None
    milliseconds: int


class Deliveries(BaseModel):
    """Deliveries, the newest first."""

    deliveries: tuple[Delivery, ...]
    next: str | None = Field(description="`cursor` of the next page; null: this is the last.")


class RewindWanted(BaseModel):
    """Where to: one of these."""

    model_config = STRICT

    position: int | None = Field(
        default=None, ge=0, lt=1 << 63, description="Send again what stands behind it."
    )
    time: Time | None = Field(default=None, description="… what was recorded since.")
    after: Cursor | None = Field(default=None, description="… what stands behind this cursor of the log.")

    @model_validator(mode="after")
    def _one(self) -> Self:
        if sum(each is not None for each in (self.position, self.time, self.after)) != 1:
            raise ValueError("position: Give one of position, time and after")
        return self

    @property
    def since(self) -> datetime | None:
        return self.time


class ReplayWanted(BaseModel):
    """Which dead letters; left out, all of them."""

    model_config = STRICT

    numbers: Numbers | None = None


class SkipWanted(BaseModel):
    """Which dead letters are given up."""

    model_config = STRICT

    numbers: Numbers


class Decided(BaseModel):
    """What was done: the numbers among those named that are dead letters."""

    numbers: tuple[int, ...]


class RotateWanted(BaseModel):
    """For how long the former secret signs, too."""

    model_config = STRICT

    hours: float = Field(default=24, ge=0, le=720, allow_inf_nan=False)
