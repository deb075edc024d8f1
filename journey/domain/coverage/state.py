"""What is true of the coverages of a journey: only what a rule or the patient's standing reads."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple, Self
from uuid import UUID

from journey.domain.coverage import events as happened
from journey.domain.coverage.events import LineOfBusiness
from journey.domain.event import Blocker, Coded, Event, Fact
from journey.domain.room import Milestone, Step, Things, Transitions, milestone


class CoverageStatus(StrEnum):
    """What the payer said last. Whether that is still good for a day and a service is another question."""

    UNVERIFIED = "unverified"
    REQUESTED = "requested"
    ACTIVE = "active"
    INACTIVE = "inactive"
    NOT_FOUND = "not-found"
    PAYER_ERROR = "payer-error"
    MANUAL_REVIEW = "manual-review"
    ENDED = "ended"


S = CoverageStatus
LIVE = frozenset(set(S) - {S.ENDED})
COMPUTED = frozenset({S.UNVERIFIED})
"""What no event leads to by itself: a coverage that is recorded otherwise than before is not verified."""

TRANSITIONS: Transitions = {
    happened.CoverageRecorded: (LIVE | {None}, None),
    happened.EligibilityRequested: (LIVE, S.REQUESTED),
    happened.EligibilityConfirmed: (LIVE, S.ACTIVE),
    happened.EligibilityDenied: (LIVE, S.INACTIVE),
    happened.CoverageNotFound: (LIVE, S.NOT_FOUND),
    happened.EligibilityCheckFailed: (LIVE, S.PAYER_ERROR),
    happened.EligibilityReviewRequested: (LIVE, S.MANUAL_REVIEW),
    happened.CoverageEnded: (LIVE, S.ENDED),
}

NEXT = {
    S.UNVERIFIED: "request-eligibility",
    S.REQUESTED: "confirm-eligibility",
    S.INACTIVE: "request-eligibility",
    S.NOT_FOUND: "request-eligibility",
    S.PAYER_ERROR: "request-eligibility",
    S.MANUAL_REVIEW: "confirm-eligibility",
}
BLOCKS = {
    S.INACTIVE: "a coverage is not active: request-eligibility again, or end-coverage",
    S.NOT_FOUND: "the payer does not know the patient: record-coverage as it is, or end-coverage",
}

Service = tuple[date, str | None, str | None]
"""The day and the kind of service: what an answer of the payer is good for, and for nothing else."""


def service(on: date, kind: Coded | None) -> Service:
    return (on, None, None) if kind is None else (on, kind.system, kind.code)


class Check(NamedTuple):
    """The payer's last word on a service, of which day it is, and how long before the service it is good."""

    status: S
    on: date
    valid_days: int | None = None

    def is_stale_on(self, day: date) -> bool:
        return self.valid_days is not None and (day - self.on).days > self.valid_days


class Coverage(NamedTuple):
    """One payer's. `since` is the event that gave it its status; `said` the last event of each kind."""

    coverage_id: UUID
    status: S
    since: Fact
    terms: happened.CoverageRecorded | None = None
    checks: Mapping[Service, Check] = MappingProxyType({})
    verified: Fact | None = None
    said: Mapping[type[Event], Event] = MappingProxyType({})

    @property
    def is_self_pay(self) -> bool:
        return self.terms is not None and self.terms.line_of_business is LineOfBusiness.SELF_PAY

    def pays_on(self, day: date) -> bool:
        """Whether it covers the day at all, as far as is known."""
        ended = self.said.get(happened.CoverageEnded)
        last = ended.ended_on if isinstance(ended, happened.CoverageEnded) else None
        if self.status is S.ENDED and (last is None or day > last):
            return False
        start, end = (None, None) if self.terms is None else (self.terms.valid_from, self.terms.valid_until)
        return (start is None or start <= day) and (end is None or day <= end)


@dataclass(frozen=True, slots=True)
class Coverages(Things[Coverage]):
    """Every coverage of the journey, who pays first, and what the patient was told of the cost."""

    order: tuple[UUID, ...] = ()
    estimates: Mapping[UUID, happened.FinancialEstimateGiven] = field(default_factory=dict)
    aid: happened.FinancialAidScreened | None = None

    def having(self, key: UUID, thing: Coverage) -> Self:
        return replace(self, by_id={**self.by_id, key: thing})

    def in_order(self) -> tuple[Coverage, ...]:
        """Who pays first stands first."""
        place = {key: number for number, key in enumerate(self.order)}
        return tuple(sorted(self, key=lambda each: place.get(each.coverage_id, len(place))))

    def unverified(self, coverage_id: UUID, on: date, kind: Coded | None) -> tuple[Blocker, ...]:
        """Why it is not known that this payer pays for this kind of service on that day."""
        each = self.get(coverage_id)
        if each is not None and each.is_self_pay:
            return ()
        if each is not None and not each.pays_on(on):
            code, what = "coverage-ended", "the coverage does not reach to that day: record-coverage"
            return (Blocker(code=code, what=what, subject_id=coverage_id),)
        check = None if each is None else each.checks.get(service(on, kind))
        if check is not None and check.status in BLOCKS:
            code, what = f"coverage-{check.status}", BLOCKS[check.status]
        elif check is None or check.status is not S.ACTIVE:
            code, what = "coverage-unverified", "the payer was not asked for that day: request-eligibility"
        elif check.is_stale_on(on):
            code, what = "coverage-stale", f"the payer was asked on {check.on}: request-eligibility again"
        else:
            return ()
        return (Blocker(code=code, what=what, subject_id=coverage_id),)

    # --- What it puts into the answer

    def reached(self) -> Iterator[Milestone]:
        for each in self:
            yield from milestone("coverage-verified", each.verified, each.coverage_id)

    def steps(self) -> Iterator[Step]:
        for each in self.in_order():
            if each.status in NEXT and not each.is_self_pay:
                yield Step(step=NEXT[each.status], subject_id=each.coverage_id, event_id=each.since.event_id)

    def blockers(self) -> Iterator[Blocker]:
        for each in self.in_order():
            if each.status in BLOCKS:
                code = f"coverage-{each.status}"
                yield Blocker(code=code, what=BLOCKS[each.status], subject_id=each.coverage_id)


def day_of(fact: Fact) -> date:
    """The day of a fact; of no zone in particular, it is that of UTC."""
    return fact.at.astimezone(UTC).date()
