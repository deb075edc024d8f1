"""What is kept outside the database: each checkpoint there has to be one of the database's, or at least be
of the same history.
"""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, NamedTuple

from psycopg import Connection

from journey.ledger.anchor import Anchored
from journey.ledger.checkpoint import Statement
from journey.ledger.note import BadNote, opened
from journey.ledger.verifying.finding import Finding, Findings, Kind
from journey.ledger.verifying.keys import Known

AT_ONCE = 1_000
LOOKED_AT = 20_000
"""Checkpoints that are not the database's: so many are looked at, and the last one."""

NOTES = "SELECT number, note FROM ledger_checkpoint WHERE number = ANY(%s)"


class Stray(NamedTuple):
    """An anchored checkpoint that the database does not have as it was."""

    number: int
    statement: Statement
    is_replaced: bool
    """Whether another one has its number there."""


class Kept(NamedTuple):
    """What the anchors come to."""

    checkpoints: int = 0
    last: int = 0
    """The number of the last checkpoint of the database that is anchored."""
    strays: tuple[Stray, ...] = ()


def held(connection: Connection[Any], anchored: Iterable[Anchored], known: Known, findings: Findings) -> Kept:
    """Read before the snapshot in which all else is: what is anchored by then is in the database."""
    count = last = 0
    strays: list[Stray] = []
    for some in _pages(each for each in anchored if each.checkpoint is not None):
        numbers = [each.checkpoint for each in some]
        notes = dict(connection.execute(NOTES, (numbers,)).fetchall())
        for each in some:
            number, count = each.checkpoint or 0, count + 1
            if notes.get(number) == each.note:
                last = max(last, number)
                continue
            found = _stray(each, number in notes, known, findings)
            if found is not None:
                strays[LOOKED_AT:] = [found]
    return Kept(count, last, tuple(strays))


def _stray(each: Anchored, is_replaced: bool, known: Known, findings: Findings) -> Stray | None:
    number = each.checkpoint or 0
    try:
        return Stray(number, Statement.read(opened(each.note, known)[0]), is_replaced)
    except BadNote:
        said = f"The checkpoint {number} that is anchored is not signed by a key of this ledger."
        findings.add(Finding(Kind.WRONG_KEY, "ledger_checkpoint", number, number, said))
        return None


def _pages(anchored: Iterator[Anchored]) -> Iterator[list[Anchored]]:
    while some := list(islice(anchored, AT_ONCE)):
        yield some
