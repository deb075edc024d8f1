"""Findings: what is not as it was signed, where, and of which kind."""

from collections.abc import Iterator
from enum import StrEnum
from typing import NamedTuple


class Kind(StrEnum):
    """What was done to a row, or to the history."""

    EDITED = "edited"
    DELETED = "deleted"
    INSERTED = "inserted"
    REORDERED = "reordered"
    TRUNCATED = "truncated since the last anchor"
    FORKED = "forked"
    WRONG_KEY = "wrong key"
    VERSION_GAP = "version gap"
    PROJECTION = "projection row that does not follow"


class Finding(NamedTuple):
    """What is wrong with a table, from the first up to the last position that it may be: the same where it
    is known. A checkpoint's and a key's position is its number.
    """

    kind: Kind
    table: str
    first: int | None
    last: int | None
    sentence: str
    journey_id: str | None = None
    id: str | None = None
    """Of the event, or of the record of the trail."""

    @property
    def rank(self) -> tuple[int, int, int]:
        """What comes first comes first: of the log, then of the trail, then of what is made from them."""
        place = TABLES.index(self.table) if self.table in TABLES else len(TABLES)
        width = (self.last or 0) - (self.first or 0)
        return place // 2, self.first if self.first is not None else 1 << 63, width


TABLES = ("log", "event", "access_log", "access_event")
"""A tree's two tables beside each other."""

WIDE = (Kind.TRUNCATED, Kind.FORKED)
"""What is known of a whole stretch alone."""


class Findings:
    """The first of each kind, and how many there are."""

    def __init__(self) -> None:
        self._first: dict[Kind, Finding] = {}
        self._named: dict[str, list[tuple[int, int]]] = {}
        self.counts: dict[Kind, int] = {}

    def add(self, finding: Finding) -> None:
        self.counts[finding.kind] = self.counts.get(finding.kind, 0) + 1
        before = self._first.get(finding.kind)
        if before is None or finding.rank < before.rank:
            self._first[finding.kind] = finding
        if finding.table in TABLES and finding.first is not None and finding.kind not in WIDE:
            log = TABLES[TABLES.index(finding.table) // 2 * 2]
            self._named.setdefault(log, []).append((finding.first, finding.last or finding.first))

    def explain(self, table: str, after: int, last: int) -> bool:
        """Whether something is known by its position between these positions of a tree's log."""
        return any(begin <= last and after < end for begin, end in self._named.get(table, ()))

    def __iter__(self) -> Iterator[Finding]:
        """The first of each kind, in order."""
        return iter(sorted(self._first.values(), key=lambda each: each.rank))

    def __bool__(self) -> bool:
        return bool(self._first)
