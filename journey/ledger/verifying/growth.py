"""Growth: a tree that takes in thousands of leaves at a time, level by level.

What it comes to is what `Frontier` comes to; it does so in a fifth of the time, and tells the edge that the
tree had at any size on the way.
"""

from collections.abc import Iterator, Sequence
from hashlib import sha256

from journey.ledger.merkle import NODE, Frontier, Hash, Node


class Growth:
    """The edge of a tree, and the levels above the leaves that came last."""

    def __init__(self, size: int = 0, edge: Sequence[Hash] = ()) -> None:
        self.size = size
        self._before = size
        self._edge = dict(zip(_levels(size), edge, strict=True))
        self._made: list[tuple[int, list[Hash]]] = []

    def add(self, leaves: Sequence[Hash]) -> None:
        """What came before stays known as the edge alone."""
        self._edge = dict(zip(_levels(self.size), self.edge_at(self.size), strict=True))
        first, nodes, self._made = self.size, list(leaves), []
        self._before, self.size = self.size, self.size + len(nodes)
        while nodes:
            if first & 1:
                first -= 1
                nodes.insert(0, self._edge[len(self._made)])
            self._made.append((first, nodes))
            pairs = zip(nodes[::2], nodes[1::2], strict=False)
            nodes = [sha256(NODE + left + right).digest() for left, right in pairs]
            first >>= 1

    def edge_at(self, size: int) -> list[Hash]:
        """The edge at a size since the leaves that came last."""
        return [self._node(level, (size >> level) - 1) for level in _levels(size)]

    def root_at(self, size: int) -> Hash:
        return Frontier(size, self.edge_at(size)).root

    def complete(self, every: int) -> Iterator[Node]:
        """The nodes of each so manieth level above the leaves that are complete with those that came last."""
        for level in range(every, len(self._made), every):
            first, nodes = self._made[level]
            for number in range(self._before >> level, self.size >> level):
                yield Node(level, number, nodes[number - first])

    def _node(self, level: int, number: int) -> Hash:
        if level < len(self._made):
            first, nodes = self._made[level]
            if number >= first:
                return nodes[number - first]
        return self._edge[level]


def _levels(size: int) -> list[int]:
    """Those of its edge, the highest first."""
    return [level for level in reversed(range(size.bit_length())) if size >> level & 1]
