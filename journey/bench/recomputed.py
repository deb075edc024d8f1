"""Read models against a plain recomputation: each journey folded whole, its rows made in tables of their own.

None of the projector's shortcuts is used: no batches, no kept states, no checkpoint.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any
from uuid import UUID

from psycopg import Connection
from psycopg.sql import SQL, Identifier
from pydantic_core import to_json

from journey.domain.journey import fold
from journey.projections import READ_MODELS
from journey.projections.model import Change, ReadModel
from journey.store import log

AT_ONCE = 500
"""Journeys in memory at a time."""

REACHED = """
    SELECT coalesce((SELECT position FROM checkpoint WHERE name = %s), 0),
           coalesce((SELECT max(position) FROM log), 0)
    """
TEMPORARY = SQL("CREATE TEMP TABLE {table} (LIKE public.{table} INCLUDING ALL) ON COMMIT DROP")
DIFFERING = SQL("""
    SELECT row->>'journey_id'
      FROM (SELECT to_jsonb(one) AS row FROM {one}.{table} AS one
            EXCEPT ALL SELECT to_jsonb(other) FROM {other}.{table} AS other) AS differing
     LIMIT 5
    """)


def complaints(connection: Connection[Any], models: Iterable[ReadModel] = READ_MODELS) -> Iterator[str]:
    """Where a read model is not what the log gives, one sentence each. Leaves nothing behind."""
    with connection.transaction(force_rollback=True):
        for model in models:
            yield from _of_a_model(connection, model)


def _of_a_model(connection: Connection[Any], model: ReadModel) -> Iterator[str]:
    [(reached, end)] = connection.execute(REACHED, (model.name,)).fetchall()
    if reached != end:
        yield f"{model.name} has come to {reached} of {end}"
    table = Identifier(model.name)
    connection.execute(TEMPORARY.format(table=table))  # found before the real one of the same name
    ids = [journey_id for (journey_id,) in connection.execute("SELECT DISTINCT journey_id FROM log")]
    for start in range(0, len(ids), AT_ONCE):
        _recompute(connection, model, ids[start : start + AT_ONCE])
    for one, other, what in (
        ("public", "pg_temp", "has a row that the log does not give"),
        ("pg_temp", "public", "lacks a row that the log gives"),
    ):
        differing = DIFFERING.format(one=Identifier(one), other=Identifier(other), table=table)
        for (journey_id,) in connection.execute(differing):
            yield f"{model.name} {what}: journey {journey_id}"


def _recompute(connection: Connection[Any], model: ReadModel, journey_ids: Sequence[UUID]) -> None:
    rows: dict[Any, list[dict[str, Any]]] = {}
    for journey_id, history in log.histories(connection, journey_ids):
        journey = fold(history.effective, journey_id, history.version)
        position = history.recorded[-1].position or 0
        for statement, row in model.project(Change(journey_id, history.recorded, position, journey)):
            rows.setdefault(statement, []).append(row)
    for statement, many in rows.items():
        connection.execute(statement, {"rows": to_json(many).decode()})
