"""`journey history`: everything recorded on a journey, in the order of recording."""

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID
from zoneinfo import ZoneInfo

from journey.cli import terminal
from journey.cli.options import JourneyId, Json

if TYPE_CHECKING:
    from journey.domain.correction import History
    from journey.domain.event import Event, Recorded

DETAILS = 4
"""Particulars of an event in the table; `--json` has them all."""


def run(journey: JourneyId, as_json: Json = False) -> None:
    """Everything recorded, in order: when it happened, when it was recorded, who says so, what was undone."""
    from journey.cli.find import loaded
    from journey.cli.session import prepared, ready

    settings = prepared()
    with ready(settings) as database:
        history = loaded(database.conninfo, journey, "history")
    if as_json:
        terminal.say_json([_envelope(each, history) for each in history.recorded])
        return
    zone = ZoneInfo(settings.timezone)
    head = ("version", "happened", "recorded", "what", "who", "details")
    rows = [_cells(each, history, zone) for each in history.recorded]
    lines = terminal.table(head, rows, numbers=(0,))
    terminal.say(next(lines))
    for each, line in zip(history.recorded, lines, strict=True):
        terminal.say(terminal.styled(line, strikethrough=True) if each.event_id in history.voided else line)


def _envelope(each: "Recorded", history: "History") -> dict[str, Any]:
    return {
        "event_id": each.event_id,
        "journey_id": each.journey_id,
        "version": each.version,
        "type": each.event.stored_as,
        "occurred_at": each.occurred_at,
        "occurred_precision": each.occurred_precision,
        "recorded_at": each.recorded_at,
        **each.context.model_dump(),
        "voided": each.event_id in history.voided,
        "corrected": each.event_id in history.said.corrects,
        "data": each.event.model_dump(exclude_none=True),
    }


def _cells(each: "Recorded", history: "History", zone: ZoneInfo) -> terminal.Row:
    actor = each.context.actor
    who = " ".join(part for part in (actor.id, actor.role and f"({actor.role})") if part)
    words = {"(voided)": history.voided, "(corrected)": history.said.corrects}
    struck = next((word for word, struck in words.items() if each.event_id in struck), "")
    what = f"{each.event.stored_as} {struck}".rstrip()
    details = "; ".join(_details(each.event, zone))
    return (
        str(each.version),
        _happened(each, zone),
        terminal.local(each.recorded_at, zone),
        what,
        terminal.printable(who),
        terminal.printable(details),
    )


def _happened(each: "Recorded", zone: ZoneInfo) -> str:
    """As exactly as it is known."""
    to = {"year": "%Y", "month": "%Y-%m", "day": "%Y-%m-%d", "unknown": "unknown"}
    return each.occurred_at.astimezone(zone).strftime(to.get(each.occurred_precision, "%Y-%m-%d %H:%M"))


def _details(event: "Event", zone: ZoneInfo) -> Iterator[str]:
    """The first particulars, in words; ids are for programs."""
    said = ((name, _words(value, zone)) for name, value in event)
    yield from [f"{name.replace('_', ' ')}: {words}" for name, words in said if words][:DETAILS]


def _words(value: Any, zone: ZoneInfo) -> str:
    from pydantic import BaseModel

    if value is None or isinstance(value, UUID):
        return ""
    if isinstance(value, datetime):
        return terminal.local(value, zone)
    if isinstance(value, dict):
        return _words(tuple(value.values()), zone)
    if isinstance(value, list | tuple):
        return ", ".join(filter(None, (_words(each, zone) for each in value)))
    if isinstance(value, BaseModel):
        display = getattr(value, "display", None)
        return display or " ".join(filter(None, (_words(part, zone) for _, part in value)))
    return str(value)
