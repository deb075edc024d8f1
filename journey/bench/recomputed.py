"""Whether the read models are at the end of the log, and what it gives: for the soak and the tests."""

from collections.abc import Iterable, Iterator
from typing import Any

from psycopg import Connection

from journey.projections import READ_MODELS
from journey.projections.model import ReadModel
from journey.projections.verify import verify

END = "SELECT coalesce(max(position), 0) FROM log"
NAMED = 5
"""Rows that are named of each read model that is wrong."""


def complaints(connection: Connection[Any], models: Iterable[ReadModel] = READ_MODELS) -> Iterator[str]:
    """Where a read model is not what the log gives, one sentence each. Leaves nothing behind."""
    connection.rollback()
    for model in models:
        found = verify(connection, model, at_most=NAMED)
        [(end,)] = connection.execute(END).fetchall()
        connection.rollback()
        if found.position != end:
            yield f"{model.name} has come to {found.position} of {end}"
        if found.parked:
            yield f"{model.name} has parked {found.parked} journeys"
        yield from map(str, found.differences)
