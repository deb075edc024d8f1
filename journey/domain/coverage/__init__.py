"""Coverage: who pays for the patient, and whether the payer says so for this service on that day.

    unverified -> requested -> active | inactive | not found | payer error | manual review -> (ended)
    An answer is good for one kind of service on one day; whether it is too old by then is never stored:
    it follows from the days that it may be old. Coverage that is recorded otherwise is unverified again.

FHIR: Coverage, CoverageEligibilityRequest and -Response.  X12: 270 and 271.
"""

from journey.domain.coverage.commands import (
    ConfirmEligibility,
    CoverageCommand,
    DenyEligibility,
    EndCoverage,
    GiveFinancialEstimate,
    RecordCoverage,
    RecordCoverageNotFound,
    RecordEligibilityFailure,
    RequestEligibility,
    RequestEligibilityReview,
    ScreenFinancialAid,
    SetCoordinationOfBenefits,
)
from journey.domain.coverage.decide import decide
from journey.domain.coverage.events import (
    Benefits,
    CoordinationOfBenefitsSet,
    CoverageEnded,
    CoverageEvent,
    CoverageNotFound,
    CoverageRecorded,
    EligibilityCheckFailed,
    EligibilityConfirmed,
    EligibilityDenied,
    EligibilityPurpose,
    EligibilityRequested,
    EligibilityReviewRequested,
    FinancialAid,
    FinancialAidScreened,
    FinancialEstimateGiven,
    LineOfBusiness,
)
from journey.domain.coverage.evolve import evolve
from journey.domain.coverage.state import (
    COMPUTED,
    TRANSITIONS,
    Coverage,
    Coverages,
    CoverageStatus,
)

__all__ = [
    "COMPUTED",
    "TRANSITIONS",
    "Benefits",
    "ConfirmEligibility",
    "CoordinationOfBenefitsSet",
    "Coverage",
    "CoverageCommand",
    "CoverageEnded",
    "CoverageEvent",
    "CoverageNotFound",
    "CoverageRecorded",
    "CoverageStatus",
    "Coverages",
    "DenyEligibility",
    "EligibilityCheckFailed",
    "EligibilityConfirmed",
    "EligibilityDenied",
    "EligibilityPurpose",
    "EligibilityRequested",
    "EligibilityReviewRequested",
    "EndCoverage",
    "FinancialAid",
    "FinancialAidScreened",
    "FinancialEstimateGiven",
    "GiveFinancialEstimate",
    "LineOfBusiness",
    "RecordCoverage",
    "RecordCoverageNotFound",
    "RecordEligibilityFailure",
    "RequestEligibility",
    "RequestEligibilityReview",
    "ScreenFinancialAid",
    "SetCoordinationOfBenefits",
    "decide",
    "evolve",
]
