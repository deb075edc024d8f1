"""Verifying a read model: every journey folded whole from the log, its rows made anew and compared.

None of the projector's shortcuts is used: no log read in batches, no kept states. It is one snapshot: what is
recorded or projected meanwhile does not count. A journey that is parked is held to what it was until then.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple
from uuid import UUID

from psycopg import Connection
from psycopg.sql import SQL, Identifier

from journey.domain.correction import History
from journey.domain.journey import fold
from journey.projections.model import Change, ReadModel, tables_of, together, written
from journey.projections.parking import parked
from journey.store import log

AT_ONCE = 250
"""Journeys in memory, and written in one statement, at a time."""

REACHED = "SELECT coalesce((SELECT position FROM checkpoint WHERE name = %s), 0)"
JOURNEYS = "SELECT DISTINCT journey_id FROM log WHERE position <= %s ORDER BY journey_id"
TEMPORARY = SQL("CREATE TEMP TABLE {table} (LIKE public.{table} INCLUDING ALL) ON COMMIT DROP")
KEYS = """
    SELECT attname FROM pg_index JOIN pg_attribute ON attrelid = indrelid AND attnum = ANY (indkey)
     WHERE indrelid = %s::regclass AND indisprimary ORDER BY array_position(indkey::int[], attnum::int)
    """
DIFFERING = SQL("""
    SELECT concat_ws(' ', {key}), stored.ctid IS NULL, made.ctid IS NULL,
           ARRAY(SELECT name FROM jsonb_object_keys(to_jsonb(made)) AS name
                  WHERE to_jsonb(made) -> name IS DISTINCT FROM to_jsonb(stored) -> name ORDER BY name)
      FROM public.{table} AS stored FULL JOIN pg_temp.{table} AS made USING ({key})
     WHERE stored.ctid IS NULL OR made.ctid IS NULL
        OR stored::text <> made::text AND to_jsonb(stored) <> to_jsonb(made)
     ORDER BY {key} LIMIT %s
    """)


Told = Callable[[int, int], None]
"""Called with how many journeys are folded, and how many there are."""


def quietly(_done: int, _all: int) -> None:
    """For whoever need not know."""


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


def verify(
    connection: Connection[Any], model: ReadModel, *, at_most: int = 1, told: Told = quietly
) -> Verified:
    """Compare it with what the log gives up to where it has come. Leaves nothing behind."""
    with connection.transaction(force_rollback=True):
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        [(reached,)] = connection.execute(REACHED, (model.name,)).fetchall()
        waiting = {each.journey_id: each.position for each in parked(connection, model.name)}
        for table in tables_of(model):
            connection.execute(TEMPORARY.format(table=Identifier(table)))  # found before the real one
        ids = [journey_id for (journey_id,) in connection.execute(JOURNEYS, (reached,))]
        for start in range(0, len(ids), AT_ONCE):
            some = [each for each in ids[start : start + AT_ONCE] if each not in waiting]
            _recompute(connection, model, log.histories(connection, some, reached))
            told(start + len(some), len(ids))
        for journey_id, position in waiting.items():
            _recompute(connection, model, log.histories(connection, [journey_id], position - 1))
        found = [
            difference
            for table in tables_of(model)
            for difference in _differences(connection, table, at_most)
        ]
        return Verified(model.name, reached, len(ids), len(waiting), tuple(found[:at_most]))


def _recompute(
    connection: Connection[Any], model: ReadModel, histories: Iterable[tuple[UUID, History]]
) -> None:
    written(
        connection,
        together(
            write
            for journey_id, history in histories
            for write in model.project(
                Change(
                    journey_id,
                    history.recorded,
                    history.recorded[-1].position or 0,
                    fold(history.effective, journey_id, history.version) if model.folds else None,
                )
            )
        ),
    )


def _differences(connection: Connection[Any], table: str, at_most: int) -> Iterator[Difference]:
    keys = [name for (name,) in connection.execute(KEYS, (f"public.{table}",))]
    connection.execute(SQL("ANALYZE pg_temp.{}").format(Identifier(table)))
    statement = DIFFERING.format(table=Identifier(table), key=SQL(", ").join(map(Identifier, keys)))
    for key, not_stored, not_made, columns in connection.execute(statement, (at_most,)):
        if not_stored:
            yield Difference(table, key, "is missing")
        elif not_made:
            yield Difference(table, key, "is not in the log")
        else:
            yield Difference(table, key, "differs", tuple(columns))
