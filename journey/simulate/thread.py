"""A thread of a story: one thing that is followed from step to step, until it ends or is left."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from journey.domain.event import Command
from journey.simulate.dice import Dice
from journey.simulate.step import Voice
from journey.simulate.story import Story, Told


@dataclass(slots=True)
class Thread:
    """What has happened to it up to `at`; `names` is what each of its commands says it is about."""

    story: Story
    told: Told
    at: datetime
    names: dict[str, UUID]
    day_and_night: bool = False

    @property
    def dice(self) -> Dice:
        return self.story.dice

    def now(self, command: type[Command], by: Voice, **facts: Any) -> datetime:
        """The command is told at once."""
        return self.story.say(self.told, command(occurred_at=self.at, **self.names, **facts), by)

    def then(self, command: type[Command], by: Voice, least: float, most: float, **facts: Any) -> datetime:
        """It is told so many hours later; in working hours, unless it goes on day and night."""
        self.wait(least, most)
        return self.now(command, by, **facts)

    def wait(self, least: float, most: float) -> datetime:
        """So many hours pass."""
        at = self.at + self.dice.hours(least, most)
        self.at = at if self.day_and_night else self.story.diary.in_hours(at)
        return self.at

    def ends(self) -> datetime:
        """The journey has waited for it."""
        return self.story.settles(self.told, self.at)

    def is_left(self) -> datetime:
        """It stays open for good: nobody goes on with it."""
        self.told.loose = True
        return self.ends()
