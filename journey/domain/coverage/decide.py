"""What happens to a coverage if this is done now. Yields nothing when it has already happened."""

from collections.abc import Iterator
from typing import cast

from journey.domain.coverage import commands as ask
from journey.domain.coverage import events as happened
from journey.domain.coverage.evolve import Staged, evolve
from journey.domain.coverage.state import TRANSITIONS, Coverage, Coverages
from journey.domain.event import Command, Event, Fact
from journey.domain.room import UnknownSubject, follow

CARRIES_OUT: dict[type[Command], type[Event]] = {
    ask.RecordCoverage: happened.CoverageRecorded,
    ask.RequestEligibility: happened.EligibilityRequested,
    ask.ConfirmEligibility: happened.EligibilityConfirmed,
    ask.DenyEligibility: happened.EligibilityDenied,
    ask.RecordCoverageNotFound: happened.CoverageNotFound,
    ask.RecordEligibilityFailure: happened.EligibilityCheckFailed,
    ask.RequestEligibilityReview: happened.EligibilityReviewRequested,
    ask.EndCoverage: happened.CoverageEnded,
}


def decide(coverages: Coverages, command: ask.CoverageCommand) -> Iterator[happened.CoverageEvent]:
    """What happens if we do this now."""
    match command:
        case ask.SetCoordinationOfBenefits():
            _refuse_unknown(coverages, command)
            if coverages.order != command.order:
                yield happened.CoordinationOfBenefitsSet(**command.facts())
        case ask.GiveFinancialEstimate():
            given = happened.FinancialEstimateGiven(**command.facts())
            if coverages.estimates.get(command.estimate_id) != given:
                yield given
        case ask.ScreenFinancialAid():
            screened = happened.FinancialAidScreened(**command.facts())
            if coverages.aid != screened:
                yield screened
        case _:
            event = cast(Staged, CARRIES_OUT[type(command)](**command.facts()))

            def after(event: Staged, fact: Fact) -> Coverage | None:
                return evolve(coverages, event, fact).get(event.coverage_id)

            yield from follow(TRANSITIONS, coverages.get(command.coverage_id), after, event, command)


def _refuse_unknown(coverages: Coverages, command: ask.SetCoordinationOfBenefits) -> None:
    if command.reported:
        return
    if not set(command.order) <= set(coverages.by_id) or len(set(command.order)) < len(command.order):
        raise UnknownSubject("Name each coverage of this journey once; record-coverage comes first.")
