"""Rebuilding a read model beside the live one: readers see the old rows, then the new ones, and no gap.

The tables are made again in a schema of their own, with the same names, and filled from the log's beginning
by the same statements. What comes in meanwhile goes to the live tables too. The swap is one transaction: the
live projector waits, the new tables take up the last few events, and change places with the old ones.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple
from zlib import crc32

import psycopg
from psycopg import Connection, sql
from psycopg.sql import SQL, Identifier

from journey.projections.ahead import ReadAhead
from journey.projections.model import ReadModel, tables_of
from journey.projections.projector import Projector

NEAR = 500
"""Events behind the live read model from which on it is worth making it wait."""

SWAP_PATIENCE = "500ms"
"""How long the swap waits for readers that hold the old tables before it lets them pass and tries again."""

ATTEMPTS = 40

INDEXES = """
    SELECT indexdef FROM pg_indexes
     WHERE schemaname = 'public' AND tablename = %s
       AND indexname NOT IN (SELECT conname FROM pg_constraint WHERE conrelid = %s::regclass)
    """
CONSTRAINTS = """
    SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint
     WHERE conrelid = %s::regclass AND contype <> 'n'
    """

REACHED = """
    INSERT INTO checkpoint (name, position) VALUES (%s, %s)
    ON CONFLICT (name) DO UPDATE
       SET position = excluded.position, updated_at = now(), last_error = NULL
    """

Told = Callable[[int, int], None]
"""Called with how many events are projected, and how many there are."""


class Rebuilding(Exception):
    """The read model is being rebuilt already; wait for that, or stop it."""


class Rebuilt(NamedTuple):
    """What became of it."""

    model: str
    events: int


class RebuiltBeside(Projector):
    """A projector of the tables in the schema beside, with a checkpoint of its own."""

    def __init__(self, conninfo: str, model: ReadModel) -> None:
        super().__init__(conninfo, model)
        self.name = f"{model.name} (rebuilding)"
        self.schema = schema_of(model)

    def connected(self) -> Connection[Any]:
        connection = super().connected()
        connection.execute(SQL("SET search_path = {}, public").format(Identifier(self.schema)))
        connection.commit()
        return connection


def schema_of(model: ReadModel) -> str:
    """The schema in which the new tables stand until the swap."""
    return f"rebuilding_{model.name}"


def rebuild(conninfo: str, model: ReadModel, told: Told = lambda _done, _all: None) -> Rebuilt:
    """Make it anew from the log, beside the live one. Raises Rebuilding where somebody else is at it."""
    beside = RebuiltBeside(conninfo, model)
    with (
        _alone(conninfo, model),
        beside.connected() as connection,
        ReadAhead(conninfo, beside.batch) as ahead,
    ):
        _prepare(connection, beside)
        events = _filled(connection, beside, ahead, told)
        _index(connection, model)
        for attempt in range(ATTEMPTS):
            events += _filled(connection, beside, ahead, told)
            try:
                return Rebuilt(model.name, events + _swapped(connection, beside))
            except psycopg.errors.LockNotAvailable:
                if attempt == ATTEMPTS - 1:
                    raise
    raise AssertionError("unreachable: the last attempt raises")


@contextmanager
def _alone(conninfo: str, model: ReadModel) -> Iterator[None]:
    """The lock lives with its own connection, so that a killed rebuild is no obstacle to the next."""
    with psycopg.connect(conninfo, autocommit=True) as connection:
        key = 0x4A_0003 << 32 | crc32(model.name.encode())
        row = connection.execute("SELECT pg_try_advisory_lock(%s)", (key,)).fetchone()
        if not row or not row[0]:
            raise Rebuilding(Rebuilding.__doc__)
        yield


def _prepare(connection: Connection[Any], beside: RebuiltBeside) -> None:
    """Empty tables with the keys that the statements need; whatever an earlier try left is removed."""
    schema = Identifier(beside.schema)
    with connection.transaction():
        connection.execute(SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(schema))
        connection.execute("DELETE FROM checkpoint WHERE name = %s", (beside.name,))
        connection.execute("DELETE FROM parked_journey WHERE model = %s", (beside.name,))
        connection.execute(SQL("CREATE SCHEMA {}").format(schema))
        for table in tables_of(beside.model):
            connection.execute(
                SQL("CREATE TABLE {}.{} (LIKE public.{} INCLUDING ALL EXCLUDING INDEXES)").format(
                    schema, Identifier(table), Identifier(table)
                )
            )
            for name, definition in connection.execute(CONSTRAINTS, (f"public.{table}",)).fetchall():
                connection.execute(
                    SQL("ALTER TABLE {}.{} ADD CONSTRAINT {} {}").format(
                        schema, Identifier(table), Identifier(name), sql.SQL(definition)
                    )
                )


def _filled(connection: Connection[Any], beside: RebuiltBeside, ahead: ReadAhead, told: Told) -> int:
    """Project until it is near the live one; how many events."""
    total = 0
    [(end,)] = connection.execute("SELECT coalesce(max(position), 0) FROM log").fetchall()
    connection.commit()
    while done := beside.step(connection, ahead):
        total += done
        told(total, max(end, total))
        if done < NEAR:
            break
    return total


def _index(connection: Connection[Any], model: ReadModel) -> None:
    """The other indexes, once the rows are there: that is several times faster."""
    with connection.transaction():
        for table in tables_of(model):
            for (definition,) in connection.execute(INDEXES, (table, f"public.{table}")).fetchall():
                there = definition.replace(f" ON public.{table} ", f" ON {schema_of(model)}.{table} ", 1)
                connection.execute(there)
    for table in tables_of(model):
        with connection.transaction():
            connection.execute(SQL("ANALYZE {}.{}").format(Identifier(schema_of(model)), Identifier(table)))


def _swapped(connection: Connection[Any], beside: RebuiltBeside) -> int:
    """Change places in one transaction; how many events were taken up while the live one waited."""
    model, schema = beside.model, Identifier(beside.schema)
    with connection.transaction():
        connection.execute(SQL("SET LOCAL lock_timeout = {}").format(sql.Literal(SWAP_PATIENCE)))
        row = connection.execute(
            "SELECT position FROM checkpoint WHERE name = %s FOR UPDATE", (model.name,)
        ).fetchone()
        live, total, reached = (int(row[0]) if row else 0), 0, _position(connection, beside.name)
        while reached < live:
            total += beside.step(connection)
            reached = _position(connection, beside.name)
        for table in map(Identifier, tables_of(model)):
            connection.execute(SQL("DROP TABLE public.{}").format(table))
            connection.execute(SQL("ALTER TABLE {}.{} SET SCHEMA public").format(schema, table))
        connection.execute("DELETE FROM parked_journey WHERE model = %s", (model.name,))
        connection.execute("UPDATE parked_journey SET model = %s WHERE model = %s", (model.name, beside.name))
        connection.execute("DELETE FROM checkpoint WHERE name = %s", (beside.name,))
        connection.execute(REACHED, (model.name, reached))
        connection.execute(SQL("DROP SCHEMA {}").format(schema))
        return total


def _position(connection: Connection[Any], name: str) -> int:
    row = connection.execute("SELECT position FROM checkpoint WHERE name = %s", (name,)).fetchone()
    return int(row[0]) if row else 0
