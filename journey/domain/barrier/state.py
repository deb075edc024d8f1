"""What is true of the barriers of a journey: only what a rule or the patient's standing reads."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple
from uuid import UUID

from journey.domain.barrier import events as happened
from journey.domain.barrier.codes import in_words
from journey.domain.barrier.events import AssistanceKind
from journey.domain.event import Blocker, Coded, Fact
from journey.domain.room import Loop, Milestone, Step, Things, Transitions, milestone, step


class BarrierStatus(StrEnum):
    """What has been done about it."""

    IDENTIFIED = "identified"
    PLAN_MADE = "plan-made"
    IN_PROGRESS = "in-progress"
    RESOLVED = "resolved"
    UNRESOLVABLE = "unresolvable"
    DECLINED = "declined"


S = BarrierStatus
OPEN = frozenset({S.IDENTIFIED, S.PLAN_MADE, S.IN_PROGRESS})
TRANSITIONS: Transitions = {
    happened.BarrierIdentified: (frozenset({None, S.IDENTIFIED}), S.IDENTIFIED),
    happened.BarrierPlanMade: (OPEN, S.PLAN_MADE),
    happened.BarrierWorkStarted: (frozenset({S.IDENTIFIED, S.PLAN_MADE}), S.IN_PROGRESS),
    happened.AssistanceRequested: (OPEN, S.IN_PROGRESS),
    happened.AssistanceArranged: (OPEN, S.IN_PROGRESS),
    happened.BarrierResolved: (OPEN, S.RESOLVED),
    happened.BarrierUnresolvable: (OPEN, S.UNRESOLVABLE),
    happened.BarrierDeclined: (OPEN, S.DECLINED),
    happened.BarrierReopened: (frozenset(S) - OPEN, S.IDENTIFIED),
}


class Assistance(NamedTuple):
    """Help of one kind, as it was asked for or arranged last."""

    provider: str | None
    is_arranged: bool = False
    scheduled_for: datetime | None = None


class Barrier(NamedTuple):
    """One thing in the way. `since` is the event that gave it its status, `note` why that is."""

    barrier_id: UUID
    status: BarrierStatus
    since: Fact
    code: Coded | None = None
    what: str | None = None
    blocks: tuple[str, ...] = ()
    owner: str | None = None
    due: datetime | None = None
    keeps_in_hospital: bool = False
    plan: str | None = None
    assistance: Mapping[AssistanceKind, Assistance] = MappingProxyType({})
    note: str | None = None
    resolved: Fact | None = None

    @property
    def is_open(self) -> bool:
        return self.status in OPEN

    @property
    def name(self) -> str:
        return "a barrier of which no more is known" if self.code is None else in_words(self.code)


@dataclass(frozen=True, slots=True)
class Barriers(Things[Barrier]):
    """Every barrier of the journey."""

    def standing(self) -> Iterator[Barrier]:
        return (each for each in self if each.is_open)

    def left_open(self) -> Iterator[Blocker]:
        for each in self.standing():
            yield Blocker(
                code="open-barrier", what=f"{each.name} is {each.status}", subject_id=each.barrier_id
            )

    def holds(self, visit_id: UUID) -> Iterator[Blocker]:  # noqa: ARG002 - it keeps the patient wherever they are
        return (_in_the_way(each) for each in self.standing() if each.keeps_in_hospital)

    def reached(self) -> Iterator[Milestone]:
        for each in self:
            yield from milestone("barrier-resolved", each.resolved, each.barrier_id)

    def steps(self) -> Iterator[Step]:
        for each in self.standing():
            waiting = any(not help_.is_arranged for help_ in each.assistance.values())
            names = ["arrange-assistance", "resolve-barrier"] if waiting else ["resolve-barrier"]
            for name in names:
                next_one = step(name, each.since, each.due, each.barrier_id)
                yield next_one.model_copy(update={"owner": each.owner})

    def blockers(self) -> Iterator[Blocker]:
        return map(_in_the_way, self.standing())

    def loops(self) -> Iterator[Loop]:
        for each in self.standing():
            yield Loop(
                id=each.barrier_id,
                status=each.status,
                since=each.since.at,
                event_id=each.since.event_id,
                what=each.name,
                who=each.owner,
                due=each.due,
            )


def _in_the_way(barrier: Barrier) -> Blocker:
    waiting = f"; {', '.join(barrier.blocks)} waits for it" if barrier.blocks else ""
    return Blocker(code="barrier", what=f"{barrier.name}{waiting}", subject_id=barrier.barrier_id)
