"""Rotating: everything that the master key wrapped is wrapped anew by the first of the master keys.

Readers and writers go on meanwhile: both keys are at hand. Ended in the middle, it is run again.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from psycopg import Connection
from psycopg.sql import SQL, Composable, Identifier

from journey.store.vault import vault

AT_ONCE = 1000
WRAPPED = (
    ("data_key", "journey_id", "wrapped"),
    ("inbox", "key", "raw"),
    ("inbox_attempt", "attempt", "said"),
    ("erasure", "erasure_id", "sought"),
    ("webhook", "id", "secret"),
    ("webhook", "id", "former_secret"),
    ("fhir_subscription", "id", "headers"),
)
"""The tables, what tells their rows apart, and the columns that the master key wrapped."""

BY_THE_MASTER = dict.fromkeys(("inbox", "inbox_attempt"), SQL("sealed_for IS NULL"))
"""Where a column is not always wrapped by it, the rows in which it is."""

ALWAYS = SQL("true")
COUNT = SQL("SELECT count(*) FROM {table} WHERE octet_length({column}) > 0 AND {by_the_master}")
SELECT = SQL("""
    SELECT {id}, {column} FROM {table}
     WHERE octet_length({column}) > 0 AND {by_the_master} AND (%(after)s::{kind} IS NULL OR {id} > %(after)s)
     ORDER BY {id} LIMIT %(at_once)s
    """)
UPDATE = SQL("UPDATE {table} SET {column} = %s WHERE {id} = %s AND {column} = %s")
KINDS = {
    "data_key": SQL("uuid"),
    "inbox": SQL("bytea"),
    "inbox_attempt": SQL("bigint"),
    "erasure": SQL("uuid"),
    "webhook": SQL("uuid"),
    "fhir_subscription": SQL("uuid"),
}


class Rotated(NamedTuple):
    """How many were wrapped anew, and how many were by then."""

    rewrapped: int
    current: int


def rotate(connection: Connection[Any], told: Callable[[int, int], None] = lambda *_: None) -> Rotated:
    """Wrap anew what an older master key wrapped. Raises CannotBeOpened where that key is not at hand."""
    every = sum(
        connection.execute(COUNT.format(**_names(table, name, column))).fetchall()[0][0]
        for table, name, column in WRAPPED
    )
    rewrapped = current = 0
    for table, name, column in WRAPPED:
        names = _names(table, name, column)
        select, update = SELECT.format(**names, kind=KINDS[table]), UPDATE.format(**names)
        after: Any = None
        while rows := connection.execute(select, {"after": after, "at_once": AT_ONCE}).fetchall():
            old = [(each, wrapped) for each, wrapped in rows if not vault().kms.is_current(wrapped)]
            anew = [(vault().rewrapped(wrapped), each, wrapped) for each, wrapped in old]
            with connection.transaction():
                connection.cursor().executemany(update, anew)
            rewrapped, current = rewrapped + len(old), current + len(rows) - len(old)
            after = rows[-1][0]
            told(rewrapped + current, every)
    return Rotated(rewrapped, current)


def _names(table: str, name: str, column: str) -> dict[str, Composable]:
    return {
        "table": Identifier(table),
        "id": Identifier(name),
        "column": Identifier(column),
        "by_the_master": BY_THE_MASTER.get(table, ALWAYS),
    }
