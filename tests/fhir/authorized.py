"""What the tests of prior authorizations tell: two services asked of a payer, and every way it goes."""

from datetime import date
from uuid import UUID

from journey.domain.authorization import (
    AppealLevel,
    AuthorizationAcknowledged,
    AuthorizationAppealed,
    AuthorizationCancelled,
    AuthorizationDecided,
    AuthorizationInformationRequested,
    AuthorizationItem,
    AuthorizationPended,
    AuthorizationRequest,
    AuthorizationRequestPrepared,
    AuthorizationRequirementDetermined,
    AuthorizationReturned,
    AuthorizationRevoked,
    AuthorizationStatus,
    AuthorizationSubmitted,
    LineDecision,
    RequestFault,
    RequirementSource,
    ReviewAction,
    Urgency,
)
from journey.domain.event import Coded, Event

ID, COVERAGE, EARLIER = UUID(int=70), UUID(int=71), UUID(int=72)
KNEE = Coded(system="CPT", code="27447", display="Total knee arthroplasty")
THERAPY = Coded(system="CPT", code="97110")
ARTHROSIS = Coded(system="ICD-10-CM", code="M17.11")
REQUEST = AuthorizationRequest(
    payer="Acme Health",
    plan="Gold",
    coverage_id=COVERAGE,
    urgency=Urgency.EXPEDITED,
    level_of_service=Coded(system="https://codesystem.x12.org/005010/1338", code="U"),
    requester="1234567893",
    items=(
        AuthorizationItem(
            sequence=1, service=KNEE, modifiers=("RT",), diagnoses=(ARTHROSIS,), performer="dr-no"
        ),
        AuthorizationItem(
            sequence=2,
            service=THERAPY,
            diagnoses=(ARTHROSIS,),
            quantity=12,
            valid_from=date(2026, 4, 1),
            valid_until=date(2026, 9, 30),
            performer="dr-no",
        ),
    ),
)
prepared = AuthorizationRequestPrepared(authorization_id=ID, request=REQUEST)
submitted = AuthorizationSubmitted(authorization_id=ID, trace="TRN-1", request=REQUEST)
acknowledged = AuthorizationAcknowledged(authorization_id=ID, reference="PEND-1")
pended = AuthorizationPended(authorization_id=ID)
asked = AuthorizationInformationRequested(authorization_id=ID, what=Coded(system="LOINC", code="11506-3"))
FAULT = RequestFault(
    reason=Coded(system="https://codesystem.x12.org/005010/901", code="T4"),
    where="Claim.provider",
    follow_up=Coded(system="https://codesystem.x12.org/005010/889", code="C"),
)
returned = AuthorizationReturned(authorization_id=ID, faults=(FAULT,))


def needed(*, required: bool) -> AuthorizationRequirementDetermined:
    return AuthorizationRequirementDetermined(
        authorization_id=ID, service=KNEE, required=required, source=RequirementSource.CRD
    )


def decided(*actions: ReviewAction, **more: object) -> AuthorizationDecided:
    """The payer's answer to each item in turn."""
    lines = tuple(LineDecision(sequence=number, action=each) for number, each in enumerate(actions, start=1))
    return AuthorizationDecided.model_validate({"authorization_id": ID, "lines": lines, **more})


A = ReviewAction
approved = decided(A.CERTIFIED, A.CERTIFIED, number="AUTH-1")
denied = decided(A.NOT_CERTIFIED, A.NOT_CERTIFIED)
S = AuthorizationStatus
LEADING_TO: dict[AuthorizationStatus, tuple[tuple[Event, ...], str | None, str | None]] = {
    S.REQUIRED: ((needed(required=True),), None, None),
    S.NOT_REQUIRED: ((needed(required=False),), None, None),
    S.DRAFT: ((prepared,), "draft", None),
    S.SUBMITTED: ((submitted,), "active", None),
    S.ACKNOWLEDGED: ((submitted, acknowledged), "active", "queued"),
    S.RETURNED: ((submitted, returned), "active", "error"),
    S.PENDED: ((submitted, pended), "active", "partial"),
    S.INFORMATION_REQUESTED: ((submitted, asked), "active", "partial"),
    S.CONTACT_PAYER: ((submitted, decided(A.CONTACT_PAYER, A.CERTIFIED)), "active", "partial"),
    S.APPROVED: ((submitted, approved), "active", "complete"),
    S.PARTIALLY_APPROVED: ((submitted, decided(A.CERTIFIED, A.NOT_CERTIFIED)), "active", "complete"),
    S.MODIFIED: ((submitted, decided(A.CERTIFIED, A.MODIFIED)), "active", "complete"),
    S.DENIED: ((submitted, denied), "active", "complete"),
    S.APPEALED: (
        (submitted, denied, AuthorizationAppealed(authorization_id=ID, level=AppealLevel.REDETERMINATION)),
        "active",
        "partial",
    ),
    S.CANCELLED: (
        (submitted, approved, AuthorizationCancelled(authorization_id=ID, reason="moved")),
        "cancelled",
        "complete",
    ),
    S.REVOKED: (
        (submitted, approved, AuthorizationRevoked(authorization_id=ID, reason="lapsed")),
        "active",
        "complete",
    ),
}
