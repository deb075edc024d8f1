"""Completeness: a map of all journeys, whose root stands in each checkpoint (a compact sparse Merkle tree).

An inclusion proof shows that an event is in the log; that these are *all* events of a journey takes this. A
journey's key is SHA-256 of its id; its head is how many events it has, and the chain of their leaves in
order:

    chain(0) = 32 zero bytes         chain(n) = SHA-256(chain(n-1) || leaf hash n)
    journey  = SHA-256(02 || key || number of events as 8 bytes, the largest first || chain)
    inner    = SHA-256(03 || left || right)

A part of the map without journeys is 32 zero bytes; one with a single journey is that journey; any other is
an inner node, whose left holds the keys with the next bit 0. So the root says nothing of the order in which
it grew.
"""

from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from typing import NamedTuple
from uuid import UUID

from journey.ledger.merkle import Hash, Unproven, are_hashes

NOTHING = bytes(32)
"""A part without journeys, and the chain before the first event."""

JOURNEY, INNER = b"\2", b"\3"

KEY = 256
"""Bits of a key."""

MOST = 1 << 63
"""No journey has so many events."""

BUCKET = 16
"""Bits of the key that name the bucket in which a journey's head is kept."""


class Head(NamedTuple):
    """All that there is of a journey: the number of its events, and the chain of their leaves."""

    events: int = 0
    chain: Hash = NOTHING

    def grown(self, leaves: Iterable[Hash]) -> "Head":
        events, chain = self
        for leaf in leaves:
            events, chain = events + 1, sha256(chain + leaf).digest()
        return Head(events, chain)


class Part(NamedTuple):
    """A part of the map: its hash, and how many journeys it holds."""

    hash: Hash = NOTHING
    journeys: int = 0


NO_JOURNEYS = Part()


class Placed(NamedTuple):
    """A journey's place in the map."""

    key: bytes
    head: Head

    @property
    def is_one(self) -> bool:
        """Whether there is such a place: of other lengths, the same bytes would say something else."""
        return are_hashes(self.key, self.head.chain) and 0 < self.head.events < MOST

    @property
    def hash(self) -> Hash:
        return sha256(JOURNEY + self.key + self.head.events.to_bytes(8) + self.head.chain).digest()


class Completeness(NamedTuple):
    """The proof of a journey's head, or that there is no such journey: the hashes beside its path, from the
    root downwards, and the journey that stands at the end of it, if any does.
    """

    beside: tuple[Hash, ...]
    found: Placed | None


def key_of(journey_id: UUID) -> bytes:
    return sha256(journey_id.bytes).digest()


def bucket_of(key: bytes) -> int:
    return int.from_bytes(key[:2])


def joined(left: Part, right: Part) -> Part:
    """The part that these two are the halves of."""
    journeys = left.journeys + right.journeys
    if journeys <= 1:
        return left if left.journeys else right
    return Part(sha256(INNER + left.hash + right.hash).digest(), journeys)


def part_of(placed: Sequence[Placed], depth: int) -> Part:
    """The part of these journeys, whose keys are the same up to `depth` bits. They stand in the order of
    keys.
    """
    if len(placed) <= 1:
        return Part(placed[0].hash, 1) if placed else NO_JOURNEYS
    left, right = _halves(placed, depth)
    return joined(part_of(left, depth + 1), part_of(right, depth + 1))


def beside(key: bytes, placed: Sequence[Placed], depth: int) -> Completeness:
    """The lower end of a proof, within a part of more than one journey or none."""
    hashes: list[Hash] = []
    while len(placed) > 1:
        left, right = _halves(placed, depth)
        placed, other = (right, left) if bit(key, depth) else (left, right)
        depth += 1
        hashes.append(part_of(other, depth).hash)
    return Completeness(tuple(hashes), placed[0] if placed else None)


def bit(key: bytes, depth: int) -> int:
    return key[depth >> 3] >> (7 - (depth & 7)) & 1


def verify_head(journey_id: UUID, head: Head, proof: Completeness, root: Hash) -> None:
    """That this is all there is of the journey; `Head()`: that there is no such journey. Raises Unproven."""
    key, depth, placed = key_of(journey_id), len(proof.beside), proof.found
    if depth > KEY or not are_hashes(*proof.beside, root) or not (placed is None or placed.is_one):
        raise Unproven
    if head.events:
        fits = placed == Placed(key, head)
    else:
        fits = head == Head() and (placed is None or depth <= in_common(placed.key, key) < KEY)
    found = placed.hash if placed is not None else NOTHING
    for hash_ in reversed(proof.beside):
        depth -= 1
        halves = (hash_, found) if bit(key, depth) else (found, hash_)
        found = sha256(INNER + halves[0] + halves[1]).digest()
    if not fits or found != root:
        raise Unproven


class Parts:
    """The upper levels of a map, or of a part of it: from parts `depth` bits down up to the whole."""

    def __init__(self, depth: int, parts: Mapping[int, Part]) -> None:
        self._depth = depth
        self._parts: dict[tuple[int, int], Part] = {}
        self.put(parts)

    @property
    def root(self) -> Hash:
        return self.at(0, 0).hash

    def at(self, depth: int, number: int) -> Part:
        return self._parts.get((depth, number), NO_JOURNEYS)

    def put(self, parts: Mapping[int, Part]) -> None:
        """Parts of the lowest level as they are now."""
        for number, part in parts.items():
            self._parts[self._depth, number] = part
        numbers = set(parts)
        for depth in reversed(range(self._depth)):
            numbers = {number >> 1 for number in numbers}
            for number in numbers:
                halves = self.at(depth + 1, number << 1), self.at(depth + 1, number << 1 | 1)
                self._parts[depth, number] = joined(*halves)


def in_common(one: bytes, other: bytes) -> int:
    """With how many equal bits two keys begin."""
    return KEY - (int.from_bytes(one) ^ int.from_bytes(other)).bit_length()


def _halves(placed: Sequence[Placed], depth: int) -> tuple[list[Placed], list[Placed]]:
    left = [each for each in placed if not bit(each.key, depth)]
    return left, [each for each in placed if bit(each.key, depth)]
