"""Narrowing down: which position of a stretch that does not come to its checkpoint is the first bad one.

The row by row comparison has named what it could; here, each row fits its leaf, and yet the leaves do not
come to what was signed. What is proven still says more:

- the checkpoint's edge leads to its root: the first of its hashes that the leaves do not come to narrows the
  stretch to the leaves below it, and the kept nodes below, where they lead to that hash, to 256 of them;
- the map of journeys, where it leads to its root, names the journeys whose leaves are others than they were:
  one that has more events than it had shows which were inserted, one that has fewer how many are gone;
- where no journey has changed, the same leaves stand in another order: two that were swapped are found by
  swapping each two back.
"""

from collections.abc import Mapping, Sequence
from itertools import chain, combinations, product
from typing import Any, LiteralString, NamedTuple

from psycopg import Connection

from journey.ledger.merkle import Frontier, Hash, node_hash
from journey.ledger.trees import KEPT
from journey.ledger.verifying.climb import Stretch
from journey.ledger.verifying.finding import Finding, Findings, Kind
from journey.ledger.verifying.growth import Growth
from journey.ledger.verifying.journeys import Mapped, Suspect

LEAVES: dict[str, LiteralString] = {
    "log": """
        SELECT position, leaf, journey_id::text, version, NULL FROM log
         WHERE position > %s AND position <= %s ORDER BY position
        """,
    "access_log": """
        SELECT position, leaf, NULL, NULL, access_id::text FROM access_log
         WHERE position > %s AND position <= %s ORDER BY position
        """,
}
NODES = """
    SELECT number, hash FROM ledger_node
     WHERE tree = %s AND level = %s AND number >= %s AND number < %s ORDER BY number
    """
TREES = {"log": "event", "access_log": "access"}
UNKNOWN = Mapped(False, {})


class Row(NamedTuple):
    """A leaf where it stands."""

    position: int
    leaf: Hash
    journey_id: str | None
    version: int | None
    id: str | None


class Below(NamedTuple):
    """The leaves below a node, whose hash is proven and is not theirs."""

    level: int
    number: int
    hash: Hash

    @property
    def after(self) -> int:
        return self.number << self.level

    @property
    def last(self) -> int:
        return self.number + 1 << self.level


def narrowed(
    connection: Connection[Any],
    findings: Findings,
    table: str,
    stretches: Sequence[Stretch],
    map_: Mapped = UNKNOWN,
) -> None:
    """Name what is wrong in each stretch where nothing has been named."""
    for stretch in stretches:
        last = stretch.mark.head.size
        if not findings.explain(table, stretch.after, last):
            findings.add(_named(connection, table, stretch, map_))


def _named(connection: Connection[Any], table: str, stretch: Stretch, map_: Mapped) -> Finding:
    below = _below(connection, table, stretch)
    first, last = max(below.after, stretch.after) + 1, below.last
    rows = _rows(connection, table, below.after if below.level <= KEPT else first - 1, last)
    found = _by_journey(table, rows, first, stretch, map_.suspects) if map_.is_signed else None
    if found is None and not map_.suspects and below.level <= KEPT and len(rows) == last - below.after:
        found = _swapped(table, rows, _rows(connection, table, last, last + (1 << KEPT)), below)
    if found is not None:
        return found
    kind = Kind.REORDERED if map_.is_signed and not map_.suspects else Kind.EDITED
    said = (
        f"What stands from position {first} to {last} is not what the checkpoint {stretch.mark.number} signs."
    )
    return Finding(kind, table, first, last, said)


def _below(connection: Connection[Any], table: str, stretch: Stretch) -> Below:
    """The first leaves that do not come to a hash that is proven."""
    size, edge = stretch.mark.head.size, stretch.mark.edge or []
    levels = [level for level in reversed(range(size.bit_length())) if size >> level & 1]
    below = Below(0, size - 1, b"")
    for level, hash_ in zip(levels, edge, strict=True):
        below = Below(level, (size >> level) - 1, hash_)
        if below.last > stretch.after:
            found = _first_bad(connection, table, below, stretch.after)
            if found is not None:
                return found
    return below


def _first_bad(connection: Connection[Any], table: str, below: Below, after: int) -> Below | None:
    """Within the leaves below a node: by the kept nodes, where these are proven."""
    if below.level <= KEPT:
        return None if _comes_to(below, _rows(connection, table, below.after, below.last)) else below
    width = 1 << below.level - KEPT
    asked = (TREES[table], KEPT, below.number * width, (below.number + 1) * width)
    stored = connection.cursor(binary=True).execute(NODES, asked).fetchall()
    frontier = Frontier()
    for _, hash_ in stored:
        list(frontier.append(hash_))
    if len(stored) != width or frontier.root != below.hash:
        return below
    kept = (Below(KEPT, *row) for row in stored)
    return next(
        (
            each
            for each in kept
            if each.last > after and not _comes_to(each, _rows(connection, table, each.after, each.last))
        ),
        None,
    )


def _comes_to(below: Below, rows: Sequence[Row]) -> bool:
    made = Growth()
    made.add([row.leaf for row in rows])
    return made.size == below.last - below.after and made.root_at(made.size) == below.hash


def _rows(connection: Connection[Any], table: str, after: int, last: int) -> list[Row]:
    return [Row(*row) for row in connection.cursor(binary=True).execute(LEAVES[table], (after, last))]


def _by_journey(
    table: str, rows: Sequence[Row], first: int, stretch: Stretch, suspects: Mapping[str, Suspect]
) -> Finding | None:
    """What the heads of its journeys say."""
    there = [row for row in rows if row.position >= first and row.journey_id in suspects]
    for row in there:
        had = suspects[row.journey_id or ""].stored.events
        if (row.version or 0) > had:
            said = f"The event at position {row.position} was not there: its journey had {had} events."
            return Finding(Kind.INSERTED, table, row.position, row.position, said, row.journey_id)
    for journey_id, each in suspects.items():
        if each.found.events < each.stored.events:
            said = (
                f"From position {first} on, the log is without version {each.found.events + 1} of a journey "
                f"that had {each.stored.events} events."
            )
            return Finding(Kind.DELETED, table, first, stretch.mark.head.size, said, journey_id)
    if not there:
        return None
    one, other = there[0], there[-1]
    said = f"The event at position {one.position} is not the one that was signed there."
    if one is not other:
        said = (
            f"An event of positions {one.position} to {other.position} is not the one that was signed there."
        )
    return Finding(Kind.EDITED, table, one.position, other.position, said, one.journey_id)


def _swapped(table: str, rows: Sequence[Row], after: Sequence[Row], below: Below) -> Finding | None:
    """Two rows that, swapped back, come to the proven hash: both of these, or one of those after them."""
    levels = [[row.leaf for row in rows]]
    while len(levels[-1]) > 1:
        nodes = levels[-1]
        levels.append([node_hash(*pair) for pair in zip(nodes[::2], nodes[1::2], strict=True)])
    numbers = range(len(rows))
    pairs = chain(combinations(numbers, 2), product(numbers, range(len(rows), len(rows) + len(after))))
    every = [*rows, *after]
    for one, other in pairs:
        changed = {one: every[other].leaf, other: every[one].leaf}
        if (
            _root(levels, {number: leaf for number, leaf in changed.items() if number in numbers})
            == below.hash
        ):
            first, last = every[one], every[other]
            said = f"What stands at positions {first.position} and {last.position} has been swapped."
            return Finding(
                Kind.REORDERED, table, first.position, first.position, said, first.journey_id, first.id
            )
    return None


def _root(levels: Sequence[Sequence[Hash]], changed: Mapping[int, Hash]) -> Hash:
    """The root with some leaves in the place of others."""
    for nodes in levels[:-1]:
        changed = {
            number >> 1: node_hash(
                changed.get(number & ~1, nodes[number & ~1]), changed.get(number | 1, nodes[number | 1])
            )
            for number in changed
        }
    return changed[0]
