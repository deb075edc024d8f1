"""What is true of the referrals of a journey: only what a rule or the patient's standing reads."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple
from uuid import UUID

from journey.domain.codes import Priority
from journey.domain.event import Blocker, Fact
from journey.domain.referral import events as happened
from journey.domain.referral.events import ReferralOrder
from journey.domain.room import Loop, Milestone, Passed, Step, Things, Transitions, milestone, step


class ReferralStatus(StrEnum):
    """Where the loop is (FHIR Task.status with businessStatus; docs/events.md has the crosswalk)."""

    DRAFT = "draft"
    SENT = "sent"
    RECEIVED = "received"
    INFORMATION_REQUESTED = "information-requested"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    SCHEDULED = "scheduled"
    NO_SHOW = "no-show"
    IN_PROGRESS = "in-progress"
    CANCELLATION_REQUESTED = "cancellation-requested"
    OUTCOME_RECEIVED = "outcome-received"
    CLOSED = "closed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


S = ReferralStatus
ASKED = frozenset({S.SENT, S.RECEIVED, S.INFORMATION_REQUESTED})
TAKEN = frozenset({S.ACCEPTED, S.SCHEDULED, S.NO_SHOW, S.IN_PROGRESS})
ENDED = frozenset({S.CLOSED, S.CANCELLED, S.EXPIRED})
TRANSITIONS: Transitions = {
    happened.ReferralDrafted: (frozenset({None, S.DRAFT}), S.DRAFT),
    happened.ReferralSent: (frozenset({None, S.DRAFT}), S.SENT),
    happened.ReferralChanged: (ASKED | TAKEN, None),
    happened.ReferralReceiptConfirmed: (frozenset({S.SENT}), S.RECEIVED),
    happened.ReferralTriaged: (ASKED | TAKEN, None),
    happened.ReferralInformationRequested: (ASKED | {S.ACCEPTED}, S.INFORMATION_REQUESTED),
    happened.ReferralInformationProvided: (frozenset({S.INFORMATION_REQUESTED}), S.RECEIVED),
    happened.ReferralAccepted: (ASKED, S.ACCEPTED),
    happened.ReferralDeclined: (ASKED | {S.ACCEPTED}, S.DECLINED),
    happened.ReferralRerouted: (ASKED | {S.DECLINED}, S.SENT),
    happened.ReferralAppointmentNotified: (TAKEN, S.SCHEDULED),
    happened.ReferralNoShowNotified: (frozenset({S.SCHEDULED}), S.NO_SHOW),
    happened.ReferralInterimReportReceived: (TAKEN, S.IN_PROGRESS),
    happened.ReferralOutcomeReceived: (ASKED | TAKEN | {S.CANCELLATION_REQUESTED}, S.OUTCOME_RECEIVED),
    happened.ReferralLoopClosed: (frozenset({S.OUTCOME_RECEIVED}), S.CLOSED),
    happened.ReferralCancelled: (ASKED | {S.DRAFT, S.ACCEPTED, S.DECLINED}, S.CANCELLED),
    happened.ReferralCancellationRequested: (TAKEN - {S.ACCEPTED}, S.CANCELLATION_REQUESTED),
    happened.ReferralCancellationAccepted: (frozenset({S.CANCELLATION_REQUESTED}), S.CANCELLED),
    happened.ReferralCancellationRefused: (frozenset({S.CANCELLATION_REQUESTED}), S.IN_PROGRESS),
    happened.ReferralExpired: (frozenset(set(S) - ENDED - {S.OUTCOME_RECEIVED}), S.EXPIRED),
    happened.ReferralReopened: (ENDED, S.RECEIVED),
}
ANSWERED = frozenset({S.OUTCOME_RECEIVED, S.CLOSED})
"""What only a review, another outcome or a reopening leads away from: no outcome is left unread."""
PASSED: Passed = MappingProxyType(
    {
        **dict.fromkeys(set(TRANSITIONS) - {happened.ReferralLoopClosed}, ANSWERED),
        happened.ReferralDrafted: frozenset(set(S) - {S.DRAFT}),
        happened.ReferralSent: frozenset(set(S) - {S.DRAFT, S.SENT}),
        happened.ReferralReceiptConfirmed: frozenset(set(S) - {S.DRAFT, S.SENT, S.RECEIVED}),
        happened.ReferralInformationProvided: ANSWERED | TAKEN - {S.ACCEPTED},
        happened.ReferralAccepted: ANSWERED | TAKEN - {S.ACCEPTED} | {S.CANCELLATION_REQUESTED},
        happened.ReferralInterimReportReceived: ANSWERED | {S.CANCELLATION_REQUESTED},
        happened.ReferralOutcomeReceived: frozenset(),
        happened.ReferralReopened: frozenset(set(S) - ENDED - {S.RECEIVED}),
    }
)

NEXT = {
    S.DRAFT: "send-referral",
    S.SENT: "confirm-referral-receipt",
    S.RECEIVED: "accept-referral",
    S.INFORMATION_REQUESTED: "provide-referral-information",
    S.ACCEPTED: "notify-referral-appointment",
    S.DECLINED: "reroute-referral",
    S.NO_SHOW: "notify-referral-appointment",
    S.SCHEDULED: "receive-referral-outcome",
    S.IN_PROGRESS: "receive-referral-outcome",
    S.CANCELLATION_REQUESTED: "accept-referral-cancellation",
    S.OUTCOME_RECEIVED: "close-referral",
}


class Referral(NamedTuple):
    """One loop. `since` is the event that gave it its status; `said` the last that gave its reasons."""

    referral_id: UUID
    status: ReferralStatus
    since: Fact
    order: ReferralOrder = ReferralOrder()
    sent: Fact | None = None
    accepted: Fact | None = None
    outcome: Fact | None = None
    closed: Fact | None = None
    owner: str | None = None
    due: datetime | None = None
    asked: str | None = None
    appointment: tuple[datetime | None, UUID | None] = (None, None)
    reports: frozenset[str | None] = frozenset()
    triaged: tuple[Priority, str | None] | None = None
    said: happened.ReferralEvent | None = None

    @property
    def is_open(self) -> bool:
        return self.status not in ENDED

    def has_told(self, report: str | None) -> bool:
        """Whether this outcome has come already."""
        return self.outcome is not None and report in self.reports


@dataclass(frozen=True, slots=True)
class Referrals(Things[Referral]):
    """Every referral of the journey."""

    def unfinished(self) -> Iterator[Referral]:
        return (each for each in self if each.is_open)

    def left_open(self) -> Iterator[Blocker]:
        for each in self.unfinished():
            yield Blocker(
                code="open-referral", what=f"a referral is {each.status}", subject_id=each.referral_id
            )

    def holds(self, visit_id: UUID) -> Iterator[Blocker]:  # noqa: ARG002 - it keeps the patient wherever they are
        for each in self.unfinished():
            if not each.order.follow_up:
                what = f"a referral is {each.status}, and is not a follow_up"
                yield Blocker(code="open-referral", what=what, subject_id=each.referral_id)

    def reached(self) -> Iterator[Milestone]:
        for each in self:
            yield from milestone("referral-sent", each.sent, each.referral_id)
            yield from milestone("referral-accepted", each.accepted, each.referral_id)
            yield from milestone("referral-outcome-received", each.outcome, each.referral_id)
            yield from milestone("referral-closed", each.closed, each.referral_id)

    def steps(self) -> Iterator[Step]:
        for each in self.unfinished():
            next_one = step(NEXT[each.status], each.since, each.due, each.referral_id)
            yield next_one.model_copy(update={"owner": each.owner})

    def blockers(self) -> Iterator[Blocker]:
        """Two open loops for one service are one too many."""
        asked: set[tuple[str, str]] = set()
        for each in self.unfinished():
            service = each.order.service
            if service is None:
                continue
            if (service.system, service.code) in asked:
                what = "another referral asks for the same service: cancel one of them"
                yield Blocker(code="duplicate-referral", what=what, subject_id=each.referral_id)
            asked.add((service.system, service.code))

    def loops(self) -> Iterator[Loop]:
        for each in self.unfinished():
            order = each.order
            asked = order.service or order.specialty
            yield Loop(
                id=each.referral_id,
                status=each.status,
                since=each.since.at,
                event_id=each.since.event_id,
                what=asked and (asked.display or asked.code),
                who=each.owner or order.performer,
                due=each.due,
            )
