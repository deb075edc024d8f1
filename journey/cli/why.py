"""`journey why`: the events that decided something in where a patient stands."""

from datetime import UTC, datetime
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from journey.cli import past, terminal
from journey.cli.options import AS_KNOWN_AT, AS_OF, JourneyId, Json, Moment, in_zone


def run(
    journey: JourneyId,
    field: Annotated[
        str,
        typer.Argument(
            metavar="FIELD",
            help="stage, responsible, next, blocked_by, open.referrals … as `journey replay` names it.",
        ),
    ] = "stage",
    *,
    as_of: Annotated[Moment, AS_OF] = None,
    as_known_at: Annotated[Moment, AS_KNOWN_AT] = None,
    as_json: Json = False,
) -> None:
    """Why it is so: the events that decided it, who recorded them, and what was corrected of them."""
    from journey.api.replay import telling
    from journey.cli.session import prepared, ready
    from journey.domain.replay import Moment as TwoTimes

    settings, now = prepared(), datetime.now(UTC)
    zone = ZoneInfo(settings.timezone)
    moment = TwoTimes(in_zone(as_of, zone) or now, in_zone(as_known_at, zone) or now)
    with ready(settings) as database:
        known = past.known_of(database.conninfo, journey, "why")
    told = past.told(lambda: telling.why(known, field, moment))
    if as_json:
        terminal.say_json({"journey_id": known.history.recorded[0].journey_id, **told})
        return
    values = [
        f"{each['path']}: {past.in_words(each['value'], zone)}"
        for each in told["values"]
        if past.is_for_people(each["path"])
    ]
    for line in terminal.block("is", map(terminal.printable, values)):
        terminal.say(line)
    for line in terminal.block("because of", past.because(told["decided_by"], zone)):
        terminal.say(line)
    since = told["answered_since"]
    for line in terminal.block("told since", [past.headline(since, zone)] if since else []):
        terminal.say(line)
