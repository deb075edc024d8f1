"""What is true of the handoffs of a journey: only what a rule or the patient's standing reads."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple
from uuid import UUID

from journey.domain.event import Blocker, Event, Fact
from journey.domain.handoff import events as happened
from journey.domain.handoff.events import HandoffOffer, IllnessSeverity
from journey.domain.room import Loop, Milestone, Step, Things, Transitions, milestone

ACCEPT_WITHIN: Mapping[IllnessSeverity, timedelta] = MappingProxyType(
    {
        IllnessSeverity.STABLE: timedelta(minutes=120),
        IllnessSeverity.WATCHER: timedelta(minutes=30),
        IllnessSeverity.UNSTABLE: timedelta(minutes=15),
    }
)
"""How long a receiver has, where the offer does not say. A policy, not a standard: I-PASS sets no times.
The due time is recorded with the event, so that another policy changes nothing that has been offered."""


class HandoffStatus(StrEnum):
    """Where the handoff is (docs/events.md has the crosswalk to FHIR Task)."""

    DRAFT = "draft"
    OFFERED = "offered"
    DECLINED = "declined"
    EXPIRED = "expired"
    ESCALATED = "escalated"
    ACCEPTED = "accepted"
    SYNTHESISED = "synthesised"
    RETURNED = "returned"
    COMPLETED = "completed"
    WITHDRAWN = "withdrawn"


S = HandoffStatus
ASKED = frozenset({S.OFFERED, S.ESCALATED, S.RETURNED})
UNACCEPTED = ASKED | {S.DECLINED, S.EXPIRED}
TAKEN = frozenset({S.ACCEPTED, S.SYNTHESISED})
ENDED = frozenset({S.COMPLETED, S.WITHDRAWN})
TRANSITIONS: Transitions = {
    happened.HandoffDrafted: (frozenset({None, S.DRAFT}), S.DRAFT),
    happened.HandoffOffered: (frozenset({None, S.DRAFT}), S.OFFERED),
    happened.HandoffViewed: (UNACCEPTED | TAKEN | ENDED, None),
    happened.HandoffQuestionAsked: (UNACCEPTED | TAKEN, None),
    happened.HandoffQuestionAnswered: (UNACCEPTED | TAKEN | {S.COMPLETED}, None),
    happened.HandoffAccepted: (ASKED | {S.EXPIRED}, S.ACCEPTED),
    happened.HandoffSynthesised: (TAKEN, S.SYNTHESISED),
    happened.HandoffDeclined: (ASKED, S.DECLINED),
    happened.HandoffExpired: (ASKED, S.EXPIRED),
    happened.HandoffEscalated: (UNACCEPTED, S.ESCALATED),
    happened.HandoffReassigned: (UNACCEPTED, S.OFFERED),
    happened.HandoffWithdrawn: (UNACCEPTED | {S.DRAFT}, S.WITHDRAWN),
    happened.HandoffReturned: (TAKEN, S.RETURNED),
    happened.HandoffCompleted: (frozenset({S.SYNTHESISED}), S.COMPLETED),
    happened.HandoffActionAdded: (UNACCEPTED | TAKEN, None),
    happened.HandoffActionDone: (UNACCEPTED | TAKEN | {S.COMPLETED}, None),
    happened.HandoffActionTransferred: (UNACCEPTED | TAKEN | {S.COMPLETED}, None),
}

BEFORE: Mapping[type[Event], frozenset[HandoffStatus]] = MappingProxyType(
    {
        happened.HandoffDrafted: frozenset(set(S) - {S.DRAFT}),
        happened.HandoffDeclined: TAKEN | ENDED,
        happened.HandoffExpired: TAKEN | ENDED,
        happened.HandoffEscalated: TAKEN | ENDED,
        happened.HandoffReassigned: TAKEN | ENDED,
        happened.HandoffWithdrawn: TAKEN | ENDED,
    }
)
"""What says nothing any more where the acceptance, though told later, came first: it is not taken back."""
PASSED: Mapping[type[Event], frozenset[HandoffStatus]] = MappingProxyType(
    {
        happened.HandoffOffered: frozenset(set(S) - {S.DRAFT, S.OFFERED}),
        happened.HandoffAccepted: frozenset({S.SYNTHESISED, S.COMPLETED}),
        happened.HandoffSynthesised: frozenset({S.COMPLETED}),
    }
)
"""What is still worth knowing when the handoff has gone further, but leads to no status."""


class Party(NamedTuple):
    """Who hands over, or who is asked."""

    team: str | None
    person: str | None = None

    @property
    def name(self) -> str | None:
        return self.person or self.team


class Action(NamedTuple):
    """Something to be done, since when, and whether it is done or somebody else's."""

    what: str
    owner: str | None
    due: datetime | None
    since: Fact
    done: bool = False
    transferred: bool = False


class Question(NamedTuple):
    """What the receiver wants to know, since when, and the answer."""

    what: str
    asked: Fact
    answer: str | None = None


class Handoff(NamedTuple):
    """One handoff. `since` is the event that gave it its status."""

    handoff_id: UUID
    status: HandoffStatus
    since: Fact
    offer: HandoffOffer | None = None
    sender: Party = Party(None)
    asked: tuple[Party, ...] = ()
    due: datetime | None = None
    level: int = 0
    offered: Fact | None = None
    accepted: Fact | None = None
    acceptor: Party | None = None
    synthesis: str | None = None
    reason: str | None = None
    viewers: frozenset[str] = frozenset()
    actions: Mapping[UUID, Action] = MappingProxyType({})
    questions: Mapping[UUID, Question] = MappingProxyType({})

    @property
    def is_open(self) -> bool:
        return self.status not in ENDED

    @property
    def ladder(self) -> tuple[str, ...]:
        return () if self.offer is None else self.offer.ladder

    @property
    def who(self) -> str | None:
        """Whose it is by now: whoever accepted it, or else was asked last."""
        party = self.acceptor or (self.asked[-1] if self.asked else None)
        return None if party is None else party.name

    def to_do(self) -> Iterator[tuple[UUID, Action]]:
        """The actions that the handoff waits for."""
        return (pair for pair in self.actions.items() if not (pair[1].done or pair[1].transferred))

    def next_step(self) -> tuple[str, str | None]:
        """What comes next, and who does it."""
        match self.status:
            case S.DRAFT:
                return "offer-handoff", self.sender.name
            case S.DECLINED | S.EXPIRED:
                higher = self.level < len(self.ladder)
                return "escalate-handoff" if higher else "reassign-handoff", self.sender.name
            case S.ACCEPTED:
                return "synthesise-handoff", self.who
            case S.SYNTHESISED:
                return "complete-handoff", self.who
            case _:
                return "accept-handoff", self.who


def _step(name: str, key: UUID, owner: str | None, since: Fact, due: datetime | None) -> Step:
    """A step that is at risk half-way: what is due in minutes cannot warn a day before."""
    warn_at = due and since.at + (due - since.at) / 2
    return Step(step=name, subject_id=key, due=due, warn_at=warn_at, owner=owner, event_id=since.event_id)


@dataclass(frozen=True, slots=True)
class Handoffs(Things[Handoff]):
    """Every handoff of the journey."""

    def unfinished(self) -> Iterator[Handoff]:
        return (each for each in self if each.is_open)

    def unaccepted(self) -> Iterator[Blocker]:
        for each in self:
            if each.status in UNACCEPTED:
                what = f"a handoff is {each.status}, and nobody has accepted it"
                yield Blocker(code="unaccepted-handoff", what=what, subject_id=each.handoff_id)

    def left_open(self) -> Iterator[Blocker]:
        yield from self.unaccepted()
        for each in self.unfinished():
            if each.status not in UNACCEPTED:
                what = f"a handoff is {each.status}, and not completed"
                yield Blocker(code="open-handoff", what=what, subject_id=each.handoff_id)

    def holds(self, visit_id: UUID) -> Iterator[Blocker]:  # noqa: ARG002 - it keeps the patient wherever they are
        return self.unaccepted()

    def reached(self) -> Iterator[Milestone]:
        for each in self:
            yield from milestone("handoff-offered", each.offered, each.handoff_id)
            yield from milestone("handoff-accepted", each.accepted, each.handoff_id)
            completed = each.since if each.status is S.COMPLETED else None
            yield from milestone("handoff-completed", completed, each.handoff_id)

    def steps(self) -> Iterator[Step]:
        for each in self:
            if each.is_open:
                name, owner = each.next_step()
                due = each.due if each.status in UNACCEPTED else None
                yield _step(name, each.handoff_id, owner, each.since, due)
            if each.status is not S.WITHDRAWN:
                yield from _details(each)

    def blockers(self) -> Iterator[Blocker]:
        for each in self:
            if each.status in {S.DECLINED, S.EXPIRED}:
                what = f"a handoff is {each.status}, and nobody has taken over: {each.next_step()[0]}"
                yield Blocker(code="handoff-unaccepted", what=what, subject_id=each.handoff_id)

    def loops(self) -> Iterator[Loop]:
        for each in self.unfinished():
            yield Loop(
                id=each.handoff_id,
                status=each.status,
                since=each.since.at,
                event_id=each.since.event_id,
                what=None if each.offer is None else each.offer.kind,
                who=each.who,
                due=each.due if each.status in UNACCEPTED else None,
            )


def _details(handoff: Handoff) -> Iterator[Step]:
    """What its actions and questions ask for. A transferred action is lost sight of only when it is done."""
    for key, action in handoff.actions.items():
        if not action.done and (handoff.is_open or action.transferred):
            yield _step("complete-handoff-action", key, action.owner, action.since, action.due)
    if handoff.is_open:
        for key, question in handoff.questions.items():
            if question.answer is None:
                yield _step("answer-handoff-question", key, handoff.sender.name, question.asked, None)
