"""Coverage: who pays, and whether the payer says so for this service on that day."""

from datetime import date
from uuid import UUID

import pytest

from journey.domain.correction import VoidEvent
from journey.domain.coverage import (
    Benefits,
    ConfirmEligibility,
    CoordinationOfBenefitsSet,
    CoverageEnded,
    CoverageNotFound,
    CoverageRecorded,
    DenyEligibility,
    EligibilityCheckFailed,
    EligibilityConfirmed,
    EligibilityDenied,
    EligibilityRequested,
    EligibilityReviewRequested,
    EndCoverage,
    FinancialAid,
    FinancialAidScreened,
    FinancialEstimateGiven,
    GiveFinancialEstimate,
    LineOfBusiness,
    RecordCoverage,
    RecordCoverageNotFound,
    RecordEligibilityFailure,
    RequestEligibility,
    RequestEligibilityReview,
    ScreenFinancialAid,
    SetCoordinationOfBenefits,
)
from journey.domain.coverage.state import LIVE, NEXT, CoverageStatus
from journey.domain.event import Coded, Event
from journey.domain.journey import NoSuchJourney
from journey.domain.room import NotPossibleNow, UnknownSubject
from journey.domain.standing import standing
from tests.domain.cases import Case
from tests.domain.told import opened
from tests.spec import Given, at, given

PLAN, SECOND = UUID(int=50), UUID(int=51)
ESTIMATE = UUID(int=52)
DAY = date(2026, 3, 5)
NEXT_DAY = date(2026, 3, 6)
THERAPY = Coded(system="x12-1365", code="PT")
NOT_ELIGIBLE = Coded(system="x12-901", code="72")
ADVANTAGE = LineOfBusiness.MEDICARE_ADVANTAGE
asked_for = {"coverage_id": PLAN, "service_date": DAY, "service_type": THERAPY}

recorded = CoverageRecorded(coverage_id=PLAN, payer="payer-1", line_of_business=ADVANTAGE, member_id="M1")
other_terms = recorded.model_copy(update={"member_id": "M9"})
requested = EligibilityRequested(coverage_id=PLAN, service_date=DAY, service_type=THERAPY)
confirmed = EligibilityConfirmed(
    coverage_id=PLAN,
    service_date=DAY,
    service_type=THERAPY,
    benefits=Benefits(in_network=True, authorization_required=True, copay=2500),
    response="271-1",
    valid_days=3,
)
denied = EligibilityDenied(coverage_id=PLAN, service_date=DAY, service_type=THERAPY, reason=NOT_ELIGIBLE)
not_found = CoverageNotFound(coverage_id=PLAN, service_date=DAY, service_type=THERAPY)
failed = EligibilityCheckFailed(coverage_id=PLAN, service_date=DAY, service_type=THERAPY)
review = EligibilityReviewRequested(coverage_id=PLAN, service_date=DAY, service_type=THERAPY, reason="two")
ended = CoverageEnded(coverage_id=PLAN, ended_on=DAY)
second = CoverageRecorded(coverage_id=SECOND, payer="payer-2", line_of_business=LineOfBusiness.MEDICAID)
in_order = CoordinationOfBenefitsSet(order=(PLAN, SECOND))
estimate = FinancialEstimateGiven(estimate_id=ESTIMATE, amount=12000, service=THERAPY, coverage_id=PLAN)
screened = FinancialAidScreened(outcome=FinancialAid.APPLIED, program="county")

record = RecordCoverage(coverage_id=PLAN, payer="payer-1", line_of_business=ADVANTAGE, member_id="M1")
known = given(opened, recorded)
over = given(opened, recorded, ended)
confirm = ConfirmEligibility(
    coverage_id=PLAN,
    service_date=DAY,
    service_type=THERAPY,
    benefits=confirmed.benefits,
    response="271-1",
    valid_days=3,
)

CASES = [
    Case(record, given(opened), [recorded], given(opened, other_terms, ended), NotPossibleNow),
    Case(RequestEligibility(**asked_for), known, [requested], given(opened), UnknownSubject),
    Case(confirm, given(opened, recorded, requested), [confirmed], given(opened), UnknownSubject),
    Case(DenyEligibility(**asked_for, reason=NOT_ELIGIBLE), known, [denied], over, NotPossibleNow),
    Case(RecordCoverageNotFound(**asked_for), known, [not_found], over, NotPossibleNow),
    Case(RecordEligibilityFailure(**asked_for), known, [failed], over, NotPossibleNow),
    Case(RequestEligibilityReview(**asked_for, reason="two"), known, [review], over, NotPossibleNow),
    Case(EndCoverage(coverage_id=PLAN, ended_on=DAY), known, [ended], given(opened), UnknownSubject),
    Case(
        SetCoordinationOfBenefits(order=(PLAN, SECOND)),
        given(opened, recorded, second),
        [in_order],
        known,
        UnknownSubject,
    ),
    Case(
        GiveFinancialEstimate(estimate_id=ESTIMATE, amount=12000, service=THERAPY, coverage_id=PLAN),
        known,
        [estimate],
        given(),
        NoSuchJourney,
    ),
    Case(
        ScreenFinancialAid(outcome=FinancialAid.APPLIED, program="county"),
        given(opened),
        [screened],
        given(),
        NoSuchJourney,
    ),
]


def status(told: Given) -> str:
    return told.journey.coverages.by_id[PLAN].status


def why_not(told: Given, on: date = DAY, kind: Coded | None = THERAPY) -> list[str]:
    return [each.code for each in told.journey.coverages.unverified(PLAN, on, kind)]


def steps(told: Given) -> list[str]:
    return [each.step for each in standing(told.journey).next]


def blockers(told: Given) -> list[str]:
    return [each.code for each in standing(told.journey).blocked_by if each.code.startswith("coverage")]


@pytest.mark.parametrize(
    ("event", "becomes", "blocks", "step"),
    [
        (recorded, "unverified", [], ["request-eligibility"]),
        (requested, "requested", [], ["confirm-eligibility"]),
        (confirmed, "active", [], []),
        (denied, "inactive", ["coverage-inactive"], ["request-eligibility"]),
        (not_found, "not-found", ["coverage-not-found"], ["request-eligibility"]),
        (failed, "payer-error", [], ["request-eligibility"]),
        (review, "manual-review", [], ["confirm-eligibility"]),
        (ended, "ended", [], []),
    ],
)
def test_what_the_payer_says_is_the_status_and_says_what_comes_next(
    event: Event, becomes: str, blocks: list[str], step: list[str]
) -> None:
    told = given(opened, recorded, event)
    assert (status(told), blockers(told), steps(told)) == (becomes, blocks, step)


def test_an_answer_is_good_for_one_service_on_one_day() -> None:
    told = given(opened, recorded, confirmed)
    assert why_not(told) == []
    assert why_not(told, NEXT_DAY) == ["coverage-unverified"]
    assert why_not(told, DAY, None) == ["coverage-unverified"]


def test_an_answer_is_too_old_when_the_service_is_later_than_it_allows() -> None:
    fresh = given(opened, recorded, (confirmed, at(9)))
    assert why_not(fresh) == []
    long_ago = given((opened, at(8, day=-20)), recorded, (confirmed, at(9, day=-1)))
    assert why_not(long_ago) == ["coverage-stale"]
    assert why_not(long_ago.recording([confirmed.model_copy(update={"response": "271-2"})], at(9))) == []


def test_an_answer_without_a_limit_does_not_age() -> None:
    for_ever = confirmed.model_copy(update={"valid_days": None})
    assert why_not(given((opened, at(8, day=-300)), recorded, (for_ever, at(9, day=-200)))) == []


def test_asking_again_takes_nothing_back_and_a_refusal_does() -> None:
    assert why_not(given(opened, recorded, confirmed, requested)) == []
    assert why_not(given(opened, recorded, confirmed, failed)) == []
    assert why_not(given(opened, recorded, confirmed, denied)) == ["coverage-inactive"]
    assert why_not(given(opened, recorded, confirmed, not_found)) == ["coverage-not-found"]


def test_coverage_that_is_recorded_otherwise_has_to_be_verified_again() -> None:
    told = given(opened, recorded, confirmed)
    told.when(record).then_nothing()
    other = record.model_copy(update={"member_id": "M2"})
    changed = told.when(other).then(recorded.model_copy(update={"member_id": "M2"}))
    assert (status(changed), why_not(changed)) == ("unverified", ["coverage-unverified"])


def test_nobody_is_asked_when_the_patient_pays() -> None:
    own = CoverageRecorded(coverage_id=PLAN, payer="self", line_of_business=LineOfBusiness.SELF_PAY)
    told = given(opened, own)
    assert (steps(told), why_not(told)) == ([], [])


def test_an_ended_coverage_pays_until_its_end() -> None:
    told = given(opened, recorded, confirmed, ended)
    assert why_not(told) == []
    assert why_not(told, NEXT_DAY) == ["coverage-ended"]
    unknown_end = given(opened, recorded, confirmed, CoverageEnded(coverage_id=PLAN))
    assert why_not(unknown_end) == ["coverage-ended"]


def test_a_coverage_pays_within_its_period() -> None:
    period = recorded.model_copy(update={"valid_from": DAY, "valid_until": DAY})
    told = given(opened, period, confirmed)
    assert why_not(told) == []
    assert why_not(told, NEXT_DAY) == why_not(told, date(2026, 3, 4)) == ["coverage-ended"]


def test_who_pays_first_is_verified_first() -> None:
    told = given(opened, recorded, second, CoordinationOfBenefitsSet(order=(SECOND, PLAN)))
    assert [each.subject_id for each in standing(told.journey).next] == [SECOND, PLAN]


def test_the_order_names_each_coverage_once() -> None:
    twice = SetCoordinationOfBenefits(order=(PLAN, PLAN))
    known.when(twice).then_refused(UnknownSubject)
    known.when(twice.model_copy(update={"reported": True})).then(
        CoordinationOfBenefitsSet(order=(PLAN, PLAN))
    )


def test_another_estimate_under_the_same_id_is_another_estimate() -> None:
    dearer = GiveFinancialEstimate(estimate_id=ESTIMATE, amount=15000, service=THERAPY, coverage_id=PLAN)
    given(opened, recorded, estimate).when(dearer).then(estimate.model_copy(update={"amount": 15000}))


def test_the_same_answer_for_another_day_is_told_and_then_quiet() -> None:
    told = given(opened, recorded, (confirmed, at(9)))
    other = confirm.model_copy(update={"service_date": NEXT_DAY})
    after = told.when(other, at=at(9, day=1)).then(confirmed.model_copy(update={"service_date": NEXT_DAY}))
    assert (why_not(after), why_not(after, NEXT_DAY)) == ([], [])


def test_another_system_may_report_an_answer_of_a_coverage_we_never_heard_of() -> None:
    told = given(opened).when(confirm.model_copy(update={"reported": True})).done()
    assert (status(told), why_not(told)) == ("active", [])


def test_a_voided_answer_never_came() -> None:
    told = given(opened, recorded, confirmed)
    undone = told.when(VoidEvent(event_id=told.id_of(confirmed), reason="another patient's")).done()
    assert (status(undone), why_not(undone)) == ("unverified", ["coverage-unverified"])


def test_a_refusal_names_nobody() -> None:
    (blocker,) = given(opened, recorded, denied).journey.coverages.unverified(PLAN, DAY, THERAPY)
    assert "M1" not in blocker.what


def test_every_status_says_what_comes_next_or_needs_nothing() -> None:
    assert set(CoverageStatus) - set(NEXT) == {CoverageStatus.ACTIVE, CoverageStatus.ENDED}
    assert set(NEXT) <= LIVE
