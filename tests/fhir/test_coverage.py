"""Coverage: who pays, by what the payer said last."""

from datetime import date
from uuid import UUID

import pytest

from journey.domain.coverage import (
    CoordinationOfBenefitsSet,
    CoverageEnded,
    CoverageNotFound,
    CoverageRecorded,
    EligibilityCheckFailed,
    EligibilityConfirmed,
    EligibilityDenied,
    EligibilityRequested,
    EligibilityReviewRequested,
    LineOfBusiness,
)
from journey.domain.event import Coded, Event
from tests.domain.told import opened
from tests.fhir.telling import erased, every_version, one, statuses, told_as
from tests.fhir.validating import Json
from tests.spec import PATIENT, given

TYPE = "Coverage"
COVERAGE, SECOND = UUID(int=50), UUID(int=51)
DAY = date(2026, 3, 2)
recorded = CoverageRecorded(
    coverage_id=COVERAGE,
    payer="Acme Health",
    line_of_business=LineOfBusiness.COMMERCIAL,
    plan="Gold PPO",
    member_id="W123",
    valid_from=date(2026, 1, 1),
    valid_until=date(2026, 12, 31),
)
asked = EligibilityRequested(coverage_id=COVERAGE, service_date=DAY)
confirmed = EligibilityConfirmed(coverage_id=COVERAGE, service_date=DAY)
ended = CoverageEnded(coverage_id=COVERAGE, ended_on=date(2026, 6, 30), reason="another job")


def coverage(*told: Event) -> Json:
    return one(TYPE, given(opened, *told))


def test_who_pays_is_told_with_plan_number_and_time() -> None:
    body = coverage(recorded)
    assert body["status"] == "draft"
    assert body["payor"] == [{"type": "Organization", "display": "Acme Health"}]
    assert body["subscriberId"] == "W123"
    assert body["identifier"][1]["value"] == "W123"
    assert body["beneficiary"]["reference"] == f"Patient/{PATIENT}"
    assert body["class"][0]["value"] == "Gold PPO"
    assert body["period"] == {"start": "2026-01-01", "end": "2026-12-31"}
    assert [each["code"] for each in body["type"]["coding"]] == ["HIP", "COMMERCIAL"]


def test_where_nobody_said_under_whose_rules_it_pays_it_is_of_no_type() -> None:
    assert "type" not in coverage(recorded.model_copy(update={"line_of_business": None}))


@pytest.mark.parametrize("line", LineOfBusiness)
def test_every_line_of_business_has_its_type(line: LineOfBusiness) -> None:
    body = coverage(recorded.model_copy(update={"line_of_business": line}))
    assert body["type"]["coding"][1]["code"] == line
    assert body["status"] == ("active" if line is LineOfBusiness.SELF_PAY else "draft")


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (confirmed, "active"),
        (
            EligibilityDenied(coverage_id=COVERAGE, service_date=DAY, reason=Coded(system="X12", code="6")),
            "cancelled",
        ),
        (CoverageNotFound(coverage_id=COVERAGE, service_date=DAY), "cancelled"),
        (EligibilityCheckFailed(coverage_id=COVERAGE, service_date=DAY), "draft"),
        (EligibilityReviewRequested(coverage_id=COVERAGE, service_date=DAY), "draft"),
    ],
)
def test_it_may_be_relied_on_once_the_payer_says_so(answer: Event, status: str) -> None:
    assert statuses(TYPE, COVERAGE, given(opened, recorded, asked, answer)) == ["draft", "draft", status]


def test_what_ended_has_the_earlier_of_its_ends() -> None:
    body = coverage(recorded, confirmed, ended)
    assert body["status"] == "cancelled"
    assert body["period"] == {"start": "2026-01-01", "end": "2026-06-30"}
    late = ended.model_copy(update={"ended_on": date(2027, 1, 31)})
    assert coverage(recorded, late)["period"]["end"] == "2026-12-31"


def test_what_ended_before_it_began_has_only_its_end() -> None:
    early = ended.model_copy(update={"ended_on": date(2025, 12, 31)})
    assert coverage(recorded, early)["period"] == {"end": "2025-12-31"}


def test_who_pays_for_themselves_does_until_that_ends() -> None:
    own = recorded.model_copy(update={"line_of_business": LineOfBusiness.SELF_PAY})
    assert coverage(own, ended)["status"] == "cancelled"


def test_the_order_of_payers_is_told_of_each() -> None:
    other = recorded.model_copy(update={"coverage_id": SECOND})
    told = given(opened, recorded, other, CoordinationOfBenefitsSet(order=(SECOND, COVERAGE)))
    assert [each["order"] for each in told_as(TYPE, told)] == [2, 1]
    assert [each.number for each in every_version(TYPE, COVERAGE, told)] == [2, 4]


def test_of_what_is_first_heard_in_the_middle_the_payer_is_unknown() -> None:
    body = coverage(confirmed)
    assert body["status"] == "active"
    assert body["payor"][0]["extension"][0]["valueCode"] == "unknown"


def test_erasure_takes_the_number() -> None:
    body = one(TYPE, erased(given(opened, recorded)))
    assert "subscriberId" not in body
    assert len(body["identifier"]) == 1
    assert body["payor"][0]["display"] == "Acme Health"
