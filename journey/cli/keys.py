"""`journey keys …`: who may use the API, and for what."""

from typing import TYPE_CHECKING, Annotated, Any, TypeVar
from zoneinfo import ZoneInfo

import typer

from journey.cli import terminal
from journey.cli.options import Json

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from journey.api.access.keys import ApiKey
    from journey.api.access.wanted import KeyChanged

    Asked = TypeVar("Asked", bound=KeyChanged)

app = typer.Typer(no_args_is_help=True)

HEAD = ("id", "name", "role", "teams", "labels", "scopes", "last used")
WHOLE = (0, 6)
"""The columns that are never cut."""


def known_role(text: str) -> str:
    """One of the roles there are."""
    from journey.api.access.table import Role

    try:
        return Role(text)
    except ValueError:
        raise typer.BadParameter(f"it should be one of {', '.join(Role)}.") from None


KeyId = Annotated[str, typer.Argument(metavar="ID", help="The id in `journey keys list`.")]
AsRole = Annotated[
    str,
    typer.Option(
        "--role",
        parser=known_role,
        metavar="ROLE",
        help="coordinator, clinician, compliance, integrator or admin.",
    ),
]
Team = Annotated[str | None, typer.Option(metavar="TEAM", help="The team its holder works in.")]
AlsoTeam = Annotated[
    list[str] | None, typer.Option(metavar="TEAM", help="Another team whose journeys are theirs; repeatable.")
]
EveryTeam = Annotated[
    bool, typer.Option("--every-team", help="Every team's journeys are theirs, as without a team.")
]
Label = Annotated[
    list[str] | None,
    typer.Option(metavar="LABEL", help="A label whose events they may see, such as PSY; repeatable."),
]
Scope = Annotated[
    list[str] | None,
    typer.Option(metavar="SCOPE", help="What it is narrowed down to: system/Task.cru; repeatable."),
]


@app.callback()
def keys() -> None:
    """API keys: make one, change what it may, list them, end one."""


@app.command("create")
def create_(
    *,
    name: Annotated[
        str, typer.Option(metavar="NAME", help="Who holds it; stands on every event recorded with it.")
    ],
    role: AsRole,
    team: Team = None,
    also_team: AlsoTeam = None,
    every_team: EveryTeam = False,
    label: Label = None,
    scope: Scope = None,
    as_json: Json = False,
) -> None:
    """Make an API key. Its secret is shown once, and stored as a hash."""
    from journey.api.access.keys import create
    from journey.api.access.wanted import KeyWanted
    from journey.cli.session import prepared, ready

    if not name.strip():
        raise typer.BadParameter("a key needs a name.", param_hint="'--name'")
    for_what = _for_what(role, team, also_team, label, scope, every_team=every_team)
    wanted = _read(KeyWanted, name=name.strip(), **for_what)
    with ready(prepared()) as database:
        made = create(database.conninfo, wanted.name, wanted.role, wanted.team, wanted.grant)
    if as_json:
        terminal.say_json({**made.key.model_dump(), "token": made.token})
        return
    terminal.say(f"id     {made.key.id}")
    terminal.say(f"token  {made.token}")
    terminal.say("Keep the token: it is not shown again. Send it as: Authorization: Bearer TOKEN")


@app.command("change")
def change_(
    *,
    key_id: KeyId,
    role: AsRole,
    team: Team = None,
    also_team: AlsoTeam = None,
    every_team: EveryTeam = False,
    label: Label = None,
    scope: Scope = None,
    as_json: Json = False,
) -> None:
    """Let a key do what is given here, and nothing of what it could before: within seconds."""
    from journey.api.access.keys import change
    from journey.api.access.wanted import KeyChanged
    from journey.cli.session import prepared, ready

    for_what = _for_what(role, team, also_team, label, scope, every_team=every_team)
    wanted = _read(KeyChanged, **for_what)
    settings = prepared()
    with ready(settings) as database:
        key = change(database.conninfo, key_id, wanted.role, wanted.team, wanted.grant)
    if as_json:
        terminal.say_json(key.model_dump())
        return
    _show([key], settings.timezone)


@app.command("list")
def list_(as_json: Json = False) -> None:
    """Every key ever made, the newest first; never their secrets."""
    from journey.api.access.keys import list_keys
    from journey.cli.session import prepared, ready

    settings = prepared()
    with ready(settings) as database:
        found = list_keys(database.conninfo)
    if as_json:
        terminal.say_json([key.model_dump() for key in found])
        return
    _show(found, settings.timezone)


@app.command("revoke")
def revoke_(key_id: KeyId) -> None:
    """End a key, for ever: within seconds, no request with it is answered."""
    from journey.api.access.keys import revoke
    from journey.cli.session import prepared, ready

    with ready(prepared()) as database:
        key = revoke(database.conninfo, key_id)
    terminal.say(f"{key.id} ({terminal.printable(key.name)}) is revoked.")


def _for_what(
    role: str,
    team: str | None,
    also: list[str] | None,
    labels: list[str] | None,
    scopes: list[str] | None,
    *,
    every_team: bool,
) -> dict[str, Any]:
    """The options, as a key is asked for over HTTP."""
    teams = [*([team] if team else []), *also] if also else None
    return {
        "role": role,
        "team": team,
        "teams": teams,
        "every_team": every_team,
        "labels": labels or [],
        "scopes": scopes or None,
    }


def _read(kind: "type[Asked]", **given: Any) -> "Asked":
    from pydantic import ValidationError

    try:
        return kind.model_validate(given)
    except ValidationError as error:
        first = error.errors()[0]
        said = str(first["msg"]).removeprefix("Value error, ").removeprefix("teams: ")
        field = str(first["loc"][0]) if first["loc"] else "every_team"
        option = {"teams": "--also-team", "labels": "--label", "scopes": "--scope"}.get(field)
        hint = f"'{option or '--' + field.replace('_', '-')}'"
        raise typer.BadParameter(f"{said.rstrip('.')}.", param_hint=hint) from None


def _show(keys: "Iterable[ApiKey]", timezone: str) -> None:
    for line in lines(keys, ZoneInfo(timezone), terminal.width()):
        terminal.say(line)


def lines(keys: "Iterable[ApiKey]", zone: ZoneInfo, within: int | None) -> "Iterator[str]":
    """The keys, one on each line."""
    return terminal.table(HEAD, (_cells(key, zone) for key in keys), whole=WHOLE, within=within)


def _cells(key: "ApiKey", zone: ZoneInfo) -> terminal.Row:
    teams = ", ".join(key.teams or ()) or "none"
    scopes = " ".join(key.scopes or ()) or "none"
    used = key.last_used_at.astimezone(zone).strftime("%Y-%m-%d") if key.last_used_at else "never"
    return (
        key.id,
        terminal.printable(key.name),
        key.role,
        terminal.printable("every" if key.teams is None else teams),
        ", ".join(key.labels) or "-",
        "all" if key.scopes is None else scopes,
        "ended" if key.revoked_at else used,
    )
