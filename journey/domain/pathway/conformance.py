"""Conformance: whether a journey kept to its pathway, and where it left it.

Process mining compares logs with models; here the model is the pathway that the journey follows, and each
deviation names the milestone and the events that show it.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from journey.domain.enrolment import Enrolment
from journey.domain.event import Frozen, Recorded
from journey.domain.pathway.course import Following, following
from journey.domain.pathway.plan import Plan


class Departure(StrEnum):
    """How a journey left its pathway at a milestone."""

    MISSING = "missing"
    LATE = "late"
    OUT_OF_ORDER = "out-of-order"


class Deviation(Frozen):
    """A milestone that was never reached, reached after its due time, or before what it requires."""

    kind: Departure
    milestone: str
    at: datetime | None = None
    due: datetime | None = None
    before: tuple[str, ...] = ()
    event_ids: tuple[UUID, ...] = ()


class Conformance(Frozen):
    """How a journey kept to its pathway. `complete`: it has come to the last stage, or to an end."""

    complete: bool
    deviations: tuple[Deviation, ...]

    @property
    def fits(self) -> bool:
        return self.complete and not self.deviations


def conformance(plan: Plan, enrolment: Enrolment, recorded: Sequence[Recorded]) -> Conformance | None:
    """How the journey with these events kept to the pathway; None where it has not begun.

    Deviations stand in the order in which they showed; what is missing shows at the end.
    """
    on_it = following(plan, enrolment, recorded)
    if on_it is None:
        return None
    complete = on_it.is_complete
    found = sorted(_deviations(on_it, complete=complete), key=lambda each: (each.at is None, each.at or 0))
    return Conformance(complete=complete, deviations=tuple(found))


def _deviations(on_it: Following, *, complete: bool) -> Iterator[Deviation]:
    for milestone in on_it.milestones:
        if milestone.id in on_it.waived:
            continue
        hit = on_it.reached.get(milestone.id)
        if hit is None:
            if complete:
                yield Deviation(kind=Departure.MISSING, milestone=milestone.id)
            continue
        at, event_ids = hit.recorded.occurred_at, (hit.recorded.event_id,)
        if before := on_it.came_before(milestone, hit):
            yield Deviation(
                kind=Departure.OUT_OF_ORDER,
                milestone=milestone.id,
                at=at,
                before=before,
                event_ids=event_ids,
            )
        base, due = on_it.due(milestone)
        if due is not None and at > due:
            yield Deviation(
                kind=Departure.LATE,
                milestone=milestone.id,
                at=at,
                due=due,
                event_ids=(base.recorded.event_id, *event_ids),
            )
