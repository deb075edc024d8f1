"""`journey export`: the event log for analysis elsewhere."""

from typing import Annotated
from uuid import UUID
from zoneinfo import ZoneInfo

import typer

from journey.cli import terminal
from journey.cli.options import Json, Moment, moment
from journey.cli.recorded import recorded

FORMATS = ("xes", "ocel", "csv", "ndjson")


def run(
    *,
    form: Annotated[
        str,
        typer.Option(
            "--format", metavar="|".join(FORMATS), show_default=False, help="What it is written as."
        ),
    ],
    out: Annotated[
        str,
        typer.Option(
            metavar="FILE", show_default=False, help="To where; packed if .gz, - is standard output."
        ),
    ],
    begins: Annotated[
        Moment, typer.Option("--from", parser=moment, metavar="TIME", help="What happened from then on.")
    ] = None,
    ends: Annotated[
        Moment, typer.Option("--to", parser=moment, metavar="TIME", help="What happened before then.")
    ] = None,
    pathway: Annotated[
        str | None, typer.Option(metavar="PATHWAY", help="Journeys that follow it now.")
    ] = None,
    team: Annotated[
        str | None, typer.Option(metavar="TEAM", help="Journeys that it is accountable for now.")
    ] = None,
    journey: Annotated[UUID | None, typer.Option(metavar="ID", help="One journey.")] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Also what does not hold any more, marked, as it was recorded.")
    ] = False,
    recipient: Annotated[
        str, typer.Option(metavar="NAME", help="To whom it goes: it stands in the accounting of disclosures.")
    ] = "this installation",
    purpose: Annotated[
        str, typer.Option(metavar="CODE", help="What for (HL7 v3 ActReason), such as HRESCH.")
    ] = "HOPERAT",
    basis: Annotated[
        str | None, typer.Option(metavar="BASIS", help="What allows it; left out, what the purpose says.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Write the event log for analysis: codes, ids and times, no names and no texts."""
    from journey.api.access.trail import Kind
    from journey.audit.disclosures import Basis, Channel, Sending, basis_of
    from journey.cli.failure import Failed
    from journey.cli.session import prepared, ready
    from journey.export import Selection, export
    from journey.store.identifiers import uuid7

    if basis is not None and basis not in set(Basis):
        raise typer.BadParameter(f"it should be one of {', '.join(Basis)}.", param_hint="--basis")
    if form not in FORMATS:
        raise typer.BadParameter(f"it should be one of {', '.join(FORMATS)}.", param_hint="--format")
    settings = prepared()
    zone = ZoneInfo(settings.timezone)
    begins, ends = (each and (each if each.tzinfo else each.replace(tzinfo=zone)) for each in (begins, ends))
    if begins is not None and ends is not None and begins >= ends:
        raise Failed("--to should be later than --from.")
    selection = Selection(begins, ends, pathway, team, journey, everything)
    sending = Sending(
        Channel.EXPORT,
        recipient,
        purpose,
        Basis(basis) if basis else basis_of(purpose),
        f"codes, ids and times of what happened ({form})",
        f"export {uuid7()}",
    )
    with ready(settings) as database, terminal.progress("exporting", 1) as bar:
        recorded(database.conninfo, Kind.EXPORT, "export", purpose=purpose)
        events = export(database.conninfo, selection, form, out, bar, sending=sending)
    if as_json and out != "-":
        terminal.say_json({"events": events, "format": form, "file": out})
    else:
        terminal.note(f"{events} events")
