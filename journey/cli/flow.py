"""`journey flow`: how many patients flow, in tables."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from journey.cli import terminal
from journey.cli.options import Json, Moment, moment

if TYPE_CHECKING:
    from journey.api.flowmodels import FlowFigures, Spread

Table = tuple[str, Sequence[str], list[list[str]]]
TEXT = {"pathway", "stage", "team", "status", "milestone", "clock", "after", "then", "what", "service"}
"""Columns of words; the others are numbers."""


def run(
    *,
    pathway: Annotated[str | None, typer.Option(metavar="PATHWAY", help="Journeys on it only.")] = None,
    team: Annotated[
        str | None, typer.Option(metavar="TEAM", help="Journeys that it is accountable for now.")
    ] = None,
    begins: Annotated[
        Moment,
        typer.Option(
            "--from", parser=moment, metavar="TIME", help="What began, was reached or came due from then on."
        ),
    ] = None,
    ends: Annotated[
        Moment, typer.Option("--to", parser=moment, metavar="TIME", help="… and before then.")
    ] = None,
    bucket: Annotated[
        str, typer.Option(metavar="week|month", help="The pieces of time of a trend; in --json.")
    ] = "month",
    as_json: Json = False,
) -> None:
    """Where patients are and how long they wait: stages, milestones, queues, rework, clocks, rates."""
    from pydantic_core import to_json

    from journey.api.flowfigures import Asked, figures, statement
    from journey.api.flowmodels import Bucket
    from journey.cli.failure import Failed
    from journey.cli.session import prepared, ready
    from journey.connection import OPERATING
    from journey.database import connect

    if bucket not in set(Bucket):
        raise typer.BadParameter("it should be week or month.", param_hint="--bucket")
    settings = prepared()
    zone = ZoneInfo(settings.timezone)
    begins, ends = (each and (each if each.tzinfo else each.replace(tzinfo=zone)) for each in (begins, ends))
    asked = Asked(pathway, team, begins, ends, Bucket(bucket), settings.timezone, datetime.now(UTC))
    if complaint := asked.complaint():
        raise Failed(f"--{complaint[0]}: {complaint[1]}.")
    with ready(settings) as database, connect(database.conninfo, OPERATING) as connection:
        found = figures(connection.execute(statement(asked), asked).fetchall())
    if as_json:
        terminal.say(to_json(found, by_alias=True, indent=2).decode())
        return
    for line in page(found):
        terminal.say(line)


def page(found: "FlowFigures") -> Iterator[str]:
    """Every table that has something in it."""
    for title, head, rows in tables(found):
        if rows:
            numbers = [place for place, name in enumerate(head) if name not in TEXT]
            yield terminal.styled(title, bold=True)
            cells = [[terminal.printable(cell) for cell in row] for row in rows]
            yield from (f"  {line}" for line in terminal.table(head, cells, numbers=numbers))
            yield ""


def tables(found: "FlowFigures") -> Iterable[Table]:
    """In the order in which a coordinator asks."""
    yield (
        "Where patients are now",
        ("pathway", "stage", "team", "status", "patients", "median", "longest"),
        [
            [
                *(each.pathway or "-", each.stage, each.team or "-", each.status),
                *(str(each.patients), _time(each.waiting_median), _time(each.waiting_max)),
            ]
            for each in found.census
        ],
    )
    yield (
        "Time in each stage",
        ("pathway", "stage", "stays", "here", "over", "median", "p90"),
        [
            [each.pathway, each.stage, str(each.stays), str(each.here), *_spread(each.time)]
            for each in found.stages
        ],
    )
    yield (
        "Time to each milestone, from the start",
        ("pathway", "milestone", "reached", "due", "late", "n", "median", "p90"),
        [
            [
                *(each.pathway, each.milestone, str(each.reached), str(each.due), str(each.late)),
                *_spread(each.from_start),
            ]
            for each in found.milestones
        ],
    )
    yield (
        "Time from one milestone to the next",
        ("pathway", "after", "then", "n", "median", "p90"),
        [[each.pathway, each.earlier, each.later, *_spread(each.time)] for each in found.steps],
    )
    yield (
        "Queues",
        ("pathway", "stage", "arrivals", "departures", "now"),
        [
            [each.pathway, each.stage, str(each.arrivals), str(each.departures), str(each.length)]
            for each in found.queues
        ],
    )
    yield "Rework", ("pathway", "what", "journeys", "again"), _rework(found)
    yield (
        "Clocks",
        ("pathway", "clock", "runs", "running", "stopped", "breached", "still", "within", "standard"),
        [
            [
                *(each.pathway, each.clock, str(each.runs), str(each.running), str(each.stopped)),
                *(str(each.breached), str(each.breached_running)),
                *(_share(each.within_stopped), _share(each.standard)),
            ]
            for each in found.clocks
        ],
    )
    yield "Rates", ("what", "of", "share"), _rates(found)


def _rework(found: "FlowFigures") -> list[list[str]]:
    stages = [
        [each.pathway, f"{each.stage} entered again", str(each.journeys), str(each.again)]
        for each in found.rework.stages
    ]
    milestones = [
        [each.pathway, f"{each.milestone} undone", str(each.journeys), str(each.undone)]
        for each in found.rework.milestones
    ]
    return stages + milestones


def _rates(found: "FlowFigures") -> list[list[str]]:
    visits, said = found.visits, found.authorizations
    rows = [
        ["appointments missed", str(visits.due), _share(visits.no_show_rate)],
        ["left without being seen", str(visits.came), _share(visits.left_unseen_rate)],
        ["authorizations denied", str(said.decided), _share(said.denial_rate)],
    ]
    services = [
        [f"  {each.service or 'not said'}", str(each.decided), _share(each.denial_rate)]
        for each in said.services
    ]
    return rows + services


def _spread(time: "Spread") -> list[str]:
    return [str(time.n), _time(time.median), _time(time.p90)]


def _time(seconds: float | None) -> str:
    return "-" if seconds is None else terminal.span(timedelta(seconds=seconds))


def _share(share: float | None) -> str:
    return "-" if share is None else f"{share:.1%}"
