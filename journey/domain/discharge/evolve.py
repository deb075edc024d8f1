"""What is true of the discharges after an event. Total: history is never refused."""

from typing import assert_never
from uuid import UUID

from journey.domain.codes import ChecklistItem
from journey.domain.discharge import events as happened
from journey.domain.discharge.state import Contact, Discharge, Discharges, FollowUp
from journey.domain.event import Fact


def evolve(discharges: Discharges, event: happened.DischargeEvent, fact: Fact) -> Discharges:
    """The discharges after this event."""
    return discharges.having(event.visit_id, after(discharges.of(event.visit_id), event, fact))


def after(now: Discharge, event: happened.DischargeEvent, fact: Fact) -> Discharge:
    """One of them after this event."""
    match event:
        case happened.DischargePlanned():
            return now._replace(planned=fact, expected_at=event.expected_at, checklist=event.checklist)
        case happened.ExpectedDischargeChanged():
            return now._replace(planned=now.planned or fact, expected_at=event.expected_at)
        case happened.MedicallyReady():
            return now._replace(ready=now.ready or fact)
        case happened.MedicalReadinessWithdrawn():
            return now._replace(ready=None)
        case happened.DischargeBarrierRaised():
            return now._replace(barriers={**now.barriers, event.barrier_id: (event.barrier, fact)})
        case happened.DischargeBarrierCleared():
            left = {key: value for key, value in now.barriers.items() if key != event.barrier_id}
            return now._replace(barriers=left, cleared=now.cleared | {event.barrier_id})
        case happened.ChecklistItemCompleted() | happened.ChecklistItemWaived():
            return now._replace(settled=now.settled | {event.item})
        case happened.DischargeOrdered():
            return now._replace(ordered=now.ordered or fact, ordered_by=event.ordered_by)
        case happened.DispositionSet():
            return now._replace(intended=event.disposition)
        case happened.PatientDischarged():
            eloped = event.eloped or (now.eloped and now.departed is not None)
            return now._replace(departed=fact, disposition=event.disposition, eloped=eloped)
        case happened.DischargeClosed():
            return now._replace(closed=now.closed or fact)
        case _:
            return _looked_after(now, event, fact)


Aftercare = (
    happened.DischargeSummarySent
    | happened.DischargeSummaryAcknowledged
    | happened.FollowUpBooked
    | happened.MedicationsReconciled
    | happened.PostDischargeContactAttempted
    | happened.PostDischargeContactMade
    | happened.FollowUpVisitCompleted
    | happened.TransitionClosed
)


def _looked_after(now: Discharge, event: Aftercare, fact: Fact) -> Discharge:
    match event:
        case happened.DischargeSummarySent():
            return now._replace(
                summary=now.summary or fact,
                recipients=now.recipients | {event.recipient},
                settled=now.settled | {ChecklistItem.SUMMARY_PREPARED},
            )
        case happened.DischargeSummaryAcknowledged():
            return now._replace(acknowledged=now.acknowledged | {event.recipient})
        case happened.FollowUpBooked():
            booked = _follow_up(now, event.follow_up_id, fact)._replace(
                with_whom=event.with_whom, start=event.start
            )
            return _following(now, event.follow_up_id, booked)._replace(
                settled=now.settled | {ChecklistItem.FOLLOW_UP_BOOKED}
            )
        case happened.FollowUpVisitCompleted():
            known = _follow_up(now, event.follow_up_id, fact)
            done = known._replace(completed=known.completed or fact, complexity=event.complexity)
            return _following(now, event.follow_up_id, done)
        case happened.MedicationsReconciled():
            return now._replace(
                reconciled=now.reconciled or fact,
                reconciled_by=event.reconciled_by,
                settled=now.settled | {ChecklistItem.MEDICATIONS_RECONCILED},
            )
        case happened.PostDischargeContactAttempted():
            return _contacted(now, event.contact_id, Contact(event.channel, event.outcome, fact))
        case happened.PostDischargeContactMade():
            return _contacted(now, event.contact_id, Contact(event.channel, None, fact))
        case happened.TransitionClosed():
            return now._replace(transition=now.transition or fact, outcome=event.outcome)
        case _:
            assert_never(event)


def _follow_up(now: Discharge, follow_up_id: UUID, fact: Fact) -> FollowUp:
    return now.follow_ups.get(follow_up_id) or FollowUp(fact)


def _following(now: Discharge, follow_up_id: UUID, follow_up: FollowUp) -> Discharge:
    return now._replace(follow_ups={**now.follow_ups, follow_up_id: follow_up})


def _contacted(now: Discharge, contact_id: UUID, contact: Contact) -> Discharge:
    """Told again, it is still of the time at which it was first told."""
    known = now.contacts.get(contact_id)
    fact = contact.fact if known is None else known.fact
    return now._replace(contacts={**now.contacts, contact_id: contact._replace(fact=fact)})


def returned(discharges: Discharges, visit_id: UUID) -> Discharges:
    """The discharges after the patient is back in this visit: what was planned for it stands."""
    now = discharges.of(visit_id)
    back = now._replace(departed=None, disposition=None, eloped=False, closed=None)
    return discharges.having(visit_id, back._replace(transition=None, outcome=None))
