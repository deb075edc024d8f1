"""Rebuilding: how each read model is, with the last time that somebody had it made anew."""

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

from journey.errands.errand import Errand
from journey.errands.errand import State as Course
from journey.projections.reached import Reached


class State(StrEnum):
    """How a read model is."""

    RUNNING = "running"
    BLOCKED = "blocked"
    REBUILDING = "rebuilding"
    STOPPED = "stopped"


class Standing(NamedTuple):
    """A read model, and its last rebuild."""

    reached: Reached
    rebuild: Errand | None

    @property
    def state(self) -> State:
        """Blocked: it meets an error and does not go on. Stopped: no worker leads it."""
        if self.rebuild is not None and self.rebuild.state is Course.RUNNING:
            return State.REBUILDING
        if not self.reached.is_led:
            return State.STOPPED
        return State.BLOCKED if self.reached.last_error else State.RUNNING

    @property
    def since(self) -> datetime | None:
        """When that began; of one that nobody leads, when it last moved."""
        reached = self.reached
        match self.state:
            case State.REBUILDING:
                return self.rebuild and self.rebuild.began_at
            case State.STOPPED:
                return reached.moved_at
            case State.BLOCKED:
                return reached.failing_since
            case State.RUNNING:
                return reached.led_since


def standings(reached: Iterable[tuple[Any, ...]], rebuilds: Iterable[Errand]) -> list[Standing]:
    """Of the rows that `POSITIONS` and `OF_EACH` find."""
    last = {each.subject: each for each in rebuilds}
    return [Standing(each, last.get(each.name)) for each in map(Reached.of, reached)]
