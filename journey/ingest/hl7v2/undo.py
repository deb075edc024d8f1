"""ADT^A11, A12, A13: what was reported before did not happen. A docstring is the row in the docs.

Each voids the latest report of its kind at the visit that had begun by then. What it is about may come after
it: then it waits, rather than void an earlier report that still holds, or that another one has voided.
"""

from collections.abc import Iterator
from uuid import UUID

from journey.domain.correction import (
    CancelAdmission,
    CancelDischarge,
    CancelMove,
    EventVoided,
    VoidEvent,
    in_order,
)
from journey.domain.discharge import PatientDischarged
from journey.domain.event import Command, Event, Recorded, latest
from journey.domain.visit import PatientAdmitted, PatientMoved, VisitCompleted, VisitStarted
from journey.ingest.aside import Unapplied
from journey.ingest.hl7v2.said import precision
from journey.ingest.hl7v2.telling import Telling


def admission(telling: Telling) -> Iterator[Command]:
    """Voids the admission or registration; parked until that is recorded."""
    visit_id = telling.going_on()
    _last(telling, visit_id, (PatientAdmitted, VisitStarted))
    yield telling.asks(CancelAdmission, visit_id=visit_id)


def transfer(telling: Telling) -> Iterator[Command]:
    """Voids the move to PV1-6, else the latest one from PV1-3; parked until that is recorded."""
    visit_id, location = telling.going_on(), telling.said.location("PV1", 6)
    if location is None:
        last = _last(telling, visit_id, (PatientMoved,))
        if last is not None and _leads_to(last, telling):
            raise _waits()
    yield telling.asks(CancelMove, visit_id=visit_id, location=location)


def discharge(telling: Telling) -> Iterator[Command]:
    """Voids the discharge, so the visit goes on; parked until that is recorded."""
    visit_id = telling.ended()
    last = _last(telling, visit_id, (PatientDischarged, VisitCompleted))
    if last is not None and isinstance(last.event, VisitCompleted):
        yield telling.asks(VoidEvent, event_id=last.event_id, reason="discharge cancelled")
    else:
        yield telling.asks(CancelDischarge, visit_id=visit_id)


def _last(telling: Telling, visit_id: UUID, kinds: tuple[type[Event], ...]) -> Recorded | None:
    """The latest of these at the visit by then. Raises Unapplied where another cancellation voided it.

    A cancellation of the same time is the same one, said again.
    """
    reaches = latest(telling.at.at, precision(telling.at))
    told = [
        each
        for each in telling.history.readings
        if isinstance(each.event, kinds)
        and getattr(each.event, "visit_id", None) == visit_id
        and each.occurred_at <= reaches
    ]
    last = max(told, key=in_order, default=None)
    if last is not None and last.event_id in telling.history.voided:
        voids = [each for each in telling.history.recorded if isinstance(each.event, EventVoided)]
        times = {each.occurred_at for each in voids if getattr(each.event, "voids", None) == last.event_id}
        if telling.at.at not in times:
            raise _waits()
    return last


def _leads_to(move: Recorded, telling: Telling) -> bool:
    """Whether it is the move to where the patient is now: PV1-3 is the place before the transfer (3.3.12)."""
    return isinstance(move.event, PatientMoved) and move.event.location == telling.said.location("PV1", 3)


def _waits() -> Unapplied:
    return Unapplied("nothing-to-cancel", "What it cancels is not recorded yet.", waits=True)
