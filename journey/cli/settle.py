"""Waiting until the read models tell what has been recorded, so that a command's next reader sees it."""

from threading import Event as Signal

import psycopg

from journey.cli.failure import Failed
from journey.connection import OPERATING
from journey.database import connect
from journey.projections import READ_MODELS
from journey.worker import Worker

LOOK_AGAIN = 0.02
"""Seconds between looks at the positions."""

BEHIND = """
    SELECT wanted.name, checkpoint.last_error
      FROM unnest(%(names)s::text[]) AS wanted (name)
      LEFT JOIN checkpoint USING (name)
     WHERE coalesce(checkpoint.position, 0) < %(position)s
    """


def settle(conninfo: str) -> None:
    """Return once everything recorded so far can be read, and is on disk.

    By a worker of our own; where another process runs one, ours stands by and that one is waited for.
    """
    with Worker(conninfo), connect(conninfo, OPERATING) as connection:
        _wait(connection)


def _wait(connection: psycopg.Connection) -> None:
    pause = Signal()
    names = [model.name for model in READ_MODELS]
    last = connection.execute("SELECT max(id) FROM pending").fetchone()
    while last and connection.execute("SELECT true FROM pending WHERE id <= %s LIMIT 1", last).fetchone():
        pause.wait(LOOK_AGAIN)
    position = connection.execute("SELECT coalesce(max(position), 0) FROM log").fetchone()
    wanted = {"names": names, "position": position and position[0]}
    while behind := connection.execute(BEHIND, wanted).fetchall():
        for name, error in behind:
            if error is not None:
                raise Failed(
                    f"Everything is recorded, but the read model {name} cannot take it in ({error}). "
                    "Run: journey projections list"
                )
        pause.wait(LOOK_AGAIN)
