"""Everything recorded on a journey, and what of it holds."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from operator import is_not
from typing import Any, NamedTuple
from uuid import UUID

from journey.domain.correction.events import CORRECTIONS, EventCorrected, EventReinstated, EventVoided
from journey.domain.correction.evolve import reads
from journey.domain.event import Command, Event, Recorded


class Said(NamedTuple):
    """The latest word on each event, by its id: what voids it, and what says how it should read."""

    voids: dict[UUID, EventVoided]
    corrects: dict[UUID, Recorded]


@dataclass(frozen=True)
class History:
    """Everything recorded on a journey, in the order of versions."""

    recorded: tuple[Recorded, ...] = ()
    memory: list[Any] = field(default_factory=list, compare=False, repr=False)
    """The state that was folded last: the next decision goes on from it where nothing lies between."""

    def followed_by(self, recorded: Iterable[Recorded]) -> "History":
        """The same, and what was recorded then."""
        return History((*self.recorded, *recorded), self.memory)

    def remembered(self, told: tuple[Recorded, ...]) -> tuple[Any, tuple[Recorded, ...]]:
        """The state that was folded last, and what of these came after; else none, and all of them."""
        last = next(iter(self.memory), None)
        if last is None or len(told) < len(last.recorded) or any(map(is_not, last.recorded, told)):
            return None, told
        return last, told[len(last.recorded) :]

    @property
    def version(self) -> int:
        return self.recorded[-1].version if self.recorded else 0

    def known_at(self, moment: datetime) -> "History":
        """What was recorded by then."""
        return History(tuple(each for each in self.recorded if each.recorded_at <= moment))

    def with_told(self, events: Iterable[Event], command: Command) -> "History":
        """The same, had this command led to these events."""
        last = self.recorded[-1]
        at = command.occurred_at or last.occurred_at
        told = tuple(
            Recorded(
                journey_id=last.journey_id,
                version=last.version + number,
                event_id=UUID(int=last.version + number),
                event=event,
                occurred_at=at,
                occurred_precision=command.occurred_precision,
                recorded_at=max(last.recorded_at, command.reaches),
                context_json=last.context_json,
            )
            for number, event in enumerate(events, 1)
        )
        return History((*self.recorded, *told))

    @cached_property
    def corrections(self) -> tuple[Recorded, ...]:
        """What was said of other events. Most histories have none, and are not asked for more."""
        return tuple([each for each in self.recorded if type(each.event) in CORRECTIONS])

    @cached_property
    def said(self) -> Said:
        """The latest word on each event."""
        voids: dict[UUID, EventVoided] = {}
        corrects: dict[UUID, Recorded] = {}
        for each in self.corrections:
            match each.event:
                case EventVoided(voids=target) as void:
                    voids[target] = void
                case EventReinstated(reinstates=target, because_of=because_of):
                    voids.pop(target, None)
                    if because_of is None:
                        corrects.pop(target, None)
                case EventCorrected(corrects=target):
                    corrects[target] = each
                case _:
                    pass
        return Said(voids, corrects)

    @cached_property
    def voided(self) -> frozenset[UUID]:
        """The events that do not hold."""
        return frozenset(self.said.voids)

    @cached_property
    def readings(self) -> tuple[Recorded, ...]:
        """Every event but the corrections, as it should read; those that do not hold are among them."""
        if not self.corrections:
            return self.recorded
        corrects = self.said.corrects
        return tuple(
            reads(each, corrects[each.event_id]) if each.event_id in corrects else each
            for each in self.recorded
            if type(each.event) not in CORRECTIONS
        )

    @cached_property
    def effective(self) -> tuple[Recorded, ...]:
        """What holds, in the order in which it happened; what opened the journey stands first."""
        if not self.corrections:
            return tuple(sorted(self.recorded, key=in_order))
        voided = self.voided
        return tuple(sorted((each for each in self.readings if each.event_id not in voided), key=in_order))

    def tells(self, event: Event, occurred_at: datetime | None) -> bool:
        """Whether exactly this is recorded of exactly that time, though it should read otherwise since."""
        holding = self.effective
        if corrects := self.said.corrects.keys() - self.voided:
            holding = (*holding, *(each for each in self.recorded if each.event_id in corrects))
        return any(each.occurred_at == occurred_at and each.event == event for each in holding)

    def until(self, moment: datetime) -> tuple[Recorded, ...]:
        """What holds and had happened by then, with the opening whenever that was recorded."""
        return tuple(each for each in self.effective if each.version == 1 or each.reaches <= moment)


def in_order(recorded: Recorded) -> tuple[bool, datetime, datetime, int]:
    """By what happened; ties by what was recorded."""
    return (recorded.version != 1, recorded.reaches, recorded.recorded_at, recorded.version)
