"""What happened to a coverage."""

from datetime import date
from enum import StrEnum
from uuid import UUID

from pydantic import Field, StrictBool, StrictInt

from journey.domain.amount import MOST
from journey.domain.event import Coded, Event, Frozen
from journey.domain.personal import Identifying, Personal


class LineOfBusiness(StrEnum):
    """Under whose rules the payer pays, or that nobody pays but the patient."""

    MEDICARE = "MEDICARE"
    MEDICARE_ADVANTAGE = "MEDICARE-ADVANTAGE"
    MEDICAID = "MEDICAID"
    CHIP = "CHIP"
    COMMERCIAL = "COMMERCIAL"
    EXCHANGE = "EXCHANGE"
    WORKERS_COMPENSATION = "WORKERS-COMPENSATION"
    PUBLIC = "PUBLIC"
    SELF_PAY = "SELF-PAY"


class EligibilityPurpose(StrEnum):
    """FHIR CoverageEligibilityRequest.purpose."""

    AUTH_REQUIREMENTS = "auth-requirements"
    BENEFITS = "benefits"
    DISCOVERY = "discovery"
    VALIDATION = "validation"


class FinancialAid(StrEnum):
    """What came of asking whether somebody helps to pay."""

    ELIGIBLE = "eligible"
    NOT_ELIGIBLE = "not-eligible"
    APPLIED = "applied"
    DECLINED = "declined"


class Benefits(Frozen):
    """What the payer says of a service; amounts are in cents of the payer's currency."""

    in_network: StrictBool | None = None
    authorization_required: StrictBool | None = None
    referral_required: StrictBool | None = None
    copay: StrictInt | None = Field(default=None, ge=0, le=MOST)
    deductible_remaining: StrictInt | None = Field(default=None, ge=0, le=MOST)


class CoverageRecorded(Event, stored_as="coverage.recorded"):
    """Who pays for the patient, as far as is known; nobody has asked the payer yet."""

    coverage_id: UUID
    payer: str
    line_of_business: LineOfBusiness | None = None
    plan: str | None = None
    member_id: Identifying | None = None
    valid_from: date | None = None
    valid_until: date | None = None


class EligibilityRequested(Event, stored_as="coverage.eligibility_requested"):
    """The payer is asked whether it pays for this kind of service on that day (X12 270)."""

    coverage_id: UUID
    service_date: date
    service_type: Coded | None = None
    purpose: EligibilityPurpose = EligibilityPurpose.BENEFITS


class EligibilityConfirmed(Event, stored_as="coverage.eligibility_confirmed"):
    """It does, for this kind of service on that day and for no other (X12 271 EB01 1)."""

    coverage_id: UUID
    service_date: date
    service_type: Coded | None = None
    benefits: Benefits = Benefits()
    response: Personal | None = None
    valid_days: int | None = None


class EligibilityDenied(Event, stored_as="coverage.eligibility_denied"):
    """It does not: the coverage is not active (EB01 6, AAA03)."""

    coverage_id: UUID
    service_date: date
    service_type: Coded | None = None
    reason: Coded
    response: Personal | None = None


class CoverageNotFound(Event, stored_as="coverage.not_found"):
    """The payer does not know the patient (AAA03 75)."""

    coverage_id: UUID
    service_date: date
    service_type: Coded | None = None
    reason: Coded | None = None


class EligibilityCheckFailed(Event, stored_as="coverage.eligibility_check_failed"):
    """The payer could not be asked, or could not answer (AAA03 42)."""

    coverage_id: UUID
    service_date: date
    service_type: Coded | None = None
    reason: Coded | None = None


class EligibilityReviewRequested(Event, stored_as="coverage.eligibility_review_requested"):
    """The answer is not clear; somebody has to look into it."""

    coverage_id: UUID
    service_date: date
    service_type: Coded | None = None
    reason: Personal | None = None


class CoverageEnded(Event, stored_as="coverage.ended"):
    """The payer does not pay for the patient any more."""

    coverage_id: UUID
    ended_on: date | None = None
    reason: Personal | None = None


class CoordinationOfBenefitsSet(Event, stored_as="coverage.order_set"):
    """Who pays first, second and after (X12 coordination of benefits)."""

    order: tuple[UUID, ...]


class FinancialEstimateGiven(Event, stored_as="coverage.estimate_given"):
    """The patient was told what it will cost them; the amount is in cents."""

    estimate_id: UUID
    amount: int
    service: Coded | None = None
    coverage_id: UUID | None = None
    visit_id: UUID | None = None


class FinancialAidScreened(Event, stored_as="coverage.aid_screened"):
    """Whether somebody helps to pay has been asked."""

    outcome: FinancialAid
    program: str | None = None


CoverageEvent = (
    CoverageRecorded
    | EligibilityRequested
    | EligibilityConfirmed
    | EligibilityDenied
    | CoverageNotFound
    | EligibilityCheckFailed
    | EligibilityReviewRequested
    | CoverageEnded
    | CoordinationOfBenefitsSet
    | FinancialEstimateGiven
    | FinancialAidScreened
)
