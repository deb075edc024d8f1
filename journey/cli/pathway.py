"""`journey pathway …`: the definitions at hand, and what is wrong with a file of one."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from journey.cli import terminal
from journey.cli.options import Json

if TYPE_CHECKING:
    from journey.domain.pathway.definition import Definition

app = typer.Typer(no_args_is_help=True)


@app.callback()
def pathway() -> None:
    """Pathway definitions: list them, show one, check files."""


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
