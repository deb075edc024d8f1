"""How fast one event is appended, by one writer and by sixteen.

The floor is a raw insert of the same row into the same table, one prepared statement in autocommit; the rival
is the library's `Application.save` in its safe mode. `handle` is the whole way: load, decide, append.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import replace
from functools import partial
from typing import Any, cast

import psycopg

from journey.bench import ward
from journey.bench.figures import Figure, measured, rate
from journey.bench.library import Rival
from journey.bench.scratch import Scratch
from journey.domain.episode import OpenJourney
from journey.store.identifiers import uuid7
from journey.store.mapper import stored
from journey.store.store import Store

FLOOR = """
    INSERT INTO floor (journey_id, version, event_id, type, schema_version,
                       occurred_at, occurred_precision, context, data)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)
    """
CREW = (1, 16)
SECONDS = 0.3
"""A contender's turn in a round."""

COMPARED = (("floor", ""), ("library", ""), ("ours", "floor"), ("ours", "library"), ("handle", "floor"))

[OPENING] = ward.journey(1, 1)


def append(server: Scratch) -> Iterator[Figure]:
    """Measured with the sequencer at rest: what waits in `pending` is part of the write, not what follows."""
    with ExitStack() as stack:
        url = server.database()
        crew = max(CREW)
        store = stack.enter_context(closing(Store(url, pool_size=crew, timeout=30)))
        rival = Rival(server.database(migrated=False), stack, connections=crew)
        floor = inserting(stack, url, crew)

        def ours(_: int) -> None:
            event = replace(OPENING, journey_id=uuid7(), event_id=uuid7())
            store.events.put(cast(Any, (event,)))

        def handle(_: int) -> None:
            store.handle(uuid7(), OpenJourney(patient_id=uuid7()), ward.CONTEXT)

        works = {"floor": floor, "ours": ours, "handle": handle, "library": lambda _: rival.save_one()}
        for writers in CREW:
            found = measured(
                {name: partial(rate, work, threads=writers, seconds=SECONDS) for name, work in works.items()}
            )
            who = "1 writer" if writers == 1 else f"{writers} writers"
            for name, against in COMPARED:
                yield found.figure(f"append, {who}: {name}", name, "/s", against)


def inserting(stack: ExitStack, url: str, connections: int) -> Callable[[int], None]:
    """The floor: one row of the size of an event, over the connection of this number."""
    raw = [stack.enter_context(_to_the_floor(url)) for _ in range(connections)]
    opening = stored(OPENING)
    fixed = (
        opening.topic,
        opening.schema_version,
        opening.occurred_at,
        opening.occurred_precision,
        opening.context,
        opening.state,
    )

    def insert(number: int) -> None:
        raw[number].execute(FLOOR, (uuid7(), 1, uuid7(), *fixed))

    return insert


def _to_the_floor(url: str) -> psycopg.Connection[Any]:
    """A connection, and the table that the floor's rows go into."""
    connection = psycopg.connect(url, autocommit=True, prepare_threshold=0)
    connection.execute("CREATE TABLE IF NOT EXISTS floor (LIKE event INCLUDING ALL)")
    return connection
