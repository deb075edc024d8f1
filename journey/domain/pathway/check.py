"""What is wrong with a definition although each of its fields is right by itself."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from enum import Enum
from typing import Any

from journey.domain.event import Event, Frozen
from journey.domain.pathway.definition import START, Choice, Definition, MilestoneDefinition
from journey.domain.pathway.trigger import Trigger, kinds_at

Place = tuple[str | int, ...]
Complaint = tuple[Place, str]
"""Where in the definition, and a sentence."""

Catalogue = Mapping[str, type[Event]]
"""Every event by its stored name."""


def complaints(definition: Definition, catalogue: Catalogue) -> Iterator[Complaint]:
    """Everything that does not fit together."""
    known = {each.id for each in definition.every_milestone()}
    yield from _twice(definition)
    for place, milestone in _milestones(definition):
        yield from _milestone(milestone, place, known, definition)
    for at, stage in enumerate(definition.stages):
        for number, entry in enumerate(stage.entered_by):
            yield from _unknown(entry, known | {START}, ("stages", at, "entered_by", number))
    for place, trigger in _triggers(definition):
        yield from _trigger(trigger, place, catalogue)
    for at, clock in enumerate(definition.clocks):
        if isinstance(clock.target, Choice):
            yield from _parameter(clock.target, ("clocks", at, "target", "by"), definition)
    yield from _circles(definition)


def _milestones(definition: Definition) -> Iterator[tuple[Place, MilestoneDefinition]]:
    for at, milestone in enumerate(definition.milestones):
        yield ("milestones", at), milestone
    for at, branch in enumerate(definition.branches):
        for number, milestone in enumerate(branch.milestones):
            yield ("branches", at, "milestones", number), milestone


def _twice(definition: Definition) -> Iterator[Complaint]:
    named: dict[str, Iterable[tuple[Place, str]]] = {
        "milestone": [(place, each.id) for place, each in _milestones(definition)],
        **{
            kind.removesuffix("s"): [
                ((kind, at), each.id) for at, each in enumerate(getattr(definition, kind))
            ]
            for kind in ("stages", "clocks", "blockers")
        },
    }
    for kind, ids in named.items():
        counted = Counter(each for _, each in ids)
        seen: set[str] = set()
        for place, each in ids:
            if counted[each] > 1 and each in seen:
                yield (*place, "id"), f"another {kind} is called {each} already"
            seen.add(each)


def _milestone(
    milestone: MilestoneDefinition, place: Place, known: set[str], definition: Definition
) -> Iterator[Complaint]:
    if milestone.id == START:
        yield (*place, "id"), "no milestone is called start: that is where the pathway begins"
    for number, required in enumerate(milestone.requires):
        yield from _unknown(required, known, (*place, "requires", number))
    if milestone.due is None:
        if milestone.warn_at is not None or milestone.escalate:
            yield place, "warn_at and escalate need a due time to be counted from"
        return
    if isinstance(milestone.due.after, str):
        yield from _unknown(milestone.due.after, known | {START}, (*place, "due", "after"))
    if isinstance(milestone.due.within, Choice):
        yield from _parameter(milestone.due.within, (*place, "due", "within", "by"), definition)


def _unknown(name: str, known: set[str], place: Place) -> Iterator[Complaint]:
    if name not in known:
        yield place, f"there is no milestone {name}; there are {', '.join(sorted(known))}"


def _parameter(choice: Choice, place: Place, definition: Definition) -> Iterator[Complaint]:
    prefix, _, name = choice.by.partition(".")
    if prefix != "parameters":
        return
    words = definition.parameters.get(name)
    if words is None:
        yield place, f"there is no parameter {name}"
    elif odd := set(choice.cases) - set(words):
        yield place, f"the parameter {name} is never {', '.join(sorted(odd))}"


def _triggers(value: Any, place: Place = ()) -> Iterator[tuple[Place, Trigger]]:
    """Every trigger in it, wherever it stands."""
    if isinstance(value, Trigger):
        yield place, value
    elif isinstance(value, tuple):
        for number, each in enumerate(value):
            yield from _triggers(each, (*place, number))
    elif isinstance(value, Frozen):
        for name, each in value:
            yield from _triggers(each, (*place, name))


def _trigger(trigger: Trigger, place: Place, catalogue: Catalogue) -> Iterator[Complaint]:
    event = catalogue.get(trigger.event)
    if event is None:
        yield (*place, "event"), f"there is no event {trigger.event}; the catalogue of events lists all"
        return
    for path in trigger.where:
        yield from _path(event, trigger, path, (*place, "where", path))


def _path(event: type[Event], trigger: Trigger, path: str, place: Place) -> Iterator[Complaint]:
    kinds = kinds_at(event, tuple(path.split(".")))
    if not kinds:
        yield place, f"{trigger.event} has no field {path}"
    match = trigger.where[path]
    if isinstance(match, tuple) and all(issubclass(kind, Enum) for kind in kinds):
        words = {str(word.value) for kind in kinds for word in kind}
        if odd := {str(word) for word in match} - words:
            yield place, f"{path} is never {', '.join(sorted(odd))}; it is one of {', '.join(sorted(words))}"


def _circles(definition: Definition) -> Iterator[Complaint]:
    """Milestones that wait for each other are never next."""
    waits = {each.id: set(each.requires) for each in definition.every_milestone()}
    for place, milestone in _milestones(definition):
        seen: set[str] = set()
        front = set(waits[milestone.id])
        while front:
            seen |= front
            front = {after for each in front for after in waits.get(each, ())} - seen
        if milestone.id in seen:
            yield (*place, "requires"), f"{milestone.id} waits for itself"
