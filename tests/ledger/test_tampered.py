"""Tampering: a database administrator with every right alters something, and it is found and named."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any, LiteralString

import psycopg
import pytest
from psycopg import Connection
from psycopg.sql import SQL, Identifier

from journey.embedded import Cluster
from journey.ledger.seals import Place
from journey.ledger.verify import Result, verify
from journey.ledger.verifying.finding import Finding, Kind
from journey.store.identifiers import uuid7
from tests.ledger.told import Ledger, told

ORIGINAL = "ledger_that_is_tampered_with"

_numbers = count(1)


def verified(ledger: Ledger, *, whole: bool = True) -> Result:
    return verify(ledger.url, ledger.place, lambda _done, _all: None, whole=whole)


@contextmanager
def superuser(ledger: Ledger) -> Iterator[Connection[Any]]:
    """No trigger fires, and no other table is asked."""
    with ledger.connect() as connection:
        connection.execute("SET session_replication_role = replica")
        yield connection


def tampered(ledger: Ledger, *statements: LiteralString) -> list[Finding]:
    with superuser(ledger) as connection:
        for statement in statements:
            changed = connection.execute(statement)
            assert changed.rowcount, f"it should have changed something: {statement}"
    return list(verified(ledger).findings)


@pytest.fixture(scope="module")
def original(cluster: Cluster, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ledger]:
    """Four checkpoints, with events and records of the trail in each."""
    with psycopg.connect(cluster.url(), autocommit=True) as connection:
        create = SQL("CREATE DATABASE {} TEMPLATE {}")
        connection.execute(create.format(Identifier(ORIGINAL), Identifier(template)))
        folder, url = tmp_path_factory.mktemp("ledger"), cluster.url(ORIGINAL)
        ledger = told(url, folder, journeys=5, turns=30)
        for seed in range(1, 4):
            ledger.looked(3, [uuid7()])
            ledger.notarize()
            told(url, folder, journeys=2, turns=15, seed=seed)
        ledger.looked(3)
        ledger.notarize()
        yield ledger
        connection.execute(SQL("DROP DATABASE {} WITH (FORCE)").format(Identifier(ORIGINAL)))


@pytest.fixture
def ledger(cluster: Cluster, original: Ledger, tmp_path: Path) -> Iterator[Ledger]:
    """A copy of it to do as one likes with."""
    name = Identifier(f"tampered_{next(_numbers)}")
    with psycopg.connect(cluster.url(), autocommit=True) as connection:
        connection.execute(SQL("CREATE DATABASE {} TEMPLATE {}").format(name, Identifier(ORIGINAL)))
        shutil.copytree(original.place.home, tmp_path / "home")
        yield Ledger(cluster.url(name.as_string().strip('"')), Place(tmp_path / "home"))
        connection.execute(SQL("DROP DATABASE {} WITH (FORCE)").format(name))


EDIT = """
    UPDATE event SET data = (data::text || ' ')::json
     WHERE (journey_id, version) = (SELECT journey_id, version FROM log WHERE position = 7)
    """
LEAF = """
    UPDATE log SET leaf = event_leaf(event) FROM event
     WHERE (event.journey_id, event.version) = (log.journey_id, log.version) AND leaf <> event_leaf(event)
    """
DELETE = """
    DELETE FROM event WHERE (journey_id, version) = (SELECT journey_id, version FROM log WHERE position = 7)
    """
DELETE_POSITION = "DELETE FROM log WHERE position = 7"
EDIT_RECORD = """
    UPDATE access_event SET name = 'nobody'
     WHERE access_id = (SELECT access_id FROM access_log WHERE position = 4)
    """
DELETE_RECORD = """
    DELETE FROM access_event WHERE access_id = (SELECT access_id FROM access_log WHERE position = 4)
    """
SWAP: tuple[LiteralString, ...] = (
    "UPDATE log SET position = 1000 WHERE position = 3",
    "UPDATE log SET position = 3 WHERE position = 5",
    "UPDATE log SET position = 5 WHERE position = 1000",
)
SWAP_RECORDS: tuple[LiteralString, ...] = (
    "UPDATE access_log SET position = 1000 WHERE position = 4",
    "UPDATE access_log SET position = 4 WHERE position = 5",
    "UPDATE access_log SET position = 5 WHERE position = 1000",
)

Altered = tuple[Kind, str, int, tuple[LiteralString, ...]]
IN_ONE_PLACE: dict[str, Altered] = {
    "a byte of an event": (Kind.EDITED, "event", 7, (EDIT,)),
    "a leaf": (Kind.EDITED, "event", 7, ("UPDATE log SET leaf = sha256('x') WHERE position = 7",)),
    "an event": (Kind.DELETED, "event", 7, (DELETE,)),
    "an event and its position": (Kind.DELETED, "log", 7, (DELETE, DELETE_POSITION)),
    "a position": (Kind.DELETED, "log", 7, (DELETE_POSITION,)),
    "two positions": (Kind.REORDERED, "log", 3, SWAP),
    "a record of the trail": (Kind.EDITED, "access_event", 4, (EDIT_RECORD,)),
    "a record of the trail, gone": (Kind.DELETED, "access_event", 4, (DELETE_RECORD,)),
    "two records of the trail": (Kind.REORDERED, "access_log", 4, SWAP_RECORDS),
}


@pytest.mark.parametrize("what", IN_ONE_PLACE)
def test_what_is_altered_in_one_place_is_named_with_its_position(ledger: Ledger, what: str) -> None:
    kind, table, position, statements = IN_ONE_PLACE[what]
    first = tampered(ledger, *statements)[0]
    assert (first.kind, first.table, first.first, first.last) == (kind, table, position, position), first


def test_an_event_that_is_altered_with_its_leaf_is_narrowed_down_to_its_journey(ledger: Ledger) -> None:
    [(journey_id, among)] = ledger.rows("""
        SELECT journey_id, array_agg(position) FROM log
         WHERE journey_id = (SELECT journey_id FROM log WHERE position = 7) GROUP BY journey_id
        """)
    [first] = tampered(ledger, EDIT, LEAF)
    assert (first.kind, first.journey_id) == (Kind.EDITED, str(journey_id))
    assert first.first is not None
    assert first.last is not None
    assert first.first <= 7 <= first.last
    assert {first.first, first.last} <= set(among)


def test_nothing_is_found_where_nothing_is_altered(ledger: Ledger) -> None:
    assert not verified(ledger).findings
