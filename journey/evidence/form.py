"""Form: what stands in the files of an evidence pack, as docs/evidence.md tells those who have no Journey."""

from base64 import b64decode, b64encode
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import Annotated, Any, NamedTuple
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, StrictInt, StrictStr

from journey.domain.event import Moment

FORMAT = "journey/evidence/v1"

MANIFEST = "manifest.json"
SIGNATURE = "manifest.note"
README = "README.txt"
CHECKPOINT = "checkpoint.note"
KEYS = "keys.json"
EVENTS = "events.ndjson"
ACCESSES = "accesses.ndjson"
PROOFS = "proofs.json"
TIMELINE = "timeline.html"
LISTED = (README, CHECKPOINT, KEYS, EVENTS, ACCESSES, PROOFS, TIMELINE)
"""The files whose digests stand in the manifest."""

MAY_BE_THERE = {MANIFEST, SIGNATURE, *LISTED}

LARGEST = 1 << 30
"""Bytes of a file, and of all that is packed in it."""

Size = Annotated[StrictInt, Field(ge=0, lt=1 << 63)]
Id = Annotated[StrictStr, Field(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\z")]
Digest = Annotated[StrictStr, Field(pattern=r"^[0-9a-f]{64}\z")]
Text = StrictStr


def _decoded(given: Any) -> Any:
    return b64decode(given, validate=True) if isinstance(given, str) else given


Hash = Annotated[
    bytes,
    BeforeValidator(_decoded),
    Field(min_length=32, max_length=32, strict=True),
    PlainSerializer(lambda given: b64encode(given).decode(), when_used="json"),
]
"""32 bytes in base64: a hash, or a key."""


class Piece(BaseModel):
    """What is read from a file: this, and nothing else."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class How(StrEnum):
    """Where what an event says comes from."""

    PLAIN = "plain"
    """Nothing of it is encrypted."""
    OPENED = "opened"
    """With its key."""
    ERASED = "erased"
    """Its key is destroyed; what is personal cannot be read any more."""


class StoredEvent(Piece):
    """An event as it is stored, and as its leaf is made of it."""

    context: Text
    data: Text
    event_id: Id
    journey_id: Id
    occurred_at: Text
    occurred_precision: Text
    recorded_at: Text
    schema_version: Size
    type: Text
    version: Size


class Read(Piece):
    """What an event says: who did it, why, caused by what; and what happened."""

    context: dict[str, Any]
    data: dict[str, Any]


class Today(Piece):
    """How this program reads what was recorded in an older shape."""

    schema_version: Size
    data: dict[str, Any]


class EventLine(Piece):
    """An event."""

    position: Annotated[StrictInt, Field(ge=1, lt=1 << 63)]
    leaf: Hash
    stored: StoredEvent
    how: How
    key: Hash | None = None
    read: Read
    today: Today | None = None

    @property
    def told(self) -> tuple[UUID, int, str]:
        """As it is accounted for: its journey, its place in the log, its labels by commas."""
        labels = ",".join(self.read.context.get("labels", ()))
        return UUID(self.stored.journey_id), self.position, labels


class AccessLine(Piece):
    """A record of the trail. What it consists of is said by its names alone, the values as they are."""

    position: Annotated[StrictInt, Field(ge=1, lt=1 << 63)]
    leaf: Hash
    stored: dict[str, Any]


class Inclusion(Piece):
    """That the leaves of the lines are in a tree of this size."""

    size: Size
    hashes: tuple[Hash, ...]


class Whole(Piece):
    """That a journey has so many events, and these."""

    journey_id: Id
    events: Size
    beside: Annotated[tuple[Hash, ...], Field(max_length=256)]


class Earlier(Piece):
    """That the trees of an earlier checkpoint are the beginning of those here."""

    note: Text
    events: tuple[Hash, ...]
    accesses: tuple[Hash, ...]


class Proofs(Piece):
    """What leads from the lines to the checkpoint."""

    events: Inclusion
    accesses: Inclusion
    journeys: tuple[Whole, ...]
    earlier: tuple[Earlier, ...]


class KnownKey(Piece):
    """The public half of a key, and the note with which the one before introduced it."""

    number: Size
    verifier: Text
    introduction: Text


class Keys(Piece):
    """The keys that have signed the ledger, in their order."""

    keys: Annotated[tuple[KnownKey, ...], Field(min_length=1)]


class Period(Piece):
    """What was recorded from then on and before then."""

    begins: Moment | None
    ends: Moment | None

    def holds(self, at: datetime) -> bool:
        return (self.begins is None or self.begins <= at) and (self.ends is None or at < self.ends)


class OfJourney(Piece):
    """A journey that is in the file."""

    journey_id: UUID
    patient_id: UUID
    events: Size


class Manifest(Piece):
    """What was asked for, by whom and what for, and what is in the file."""

    format: Text
    program: Text
    reference: UUID
    made_at: Moment
    made_by: Text
    recipient: Text
    purpose: Text
    basis: Text
    patients: tuple[UUID, ...]
    records: tuple[UUID, ...]
    period: Period
    zone: Text
    notice: Text | None
    journeys: tuple[OfJourney, ...]
    events: Size
    accesses: Size
    files: dict[str, Digest]


class Pack(NamedTuple):
    """What is in the file."""

    manifest: Manifest
    checkpoint: str
    keys: Keys
    events: tuple[EventLine, ...]
    accesses: tuple[AccessLine, ...]
    proofs: Proofs


def statement(manifest: bytes) -> str:
    """What is signed of a manifest."""
    return f"{FORMAT}\n{sha256(manifest).hexdigest()}\n"
