"""The map of journeys, made anew from the heads that are stored, and these held to the log's.

What stands in the map says which journey the log has too much of, too little, or something else: as long as
it leads to the signed root, it is proof.
"""

from collections.abc import Collection, Iterator, Mapping
from itertools import groupby
from typing import Any, NamedTuple
from uuid import UUID

from psycopg import Connection

from journey.ledger.completeness import BUCKET, Head, Part, Parts, Placed, bucket_of, key_of, part_of
from journey.ledger.merkle import Hash
from journey.ledger.trees import BUCKETS
from journey.ledger.verifying.events import NO_HEAD, Heads
from journey.ledger.verifying.finding import Finding, Findings, Kind

ROWS = "SELECT bucket, key, journey_id, events, chain FROM ledger_journey ORDER BY bucket, key"
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


def mapped(  # noqa: PLR0917 - two times, and both are held to what was signed then
    connection: Connection[Any],
    findings: Findings,
    heads: Heads,
    before: Heads,
    root: Hash,
    root_before: Hash | None,
) -> Mapped:
    """Hold the map to its root and to the heads; `root_before`: to the root from which one went on, too."""
    stored, known, earlier, wrong = {}, {}, {}, dict[str, Suspect]()
    seen = 0
    for number, rows in groupby(_rows(connection), key=lambda row: int(row[0])):
        placed, own, old = [], [], []
        for _, key, id_, events, chain in rows:
            journey_id = str(id_)
            found = heads.get(journey_id)
            if (key, number) != (key_of(id_), bucket_of(key)):
                _tell(findings, Kind.EDITED, f"The journey {journey_id} stands elsewhere in the map.", id_)
            elif found is None and root_before is None:
                wrong[journey_id] = Suspect(Head(), Head(events, chain))
            elif found is not None and found != (events, chain):
                wrong[journey_id] = Suspect(Head(*found), Head(events, chain))
            seen += found is not None
            placed.append(Placed(key, Head(events, chain)))
            own.append(Placed(key, Head(*(found or (events, chain)))))
            was = before.get(journey_id, NO_HEAD) if found else (events, chain)
            if was[0]:
                old.append(Placed(key, Head(*was)))
        stored[number] = part_of(placed, BUCKET)
        known[number] = part_of(own, BUCKET) if wrong else stored[number]
        earlier[number] = part_of(old, BUCKET) if root_before is not None else stored[number]
    if seen < len(heads):
        gone = _gone(connection, heads)
        wrong |= {each: Suspect(Head(*heads[each]), Head()) for each in gone}
    parts = Parts(BUCKET, stored)
    is_signed = parts.root == root
    if not is_signed:
        _explain(findings, wrong, is_ours=not wrong or Parts(BUCKET, known).root == root)
    if root_before is not None and is_signed and Parts(BUCKET, earlier).root != root_before:
        said = "An event from before the last verification is not what it was. Run it with --all."
        findings.add(Finding(Kind.EDITED, "log", None, None, said, next(iter(wrong), None)))
    _buckets(connection, findings, parts, stored)
    return Mapped(is_signed, wrong)


def _rows(connection: Connection[Any]) -> Iterator[tuple[Any, ...]]:
    with connection.cursor(name="journeys", binary=True) as cursor:
        cursor.itersize = AT_ONCE
        yield from cursor.execute(ROWS)


def _gone(connection: Connection[Any], heads: Heads) -> Iterator[str]:
    """Journeys of the log that the map has not."""
    there = {str(row[2]) for row in _rows(connection)}
    return (each for each in heads if each not in there)


def _explain(findings: Findings, wrong: Mapping[str, Suspect], *, is_ours: bool) -> None:
    """The map does not lead to its root: the rows of it were altered, or so was the log as well."""
    for journey_id, each in list(wrong.items())[:1]:
        kind = Kind.DELETED if not each.stored.events else Kind.EDITED
        kind = Kind.INSERTED if not each.found.events else kind
        _tell(findings, kind, f"The map's row of the journey {journey_id} is not as it was.", journey_id)
    if not wrong or not is_ours:
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


def _tell(findings: Findings, kind: Kind, sentence: str, journey_id: UUID | str | None) -> None:
    about = None if journey_id is None else str(journey_id)
    findings.add(Finding(kind, "ledger_journey", None, None, sentence, about))
