"""What may be asked for a discharge."""

from uuid import UUID

from pydantic import Field

from journey.domain.codes import USUAL_CHECKLIST, Channel, ChecklistItem, Disposition
from journey.domain.discharge.events import Complexity, TransitionOutcome, Unreached
from journey.domain.event import Coded, Command, Moment

WHERE_TO = "A FHIR discharge-disposition word, or a code of another system (UB-04: nubc)."


class PlanDischarge(Command):
    """Plan the end of the stay."""

    visit_id: UUID
    expected_at: Moment | None = None
    checklist: tuple[ChecklistItem, ...] = USUAL_CHECKLIST


class ChangeExpectedDischarge(Command):
    """Expect another day, or none."""

    visit_id: UUID
    expected_at: Moment | None = None


class MarkMedicallyReady(Command):
    """Nothing medical keeps the patient any more."""

    visit_id: UUID


class WithdrawMedicalReadiness(Command):
    """The patient is not well enough to leave after all."""

    visit_id: UUID
    reason: str = Field(min_length=1)


class RaiseDischargeBarrier(Command):
    """Something else keeps the patient."""

    visit_id: UUID
    barrier_id: UUID
    barrier: Coded


class ClearDischargeBarrier(Command):
    """It no longer does."""

    visit_id: UUID
    barrier_id: UUID


class CompleteChecklistItem(Command):
    """An item is done."""

    visit_id: UUID
    item: ChecklistItem


class WaiveChecklistItem(Command):
    """An item is not needed, and why."""

    visit_id: UUID
    item: ChecklistItem
    reason: str = Field(min_length=1)


class OrderDischarge(Command):
    """A clinician orders the discharge."""

    visit_id: UUID
    ordered_by: str = Field(min_length=1)


class SetDisposition(Command):
    """Settle where the patient will go."""

    visit_id: UUID
    disposition: Coded | Disposition = Field(description=WHERE_TO)


class DischargePatient(Command):
    """The patient leaves."""

    visit_id: UUID
    disposition: Coded | Disposition | None = Field(
        default=None, description=f"{WHERE_TO} As set before, where it is left out."
    )
    override_reason: str | None = Field(
        default=None, min_length=1, description="Why the patient leaves although something is open."
    )


class RecordElopement(Command):
    """The patient is gone, and told nobody."""

    visit_id: UUID


class SendDischargeSummary(Command):
    """Record that the summary was sent."""

    visit_id: UUID
    recipient: str = Field(min_length=1)


class AcknowledgeDischargeSummary(Command):
    """Record that the summary is there."""

    visit_id: UUID
    recipient: str = Field(min_length=1)


class BookFollowUp(Command):
    """Record where and when the patient is seen after the stay."""

    visit_id: UUID
    follow_up_id: UUID = Field(description="The visit's own id, where it is on this journey; else a new one.")
    with_whom: str = Field(min_length=1)
    start: Moment | None = None


class ReconcileMedications(Command):
    """Record that what the patient takes was compared with what they took before."""

    visit_id: UUID
    reconciled_by: str = Field(min_length=1)


class RecordPostDischargeAttempt(Command):
    """Record that nobody could be reached."""

    visit_id: UUID
    contact_id: UUID
    outcome: Unreached
    channel: Channel | None = None


class RecordPostDischargeContact(Command):
    """Record that the patient, or who cares for them, was spoken with."""

    visit_id: UUID
    contact_id: UUID
    channel: Channel | None = None


class CompleteFollowUp(Command):
    """Record that the patient was seen after the stay."""

    visit_id: UUID
    follow_up_id: UUID
    complexity: Complexity | None = Field(
        default=None, description="Of the medical decision making: it decides which code may be billed."
    )


class CloseTransition(Command):
    """End the time in which the patient is looked after."""

    visit_id: UUID
    outcome: TransitionOutcome = TransitionOutcome.COMPLETED


class CloseDischarge(Command):
    """Close it administratively."""

    visit_id: UUID


DischargeCommand = (
    PlanDischarge
    | ChangeExpectedDischarge
    | MarkMedicallyReady
    | WithdrawMedicalReadiness
    | RaiseDischargeBarrier
    | ClearDischargeBarrier
    | CompleteChecklistItem
    | WaiveChecklistItem
    | OrderDischarge
    | SetDisposition
    | DischargePatient
    | RecordElopement
    | SendDischargeSummary
    | AcknowledgeDischargeSummary
    | BookFollowUp
    | ReconcileMedications
    | RecordPostDischargeAttempt
    | RecordPostDischargeContact
    | CompleteFollowUp
    | CloseTransition
    | CloseDischarge
)
