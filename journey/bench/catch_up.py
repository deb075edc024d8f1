"""How fast each read model catches up with a log of 100,000 events, from nothing.

The floor is reading the log and decoding it, with nothing done about it; the rival is the library's
ProjectionRunner with a simpler view, over fewer events, as its rate does not depend on how many.
"""

from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from typing import Any

import psycopg
from psycopg.sql import SQL, Identifier

from journey.bench import ward
from journey.bench.figures import Figure, measured, seconds
from journey.bench.library import Rival
from journey.bench.scratch import Scratch
from journey.projections import READ_MODELS
from journey.projections.model import ReadModel, tables_of
from journey.projections.projector import BATCH, Projector
from journey.store import log

EVENTS, LIBRARY_EVENTS = 100_000, 3_000
LENGTH = 10
ROUNDS = 3
FLOOR, RIVAL = "select and decode", "library"


def catch_up(server: Scratch) -> Iterator[Figure]:
    """Events a second. Each turn begins with empty tables and no checkpoint."""
    with ExitStack() as stack:
        url = server.database()
        ward.fill(url, ward.mixed(EVENTS // LENGTH, LENGTH))
        rival = Rival(server.database(migrated=False), stack, connections=5)
        for _ in range(LIBRARY_EVENTS // LENGTH):
            rival.saved(LENGTH)
        found = measured(
            {
                FLOOR: partial(decoded, url, EVENTS),
                RIVAL: rival.catch_up_rate,
                **{model.name: partial(_project, url, model) for model in READ_MODELS},
            },
            rounds=ROUNDS,
        )
        for name in (FLOOR, RIVAL):
            yield found.figure(f"catch-up: {name}", name, "events/s")
        for model in READ_MODELS:
            for against in (FLOOR, RIVAL):
                yield found.figure(f"catch-up: {model.name}", model.name, "events/s", against)


def decoded(url: str, events: int) -> float:
    """Events a second of the floor: the log's first so many read and decoded, with nothing done about it."""

    def everything() -> None:
        with psycopg.connect(url, prepare_threshold=0) as connection:
            position = 0
            while position < events and (batch := log.read(connection, position, BATCH)):
                position = batch[-1].position or 0

    return events / seconds(everything)


def _project(url: str, model: ReadModel) -> float:
    with psycopg.connect(url, autocommit=True) as connection:
        _empty(connection, model)
        taken = seconds(Projector(url, model).catch_up)
        _empty(connection, model)
    return EVENTS / taken


def _empty(connection: psycopg.Connection[Any], model: ReadModel) -> None:
    connection.execute("DELETE FROM checkpoint WHERE name = %s", (model.name,))
    connection.execute(SQL("TRUNCATE {}").format(SQL(", ").join(map(Identifier, tables_of(model)))))
