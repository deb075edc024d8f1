"""`journey find`: whose journey is meant, by its id, or by names, numbers and birth date of its patient."""

from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer

from journey.cli import terminal
from journey.cli.options import Json
from journey.cli.recorded import Seen, recorded

if TYPE_CHECKING:
    from journey.domain.correction import History

SHOWN = 20
"""Journeys listed where several are meant."""

HEAD = ("journey", "status", "stage", "patient")
MATCHES = """
    SELECT {rank} AS rank, journey_id, patient_id, version, family, given, birth_date, identifiers, status,
           stage, team
      FROM patient_status AS status
     WHERE audience <> 'uncleared' AND {condition}
     ORDER BY 1, lower(family), lower(given), journey_id
     LIMIT %s
    """


def run(
    text: Annotated[
        str,
        typer.Argument(
            metavar="TEXT",
            show_default=False,
            help="Names, numbers, a birth date, in any order and notation. Each word has to be found: in "
            "full, as a beginning, or but for a typing error.",
        ),
    ],
    *,
    limit: Annotated[int, typer.Option(min=1, max=500, metavar="N", help="The most to list.")] = SHOWN,
    as_json: Json = False,
) -> None:
    """The journeys of the patients who are meant, the best matches first."""
    from journey.cli.session import prepared, ready

    with ready(prepared()) as database:
        found = _matches(database.conninfo, text, limit)
        _record_search(database.conninfo, "find", found)
    if as_json:
        terminal.say_json([{name: value for name, value in row.items() if name != "rank"} for row in found])
        return
    for line in _table(found) if found else ("Nobody is found by that.",):
        terminal.say(line)


def loaded(conninfo: str, text: str, command: str) -> "History":
    """Everything recorded on the one journey that is meant; that it is looked at is recorded. Raises Failed,
    which does not repeat the text: it may be somebody's name.
    """
    from journey.api.access.trail import Kind
    from journey.cli.failure import Failed
    from journey.connection import OPERATING
    from journey.database import connect
    from journey.domain.journey import journey_at
    from journey.store import log

    with connect(conninfo, OPERATING) as connection:
        found = dict(log.whole(connection, [_id(conninfo, text.strip(), command)]))
    if not found:
        raise Failed("No journey has this id.")
    [(journey_id, history)] = found.items()
    stands = journey_at(history)
    patient_id = stands.identity.patient_id if stands else None
    recorded(conninfo, Kind.READ, command, Seen.of([(journey_id, patient_id)]))
    return history


def _record_search(conninfo: str, command: str, shown: list[dict[str, Any]]) -> None:
    from journey.api.access.trail import Kind

    seen = Seen.of([(row["journey_id"], row["patient_id"]) for row in shown])
    recorded(conninfo, Kind.SEARCH, command, seen)


def _id(conninfo: str, text: str, command: str) -> UUID:
    """Of those that match best, the only one. What is only like it is shown, never taken for it."""
    from journey.api.matching import LIKE_ONLY
    from journey.cli.failure import Failed

    try:
        return UUID(text)
    except ValueError:
        found = _matches(conninfo, text, SHOWN + 1)
    if not found:
        raise Failed("That is no journey's id, and no patient has this number or a name that begins so.")
    best = [row for row in found if row["rank"] == found[0]["rank"]]
    is_like_it = best[0]["rank"] >= LIKE_ONLY
    if len(best) == 1 and not is_like_it:
        return UUID(str(best[0]["journey_id"]))
    _record_search(conninfo, command, best[:SHOWN])
    for line in _table(best[:SHOWN]):
        terminal.say(line)
    if is_like_it:
        raise Failed("No patient is called so, and these are like it: name one of them by its id.")
    count = f"more than {SHOWN}" if len(best) > SHOWN else len(best)
    raise Failed(f"That leads to {count} journeys: name one of them by its id.")


def _matches(conninfo: str, text: str, limit: int) -> list[dict[str, Any]]:
    from psycopg.rows import dict_row
    from psycopg.sql import SQL

    from journey.api.matching import LIKENESS, matching
    from journey.connection import OPERATING
    from journey.database import connect

    match = matching(text.encode(errors="replace").decode())
    statement = SQL(MATCHES).format(rank=SQL(match.rank.sql), condition=SQL(match.condition.sql))
    parameters = [*match.rank.parameters, *match.condition.parameters, limit]
    with connect(conninfo, OPERATING) as connection:
        connection.execute(SQL("SET " + LIKENESS))
        return connection.cursor(row_factory=dict_row).execute(statement, parameters).fetchall()


def _table(found: list[dict[str, Any]]) -> list[str]:
    return list(terminal.table(HEAD, map(_cells, found)))


def _cells(row: dict[str, Any]) -> tuple[str, ...]:
    return str(row["journey_id"]), row["status"], row["stage"], patient(row)


def patient(row: dict[str, Any]) -> str:
    """Who it is, in a line."""
    name = ", ".join(part for part in (row["family"], row["given"]) if part)
    said = " · ".join(part for part in (name, row["birth_date"], *row["identifiers"]) if part)
    return terminal.printable(said)
