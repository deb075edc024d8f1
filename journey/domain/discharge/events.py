"""What happened on the way out of hospital."""

from uuid import UUID

from pydantic import AwareDatetime

from journey.domain.codes import ChecklistItem
from journey.domain.event import Blocker, Coded, Event


class DischargePlanned(Event, stored_as="discharge.planned"):
    """The stay is expected to end then; these things are to be done before."""

    visit_id: UUID
    expected_at: AwareDatetime | None = None
    checklist: tuple[ChecklistItem, ...] = ()


class ExpectedDischargeChanged(Event, stored_as="discharge.expected_changed"):
    """Another day is expected (ADT^A16); None: no longer any (A25)."""

    visit_id: UUID
    expected_at: AwareDatetime | None = None


class MedicallyReady(Event, stored_as="discharge.medically_ready"):
    """Nothing medical keeps the patient any more."""

    visit_id: UUID


class DischargeBarrierRaised(Event, stored_as="discharge.barrier_raised"):
    """Something else keeps the patient."""

    visit_id: UUID
    barrier_id: UUID
    barrier: Coded


class DischargeBarrierCleared(Event, stored_as="discharge.barrier_cleared"):
    """It no longer does."""

    visit_id: UUID
    barrier_id: UUID


class ChecklistItemCompleted(Event, stored_as="discharge.item_completed"):
    """Done."""

    visit_id: UUID
    item: ChecklistItem


class ChecklistItemWaived(Event, stored_as="discharge.item_waived"):
    """Not needed here, for this reason."""

    visit_id: UUID
    item: ChecklistItem
    reason: str


class PatientDischarged(Event, stored_as="discharge.departed"):
    """The patient has left. `left_open` is what the override, or leaving so, left undone."""

    visit_id: UUID
    disposition: Coded | None = None
    override_reason: str | None = None
    left_open: tuple[Blocker, ...] = ()


class DischargeSummarySent(Event, stored_as="discharge.summary_sent"):
    """The summary went to whoever cares for the patient next."""

    visit_id: UUID
    recipient: str


class DischargeClosed(Event, stored_as="discharge.closed"):
    """Administratively over: coded, billed, filed."""

    visit_id: UUID


DischargeEvent = (
    DischargePlanned
    | ExpectedDischargeChanged
    | MedicallyReady
    | DischargeBarrierRaised
    | DischargeBarrierCleared
    | ChecklistItemCompleted
    | ChecklistItemWaived
    | PatientDischarged
    | DischargeSummarySent
    | DischargeClosed
)
