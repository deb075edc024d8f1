"""What is true of the barriers after an event. Total: history is never refused."""

from typing import assert_never

from journey.domain.barrier import events as happened
from journey.domain.barrier.events import AssistanceKind
from journey.domain.barrier.state import OPEN, TRANSITIONS, Assistance, Barrier, Barriers, BarrierStatus
from journey.domain.event import Fact


def evolve(barriers: Barriers, event: happened.BarrierEvent, fact: Fact) -> Barriers:
    """The barriers after this event. One first heard of in the middle is there all the same."""
    known = barriers.get(event.barrier_id) or Barrier(event.barrier_id, BarrierStatus.IDENTIFIED, fact)
    sources, status = TRANSITIONS[type(event)]
    after = _changed(known, event, fact)
    taken_back = status in OPEN and known.status not in sources  # what comes out of order opens nothing again
    if status is not None and status is not known.status and not taken_back:
        after = after._replace(status=BarrierStatus(status), since=fact)
    return barriers.having(event.barrier_id, after)


def _changed(barrier: Barrier, event: happened.BarrierEvent, fact: Fact) -> Barrier:
    """What the event says beyond the status."""
    match event:
        case happened.BarrierIdentified():
            return barrier._replace(
                code=event.code,
                what=event.what,
                blocks=event.blocks,
                owner=event.owner or barrier.owner,
                due=event.due or barrier.due,
                keeps_in_hospital=event.keeps_in_hospital,
            )
        case happened.BarrierPlanMade():
            return barrier._replace(
                plan=event.plan or barrier.plan,
                owner=event.owner or barrier.owner,
                due=event.due or barrier.due,
            )
        case happened.AssistanceRequested():
            return _helped(barrier, event.kind, Assistance(event.provider))
        case happened.AssistanceArranged():
            asked = barrier.assistance.get(event.kind)
            provider = event.provider or (asked and asked.provider)
            return _helped(barrier, event.kind, Assistance(provider, True, event.scheduled_for))
        case happened.BarrierResolved():
            return barrier._replace(note=event.resolution, resolved=fact)
        case happened.BarrierUnresolvable() | happened.BarrierDeclined() | happened.BarrierReopened():
            return barrier._replace(note=event.reason, resolved=None)
        case happened.BarrierWorkStarted():
            return barrier
        case _:
            assert_never(event)


def _helped(barrier: Barrier, kind: AssistanceKind, assistance: Assistance) -> Barrier:
    return barrier._replace(assistance={**barrier.assistance, kind: assistance})
