"""`journey difference`: what is answered otherwise at one moment than at another."""

from datetime import UTC, datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from journey.cli import past, terminal
from journey.cli.options import JourneyId, Json, Moment, in_zone, moment

ALL = 10**9
"""Every event that lies between."""

KNOWN = "By what had been recorded by then; by now, if left out."
WAYS = {
    (False, True): "since then",
    (True, False): "no more",
    (True, True): "as before",
    (False, False): "neither time",
}


def run(
    journey: JourneyId,
    *,
    from_: Annotated[
        Moment,
        typer.Option(
            "--from", parser=moment, metavar="TIME", help="The world at that time; now, if left out."
        ),
    ] = None,
    from_known: Annotated[
        Moment, typer.Option("--from-known-at", parser=moment, metavar="TIME", help=KNOWN)
    ] = None,
    to: Annotated[
        Moment,
        typer.Option("--to", parser=moment, metavar="TIME", help="The world at that time; now, if left out."),
    ] = None,
    to_known: Annotated[
        Moment, typer.Option("--to-known-at", parser=moment, metavar="TIME", help=KNOWN)
    ] = None,
    as_json: Json = False,
) -> None:
    """What is answered otherwise at a later moment, on either axis of time, and what lies between."""
    from journey.api.replay import telling
    from journey.cli.session import prepared, ready
    from journey.domain.replay import Moment as TwoTimes

    settings, now = prepared(), datetime.now(UTC)
    zone = ZoneInfo(settings.timezone)
    times = [in_zone(each, zone) or now for each in (from_, from_known, to, to_known)]
    with ready(settings) as database:
        known = past.known_of(database.conninfo, journey, "difference")
    before, after = TwoTimes(*times[:2]), TwoTimes(*times[2:])
    head, page = past.told(lambda: telling.difference(known, before, after, 0, ALL))
    if as_json:
        journey_id = known.history.recorded[0].journey_id
        terminal.say_json({"journey_id": journey_id, **head, "events": page.rows})
        return
    for line in terminal.block("changed", past.changed(head["changes"], zone)):
        terminal.say(line)
    for line in terminal.block("between", (_said(each, zone) for each in page.rows)):
        terminal.say(line)


def _said(row: dict[str, Any], zone: ZoneInfo) -> str:
    """An event with whether it was known, and whether it held, at the two moments."""
    known, holds = (WAYS[row[name]["before"], row[name]["after"]] for name in ("known", "holds"))
    corrected = "; corrected in between" if row["reads_otherwise"] else ""
    return f"{past.headline(row['event'], zone)}; known {known}, holds {holds}{corrected}"
