"""What is true of the discharges of a journey, one for each stay."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import NamedTuple
from uuid import UUID

from journey.domain.codes import ChecklistItem
from journey.domain.event import Blocker, Coded, Fact
from journey.domain.room import Milestone, Step, Things, milestone, step

SUMMARY_WITHIN = timedelta(days=1)
"""How soon after the departure the summary goes out."""


class Discharge(NamedTuple):
    """The end of one stay."""

    visit_id: UUID
    planned: Fact | None = None
    expected_at: datetime | None = None
    checklist: tuple[ChecklistItem, ...] = ()
    settled: frozenset[ChecklistItem] = frozenset()
    barriers: Mapping[UUID, tuple[Coded, Fact]] = MappingProxyType({})
    cleared: frozenset[UUID] = frozenset()
    ready: Fact | None = None
    departed: Fact | None = None
    disposition: Coded | None = None
    summary: Fact | None = None
    recipients: frozenset[str] = frozenset()
    closed: Fact | None = None

    @property
    def is_open(self) -> bool:
        """Planned, and the patient still here."""
        return self.planned is not None and self.departed is None

    def blockers(self) -> tuple[Blocker, ...]:
        """What keeps the patient from leaving."""
        undone = (item for item in self.checklist if item not in self.settled)
        return (
            *(
                Blocker(code="discharge-checklist", what=f"{item} is not done", subject_id=self.visit_id)
                for item in undone
            ),
            *(
                Blocker(code="discharge-barrier", what=barrier.display or barrier.code, subject_id=barrier_id)
                for barrier_id, (barrier, _) in self.barriers.items()
            ),
        )


@dataclass(frozen=True, slots=True)
class Discharges(Things[Discharge]):
    """Every discharge of the journey, by the visit it ends."""

    def of(self, visit_id: UUID) -> Discharge:
        return self.get(visit_id) or Discharge(visit_id)

    def holds(self, visit_id: UUID) -> Iterator[Blocker]:
        yield from self.of(visit_id).blockers()

    def reached(self) -> Iterator[Milestone]:
        for each in self:
            yield from milestone("discharge-planned", each.planned, each.visit_id)
            yield from milestone("medically-ready", each.ready, each.visit_id)
            yield from milestone("departed", each.departed, each.visit_id)
            yield from milestone("discharge-summary-sent", each.summary, each.visit_id)
            yield from milestone("discharge-closed", each.closed, each.visit_id)

    def steps(self) -> Iterator[Step]:
        for each in self:
            if each.is_open and each.planned is not None:
                yield step("discharge-patient", each.planned, each.expected_at, each.visit_id)
            if each.departed is not None and each.summary is None and each.closed is None:
                due = each.departed.at + SUMMARY_WITHIN
                yield step("send-discharge-summary", each.departed, due, each.visit_id)

    def blockers(self) -> Iterator[Blocker]:
        for each in self:
            if each.is_open:
                yield from each.blockers()
