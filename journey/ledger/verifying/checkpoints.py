"""Checkpoints as the database has them: each signed, saying what its row says, and no smaller than before."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from psycopg import Connection

from journey.ledger.checkpoint import Head, Statement
from journey.ledger.merkle import Frontier, Hash
from journey.ledger.note import BadNote, opened
from journey.ledger.verifying.anchored import Stray
from journey.ledger.verifying.climb import Mark
from journey.ledger.verifying.finding import Finding, Findings, Kind
from journey.ledger.verifying.keys import Known, names_one

ROWS = """
    SELECT number, size, edge, access_size, access_edge, journeys, epoch, note, made_at
      FROM ledger_checkpoint WHERE number > %s ORDER BY number
    """
ROW = """
    SELECT number, size, edge, access_size, access_edge, journeys, epoch, note, made_at
      FROM ledger_checkpoint WHERE number = %s
    """
EPOCHS = "SELECT number, id, began_after FROM store_epoch ORDER BY number"
AT_ONCE = 1_000
EVENTS, ACCESSES = "event", "access"


class Epoch(NamedTuple):
    """A stretch of the store's history, as the database has it."""

    number: int
    id: UUID
    began_after: int


class Checkpoint(NamedTuple):
    """A row, and what its note says."""

    number: int
    size: int
    edge: list[Hash]
    access_size: int
    access_edge: list[Hash]
    journeys: Hash
    epoch: int
    note: str
    made_at: datetime

    def tree(self, tree: str) -> tuple[int, list[Hash]]:
        """Size and edge."""
        return (self.size, self.edge) if tree == EVENTS else (self.access_size, self.access_edge)

    def mark(self, tree: str) -> Mark:
        size, edge = self.tree(tree)
        return Mark(self.number, Head(size, Frontier(size, edge).root), edge)


class Checkpoints:
    """Those of the database that count."""

    def __init__(self, connection: Connection[Any], known: Known, findings: Findings) -> None:
        self._connection = connection
        self.known = known
        self._findings = findings
        self._distrusted: set[int] = set()
        self.epochs = [Epoch(*row) for row in connection.execute(EPOCHS)]
        self.last: Checkpoint | None = None
        """The last one that counts."""
        self.newest = 0
        """The number of the last one there is."""
        self.count = 0

    def read(self, after: Checkpoint | None) -> None:
        """Hold each to its signature, from one that counts on."""
        self.last, self.newest = after, after.number if after else 0
        for row in self._rows(self.newest):
            if row.number != self.newest + 1:
                said = f"The checkpoints {self.newest + 1} to {row.number - 1} are gone."
                self._tell(Kind.DELETED, self.newest + 1, row.number - 1, said)
            self.newest = row.number
            if self._is_signed(row) and self._follows(row):
                self.last, self.count = row, self.count + 1
            else:
                self._distrusted.add(row.number)

    def found(self, number: int) -> Checkpoint | None:
        """The one of this number, where it counts."""
        row = self._connection.cursor(binary=True).execute(ROW, (number,)).fetchone()
        found = Checkpoint(*row) if row else None
        return found if found is not None and self._is_signed(found) else None

    def distrusts(self, number: int) -> bool:
        return number in self._distrusted

    def marks(self, tree: str, start: Checkpoint | None, strays: Sequence[Stray]) -> Iterator[Mark]:
        """The sizes of a tree to hold it to, in order."""
        beyond = start.mark(tree).head.size if start else 0
        others = [self._stray(each, tree) for each in strays]
        others = sorted(
            (each for each in others if each.head.size > beyond), key=lambda each: -each.head.size
        )
        for row in self._rows(start.number if start else 0):
            if row.number in self._distrusted:
                continue
            mark = row.mark(tree)
            while others and others[-1].head.size < mark.head.size:
                yield others.pop()
            yield mark
        yield from reversed(others)

    def put_back(self, stray: Stray) -> str:
        """Which epoch began since an anchored checkpoint, if any did: the database was put back then."""
        later = (each for each in self.epochs if each.number > stray.statement.epoch.number)
        return next(
            (
                f" The epoch {each.number} began after position {each.began_after}: there, the database was "
                "put back, copied or promoted."
                for each in later
            ),
            "",
        )

    def _stray(self, stray: Stray, tree: str) -> Mark:
        head = stray.statement.events if tree == EVENTS else stray.statement.accesses
        return Mark(stray.number, head, None, f"the anchored checkpoint {stray.number}", self.put_back(stray))

    def _rows(self, after: int) -> Iterator[Checkpoint]:
        with self._connection.cursor(name="checkpoints", binary=True) as cursor:
            cursor.itersize = AT_ONCE
            for row in cursor.execute(ROWS, (after,)):
                yield Checkpoint(*row)

    def _is_signed(self, row: Checkpoint) -> bool:
        number = row.number
        try:
            text, _ = opened(row.note, self.known)
        except BadNote:
            is_ours = names_one(row.note, self.known)
            kind = Kind.EDITED if is_ours else Kind.WRONG_KEY
            said = "is not as it was signed" if is_ours else "is signed by a key that nobody introduced"
            self._tell(kind, number, number, f"The checkpoint {number}, of {row.size} events, {said}.")
            return False
        try:
            statement = Statement.read(text)
        except BadNote:
            statement = None
        if statement is None or not self._says(row, statement):
            said = f"The row of the checkpoint {number} is not what its note says."
            self._tell(Kind.EDITED, number, number, said)
            return False
        return True

    def _follows(self, row: Checkpoint) -> bool:
        if self.last is None or (row.size >= self.last.size and row.access_size >= self.last.access_size):
            return True
        said = f"The checkpoint {row.number} is smaller than the checkpoint {self.last.number} before it."
        self._tell(Kind.FORKED, row.number, row.number, said)
        return False

    def _says(self, row: Checkpoint, statement: Statement) -> bool:
        try:
            heads = row.mark(EVENTS).head, row.mark(ACCESSES).head
        except (ValueError, TypeError):  # an edge that no tree of this size has
            return False
        return (
            statement.origin == self.known[0].name
            and heads == (statement.events, statement.accesses)
            and (row.journeys, row.made_at) == (statement.journeys, statement.at)
            and statement.epoch in {each[:2] for each in self.epochs}
            and statement.epoch.number == row.epoch
        )

    def _tell(self, kind: Kind, first: int, last: int, sentence: str) -> None:
        self._findings.add(Finding(kind, "ledger_checkpoint", first, last, sentence))
