"""What happened to a referral."""

from enum import StrEnum
from uuid import UUID

from pydantic import AwareDatetime, Field

from journey.domain.amount import MOST
from journey.domain.codes import Priority
from journey.domain.day import Day
from journey.domain.event import Coded, Event, Frozen
from journey.domain.personal import Identifying, Personal


class ReferralKind(StrEnum):
    """Who takes it (Da Vinci and 360X distinguish the same)."""

    INTERNAL = "internal"
    EXTERNAL = "external"
    SELF = "self"


class ReferralOrder(Frozen):
    """What is asked for (FHIR ServiceRequest). Only its author changes it."""

    number: Identifying | None = Field(
        default=None, description="The placer's order number (ORC-2, RF1-6): the loop's key."
    )
    kind: ReferralKind = ReferralKind.EXTERNAL
    service: Coded | None = Field(default=None, description="What is asked for (CPT, SNOMED CT, LOINC).")
    specialty: Coded | None = Field(default=None, description="Of whom (NUCC).")
    reason: Coded | None = Field(default=None, description="Why (ICD-10-CM, SNOMED CT).")
    priority: Priority = Priority.ROUTINE
    requester: str | None = Field(default=None, description="Who asks (NPI or local id).")
    performer: str | None = Field(default=None, description="Who is asked (NPI or local id).")
    documents: tuple[Personal, ...] = Field(default=(), description="Ids of what goes with it.")
    authorization_id: UUID | None = None
    visits: int | None = Field(default=None, ge=1, le=MOST, description="How many visits are asked for.")
    valid_from: Day | None = None
    valid_until: Day | None = None
    follow_up: bool = Field(
        default=False, description="To be done after the patient has left: it keeps nobody in hospital."
    )


class ReferralDrafted(Event, stored_as="referral.drafted"):
    """It is being written; nobody has been asked yet."""

    referral_id: UUID
    order: ReferralOrder


class ReferralSent(Event, stored_as="referral.sent"):
    """The other service is asked (360X PCC-55, REF^I12). The patient is not theirs by that."""

    referral_id: UUID
    order: ReferralOrder


class ReferralChanged(Event, stored_as="referral.changed"):
    """Its author asks for something else, or says more (REF^I13)."""

    referral_id: UUID
    order: ReferralOrder


class ReferralReceiptConfirmed(Event, stored_as="referral.receipt_confirmed"):
    """The other service has it, and has not answered yet."""

    referral_id: UUID


class ReferralTriaged(Event, stored_as="referral.triaged"):
    """The other service has read it and set how soon."""

    referral_id: UUID
    priority: Priority
    triaged_by: str | None = None


class ReferralInformationRequested(Event, stored_as="referral.information_requested"):
    """The other service cannot answer without this."""

    referral_id: UUID
    what: Personal
    due: AwareDatetime | None = None


class ReferralInformationProvided(Event, stored_as="referral.information_provided"):
    """What was asked for has been sent."""

    referral_id: UUID
    documents: tuple[Personal, ...] = ()


class ReferralAccepted(Event, stored_as="referral.accepted"):
    """The other service will see the patient (PCC-56, RRI with RF1-1 A)."""

    referral_id: UUID
    owner: str | None = None
    expected_by: AwareDatetime | None = None
    visits: int | None = None


class ReferralDeclined(Event, stored_as="referral.declined"):
    """The other service will not, for this reason; this owner finds another."""

    referral_id: UUID
    reason: Coded
    reroute_owner: str | None = None


class ReferralRerouted(Event, stored_as="referral.rerouted"):
    """Another service is asked instead; the loop stays the same."""

    referral_id: UUID
    performer: str
    reason: Personal | None = None


class ReferralAppointmentNotified(Event, stored_as="referral.appointment_notified"):
    """The other service has given the patient a time (PCC-60, SIU^S12)."""

    referral_id: UUID
    start: AwareDatetime | None = None
    visit_id: UUID | None = None


class ReferralNoShowNotified(Event, stored_as="referral.no_show_notified"):
    """The patient did not come to it (PCC-61, SIU^S26)."""

    referral_id: UUID


class ReferralInterimReportReceived(Event, stored_as="referral.interim_report_received"):
    """A first report; work goes on (PCC-59)."""

    referral_id: UUID
    report: Personal | None = None


class ReferralOutcomeReceived(Event, stored_as="referral.outcome_received"):
    """The last report is here (PCC-57). The loop is open until somebody has read it."""

    referral_id: UUID
    report: Personal | None = None


class ReferralLoopClosed(Event, stored_as="referral.loop_closed"):
    """A clinician has reviewed the outcome; the patient knows of it, where that is said."""

    referral_id: UUID
    reviewed_by: str
    patient_informed_at: AwareDatetime | None = None


class ReferralCancelled(Event, stored_as="referral.cancelled"):
    """Nobody is asked any more (PCC-58, REF^I14)."""

    referral_id: UUID
    reason: Personal


class ReferralCancellationRequested(Event, stored_as="referral.cancellation_requested"):
    """Work is in progress there, so stopping it is asked for (FHIR clinical order workflows)."""

    referral_id: UUID
    reason: Personal


class ReferralCancellationAccepted(Event, stored_as="referral.cancellation_accepted"):
    """The other service has stopped."""

    referral_id: UUID


class ReferralCancellationRefused(Event, stored_as="referral.cancellation_refused"):
    """The other service goes on."""

    referral_id: UUID
    reason: Personal


class ReferralExpired(Event, stored_as="referral.expired"):
    """Its time is over, or the patient could not be reached: nobody acts on it any more."""

    referral_id: UUID
    reason: Personal


class ReferralReopened(Event, stored_as="referral.reopened"):
    """The loop was ended too early."""

    referral_id: UUID
    reason: Personal


ReferralEvent = (
    ReferralDrafted
    | ReferralSent
    | ReferralChanged
    | ReferralReceiptConfirmed
    | ReferralTriaged
    | ReferralInformationRequested
    | ReferralInformationProvided
    | ReferralAccepted
    | ReferralDeclined
    | ReferralRerouted
    | ReferralAppointmentNotified
    | ReferralNoShowNotified
    | ReferralInterimReportReceived
    | ReferralOutcomeReceived
    | ReferralLoopClosed
    | ReferralCancelled
    | ReferralCancellationRequested
    | ReferralCancellationAccepted
    | ReferralCancellationRefused
    | ReferralExpired
    | ReferralReopened
)
