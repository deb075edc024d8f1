"""Referral: asking another service to see the patient, and closing the loop.

    draft -> sent -> received -> accepted -> scheduled <-> no-show -> outcome received -> closed
                     received <-> information requested; received | accepted -> declined -> (rerouted) sent
    A document that comes back does not close the loop: a clinician's review does. What is in progress
    elsewhere is not cancelled, its cancellation is asked for. A referral never moves the patient.

FHIR: ServiceRequest + Task.  IHE: 360X (PCC-55 to 61).  HL7 v2: REF, RRI.

| status | 360X | ServiceRequest.status | Task.status | Task.businessStatus |
|---|---|---|---|---|
| draft | | draft | draft | |
| sent | PCC-55 | active | requested | |
| received | PCC-55 acknowledged | active | received | |
| information-requested | | active | received | awaiting-information |
| accepted | PCC-56 (ORC-5 IP) | active | accepted | |
| declined | PCC-56 (ORC-1 CA) | active | rejected | |
| scheduled | PCC-60 | active | in-progress | appointment-booked |
| no-show | PCC-61 | active | in-progress | appointment-noshow |
| in-progress | PCC-59 | active | in-progress | interim-results |
| cancellation-requested | | active | in-progress | cancellation-requested |
| outcome-received | PCC-57 | completed | completed | outcome-final |
| closed | | completed | completed | |
| cancelled | PCC-58 | revoked | cancelled | |
| expired | | revoked | cancelled | |
"""

from journey.domain.referral.commands import (
    AcceptReferral,
    AcceptReferralCancellation,
    CancelReferral,
    ChangeReferral,
    CloseReferral,
    ConfirmReferralReceipt,
    DeclineReferral,
    DraftReferral,
    ExpireReferral,
    NotifyReferralAppointment,
    NotifyReferralNoShow,
    ProvideReferralInformation,
    ReceiveInterimReport,
    ReceiveReferralOutcome,
    ReferralCommand,
    RefuseReferralCancellation,
    ReopenReferral,
    RequestReferralCancellation,
    RequestReferralInformation,
    RerouteReferral,
    SendReferral,
    TriageReferral,
)
from journey.domain.referral.decide import NobodyReroutes, decide
from journey.domain.referral.events import (
    ReferralAccepted,
    ReferralAppointmentNotified,
    ReferralCancellationAccepted,
    ReferralCancellationRefused,
    ReferralCancellationRequested,
    ReferralCancelled,
    ReferralChanged,
    ReferralDeclined,
    ReferralDrafted,
    ReferralEvent,
    ReferralExpired,
    ReferralInformationProvided,
    ReferralInformationRequested,
    ReferralInterimReportReceived,
    ReferralKind,
    ReferralLoopClosed,
    ReferralNoShowNotified,
    ReferralOrder,
    ReferralOutcomeReceived,
    ReferralReceiptConfirmed,
    ReferralReopened,
    ReferralRerouted,
    ReferralSent,
    ReferralTriaged,
)
from journey.domain.referral.evolve import evolve
from journey.domain.referral.state import TRANSITIONS, Referral, Referrals, ReferralStatus

__all__ = [
    "TRANSITIONS",
    "AcceptReferral",
    "AcceptReferralCancellation",
    "CancelReferral",
    "ChangeReferral",
    "CloseReferral",
    "ConfirmReferralReceipt",
    "DeclineReferral",
    "DraftReferral",
    "ExpireReferral",
    "NobodyReroutes",
    "NotifyReferralAppointment",
    "NotifyReferralNoShow",
    "ProvideReferralInformation",
    "ReceiveInterimReport",
    "ReceiveReferralOutcome",
    "Referral",
    "ReferralAccepted",
    "ReferralAppointmentNotified",
    "ReferralCancellationAccepted",
    "ReferralCancellationRefused",
    "ReferralCancellationRequested",
    "ReferralCancelled",
    "ReferralChanged",
    "ReferralCommand",
    "ReferralDeclined",
    "ReferralDrafted",
    "ReferralEvent",
    "ReferralExpired",
    "ReferralInformationProvided",
    "ReferralInformationRequested",
    "ReferralInterimReportReceived",
    "ReferralKind",
    "ReferralLoopClosed",
    "ReferralNoShowNotified",
    "ReferralOrder",
    "ReferralOutcomeReceived",
    "ReferralReceiptConfirmed",
    "ReferralReopened",
    "ReferralRerouted",
    "ReferralSent",
    "ReferralStatus",
    "ReferralTriaged",
    "Referrals",
    "RefuseReferralCancellation",
    "ReopenReferral",
    "RequestReferralCancellation",
    "RequestReferralInformation",
    "RerouteReferral",
    "SendReferral",
    "TriageReferral",
    "decide",
    "evolve",
]
