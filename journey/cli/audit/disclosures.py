"""`journey audit disclosures`: to whom something about a patient went (45 CFR 164.528)."""

from datetime import UTC, datetime
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from journey.cli import terminal
from journey.cli.audit.asked import From, Out, Patient, To, written, zoned
from journey.cli.options import Json
from journey.cli.recorded import Seen, recorded

FORMS = ("text", "csv")


def run(
    *,
    patient: Patient,
    begins: From = None,
    ends: To = None,
    every: Annotated[
        bool,
        typer.Option(
            "--all", help="Also what an accounting leaves out: treatment, payment, operations, suspended."
        ),
    ] = False,
    form: Annotated[str, typer.Option("--format", metavar="text|csv", help="As what.")] = "text",
    out: Out = "-",
    as_json: Json = False,
) -> None:
    """To whom something about a patient went, over six years: what the patient may ask for."""
    from journey.api.access.trail import Kind
    from journey.audit import accounting
    from journey.audit.table import csv_of
    from journey.cli.session import prepared, ready
    from journey.database import connect

    if form not in FORMS:
        raise typer.BadParameter(f"it should be one of {', '.join(FORMS)}.", param_hint="--format")
    settings = prepared()
    zone = ZoneInfo(settings.timezone)
    period = accounting.Period.of(zoned(begins, zone), zoned(ends, zone), datetime.now(UTC))
    with ready(settings) as database:
        recorded(database.conninfo, Kind.PRINT, "audit disclosures", Seen(patients=(patient,)))
        with connect(database.conninfo) as connection:
            rows = connection.execute(accounting.LINES, accounting.asked(patient, period)).fetchall()
    told = [each for each in accounting.lines(rows) if every or each.is_for_the_patient]
    if as_json:
        terminal.say_json(told)
    elif form == "csv":
        head = tuple(accounting.Line.model_fields)
        written(out, [csv_of([head, *(tuple(each.model_dump().values()) for each in told)])])
    else:
        lines = accounting.printed(patient, period, told)
        written(out, (f"{line}\n" for line in lines))
