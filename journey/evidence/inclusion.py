"""Inclusion of many leaves at once: the hashes that lead from all of them to the root, none of them twice.

Walked down from the root, the left before the right: a part with none of the leaves in it is one hash of the
proof, a part of one leaf is that leaf, any other is parted as the tree is (RFC 9162 section 2.1.1).
"""

from bisect import bisect_left
from collections.abc import Generator, Iterator, Mapping, Sequence

from journey.ledger.merkle import EMPTY, Hash, Read, Unproven, node_hash, root_of
from journey.ledger.proving import Asked, Nodes, Rows


def together(tree: str, indexes: Sequence[int], size: int) -> Generator[Asked, Rows, tuple[Hash, ...]]:
    """The proof for these leaves of a tree. Raises Unproven where a node is gone."""
    nodes = Nodes(tree)
    beside(indexes, size, nodes.note)
    yield from nodes.fetched()
    return beside(indexes, size, nodes.read)


def beside(indexes: Sequence[int], size: int, read: Read) -> tuple[Hash, ...]:
    """The proof for these leaves, in their order, of the first `size`."""
    return tuple(_beside(0, size, indexes, read))


def _beside(begin: int, end: int, indexes: Sequence[int], read: Read) -> Iterator[Hash]:
    if begin == end or (indexes and end - begin == 1):
        return
    if not indexes:
        yield root_of(end - begin, lambda level, number: read(level, (begin >> level) + number))
        return
    middle = begin + _left(end - begin)
    parting = bisect_left(indexes, middle)
    yield from _beside(begin, middle, indexes[:parting], read)
    yield from _beside(middle, end, indexes[parting:], read)


def root_from(leaves: Mapping[int, Hash], size: int, proof: Sequence[Hash]) -> Hash:
    """The root of the tree that has these leaves at their places. Raises Unproven."""
    indexes = sorted(leaves)
    if not 0 <= size < 1 << 63 or any(not 0 <= each < size for each in indexes):
        raise Unproven
    rest = iter(proof)
    root = _root(0, size, indexes, leaves, rest) if size else EMPTY
    if next(rest, None) is not None:
        raise Unproven
    return root


def _root(
    begin: int, end: int, indexes: Sequence[int], leaves: Mapping[int, Hash], rest: Iterator[Hash]
) -> Hash:
    if not indexes:
        found = next(rest, b"")
        if len(found) != len(EMPTY):
            raise Unproven
        return found
    if end - begin == 1:
        return leaves[begin]
    middle = begin + _left(end - begin)
    parting = bisect_left(indexes, middle)
    left = _root(begin, middle, indexes[:parting], leaves, rest)
    return node_hash(left, _root(middle, end, indexes[parting:], leaves, rest))


def _left(count: int) -> int:
    """The largest power of two below it."""
    return 1 << ((count - 1).bit_length() - 1)
