"""The answer at one point, and what changed between two: field by field, what is in a list by what it is.

What is told of a journey is its standing, and under `rooms` the state that the standing was made from. A path
names one value in it: `stage`, `open.referrals.<id>.status`, `rooms.visits.<id>.start`. What is not said has
no path, so that nothing at all is an answer too.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import date
from enum import Enum
from functools import cached_property
from typing import Any, NamedTuple
from uuid import UUID

from pydantic import BaseModel

from journey.domain.event import Blocker, Fact
from journey.domain.identity import Identifier
from journey.domain.journey import Journey
from journey.domain.pathway import Pathways
from journey.domain.pathway.clocks import Clock
from journey.domain.room import Escalation, Milestone, Step, Things, Waived
from journey.domain.standing import Standing, standing

SCALARS = (str, int, float, bool, date, UUID, Enum)
NAMED_BY: Mapping[type[Any], tuple[str, ...]] = {
    Milestone: ("milestone", "subject_id"),
    Step: ("step", "subject_id"),
    Waived: ("milestone",),
    Clock: ("clock", "run"),
    Identifier: ("system", "type", "value"),
    Escalation: ("to",),
}
"""What tells one of a list from the others, where it has no id of its own."""

REPEATED = {"requires", "intake-item", "discharge-checklist"}
"""What stands in the way more than once, and of the same: told apart by its words."""

HEAD = {"journey_id", "version"}
"""What says which answer it is, and is no part of it."""

ROOMS = (
    *("intake", "consents", "coverages", "authorizations", "referrals", "visits", "barriers"),
    *("communications", "treatments", "handoffs", "transfers", "discharges", "results", "tasks", "careplan"),
)


class Change(NamedTuple):
    """One value that is another since; None where nothing is said."""

    path: str
    before: Any
    after: Any


@dataclass(frozen=True)
class Answer:
    """Where the patient stands, and the state of the rooms; neither, before the journey was there."""

    stands: Standing | None = None
    journey: Journey | None = None

    @cached_property
    def parts(self) -> Mapping[str, Any]:
        """What it consists of, by the beginning of its path."""
        if self.stands is None:
            return {}
        rooms = {f"rooms.{room}": getattr(self.journey, room) for room in ROOMS}
        return {name: value for name, value in self.stands if name not in HEAD} | rooms

    def leaves(self) -> dict[str, Any]:
        """Every value, by its path."""
        return {path: value for name, part in self.parts.items() for path, value in leaves(part, name)}

    def under(self, path: str) -> dict[str, Any]:
        """The values at this path and below it."""
        near = (name for name in self.parts if are_near(name, path))
        found = (leaf for name in near for leaf in leaves(self.parts[name], name))
        return {leaf: value for leaf, value in found if is_under(leaf, path)}


NOTHING = Answer()


def is_said(answer: Answer, path: str) -> bool:
    """Whether answers have something of this name, though nothing may be said of it just now."""
    return any(are_near(name, path) for name in answer.parts)


def answer(journey: Journey, pathways: Pathways) -> Answer:
    """The answer for this state, without regard to the time that it is now."""
    return Answer(standing(journey, pathways), journey)


def changes(before: Answer, after: Answer, under: str = "") -> Iterator[Change]:
    """What the later answer says otherwise, at a path or anywhere. What is the same as a whole is not looked
    into.
    """
    was, now = before.parts, after.parts
    for name in now or was:
        one, other = was.get(name), now.get(name)
        if not are_near(name, under) or one is other or one == other:
            continue
        earlier, later = dict(leaves(one, name)), dict(leaves(other, name))
        for path in dict.fromkeys((*earlier, *later)):
            if earlier.get(path) != later.get(path) and is_under(path, under):
                yield Change(path, earlier.get(path), later.get(path))


def is_under(path: str, above: str) -> bool:
    """Whether the one is the other, or a part of it; everything is a part of the whole, which has no name."""
    return not above or path == above or path.startswith(f"{above}.")


def are_near(one: str, other: str) -> bool:
    """Whether either is a part of the other."""
    return is_under(one, other) or is_under(other, one)


# --- Values by their paths


def leaves(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Every value in this one, with its path. What only a rule compares with is left out: sets of facts, and
    what is kept by its kind.
    """
    match value:
        case None:
            return
        case frozenset():
            if value and all(isinstance(each, SCALARS) for each in value):
                yield path, tuple(sorted(value, key=str))
        case tuple() if value and all(isinstance(each, SCALARS) for each in value) and not _is_named(value):
            yield path, value
        case _ if isinstance(value, SCALARS):
            yield path, value
        case _:
            for name, each in _parts(value):
                yield from leaves(each, f"{path}.{name}")


def _parts(value: Any) -> Iterable[tuple[str, Any]]:
    """What a value consists of, by name."""
    match value:
        case Things():
            others = ((name, each) for name, each in _fields(value) if name != "by_id")
            return (*_parts(value.by_id), *others)
        case Mapping():
            return [(str(name), each) for name, each in value.items() if not isinstance(name, type)]
        case tuple() if not _is_named(value):
            return _numbered((_name(each), each) for each in value)
        case _:
            return _fields(value)


def _is_named(value: Any) -> bool:
    """Whether it is a tuple with names."""
    return hasattr(value, "_fields")


def _fields(value: Any) -> Iterable[tuple[str, Any]]:
    if isinstance(value, BaseModel):
        return value
    if is_dataclass(value):
        return [(each.name, getattr(value, each.name)) for each in fields(value)]
    return zip(value._fields, value, strict=True)


def _numbered(items: Iterable[tuple[str, Any]]) -> Iterator[tuple[str, Any]]:
    """The second of a name gets a number, and so do those without one."""
    times = Counter[str]()
    for name, each in items:
        times[name] += 1
        number = str(times[name]) if times[name] > 1 or not name else ""
        yield ".".join(filter(None, (name, number))), each


def _name(item: Any) -> str:
    """What it is called among its like: by what names it, or by its id, or by the event that made it so."""
    if type(item) in NAMED_BY:
        return _joined(getattr(item, name) for name in NAMED_BY[type(item)])
    if isinstance(item, Blocker):
        return _joined((item.code, item.subject_id, item.what if item.code in REPEATED else None))
    if isinstance(item, BaseModel) or is_dataclass(item) or _is_named(item):
        said = tuple(each for _, each in _fields(item))
    else:
        said = item if isinstance(item, tuple) else ()
    ids = (each for each in said if isinstance(each, UUID))
    facts = (each.event_id for each in said if isinstance(each, Fact))
    return _joined((next(ids, None) or next(facts, None),))


def _joined(names: Iterable[Any]) -> str:
    return ".".join(str(each) for each in names if each is not None)
