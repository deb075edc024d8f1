"""`journey demo`: a database, simulated journeys and the API, with one command, gone with one Ctrl-C."""

from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from journey.cli import terminal
from journey.cli.failure import Failed
from journey.cli.serve import Port
from journey.cli.simulate import Seed

if TYPE_CHECKING:
    from journey.settings import Settings

MONTHS = 6
OF_A_TEAM = frozenset({"coordinator", "clinician"})
"""The roles whose key is of the team that has most to do."""

OWN_TEAM_ONLY = frozenset({"clinician"})
"""The roles whose key is bound to their team, to show what that looks like; the others see every journey."""

BUSIEST = """
    SELECT team FROM patient_status
     WHERE status IN ('active', 'planned') AND team IS NOT NULL AND next_due IS NOT NULL
     GROUP BY team ORDER BY count(*) DESC, team LIMIT 1
    """
EXAMPLE = """
    SELECT journey_id::text FROM patient_status
     ORDER BY team IS NOT DISTINCT FROM %s DESC, status IN ('active', 'planned') DESC, next_due IS NULL,
              pathway IS NULL, version DESC
     LIMIT 1
    """


FIRST = "SELECT context->'source'->>'system' FROM event LIMIT 1"
"""Nothing is taken away from the table, so that what was recorded first comes first."""

NOT_MADE_UP = (
    "This database holds what was not simulated, and a demo opens everything to whoever is at this machine. "
    "Serve it with journey serve, or name another in DATABASE_URL or JOURNEY_HOME."
)


class Shown(NamedTuple):
    """What the page at the start tells."""

    journeys: int
    example: str | None
    keys: dict[str, str]


def run(
    *,
    patients: Annotated[
        int, typer.Option(min=1, max=100_000, metavar="N", help="How many people to simulate.")
    ] = 200,
    port: Port = None,
    seed: Seed = 1,
) -> None:
    """Everything in one: start the database, fill it with simulated journeys, serve the API."""
    from journey.api.server import serve
    from journey.cli.serve import require_free
    from journey.cli.session import prepared, ready
    from journey.simulate.clinic import ZONE
    from journey.web.demo import Demo

    settings = prepared(port=port)
    if "timezone" not in settings.model_fields_set:
        settings = settings.model_copy(update={"timezone": ZONE.key})
    require_free(settings.host, settings.port)
    terminal.note("starting the database" if settings.database_url is None else "looking at the database")
    with ready(settings) as database:
        _fill(database.conninfo, patients, seed)
        shown = _shown(database.conninfo)
        demo = Demo(shown.keys, shown.example or "")
        serve(settings, database, told=lambda url: _tell(url, shown, settings), demo=demo)
    terminal.note("everything is stopped")


def _fill(conninfo: str, patients: int, seed: int) -> None:
    """Simulated journeys, unless the store holds some already. Raises Failed where it holds others."""
    from journey.cli.filling import fill
    from journey.cli.settle import settle
    from journey.cli.simulate import today, watched
    from journey.connection import OPERATING
    from journey.database import connect
    from journey.simulate.clinic import simulate
    from journey.simulate.step import SYSTEM

    with connect(conninfo, OPERATING) as connection:
        first = connection.execute(FIRST).fetchone()
    if first == (SYSTEM,):
        return
    if first is not None:
        raise Failed(NOT_MADE_UP)
    terminal.note(f"simulating {patients} patients over {MONTHS} months")
    end = today()
    with watched(simulate(patients, seed=seed, months=MONTHS, until=end), end, MONTHS) as steps:
        filled = fill(conninfo, steps)
    settle(conninfo)
    terminal.note(f"recorded {filled.events} events")


def _shown(conninfo: str) -> Shown:
    """What there is to see, and a fresh key for each role: those of the demo before end here."""
    from journey.api.access.keys import Grant, create
    from journey.api.access.table import Role
    from journey.connection import OPERATING
    from journey.database import connect

    with connect(conninfo, OPERATING) as connection:
        count = connection.execute("SELECT count(DISTINCT journey_id) FROM patient_status").fetchone()
        busiest = connection.execute(BUSIEST).fetchone()
        team = busiest[0] if busiest else None
        example = connection.execute(EXAMPLE, (team,)).fetchone()
    keys = {
        str(role): create(
            conninfo, f"demo-{role}", role, team if role in OF_A_TEAM else None, grant, replace=True
        ).token
        for role in Role
        for grant in (None if role in OWN_TEAM_ONLY else Grant(),)
    }
    return Shown(count[0] if count else 0, example[0] if example else None, keys)


def _tell(url: str, shown: Shown, settings: "Settings") -> None:
    where = "under " + str(settings.home) if settings.database_url is None else "that DATABASE_URL names"
    lines = [
        "",
        f"Journey is served on {url}, with {shown.journeys} journeys in the database {where}.",
        f"Open {url}/ in a browser: one click signs you in, and the first page says what to try.",
        f"The API is described on {url}/docs.",
        "",
        "API keys, one for each role, good until the next demo:",
        *terminal.table(("  role", "key"), ((f"  {role}", key) for role, key in shown.keys.items())),
        "",
        "To try, in another terminal:",
        *(f"  {line}" for line in _examples(url, shown)),
        "",
        "Ctrl-C stops everything, the database included.",
        "",
    ]
    terminal.say("\n".join(lines))


def _examples(url: str, shown: Shown) -> list[str]:
    curl = 'curl -H "Authorization: Bearer $KEY"'
    journey = f"{url}/v1/journeys/{shown.example}"
    body = "-H 'Content-Type: application/json' -d '{\"team\": \"cardiology\"}'"
    return [
        f"KEY={shown.keys['coordinator']}",
        f"{curl} {journey}",
        f"{curl} {journey}/events",
        f"{curl} {body} {journey}/assign-owner",
    ]
