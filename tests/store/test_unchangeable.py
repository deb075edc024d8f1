"""What is recorded stays: the database itself refuses to change or remove it."""

import psycopg
import pytest


@pytest.mark.parametrize("table", ["event", "log", "idempotency"])
@pytest.mark.parametrize("doing", ["UPDATE {} SET journey_id = journey_id", "DELETE FROM {}", "TRUNCATE {}"])
def test_changing_what_is_recorded_is_refused(table: str, doing: str, database_url: str) -> None:
    with (
        psycopg.connect(database_url) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege, match="record a correction instead"),
    ):
        connection.execute(doing.format(table).encode())
