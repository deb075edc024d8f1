"""What is true of the intake: only what a rule or the patient's standing reads."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import NamedTuple
from uuid import UUID

from pydantic import AwareDatetime

from journey.domain.codes import IntakeStatus, Priority
from journey.domain.event import Blocker, Fact
from journey.domain.room import Loop, Milestone, Step, milestone, step


class Question(NamedTuple):
    """What was asked, of whom, until when."""

    what: str
    due: AwareDatetime | None
    asked: Fact


class Intake(NamedTuple):
    """Where the intake stands. `since` is the event that gave it its status."""

    status: IntakeStatus = IntakeStatus.NOT_STARTED
    since: Fact | None = None
    priority: Priority = Priority.ROUTINE
    required: tuple[str, ...] = ()
    captured: Mapping[str, str | None] = MappingProxyType({})
    questions: Mapping[UUID, Question] = MappingProxyType({})
    answered: frozenset[UUID] = frozenset()
    duplicates: Mapping[UUID, Fact] = MappingProxyType({})
    interpreter: str | None = None

    @property
    def is_open(self) -> bool:
        return self.status in {IntakeStatus.IN_PROGRESS, IntakeStatus.AWAITING_INFORMATION}

    def lacks(self) -> tuple[Blocker, ...]:
        """What keeps it from being completed."""
        missing = (item for item in self.required if item not in self.captured)
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
        )

    def left_open(self) -> Iterator[Blocker]:
        if self.is_open:
            yield Blocker(code="open-intake", what="the intake is not finished")

    def holds(self, visit_id: UUID) -> Iterator[Blocker]:  # noqa: ARG002 - it keeps nobody in hospital
        return iter(())

    def reached(self) -> Iterator[Milestone]:
        if self.status is IntakeStatus.COMPLETED:
            yield from milestone("intake-completed", self.since)

    def steps(self) -> Iterator[Step]:
        if self.is_open and self.since is not None:
            yield Step(step="complete-intake", event_id=self.since.event_id)
        for key, question in self.questions.items():
            yield step("receive-intake-information", question.asked, question.due, key)

    def blockers(self) -> Iterator[Blocker]:
        return iter(self.lacks() if self.is_open else ())

    def loops(self) -> Iterator[Loop]:
        return iter(())
