"""A definition made ready to be followed: which of a journey's events each of its triggers hears.

A journey is gone through once; whatever a pathway asks afterwards is answered from what its triggers heard.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from operator import itemgetter
from typing import NamedTuple

from journey.domain.event import EVENTS, Event, Frozen, Precision, Recorded
from journey.domain.pathway.definition import Choice, Definition, Within
from journey.domain.pathway.span import Calendar, Span
from journey.domain.pathway.trigger import Condition, Earlier, Trigger, at_path, test


class Hit(NamedTuple):
    """An event that a trigger heard, and its place in the order of what happened."""

    place: int
    recorded: Recorded


Holding = tuple[Hit, ...] | None
"""The events by which a condition holds, perhaps none; None where it does not hold."""

NOWHERE = -1

_PLACE = itemgetter(0)

EXACT = frozenset({Precision.INSTANT, Precision.MINUTE, Precision.HOUR, Precision.UNKNOWN})
"""What says the day without doubt, or nothing at all."""


class Plan:
    """One definition, its calendar, and its triggers by the type of event that they listen for."""

    def __init__(self, definition: Definition, calendar: Calendar, digest: str) -> None:
        self.definition = definition
        self.calendar = calendar
        self.digest = digest
        self._listeners: dict[type[Event], list[tuple[Trigger, Callable[[Event], bool]]]] = {}
        self._earlier: dict[type[Event], list[tuple[Earlier, Callable[[Event], bool]]]] = {}
        for trigger in triggers(definition):
            event = EVENTS.get(trigger.event)
            if event is not None:
                self._listeners.setdefault(event, []).append((trigger, test(trigger)))
            for each in trigger.of:
                said = EVENTS.get(each.event)
                if said is not None:
                    self._earlier.setdefault(said, []).append((each, test(each)))

    def parameters(self, said: Mapping[str, str]) -> dict[str, str]:
        """What was said when the pathway was assigned; the first word of each where nothing known was."""
        parameters = self.definition.parameters.items()
        return {name: said[name] if said.get(name) in words else words[0] for name, words in parameters}

    def counted_from(self, recorded: Recorded) -> datetime:
        """The moment from which times are counted."""
        exact = recorded.occurred_precision in EXACT
        return recorded.occurred_at if exact else self.calendar.first_of(recorded.occurred_at)

    def hear(self, recorded: Sequence[Recorded]) -> "Heard":
        """What each trigger hears in these events, which are in the order in which they happened."""
        heard: dict[int, list[Hit]] = {}
        said: dict[int, set[object]] = {}
        for place, each in enumerate(recorded):
            for trigger, hears in self._listeners.get(type(each.event), ()):
                if hears(each.event) and all(_was_said(before, each.event, said) for before in trigger.of):
                    heard.setdefault(id(trigger), []).append(Hit(place, each))
            for earlier, hears in self._earlier.get(type(each.event), ()):
                if hears(each.event):
                    things = at_path(each.event, tuple(earlier.same.split(".")))
                    said.setdefault(id(earlier), set()).update(things)
        return Heard(heard, recorded)


def _was_said(earlier: Earlier, event: Event, said: Mapping[int, set[object]]) -> bool:
    """Whether that was said of the thing that this event is about."""
    return not said.get(id(earlier), set()).isdisjoint(at_path(event, tuple(earlier.same.split("."))))


def triggers(value: object) -> Iterator[Trigger]:
    """Every trigger in a part of a definition."""
    if isinstance(value, Trigger):
        yield value
    elif isinstance(value, tuple):
        for each in value:
            yield from triggers(each)
    elif isinstance(value, Frozen):
        for _, each in value:
            yield from triggers(each)


class Heard:
    """What the triggers of a plan heard on one journey; a trigger is known by being that very one."""

    def __init__(self, by_trigger: Mapping[int, Sequence[Hit]], recorded: Sequence[Recorded] = ()) -> None:
        self._by_trigger = by_trigger
        self._recorded = recorded

    def until(self, place: int) -> "Heard":
        """What was heard up to this place."""
        until = {
            trigger: heard[: bisect_right(heard, place, key=_PLACE)]
            for trigger, heard in self._by_trigger.items()
        }
        return Heard(until, self._recorded)

    def begins(self, hit: Hit) -> int:
        """The place from which on things may have followed it: of a day, what is known to the hour may."""
        place, first = hit.place, hit.recorded
        if first.occurred_precision is not Precision.INSTANT:
            while place and _lies_within(self._recorded[place - 1], first):
                place -= 1
        return place

    def hits(self, listening: Sequence[Trigger], after: int = NOWHERE) -> list[Hit]:
        """What any of them heard behind that place, in order; a counting one hears from its nth on."""
        found: dict[int, Hit] = {}
        for trigger in listening:
            heard, first = self._from(trigger, after)
            found |= {hit.place: hit for hit in heard[first:]}
        return list(found.values()) if len(listening) == 1 else [found[place] for place in sorted(found)]

    def first(self, listening: Sequence[Trigger], after: int = NOWHERE) -> Hit | None:
        """The first of them, without looking at the others: it is asked for most."""
        counting = (self._from(trigger, after) for trigger in listening)
        firsts = [heard[first] for heard, first in counting if first < len(heard)]
        return min(firsts, key=_PLACE, default=None)

    def _from(self, trigger: Trigger, after: int) -> tuple[Sequence[Hit], int]:
        """All that it heard, and from which on it counts."""
        heard = self._by_trigger.get(id(trigger), ())
        return heard, bisect_right(heard, after, key=_PLACE) + trigger.count - 1

    def holds(self, condition: Condition, after: int = NOWHERE) -> Holding:
        """The events by which it holds; None where it does not."""
        if condition.occurred is not None:
            hit = self.first(condition.occurred, after)
            return None if hit is None else (hit,)
        if condition.unless is not None:
            return () if self.holds(condition.unless, after) is None else None
        parts = [self.holds(each, after) for each in (condition.all or condition.any or ())]
        held = [part for part in parts if part is not None]
        if condition.all is not None:
            return tuple(hit for part in held for hit in part) if len(held) == len(parts) else None
        return min(held, key=_completed) if held else None


def _completed(holding: Sequence[Hit]) -> int:
    """Where the last of the events is by which it holds."""
    return max((hit.place for hit in holding), default=NOWHERE)


def _lies_within(each: Recorded, period: Recorded) -> bool:
    return each.occurred_at >= period.occurred_at and each.reaches < period.reaches and each.version != 1


def chosen(within: Within, event: Event | None, parameters: Mapping[str, str]) -> Span | None:
    """The span that holds for what is counted from this event; None where nothing is said for it."""
    if not isinstance(within, Choice):
        return within
    prefix, _, rest = within.by.partition(".")
    if prefix == "parameters":
        words: tuple[object, ...] = (parameters.get(rest),)
    else:
        words = at_path(event, tuple(within.by.split(".")))
    return next((within.cases[str(word)] for word in words if str(word) in within.cases), within.otherwise)
