"""Options that commands share."""

from datetime import datetime
from typing import Annotated
from zoneinfo import ZoneInfo

import typer


def moment(text: str) -> datetime:
    """A time as people and programs write it (ISO 8601, RFC 3339)."""
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(
            "it should be a time such as 2026-03-01T14:30Z, 2026-03-01 14:30 or 2026-03-01."
        ) from None


Json = Annotated[bool, typer.Option("--json", help="Print it as JSON, for programs.")]
JourneyId = Annotated[
    str,
    typer.Argument(
        metavar="JOURNEY",
        show_default=False,
        help="The journey's id, or a number or name of its patient when that leads to one journey only.",
    ),
]
Moment = datetime | None


def in_zone(moment: Moment, zone: ZoneInfo) -> Moment:
    """A time without a zone is the installation's."""
    return moment.replace(tzinfo=zone) if moment is not None and moment.tzinfo is None else moment


AS_OF = typer.Option(
    parser=moment,
    metavar="TIME",
    help="As the world was then. A time without a zone is in JOURNEY_TIMEZONE, a day is its beginning.",
)
AS_KNOWN_AT = typer.Option(parser=moment, metavar="TIME", help="By what had been recorded by then.")
