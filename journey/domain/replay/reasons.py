"""Why it is so: the events that decided what is answered, and what was said of each of them since.

Most of the answer names its events. Of the rest it is the event at which, as things happened, the value
became what it is.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple
from uuid import UUID

from journey.domain.correction import EventCorrected, EventReinstated, EventVoided, History
from journey.domain.event import Event, Recorded
from journey.domain.replay.answer import Answer
from journey.domain.replay.walk import Walk

WORK = 250_000
"""Events folded at the most for one question: of a journey of so many, this is how far back is looked."""


class Reason(NamedTuple):
    """An event, as it was first recorded; what it decides, and what was said of it since."""

    recorded: Recorded
    decides: tuple[str, ...]
    corrections: tuple[Recorded, ...]


def about(event: Event) -> UUID | None:
    """The event that a correction is about."""
    match event:
        case EventVoided(voids=target) | EventReinstated(reinstates=target) | EventCorrected(corrects=target):
            return target
    return None


def reasons(history: History, answer: Answer, of: str, walk: Walk) -> Iterator[Reason]:
    """Of all that this answer says at the path, in the order of recording; where it says nothing, of that.
    The walk is that of what happened.
    """
    every, values = answer.leaves(), answer.under(of)
    named = {path: _named(every, path) for path in values}
    changed = became(walk, of) if not all(named.values()) or not values else {}
    if not values and changed:
        path, recorded = list(changed.items())[-1]
        named[path] = (recorded.event_id,)
    decides: defaultdict[UUID, list[str]] = defaultdict(list)
    for path, ids in named.items():
        traced = (changed[path].event_id,) if path in changed else ()
        for event_id in ids or traced:
            decides[event_id].append(path)
    corrections: defaultdict[UUID | None, list[Recorded]] = defaultdict(list)
    for each in history.corrections:
        corrections[about(each.event)].append(each)
    for each in history.recorded:
        if each.event_id in decides:
            yield Reason(each, tuple(decides[each.event_id]), tuple(corrections[each.event_id]))


def _named(every: Mapping[str, Any], path: str) -> tuple[UUID, ...]:
    """The events that the answer itself names, at the value or at what it is a part of."""
    names = path.split(".")
    for length in range(len(names), 0, -1):
        near = ".".join(names[:length])
        if f"{near}.event_id" in every:
            return (every[f"{near}.event_id"],)
        found = every.get(f"{near}.event_ids") or every.get(f"why.{near}")
        if found:
            return tuple(found)
    return ()


def became(walk: Walk, of: str) -> dict[str, Recorded]:
    """At which event of the walk each value at this path became what it is at its end, the last one last."""
    found: dict[str, Recorded] = {}
    for step in walk.steps(max(0, len(walk.events) - reach(walk)), under=of):
        for change in step.changes or ():
            found.pop(change.path, None)
            found[change.path] = step.recorded
    return found


def reach(walk: Walk) -> int:
    """How many of its last events are looked through."""
    return max(1, WORK // max(1, len(walk.events)))


def learnt(walk: Walk, of: str) -> Recorded | None:
    """The event with which this last came to be answered otherwise. The walk is that of what was recorded."""
    return next(reversed(became(walk, of).values()), None)
