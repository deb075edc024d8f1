"""Authorization: the payer's word that a service will be paid, asked for before it is given.

    required -> draft -> submitted -> acknowledged -> pended <-> information requested
    submitted … pended -> approved | partially approved | modified | denied | contact payer
    submitted … pended -> returned -> submitted (what the payer cannot process is corrected and sent again)
    denied -> (peer to peer) -> appealed -> approved | denied -> appealed one level higher …
    The payer answers item by item; the status of the whole is the worst of what is open, then of what is
    decided. What is denied takes no update: another request supersedes it. Whether what was granted is
    expired or used up is never stored: it follows from the window, the day and the visits completed.

FHIR: Claim (use preauthorization) + ClaimResponse, Da Vinci PAS.  X12: 278, actions by element 306.

| X12 306 | what the payer does about an item | status of a request with that item alone |
|---|---|---|
| A1 | authorizes it as asked for | approved |
| A2 | authorizes a part of it | partially-approved |
| A3 | denies it | denied |
| A4 | takes its time | pended |
| A6 | authorizes another service, quantity or time | modified |
| C | has taken it out | cancelled |
| CT | wants to be called | contact-payer |
| NA | wants no authorization for it | not-required |
"""

from journey.domain.authorization.commands import (
    AcknowledgeAuthorization,
    AppealAuthorization,
    AuthorizationCommand,
    CancelAuthorization,
    ConsumeAuthorizationUnits,
    ContactPayer,
    DecideAuthorization,
    DecideAuthorizationAppeal,
    DetermineAuthorizationRequirement,
    ExtendAuthorization,
    ExtendAuthorizationDecision,
    HoldPeerToPeer,
    PendAuthorization,
    PrepareAuthorization,
    RequestAuthorizationInformation,
    RestoreAuthorizationUnits,
    ReturnAuthorization,
    ReviewAuthorizationDecision,
    RevokeAuthorization,
    SchedulePeerToPeer,
    SubmitAuthorization,
    SubmitAuthorizationInformation,
    UpdateAuthorization,
)
from journey.domain.authorization.decide import decide
from journey.domain.authorization.events import (
    AuthorizationAcknowledged,
    AuthorizationAppealDecided,
    AuthorizationAppealed,
    AuthorizationCancelled,
    AuthorizationDecided,
    AuthorizationDecisionExtended,
    AuthorizationDecisionReviewed,
    AuthorizationEvent,
    AuthorizationExtended,
    AuthorizationInformationRequested,
    AuthorizationInformationSubmitted,
    AuthorizationPended,
    AuthorizationRequestPrepared,
    AuthorizationRequirementDetermined,
    AuthorizationReturned,
    AuthorizationRevoked,
    AuthorizationSubmitted,
    AuthorizationUnitsConsumed,
    AuthorizationUnitsRestored,
    AuthorizationUpdateSubmitted,
    PayerContacted,
    PeerToPeerHeld,
    PeerToPeerScheduled,
)
from journey.domain.authorization.evolve import evolve
from journey.domain.authorization.refuse import (
    AppealOutOfTurn,
    AppealTooLate,
    DecisionUnclear,
    DeniedTakesNoUpdate,
    NotAuthorized,
    NothingAskedFor,
    ResponseNotCited,
    SequenceReused,
)
from journey.domain.authorization.request import (
    AppealLevel,
    AppealOutcome,
    AuthorizationItem,
    AuthorizationRequest,
    AuthorizationUnit,
    AuthorizedItem,
    LineDecision,
    RequestFault,
    RequirementSource,
    ReviewAction,
    Urgency,
)
from journey.domain.authorization.state import Authorization, Authorizations, Use
from journey.domain.authorization.status import COMPUTED, TRANSITIONS, AuthorizationStatus
from journey.domain.authorization.usable import another_performs, lacks, usable

__all__ = [
    "COMPUTED",
    "TRANSITIONS",
    "AcknowledgeAuthorization",
    "AppealAuthorization",
    "AppealLevel",
    "AppealOutOfTurn",
    "AppealOutcome",
    "AppealTooLate",
    "Authorization",
    "AuthorizationAcknowledged",
    "AuthorizationAppealDecided",
    "AuthorizationAppealed",
    "AuthorizationCancelled",
    "AuthorizationCommand",
    "AuthorizationDecided",
    "AuthorizationDecisionExtended",
    "AuthorizationDecisionReviewed",
    "AuthorizationEvent",
    "AuthorizationExtended",
    "AuthorizationInformationRequested",
    "AuthorizationInformationSubmitted",
    "AuthorizationItem",
    "AuthorizationPended",
    "AuthorizationRequest",
    "AuthorizationRequestPrepared",
    "AuthorizationRequirementDetermined",
    "AuthorizationReturned",
    "AuthorizationRevoked",
    "AuthorizationStatus",
    "AuthorizationSubmitted",
    "AuthorizationUnit",
    "AuthorizationUnitsConsumed",
    "AuthorizationUnitsRestored",
    "AuthorizationUpdateSubmitted",
    "Authorizations",
    "AuthorizedItem",
    "CancelAuthorization",
    "ConsumeAuthorizationUnits",
    "ContactPayer",
    "DecideAuthorization",
    "DecideAuthorizationAppeal",
    "DecisionUnclear",
    "DeniedTakesNoUpdate",
    "DetermineAuthorizationRequirement",
    "ExtendAuthorization",
    "ExtendAuthorizationDecision",
    "HoldPeerToPeer",
    "LineDecision",
    "NotAuthorized",
    "NothingAskedFor",
    "PayerContacted",
    "PeerToPeerHeld",
    "PeerToPeerScheduled",
    "PendAuthorization",
    "PrepareAuthorization",
    "RequestAuthorizationInformation",
    "RequestFault",
    "RequirementSource",
    "ResponseNotCited",
    "RestoreAuthorizationUnits",
    "ReturnAuthorization",
    "ReviewAction",
    "ReviewAuthorizationDecision",
    "RevokeAuthorization",
    "SchedulePeerToPeer",
    "SequenceReused",
    "SubmitAuthorization",
    "SubmitAuthorizationInformation",
    "UpdateAuthorization",
    "Urgency",
    "Use",
    "another_performs",
    "decide",
    "evolve",
    "lacks",
    "usable",
]
