"""Verifying a read model: every journey folded whole from the log, its rows made anew and compared.

None of the projector's shortcuts is used: no batches, no kept states. It is one snapshot: what is recorded or
projected meanwhile does not count.
"""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from psycopg import Connection
from psycopg.sql import SQL, Composed, Identifier, Literal

from journey.domain.journey import fold
from journey.projections.model import Change, ReadModel, tables_of, written
from journey.projections.parking import parked
from journey.store import log

AT_ONCE = 500
"""Journeys in memory at a time."""

REACHED = "SELECT coalesce((SELECT position FROM checkpoint WHERE name = %s), 0)"
JOURNEYS = "SELECT DISTINCT journey_id FROM log WHERE position <= %s ORDER BY journey_id"
TEMPORARY = SQL("CREATE TEMP TABLE {table} (LIKE public.{table} INCLUDING ALL) ON COMMIT DROP")
KEYS = """
    SELECT attname FROM pg_index JOIN pg_attribute ON attrelid = indrelid AND attnum = ANY (indkey)
     WHERE indrelid = %s::regclass AND indisprimary ORDER BY array_position(indkey::int[], attnum::int)
    """
DIFFERING = SQL("""
    WITH stored AS (SELECT to_jsonb(each) AS row FROM public.{table} AS each),
         made AS (SELECT to_jsonb(each) AS row FROM pg_temp.{table} AS each)
    SELECT {key}, stored.row IS NULL, made.row IS NULL,
           ARRAY(SELECT name FROM jsonb_object_keys(coalesce(made.row, stored.row)) AS name
                  WHERE made.row -> name IS DISTINCT FROM stored.row -> name)
      FROM stored FULL JOIN made ON {same}
     WHERE stored.row IS DISTINCT FROM made.row
       AND NOT coalesce((coalesce(made.row, stored.row) ->> 'journey_id') = ANY (%s), false)
     ORDER BY 1 LIMIT %s
    """)


class Difference(NamedTuple):
    """A row that is not what the log gives: its table and key, and the columns that differ."""

    table: str
    key: str
    what: str
    columns: tuple[str, ...] = ()

    def __str__(self) -> str:
        differing = f": {', '.join(self.columns)}" if self.columns else ""
        return f"{self.table} {self.key} {self.what}{differing}"


class Verified(NamedTuple):
    """What a model was held against: how far it had come, how many journeys, and what differs first."""

    model: str
    position: int
    journeys: int
    parked: int
    differences: tuple[Difference, ...]


def verify(connection: Connection[Any], model: ReadModel, *, at_most: int = 1) -> Verified:
    """Compare it with what the log gives up to where it has come. Leaves nothing behind."""
    with connection.transaction(force_rollback=True):
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        [(reached,)] = connection.execute(REACHED, (model.name,)).fetchall()
        waiting = {each.journey_id for each in parked(connection, model.name)}
        for table in tables_of(model):
            connection.execute(TEMPORARY.format(table=Identifier(table)))  # found before the real one
        ids = [each for (each,) in connection.execute(JOURNEYS, (reached,)) if each not in waiting]
        for start in range(0, len(ids), AT_ONCE):
            _recompute(connection, model, ids[start : start + AT_ONCE], reached)
        found = [
            difference
            for table in tables_of(model)
            for difference in _differences(connection, table, waiting, at_most)
        ]
        return Verified(model.name, reached, len(ids), len(waiting), tuple(found[:at_most]))


def _recompute(
    connection: Connection[Any], model: ReadModel, journey_ids: Sequence[UUID], until: int
) -> None:
    for journey_id, history in log.histories(connection, journey_ids, until):
        journey = fold(history.effective, journey_id, history.version) if model.folds else None
        position = history.recorded[-1].position or 0
        written(connection, model.project(Change(journey_id, history.recorded, position, journey)))


def _differences(
    connection: Connection[Any], table: str, besides: set[UUID], at_most: int
) -> Iterator[Difference]:
    keys = [name for (name,) in connection.execute(KEYS, (f"public.{table}",))]
    statement = DIFFERING.format(
        table=Identifier(table),
        key=SQL(" || ' ' || ").join(_of_either(key) for key in keys),
        same=SQL(" AND ").join(
            SQL("(stored.row ->> {0}) = (made.row ->> {0})").format(Literal(key)) for key in keys
        ),
    )
    rows = connection.execute(statement, ([str(each) for each in besides], at_most))
    for key, not_stored, not_made, columns in rows:
        if not_stored:
            yield Difference(table, key, "is missing")
        elif not_made:
            yield Difference(table, key, "is not in the log")
        else:
            yield Difference(table, key, "differs", tuple(columns))


def _of_either(key: str) -> Composed:
    return SQL("(coalesce(made.row, stored.row) ->> {})").format(Literal(key))
