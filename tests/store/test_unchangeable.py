"""What is recorded stays: the database itself refuses to change or remove it."""

import psycopg
import pytest


@pytest.mark.parametrize("table", ["event", "log", "idempotency", "store_epoch"])
@pytest.mark.parametrize("doing", ["UPDATE {} SET {} = DEFAULT", "DELETE FROM {}", "TRUNCATE {}"])
def test_changing_what_is_recorded_is_refused(table: str, doing: str, database_url: str) -> None:
    column = "began_at" if table == "store_epoch" else "journey_id"
    with (
        psycopg.connect(database_url) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege, match="record a correction instead"),
    ):
        connection.execute(doing.format(table, column).encode())
