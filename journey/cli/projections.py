"""`journey projections …`: how far the read models have come, whether they are right, and making them so."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from journey.cli import terminal
from journey.cli.options import Json

if TYPE_CHECKING:
    from psycopg import Connection

    from journey.errands.rebuilding import Standing
    from journey.projections.model import ReadModel
    from journey.projections.rebuild import Rebuilt
    from journey.projections.verify import Verified

app = typer.Typer(no_args_is_help=True)

LOOKED_AT = 100_000
"""Positions before a read model's own that are counted each time: one that is not in the log is a gap."""

GAPS = """
    SELECT least(%(looked_at)s::bigint, %(position)s::bigint) - count(*),
           (SELECT max(number) FROM store_epoch)
      FROM log
     WHERE position <= %(position)s AND position > %(position)s::bigint - %(looked_at)s
    """

Name = Annotated[str | None, typer.Argument(metavar="NAME", help="One read model; all of them if left out.")]


@app.callback()
def projections() -> None:
    """The read models: how far behind the log each is, whether it is right, and making it anew."""


@app.command("list")
def list_(as_json: Json = False) -> None:
    """State, position, lag in events and in seconds, gaps, parked journeys and the last error of each."""
    from journey.cli.session import prepared, ready
    from journey.connection import OPERATING
    from journey.database import connect
    from journey.errands.errand import OF_EACH, Errand, Kind
    from journey.errands.rebuilding import standings
    from journey.projections.reached import POSITIONS, WANTED

    with ready(prepared()) as database, connect(database.conninfo, OPERATING) as connection:
        reached = connection.execute(POSITIONS, WANTED).fetchall()
        rebuilds = map(Errand.of, connection.execute(OF_EACH, (Kind.REBUILD,)).fetchall())
        rows = [_row(connection, each) for each in standings(reached, rebuilds)]
    if as_json:
        terminal.say_json(rows)
        return
    head = ("read model", "state", "position", "behind", "seconds", "gaps", "parked", "last error")
    for line in terminal.table(head, map(_cells, rows), numbers=range(2, 7)):
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

    if (name is None) is not every:  # neither, or both
        raise typer.BadParameter("name one read model, or give --all.")
    models = _chosen(name)
    with ready(prepared()) as database:
        done = [_rebuilt(database.conninfo, model) for model in models]
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
    from journey.database import connect
    from journey.projections.parking import retry as retried

    models, counts = _chosen(name), []
    with ready(prepared()) as database, connect(database.conninfo) as connection:
        for model in models:
            _recorded(connection, {"retry": model.name})
            went_well = [well for _, well in retried(database.conninfo, model)]
            counts.append(
                {"model": model.name, "taken_up": went_well.count(True), "parked": went_well.count(False)}
            )
    if as_json:
        terminal.say_json(counts)
        return
    for each in counts:
        terminal.say("{model}: {taken_up} taken up, {parked} still parked".format_map(each))


def _rebuilt(conninfo: str, model: "ReadModel") -> "Rebuilt":
    """As a worker does what was asked for over HTTP: seen by all, one at a time, and stopped by them."""
    from journey.api.access.trail import COMMAND_LINE
    from journey.connection import WORKING
    from journey.database import connect
    from journey.errands.carrying import carried, taken
    from journey.errands.errand import Kind, Wanted, ask
    from journey.projections.rebuild import Rebuilding, rebuild

    with connect(conninfo, WORKING) as connection:
        with connection.transaction():  # nobody sees it wait: it would be stopped before it has begun
            asked = ask(connection, Wanted(Kind.REBUILD, model.name), str(COMMAND_LINE.name))
            if not taken(connection, asked.id):
                raise Rebuilding
        _recorded(connection, {"rebuild": model.name})
        with _progress(f"rebuilding {model.name}") as bar, carried(connection, asked.id) as carrier:

            def told(done: int, of: int) -> None:
                bar(done, of)
                carrier.told(done, of)

            def waits(readers: str) -> None:
                terminal.note(f"before the swap, this has to end: {terminal.printable(readers)}")
                carrier.waits(readers)

            done = rebuild(conninfo, model, told, waits)
            carrier.result = {"events": done.events, "parked": done.parked}
            return done


def _recorded(connection: "Connection[Any]", detail: dict[str, str]) -> None:
    from journey.api.access import trail
    from journey.api.access.trail import COMMAND_LINE, Access, Kind, Outcome

    trail.record(connection, [Access(Kind.OPERATION, Outcome.DONE, COMMAND_LINE, detail=detail)])


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


def _row(connection: "Connection[Any]", of: "Standing") -> dict[str, Any]:
    asked = {"looked_at": LOOKED_AT, "position": of.reached.position}
    [(gaps, epoch)] = connection.execute(GAPS, asked).fetchall()
    return {
        "name": of.reached.name,
        "state": of.state,
        "since": of.since,
        "position": of.reached.position,
        "log_position": of.reached.head,
        "lag_events": of.reached.lag_events,
        "lag_seconds": of.reached.lag_seconds,
        "gaps": gaps,
        "parked": of.reached.parked,
        "last_error": of.reached.last_error,
        "epoch": epoch,
    }


def _cells(row: dict[str, Any]) -> tuple[str, ...]:
    seconds = f"{row['lag_seconds']:.1f}"
    figures = (row["position"], row["lag_events"], seconds, row["gaps"], row["parked"])
    return row["name"], row["state"], *map(str, figures), row["last_error"] or "-"


def _as_json(found: "Verified") -> dict[str, Any]:
    return {**found._asdict(), "differences": [each._asdict() for each in found.differences]}
