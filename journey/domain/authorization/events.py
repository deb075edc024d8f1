"""What happened to an authorization."""

from datetime import date
from uuid import UUID

from pydantic import AwareDatetime

from journey.domain.authorization.request import (
    AppealLevel,
    AppealOutcome,
    AuthorizationItem,
    AuthorizationRequest,
    LineDecision,
    RequestFault,
    RequirementSource,
)
from journey.domain.event import Coded, Event
from journey.domain.personal import Identifying, Personal


class AuthorizationRequirementDetermined(Event, stored_as="authorization.requirement_determined"):
    """Whether the payer wants to be asked before this service; where it does not, its answer is cited."""

    authorization_id: UUID
    service: Coded
    required: bool
    source: RequirementSource
    response: Personal | None = None
    coverage_id: UUID | None = None


class AuthorizationRequestPrepared(Event, stored_as="authorization.prepared"):
    """The request is being written; the payer has not been asked yet."""

    authorization_id: UUID
    request: AuthorizationRequest


class AuthorizationSubmitted(Event, stored_as="authorization.submitted"):
    """The payer is asked (PAS Claim/$submit, X12 278), in place of a denied request where one is named."""

    authorization_id: UUID
    trace: Identifying | None = None
    request: AuthorizationRequest
    supersedes: UUID | None = None
    due: AwareDatetime | None = None


class AuthorizationAcknowledged(Event, stored_as="authorization.acknowledged"):
    """The payer has it, and has not answered yet."""

    authorization_id: UUID
    reference: Identifying | None = None
    due: AwareDatetime | None = None


class AuthorizationReturned(Event, stored_as="authorization.returned"):
    """The payer could not process it as it was sent; it is corrected, and sent again (X12 278 AAA)."""

    authorization_id: UUID
    faults: tuple[RequestFault, ...]
    trace: Identifying | None = None


class AuthorizationPended(Event, stored_as="authorization.pended"):
    """The payer takes its time over what is not decided (A4)."""

    authorization_id: UUID
    reason: Coded | None = None
    due: AwareDatetime | None = None


class AuthorizationInformationRequested(Event, stored_as="authorization.information_requested"):
    """The payer cannot decide without this (LOINC attachment, PWK01, questionnaire)."""

    authorization_id: UUID
    what: Coded
    due: AwareDatetime | None = None


class AuthorizationInformationSubmitted(Event, stored_as="authorization.information_submitted"):
    """What was asked for has been sent."""

    authorization_id: UUID
    documents: tuple[Personal, ...] = ()


class AuthorizationDecided(Event, stored_as="authorization.decided"):
    """The payer has answered, item by item. Of a submission that was replaced, its answer changes nothing."""

    authorization_id: UUID
    lines: tuple[LineDecision, ...]
    trace: Identifying | None = None
    number: Identifying | None = None
    valid_from: date | None = None
    valid_until: date | None = None
    performer: str | None = None
    reviewer: str | None = None
    appeal_by: AwareDatetime | None = None


class AuthorizationDecisionReviewed(Event, stored_as="authorization.decision_reviewed"):
    """Somebody here has read a decision that is not all that was asked for."""

    authorization_id: UUID
    reviewed_by: str


class AuthorizationUpdateSubmitted(Event, stored_as="authorization.update_submitted"):
    """Items are changed, added or cancelled in a request that the payer has (X12 278 revision)."""

    authorization_id: UUID
    trace: Identifying | None = None
    changed: tuple[AuthorizationItem, ...] = ()
    added: tuple[AuthorizationItem, ...] = ()
    cancelled: tuple[int, ...] = ()
    reason: Personal | None = None
    due: AwareDatetime | None = None


class AuthorizationCancelled(Event, stored_as="authorization.cancelled"):
    """It is not wanted any more (UM02 3)."""

    authorization_id: UUID
    reason: Personal


class PayerContacted(Event, stored_as="authorization.payer_contacted"):
    """The payer wanted to be called, and was; it goes on deciding."""

    authorization_id: UUID
    note: Personal | None = None


class AuthorizationExtended(Event, stored_as="authorization.extended"):
    """What was granted may be used in another window."""

    authorization_id: UUID
    valid_until: date
    valid_from: date | None = None


class AuthorizationRevoked(Event, stored_as="authorization.revoked"):
    """The payer takes it back."""

    authorization_id: UUID
    reason: Personal


class PeerToPeerScheduled(Event, stored_as="authorization.peer_to_peer_scheduled"):
    """A clinician of ours will speak with one of the payer's."""

    authorization_id: UUID
    start: AwareDatetime | None = None
    clinician: str | None = None


class PeerToPeerHeld(Event, stored_as="authorization.peer_to_peer_held"):
    """They have spoken; where it reopens the case, the payer decides again."""

    authorization_id: UUID
    reopens: bool = False
    note: Personal | None = None


class AuthorizationAppealed(Event, stored_as="authorization.appealed"):
    """What was refused is asked for again, one level higher than before."""

    authorization_id: UUID
    level: AppealLevel
    due: AwareDatetime | None = None
    late_cause: Personal | None = None


class AuthorizationAppealDecided(Event, stored_as="authorization.appeal_decided"):
    """The refusal is upheld, overturned, or overturned for the items named."""

    authorization_id: UUID
    outcome: AppealOutcome
    lines: tuple[LineDecision, ...] = ()
    number: Identifying | None = None
    valid_from: date | None = None
    valid_until: date | None = None
    performer: str | None = None
    appeal_by: AwareDatetime | None = None


class AuthorizationDecisionExtended(Event, stored_as="authorization.decision_extended"):
    """The payer says that it takes longer to decide, until then, and why (42 CFR 422.568, 422.572)."""

    authorization_id: UUID
    due: AwareDatetime
    reason: Personal | None = None


class AuthorizationUnitsConsumed(Event, stored_as="authorization.units_consumed"):
    """So much of it was used outside a visit; a visit uses it by being completed."""

    authorization_id: UUID
    consumption_id: UUID
    quantity: int
    sequence: int | None = None
    note: Personal | None = None


class AuthorizationUnitsRestored(Event, stored_as="authorization.units_restored"):
    """What was counted as used was not."""

    authorization_id: UUID
    consumption_id: UUID
    reason: Personal


AuthorizationEvent = (
    AuthorizationRequirementDetermined
    | AuthorizationRequestPrepared
    | AuthorizationSubmitted
    | AuthorizationAcknowledged
    | AuthorizationReturned
    | AuthorizationPended
    | AuthorizationInformationRequested
    | AuthorizationInformationSubmitted
    | AuthorizationDecided
    | AuthorizationDecisionReviewed
    | AuthorizationUpdateSubmitted
    | AuthorizationCancelled
    | PayerContacted
    | AuthorizationExtended
    | AuthorizationRevoked
    | PeerToPeerScheduled
    | PeerToPeerHeld
    | AuthorizationAppealed
    | AuthorizationAppealDecided
    | AuthorizationDecisionExtended
    | AuthorizationUnitsConsumed
    | AuthorizationUnitsRestored
)
