"""Dependants: the later events that were possible only because of one that is to be corrected.

Each room's table of transitions says what may follow what. The journey is told once as it stands and once as
it would read; found is what the table allowed before and forbids after. What another system reported out of
order was never allowed by the table, and depends on nothing.
"""

from collections.abc import Callable, Iterator
from datetime import UTC
from typing import Any
from uuid import UUID

from journey.domain import authorization, careplan, discharge, intake, result
from journey.domain.correction import (
    CorrectEvent,
    Dependants,
    EventReinstated,
    EventVoided,
    History,
    NotCorrectable,
    ReattributeEvent,
    ReinstateEvent,
    VoidEvent,
)
from journey.domain.event import Blocker, Event, Recorded, Refused, identifying
from journey.domain.journey import ROOMS, Journey, evolve
from journey.domain.room import Things, Transitions

Weighed = VoidEvent | ReattributeEvent | ReinstateEvent | CorrectEvent
"""The corrections that ask what hangs on their target. A cancellation is another system's word: it stands."""

TABLES: dict[type[Event], tuple[str, Transitions]] = {
    event: (name, room.transitions) for name, room in ROOMS.items() for event in room.transitions
}
"""For each event that has a status to follow, its room and that room's table."""


class OthersDependOnIt(Refused):
    """Later events would not have been possible."""


def _is_here(journey: Journey, event: Any) -> bool:
    visit = journey.visits.get(event.visit_id)
    return visit is not None and visit.is_here


def _has_left(journey: Journey, event: Any) -> bool:
    return journey.discharges.of(event.visit_id).departed is not None


NEEDS: dict[type[Event], Callable[[Journey, Any], bool]] = {
    intake.IntakeInformationReceived: lambda journey, event: event.request_id in journey.intake.questions,
    result.ResultReviewed: lambda journey, event: event.result_id in journey.results.by_id,
    careplan.GoalStatusChanged: lambda journey, event: event.goal_id in journey.careplan.goals,
    discharge.PatientDischarged: _is_here,
    discharge.DischargeBarrierCleared: lambda journey, event: (
        event.barrier_id in journey.discharges.of(event.visit_id).barriers
    ),
    discharge.ChecklistItemWaived: lambda journey, event: (
        event.item in journey.discharges.of(event.visit_id).checklist
    ),
    discharge.DischargeSummaryAcknowledged: lambda journey, event: (
        event.recipient in journey.discharges.of(event.visit_id).recipients
    ),
    discharge.FollowUpVisitCompleted: lambda journey, event: (
        event.follow_up_id in journey.discharges.of(event.visit_id).follow_ups
    ),
    discharge.TransitionClosed: _has_left,
    discharge.DischargeClosed: _has_left,
    authorization.AuthorizationUnitsRestored: lambda journey, event: any(
        event.consumption_id in each.consumed for each in journey.authorizations
    ),
}
"""What no table says: nobody departs from where they are not, and nobody reads what did not come."""


def with_dependants(history: History, command: Weighed, events: tuple[Event, ...]) -> tuple[Event, ...]:
    """The correction, and what it takes along. Refused where something hangs on its target, unless it says
    what becomes of that.
    """
    if command.reported or command.dependants is Dependants.KEEP:
        return events
    back = frozenset(
        event.reinstates for event in events if isinstance(event, EventReinstated) and event.because_of
    )
    found = dependants(history, history.with_told(events, command), back)
    hanging = [each for each in found if each.event_id not in back]
    if any(each.event_id == command.event_id for each in hanging):
        raise NotCorrectable(
            "It was not possible then; correct what comes before it first, or say dependants: keep."
        )
    if hanging and command.dependants is Dependants.REFUSE:
        raise OthersDependOnIt(
            "What is listed would not have been possible; correct that first, or say dependants: void.",
            blockers=[_blocker(each) for each in hanging],
        )
    return (*_voids(command, hanging), *_without(events, {each.event_id for each in found}))


def dependants(before: History, after: History, back: frozenset[UUID] = frozenset()) -> tuple[Recorded, ...]:
    """What was possible before and would not be after, and what hangs on that in turn, as it happened.

    `back`: what is to hold again, where it is possible.
    """
    possible = {each.event_id for each, journey in _told(before) if is_possible(journey, each)} | back
    journey = Journey(before.recorded[0].journey_id, 0)
    found = []
    for each in after.effective:
        if each.event_id in possible and not is_possible(journey, each):
            found.append(each)
        else:
            journey = evolve(journey, (each,))
    return tuple(found)


def is_possible(journey: Journey, recorded: Recorded) -> bool:
    """Whether what was so then allows it."""
    event = recorded.event
    kind = type(event)
    if kind is authorization.AuthorizationUnitsConsumed and not _is_covered(journey, recorded):
        return False
    if kind in NEEDS and not NEEDS[kind](journey, event):
        return False
    return kind not in TABLES or _follows(journey, event)


def _is_covered(journey: Journey, recorded: Recorded) -> bool:
    """Whether so much was granted, and is not used up."""
    event: Any = recorded.event
    use = authorization.Use(None, None, None, None, (), recorded.reaches.astimezone(UTC).date())
    return not authorization.usable(
        journey.authorizations,
        event.authorization_id,
        use,
        sequence=event.sequence,
        quantity=event.quantity,
    )


def _follows(journey: Journey, event: Event) -> bool:
    kind = type(event)
    room, transitions = TABLES[kind]
    sources, _ = transitions[kind]
    subject = getattr(journey, room)
    if isinstance(subject, Things):
        subject = subject.get(getattr(event, identifying(kind)[0]))
    return getattr(subject, "status", None) in sources


def _told(history: History) -> Iterator[tuple[Recorded, Journey]]:
    """Each event that holds, with the journey as it was just before."""
    journey = Journey(history.recorded[0].journey_id, 0)
    for each in history.effective:
        yield each, journey
        journey = evolve(journey, (each,))


def _voids(command: Weighed, hanging: list[Recorded]) -> Iterator[EventVoided]:
    """The last first, so that at no time one holds without what it hangs on."""
    for each in reversed(hanging):
        yield EventVoided(
            voids=each.event_id,
            of=each.event.stored_as,
            reason=command.reason,
            because_of=command.event_id,
        )


def _without(events: tuple[Event, ...], found: set[UUID]) -> Iterator[Event]:
    """The correction, leaving void what would still not be possible."""
    return (
        event for event in events if not (isinstance(event, EventReinstated) and event.reinstates in found)
    )


def _blocker(each: Recorded) -> Blocker:
    when = each.occurred_at.isoformat(timespec="minutes")
    return Blocker(code="depends-on-it", what=f"{each.event.stored_as} of {when}", subject_id=each.event_id)
