"""Coverage: who pays for the patient, as far as is known and the payer has said.

It is a draft until the payer has confirmed it: `active` is what may be relied on. What the payer said of
single services is no part of it.
"""

from collections.abc import Iterator
from datetime import date

from journey.domain import coverage as room
from journey.domain.coverage import CoordinationOfBenefitsSet, CoverageEnded, LineOfBusiness
from journey.domain.coverage.state import CoverageStatus
from journey.domain.personal import ERASED
from journey.fhir.chart import Chart
from journey.fhir.data import CODES, UNKNOWN, Json, days, filled, identifier, known, named, reference
from journey.fhir.kind import By, Include, Kind

S = CoverageStatus
STATUS = {
    S.UNVERIFIED: "draft",
    S.REQUESTED: "draft",
    S.ACTIVE: "active",
    S.INACTIVE: "cancelled",
    S.NOT_FOUND: "cancelled",
    S.PAYER_ERROR: "draft",
    S.MANUAL_REVIEW: "draft",
    S.ENDED: "cancelled",
}
"""In the value set fm-status."""

ACT_CODE = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
PUBLIC = known(ACT_CODE, "PUBLICPOL", "public healthcare")
INSURANCE = known(ACT_CODE, "HIP", "health insurance plan policy")
L = LineOfBusiness
TYPE = {
    L.MEDICARE: PUBLIC,
    L.MEDICARE_ADVANTAGE: PUBLIC,
    L.MEDICAID: PUBLIC,
    L.CHIP: PUBLIC,
    L.COMMERCIAL: INSURANCE,
    L.EXCHANGE: INSURANCE,
    L.WORKERS_COMPENSATION: known(ACT_CODE, "WCBPOL", "worker's compensation"),
    L.PUBLIC: PUBLIC,
    L.SELF_PAY: known("http://terminology.hl7.org/CodeSystem/coverage-selfpay", "pay", "Pay"),
}
IDENTIFIER_TYPES = "http://terminology.hl7.org/CodeSystem/v2-0203"
MEMBER = known(IDENTIFIER_TYPES, "MB", "Member Number")
CLASSES = "http://terminology.hl7.org/CodeSystem/coverage-class"
SELF = known("http://terminology.hl7.org/CodeSystem/subscriber-relationship", "self", "Self")


def coverages(chart: Chart) -> Iterator[Json]:
    """One for each that the journey has."""
    for each in chart.journey.coverages:
        yield _coverage(chart, each)


def _coverage(chart: Chart, coverage: room.Coverage) -> Json:
    terms = coverage.terms
    member_id = terms.member_id if terms and terms.member_id != ERASED else None
    order = chart.journey.coverages.order
    return filled(
        {
            "id": str(coverage.coverage_id),
            "identifier": [
                identifier(coverage.coverage_id),
                *([{"type": MEMBER, "value": member_id}] if member_id else []),
            ],
            "status": _status(coverage),
            "type": _type(terms.line_of_business) if terms and terms.line_of_business else None,
            "subscriberId": member_id,
            "beneficiary": reference("Patient", chart.patient_id),
            "relationship": SELF,
            "period": _period(coverage),
            "payor": [(named("Organization", terms.payer) if terms else None) or UNKNOWN],
            "class": [{"type": known(CLASSES, "plan", "Plan"), "value": terms.plan}]
            if terms and terms.plan
            else None,
            "order": order.index(coverage.coverage_id) + 1 if coverage.coverage_id in order else None,
        }
    )


def _status(coverage: room.Coverage) -> str:
    """Nobody is asked whether the patient pays."""
    return "active" if coverage.is_self_pay and coverage.status is not S.ENDED else STATUS[coverage.status]


def _type(line: LineOfBusiness) -> Json:
    """The kind of policy, and whose rules it is under."""
    own = {"system": f"{CODES}line-of-business", "code": line}
    return {"coding": [*TYPE[line]["coding"], own]}


def _period(coverage: room.Coverage) -> Json | None:
    """What ended before it began has only its end."""
    terms, ended = coverage.terms, coverage.said.get(CoverageEnded)
    start, until = (terms.valid_from, terms.valid_until) if terms else (None, None)
    ended_on = ended.ended_on if isinstance(ended, CoverageEnded) and coverage.status is S.ENDED else None
    end: date | None = min((each for each in (until, ended_on) if each is not None), default=None)
    return days(start if start is None or end is None or start <= end else None, end)


COVERAGE = Kind(
    type="Coverage",
    about="Who pays for the patient; a draft until the payer has confirmed it.",
    made=coverages,
    rooms=frozenset({"coverages"}),
    events=frozenset({CoordinationOfBenefitsSet}),
    parameters={
        "patient": By.PATIENT,
        "beneficiary": By.PATIENT,
        "status": By.STATUS,
        "identifier": By.IDENTIFIER,
    },
    dated="period",
    includes={
        "patient": Include("beneficiary", ("Patient",)),
        "beneficiary": Include("beneficiary", ("Patient",)),
    },
)
