"""How a report of the audit is written from the command line: recorded itself, then read by a cursor."""

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

import typer

from journey.cli.audit.asked import written, zoned
from journey.cli.recorded import Seen, recorded

if TYPE_CHECKING:
    from journey.audit.entries import Asked

FORMS = ("csv", "fhir", "text")
AT_ONCE = 1000
"""Entries that are held at a time."""

Form = Annotated[str, typer.Option("--format", metavar="|".join(FORMS), help="What it is written as.")]
ByElement = Annotated[
    str, typer.Option(metavar="ELEMENT", help="What to sort by; with a minus before it, the other way round.")
]


class Wanted(NamedTuple):
    """What is to be reported, how, and to where."""

    command: str
    patient: UUID | None
    begins: datetime | None
    ends: datetime | None
    form: str
    out: str
    sort: str = "at"


def reported(wanted: Wanted) -> None:
    """Recorded itself before anything of it is written."""
    from journey.api.access.trail import Kind
    from journey.audit.entries import SORTABLE, Asked
    from journey.cli.session import prepared, ready

    if wanted.form not in FORMS:
        raise typer.BadParameter(f"it should be one of {', '.join(FORMS)}.", param_hint="--format")
    if wanted.sort.removeprefix("-") not in SORTABLE:
        raise typer.BadParameter(f"it should be one of {', '.join(SORTABLE)}.", param_hint="--sort")
    settings = prepared()
    zone = ZoneInfo(settings.timezone)
    asked = Asked(wanted.patient, begins=zoned(wanted.begins, zone), ends=zoned(wanted.ends, zone))
    with ready(settings) as database:
        kind = Kind.PRINT if wanted.form == "text" else Kind.EXPORT
        seen = Seen(patients=(wanted.patient,) if wanted.patient else ())
        recorded(database.conninfo, kind, f"audit {wanted.command}", seen)
        written(wanted.out, _pieces(database.conninfo, asked, wanted.form, wanted.sort))


def _pieces(conninfo: str, asked: "Asked", form: str, sort: str) -> Iterator[str]:
    """One moment's state, read through by a cursor of the server's."""
    from journey.audit.entries import Entry, Sort, statement
    from journey.audit.reports import FORMS as WRITTEN
    from journey.audit.reports import Report
    from journey.connection import OPERATING
    from journey.database import connect

    report = Report(WRITTEN[form])
    order = Sort(sort.removeprefix("-"), sort.startswith("-"))
    with (
        connect(conninfo, OPERATING) as connection,
        connection.transaction(),
        connection.cursor("report") as cursor,
    ):
        cursor.execute(*statement(asked, order))
        while rows := cursor.fetchmany(AT_ONCE):
            yield report.told([Entry(*row[:-1]) for row in rows])
    yield report.end()
