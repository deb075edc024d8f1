"""What is true of the coverages after an event. Total: history is never refused."""

from dataclasses import replace
from typing import assert_never

from journey.domain.coverage import events as happened
from journey.domain.coverage.state import TRANSITIONS, Check, Coverage, Coverages, day_of, service
from journey.domain.coverage.state import CoverageStatus as S
from journey.domain.event import Fact

Staged = (
    happened.CoverageRecorded
    | happened.EligibilityRequested
    | happened.EligibilityConfirmed
    | happened.EligibilityDenied
    | happened.CoverageNotFound
    | happened.EligibilityCheckFailed
    | happened.EligibilityReviewRequested
    | happened.CoverageEnded
)
"""What says something of one coverage."""


def evolve(coverages: Coverages, event: happened.CoverageEvent, fact: Fact) -> Coverages:
    """The coverages after this event. One first heard of in the middle is there all the same."""
    match event:
        case happened.CoordinationOfBenefitsSet():
            return replace(coverages, order=event.order)
        case happened.FinancialEstimateGiven():
            return replace(coverages, estimates={**coverages.estimates, event.estimate_id: event})
        case happened.FinancialAidScreened():
            return replace(coverages, aid=event)
        case _:
            known = coverages.get(event.coverage_id) or Coverage(event.coverage_id, S.UNVERIFIED, fact)
            return coverages.having(event.coverage_id, _after(known, event, fact))


def _after(known: Coverage, event: Staged, fact: Fact) -> Coverage:
    _, target = TRANSITIONS[type(event)]
    status = known.status if target is None else S(target)
    if status is known.status and known.said.get(type(event)) == event:
        return known
    after = known._replace(said={**known.said, type(event): event})
    match event:
        case happened.CoverageRecorded():
            if known.terms is not None and known.terms != event:
                status, after = S.UNVERIFIED, after._replace(checks={}, verified=None)
            after = after._replace(terms=event)
        case happened.EligibilityConfirmed():
            check = Check(status, day_of(fact), event.valid_days)
            after = _checked(after, event, check)._replace(verified=known.verified or fact)
        case (
            happened.EligibilityDenied() | happened.CoverageNotFound() | happened.EligibilityReviewRequested()
        ):
            after = _checked(after, event, Check(status, day_of(fact)))
        case happened.EligibilityRequested() | happened.EligibilityCheckFailed() | happened.CoverageEnded():
            pass
        case _:
            assert_never(event)
    return after if status is known.status else after._replace(status=status, since=fact)


def _checked(
    known: Coverage,
    event: happened.EligibilityConfirmed
    | happened.EligibilityDenied
    | happened.CoverageNotFound
    | happened.EligibilityReviewRequested,
    check: Check,
) -> Coverage:
    """An answer takes the place of the one before for that service; a question and a failure do not."""
    key = service(event.service_date, event.service_type)
    return known._replace(checks={**known.checks, key: check})
