"""`journey keys …`: who may use the API."""

from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from journey.cli import terminal
from journey.cli.options import Json

if TYPE_CHECKING:
    from journey.api.access.keys import ApiKey

app = typer.Typer(no_args_is_help=True)


def known_role(text: str) -> str:
    """One of the roles there are."""
    from journey.api.access.table import Role

    try:
        return Role(text)
    except ValueError:
        raise typer.BadParameter(f"it should be one of {', '.join(Role)}.") from None


@app.callback()
def keys() -> None:
    """API keys: make one, list them, end one."""


@app.command("create")
def create_(
    *,
    name: Annotated[
        str, typer.Option(metavar="NAME", help="Who holds it; stands on every event recorded with it.")
    ],
    role: Annotated[
        str,
        typer.Option(
            parser=known_role, metavar="ROLE", help="coordinator, clinician, compliance, integrator or admin."
        ),
    ],
    team: Annotated[str | None, typer.Option(metavar="TEAM", help="The team its holder works in.")] = None,
    as_json: Json = False,
) -> None:
    """Make an API key. Its secret is shown once, and stored as a hash."""
    from journey.api.access.keys import create
    from journey.api.access.table import Role
    from journey.cli.session import prepared, ready

    if not name.strip():
        raise typer.BadParameter("a key needs a name.", param_hint="'--name'")
    with ready(prepared()) as database:
        made = create(database.conninfo, name.strip(), Role(role), team)
    if as_json:
        terminal.say_json({**made.key.model_dump(), "token": made.token})
        return
    terminal.say(f"id     {made.key.id}")
    terminal.say(f"token  {made.token}")
    terminal.say("Keep the token: it is not shown again. Send it as: Authorization: Bearer TOKEN")


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
    zone = ZoneInfo(settings.timezone)
    head = ("id", "name", "role", "team", "made", "last used", "ended")
    for line in terminal.table(head, (_cells(key, zone) for key in found)):
        terminal.say(line)


@app.command("revoke")
def revoke_(
    key_id: Annotated[str, typer.Argument(metavar="ID", help="The id in `journey keys list`.")],
) -> None:
    """End a key, for ever: within seconds, no request with it is answered."""
    from journey.api.access.keys import revoke
    from journey.cli.session import prepared, ready

    with ready(prepared()) as database:
        key = revoke(database.conninfo, key_id)
    terminal.say(f"{key.id} ({terminal.printable(key.name)}) is revoked.")


def _cells(key: "ApiKey", zone: ZoneInfo) -> terminal.Row:
    times = (
        terminal.local(at, zone) if at else "-" for at in (key.created_at, key.last_used_at, key.revoked_at)
    )
    return key.id, terminal.printable(key.name), key.role, key.team or "-", *times
