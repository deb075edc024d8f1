"""`journey audit review` and `reviews`: that the audit was looked at, what was found, what is left."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID
from zoneinfo import ZoneInfo

import typer

from journey.cli import terminal
from journey.cli.audit.asked import zoned
from journey.cli.options import Json, Moment, moment
from journey.cli.recorded import access, recorded

if TYPE_CHECKING:
    from journey.api.audit.reviews import Review, Reviewing, Unreviewed

BREAK_GLASS = typer.Option(metavar="ID", help="A break-glass that was looked at; may be given repeatedly.")


def run(
    *,
    begins: Annotated[
        Any, typer.Option("--from", parser=moment, metavar="TIME", show_default=False, help="From then on.")
    ],
    ends: Annotated[
        Any, typer.Option("--to", parser=moment, metavar="TIME", show_default=False, help="Before then.")
    ],
    scope: Annotated[str, typer.Option(metavar="TEXT", help="What was looked at: a patient's id, a team …")],
    findings: Annotated[str, typer.Option(metavar="TEXT", help="What was found, in words.")],
    by: Annotated[str, typer.Option(metavar="NAME", help="Who looked.")],
    break_glass: Annotated[list[UUID] | None, BREAK_GLASS] = None,
    as_json: Json = False,
) -> None:
    """Put in writing that the audit of a period was looked at, by whom, and what was found."""
    from journey.api.access import trail
    from journey.api.access.trail import COMMAND_LINE, Kind
    from journey.api.audit.reviews import RECORD, held
    from journey.cli.session import prepared, ready
    from journey.database import connect

    settings = prepared()
    zone = ZoneInfo(settings.timezone)
    wanted = _wanted(zoned(begins, zone), zoned(ends, zone), scope, findings, break_glass or [])
    review = held(wanted, by)
    said = access(Kind.REVIEW, "audit review", purpose="HCOMPL", detail=review.model_dump(mode="json"))
    with ready(settings) as database, connect(database.conninfo) as connection:
        trail.record(connection, [said])
        connection.execute(RECORD, (*review.row(), COMMAND_LINE.caller))
    if as_json:
        terminal.say_json(review)
    else:
        terminal.say(f"Recorded as review {review.review_id}.")


def _wanted(
    begins: Moment, ends: Moment, scope: str, findings: str, break_glasses: list[UUID]
) -> "Reviewing":
    from pydantic import ValidationError

    from journey.api.audit.reviews import Reviewing

    period = {"begins": begins, "ends": ends}
    said = {"period": period, "scope": scope, "findings": findings, "break_glasses": break_glasses}
    try:
        return Reviewing.model_validate(said)
    except ValidationError as error:
        wrong = error.errors(include_input=False)[0]
        where = {"period": "--to", "break_glasses": "--break-glass"}.get(
            str(wrong["loc"][0]), f"--{wrong['loc'][0]}"
        )
        message = wrong["msg"].removeprefix("Value error, ends: ")
        raise typer.BadParameter(f"{message}.", param_hint=where) from None


def reviews(
    *,
    limit: Annotated[int, typer.Option(min=1, max=500, metavar="N", help="The most of each to list.")] = 100,
    as_json: Json = False,
) -> None:
    """Reviews of the audit, the newest first, and every break-glass that nobody has looked at yet."""
    from journey.api.access.trail import Kind
    from journey.api.audit.reviews import EVERY, NEWEST, UNREVIEWED, reviewed, unreviewed
    from journey.cli.session import prepared, ready
    from journey.database import connect

    settings = prepared()
    with ready(settings) as database:
        recorded(database.conninfo, Kind.AUDIT, "audit reviews", purpose="HCOMPL")
        with connect(database.conninfo) as connection:
            held = reviewed(connection.execute(EVERY, (*NEWEST, limit)).fetchall())
            left = unreviewed(connection.execute(UNREVIEWED, (limit,)).fetchall())
    if as_json:
        terminal.say_json({"reviews": held, "unreviewed": left})
        return
    zone = ZoneInfo(settings.timezone)
    head = ("at", "by", "from", "to", "what", "findings")
    for line in terminal.block("reviews", terminal.table(head, (_held(each, zone) for each in held))):
        terminal.say(line)
    late = ("break-glass", "began", "review by", "by", "reason")
    for line in terminal.block("unreviewed", terminal.table(late, (_left(each, zone) for each in left))):
        terminal.say(line)


def _held(each: "Review", zone: ZoneInfo) -> terminal.Row:
    at, begins, ends = (_at(time, zone) for time in (each.at, each.begins, each.ends))
    return at, terminal.printable(each.name), begins, ends, *map(_line, (each.scope, each.findings))


def _left(each: "Unreviewed", zone: ZoneInfo) -> terminal.Row:
    by = _at(each.review_by, zone) + (", overdue" if each.overdue else "")
    who, why = terminal.printable(each.name), each.reason_code
    return str(each.break_glass_id), _at(each.began_at, zone), by, who, why


def _at(at: datetime, zone: ZoneInfo) -> str:
    return terminal.local(at, zone)


def _line(text: str) -> str:
    return terminal.printable(" ".join(text.split()))
