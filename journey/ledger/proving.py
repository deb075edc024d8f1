"""Proving: the proofs that lead from an event, a record of the trail or a journey to a signed checkpoint.

What has to be read is yielded as statements, and their rows are sent in, so that the API and the command line
read in ways of their own. A proof is checked before it is given: one that does not hold would say that the
database was altered, or that a checkpoint came in between.
"""

from collections.abc import Generator, Sequence
from typing import Any, LiteralString, NamedTuple, TypeVar, cast
from uuid import UUID

from psycopg import Connection

from journey.ledger import completeness
from journey.ledger.completeness import BUCKET, NO_JOURNEYS, Completeness, Part, Parts, Placed, key_of
from journey.ledger.completeness import Head as JourneyHead
from journey.ledger.merkle import (
    EMPTY,
    Frontier,
    Hash,
    Unproven,
    consistency,
    inclusion,
    verify_consistency,
    verify_inclusion,
)
from journey.ledger.trees import KEPT, AccessTree, EventTree

T = TypeVar("T")
Rows = Sequence[tuple[Any, ...]]
Asked = tuple[LiteralString, tuple[Any, ...]]
HALF = BUCKET // 2

LEAVES: dict[str, LiteralString] = {
    EventTree.name: "SELECT position - 1, leaf FROM log WHERE position = ANY(%s) ORDER BY position",
    AccessTree.name: "SELECT position - 1, leaf FROM access_log WHERE position = ANY(%s) ORDER BY position",
}
NODES: LiteralString = """
    SELECT level, number, hash FROM ledger_node
      JOIN unnest(%s::smallint[], %s::bigint[]) AS wanted (level, number) USING (level, number)
     WHERE tree = %s
    """
PARTS: LiteralString = """
    SELECT depth, number, hash, journeys FROM ledger_bucket WHERE depth = 8 OR number >> 8 = %s
    """
PLACED: LiteralString = """
    SELECT key, events, chain FROM ledger_journey WHERE bucket BETWEEN %s AND %s ORDER BY key
    """


class Included(NamedTuple):
    """A leaf of a tree, and the way from it to the root."""

    leaf_index: int
    size: int
    leaf: Hash
    proof: tuple[Hash, ...]
    root: Hash

    def verify(self) -> None:
        """Raises Unproven."""
        verify_inclusion(self.leaf_index, self.size, self.leaf, self.proof, self.root)


class Grown(NamedTuple):
    """That a smaller tree is the beginning of a larger one."""

    first: int
    second: int
    root_of_first: Hash
    proof: tuple[Hash, ...]
    root: Hash

    def verify(self) -> None:
        """Raises Unproven."""
        verify_consistency(self.first, self.second, self.root_of_first, self.proof, self.root)


class Complete(NamedTuple):
    """All that there is of a journey."""

    journey_id: UUID
    head: JourneyHead
    proof: Completeness
    root: Hash

    def verify(self) -> None:
        """Raises Unproven."""
        completeness.verify_head(self.journey_id, self.head, self.proof, self.root)


def included(tree: str, index: int, size: int, root: Hash) -> Generator[Asked, Rows, Included]:
    """The proof that the leaf is there. Raises Unproven, and ValueError where there is no such leaf."""
    nodes = Nodes(tree)
    inclusion(index, size, nodes.note)
    nodes.note(0, index)
    yield from nodes.fetched()
    found = Included(index, size, nodes.read(0, index), inclusion(index, size, nodes.read), root)
    found.verify()
    return found


def grown(tree: str, first: tuple[int, Hash], second: tuple[int, Hash]) -> Generator[Asked, Rows, Grown]:
    """The proof that nothing before the first root was altered. Raises Unproven and ValueError."""
    nodes = Nodes(tree)
    consistency(first[0], second[0], nodes.note)
    yield from nodes.fetched()
    found = Grown(first[0], second[0], first[1], consistency(first[0], second[0], nodes.read), second[1])
    found.verify()
    return found


def complete(journey_id: UUID, root: Hash) -> Generator[Asked, Rows, Complete]:
    """The proof of how many events the journey has, by the last checkpoint's root. Raises Unproven."""
    key = key_of(journey_id)
    bucket, eighth = completeness.bucket_of(key), key[0]
    rows = yield PARTS, (eighth,)
    parts = {(depth, number): Part(hash_, journeys) for depth, number, hash_, journeys in rows}
    upper = Parts(HALF, {number: part for (depth, number), part in parts.items() if depth == HALF})
    lower = Parts(HALF, {number & 0xFF: part for (depth, number), part in parts.items() if depth == BUCKET})
    beside, depth, here = list[Hash](), 0, upper.at(0, 0)
    while here.journeys > 1 and depth < BUCKET:
        depth += 1
        number = bucket >> (BUCKET - depth)
        half, level = (upper, depth) if depth <= HALF else (lower, depth - HALF)
        within = number if depth <= HALF else number & ((1 << level) - 1)
        here = half.at(level, within)
        beside.append(half.at(level, within ^ 1).hash)
    below = BUCKET - depth
    rows = yield PLACED, (bucket >> below << below, (bucket >> below << below) + (1 << below) - 1)
    placed = [Placed(each, JourneyHead(*head)) for each, *head in rows] if here != NO_JOURNEYS else []
    rest = completeness.beside(key, placed, depth)
    proof = Completeness((*beside, *rest.beside), rest.found)
    is_there = proof.found is not None and proof.found.key == key
    found = Complete(journey_id, proof.found.head if is_there and proof.found else JourneyHead(), proof, root)
    found.verify()
    return found


class Nodes:
    """The nodes that a proof needs: noted first, then fetched all at once, then read."""

    def __init__(self, tree: str) -> None:
        self._tree = tree
        self._noted: set[tuple[int, int]] = set()
        self._known: dict[tuple[int, int], Hash] = {}

    def note(self, level: int, number: int) -> Hash:
        self._noted.add((level, number))
        return EMPTY

    def fetched(self) -> Generator[Asked, Rows, None]:
        leaves, nodes = set[int](), set[tuple[int, int]]()
        for level, number in self._noted:
            kept = level - level % KEPT
            width = 1 << level - kept
            below = range(number * width, (number + 1) * width)
            if kept:
                nodes |= {(kept, each) for each in below}
            else:
                leaves |= {each + 1 for each in below}
        if leaves:
            rows = yield LEAVES[self._tree], (sorted(leaves),)
            self._known |= {(0, number): leaf for number, leaf in rows}
        if nodes:
            levels, numbers = zip(*sorted(nodes), strict=True)
            rows = yield NODES, (list(levels), list(numbers), self._tree)
            self._known |= {(level, number): hash_ for level, number, hash_ in rows}

    def read(self, level: int, number: int) -> Hash:
        """Raises Unproven where a node is gone."""
        kept = level - level % KEPT
        width = 1 << level - kept
        frontier = Frontier()
        for each in range(number * width, (number + 1) * width):
            if (kept, each) not in self._known:
                raise Unproven
            for _ in frontier.append(self._known[kept, each]):
                pass
        return frontier.root


def proven(connection: Connection[Any], asking: Generator[Asked, Rows, T]) -> T:
    """What is answered, read over a connection."""
    try:
        asked = next(asking)
        while True:
            asked = asking.send(connection.execute(*asked).fetchall())
    except StopIteration as done:
        return cast(T, done.value)
