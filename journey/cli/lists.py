"""`journey worklist`, `handoffs`, `referrals`, `authorizations`, `visits`, `barriers`: a team's day.

They are what the API answers under the same names; an option is the filter that is called so there.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from inspect import Parameter, Signature
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple
from zoneinfo import ZoneInfo

import typer

from journey.cli import terminal
from journey.cli.options import Json
from journey.cli.recorded import Seen, recorded

if TYPE_CHECKING:
    from journey.api.lists.listing import Asked, List

Row = dict[str, Any]
TEAM = ("team", "TEAM", "The team that is accountable.")
STATUS = ("status", "STATUS", "Where it is: one of its words in docs/events.md.")
OVERDUE = ("overdue", None, "Whether its due time has passed.")
PATHWAY = ("pathway", "PATHWAY", "On the pathway of this id.")
TIMES = {"due_before", "from", "to"}
Option = tuple[str, str | None, str]
"""Name, what stands for its value (None: it is a yes or no), and what it asks."""


class Shown(NamedTuple):
    """A list on the command line: what it answers, its options, and its columns, each a part of a row or made
    of one.
    """

    question: str
    options: tuple[Option, ...]
    columns: dict[str, str | Callable[[Row], str]]


def _left(row: Row) -> str:
    return _span(row["minutes_left"])


def _span(minutes: int | None) -> str:
    if minutes is None:
        return ""
    return ("-" if minutes < 0 else "") + terminal.span(timedelta(minutes=minutes))


def _days(number: int | None) -> str:
    return "" if number is None else f"{number} d"


SHOWN = {
    "worklist": Shown(
        "What has to be done next, by whom and by when: what is due first, first.",
        (
            TEAM,
            ("owner", "WHO", "Who does it: a person, a team or a role."),
            ("person", "WHO", "The person who is accountable."),
            OVERDUE,
            ("at-risk", None, "Whether its due time is near."),
            ("blocked", None, "Whether something stands in its way."),
            ("due-before", "TIME", "It is due before then."),
            PATHWAY,
        ),
        {
            "due": "due",
            "left": _left,
            "what": lambda row: row["title"] or row["step"],
            "who": "owner",
            "blocked": lambda row: "yes" if row["blocked"] else "",
        },
    ),
    "handoffs": Shown(
        "Who is asked to take which patient over: the sickest first, then what is due first.",
        (
            ("team", "TEAM", "The team that is asked, or has accepted."),
            ("from-team", "TEAM", "The team that hands over."),
            STATUS,
            ("severity", "SEVERITY", "How sick the patient is: unstable, watcher or stable."),
            OVERDUE,
        ),
        {
            "severity": "severity",
            "status": "status",
            "waited": lambda row: _span(row["minutes_waited"]),
            "left": _left,
            "escalate": lambda row: "" if row["escalation"] == "none" else row["escalation"],
            "from": "from_team",
            "to": lambda row: row["to_person"] or row["to_team"] or "",
        },
    ),
    "referrals": Shown(
        "Whom are we still waiting on: every loop that is not closed, what is due first, first.",
        (
            TEAM,
            STATUS,
            ("priority", "PRIORITY", "How soon it is asked for."),
            ("service", "SERVICE", "What is asked for."),
            ("older-than", "LENGTH", "Sent, or drafted, longer ago than that: P5D, PT36H, or 5 for days."),
            OVERDUE,
        ),
        {
            "due": "due",
            "left": _left,
            "status": "status",
            "waited": lambda row: _days(row["days_waited"]),
            "priority": "priority",
            "service": "service",
            "of": "performer",
        },
    ),
    "authorizations": Shown(
        "What has a payer to decide, what runs out and what is left: what is due first, first.",
        (
            TEAM,
            STATUS,
            ("payer", "PAYER", "The payer that is asked."),
            ("due-before", "TIME", "The payer should decide before then."),
            ("expiring-within", "DAYS", "It can be used for so many days more, at most."),
            ("remaining-at-most", "UNITS", "So many units are left, at most."),
            OVERDUE,
        ),
        {
            "due": "due",
            "status": "status",
            "service": "service",
            "payer": "payer",
            "until": "valid_until",
            "days left": lambda row: _days(row["days_left"]),
            "units left": "remaining",
        },
    ),
    "visits": Shown(
        "Who comes when, who is not booked yet, who did not come: by their start, the earliest first.",
        (
            TEAM,
            STATUS,
            ("on", "DAY", "It starts on this day."),
            ("from", "TIME", "From this time or day on."),
            ("to", "TIME", "Before this time, or until the end of this day."),
            ("unbooked", None, "Whether it is asked for, and has no time yet."),
            ("missed", None, "Whether the patient did not come."),
            ("over", None, "Of journeys that are over as well."),
        ),
        {
            "starts": "starts_at",
            "status": "status",
            "late": lambda row: _span(-row["minutes_left"]) if row["late"] else "",
            "service": "service",
            "where": "location",
        },
    ),
    "barriers": Shown(
        "What stands in patients' way, and who sees to it: what is due first, first.",
        (TEAM, ("owner", "WHO", "Who sees to it."), STATUS, ("code", "CODE", "What it is."), OVERDUE),
        {"due": "due", "left": _left, "status": "status", "what": "what", "who": "owner"},
    ),
}


def command(name: str) -> Callable[..., None]:
    """The function of one list, with its options as parameters."""
    shown = SHOWN[name]

    def run(**given: Any) -> None:
        limit, as_json = given.pop("limit"), given.pop("as_json")
        _run(
            name, {each: value for each, value in given.items() if value is not None}, limit, as_json=as_json
        )

    parameters = [
        *map(_parameter, shown.options),
        Parameter("limit", Parameter.KEYWORD_ONLY, default=100, annotation=LIMIT),
        Parameter("as_json", Parameter.KEYWORD_ONLY, default=False, annotation=Json),
    ]
    run.__doc__ = shown.question
    run.__annotations__ = {each.name: each.annotation for each in parameters}
    vars(run)["__signature__"] = Signature(parameters)
    return run


LIMIT = Annotated[int, typer.Option(min=1, max=10_000, metavar="N", help="The most to list.")]


def _parameter(option: Option) -> Parameter:
    name, metavar, said = option
    kind = bool if metavar is None else str
    how = typer.Option(f"--{name}", metavar=metavar, help=said)
    if metavar is None:
        how = typer.Option(f"--{name}/--not-{name}", help=said)
    return Parameter(
        _in_python(name), Parameter.KEYWORD_ONLY, default=None, annotation=Annotated[kind | None, how]
    )


def _in_python(name: str) -> str:
    return {"from": "from_"}.get(name, name.replace("-", "_"))


def _run(name: str, given: Row, limit: int, *, as_json: bool) -> None:
    from journey.api.access.trail import Kind
    from journey.api.lists.every import LISTS
    from journey.api.lists.listing import Asked
    from journey.cli.session import prepared, ready
    from journey.connection import OPERATING
    from journey.database import connect

    settings = prepared()
    asked = Asked(datetime.now(UTC), ZoneInfo(settings.timezone))
    listing = LISTS[name]
    wanted = _understood(listing, given, asked)
    with ready(settings) as database:
        with connect(database.conninfo, OPERATING) as connection:
            connection.execute("SET timezone = 'UTC'")
            found = connection.execute(*listing.statement(wanted, asked, None, limit)).fetchall()
        page = listing.page(found, asked, "", limit)
        seen = Seen.of([(row["journey_id"], row["patient"]["patient_id"]) for row in page[name]])
        recorded(database.conninfo, Kind.SEARCH, name, seen)
    if as_json:
        terminal.say_json({name: page[name], "as_of": page["as_of"]})
        return
    for line in _lines(name, page[name], asked.zone):
        terminal.say(line)
    if page["next"]:
        terminal.note(f"there are more than {limit}: ask for less, or for more with --limit")


def _understood(listing: "List", given: Row, asked: "Asked") -> Row:
    """The options as the filters take them; a time without a zone is in JOURNEY_TIMEZONE."""
    from pydantic import TypeAdapter, ValidationError

    kinds = {each.name: each.kind for each in listing.every_filter}
    wanted = {}
    for option, value in given.items():
        name = option.rstrip("_")
        said = _in_zone(value, name, asked.zone) if name in TIMES else value
        try:
            wanted[name] = TypeAdapter(kinds[name]).validate_python(said)
        except ValidationError as error:
            message = str(error.errors()[0]["msg"]).removeprefix("Value error, ")
            raise typer.BadParameter(f"{message}.", param_hint=f"--{name.replace('_', '-')}") from None
    return wanted


def _in_zone(text: str, name: str, zone: ZoneInfo) -> str:
    """A day stays one for filters that speak of days; for others it is its beginning."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return text
    is_day = ":" not in text and name != "due_before"
    return text if is_day or at.tzinfo else at.replace(tzinfo=zone).isoformat()


def _lines(name: str, rows: list[Row], zone: ZoneInfo) -> Iterator[str]:
    if not rows:
        return iter(["Nothing."])
    columns = SHOWN[name].columns
    cells = [
        [*(_cell(row, column, zone) for column in columns.values()), _stage(row), _patient(row)]
        for row in rows
    ]
    return terminal.table([*columns, "stage", "patient"], cells, within=terminal.width())


def _cell(row: Row, column: str | Callable[[Row], str], zone: ZoneInfo) -> str:
    value = column(row) if callable(column) else row[column]
    if isinstance(value, datetime):
        return terminal.local(value, zone)
    return "" if value is None else terminal.printable(str(value))


def _stage(row: Row) -> str:
    return str(row["journey"]["stage"])


def _patient(row: Row) -> str:
    from journey.cli.find import patient

    return patient(row["patient"]) or str(row["journey_id"])
