"""What a read model is: one question, its tables, and what a change of a journey writes to them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, LiteralString, NamedTuple, Protocol
from uuid import UUID

from journey.domain.event import Recorded
from journey.domain.journey import Journey


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

    @property
    def journey(self) -> Journey:
        """Where the journey stands after the events."""
        if self.state is None:
            raise ValueError("A read model that asks where a journey stands says so: folds = True")
        return self.state


class Write(NamedTuple):
    """One row for a statement that takes many, as JSON in `%(rows)s`."""

    statement: LiteralString
    row: dict[str, Any]


class ReadModel(Protocol):
    """One question, answered from tables that the log alone decides."""

    name: ClassVar[str]
    folds: ClassVar[bool] = True
    """Whether it asks where the journey stands. What is made of the events alone is made faster without."""

    def project(self, change: Change) -> Iterator[Write]:
        """What the change writes. Within a batch, statements run in the order of their first row."""
        ...
