"""`journey projections …`: how far the read models have come, whether they are right, and making them so."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from journey.cli import terminal
from journey.cli.options import Json

if TYPE_CHECKING:
    from journey.projections.model import ReadModel
    from journey.projections.verify import Verified

app = typer.Typer(no_args_is_help=True)

LOOKED_AT = 100_000
"""Positions before a read model's own that are counted each time: one that is not in the log is a gap."""

POSITIONS = """
    SELECT wanted.name, coalesce(checkpoint.position, 0) AS position, head.position AS log_position,
           head.position - coalesce(checkpoint.position, 0) AS lag_events,
           coalesce(extract(epoch FROM now() - next.recorded_at), 0)::float8 AS lag_seconds,
           least(%(looked_at)s, coalesce(checkpoint.position, 0)) - passed.events AS gaps,
           (SELECT count(*) FROM parked_journey WHERE model = wanted.name) AS parked,
           checkpoint.last_error, (SELECT max(number) FROM store_epoch) AS epoch
      FROM unnest(%(names)s::text[]) WITH ORDINALITY AS wanted (name, place)
      CROSS JOIN (SELECT coalesce(max(position), 0) AS position FROM log) AS head
      LEFT JOIN checkpoint USING (name)
      LEFT JOIN LATERAL (
           SELECT event.recorded_at FROM log JOIN event USING (journey_id, version)
            WHERE log.position = coalesce(checkpoint.position, 0) + 1
           ) AS next ON true
      CROSS JOIN LATERAL (
           SELECT count(*) AS events FROM log
            WHERE log.position <= checkpoint.position AND log.position > checkpoint.position - %(looked_at)s
           ) AS passed
     ORDER BY place
    """

Name = Annotated[str | None, typer.Argument(metavar="NAME", help="One read model; all of them if left out.")]


@app.callback()
def projections() -> None:
    """The read models: how far behind the log each is, whether it is right, and making it anew."""


@app.command("list")
def list_(as_json: Json = False) -> None:
    """Position, lag in events and in seconds, gaps, parked journeys and the last error of each read model."""
    from psycopg.rows import dict_row

    from journey.cli.session import prepared, ready
    from journey.connection import OPERATING
    from journey.database import connect
    from journey.projections import READ_MODELS

    with ready(prepared()) as database, connect(database.conninfo, OPERATING) as connection:
        asked = {"names": [model.name for model in READ_MODELS], "looked_at": LOOKED_AT}
        rows = connection.cursor(row_factory=dict_row).execute(POSITIONS, asked).fetchall()
    if as_json:
        terminal.say_json(rows)
        return
    head = ("read model", "position", "behind", "seconds", "gaps", "parked", "last error")
    for line in terminal.table(head, map(_cells, rows), numbers=range(1, 6)):
        terminal.say(line)


@app.command()
def rebuild(
    name: Annotated[
        str | None,
        typer.Argument(metavar="NAME", help="The read model, as `journey projections list` names it."),
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="All of them, one after the other.")] = False,
    as_json: Json = False,
) -> None:
    """Make a read model anew from the log, beside the live one, and swap them when it is there.

    Readers, writers and the workers go on meanwhile. Journeys that were parked are taken up if they can be.
    """
    from journey.cli.session import prepared, ready
    from journey.projections.rebuild import rebuild as rebuilt

    if (name is None) is not every:  # neither, or both
        raise typer.BadParameter("name one read model, or give --all.")
    models, done = _chosen(name), []
    with ready(prepared()) as database:
        for model in models:
            with _progress(f"rebuilding {model.name}") as told:
                done.append(rebuilt(database.conninfo, model, told, _waits))
    if as_json:
        terminal.say_json([each._asdict() for each in done])
        return
    for each in done:
        waits = f"; {each.parked} journeys are parked" if each.parked else ""
        terminal.say(f"{each.model} is rebuilt from {each.events} events{waits}.")


@app.command()
def verify(name: Name = None, as_json: Json = False) -> None:
    """Fold every journey anew from the log, and compare: names the first row that is not what the log gives.

    Exit status 1 where something differs. Runs beside everything else, on what is there when it begins.
    """
    from journey.cli.failure import Failed
    from journey.cli.session import prepared, ready
    from journey.connection import OPERATING
    from journey.database import connect
    from journey.projections.verify import verify as verified

    models = _chosen(name)
    found: list[Verified] = []
    with ready(prepared()) as database, connect(database.conninfo, OPERATING) as connection:
        for model in models:
            with _progress(f"verifying {model.name}") as told:
                found.append(verified(connection, model, told=told))
    if as_json:
        terminal.say_json([_as_json(each) for each in found])
    for each in found if not as_json else ():
        right = "differs from" if each.differences else "is what"
        waits = f"; {each.parked} journeys are parked" if each.parked else ""
        gives = "" if each.differences else " gives"
        terminal.say(
            f"{each.model} {right} the log{gives} up to {each.position}, {each.journeys} journeys{waits}."
        )
    wrong = [str(difference) for each in found for difference in each.differences]
    if wrong:
        raise Failed(f"{'; '.join(wrong)}. To make it anew, run: journey projections rebuild.")


@app.command()
def retry(name: Name = None, as_json: Json = False) -> None:
    """Take up the journeys that are parked, each on its own, from the first event that could not be."""
    from journey.cli.session import prepared, ready
    from journey.projections.parking import retry as retried

    models, counts = _chosen(name), []
    with ready(prepared()) as database:
        for model in models:
            went_well = [well for _, well in retried(database.conninfo, model)]
            counts.append(
                {"model": model.name, "taken_up": went_well.count(True), "parked": went_well.count(False)}
            )
    if as_json:
        terminal.say_json(counts)
        return
    for each in counts:
        terminal.say("{model}: {taken_up} taken up, {parked} still parked".format_map(each))


def _waits(readers: str) -> None:
    terminal.note(f"before the swap, this has to end: {terminal.printable(readers)}")


def _chosen(name: str | None) -> "tuple[ReadModel, ...]":
    from journey.projections import READ_MODELS

    if name is None:
        return READ_MODELS
    chosen = tuple(model for model in READ_MODELS if model.name == name)
    if not chosen:
        names = ", ".join(model.name for model in READ_MODELS)
        raise typer.BadParameter(f"there is no read model {name!r}. Name one of {names}.")
    return chosen


@contextmanager
def _progress(doing: str) -> Iterator[Callable[[int, int], None]]:
    with terminal.progress(doing, 1) as bar:
        yield lambda done, of: bar(done / of if of else 1)


def _cells(row: dict[str, Any]) -> tuple[str, ...]:
    seconds = f"{row['lag_seconds']:.1f}"
    figures = (row["position"], row["lag_events"], seconds, row["gaps"], row["parked"])
    return row["name"], *map(str, figures), row["last_error"] or "-"


def _as_json(found: "Verified") -> dict[str, Any]:
    return {**found._asdict(), "differences": [each._asdict() for each in found.differences]}
