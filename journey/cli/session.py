"""What a command works in: the settings it was given, a log that does not disturb, and a database that is
ready.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from journey.cli import failure
from journey.database import Database, open_database
from journey.log import configure
from journey.migrate import check, migrate
from journey.settings import Settings


def prepared(*, quiet: bool = True, **chosen: Any) -> Settings:
    """The settings, an option left out (None) counting as not chosen, and the log set up by them.

    A command that ends by itself logs errors only, unless a level was asked for: its answer is its output.
    """
    settings = Settings.load(**{name: value for name, value in chosen.items() if value is not None})
    if failure.DEBUG.get():
        settings = settings.model_copy(update={"log_level": "debug"})
    elif quiet and "log_level" not in settings.model_fields_set:
        settings = settings.model_copy(update={"log_level": "error"})
    configure(settings)
    return settings


@contextmanager
def ready(settings: Settings) -> Iterator[Database]:
    """The database at this version, for as long as the block lasts.

    The embedded one is ours, and brought to it; on another, which others use too, that is `journey migrate`'s
    to do and somebody's to decide.
    """
    with open_database(settings) as database:
        if database.embedded:
            migrate(database.conninfo)
        else:
            check(database.conninfo)
        yield database
