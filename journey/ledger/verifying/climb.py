"""Climbing a tree: it grows from the leaves as they are stored, and is held to each checkpoint on the way.

A checkpoint's edge leads to its signed root, so each of its hashes is proven. Where the leaves come to
something else, or some are missing, the climb goes on from there: one bad stretch does not hide the next.
"""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from psycopg import Connection

from journey.ledger.checkpoint import Head
from journey.ledger.merkle import Hash, Node
from journey.ledger.trees import KEPT
from journey.ledger.verifying.finding import Finding, Findings, Kind
from journey.ledger.verifying.growth import Growth

ENOUGH = 2_000
"""Nodes that are compared at once."""

STRETCHES = 10
"""Bad stretches that are looked at closely."""

STORED = """
    SELECT level, number, hash FROM ledger_node
      JOIN unnest(%s::smallint[], %s::bigint[]) AS made (level, number) USING (level, number)
     WHERE tree = %s
    """
COUNT = "SELECT count(*) FROM ledger_node WHERE tree = %s"


class Mark(NamedTuple):
    """A size that was signed, with its root; the edge is that of a checkpoint in the database."""

    number: int
    head: Head
    edge: list[Hash] | None
    said: str = ""
    """How the findings call it, where it is not in the database."""
    more: str = ""
    """What they add."""


class Stretch(NamedTuple):
    """Leaves that do not come to a checkpoint, though those before came to the one before."""

    after: int
    mark: Mark


class Climb:
    """A tree from some size on. `table` is the log of its leaves."""

    def __init__(  # noqa: PLR0917 - where it begins, and what it is held to
        self,
        findings: Findings,
        nodes: "Nodes",
        table: str,
        marks: Iterable[Mark],
        size: int,
        edge: list[Hash],
    ) -> None:
        self._findings = findings
        self._nodes = nodes
        self._table = table
        self._marks = iter(marks)
        self._growth: Growth | None = Growth(size, edge)
        self.size = size
        self.good: Mark | None = None
        """The last mark that all led to."""
        self._known = size
        self.stretches: list[Stretch] = []
        self._next = next(self._marks, None)
        self._pass([])

    def add(self, leaves: list[Hash]) -> None:
        """Those that follow."""
        self.size += len(leaves)
        if self._growth is not None:
            self._growth.add(leaves)
            self._nodes.made(self._growth.complete(KEPT))
        self._pass(leaves)

    def skip(self, count: int) -> None:
        """So many are missing."""
        self.size += count
        self._growth = None
        self._pass([])

    def finish(self, size: int) -> None:
        """That the nodes of a tree of this size are kept, and no others."""
        self._nodes.compare()
        self._nodes.count(size)

    def rest(self) -> Iterator[Mark]:
        """What was signed, and lies beyond the last leaf."""
        if self._next is not None:
            yield self._next
        yield from self._marks

    def _pass(self, leaves: list[Hash]) -> None:
        while self._next is not None and self._next.head.size <= self.size:
            self._hold(self._next, leaves)
            self._next = next(self._marks, None)

    def _hold(self, mark: Mark, leaves: list[Hash]) -> None:
        size = mark.head.size
        if self._growth is not None and self._leads_to(mark):
            self.good, self._known = mark, size
            self._nodes.proven(size)
        elif mark.edge is None:
            if self._growth is not None:
                self._contradict(mark)
        else:
            if len(self.stretches) < STRETCHES:
                self.stretches.append(Stretch(self._known, mark))
            self._nodes.forget()
            self._known, missing = size, self.size - size
            self._growth = None
            if missing <= len(leaves):
                self._growth = Growth(size, mark.edge)
                self._growth.add(leaves[len(leaves) - missing :])
                self._nodes.made(self._growth.complete(KEPT))

    def _leads_to(self, mark: Mark) -> bool:
        if self._growth is None:
            return False
        if mark.edge is None:
            return self._growth.root_at(mark.head.size) == mark.head.root
        return self._growth.edge_at(mark.head.size) == mark.edge

    def _contradict(self, mark: Mark) -> None:
        first, last = min(self._known + 1, mark.head.size), mark.head.size
        sentence = f"What stands up to position {last} is not what {mark.said} signs.{mark.more}"
        self._findings.add(Finding(Kind.FORKED, self._table, first, last, sentence))


class Nodes:
    """The nodes of a tree that are kept, held to those that were made anew."""

    def __init__(self, connection: Connection[Any], findings: Findings, tree: str) -> None:
        self._connection = connection
        self._findings = findings
        self._tree = tree
        self._made: list[Node] = []
        self._proven: list[Node] = []

    def made(self, nodes: Iterator[Node]) -> None:
        self._made.extend(nodes)

    def proven(self, size: int) -> None:
        """All up to this size are right."""
        if self._made:
            self._proven += [each for each in self._made if each.number + 1 << each.level <= size]
            self._made = [each for each in self._made if each.number + 1 << each.level > size]
        if len(self._proven) >= ENOUGH:
            self.compare()

    def forget(self) -> None:
        self._made.clear()

    def compare(self) -> None:
        if not self._proven:
            return
        asked = [each.level for each in self._proven], [each.number for each in self._proven], self._tree
        cursor = self._connection.cursor(binary=True)
        stored = {row[:2]: row[2] for row in cursor.execute(STORED, asked)}
        for level, number, hash_ in self._proven:
            found = stored.get((level, number))
            if found != hash_:
                kind = Kind.DELETED if found is None else Kind.EDITED
                self._tell(kind, number, f"Node {number} of level {level} of the tree of {self._tree}s")
        self._proven.clear()

    def count(self, size: int) -> None:
        """That there are as many as a tree of this size has."""
        wanted = sum(size >> level for level in range(KEPT, size.bit_length(), KEPT))
        [(there,)] = self._connection.execute(COUNT, (self._tree,)).fetchall()
        if there > wanted:
            self._tell(Kind.INSERTED, None, f"A node of the tree of {self._tree}s that it does not have")

    def _tell(self, kind: Kind, number: int | None, what: str) -> None:
        done = {Kind.DELETED: "is gone", Kind.INSERTED: "is stored"}.get(kind, "is not what its leaves give")
        self._findings.add(Finding(kind, "ledger_node", number, number, f"{what} {done}."))
