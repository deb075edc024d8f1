"""A message at the journey it is about: what its commands need beside its own fields."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar
from uuid import UUID, uuid5

from journey.domain.correction import History
from journey.domain.event import Command, latest
from journey.domain.journey import Journey, fold
from journey.domain.visit import Visit
from journey.ingest.aside import Unapplied
from journey.ingest.hl7v2.said import Said, precision
from journey.ingest.hl7v2.timestamp import Timestamp

C = TypeVar("C", bound=Command)


@dataclass(frozen=True)
class Telling:
    """What one message says of one patient, and the journey as it is recorded."""

    said: Said
    at: Timestamp
    journey_id: UUID
    history: History
    numbered: UUID | None
    """The visit that the message names by a number, if it does."""
    lacks: Callable[[], None] = lambda: None
    """Called where the message says more than can be recorded before its visit is known."""

    def asks(self, command: type[C], *, at: Timestamp | None = None, **facts: Any) -> C:
        """The command, as what another system says happened at the message's time, or at this one."""
        moment = at or self.at
        return command(**facts, occurred_at=moment.at, occurred_precision=precision(moment), reported=True)

    @cached_property
    def journey(self) -> Journey:
        """What was so when it happened, as far as it is known."""
        until = self.history.until(latest(self.at.at, precision(self.at)))
        return fold(until, self.journey_id, self.history.version)

    def visit(self, visit_id: UUID) -> Visit | None:
        return self.journey.visits.get(visit_id)

    # --- Which visit is meant. A number decides (PV1-19); without one:

    def begun(self) -> UUID:
        """A visit that begins: the one of this class and admit time (PV1-44)."""
        return self.numbered or self._made or self._of_this_class(self.at.at.isoformat())

    def admitted(self) -> UUID:
        """The visit that the patient is in, unless it has a bed; else one that begins."""
        here = self._only(lambda visit: visit.is_here and visit.admitted is None)
        return self.numbered or here or self.begun()

    def going_on(self) -> UUID:
        """The visit of this class and admit time, or the only one that the patient is in."""
        return self.numbered or self.perhaps() or self._made or self._unclear()

    def ended(self) -> UUID:
        """The visit that ended last; the one that the patient is in, where none did."""
        over = [visit for visit in self.journey.visits if visit.ended is not None]
        last = max(over, key=lambda visit: visit.ended.at if visit.ended else self.at.at, default=None)
        return self.numbered or (last.visit_id if last else self.going_on())

    def perhaps(self) -> UUID | None:
        """The visit, where it is clear which one is meant."""
        if self.numbered or (self._made and self.visit(self._made)):
            return self.numbered or self._made
        return self._only(lambda visit: visit.is_here)

    @cached_property
    def _made(self) -> UUID | None:
        admitted = self.said.text("PV1", 44)
        return self._of_this_class(admitted) if admitted else None

    def _of_this_class(self, moment: str) -> UUID:
        return uuid5(self.journey_id, f"visit|{self.said.text('PV1', 2)}|{moment}")

    def _only(self, suits: Callable[[Visit], bool]) -> UUID | None:
        found: Iterator[UUID] = (visit.visit_id for visit in self.journey.visits if suits(visit))
        first, second = next(found, None), next(found, None)
        return first if second is None else None

    def _unclear(self) -> UUID:
        raise Unapplied(
            "no-visit",
            "PV1-19, PV1-50 and PID-18 are empty, and the patient is in no visit or in several.",
            waits=True,
        )
