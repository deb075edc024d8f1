"""`journey audit …`: who saw, changed or was given what; and that the record of it is whole."""

import typer

from journey.cli.audit import disclosures

app = typer.Typer(no_args_is_help=True)


@app.callback()
def audit() -> None:
    """Who saw, changed or was given what; and that the record of it is whole."""


app.command("disclosures")(disclosures.run)
