"""Answers about the ledger: checkpoints and proofs as they are handed out.

As in `proving`, what has to be read is yielded and its rows are sent in.
"""

from base64 import b64decode, b64encode
from collections.abc import Generator
from datetime import datetime
from typing import Annotated, Literal, LiteralString, NamedTuple
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, Field, PlainSerializer

from journey.ledger.checkpoint import Head, Statement
from journey.ledger.merkle import Unproven
from journey.ledger.proving import Asked, Rows, complete, grown, included

TRIES = 5
"""How often a proof is made anew because a checkpoint came in between."""

LAST: LiteralString = "SELECT number, note FROM ledger_checkpoint ORDER BY number DESC LIMIT 1"
OF_SIZE: dict[str, LiteralString] = {
    "event": "SELECT number, note FROM ledger_checkpoint WHERE size = %s ORDER BY number DESC LIMIT 1",
    "access": "SELECT number, note FROM ledger_checkpoint WHERE access_size=%s ORDER BY number DESC LIMIT 1",
}
KEYS: LiteralString = "SELECT verifier, introduction FROM ledger_key ORDER BY number"
EVENT: LiteralString = """
    SELECT position, journey_id FROM event LEFT JOIN log USING (journey_id, version) WHERE event_id = %s
    """
POSITION: LiteralString = "SELECT position, journey_id FROM log WHERE position = %s"
ACCESS: LiteralString = """
    SELECT position, NULL FROM access_event LEFT JOIN access_log USING (access_id) WHERE access_id = %s
    """

Base64 = Annotated[
    bytes,
    BeforeValidator(lambda given: b64decode(given) if isinstance(given, str) else given),
    PlainSerializer(lambda hash_: b64encode(hash_).decode(), return_type=str),
]
Tree = Literal["event", "access"]


class NoSuchLeaf(Exception):
    """Nothing of this id or position is in the ledger."""

    def __init__(self) -> None:
        super().__init__(NoSuchLeaf.__doc__)


class NoSuchCheckpoint(Exception):
    """No checkpoint was made at this size."""

    def __init__(self) -> None:
        super().__init__(NoSuchCheckpoint.__doc__)


class NotYet(Exception):
    """No checkpoint covers it yet: one is made each second in which something was recorded."""

    def __init__(self) -> None:
        super().__init__(NotYet.__doc__)


class TreeHead(BaseModel):
    """How large a tree is, and its root."""

    size: int
    root: Base64


class CheckpointEpoch(BaseModel):
    """A stretch of the store's history; a restore, a copy or a promotion begins another."""

    number: int
    id: UUID


class LedgerKey(BaseModel):
    """The public half of a key, and the note by which the key before it introduced it."""

    verifier: str
    introduction: str


class LedgerCheckpoint(BaseModel):
    """How far the ledger reached at some moment, signed (C2SP tlog-checkpoint)."""

    number: int
    note: str = Field(description="What is signed, and the signature: all that a witness needs.")
    origin: str
    events: TreeHead
    accesses: TreeHead
    journeys: Base64 = Field(description="The root of the map of journeys.")
    epoch: CheckpointEpoch
    at: datetime
    keys: tuple[LedgerKey, ...] = Field(description="Every key that ever signed, the one in use last.")


class InclusionProof(BaseModel):
    """That something is in the ledger (RFC 9162 section 2.1.3)."""

    proves: Literal["inclusion"]
    tree: Tree
    leaf_index: int = Field(description="From 0: an event's position less one.")
    leaf_hash: Base64
    size: int
    proof: tuple[Base64, ...]
    root: Base64
    checkpoint: str = Field(description="The note that signs size and root.")


class ConsistencyProof(BaseModel):
    """That nothing up to the first checkpoint was altered by the second (RFC 9162 section 2.1.4)."""

    proves: Literal["consistency"]
    tree: Tree
    first: TreeHead
    second: TreeHead
    proof: tuple[Base64, ...]
    first_checkpoint: str
    checkpoint: str


class FoundJourney(BaseModel):
    """What stands at the end of the journey's path in the map."""

    key: Base64
    events: int
    chain: Base64


class CompletenessProof(BaseModel):
    """How many events a journey has in all; 0 where there is no such journey."""

    proves: Literal["completeness"]
    journey_id: UUID
    events: int
    chain: Base64 = Field(description="Of the leaves of its events, in order.")
    beside: tuple[Base64, ...] = Field(description="The hashes beside its path, from the root downwards.")
    found: FoundJourney | None
    root: Base64
    checkpoint: str


class Kept(NamedTuple):
    """A checkpoint as it is stored."""

    number: int
    note: str

    @property
    def statement(self) -> Statement:
        return Statement.read(self.note[: self.note.index("\n\n") + 1])

    def head(self, tree: Tree) -> Head:
        return self.statement.events if tree == "event" else self.statement.accesses


def checkpoint(size: int | None = None) -> Generator[Asked, Rows, LedgerCheckpoint]:
    """The last one, or the last of a size. Raises NotYet and NoSuchCheckpoint."""
    kept = yield from (_last() if size is None else _of_size("event", size))
    keys = yield KEYS, ()
    said = kept.statement
    return LedgerCheckpoint(
        number=kept.number,
        note=kept.note,
        origin=said.origin,
        events=TreeHead(**said.events._asdict()),
        accesses=TreeHead(**said.accesses._asdict()),
        journeys=said.journeys,
        epoch=CheckpointEpoch(**said.epoch._asdict()),
        at=said.at,
        keys=tuple(LedgerKey(verifier=verifier, introduction=note) for verifier, note in keys),
    )


def of_event(event_id: UUID) -> Generator[Asked, Rows, tuple[InclusionProof, UUID | None]]:
    """That the event is in the log, and its journey. Raises NoSuchLeaf, NotYet and Unproven."""
    return (yield from _leaf("event", EVENT, event_id))


def of_position(position: int) -> Generator[Asked, Rows, tuple[InclusionProof, UUID | None]]:
    """That the event there is in the log, and its journey. Raises NoSuchLeaf, NotYet and Unproven."""
    return (yield from _leaf("event", POSITION, position))


def of_access(access_id: UUID) -> Generator[Asked, Rows, tuple[InclusionProof, UUID | None]]:
    """That the record of the trail is in it. Raises NoSuchLeaf, NotYet and Unproven."""
    return (yield from _leaf("access", ACCESS, access_id))


def of_growth(tree: Tree, first: int, second: int) -> Generator[Asked, Rows, ConsistencyProof]:
    """That the tree of one checkpoint is the beginning of another's. Raises NoSuchCheckpoint and Unproven."""
    one = yield from _of_size(tree, first)
    two = yield from _of_size(tree, second)
    found = yield from grown(tree, one.head(tree), two.head(tree))
    return ConsistencyProof(
        proves="consistency",
        tree=tree,
        first=TreeHead(size=found.first, root=found.root_of_first),
        second=TreeHead(size=found.second, root=found.root),
        proof=found.proof,
        first_checkpoint=one.note,
        checkpoint=two.note,
    )


def of_journey(journey_id: UUID) -> Generator[Asked, Rows, CompletenessProof]:
    """How many events the journey has in all. Raises NotYet and Unproven.

    The map is kept as of the last checkpoint alone: where one came in between, it is asked again.
    """
    for _ in range(TRIES):
        kept = yield from _last()
        try:
            found = yield from complete(journey_id, kept.statement.journeys)
        except Unproven:
            continue
        placed = found.proof.found
        return CompletenessProof(
            proves="completeness",
            journey_id=journey_id,
            events=found.head.events,
            chain=found.head.chain,
            beside=found.proof.beside,
            found=placed and FoundJourney(key=placed.key, **placed.head._asdict()),
            root=found.root,
            checkpoint=kept.note,
        )
    raise Unproven


def _leaf(
    tree: Tree, where: LiteralString, what: object
) -> Generator[Asked, Rows, tuple[InclusionProof, UUID | None]]:
    rows = yield where, (what,)
    if not rows:
        raise NoSuchLeaf
    [(position, journey_id)] = rows
    kept = yield from _last()
    head = kept.head(tree)
    if position is None or position > head.size:
        raise NotYet
    found = yield from included(tree, position - 1, *head)
    proof = InclusionProof(
        proves="inclusion",
        tree=tree,
        leaf_index=found.leaf_index,
        leaf_hash=found.leaf,
        size=found.size,
        proof=found.proof,
        root=found.root,
        checkpoint=kept.note,
    )
    return proof, journey_id


def _last() -> Generator[Asked, Rows, Kept]:
    rows = yield LAST, ()
    if not rows:
        raise NotYet
    return Kept(*rows[0])


def _of_size(tree: Tree, size: int) -> Generator[Asked, Rows, Kept]:
    rows = yield OF_SIZE[tree], (size,)
    if not rows:
        raise NoSuchCheckpoint
    return Kept(*rows[0])
