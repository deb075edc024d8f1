"""Result: a report that came back, and whether a clinician has looked at it.

    received (preliminary | final | corrected …) -> reviewed; a changed report wants another review.

FHIR: DiagnosticReport.  HL7 v2: ORU^R01. The values stay with the system that made them.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import assert_never
from uuid import UUID

from pydantic import Field, StrictBool

from journey.domain.codes import ResultStatus
from journey.domain.event import Blocker, Coded, Command, Event, Fact, Refused
from journey.domain.personal import Personal
from journey.domain.room import Step, Things

# --- Events


class ResultReceived(Event, stored_as="result.received"):
    """A report is here. It has not been reviewed by that."""

    result_id: UUID
    code: Coded | None = None
    status: ResultStatus = ResultStatus.FINAL
    abnormal: bool = False
    visit_id: UUID | None = None
    report: Personal | None = None


class ResultReviewed(Event, stored_as="result.reviewed"):
    """A clinician has looked at it."""

    result_id: UUID
    reviewed_by: str


ResultEvent = ResultReceived | ResultReviewed

# --- Commands


class ReceiveResult(Command):
    """Record that a report came."""

    result_id: UUID
    code: Coded | None = None
    status: ResultStatus = ResultStatus.FINAL
    abnormal: StrictBool = False
    visit_id: UUID | None = None
    report: str | None = Field(default=None, description="The sender's id of this version of the report.")


class ReviewResult(Command):
    """Record that a clinician has looked at it."""

    result_id: UUID
    reviewed_by: str = Field(min_length=1)


ResultCommand = ReceiveResult | ReviewResult

# --- State


@dataclass(frozen=True, slots=True)
class Result:
    """One report."""

    received: Fact
    event: ResultReceived
    reviewed: Fact | None = None


@dataclass(frozen=True, slots=True)
class Results(Things[Result]):
    """Every report of the journey."""

    def unreviewed(self) -> Iterator[tuple[UUID, Result]]:
        """A report that was called off asks for no review."""
        return (
            (key, result)
            for key, result in self.by_id.items()
            if result.reviewed is None and result.event.status is not ResultStatus.CANCELLED
        )

    def left_open(self) -> Iterator[Blocker]:
        for key, _ in self.unreviewed():
            yield Blocker(code="unreviewed-result", what="a result is not reviewed", subject_id=key)

    def steps(self) -> Iterator[Step]:
        for key, result in self.unreviewed():
            yield Step(step="review-result", subject_id=key, event_id=result.received.event_id)


class UnknownResult(Refused):
    """No report of this journey has this id."""


# --- evolve


def evolve(results: Results, event: ResultEvent, fact: Fact) -> Results:
    """The results after this event. Total: history is never refused."""
    match event:
        case ResultReceived():
            return results.having(event.result_id, Result(fact, event))
        case ResultReviewed():
            known = results.get(event.result_id)
            if known is None:
                return results
            return results.having(event.result_id, Result(known.received, known.event, fact))
        case _:
            assert_never(event)


# --- decide


def decide(results: Results, command: ResultCommand) -> Iterator[ResultEvent]:
    """What happens if we do this now. Yields nothing when it has already happened."""
    known = results.get(command.result_id)
    match command:
        case ReceiveResult():
            received = ResultReceived(**command.facts())
            if known is None or known.event != received:
                yield received
        case ReviewResult():
            if known is None and not command.reported:
                raise UnknownResult("No result of this journey has this id; it is received first.")
            if known is None or known.reviewed is None:
                yield ResultReviewed(**command.facts())
        case _:
            assert_never(command)
