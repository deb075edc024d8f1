"""What is true of the discharges of a journey, one for each stay."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import NamedTuple
from uuid import UUID

from journey.domain.codes import ChecklistItem
from journey.domain.event import Blocker, Coded, Fact


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
class Discharges:
    """Every discharge of the journey, by the visit it ends."""

    by_visit: Mapping[UUID, Discharge] = field(default_factory=dict)

    def __iter__(self) -> Iterator[Discharge]:
        return iter(self.by_visit.values())

    def of(self, visit_id: UUID) -> Discharge:
        return self.by_visit.get(visit_id) or Discharge(visit_id)

    def having(self, discharge: Discharge) -> "Discharges":
        return Discharges({**self.by_visit, discharge.visit_id: discharge})
