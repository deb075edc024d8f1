"""What is true of the intake: only what a rule or the patient's standing reads."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import NamedTuple
from uuid import UUID

from pydantic import AwareDatetime

from journey.domain.codes import Channel, IntakeStatus, Priority
from journey.domain.event import Blocker, Fact
from journey.domain.intake import events as happened
from journey.domain.intake.events import CommunicationNeed, IdentityMatched, IntakeStarted
from journey.domain.room import Loop, Milestone, Step, Transitions, milestone, step

S = IntakeStatus
OPEN = frozenset({S.IN_PROGRESS, S.AWAITING_INFORMATION})
BEGUN = frozenset(set(S) - {S.NOT_STARTED})
EVER = frozenset(S)
TRANSITIONS: Transitions = {
    happened.IntakeStarted: (frozenset({S.NOT_STARTED, S.ABANDONED, S.REJECTED}), S.IN_PROGRESS),
    happened.IntakeAcknowledged: (BEGUN, None),
    happened.IntakeItemCaptured: (OPEN, None),
    happened.IntakeItemWaived: (OPEN, None),
    happened.IntakeInformationRequested: (OPEN, S.AWAITING_INFORMATION),
    happened.IntakeInformationReceived: (EVER, None),
    happened.IdentityMatched: (EVER, None),
    happened.PotentialDuplicateFlagged: (EVER, None),
    happened.PotentialDuplicateDismissed: (EVER, None),
    happened.InterpreterNeedRecorded: (EVER, None),
    happened.CommunicationNeedsRecorded: (EVER, None),
    happened.IntakeFormReceived: (EVER, None),
    happened.IntakeCompleted: (OPEN, S.COMPLETED),
    happened.IntakeAbandoned: (OPEN, S.ABANDONED),
    happened.IntakeRejected: (OPEN, S.REJECTED),
}

IDENTITY = "identity"
"""The required item that the match of the patient settles."""


class Question(NamedTuple):
    """What was asked, of whom, until when."""

    what: str
    due: AwareDatetime | None
    asked: Fact


class Intake(NamedTuple):
    """Where the intake stands. `since` is the event that gave it its status."""

    status: IntakeStatus = IntakeStatus.NOT_STARTED
    since: Fact | None = None
    started: IntakeStarted | None = None
    priority: Priority = Priority.ROUTINE
    required: tuple[str, ...] = ()
    captured: Mapping[str, str | None] = MappingProxyType({})
    questions: Mapping[UUID, Question] = MappingProxyType({})
    answered: frozenset[UUID] = frozenset()
    duplicates: Mapping[UUID, Fact] = MappingProxyType({})
    interpreter: str | None = None
    needs: tuple[frozenset[CommunicationNeed], Channel | None] = (frozenset(), None)
    acknowledge_by: datetime | None = None
    acknowledged: tuple[Channel | None, Fact] | None = None
    matched: IdentityMatched | None = None
    forms: Mapping[str, frozenset[str]] = MappingProxyType({})
    waived: Mapping[str, str] = MappingProxyType({})

    @property
    def is_open(self) -> bool:
        return self.status in OPEN

    @property
    def is_matched(self) -> bool:
        """It is settled who the patient is: somebody who is known, or nobody so far."""
        return self.matched is not None and self.matched.candidates <= 1

    def is_settled(self, item: str) -> bool:
        """Whether a required item is known, or need not be."""
        if item in self.captured or item in self.forms or item in self.waived:
            return True
        return item == IDENTITY and self.is_matched

    def lacks(self) -> tuple[Blocker, ...]:
        """What keeps it from being completed."""
        missing = (item for item in self.required if not self.is_settled(item))
        among = 0 if self.matched is None or self.is_matched else self.matched.candidates
        return (
            *(Blocker(code="intake-item", what=f"{item} is not captured") for item in missing),
            *(
                Blocker(code="intake-information", what=f"no answer yet: {question.what}", subject_id=key)
                for key, question in self.questions.items()
            ),
            *(
                Blocker(code="potential-duplicate", what="a possible duplicate is undecided", subject_id=key)
                for key in self.duplicates
            ),
            *(
                (Blocker(code="identity-undecided", what=f"it could be any of {among}: match-identity"),)
                if among and IDENTITY not in self.waived
                else ()
            ),
        )

    def lacks_but(self, excepted: frozenset[str]) -> tuple[Blocker, ...]:
        """What keeps it from being completed, these items and kinds apart."""
        rest = tuple(item for item in self.required if item not in excepted)
        return tuple(each for each in self._replace(required=rest).lacks() if each.code not in excepted)

    def left_open(self) -> Iterator[Blocker]:
        if self.is_open:
            yield Blocker(code="open-intake", what="the intake is not finished")

    def holds(self, visit_id: UUID) -> Iterator[Blocker]:  # noqa: ARG002 - it keeps nobody in hospital
        return iter(())

    def reached(self) -> Iterator[Milestone]:
        if self.acknowledged is not None:
            yield from milestone("intake-acknowledged", self.acknowledged[1])
        if self.status is IntakeStatus.COMPLETED:
            yield from milestone("intake-completed", self.since)

    def steps(self) -> Iterator[Step]:
        if self.is_open and self.since is not None:
            if self.acknowledge_by is not None and self.acknowledged is None:
                event_id = self.since.event_id
                yield Step(step="acknowledge-intake", due=self.acknowledge_by, event_id=event_id)
            yield Step(step="complete-intake", event_id=self.since.event_id)
        given_up = self.status in {IntakeStatus.ABANDONED, IntakeStatus.REJECTED}
        for key, question in () if given_up else self.questions.items():
            yield step("receive-intake-information", question.asked, question.due, key)

    def blockers(self) -> Iterator[Blocker]:
        return iter(self.lacks() if self.is_open else ())

    def loops(self) -> Iterator[Loop]:
        return iter(())
