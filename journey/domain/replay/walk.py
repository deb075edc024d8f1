"""The walk: one event after the other, with the answer before and after it, on either axis of time."""

from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from journey.domain.correction import CORRECTIONS, History, TimelineRecomputed
from journey.domain.event import Recorded
from journey.domain.folding import Folded, anew
from journey.domain.journey import Journey, evolve, fold
from journey.domain.pathway import Pathways
from journey.domain.replay.answer import NOTHING, Change, answer, changes


class Axis(StrEnum):
    """In which order the events are walked through."""

    KNOWN = "known"
    """As they were recorded: how what was known changed. A correction is a step."""
    TRUE = "true"
    """As they happened, by all that is known: how things went. What is void did not happen."""


class Step(NamedTuple):
    """One event, and what it changed; None where the event is withheld."""

    recorded: Recorded
    changes: tuple[Change, ...] | None


class Walk:
    """A journey on one axis, of what happened `until` then. What is `hidden` has its place, and changes
    nothing.
    """

    def __init__(
        self,
        history: History,
        axis: Axis,
        pathways: Pathways,
        hidden: frozenset[UUID] = frozenset(),
        until: datetime | None = None,
    ) -> None:
        happened = history.effective if until is None else history.until(until)
        self.events = history.recorded if axis is Axis.KNOWN else happened
        self._until = until
        self._axis = axis
        self._pathways = pathways
        self._hidden = hidden
        self._start = Journey(history.recorded[0].journey_id, 0)

    def steps(self, begin: int = 0, end: int | None = None, *, under: str = "") -> Iterator[Step]:
        """The events from one place to another, with what each changed, at a path or anywhere."""
        folded = self._before(begin)
        before = answer(folded.journey, self._pathways) if folded.journey.recorded else NOTHING
        for place, each in enumerate(self.events[begin:end], begin):
            if each.event_id in self._hidden:
                yield Step(each, None)
                continue
            further = self._further(folded, place)
            after = before if further is folded else answer(further.journey, self._pathways)
            yield Step(each, tuple(changes(before, after, under)))
            folded, before = further, after

    def _before(self, place: int) -> Folded:
        seen = self._seen(place)
        if not seen:
            return Folded(self._start)
        if self._axis is Axis.KNOWN:
            return self._anew(seen)
        return Folded(fold(seen, self._start.journey_id))

    def _seen(self, place: int) -> tuple[Recorded, ...]:
        return tuple(each for each in self.events[:place] if each.event_id not in self._hidden)

    def _further(self, folded: Folded, place: int) -> Folded:
        """With the event at this place: one step, or all anew where it is late or a correction."""
        each = self.events[place]
        if type(each.event) is TimelineRecomputed:
            return folded
        if self._axis is Axis.TRUE:
            return Folded(evolve(folded.journey, (each,)))
        if self._is_later(each):
            return folded
        return folded.further((each,)) or self._anew(self._seen(place + 1))

    def _anew(self, seen: tuple[Recorded, ...]) -> Folded:
        return anew(History(seen), self._start.journey_id, self._until)

    def _is_later(self, each: Recorded) -> bool:
        """Whether it happened after all that is asked about."""
        if self._until is None or each.version == 1 or type(each.event) in CORRECTIONS:
            return False
        return each.reaches > self._until
