"""The program: its commands, and what becomes of everything that goes wrong in them."""

import signal
import sys
from typing import Annotated, Any, NoReturn

import typer

from journey.cli import (
    audit,
    bench,
    demo,
    difference,
    export,
    failure,
    find,
    flow,
    history,
    ingest,
    keys,
    listen,
    lists,
    migrate,
    pathway,
    privacy,
    projections,
    replay,
    send,
    serve,
    show,
    simulate,
    tail,
    why,
)
from journey.store.memory import collect_rarely

app = typer.Typer(
    name="journey",
    help="Tracks patients through their care. Settings come from the environment: see docs/operations.md.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        typer.echo(f"journey {version('journey')}")
        raise typer.Exit


@app.callback()
def journey(
    debug: Annotated[bool, typer.Option("--debug", help="Log everything, tracebacks included.")] = False,
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_version, help="Show the version and exit.")
    ] = False,
) -> None:
    """What stands before the command's name."""
    del version
    failure.DEBUG.set(debug)


app.command("demo")(demo.run)
app.command("migrate")(migrate.run)
app.command("serve")(serve.run)
app.command("simulate")(simulate.run)
app.add_typer(ingest.app, name="ingest")
app.add_typer(listen.app, name="listen")
app.add_typer(send.app, name="send")
for name in lists.SHOWN:
    app.command(name)(lists.command(name))
app.command("find")(find.run)
app.command("show")(show.run)
app.command("history")(history.run)
app.command("replay")(replay.run)
app.command("difference")(difference.run)
app.command("why")(why.run)
app.command("tail")(tail.run)
app.command("flow")(flow.run)
app.command("export")(export.run)
app.command("bench")(bench.run)
app.add_typer(pathway.app, name="pathway")
app.add_typer(projections.app, name="projections")
app.add_typer(keys.app, name="keys")
app.add_typer(audit.app, name="audit")
app.add_typer(privacy.app, name="privacy")


def main() -> NoReturn:
    """Run the command that the arguments name, and exit: 0 done, 1 refused or failed, 2 wrong usage."""
    collect_rarely()  # the domain's classes stay; looking for garbage among them takes a tenth of the start
    signal.signal(signal.SIGTERM, _terminate)
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")  # type: ignore[union-attr]  # text files, both of them
    code: Any = 0
    try:
        try:
            app(prog_name="journey")
        except SystemExit as done:
            code = done.code
        sys.stdout.flush()
    except Exception as error:  # noqa: BLE001 - the edge of the program
        code = failure.reported(error)
    sys.exit(code)


def _terminate(*_: object) -> NoReturn:
    """End in good order, as for Ctrl-C: leave the database, stop what runs."""
    sys.exit(128 + signal.SIGTERM)
