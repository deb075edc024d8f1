"""How long a journey of 10, 50 and 200 events takes to load and to fold.

The floor is the same query with its rows left as they are; the rival is the library's `repository.get`.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from functools import partial
from uuid import UUID

import psycopg

from journey.bench import ward
from journey.bench.figures import Figure, measured, seconds
from journey.bench.library import Rival
from journey.bench.scratch import Scratch
from journey.domain.journey import fold
from journey.store.recorder import FOR_EVER, SELECT_FORWARD
from journey.store.store import Store

LENGTHS = (10, 50, 200)
TIMES = 40
"""Loads in a contender's turn."""

MILLISECONDS = 1000
COMPARED = (
    ("floor", ""),
    ("library", ""),
    ("load", "floor"),
    ("load and fold", "floor"),
    ("load and fold", "library"),
)


def load(server: Scratch) -> Iterator[Figure]:
    """One at a time, in one thread."""
    with ExitStack() as stack:
        url = server.database()
        ids = {length: ward.journey(length, length)[0].journey_id for length in LENGTHS}
        ward.fill(url, (each for length in LENGTHS for each in ward.journey(length, length)))
        store = stack.enter_context(closing(Store(url)))
        raw = stack.enter_context(psycopg.connect(url, autocommit=True, prepare_threshold=0))
        rival = Rival(server.database(migrated=False), stack, connections=1)
        for length, journey_id in ids.items():
            patient = rival.saved(length)
            works: dict[str, Callable[[], object]] = {
                "floor": partial(_select, raw, journey_id),
                "load": partial(store.load, journey_id),
                "load and fold": partial(_folded, store, journey_id),
                "library": partial(rival.load, patient),
            }
            found = measured({name: partial(seconds, work, times=TIMES) for name, work in works.items()})
            for name, against in COMPARED:
                yield found.figure(f"{length} events: {name}", name, "ms", against, scale=MILLISECONDS)


def _select(connection: psycopg.Connection, journey_id: UUID) -> object:
    cursor = connection.cursor(binary=True)
    return cursor.execute(SELECT_FORWARD, (journey_id, 0, FOR_EVER, None)).fetchall()


def _folded(store: Store, journey_id: UUID) -> object:
    history = store.load(journey_id)
    return fold(history.effective, history.recorded[0].journey_id, history.version)
