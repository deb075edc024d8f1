"""What is true of the intake: only what a rule or the patient's standing reads."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple
from uuid import UUID

from pydantic import AwareDatetime

from journey.domain.codes import IntakeStatus
from journey.domain.event import Blocker, Fact


class Question(NamedTuple):
    """What was asked, of whom, until when."""

    what: str
    due: AwareDatetime | None
    asked: Fact


class Intake(NamedTuple):
    """Where the intake stands. `since` is the event that gave it its status."""

    status: IntakeStatus = IntakeStatus.NOT_STARTED
    since: Fact | None = None
    required: tuple[str, ...] = ()
    captured: Mapping[str, str | None] = MappingProxyType({})
    questions: Mapping[UUID, Question] = MappingProxyType({})
    answered: frozenset[UUID] = frozenset()
    duplicates: Mapping[UUID, Fact] = MappingProxyType({})
    interpreter: str | None = None

    @property
    def is_open(self) -> bool:
        return self.status in {IntakeStatus.IN_PROGRESS, IntakeStatus.AWAITING_INFORMATION}

    def blockers(self) -> tuple[Blocker, ...]:
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
