"""What a read model is: one question, its tables, and what a change of a journey writes to them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, ClassVar, NamedTuple, Protocol
from uuid import UUID

from psycopg import Connection
from pydantic_core import to_json

from journey.domain.event import Recorded
from journey.domain.journey import Journey

KEPT = 20_000
"""Journeys in memory: more than are active at once in one hospital."""


@dataclass(frozen=True, slots=True)
class Change:
    """What one batch of the log did to one journey: the events, and where it stands after them.

    The state is folded in the order of what happened, so a late event or a void is right in it already. It is
    there for read models that ask for it.
    """

    journey_id: UUID
    recorded: tuple[Recorded, ...]
    position: int
    state: Journey | None = None
    before: Journey | None = field(default=None, compare=False)
    """Where it stood before them, where that is known: what has not changed since need not be written."""

    @property
    def journey(self) -> Journey:
        """Where the journey stands after the events."""
        if self.state is None:
            raise ValueError("A read model that asks where a journey stands says so: folds = True")
        return self.state


class Write(NamedTuple):
    """One row for a statement that takes many, as JSON in `%(rows)s`."""

    statement: str
    row: dict[str, Any]


class ReadModel(Protocol):
    """One question, answered from tables that the log alone decides."""

    name: ClassVar[str]
    tables: ClassVar[tuple[str, ...]] = ()
    """Its tables; one of the model's own name where none is given."""
    folds: ClassVar[bool] = True
    """Whether it asks where the journey stands. What is made of the events alone is made faster without."""
    keeps: ClassVar[int] = KEPT
    """Journeys that are kept folded for it."""

    def project(self, change: Change) -> Iterator[Write]:
        """What the change writes. Within a batch, statements run in the order of their first row."""
        ...


class Statement(NamedTuple):
    """A statement with all of its rows, as JSON."""

    text: str
    rows: str


def together(writes: Iterable[Write]) -> tuple[Statement, ...]:
    """Each statement once with all of its rows, in the order of their first."""
    rows: dict[str, list[dict[str, Any]]] = {}
    for statement, row in writes:
        rows.setdefault(statement, []).append(row)
    return tuple(Statement(text, to_json(many).decode()) for text, many in rows.items())


def written(connection: Connection[Any], statements: Iterable[Statement]) -> None:
    """Write the rows."""
    for text, rows in statements:
        connection.execute(text.encode(), {"rows": rows})


def tables_of(model: ReadModel) -> tuple[str, ...]:
    """The tables that the model alone writes."""
    return model.tables or (model.name,)
