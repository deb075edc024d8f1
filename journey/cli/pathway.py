"""`journey pathway …`: the definitions at hand, what is wrong with a file of one, and who kept to one."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from journey.cli import terminal
from journey.cli.options import Json

if TYPE_CHECKING:
    from journey.domain.pathway.definition import Definition
    from journey.export.conformance import Held

DEPARTURES = ("missing", "late", "out-of-order")

app = typer.Typer(no_args_is_help=True)


@app.callback()
def pathway() -> None:
    """Pathway definitions: list them, show one, check files; and which journeys kept to one."""


@app.command("list")
def list_(as_json: Json = False) -> None:
    """Every definition at hand: those that ship, and those in JOURNEY_PATHWAYS."""
    rows = [_counted(each) for each in _installed()]
    if as_json:
        terminal.say_json(rows)
        return
    head = ("pathway", "version", "stages", "milestones", "clocks", "title")
    cells = [[str(row["id" if name == "pathway" else name]) for name in head] for row in rows]
    for line in terminal.table(head, cells, numbers=(2, 3, 4)):
        terminal.say(line)


def _counted(definition: "Definition") -> dict[str, Any]:
    return {
        "id": definition.id,
        "version": definition.version,
        "title": definition.title,
        "stages": len(definition.stages),
        "milestones": len(definition.every_milestone()),
        "clocks": len(definition.clocks),
    }


def _installed() -> "Iterator[Definition]":
    from journey.pathways import installed

    return iter(installed())


@app.command("check")
def check(
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE…", show_default=False, help="Definitions, in YAML.")
    ],
    as_json: Json = False,
) -> None:
    """Say of each file that it can be used beside what ships, or every mistake with its line and field."""
    from journey.pathways import mistakes as wrong

    found = {
        path: [each._asdict() | {"file": str(path)} for each in mistakes]
        for path, mistakes in wrong(list(dict.fromkeys(files)))
    }
    if as_json:
        terminal.say_json(
            [{"file": str(path), "ok": not each, "mistakes": each} for path, each in found.items()]
        )
    else:
        for path, mistakes in found.items():
            for each in mistakes or [{}]:
                _say(path, each)
    if any(found.values()):
        raise typer.Exit(1)


def _say(path: Path, mistake: dict[str, Any]) -> None:
    name = terminal.printable(str(path))
    if not mistake:
        terminal.say(f"{name}: ok")
        return
    field = f" {mistake['field']}:" if mistake["field"] else ""
    said = terminal.printable(f"{field} {mistake['sentence']}")
    typer.echo(f"{name}:{mistake['line']}:{said}", err=True)


@app.command("conformance")
def conformance(
    name: Annotated[str, typer.Argument(metavar="PATHWAY", help="The id in `journey pathway list`.")],
    *,
    team: Annotated[
        str | None, typer.Option(metavar="TEAM", help="Journeys that it is accountable for now.")
    ] = None,
    journeys: Annotated[
        bool, typer.Option("--journeys", help="Name each journey that left it, and where.")
    ] = False,
    as_json: Json = False,
) -> None:
    """How many journeys kept to a pathway, and where the others left it: missing, late or out of order.

    A milestone is missing once the journey has come to the last stage, or to an end, without it.
    """
    from journey.cli.failure import Failed
    from journey.cli.session import prepared, ready
    from journey.export.conformance import held
    from journey.pathways import installed

    settings = prepared()
    if not installed().versions(name):
        raise Failed("No such pathway is at hand: journey pathway list shows all there are.")
    with ready(settings) as database, terminal.progress(f"reading {name}", 1) as bar:
        summed = _summed(name, held(database.conninfo, installed(), name, team, bar), named=journeys)
    if as_json:
        terminal.say_json(summed)
        return
    terminal.say("{journeys} journeys, {complete} complete; {fit} of these kept to it".format_map(summed))
    for line in _left(summed["milestones"]):
        terminal.say(line)
    for each in summed["departures"]:
        terminal.say("{journey_id}  {kind}  {milestone}".format_map(each))


def _summed(name: str, journeys: "Iterator[Held]", *, named: bool) -> dict[str, Any]:
    """The figures; with each departure of each journey, where they are asked for by name."""
    count = complete = fit = 0
    milestones: dict[str, Counter[str]] = {}
    departures: list[dict[str, Any]] = []
    for journey_id, version, team, found in journeys:
        count, complete, fit = count + 1, complete + found.complete, fit + found.fits
        for each in found.deviations:
            milestones.setdefault(each.milestone, Counter())[each.kind] += 1
            if named:
                said = each.model_dump(mode="json", exclude_defaults=True)
                departures.append({"journey_id": journey_id, "version": version, "team": team, **said})
    rows = [
        {"milestone": milestone, **{each: kinds[each] for each in DEPARTURES}}
        for milestone, kinds in milestones.items()
    ]
    figures = {"pathway": name, "journeys": count, "complete": complete, "fit": fit, "milestones": rows}
    return {**figures, "departures": departures}


def _left(rows: list[dict[str, Any]]) -> Iterator[str]:
    if rows:
        head = ("milestone", *DEPARTURES)
        cells = [[str(row[name]) for name in head] for row in rows]
        yield from terminal.table(head, cells, numbers=range(1, 4))


@app.command("show")
def show(
    name: Annotated[str, typer.Argument(metavar="PATHWAY", help="The id in `journey pathway list`.")],
    *,
    version: Annotated[str | None, typer.Option(metavar="VERSION", help="The latest, if left out.")] = None,
    as_json: Json = False,
) -> None:
    """A definition as a page: stages, milestones until when and by whom, clocks, branches."""
    from journey.cli.definition import page
    from journey.cli.failure import Failed
    from journey.pathways import installed

    definition = installed().get(name, version)
    if definition is None:
        there = ", ".join(installed().versions(name))
        said = f"it is there in version {there}." if there else "journey pathway list shows all there are."
        raise Failed(f"No such pathway is at hand: {said}")
    if as_json:
        terminal.say_json(definition.model_dump(mode="json", exclude_defaults=True))
        return
    for line in page(definition, installed().digest(definition)):
        terminal.say(line)
