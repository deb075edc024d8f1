"""Where a request can be, what may follow what, and what is done next."""

from enum import StrEnum

from journey.domain.authorization import events as happened
from journey.domain.room import Transitions


class AuthorizationStatus(StrEnum):
    """Where the request as a whole is. Whether it may be used is a matter of its items and of the day."""

    NOT_REQUIRED = "not-required"
    REQUIRED = "required"
    DRAFT = "draft"
    SUBMITTED = "submitted"
    RETURNED = "returned"
    ACKNOWLEDGED = "acknowledged"
    PENDED = "pended"
    INFORMATION_REQUESTED = "information-requested"
    CONTACT_PAYER = "contact-payer"
    APPROVED = "approved"
    PARTIALLY_APPROVED = "partially-approved"
    MODIFIED = "modified"
    DENIED = "denied"
    APPEALED = "appealed"
    CANCELLED = "cancelled"
    REVOKED = "revoked"


S = AuthorizationStatus
UNASKED = frozenset({S.REQUIRED, S.DRAFT, S.RETURNED})
WAITING = frozenset({S.SUBMITTED, S.ACKNOWLEDGED, S.PENDED, S.INFORMATION_REQUESTED, S.CONTACT_PAYER})
GRANTED = frozenset({S.APPROVED, S.PARTIALLY_APPROVED, S.MODIFIED})
REFUSED = frozenset({S.DENIED, S.PARTIALLY_APPROVED, S.MODIFIED})
ENDED = frozenset({S.CANCELLED, S.REVOKED})
UNDECIDED = WAITING | {S.APPEALED}
HOLDING = GRANTED | UNDECIDED | {S.RETURNED}
"""Where an item's grant may be used: an update that waits, or was returned, takes none away."""

COMPUTED = frozenset(
    {S.REQUIRED, S.NOT_REQUIRED, S.CONTACT_PAYER, S.APPROVED, S.PARTIALLY_APPROVED, S.MODIFIED, S.DENIED}
)
"""What no event leads to by itself: what it says of the items does."""

TRANSITIONS: Transitions = {
    happened.AuthorizationRequirementDetermined: (frozenset({None, S.REQUIRED, S.NOT_REQUIRED}), None),
    happened.AuthorizationRequestPrepared: (UNASKED | {None}, S.DRAFT),
    happened.AuthorizationSubmitted: (UNASKED | {None}, S.SUBMITTED),
    happened.AuthorizationAcknowledged: (frozenset({S.SUBMITTED}), S.ACKNOWLEDGED),
    happened.AuthorizationReturned: (WAITING, S.RETURNED),
    happened.AuthorizationPended: (WAITING, S.PENDED),
    happened.AuthorizationInformationRequested: (WAITING, S.INFORMATION_REQUESTED),
    happened.AuthorizationInformationSubmitted: (frozenset({S.INFORMATION_REQUESTED}), S.PENDED),
    happened.AuthorizationDecided: (WAITING, None),
    happened.AuthorizationDecisionReviewed: (REFUSED, None),
    happened.AuthorizationUpdateSubmitted: (WAITING | GRANTED | {S.RETURNED}, S.SUBMITTED),
    happened.AuthorizationCancelled: (UNASKED | UNDECIDED | GRANTED | REFUSED, S.CANCELLED),
    happened.PayerContacted: (frozenset({S.CONTACT_PAYER}), S.PENDED),
    happened.AuthorizationExtended: (GRANTED, None),
    happened.AuthorizationRevoked: (GRANTED, S.REVOKED),
    happened.PeerToPeerScheduled: (UNDECIDED | REFUSED, None),
    happened.PeerToPeerHeld: (UNDECIDED | REFUSED, None),
    happened.AuthorizationAppealed: (REFUSED, S.APPEALED),
    happened.AuthorizationAppealDecided: (frozenset({S.APPEALED}), None),
    happened.AuthorizationDecisionExtended: (UNDECIDED, None),
    happened.AuthorizationUnitsConsumed: (HOLDING, None),
    happened.AuthorizationUnitsRestored: (frozenset(S), None),
}
PASSED = {
    happened.AuthorizationRequestPrepared: frozenset(S) - UNASKED - {S.NOT_REQUIRED},
    happened.AuthorizationSubmitted: frozenset(S) - UNASKED - {S.NOT_REQUIRED, S.SUBMITTED},
    happened.AuthorizationAcknowledged: frozenset(S) - UNASKED - {S.SUBMITTED} | {S.RETURNED},
    happened.AuthorizationReturned: frozenset(S) - UNASKED - WAITING,
    happened.AuthorizationPended: ENDED,
    happened.AuthorizationInformationRequested: ENDED,
    happened.AuthorizationInformationSubmitted: frozenset(S) - UNASKED - WAITING | {S.RETURNED},
    happened.PayerContacted: frozenset(S) - UNASKED - WAITING | {S.RETURNED},
}
"""Where a request that is further along is not taken back from: a receipt undoes no decision."""

NEXT = {
    S.REQUIRED: "submit-authorization",
    S.DRAFT: "submit-authorization",
    S.RETURNED: "submit-authorization",
    S.SUBMITTED: "acknowledge-authorization",
    S.ACKNOWLEDGED: "decide-authorization",
    S.PENDED: "decide-authorization",
    S.INFORMATION_REQUESTED: "submit-authorization-information",
    S.CONTACT_PAYER: "contact-payer",
    S.APPEALED: "decide-authorization-appeal",
}
