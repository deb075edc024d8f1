"""What is true of the discharges after an event. Total: history is never refused."""

from typing import assert_never
from uuid import UUID

from journey.domain.discharge import events as happened
from journey.domain.discharge.state import Discharge, Discharges
from journey.domain.event import Fact


def evolve(discharges: Discharges, event: happened.DischargeEvent, fact: Fact) -> Discharges:
    """The discharges after this event."""
    return discharges.having(event.visit_id, _after(discharges.of(event.visit_id), event, fact))


def _after(now: Discharge, event: happened.DischargeEvent, fact: Fact) -> Discharge:
    match event:
        case happened.DischargePlanned():
            return now._replace(planned=fact, expected_at=event.expected_at, checklist=event.checklist)
        case happened.ExpectedDischargeChanged():
            return now._replace(planned=now.planned or fact, expected_at=event.expected_at)
        case happened.MedicallyReady():
            return now._replace(ready=now.ready or fact)
        case happened.DischargeBarrierRaised():
            return now._replace(barriers={**now.barriers, event.barrier_id: (event.barrier, fact)})
        case happened.DischargeBarrierCleared():
            left = {key: value for key, value in now.barriers.items() if key != event.barrier_id}
            return now._replace(barriers=left, cleared=now.cleared | {event.barrier_id})
        case happened.ChecklistItemCompleted() | happened.ChecklistItemWaived():
            return now._replace(settled=now.settled | {event.item})
        case happened.PatientDischarged():
            return now._replace(departed=fact, disposition=event.disposition)
        case happened.DischargeSummarySent():
            return now._replace(summary=now.summary or fact, recipients=now.recipients | {event.recipient})
        case happened.DischargeClosed():
            return now._replace(closed=now.closed or fact)
        case _:
            assert_never(event)


def returned(discharges: Discharges, visit_id: UUID) -> Discharges:
    """The discharges after the patient is back in this visit: what was planned for it stands."""
    now = discharges.of(visit_id)
    return discharges.having(visit_id, now._replace(departed=None, disposition=None, closed=None))
