"""What a read model is: one question, its tables, and what a change of a journey writes to them."""

from collections.abc import Iterator
from typing import Any, ClassVar, LiteralString, NamedTuple, Protocol

from journey.domain.event import Recorded
from journey.domain.journey import Journey


class Change(NamedTuple):
    """What one batch of the log did to one journey: the events, and where it stands after them.

    The state is folded in the order of what happened, so a late event or a void is right in it already.
    """

    journey: Journey
    recorded: tuple[Recorded, ...]
    position: int


class Write(NamedTuple):
    """One row for a statement that takes many, as JSON in `%(rows)s`."""

    statement: LiteralString
    row: dict[str, Any]


class ReadModel(Protocol):
    """One question, answered from tables that the log alone decides."""

    name: ClassVar[str]

    def project(self, change: Change) -> Iterator[Write]:
        """What the change writes. Within a batch, statements run in the order of their first row."""
        ...
