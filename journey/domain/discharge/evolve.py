"""What is true of the discharges after an event. Total: history is never refused."""

from dataclasses import replace
from typing import assert_never
from uuid import UUID

from journey.domain.discharge import events as happened
from journey.domain.discharge.state import Discharge, Discharges
from journey.domain.event import Fact


def evolve(discharges: Discharges, event: happened.DischargeEvent, fact: Fact) -> Discharges:
    """The discharges after this event."""
    return discharges.having(_after(discharges.of(event.visit_id), event, fact))


def _after(now: Discharge, event: happened.DischargeEvent, fact: Fact) -> Discharge:
    match event:
        case happened.DischargePlanned():
            return replace(now, planned=fact, expected_at=event.expected_at, checklist=event.checklist)
        case happened.ExpectedDischargeChanged():
            return replace(now, planned=now.planned or fact, expected_at=event.expected_at)
        case happened.MedicallyReady():
            return replace(now, ready=now.ready or fact)
        case happened.DischargeBarrierRaised():
            return replace(now, barriers={**now.barriers, event.barrier_id: (event.barrier, fact)})
        case happened.DischargeBarrierCleared():
            left = {key: value for key, value in now.barriers.items() if key != event.barrier_id}
            return replace(now, barriers=left, cleared=now.cleared | {event.barrier_id})
        case happened.ChecklistItemCompleted() | happened.ChecklistItemWaived():
            return replace(now, settled=now.settled | {event.item})
        case happened.PatientDischarged():
            return replace(now, departed=fact, disposition=event.disposition)
        case happened.DischargeSummarySent():
            return replace(now, summary=now.summary or fact, recipients=now.recipients | {event.recipient})
        case happened.DischargeClosed():
            return replace(now, closed=now.closed or fact)
        case _:
            assert_never(event)


def returned(discharges: Discharges, visit_id: UUID) -> Discharges:
    """The discharges after the patient is back in this visit: what was planned for it stands."""
    now = discharges.of(visit_id)
    return discharges.having(replace(now, departed=None, disposition=None, closed=None))
