"""What was decided on what is kept."""

from enum import StrEnum
from uuid import UUID

from journey.domain.event import Event
from journey.domain.personal import Personal


class RestrictionGround(StrEnum):
    """GDPR Art. 18(1)."""

    ACCURACY_CONTESTED = "accuracy-contested"
    UNLAWFUL = "unlawful"
    NEEDED_FOR_CLAIMS = "needed-for-claims"
    OBJECTION = "objection"


class ErasureBasis(StrEnum):
    """GDPR Art. 17(1)."""

    NO_LONGER_NEEDED = "no-longer-needed"
    CONSENT_WITHDRAWN = "consent-withdrawn"
    OBJECTION = "objection"
    UNLAWFUL = "unlawful"
    LEGAL_OBLIGATION = "legal-obligation"


class LegalHoldPlaced(Event, stored_as="custody.legal_hold_placed"):
    """Nothing of it may be destroyed while this dispute goes on."""

    undone_by = "release-legal-hold"
    hold_id: UUID
    matter: Personal
    reason: Personal


class LegalHoldReleased(Event, stored_as="custody.legal_hold_released"):
    """The dispute is over, as far as this journey goes."""

    undone_by = "place-legal-hold"
    hold_id: UUID
    reason: Personal


class ProcessingRestricted(Event, stored_as="custody.processing_restricted"):
    """It is kept, and from now on only seen by who must."""

    undone_by = "lift-restriction"
    ground: RestrictionGround
    reason: Personal


class RestrictionLifted(Event, stored_as="custody.restriction_lifted"):
    """It is seen as before."""

    undone_by = "restrict-processing"
    reason: Personal


class ErasureRequested(Event, stored_as="custody.erasure_requested"):
    """Somebody asks that what is personal be erased; somebody else decides."""

    undone_by = "withdraw-erasure"
    erasure_id: UUID
    basis: ErasureBasis
    reason: Personal


class ErasureWithdrawn(Event, stored_as="custody.erasure_withdrawn"):
    """It is not asked for any more."""

    undone_by = "request-erasure"
    erasure_id: UUID
    reason: Personal


class SubjectErased(Event, stored_as="subject.erased"):
    """What is personal cannot be read any more, by anybody: the key of the journey is destroyed."""

    erasure_id: UUID
    basis: ErasureBasis
    scope: str = "personal-fields"
    requested_by: str
    decided_by: str


CustodyEvent = (
    LegalHoldPlaced
    | LegalHoldReleased
    | ProcessingRestricted
    | RestrictionLifted
    | ErasureRequested
    | ErasureWithdrawn
    | SubjectErased
)
