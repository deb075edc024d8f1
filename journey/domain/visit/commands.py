"""What may be asked for a visit."""

from uuid import UUID

from pydantic import Field, StrictBool, model_validator

from journey.domain.codes import Channel, EncounterClass, Initiator
from journey.domain.event import Coded, Command, Moment
from journey.domain.place import Location
from journey.domain.visit.events import Appointment, Attendee, NoShowSource

WITHOUT = "Why it goes ahead although the payer has not authorized it."

WHY_NOT = "A code of FHIR appointment-cancellation-reason, or of another system."


class RequestVisit(Command):
    """Ask for a time."""

    visit_id: UUID
    appointment: Appointment = Appointment()


class WaitlistVisit(Command):
    """Put the wish for a time on the waiting list."""

    visit_id: UUID


class BookVisit(Command):
    """Agree a time."""

    visit_id: UUID
    appointment: Appointment


class RescheduleVisit(Command):
    """Agree another time."""

    visit_id: UUID
    start: Moment
    end: Moment | None = None
    initiator: Initiator | None = None
    reason: Coded | None = Field(default=None, description=WHY_NOT)
    communicated: StrictBool | None = Field(default=None, description="The patient was told of the new time.")

    @model_validator(mode="after")
    def _ends_after_it_starts(self) -> "RescheduleVisit":
        if self.end and self.end < self.start:
            raise ValueError("An appointment cannot end before it starts")
        return self


class ChangeVisit(Command):
    """Change service, place, class or participants; what is left out stays as it is."""

    visit_id: UUID
    appointment: Appointment


class CommunicateAppointment(Command):
    """Record that the patient was told when and where."""

    visit_id: UUID
    channel: Channel | None = None


class CancelVisit(Command):
    """Call it off."""

    visit_id: UUID
    initiator: Initiator | None = None
    reason: Coded | None = Field(default=None, description=WHY_NOT)


class RemoveVisit(Command):
    """Mark as entered in error."""

    visit_id: UUID
    reason: Coded | None = None


class RecordNoShow(Command):
    """The patient did not come."""

    visit_id: UUID
    source: NoShowSource | None = None
    proposed: StrictBool = Field(default=False, description="Somebody is still to confirm or to reverse it.")


class ReverseNoShow(Command):
    """The no-show was wrong; the booking stands again."""

    visit_id: UUID
    reason: str = Field(min_length=1)


class RecordArrival(Command):
    """The patient is here; a visit nobody booked begins with it."""

    visit_id: UUID
    encounter_class: EncounterClass | None = None
    location: Location | None = None
    override_reason: str | None = Field(default=None, min_length=1, description=WITHOUT)


class CheckIn(Command):
    """Reception is done."""

    visit_id: UUID
    override_reason: str | None = Field(default=None, min_length=1, description=WITHOUT)


class StartVisit(Command):
    """Care begins."""

    visit_id: UUID
    encounter_class: EncounterClass | None = None
    location: Location | None = None
    override_reason: str | None = Field(default=None, min_length=1, description=WITHOUT)


class JoinTelehealth(Command):
    """Somebody is in the session of a virtual visit; patient and clinician together start it."""

    visit_id: UUID
    who: Attendee
    override_reason: str | None = Field(default=None, min_length=1, description=WITHOUT)


class RecordTelehealthFailure(Command):
    """The connection failed."""

    visit_id: UUID
    reason: str = Field(min_length=1)


class AdmitPatient(Command):
    """Give the patient a bed."""

    visit_id: UUID
    encounter_class: EncounterClass = EncounterClass.INPATIENT
    location: Location | None = None
    override_reason: str | None = Field(default=None, min_length=1, description=WITHOUT)


class ChangeClass(Command):
    """Change the kind of care within the visit."""

    visit_id: UUID
    encounter_class: EncounterClass
    location: Location | None = None


class MovePatient(Command):
    """Move the patient to another place."""

    visit_id: UUID
    location: Location
    moved_from: Location | None = None


class StartLeave(Command):
    """The patient goes on leave."""

    visit_id: UUID


class EndLeave(Command):
    """The patient is back from leave."""

    visit_id: UUID


class RecordLeftUnseen(Command):
    """The patient left without being seen."""

    visit_id: UUID


class CompleteVisit(Command):
    """Care in this visit is over."""

    visit_id: UUID


class OrderFollowUp(Command):
    """Have the patient seen again; the visit booked for it names follow_up_id."""

    visit_id: UUID
    follow_up_id: UUID
    service: Coded | None = None
    due: Moment | None = None
    ordered_by: str | None = None


class DropFollowUp(Command):
    """The patient need not be seen again."""

    visit_id: UUID
    follow_up_id: UUID
    reason: str = Field(min_length=1)


VisitCommand = (
    RequestVisit
    | WaitlistVisit
    | BookVisit
    | RescheduleVisit
    | ChangeVisit
    | CommunicateAppointment
    | CancelVisit
    | RemoveVisit
    | RecordNoShow
    | ReverseNoShow
    | RecordArrival
    | CheckIn
    | StartVisit
    | JoinTelehealth
    | RecordTelehealthFailure
    | AdmitPatient
    | ChangeClass
    | MovePatient
    | StartLeave
    | EndLeave
    | RecordLeftUnseen
    | CompleteVisit
    | OrderFollowUp
    | DropFollowUp
)
