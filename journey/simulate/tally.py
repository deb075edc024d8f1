"""What a simulation amounts to, counted while it runs."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from uuid import UUID

from journey.domain.episode import OpenJourney
from journey.simulate.step import Step


@dataclass(slots=True)
class Tally:
    """Counts the steps that run through it: `for step in tally.counting(simulate(…))`."""

    steps: int = 0
    entered_late: int = 0
    by_command: Counter[str] = field(default_factory=Counter)
    """Steps by the command's name, `book-visit`."""
    _journeys: set[UUID] = field(default_factory=set)
    _patients: set[UUID] = field(default_factory=set)

    def counting(self, steps: Iterable[Step]) -> Iterator[Step]:
        """The same steps; each counts as it passes."""
        for step in steps:
            command = step.command
            self.steps += 1
            self.entered_late += command.occurred_at is not None and command.occurred_at < step.recorded_at
            self.by_command[command.name()] += 1
            self._journeys.add(step.journey_id)
            if isinstance(command, OpenJourney):
                self._patients.add(command.patient_id)
            yield step

    @property
    def figures(self) -> dict[str, int | dict[str, int]]:
        """For a person or a program: patient records, journeys, steps, late entries, steps by kind."""
        return {
            "patients": len(self._patients),
            "journeys": len(self._journeys),
            "steps": self.steps,
            "entered_late": self.entered_late,
            "by_command": dict(self.by_command.most_common()),
        }


def summary(steps: Iterable[Step]) -> dict[str, int | dict[str, int]]:
    """The figures of these steps."""
    tally = Tally()
    for _ in tally.counting(steps):
        pass
    return tally.figures
