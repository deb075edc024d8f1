"""The two trees as they grow: that of events over the log, that of the trail over its records.

Of their nodes every eighth level is kept. With the tree of events grows the map of journeys.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Any, LiteralString
from uuid import UUID

from psycopg import Connection

from journey.ledger.checkpoint import Head
from journey.ledger.completeness import (
    BUCKET,
    Part,
    Parts,
    Placed,
    bucket_of,
    key_of,
    part_of,
)
from journey.ledger.completeness import Head as JourneyHead
from journey.ledger.merkle import Frontier, Hash, Node

KEPT = 8
"""Every how many levels the nodes of a tree are kept."""

NEW_EVENTS = "SELECT position, leaf, journey_id FROM log WHERE position > %s ORDER BY position LIMIT %s"
TAKE_ACCESSES = """
    WITH head AS (
        SELECT id FROM access_pending ORDER BY id LIMIT %(batches)s
    ), taken AS (
        DELETE FROM access_pending WHERE id IN (SELECT id FROM head) RETURNING accesses
    ), placed AS (
        SELECT unnest(accesses) AS access_id FROM taken
    ), made AS (
        SELECT at, access_id, access_leaf(access_event) AS leaf
          FROM access_event JOIN placed USING (access_id)
        UNION ALL
        SELECT at, access_id, disclosure_leaf(disclosure)
          FROM disclosure JOIN placed ON disclosure_id = access_id
    )
    INSERT INTO access_log (position, access_id, leaf)
    SELECT %(size)s + row_number() OVER (ORDER BY at, access_id), access_id, leaf FROM made
    RETURNING position, leaf
    """
INSERT_NODES = """
    INSERT INTO ledger_node (tree, level, number, hash)
    SELECT %s, * FROM unnest(%s::smallint[], %s::bigint[], %s::bytea[])
    """
BUCKETS = "SELECT number, hash, journeys FROM ledger_bucket WHERE depth = %s"
JOURNEYS = """
    SELECT bucket, key, events, chain FROM ledger_journey WHERE bucket = ANY(%s) ORDER BY bucket, key
    """
HEADS = "SELECT journey_id, events, chain FROM ledger_journey WHERE journey_id = ANY(%s)"
PUT_JOURNEYS = """
    INSERT INTO ledger_journey (bucket, key, journey_id, events, chain)
    SELECT * FROM unnest(%s::integer[], %s::bytea[], %s::uuid[], %s::bigint[], %s::bytea[])
        ON CONFLICT (bucket, key) DO UPDATE SET events = excluded.events, chain = excluded.chain
    """
PUT_BUCKETS = """
    INSERT INTO ledger_bucket (depth, number, hash, journeys)
    SELECT %s, * FROM unnest(%s::integer[], %s::bytea[], %s::bigint[])
        ON CONFLICT (depth, number) DO UPDATE SET hash = excluded.hash, journeys = excluded.journeys
    """


class Tree:
    """A tree from its last checkpoint on."""

    name: LiteralString

    def __init__(self, connection: Connection[Any], size: int, edge: Sequence[Hash]) -> None:
        self._connection = connection
        self._frontier = Frontier(size, edge)

    @property
    def head(self) -> Head:
        return Head(self._frontier.size, self._frontier.root)

    @property
    def kept(self) -> tuple[int, list[Hash]]:
        """Size and edge, as a checkpoint keeps them."""
        return self._frontier.size, list(self._frontier.edge)

    def _add(self, leaves: Iterable[Hash]) -> None:
        nodes = [node for leaf in leaves for node in self._frontier.append(leaf) if is_kept(node)]
        if nodes:
            levels, numbers, hashes = map(list, zip(*nodes, strict=True))
            self._connection.execute(INSERT_NODES, (self.name, levels, numbers, hashes))


def is_kept(node: Node) -> bool:
    return node.level > 0 and node.level % KEPT == 0


class AccessTree(Tree):
    """Over the records of the trail, in the order in which they are found to be new."""

    name = "access"

    def grow(self, at_most: int) -> int:
        """Take in what is new, some of it; how much that was."""
        parameters = {"batches": at_most, "size": self._frontier.size}
        rows = self._connection.execute(TAKE_ACCESSES, parameters).fetchall()
        self._add(leaf for _, leaf in sorted(rows))
        return len(rows)


class EventTree(Tree):
    """Over the events in the order of the log."""

    name = "event"

    def __init__(self, connection: Connection[Any], size: int, edge: Sequence[Hash]) -> None:
        super().__init__(connection, size, edge)
        rows = connection.execute(BUCKETS, (BUCKET,)).fetchall()
        self._map = Parts(BUCKET, {number: Part(hash_, journeys) for number, hash_, journeys in rows})

    @property
    def journeys(self) -> Hash:
        """The root of the map."""
        return self._map.root

    def grow(self, at_most: int) -> int:
        """Take in what is new, so many at most; how many that was."""
        cursor = self._connection.cursor(binary=True)
        rows = cursor.execute(NEW_EVENTS, (self._frontier.size, at_most)).fetchall()
        if rows:
            self._add(leaf for _, leaf, _ in rows)
            self._chain(rows)
        return len(rows)

    def _chain(self, rows: Sequence[tuple[int, Hash, UUID]]) -> None:
        """Bring the journeys' heads, and the map, to where the tree is."""
        leaves: dict[UUID, list[Hash]] = {}
        for _, leaf, journey_id in rows:
            leaves.setdefault(journey_id, []).append(leaf)
        found = self._connection.cursor(binary=True).execute(HEADS, (list(leaves),))
        heads = {journey_id: JourneyHead(*head) for journey_id, *head in found}
        put = [
            (bucket_of(key), key, journey_id, *heads.get(journey_id, JourneyHead()).grown(added))
            for journey_id, added in leaves.items()
            for key in (key_of(journey_id),)
        ]
        self._connection.execute(PUT_JOURNEYS, [list(column) for column in zip(*put, strict=True)])
        self._map.put(dict(self._buckets({bucket for bucket, *_ in put})))
        self._keep(BUCKET, {bucket for bucket, *_ in put})
        self._keep(BUCKET // 2, {bucket >> BUCKET // 2 for bucket, *_ in put})

    def _buckets(self, numbers: Iterable[int]) -> Iterator[tuple[int, Part]]:
        rows = self._connection.cursor(binary=True).execute(JOURNEYS, (list(numbers),)).fetchall()
        for number, of_bucket in groupby(rows, key=lambda row: int(row[0])):
            placed = [Placed(key, JourneyHead(*head)) for _, key, *head in of_bucket]
            yield number, part_of(placed, BUCKET)

    def _keep(self, depth: int, numbers: Iterable[int]) -> None:
        put = [(number, *self._map.at(depth, number)) for number in numbers]
        self._connection.execute(PUT_BUCKETS, (depth, *(list(column) for column in zip(*put, strict=True))))
