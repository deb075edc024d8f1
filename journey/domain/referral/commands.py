"""What may be asked for a referral."""

from uuid import UUID

from pydantic import Field, StrictInt

from journey.domain.amount import MOST
from journey.domain.codes import Priority
from journey.domain.event import Coded, Command, Moment
from journey.domain.referral.events import ReferralOrder


class DraftReferral(Command):
    """Write a referral, or change the draft."""

    referral_id: UUID
    order: ReferralOrder


class SendReferral(Command):
    """Ask the other service."""

    referral_id: UUID
    order: ReferralOrder = Field(
        default=ReferralOrder(), description="What is asked for; a draft's own order where it is left out."
    )


class ChangeReferral(Command):
    """Ask the other service for something else, as the author of the referral."""

    referral_id: UUID
    order: ReferralOrder


class ConfirmReferralReceipt(Command):
    """The other service has it."""

    referral_id: UUID


class TriageReferral(Command):
    """Set how soon the patient is to be seen."""

    referral_id: UUID
    priority: Priority
    triaged_by: str | None = None


class RequestReferralInformation(Command):
    """Ask the referrer for something that is missing."""

    referral_id: UUID
    what: str = Field(min_length=1)
    due: Moment | None = None


class ProvideReferralInformation(Command):
    """Send what was asked for."""

    referral_id: UUID
    documents: tuple[str, ...] = ()


class AcceptReferral(Command):
    """Take the patient on."""

    referral_id: UUID
    owner: str | None = Field(default=None, description="Who will see to it there.")
    expected_by: Moment | None = None
    visits: StrictInt | None = Field(
        default=None, ge=1, le=MOST, description="How many visits are agreed to."
    )


class DeclineReferral(Command):
    """Do not take the patient on. Says why, and who finds another service."""

    referral_id: UUID
    reason: Coded
    reroute_owner: str | None = Field(default=None, min_length=1)


class RerouteReferral(Command):
    """Ask another service instead."""

    referral_id: UUID
    performer: str = Field(min_length=1)
    reason: str | None = None


class NotifyReferralAppointment(Command):
    """The patient has a time there."""

    referral_id: UUID
    start: Moment | None = None
    visit_id: UUID | None = None


class NotifyReferralNoShow(Command):
    """The patient did not come to it."""

    referral_id: UUID


class ReceiveInterimReport(Command):
    """A first report has come; work goes on."""

    referral_id: UUID
    report: str | None = Field(default=None, description="The sender's id of the document.")


class ReceiveReferralOutcome(Command):
    """The last report has come."""

    referral_id: UUID
    report: str | None = Field(default=None, description="The sender's id of the document.")


class CloseReferral(Command):
    """Close the loop: the outcome has been reviewed."""

    referral_id: UUID
    reviewed_by: str = Field(min_length=1)
    patient_informed_at: Moment | None = None


class CancelReferral(Command):
    """Ask nobody any more. Possible until work is in progress there."""

    referral_id: UUID
    reason: str = Field(min_length=1)


class RequestReferralCancellation(Command):
    """Ask the other service to stop what is in progress."""

    referral_id: UUID
    reason: str = Field(min_length=1)


class AcceptReferralCancellation(Command):
    """Stop, as was asked."""

    referral_id: UUID


class RefuseReferralCancellation(Command):
    """Go on, although stopping was asked for."""

    referral_id: UUID
    reason: str = Field(min_length=1)


class ExpireReferral(Command):
    """Give it up: its time is over, or the patient could not be reached."""

    referral_id: UUID
    reason: str = Field(min_length=1)


class ReopenReferral(Command):
    """Take up an ended loop again."""

    referral_id: UUID
    reason: str = Field(min_length=1)


ReferralCommand = (
    DraftReferral
    | SendReferral
    | ChangeReferral
    | ConfirmReferralReceipt
    | TriageReferral
    | RequestReferralInformation
    | ProvideReferralInformation
    | AcceptReferral
    | DeclineReferral
    | RerouteReferral
    | NotifyReferralAppointment
    | NotifyReferralNoShow
    | ReceiveInterimReport
    | ReceiveReferralOutcome
    | CloseReferral
    | CancelReferral
    | RequestReferralCancellation
    | AcceptReferralCancellation
    | RefuseReferralCancellation
    | ExpireReferral
    | ReopenReferral
)
