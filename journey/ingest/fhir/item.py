"""Item: a resource on its way into the inbox and out of it again, with what becomes of it."""

import json
from dataclasses import dataclass, field, replace
from datetime import datetime
from hashlib import sha256
from typing import Any, Literal, NamedTuple
from uuid import UUID

from pydantic_core import from_json

from journey.domain.event import Actor
from journey.ingest.attempts import Correction, Ended, Hand
from journey.ingest.fhir.naming import Came
from journey.ingest.fhir.resource import Json
from journey.ingest.keys import Key

CHANNEL = "fhir"
UNREAD = "unparseable"
"""What stands for a document that is no JSON: the text, by this name."""

Status = Literal["applied", "duplicate", "parked", "rejected", "dismissed", "not-mapped", "barred"]
IN_THE_INBOX = frozenset({"applied", "parked", "rejected"})


class Outcome(NamedTuple):
    """What became of a resource."""

    status: Status
    code: str | None = None
    reason: str | None = None
    where: str | None = None
    """The element that the reason is about, as FHIRPath."""
    journey_id: UUID | None = None
    thing_id: UUID | None = None
    """What it is there: the visit, the referral …"""
    events: int = 0
    awaits: tuple[Key, ...] = ()
    """Whom it refers to, and nobody knows yet."""

    @property
    def ended(self) -> Ended:
        where = (self.where,) if self.where else ()
        return Ended(self.status, self.code, self.reason, where, bool(self.awaits), self.events)


BARRED = Outcome("barred", "forbidden", "It is about a journey that is not yours to tell.")
"""Neither applied nor kept."""


@dataclass(frozen=True)
class Sender:
    """Who sends a resource, as it stands on every event that it leads to."""

    actor: Actor
    purpose: str = "TREAT"
    team: str | None = None
    """Whose a journey is that is opened."""

    @classmethod
    def of(cls, kept: dict[str, Any]) -> "Sender":
        """As it was kept."""
        return cls(Actor.model_validate(kept["actor"]), kept["purpose"], kept["team"])


FEED = Sender(Actor(id=CHANNEL, kind="system"))
"""Whoever has files read."""


@dataclass
class Item:
    """A resource on its way: kept with what becomes of it."""

    came: Came
    source: str
    """The file or the request, for people to find it by."""
    number: int
    sender: Sender = FEED
    key: bytes = b""
    is_kept: bool = False
    """Whether it is in the inbox already."""
    name: str = ""
    updated: datetime | None = None
    patient_id: UUID | None = None
    """Of a Patient of whom no journey is opened yet."""
    outcome: Outcome | None = field(default=None)
    hand: Hand | None = None
    """What has it tried again, if anything does."""
    original: Came | None = None
    """As it came, where it is corrected."""
    correction: Correction | None = None

    @property
    def first(self) -> Came:
        """As it came."""
        return self.original or self.came

    def corrected(self, correction: Correction) -> "Item":
        """The same with another body. Raises ValueError where the text is no JSON object."""
        came = self.first._replace(body=body_of(correction.text))
        return replace(self, came=came, original=self.first, correction=correction)

    def __post_init__(self) -> None:
        self.key = self.key or content_key(self.came)


def content_key(came: Came) -> bytes:
    """The resource's name among all of them; see this module's docstring."""
    content = json.dumps(came, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return sha256(content.encode("utf-8", "surrogatepass")).digest()


def body_of(text: str) -> Json:
    """Raises ValueError."""
    body = from_json(text, allow_inf_nan=False)
    if not isinstance(body, dict):
        raise ValueError("A resource is an object")  # noqa: TRY004 - what is read, not what is given
    return body


def text_of(raw: bytes) -> str:
    """The resource as people read it; what is no JSON, as it came."""
    body = from_json(raw)["body"]
    unread = body.get(UNREAD)
    return unread if isinstance(unread, str) else json.dumps(body, indent=2, ensure_ascii=False)
