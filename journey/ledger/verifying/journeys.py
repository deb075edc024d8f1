"""The map of journeys, made anew from the heads that are stored, and these held to the log's.

What stands in the map says which journey the log has too much of, too little, or something else: as long as
it leads to the signed root, it is proof.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from hashlib import sha256
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple

from psycopg import Connection

from journey.ledger.completeness import BUCKET, Head, Part, Parts, Placed, bucket_of, part_of
from journey.ledger.merkle import Hash
from journey.ledger.trees import BUCKETS
from journey.ledger.verifying.events import NO_HEAD, Heads
from journey.ledger.verifying.finding import Finding, Findings, Kind

ROWS = """
    SELECT bucket, key, journey_id::text, uuid_send(journey_id), events, chain
      FROM ledger_journey ORDER BY bucket, key
    """
AT_ONCE = 4_000
HALF = BUCKET // 2


class Suspect(NamedTuple):
    """A journey whose head is not the one in the map: as the log has it, and as the map has."""

    found: Head
    stored: Head


class Mapped(NamedTuple):
    """What the map says, if it can be believed."""

    is_signed: bool
    suspects: Mapping[str, Suspect]


class Held:
    """The buckets of the map: as they are stored, and as the log's heads would have them."""

    def __init__(self, heads: Heads, before: Heads, *, is_whole: bool) -> None:
        self._heads = heads
        self._before = before
        self._is_whole = is_whole
        """Whether the heads are all there are."""
        self.stored: dict[int, Part] = {}
        self.now: dict[int, Part] = {}
        """Those with other heads than are stored; the same before the verification began."""
        self.was: dict[int, Part] = {}
        self.wrong: dict[str, Suspect] = {}
        self.elsewhere: list[str] = []
        self.seen = 0

    def take(self, number: int, rows: Iterable[tuple[Any, ...]]) -> None:
        placed: list[Placed] = []
        now: dict[bytes, Head] = {}
        was: dict[bytes, Head] = {}
        for _, key, journey_id, id_, events, chain in rows:
            head, found = Head(events, chain), self._heads.get(journey_id)
            placed.append(Placed(key, head))
            if key != sha256(id_).digest() or bucket_of(key) != number:
                self.elsewhere.append(journey_id)
            if found is not None:
                self.seen += 1
                now[key], was[key] = Head(*found), Head(*self._before.get(journey_id, NO_HEAD))
            if found != head and (found is not None or self._is_whole):
                self.wrong[journey_id] = Suspect(Head(*(found or NO_HEAD)), head)
        self.stored[number] = part_of(placed, BUCKET)
        if now and not self._is_whole:
            self.was[number] = _with(placed, was)
        if self.wrong:
            self.now[number] = _with(placed, now)


def mapped(  # noqa: PLR0917 - two times, and both are held to what was signed then
    connection: Connection[Any],
    findings: Findings,
    heads: Heads,
    before: Heads,
    root: Hash,
    root_before: Hash | None,
) -> Mapped:
    """Hold the map to its root and to the heads; `root_before`: to the root from which one went on, too."""
    held = Held(heads, before, is_whole=root_before is None)
    for number, rows in groupby(_rows(connection), key=itemgetter(0)):
        held.take(number, rows)
    for journey_id in held.elsewhere:
        _tell(findings, Kind.EDITED, f"The map has the journey {journey_id} elsewhere.", journey_id)
    if held.seen < len(heads):
        gone = _gone(connection, heads)
        held.wrong |= {each: Suspect(Head(*heads[each]), Head()) for each in gone}
    parts = Parts(BUCKET, held.stored)
    is_signed = parts.root == root
    if not is_signed:
        ours = Parts(BUCKET, held.stored | held.now).root
        _explain(findings, held.wrong, is_ours=bool(held.wrong) and ours == root)
    elif root_before is not None and Parts(BUCKET, held.stored | held.was).root != root_before:
        said = "An event from before the last verification is not what it was. Run it with --all."
        findings.add(Finding(Kind.EDITED, "log", None, None, said, next(iter(held.wrong), None)))
    _buckets(connection, findings, parts, held.stored)
    return Mapped(is_signed, held.wrong)


def _with(placed: Sequence[Placed], heads: Mapping[bytes, Head]) -> Part:
    """A bucket with other heads of some of its journeys."""
    others = (Placed(key, heads.get(key, head)) for key, head in placed)
    return part_of([each for each in others if each.head.events], BUCKET)


def _rows(connection: Connection[Any]) -> Iterator[tuple[Any, ...]]:
    with connection.cursor(name="journeys", binary=True) as cursor:
        cursor.itersize = AT_ONCE
        yield from cursor.execute(ROWS)


def _gone(connection: Connection[Any], heads: Heads) -> Iterator[str]:
    """Journeys of the log that the map has not."""
    there = {row[2] for row in _rows(connection)}
    return (each for each in heads if each not in there)


def _explain(findings: Findings, wrong: Mapping[str, Suspect], *, is_ours: bool) -> None:
    """The map does not lead to its root: the rows of it were altered, or so was the log as well."""
    for journey_id, each in list(wrong.items())[:1]:
        kind = Kind.DELETED if not each.stored.events else Kind.EDITED
        kind = Kind.INSERTED if not each.found.events else kind
        _tell(findings, kind, f"The map's row of the journey {journey_id} is not as it was.", journey_id)
    if not is_ours:
        said = "The map of journeys is not the one that was signed."
        _tell(findings, Kind.FORKED, said, None)


def _buckets(connection: Connection[Any], findings: Findings, parts: Parts, buckets: Collection[int]) -> None:
    for depth in (BUCKET, HALF):
        rows = connection.cursor(binary=True).execute(BUCKETS, (depth,)).fetchall()
        there = {number: Part(hash_, journeys) for number, hash_, journeys in rows}
        for number in {each >> BUCKET - depth for each in buckets} | there.keys():
            wanted, found = parts.at(depth, number), there.get(number)
            if found != wanted:
                kind = Kind.DELETED if found is None else Kind.EDITED
                _bucket(findings, kind if wanted.journeys else Kind.INSERTED, depth, number)


def _bucket(findings: Findings, kind: Kind, depth: int, number: int) -> None:
    said = f"The node {number} of depth {depth} of the map is not what its journeys give."
    findings.add(Finding(kind, "ledger_bucket", number, number, said))


def _tell(findings: Findings, kind: Kind, sentence: str, journey_id: str | None) -> None:
    findings.add(Finding(kind, "ledger_journey", None, None, sentence, journey_id))
