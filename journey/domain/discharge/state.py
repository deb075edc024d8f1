"""What is true of the discharges of a journey, one for each stay."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import NamedTuple
from uuid import UUID

from journey.domain.codes import Channel, ChecklistItem, Disposition
from journey.domain.discharge.disposition import meaning
from journey.domain.discharge.events import Complexity, TransitionOutcome, Unreached
from journey.domain.event import Blocker, Coded, Fact
from journey.domain.room import Milestone, Step, Things, milestone, step

SUMMARY_WITHIN = timedelta(days=1)
"""How soon after the departure the summary goes out."""

ENOUGH_ATTEMPTS = 2
"""How often somebody has to have tried before a patient counts as out of reach (CMS, transitional care)."""


class FollowUp(NamedTuple):
    """A visit after the stay: with whom, when, and whether it took place."""

    booked: Fact
    with_whom: str | None = None
    start: datetime | None = None
    completed: Fact | None = None
    complexity: Complexity | None = None


class Contact(NamedTuple):
    """An attempt to reach the patient at home; no outcome: they were reached."""

    channel: Channel | None
    outcome: Unreached | None
    fact: Fact


class Discharge(NamedTuple):
    """The end of one stay. `overtaken`: the visit ended without it, or did not take place."""

    visit_id: UUID
    planned: Fact | None = None
    expected_at: datetime | None = None
    checklist: tuple[ChecklistItem, ...] = ()
    settled: frozenset[ChecklistItem] = frozenset()
    barriers: Mapping[UUID, tuple[Coded, Fact]] = MappingProxyType({})
    cleared: frozenset[UUID] = frozenset()
    ready: Fact | None = None
    ordered: Fact | None = None
    ordered_by: str | None = None
    intended: Coded | None = None
    overtaken: bool = False
    departed: Fact | None = None
    disposition: Coded | None = None
    eloped: bool = False
    summary: Fact | None = None
    recipients: frozenset[str] = frozenset()
    acknowledged: frozenset[str] = frozenset()
    follow_ups: Mapping[UUID, FollowUp] = MappingProxyType({})
    reconciled: Fact | None = None
    reconciled_by: str | None = None
    contacts: Mapping[UUID, Contact] = MappingProxyType({})
    transition: Fact | None = None
    outcome: TransitionOutcome | None = None
    closed: Fact | None = None

    @property
    def is_open(self) -> bool:
        """Planned, and the patient still here."""
        return self.planned is not None and self.departed is None and not self.overtaken

    @property
    def has_died(self) -> bool:
        """In the stay: nothing is owed to the patient afterwards."""
        return self.departed is not None and meaning(self.disposition) is Disposition.EXPIRED

    @property
    def contacted(self) -> Fact | None:
        """The first time that the patient was reached at home."""
        made = (each.fact for each in self.contacts.values() if each.outcome is None)
        return min(made, key=lambda fact: fact.at, default=None)

    @property
    def attempts(self) -> int:
        """How often somebody tried in vain."""
        return sum(1 for each in self.contacts.values() if each.outcome is not None)

    @property
    def in_transition(self) -> bool:
        """Somebody looks after the patient at home: a follow-up is booked, or they were called."""
        begun = bool(self.follow_ups or self.contacts)
        return begun and self.departed is not None and self.transition is None and not self.has_died

    def uncontacted(self) -> Iterator[Blocker]:
        """Nobody spoke with the patient at home, nor tried hard enough."""
        if self.contacted is None and self.attempts < ENOUGH_ATTEMPTS:
            what = f"the patient was not reached, nor tried {ENOUGH_ATTEMPTS} times"
            yield Blocker(code="post-discharge-contact", what=what, subject_id=self.visit_id)

    def unfinished(self) -> Iterator[Blocker]:
        """What is still to be done for the patient at home."""
        yield from self.uncontacted()
        for key, each in self.follow_ups.items():
            if each.completed is None:
                yield Blocker(code="follow-up", what="a booked follow-up is not completed", subject_id=key)

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

    def left_open(self) -> Iterator[Blocker]:
        for each in self:
            if each.in_transition:
                what = "somebody still looks after the patient at home: close-transition"
                yield Blocker(code="open-transition", what=what, subject_id=each.visit_id)

    def reached(self) -> Iterator[Milestone]:
        for each in self:
            yield from milestone("discharge-planned", each.planned, each.visit_id)
            yield from milestone("medically-ready", each.ready, each.visit_id)
            yield from milestone("discharge-ordered", each.ordered, each.visit_id)
            yield from milestone("departed", each.departed, each.visit_id)
            yield from milestone("discharge-summary-sent", each.summary, each.visit_id)
            yield from milestone("medications-reconciled", each.reconciled, each.visit_id)
            yield from milestone("post-discharge-contact-made", each.contacted, each.visit_id)
            for key, follow_up in each.follow_ups.items():
                yield from milestone("follow-up-completed", follow_up.completed, key)
            yield from milestone("transition-closed", each.transition, each.visit_id)
            yield from milestone("discharge-closed", each.closed, each.visit_id)

    def steps(self) -> Iterator[Step]:
        for each in self:
            if each.is_open and each.planned is not None:
                yield step("discharge-patient", each.planned, each.expected_at, each.visit_id)
            if each.departed is None or each.has_died:
                continue
            if each.summary is None and each.closed is None:
                due = each.departed.at + SUMMARY_WITHIN
                yield step("send-discharge-summary", each.departed, due, each.visit_id)
            if each.in_transition:
                yield from _afterwards(each, each.departed)

    def blockers(self) -> Iterator[Blocker]:
        for each in self:
            if each.is_open:
                yield from each.blockers()


def _afterwards(now: Discharge, departed: Fact) -> Iterator[Step]:
    """What is done for a patient who is at home again. When a contact is due, a pathway says."""
    waits = [(key, each) for key, each in now.follow_ups.items() if each.completed is None]
    if now.contacted is None:
        yield step("record-post-discharge-contact", departed, None, now.visit_id)
    for key, each in waits:
        yield step("complete-follow-up", each.booked, each.start, key)
    if now.reconciled is None:
        seen = min((each.start for _, each in waits if each.start), default=None)
        yield step("reconcile-medications", departed, seen, now.visit_id)
    if not any(now.unfinished()):
        yield step("close-transition", departed, None, now.visit_id)
