"""The tree: a Merkle tree over a log that only grows (RFC 9162 section 2.1; the same as RFC 6962's).

A leaf's hash is SHA-256(00 || data), a node's SHA-256(01 || left || right). Node (level, number) is the root
of the 2^level leaves from number * 2^level on; a node is there once they all are, and never changes.
"""

from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256
from typing import NamedTuple

EMPTY = sha256().digest()
"""The root of no leaves."""

LEAF, NODE = b"\0", b"\1"

Hash = bytes
Read = Callable[[int, int], Hash]
"""The hash of the node of this level and number."""


class Unproven(Exception):
    """The proof does not lead to the root: something was altered, or it is a proof of something else."""

    def __init__(self) -> None:
        super().__init__(Unproven.__doc__)


class Node(NamedTuple):
    """A node that will never change."""

    level: int
    number: int
    hash: Hash


class Part(NamedTuple):
    """The leaves from `start` up to `end`: below one node, or the beginning of those that will be."""

    start: int
    end: int

    @property
    def is_one(self) -> bool:
        """Whether there is such a part (draft-ietf-plants-merkle-tree-certs, subtrees)."""
        return (
            0 <= self.start < self.end and self.start % (1 << (self.end - self.start - 1).bit_length()) == 0
        )


def leaf_hash(data: bytes) -> Hash:
    return sha256(LEAF + data).digest()


def node_hash(left: Hash, right: Hash) -> Hash:
    return sha256(NODE + left + right).digest()


class Frontier:
    """The right edge of a tree, from which it grows: a hash for each bit of its size, the largest first."""

    def __init__(self, size: int = 0, edge: Sequence[Hash] = ()) -> None:
        if len(edge) != size.bit_count():
            raise ValueError("the edge of a tree has a hash for each bit of its size")
        self.size = size
        self._edge = list(edge)

    @property
    def edge(self) -> tuple[Hash, ...]:
        return tuple(self._edge)

    @property
    def root(self) -> Hash:
        if not self._edge:
            return EMPTY
        root = self._edge[-1]
        for left in reversed(self._edge[:-1]):
            root = node_hash(left, root)
        return root

    def append(self, leaf: Hash) -> Iterator[Node]:
        """Add a leaf; the nodes that are complete with it, from the leaf upwards."""
        made, level, number = leaf, 0, self.size
        yield Node(level, number, made)
        while number & 1:
            made, level, number = node_hash(self._edge.pop(), made), level + 1, number >> 1
            yield Node(level, number, made)
        self._edge.append(made)
        self.size += 1


def root_of(size: int, read: Read) -> Hash:
    """The root of the first `size` leaves."""
    return _root(0, size, read) if size else EMPTY


def inclusion(index: int, size: int, read: Read) -> tuple[Hash, ...]:
    """The proof that a leaf is one of the first `size` (RFC 9162 section 2.1.3.1)."""
    _refuse(0 <= index < size)
    return tuple(_path(index, 0, size, read))


def consistency(first: int, second: int, read: Read) -> tuple[Hash, ...]:
    """The proof that the first tree is the beginning of the second (RFC 9162 section 2.1.4.1)."""
    _refuse(0 < first <= second)
    return tuple(_grown(first, 0, second, read, whole=True))


def verify_inclusion(index: int, size: int, leaf: Hash, proof: Sequence[Hash], root: Hash) -> None:
    """Raises Unproven (RFC 9162 section 2.1.3.2)."""
    _require(0 <= index < size and are_hashes(leaf, *proof, root))
    node, last, found = index, size - 1, leaf
    for each in proof:
        _require(last > 0)
        if node & 1 or node == last:
            found = node_hash(each, found)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            found = node_hash(found, each)
        node, last = node >> 1, last >> 1
    _require(last == 0 and found == root)


def verify_consistency(
    first: int, second: int, root_of_first: Hash, proof: Sequence[Hash], root_of_second: Hash
) -> None:
    """Raises Unproven (RFC 9162 section 2.1.4.2)."""
    _require(first > 0)
    verify_part(Part(0, first), second, root_of_first, proof, root_of_second)


def verify_inclusion_in(part: Part, index: int, leaf: Hash, proof: Sequence[Hash], root: Hash) -> None:
    """That a leaf is in a part of the tree, whose root this is. Raises Unproven."""
    _require(part.is_one and part.start <= index)
    verify_inclusion(index - part.start, part.end - part.start, leaf, proof, root)


def verify_part(part: Part, size: int, root_of_part: Hash, proof: Sequence[Hash], root: Hash) -> None:
    """That a part is one of the tree of this size. Raises Unproven."""
    _require(are_hashes(*proof))
    if part.start == part.end:  # no leaves are in every tree
        _require(0 <= part.end <= size and root_of_part == EMPTY and not proof)
    else:
        _require(part.is_one and part.end <= size)
        _verify_part(part, size, root_of_part, proof, root)


def _verify_part(part: Part, size: int, root_of_part: Hash, proof: Sequence[Hash], root: Hash) -> None:
    low, high, last = part.start, part.end - 1, size - 1
    while low != high and (high & 1 or high == last):
        low, high, last = low >> 1, high >> 1, last >> 1
    rest = list(proof)
    if low == high:
        own = whole = root_of_part
    else:
        _require(bool(rest))
        own = whole = rest.pop(0)
    for each in rest:
        _require(last > 0)
        if high & 1 or high == last:
            own = node_hash(each, own) if low < high else own
            whole = node_hash(each, whole)
            while not high & 1 and high:
                low, high, last = low >> 1, high >> 1, last >> 1
        else:
            whole = node_hash(whole, each)
        low, high, last = low >> 1, high >> 1, last >> 1
    _require(last == 0 and own == root_of_part and whole == root)


def are_hashes(*given: Hash) -> bool:
    """Whether they have the length of one: what is hashed together can be taken apart in one way only."""
    return all(len(each) == len(EMPTY) for each in given)


def _root(begin: int, end: int, read: Read) -> Hash:
    count = end - begin
    if not count & (count - 1) and begin % count == 0:
        return read(count.bit_length() - 1, begin // count)
    middle = begin + _left(count)
    return node_hash(_root(begin, middle, read), _root(middle, end, read))


def _path(index: int, begin: int, end: int, read: Read) -> Iterator[Hash]:
    """From the leaf upwards."""
    if end - begin == 1:
        return
    middle = begin + _left(end - begin)
    if index < middle:
        yield from _path(index, begin, middle, read)
        yield _root(middle, end, read)
    else:
        yield from _path(index, middle, end, read)
        yield _root(begin, middle, read)


def _grown(first: int, begin: int, end: int, read: Read, *, whole: bool) -> Iterator[Hash]:
    """`whole`: the part that is proven is the first tree itself, whose root is known."""
    if first == end:
        if not whole:
            yield _root(begin, end, read)
        return
    middle = begin + _left(end - begin)
    if first <= middle:
        yield from _grown(first, begin, middle, read, whole=whole)
        yield _root(middle, end, read)
    else:
        yield from _grown(first, middle, end, read, whole=False)
        yield _root(begin, middle, read)


def _left(count: int) -> int:
    """The largest power of two below it: how many leaves are on the left."""
    return 1 << ((count - 1).bit_length() - 1)


def _refuse(fits: bool) -> None:
    if not fits:
        raise ValueError("there is no such leaf or tree")


def _require(so: bool) -> None:
    if not so:
        raise Unproven
