"""A ledger that a database administrator, with every right, does as they like with."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any, LiteralString

import psycopg
from psycopg import Connection
from psycopg.sql import SQL, Identifier

from journey.embedded import Cluster
from journey.ledger.seals import Place
from journey.ledger.verify import Result, verify
from journey.ledger.verifying.finding import Finding, Kind
from journey.store.identifiers import uuid7
from tests.ledger.told import Ledger, told

_numbers = count(1)


@contextmanager
def database(cluster: Cluster, template: str) -> Iterator[str]:
    """The name of a copy, for as long as the block lasts."""
    name = f"ledger_{next(_numbers)}"
    with psycopg.connect(cluster.url(), autocommit=True) as connection:
        create = SQL("CREATE DATABASE {} TEMPLATE {}")
        connection.execute(create.format(Identifier(name), Identifier(template)))
        yield name
        connection.execute(SQL("DROP DATABASE {} WITH (FORCE)").format(Identifier(name)))


@contextmanager
def copied(cluster: Cluster, name: str, original: Ledger, folder: Path) -> Iterator[Ledger]:
    """A copy of a database, and of the files of its ledger."""
    shutil.copytree(original.place.home, folder)
    with database(cluster, name) as copy:
        yield Ledger(cluster.url(copy), Place(folder))


def made(url: str, folder: Path) -> Ledger:
    """Four checkpoints, with events and records of the trail in each."""
    ledger = told(url, folder, journeys=5, turns=30)
    for seed in range(1, 4):
        ledger.looked(3, [uuid7()])
        ledger.notarize()
        told(url, folder, journeys=2, turns=15, seed=seed)
    ledger.looked(3)
    ledger.disclosed()
    ledger.notarize()
    return ledger


def verified(ledger: Ledger, *, whole: bool = True) -> Result:
    return verify(ledger.url, ledger.place, lambda _done, _all: None, whole=whole)


def found(ledger: Ledger, *, whole: bool = True) -> list[Finding]:
    return list(verified(ledger, whole=whole).findings)


def of_kind(findings: list[Finding], kind: Kind) -> Finding:
    [one] = [each for each in findings if each.kind is kind]
    return one


def alter(ledger: Ledger, *statements: LiteralString) -> None:
    with superuser(ledger) as connection:
        for statement in statements:
            changed = connection.execute(statement)
            assert changed.rowcount, f"it should have changed something: {statement}"


@contextmanager
def superuser(ledger: Ledger) -> Iterator[Connection[Any]]:
    """No trigger fires, and no other table is asked."""
    with ledger.connect() as connection:
        connection.execute("SET session_replication_role = replica")
        yield connection
