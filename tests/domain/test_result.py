"""Result: a report that came back, and whether a clinician has looked at it."""

from uuid import UUID

from journey.domain.codes import ResultStatus
from journey.domain.episode import CloseJourney
from journey.domain.result import (
    ReceiveResult,
    ResultReceived,
    ResultReviewed,
    ReviewResult,
    UnknownResult,
)
from journey.domain.rules import StillOpen
from tests.domain.cases import Case
from tests.domain.told import closed, opened
from tests.spec import at, given

RESULT = UUID(int=20)
received = ResultReceived(result_id=RESULT, report="1")
corrected = ResultReceived(result_id=RESULT, status=ResultStatus.CORRECTED, report="2")
reviewed = ResultReviewed(result_id=RESULT, reviewed_by="dr-1")
review = ReviewResult(result_id=RESULT, reviewed_by="dr-1")

CASES = [
    Case(ReceiveResult(result_id=RESULT, report="1"), given(opened, closed), [received]),
    Case(review, given(opened, received, closed), [reviewed], given(opened), UnknownResult),
]


def test_a_corrected_report_wants_another_review() -> None:
    again = given(opened, received, reviewed, corrected)
    again.when(CloseJourney()).then_refused(StillOpen, blockers=["unreviewed-result"])
    again.when(review).then(reviewed).when(CloseJourney()).then(closed)


def test_a_review_of_the_first_report_told_after_the_corrected_one_is_of_the_first() -> None:
    told = given(opened, (received, at(10)), (corrected, at(12)))
    late = told.when(review, at=at(11)).then(reviewed)
    assert [key for key, _ in late.journey.results.unreviewed()] == [RESULT]


def test_a_review_may_be_reported_before_its_result() -> None:
    early = given(opened).when(ReviewResult(result_id=RESULT, reviewed_by="dr-1", reported=True), at=at(11))
    told = early.then(reviewed).when(ReceiveResult(result_id=RESULT, report="1"), at=at(10)).then(received)
    assert not list(told.journey.results.unreviewed())


def test_a_report_that_was_called_off_asks_for_no_review() -> None:
    off = ResultReceived(result_id=RESULT, status=ResultStatus.CANCELLED)
    assert not list(given(opened, received, off).journey.results.unreviewed())
