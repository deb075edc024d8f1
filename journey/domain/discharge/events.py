"""What happened on the way out of hospital."""

from enum import StrEnum
from uuid import UUID

from pydantic import AwareDatetime

from journey.domain.codes import Channel, ChecklistItem
from journey.domain.event import Blocker, Coded, Event
from journey.domain.personal import Personal


class Unreached(StrEnum):
    """How an attempt to reach the patient ended, where it did not reach them."""

    NO_ANSWER = "no-answer"
    BUSY = "busy"
    MESSAGE_LEFT = "message-left"
    WRONG_NUMBER = "wrong-number"
    CALL_REFUSED = "call-refused"
    NOT_DELIVERED = "not-delivered"


class Complexity(StrEnum):
    """Of the medical decision making at a visit (CPT evaluation and management)."""

    STRAIGHTFORWARD = "straightforward"
    LOW = "low"
    MODERATE = "moderate"
    HIGH = "high"


class TransitionOutcome(StrEnum):
    """How the time after a discharge ended."""

    COMPLETED = "completed"
    UNREACHED = "unreached"
    DECLINED = "declined"
    READMITTED = "readmitted"
    DIED = "died"


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


class MedicalReadinessWithdrawn(Event, stored_as="discharge.readiness_withdrawn"):
    """The patient is not well enough to leave after all."""

    visit_id: UUID
    reason: Personal


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
    reason: Personal


class DischargeOrdered(Event, stored_as="discharge.ordered"):
    """A clinician has ordered the discharge."""

    visit_id: UUID
    ordered_by: str


class DispositionSet(Event, stored_as="discharge.disposition_set"):
    """It is settled where the patient will go."""

    visit_id: UUID
    disposition: Coded


class PatientDischarged(Event, stored_as="discharge.departed"):
    """The patient has left. `left_open` is what the override, or leaving so, left undone."""

    visit_id: UUID
    disposition: Coded | None = None
    eloped: bool = False
    override_reason: Personal | None = None
    left_open: tuple[Blocker, ...] = ()


class DischargeSummarySent(Event, stored_as="discharge.summary_sent"):
    """The summary went to whoever cares for the patient next."""

    visit_id: UUID
    recipient: str


class DischargeSummaryAcknowledged(Event, stored_as="discharge.summary_acknowledged"):
    """Whoever got the summary says that it is there."""

    visit_id: UUID
    recipient: str


class FollowUpBooked(Event, stored_as="discharge.follow_up_booked"):
    """The patient will be seen after the stay, there and then."""

    visit_id: UUID
    follow_up_id: UUID
    with_whom: str
    start: AwareDatetime | None = None


class MedicationsReconciled(Event, stored_as="discharge.medications_reconciled"):
    """What the patient takes now was compared with what they took before."""

    visit_id: UUID
    reconciled_by: str


class PostDischargeContactAttempted(Event, stored_as="discharge.contact_attempted"):
    """Somebody tried to reach the patient at home, and did not."""

    visit_id: UUID
    contact_id: UUID
    outcome: Unreached
    channel: Channel | None = None


class PostDischargeContactMade(Event, stored_as="discharge.contact_made"):
    """Somebody has spoken with the patient, or with who cares for them, after the stay."""

    visit_id: UUID
    contact_id: UUID
    channel: Channel | None = None


class FollowUpVisitCompleted(Event, stored_as="discharge.follow_up_completed"):
    """The patient was seen after the stay."""

    visit_id: UUID
    follow_up_id: UUID
    complexity: Complexity | None = None


class TransitionClosed(Event, stored_as="discharge.transition_closed"):
    """The time after the discharge, in which the patient is looked after, is over."""

    visit_id: UUID
    outcome: TransitionOutcome


class DischargeClosed(Event, stored_as="discharge.closed"):
    """Administratively over: coded, billed, filed."""

    visit_id: UUID


DischargeEvent = (
    DischargePlanned
    | ExpectedDischargeChanged
    | MedicallyReady
    | MedicalReadinessWithdrawn
    | DischargeBarrierRaised
    | DischargeBarrierCleared
    | ChecklistItemCompleted
    | ChecklistItemWaived
    | DischargeOrdered
    | DispositionSet
    | PatientDischarged
    | DischargeSummarySent
    | DischargeSummaryAcknowledged
    | FollowUpBooked
    | MedicationsReconciled
    | PostDischargeContactAttempted
    | PostDischargeContactMade
    | FollowUpVisitCompleted
    | TransitionClosed
    | DischargeClosed
)
