"""What a payer is asked for, what it answers item by item, and the closed words for both."""

from enum import StrEnum
from uuid import UUID

from pydantic import Field, StrictInt

from journey.domain.amount import MOST
from journey.domain.day import Day
from journey.domain.event import Coded, Frozen
from journey.domain.personal import Identifying, Personal


class ReviewAction(StrEnum):
    """What the payer does about one item (X12 306, health care review action; the labels are our own)."""

    CERTIFIED = "A1"
    PARTLY_CERTIFIED = "A2"
    NOT_CERTIFIED = "A3"
    PENDED = "A4"
    MODIFIED = "A6"
    CANCELLED = "C"
    CONTACT_PAYER = "CT"
    NO_ACTION_REQUIRED = "NA"


class AuthorizationUnit(StrEnum):
    """What an authorized quantity counts."""

    UNITS = "units"
    VISITS = "visits"
    DAYS = "days"
    HOURS = "hours"
    MINUTES = "minutes"
    MONTHS = "months"


class Urgency(StrEnum):
    """How soon the payer has to decide."""

    STANDARD = "standard"
    EXPEDITED = "expedited"


class RequirementSource(StrEnum):
    """Who said whether an authorization is needed: the payer's coverage discovery, our rule, a call."""

    CRD = "crd"
    RULE = "rule"
    PAYER_CALL = "payer-call"


class AppealLevel(StrEnum):
    """The steps of an appeal, in their order; there is none above the last."""

    REDETERMINATION = "redetermination"
    RECONSIDERATION = "reconsideration"
    EXTERNAL_REVIEW = "external-review"


class AppealOutcome(StrEnum):
    """What became of an appeal."""

    UPHELD = "upheld"
    OVERTURNED = "overturned"
    PARTIAL = "partial"


class AuthorizationItem(Frozen):
    """One service that is asked for (Claim.item, 278 service line)."""

    sequence: StrictInt = Field(
        ge=1, le=MOST, description="Its number, the same in request, answer and update."
    )
    service: Coded = Field(description="CPT or HCPCS.")
    modifiers: tuple[str, ...] = ()
    diagnoses: tuple[Coded, ...] = Field(default=(), description="ICD-10-CM.")
    quantity: StrictInt | None = Field(default=None, ge=1, le=MOST)
    unit: AuthorizationUnit = AuthorizationUnit.VISITS
    valid_from: Day | None = None
    valid_until: Day | None = None
    place: Coded | None = None
    performer: str | None = Field(default=None, description="Who does it (NPI or local id).")


class AuthorizationRequest(Frozen):
    """What is asked of the payer (Claim with use preauthorization)."""

    payer: str | None = None
    plan: str | None = None
    coverage_id: UUID | None = None
    urgency: Urgency = Urgency.STANDARD
    level_of_service: Coded | None = Field(default=None, description="X12 1338, such as elective or urgent.")
    requester: str | None = Field(default=None, description="Who asks (NPI or local id).")
    items: tuple[AuthorizationItem, ...] = ()


class AuthorizedItem(Frozen):
    """What the payer authorizes; what it leaves out is as it was asked for (the addItem of an A6)."""

    service: Coded | None = None
    quantity: StrictInt | None = Field(default=None, ge=1, le=MOST)
    unit: AuthorizationUnit | None = None
    valid_from: Day | None = None
    valid_until: Day | None = None
    performer: str | None = None


class LineDecision(Frozen):
    """The payer's answer to one item, linked to it by its sequence."""

    sequence: StrictInt = Field(ge=1, le=MOST)
    action: ReviewAction
    number: Identifying | None = Field(
        default=None,
        description="The payer's number of this answer, where the item has one of its own (HCR02).",
    )
    authorized: AuthorizedItem | None = Field(
        default=None,
        description="What is authorized where it is not what was asked for, as in A2 and A6.",
    )
    reason: Coded | None = Field(default=None, description="The payer's reason (X12 886).")
    note: Personal | None = None


class RequestFault(Frozen):
    """Why the payer could not process the request (AAA, ClaimResponse.error)."""

    reason: Coded = Field(description="X12 901.")
    where: Personal | None = Field(default=None, description="The element at fault.")
    follow_up: Coded | None = Field(default=None, description="What may be done about it (X12 889).")
