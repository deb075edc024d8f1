"""`journey migrate`."""

from journey.cli import terminal
from journey.cli.options import Json


def run(as_json: Json = False) -> None:
    """Bring the database to this version. Safe to run by many at once."""
    from journey.cli.session import prepared
    from journey.database import open_database
    from journey.migrate import migrate

    with open_database(prepared()) as database:
        applied = migrate(database.conninfo)
    if as_json:
        terminal.say_json({"applied": applied})
    else:
        terminal.say("\n".join(applied) if applied else "The database is at this version already.")
