"""`journey projections …`: how far the read models have come."""

from typing import Any

import typer

from journey.cli import terminal
from journey.cli.options import Json

app = typer.Typer(no_args_is_help=True)

POSITIONS = """
    SELECT wanted.name, coalesce(checkpoint.position, 0) AS position, head.position AS log_position,
           head.position - coalesce(checkpoint.position, 0) AS lag_events,
           coalesce(extract(epoch FROM now() - next.recorded_at), 0)::float8 AS lag_seconds,
           checkpoint.last_error
      FROM unnest(%(names)s::text[]) WITH ORDINALITY AS wanted (name, place)
      CROSS JOIN (SELECT coalesce(max(position), 0) AS position FROM log) AS head
      LEFT JOIN checkpoint USING (name)
      LEFT JOIN LATERAL (
           SELECT event.recorded_at FROM log JOIN event USING (journey_id, version)
            WHERE log.position = coalesce(checkpoint.position, 0) + 1
           ) AS next ON true
     ORDER BY place
    """


@app.callback()
def projections() -> None:
    """The read models: how far behind the log each is."""


@app.command("list")
def list_(as_json: Json = False) -> None:
    """Position, lag in events and in seconds, and the last error of every read model."""
    from psycopg.rows import dict_row

    from journey.cli.session import prepared, ready
    from journey.database import connect
    from journey.projections import READ_MODELS

    with ready(prepared()) as database, connect(database.conninfo) as connection:
        names = [model.name for model in READ_MODELS]
        rows = connection.cursor(row_factory=dict_row).execute(POSITIONS, {"names": names}).fetchall()
    if as_json:
        terminal.say_json(rows)
        return
    head = ("read model", "position", "behind", "seconds", "last error")
    for line in terminal.table(head, map(_cells, rows), numbers=(1, 2, 3)):
        terminal.say(line)


def _cells(row: dict[str, Any]) -> tuple[str, ...]:
    seconds = f"{row['lag_seconds']:.1f}"
    return row["name"], str(row["position"]), str(row["lag_events"]), seconds, row["last_error"] or "-"
