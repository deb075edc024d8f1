"""What may be asked for a discharge."""

from uuid import UUID

from pydantic import Field

from journey.domain.codes import ChecklistItem, Disposition
from journey.domain.event import Coded, Command, Moment


class PlanDischarge(Command):
    """Plan the end of the stay."""

    visit_id: UUID
    expected_at: Moment | None = None
    checklist: tuple[ChecklistItem, ...] = tuple(ChecklistItem)


class ChangeExpectedDischarge(Command):
    """Expect another day, or none."""

    visit_id: UUID
    expected_at: Moment | None = None


class MarkMedicallyReady(Command):
    """Nothing medical keeps the patient any more."""

    visit_id: UUID


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


class DischargePatient(Command):
    """The patient leaves."""

    visit_id: UUID
    disposition: Coded | Disposition | None = Field(
        default=None, description="A FHIR discharge-disposition word, or a code of another system."
    )
    override_reason: str | None = Field(
        default=None, min_length=1, description="Why the patient leaves although something is open."
    )


class SendDischargeSummary(Command):
    """Record that the summary was sent."""

    visit_id: UUID
    recipient: str = Field(min_length=1)


class CloseDischarge(Command):
    """Close it administratively."""

    visit_id: UUID


DischargeCommand = (
    PlanDischarge
    | ChangeExpectedDischarge
    | MarkMedicallyReady
    | RaiseDischargeBarrier
    | ClearDischargeBarrier
    | CompleteChecklistItem
    | WaiveChecklistItem
    | DischargePatient
    | SendDischargeSummary
    | CloseDischarge
)
