"""A checkpoint of the ledger: the roots of the log, of the trail and of the map of journeys, in one signed
note.

The first three lines are those of every transparency log (C2SP tlog-checkpoint): origin, number of events,
root of their tree. Ours follow, in this order, so that all of it is signed at once:

    access 120 <root>          the records of the trail, and the root of their tree
    journeys <root>            the map of journeys: how many events each has
    epoch 2 <uuid>             which stretch of the store's history; a restore or a copy begins another
    time 2026-11-22T09:00:00.000000Z
"""

from base64 import b64encode
from datetime import datetime
from typing import NamedTuple, Self
from uuid import UUID

from journey.ledger.leaves import instant
from journey.ledger.merkle import EMPTY, Hash
from journey.ledger.note import SIZE, BadNote, Checkpoint, Signer, decoded, signed

NAMES = ("access", "journeys", "epoch", "time")


class Head(NamedTuple):
    """How large a tree is, and its root."""

    size: int
    root: Hash


class Epoch(NamedTuple):
    """A stretch of the store's history."""

    number: int
    id: UUID


class Statement(NamedTuple):
    """What a checkpoint says."""

    origin: str
    events: Head
    accesses: Head
    journeys: Hash
    epoch: Epoch
    at: datetime

    @property
    def text(self) -> str:
        more = (
            f"access {self.accesses.size} {_base64(self.accesses.root)}",
            f"journeys {_base64(self.journeys)}",
            f"epoch {self.epoch[0]} {self.epoch[1]}",
            f"time {instant(self.at)}",
        )
        return Checkpoint(self.origin, *self.events, more).text

    def signed(self, seal: Signer) -> str:
        """The note."""
        return signed(self.text, (seal,))

    @classmethod
    def read(cls, text: str) -> Self:
        """From the text of a note. Raises BadNote."""
        checkpoint = Checkpoint.read(text)
        lines = dict(line.partition(" ")[::2] for line in checkpoint.more)
        if tuple(lines) != NAMES or len(checkpoint.more) != len(NAMES):
            raise BadNote
        size, _, root = lines["access"].partition(" ")
        number, _, epoch = lines["epoch"].partition(" ")
        if not SIZE.fullmatch(size) or not SIZE.fullmatch(number):
            raise BadNote
        try:
            found = cls(
                checkpoint.origin,
                Head(checkpoint.size, checkpoint.root),
                Head(int(size), decoded(root)),
                decoded(lines["journeys"]),
                Epoch(int(number), UUID(epoch)),
                datetime.fromisoformat(lines["time"]),
            )
        except ValueError:
            raise BadNote from None
        if found.text != text or {len(found.accesses.root), len(found.journeys)} != {len(EMPTY)}:
            raise BadNote
        return found


def _base64(hash_: Hash) -> str:
    return b64encode(hash_).decode()
