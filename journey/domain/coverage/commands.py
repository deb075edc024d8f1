"""What may be asked for a coverage."""

from uuid import UUID

from pydantic import Field, StrictInt

from journey.domain.amount import CENTURY, MOST
from journey.domain.coverage.events import Benefits, EligibilityPurpose, FinancialAid, LineOfBusiness
from journey.domain.day import Day
from journey.domain.event import Coded, Command


class RecordCoverage(Command):
    """Record who pays, or what has changed about it; a change has to be verified again."""

    coverage_id: UUID
    payer: str = Field(min_length=1)
    line_of_business: LineOfBusiness | None = Field(
        default=None, description="Left out where nobody has said under whose rules it pays."
    )
    plan: str | None = None
    member_id: str | None = None
    valid_from: Day | None = None
    valid_until: Day | None = Field(default=None, description="The last day on which it pays.")


class RequestEligibility(Command):
    """Ask the payer whether it pays."""

    coverage_id: UUID
    service_date: Day
    service_type: Coded | None = Field(default=None, description="X12 service type code, such as 30.")
    purpose: EligibilityPurpose = EligibilityPurpose.BENEFITS


class ConfirmEligibility(Command):
    """Record that the payer pays."""

    coverage_id: UUID
    service_date: Day
    service_type: Coded | None = Field(default=None, description="X12 service type code, such as 30.")
    benefits: Benefits = Benefits()
    response: str | None = Field(default=None, description="The payer's answer (its id).")
    valid_days: StrictInt | None = Field(
        default=None, ge=0, le=CENTURY, description="How many days before the service the answer may be from."
    )


class DenyEligibility(Command):
    """Record that the payer does not pay, and why."""

    coverage_id: UUID
    service_date: Day
    service_type: Coded | None = None
    reason: Coded = Field(description="X12 AAA03, or EB01 6.")
    response: str | None = Field(default=None, description="The payer's answer (its id).")


class RecordCoverageNotFound(Command):
    """Record that the payer does not know the patient."""

    coverage_id: UUID
    service_date: Day
    service_type: Coded | None = None
    reason: Coded | None = Field(default=None, description="X12 AAA03.")


class RecordEligibilityFailure(Command):
    """Record that the payer could not be asked."""

    coverage_id: UUID
    service_date: Day
    service_type: Coded | None = None
    reason: Coded | None = Field(default=None, description="X12 AAA03.")


class RequestEligibilityReview(Command):
    """Ask somebody to look into an answer that is not clear."""

    coverage_id: UUID
    service_date: Day
    service_type: Coded | None = None
    reason: str | None = None


class EndCoverage(Command):
    """Record that this payer does not pay any more."""

    coverage_id: UUID
    ended_on: Day | None = None
    reason: str | None = None


class SetCoordinationOfBenefits(Command):
    """Say who pays first, second and after."""

    order: tuple[UUID, ...] = Field(description="The ids of the coverages.")


class GiveFinancialEstimate(Command):
    """Record that the patient was told what it will cost them."""

    estimate_id: UUID
    amount: StrictInt = Field(ge=0, le=MOST, description="In cents.")
    service: Coded | None = None
    coverage_id: UUID | None = None
    visit_id: UUID | None = None


class ScreenFinancialAid(Command):
    """Record what came of asking whether somebody helps to pay."""

    outcome: FinancialAid
    program: str | None = None


CoverageCommand = (
    RecordCoverage
    | RequestEligibility
    | ConfirmEligibility
    | DenyEligibility
    | RecordCoverageNotFound
    | RecordEligibilityFailure
    | RequestEligibilityReview
    | EndCoverage
    | SetCoordinationOfBenefits
    | GiveFinancialEstimate
    | ScreenFinancialAid
)
