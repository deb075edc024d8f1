"""One case for each command: what it does, where it is refused, and where there is nothing to do."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from journey.domain.event import Command, Event, Refused
from journey.domain.journey import NoSuchJourney
from tests.spec import Given, given


@dataclass(frozen=True)
class Case:
    """`quiet` is where it has happened already, or need not; left out: after it was done."""

    command: Command
    after: Given
    happens: Sequence[Event]
    refused: Given = field(default_factory=given)
    refusal: type[Refused] = NoSuchJourney
    blockers: Sequence[str] = ()
    quiet: Given | None = None

    def is_done(self) -> None:
        self.after.when(self.command).then(*self.happens)

    def is_refused(self) -> None:
        self.refused.when(self.command).then_refused(self.refusal, blockers=self.blockers)

    def is_quiet(self) -> None:
        there = self.quiet or self.after.when(self.command).done()
        there.when(self.command).then_nothing()


def name(case: Case) -> str:
    return case.command.name()
