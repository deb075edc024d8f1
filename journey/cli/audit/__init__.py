"""`journey audit …`: who saw, changed or was given what; and that the record of it is whole."""

import typer

from journey.cli.audit import access, check, checkpoint, disclosures, export, report, review, verify

app = typer.Typer(no_args_is_help=True)


@app.callback()
def audit() -> None:
    """Who saw, changed or was given what; and that the record of it is whole."""


app.command("report")(report.run)
app.command("access")(access.run)
app.command("disclosures")(disclosures.run)
app.command("review")(review.run)
app.command("reviews")(review.reviews)
app.command("checkpoint")(checkpoint.run)
app.command("proof")(checkpoint.proof)
app.command("rotate-key")(checkpoint.rotate_key)
app.command("export")(export.run)
app.command("check")(check.run)
app.command("verify")(verify.run)
