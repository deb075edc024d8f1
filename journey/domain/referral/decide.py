"""What happens to a referral if this is done now. Yields nothing when it has already happened."""

from collections.abc import Iterator
from typing import cast

from journey.domain.event import Command, Event, Fact, Refused
from journey.domain.referral import commands as ask
from journey.domain.referral import events as happened
from journey.domain.referral.evolve import evolve
from journey.domain.referral.state import PASSED, TRANSITIONS, Referral, Referrals
from journey.domain.room import follow


class NobodyReroutes(Refused):
    """A decline says who finds another service."""


CARRIES_OUT: dict[type[Command], type[Event]] = {
    ask.DraftReferral: happened.ReferralDrafted,
    ask.SendReferral: happened.ReferralSent,
    ask.ChangeReferral: happened.ReferralChanged,
    ask.ConfirmReferralReceipt: happened.ReferralReceiptConfirmed,
    ask.TriageReferral: happened.ReferralTriaged,
    ask.RequestReferralInformation: happened.ReferralInformationRequested,
    ask.ProvideReferralInformation: happened.ReferralInformationProvided,
    ask.AcceptReferral: happened.ReferralAccepted,
    ask.DeclineReferral: happened.ReferralDeclined,
    ask.RerouteReferral: happened.ReferralRerouted,
    ask.NotifyReferralAppointment: happened.ReferralAppointmentNotified,
    ask.NotifyReferralNoShow: happened.ReferralNoShowNotified,
    ask.ReceiveInterimReport: happened.ReferralInterimReportReceived,
    ask.ReceiveReferralOutcome: happened.ReferralOutcomeReceived,
    ask.CloseReferral: happened.ReferralLoopClosed,
    ask.CancelReferral: happened.ReferralCancelled,
    ask.RequestReferralCancellation: happened.ReferralCancellationRequested,
    ask.AcceptReferralCancellation: happened.ReferralCancellationAccepted,
    ask.RefuseReferralCancellation: happened.ReferralCancellationRefused,
    ask.ExpireReferral: happened.ReferralExpired,
    ask.ReopenReferral: happened.ReferralReopened,
}


def decide(referrals: Referrals, command: ask.ReferralCommand) -> Iterator[happened.ReferralEvent]:
    """What happens if we do this now."""
    event = cast(happened.ReferralEvent, CARRIES_OUT[type(command)](**command.facts()))

    def after(event: happened.ReferralEvent, fact: Fact) -> Referral | None:
        return evolve(referrals, event, fact).get(event.referral_id)

    known = referrals.get(command.referral_id)
    for each in follow(TRANSITIONS, known, after, event, command, passed=PASSED):
        if isinstance(command, ask.DeclineReferral) and not (command.reroute_owner or command.reported):
            raise NobodyReroutes("Name who finds another service for the patient: reroute_owner.")
        yield each
