"""What happens to a barrier if this is done now. Yields nothing when it has already happened."""

from collections.abc import Iterator
from typing import cast

from journey.domain.barrier import commands as ask
from journey.domain.barrier import events as happened
from journey.domain.barrier.evolve import evolve
from journey.domain.barrier.state import OPEN, TRANSITIONS, Barrier, Barriers
from journey.domain.event import Command, Event, Fact
from journey.domain.room import follow, refuse_out_of_order

CARRIES_OUT: dict[type[Command], type[Event]] = {
    ask.IdentifyBarrier: happened.BarrierIdentified,
    ask.PlanBarrier: happened.BarrierPlanMade,
    ask.StartBarrierWork: happened.BarrierWorkStarted,
    ask.RequestAssistance: happened.AssistanceRequested,
    ask.ArrangeAssistance: happened.AssistanceArranged,
    ask.ResolveBarrier: happened.BarrierResolved,
    ask.GiveUpBarrier: happened.BarrierUnresolvable,
    ask.DeclineBarrierHelp: happened.BarrierDeclined,
    ask.ReopenBarrier: happened.BarrierReopened,
}


def decide(barriers: Barriers, command: ask.BarrierCommand) -> Iterator[happened.BarrierEvent]:
    """What happens if we do this now."""
    event = cast(happened.BarrierEvent, CARRIES_OUT[type(command)](**command.facts()))

    def after(event: happened.BarrierEvent, fact: Fact) -> Barrier | None:
        return evolve(barriers, event, fact).get(event.barrier_id)

    known = barriers.get(command.barrier_id)
    if known is not None and not known.is_open and TRANSITIONS[type(event)][1] in OPEN:
        refuse_out_of_order(TRANSITIONS, type(event), known.status, command)  # nor is it quiet: it has ended
    yield from follow(TRANSITIONS, known, after, event, command)
