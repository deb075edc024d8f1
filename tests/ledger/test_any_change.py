"""Whatever is changed, in whichever column of whichever row, is found; and so is a row that is gone."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg.sql import SQL, Identifier

from journey.embedded import Cluster
from tests.ledger.altered import database, found, made, superuser
from tests.ledger.told import Ledger, told

TABLES = (
    *("event", "log", "access_event", "access_log"),
    *("ledger_key", "ledger_checkpoint", "ledger_node", "ledger_journey", "ledger_bucket"),
)
CHANGES = {
    "uuid": SQL("gen_random_uuid()"),
    "bigint": SQL("{column} + 1000"),
    "integer": SQL("{column} + 1000"),
    "smallint": SQL("{column} + 8"),
    "text": SQL("coalesce({column}, '') || 'x'"),
    "json": SQL("({column}::text || ' ')::json"),
    "bytea": SQL("set_byte({column}, 0, get_byte({column}, 0) # 1)"),
    "timestamp with time zone": SQL("{column} + interval '1 microsecond'"),
    "uuid[]": SQL("{column} || gen_random_uuid()"),
    "bytea[]": SQL("{column} || sha256('x')"),
}
COLUMNS = """
    SELECT relname, attname, format_type(atttypid, atttypmod)
      FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
     WHERE relname = ANY(%s) AND relkind = 'r' AND attnum > 0 AND NOT attisdropped
     ORDER BY relname, attnum
    """
ONE = SQL("(SELECT ctid FROM {table} ORDER BY {table}::text OFFSET %s LIMIT 1)")
COUNT = SQL("SELECT count(*) FROM {table}")
COPY = SQL("CREATE TABLE changed AS SELECT * FROM {table} WHERE ctid = {one}")
CHANGE = SQL("UPDATE {table} SET {column} = {value} WHERE ctid = {one} RETURNING ctid")
DELETE = SQL("DELETE FROM {table} WHERE ctid = %s")
DELETE_ONE = SQL("DELETE FROM {table} WHERE ctid = {one}")
PUT_BACK = SQL("INSERT INTO {table} SELECT * FROM changed")


@pytest.fixture(scope="module")
def ledger(cluster: Cluster, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ledger]:
    with database(cluster, template) as name:
        folder = tmp_path_factory.mktemp("ledger")
        told(cluster.url(name), folder, journeys=3, turns=600)  # so many that a node is kept
        ledger = made(cluster.url(name), folder)
        with superuser(ledger) as connection:
            connection.execute("ALTER TABLE ledger_bucket DROP CONSTRAINT ledger_bucket_depth_check")
        yield ledger


@contextmanager
def changed(ledger: Ledger, table: str, column: str | None, kind: str, row: int) -> Iterator[None]:
    """A row that is not what it was, or is gone, for as long as the block lasts."""
    names = {"table": Identifier(table), "one": ONE.format(table=Identifier(table))}
    with superuser(ledger) as connection:
        [(rows,)] = connection.execute(COUNT.format(**names)).fetchall()
        place = (row % rows,)
        connection.execute(COPY.format(**names), place)
        if column is None:
            connection.execute(DELETE_ONE.format(**names), place)
            yield
        else:
            value = CHANGES[kind].format(column=Identifier(column))
            change = CHANGE.format(**names, column=Identifier(column), value=value)
            [ctid] = connection.execute(change, place).fetchall()
            yield
            connection.execute(DELETE.format(**names), ctid)
        connection.execute(PUT_BACK.format(**names))
        connection.execute("DROP TABLE changed")


@settings(
    max_examples=2,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(row=st.integers(0, 10_000))
@pytest.mark.parametrize("table", TABLES)
def test_any_change_is_found(ledger: Ledger, table: str, row: int) -> None:
    with ledger.connect() as connection:
        every = [(column, kind) for _, column, kind in connection.execute(COLUMNS, ([table],))]
    for column, kind in [*every, (None, "")]:
        with changed(ledger, table, column, kind, row):
            assert found(ledger), f"{table}.{column}"
    assert not found(ledger), "all is as it was"
