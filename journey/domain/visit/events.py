"""What happened at a visit."""

from enum import StrEnum
from uuid import UUID

from pydantic import AwareDatetime, Field, StrictBool, StrictInt, model_validator

from journey.domain.amount import MOST
from journey.domain.codes import Channel, EncounterClass, Initiator
from journey.domain.event import Coded, Event, Frozen, Moment
from journey.domain.personal import Personal
from journey.domain.place import Location


class NoShowSource(StrEnum):
    """Who says that a patient did not come: a clock, or somebody who looked."""

    TIMER = "timer"
    HUMAN = "human"


class Attendee(StrEnum):
    """Who joins a visit by video or phone."""

    PATIENT = "patient"
    CLINICIAN = "clinician"
    INTERPRETER = "interpreter"
    CAREGIVER = "caregiver"


class Appointment(Frozen):
    """What is known of a time slot; what is not known is left out."""

    start: Moment | None = None
    end: Moment | None = None
    service: Coded | None = None
    encounter_class: EncounterClass | None = None
    location: Location | None = None
    participants: tuple[str, ...] = Field(default=(), description="Ids of the staff expected.")
    comment: Personal | None = None
    authorization_id: UUID | None = Field(
        default=None, description="The payer's authorization that it is held under."
    )
    authorization_required: StrictBool | None = None
    authorization_units: StrictInt | None = Field(
        default=None,
        ge=1,
        le=MOST,
        description="How much of it the visit uses, where it is not counted in visits.",
    )

    referral_id: UUID | None = Field(default=None, description="The referral that it is held for.")
    follow_up_id: UUID | None = Field(default=None, description="The follow-up that was ordered before.")
    interpreter: Personal | None = Field(
        default=None, min_length=2, description="BCP 47: the language needed."
    )
    transport: Personal | None = Field(default=None, description="What the patient needs to get there.")
    first_activity: StrictBool | None = Field(
        default=None, description="It is the first of the wait that a referral began."
    )
    communicated: StrictBool | None = Field(
        default=None, description="The patient was demonstrably told of it: else a no-show stops no clock."
    )

    @model_validator(mode="after")
    def _ends_after_it_starts(self) -> "Appointment":
        if self.start and self.end and self.end < self.start:
            raise ValueError("An appointment cannot end before it starts")
        return self


class VisitRequested(Event, stored_as="visit.requested"):
    """A time is wanted (Appointment proposed)."""

    visit_id: UUID
    appointment: Appointment


class VisitWaitlisted(Event, stored_as="visit.waitlisted"):
    """No time is free yet; the patient waits for one."""

    visit_id: UUID


class VisitBooked(Event, stored_as="visit.booked"):
    """A time is agreed (Appointment booked, SIU^S12), or a stay expected (ADT^A05)."""

    visit_id: UUID
    appointment: Appointment


class VisitRescheduled(Event, stored_as="visit.rescheduled"):
    """Another time is agreed (SIU^S13)."""

    visit_id: UUID
    start: AwareDatetime
    end: AwareDatetime | None = None
    initiator: Initiator | None = None
    reason: Coded | None = None
    communicated: bool | None = None


class VisitChanged(Event, stored_as="visit.changed"):
    """Something other than the time changed (SIU^S14): only what did is given."""

    visit_id: UUID
    appointment: Appointment


class AppointmentCommunicated(Event, stored_as="visit.communicated"):
    """The patient was demonstrably told when and where; another time has to be told again."""

    visit_id: UUID
    channel: Channel | None = None


class VisitCancelled(Event, stored_as="visit.cancelled"):
    """It will not take place (SIU^S15)."""

    visit_id: UUID
    initiator: Initiator | None = None
    reason: Coded | None = None


class VisitEnteredInError(Event, stored_as="visit.entered_in_error"):
    """It should never have been there (SIU^S17)."""

    visit_id: UUID
    reason: Coded | None = None


class NoShowRecorded(Event, stored_as="visit.no_show"):
    """The patient did not come (SIU^S26). A provider's cancellation is never one. One that is `proposed`
    waits for somebody to confirm or to reverse it.
    """

    visit_id: UUID
    source: NoShowSource | None = None
    proposed: bool = False


class NoShowReversed(Event, stored_as="visit.no_show_reversed"):
    """The patient had come after all, or the no-show was recorded wrongly."""

    visit_id: UUID
    reason: Personal


class PatientArrived(Event, stored_as="visit.arrived"):
    """The patient is here, booked or not."""

    visit_id: UUID
    encounter_class: EncounterClass | None = None
    location: Location | None = None
    override_reason: Personal | None = None


class PatientCheckedIn(Event, stored_as="visit.checked_in"):
    """Reception is done (Appointment checked-in)."""

    visit_id: UUID
    override_reason: Personal | None = None


class VisitStarted(Event, stored_as="visit.started"):
    """Care has begun (Encounter in-progress, ADT^A04)."""

    visit_id: UUID
    encounter_class: EncounterClass | None = None
    location: Location | None = None
    override_reason: Personal | None = None


class TelehealthJoined(Event, stored_as="visit.telehealth_joined"):
    """Somebody is in the session; with patient and clinician there, the visit has started."""

    visit_id: UUID
    who: Attendee
    override_reason: Personal | None = None


class TelehealthFailed(Event, stored_as="visit.telehealth_failed"):
    """The connection failed, and everybody is out of the session."""

    visit_id: UUID
    reason: Personal


class PatientAdmitted(Event, stored_as="visit.admitted"):
    """The patient has a bed (ADT^A01, A06)."""

    visit_id: UUID
    encounter_class: EncounterClass = EncounterClass.INPATIENT
    location: Location | None = None
    override_reason: Personal | None = None


class EncounterClassChanged(Event, stored_as="visit.class_changed"):
    """From one kind of care to another within the visit (ADT^A07)."""

    visit_id: UUID
    encounter_class: EncounterClass
    location: Location | None = None


class PatientMoved(Event, stored_as="visit.moved"):
    """To another place within the visit (ADT^A02)."""

    visit_id: UUID
    location: Location
    moved_from: Location | None = None


class LeaveStarted(Event, stored_as="visit.leave_started"):
    """Away for a while, the bed kept (Encounter onleave)."""

    visit_id: UUID


class LeaveEnded(Event, stored_as="visit.leave_ended"):
    """Back from leave."""

    visit_id: UUID


class PatientLeftUnseen(Event, stored_as="visit.left_unseen"):
    """Left without being seen (ICD-10-CM Z53.21)."""

    visit_id: UUID


class VisitCompleted(Event, stored_as="visit.completed"):
    """Care in this visit is over (Encounter finished). A stay ends by a discharge instead."""

    visit_id: UUID


class FollowUpOrdered(Event, stored_as="visit.follow_up_ordered"):
    """The patient is to be seen again; the visit booked for it names the follow-up."""

    visit_id: UUID
    follow_up_id: UUID
    service: Coded | None = None
    due: AwareDatetime | None = None
    ordered_by: str | None = None


class FollowUpDropped(Event, stored_as="visit.follow_up_dropped"):
    """The patient need not be seen again after all."""

    visit_id: UUID
    follow_up_id: UUID
    reason: Personal


VisitEvent = (
    VisitRequested
    | VisitWaitlisted
    | VisitBooked
    | VisitRescheduled
    | VisitChanged
    | AppointmentCommunicated
    | VisitCancelled
    | VisitEnteredInError
    | NoShowRecorded
    | NoShowReversed
    | PatientArrived
    | PatientCheckedIn
    | VisitStarted
    | TelehealthJoined
    | TelehealthFailed
    | PatientAdmitted
    | EncounterClassChanged
    | PatientMoved
    | LeaveStarted
    | LeaveEnded
    | PatientLeftUnseen
    | VisitCompleted
    | FollowUpOrdered
    | FollowUpDropped
)
