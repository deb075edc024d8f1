"""How fast the sequencer gives positions to what waits: after an outage of it, everything does."""

from collections.abc import Iterator
from functools import partial

import psycopg

from journey.bench.figures import Figure, measured, seconds
from journey.bench.scratch import Scratch
from journey.store import sequencer

APPENDS = 50_000
ROUNDS = 3

WAITING = """
    INSERT INTO pending (journey_id, first_version, last_version)
    SELECT gen_random_uuid(), 1, %s FROM generate_series(1, %s)
    """


def drain(server: Scratch) -> Iterator[Figure]:
    """Appends of one event, and of five."""
    url = server.database()
    found = measured({str(events): partial(_drain, url, events) for events in (1, 5)}, rounds=ROUNDS)
    for events in ("1", "5"):
        yield found.figure(f"sequencing appends of {events}", events, "events/s")


def _drain(url: str, events: int) -> float:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(WAITING, (events, APPENDS // events))
        connection.execute("ANALYZE pending")
        return APPENDS / seconds(lambda: sequencer.drain(url))
