"""`journey tail`: what is recorded, as it is, a line for each event."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from journey.cli import terminal
from journey.cli.following import NOW, Heard, Server, of_database, of_server

if TYPE_CHECKING:
    from journey.feed.filter import Filter

WIDTH = 34
"""Columns for the type of event; the longest are a little longer."""


def run(
    *,
    after: Annotated[
        str,
        typer.Option(
            metavar="CURSOR", help="Go on behind it; `beginning` is the whole log, `now` what comes."
        ),
    ] = NOW,
    types: Annotated[
        list[str] | None, typer.Option("--type", metavar="TYPE", help="visit.booked, visit.*; repeatable.")
    ] = None,
    rooms: Annotated[
        list[str] | None, typer.Option("--room", metavar="ROOM", help="A room, such as visits; repeatable.")
    ] = None,
    teams: Annotated[
        list[str] | None,
        typer.Option("--team", metavar="TEAM", help="The team that was accountable then; repeatable."),
    ] = None,
    patients: Annotated[
        list[str] | None,
        typer.Option("--patient", metavar="ID", help="The person, under whichever record; repeatable."),
    ] = None,
    pathways: Annotated[
        list[str] | None,
        typer.Option("--pathway", metavar="NAME", help="The pathway that was followed then; repeatable."),
    ] = None,
    labels: Annotated[
        list[str] | None,
        typer.Option("--label", metavar="LABEL", help="A label that the event bears; repeatable."),
    ] = None,
    statuses: Annotated[
        list[str] | None,
        typer.Option("--status", metavar="STATUS", help="Where it brought the journey; repeatable."),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="A CloudEvent on each line, and the `cursor` to go on behind it.")
    ] = False,
    url: Annotated[
        str | None,
        typer.Option(metavar="URL", help="Listen to this server instead of reading the local database."),
    ] = None,
    key: Annotated[
        str, typer.Option(metavar="KEY", envvar="JOURNEY_KEY", help="The API key that the server asks for.")
    ] = "",
) -> None:
    """What is recorded from now on, as it is, until Ctrl-C: codes, ids and times, a line for each event."""
    from journey.cli.session import prepared

    signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored by what scripts put in the background
    said = {"type": types, "room": rooms, "team": teams}
    said |= {"patient": patients, "pathway": pathways, "label": labels, "status": statuses}
    asked = {name: words for name, words in said.items() if words}
    settings = prepared()
    zone = ZoneInfo(settings.timezone)
    with (
        suppress(KeyboardInterrupt),
        _source(asked, after, Server(url.rstrip("/"), key) if url else None) as heard,
    ):
        for each in heard:
            typer.echo(_json(each) if as_json else _line(each, zone))


@contextmanager
def _source(asked: dict[str, list[str]], after: str, server: Server | None) -> "Iterator[Iterator[Heard]]":
    from journey.cli.session import prepared, ready

    if server is not None:
        yield of_server(server, asked, after)
        return
    wanted = _filter(asked)
    with ready(prepared()) as database:
        yield of_database(database.conninfo, wanted, after)


def _filter(asked: dict[str, list[str]]) -> "Filter":
    from pydantic import ValidationError

    from journey.cli.failure import Failed
    from journey.feed.filter import Filter
    from journey.pathways import installed

    if {each.lower() for each in asked.get("pathway", ())} - {each.id for each in installed()}:
        raise Failed("There is no such pathway; `journey pathway list` tells those there are.")
    try:
        return Filter.model_validate(asked)
    except ValidationError as error:
        said = {str(each["msg"]).removeprefix("Value error, ") for each in error.errors()}
        raise Failed("; ".join(sorted(said)) + ".") from None


def _json(each: Heard) -> str:
    from pydantic_core import to_json

    return to_json({**each.event, "cursor": each.cursor}).decode()


def _line(each: Heard, zone: ZoneInfo) -> str:
    """When it was recorded, what, on which journey, by whom."""
    event = each.event
    at = event["recordedtime"]
    at = at if isinstance(at, datetime) else datetime.fromisoformat(at)
    who = " · ".join(event[name] for name in ("actorid", "actorteam") if name in event)
    when = at.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")
    what = terminal.printable(event["type"])
    where = f"{event['subject']}  v{event['journeyversion']:<4}"
    return f"{when}  {what:<{WIDTH}}  {where}  {terminal.printable(who)}".rstrip()
