"""What is wrong with a definition although each of its fields is right by itself."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from enum import Enum
from typing import Any

from pydantic import BaseModel

from journey.domain.event import Event, Frozen
from journey.domain.pathway.definition import START, Choice, Definition, MilestoneDefinition
from journey.domain.pathway.plan import triggers
from journey.domain.pathway.trigger import Condition, Listening, Trigger, kinds_at

Place = tuple[str | int, ...]
Complaint = tuple[Place, str]
"""Where in the definition, and a sentence."""

Catalogue = Mapping[str, type[Event]]
"""Every event by its stored name."""


def complaints(definition: Definition, catalogue: Catalogue) -> Iterator[Complaint]:
    """Everything that does not fit together."""
    if twice := tuple(_twice(definition)):
        yield from twice  # what else is wrong may follow from that
        return
    if many := tuple(_too_many(definition)):
        yield from many
        return
    known = {each.id for each in definition.every_milestone()}
    for place, milestone in _milestones(definition):
        yield from _milestone(milestone, place, known, {clock.id for clock in definition.clocks})
    yield from _required_of_a_branch(definition)
    for at, stage in enumerate(definition.stages):
        for number, entry in enumerate(stage.entered_by):
            yield from _unknown(entry, known | {START}, ("stages", at, "entered_by", number))
    for place, trigger in _triggers(definition):
        yield from _trigger(trigger, place, catalogue)
    for place, choice, counted_from in _choices(definition):
        yield from _choice(choice, place, definition, counted_from, catalogue)
    for at, clock in enumerate(definition.clocks):
        if clock.target is None:
            for name in ("warn_at", "extend", "standard"):
                if getattr(clock, name) is not None:
                    yield ("clocks", at, name), "needs a target"
    yield from _circles(definition)


MOST = {"milestones": 200, "clocks": 20, "triggers": 1000}
"""Of each, many times what a pathway has; with more, saying where a patient stands would take too long."""


def _too_many(definition: Definition) -> Iterator[Complaint]:
    there = {
        "milestones": len(definition.every_milestone()),
        "clocks": len(definition.clocks),
        "triggers": sum(1 + len(trigger.of) for _, trigger in _triggers(definition)),
    }
    for name, number in there.items():
        if number > MOST[name]:
            place = (name,) if name != "triggers" else ()
            yield place, f"{number} {name}, and a pathway has {MOST[name]} at most: part it into several"


def _milestones(definition: Definition) -> Iterator[tuple[Place, MilestoneDefinition]]:
    for at, milestone in enumerate(definition.milestones):
        yield ("milestones", at), milestone
    for at, branch in enumerate(definition.branches):
        for number, milestone in enumerate(branch.milestones):
            yield ("branches", at, "milestones", number), milestone


OTHERS = {"stage": "stages", "branch": "branches", "clock": "clocks", "blocker": "blockers"}


def _twice(definition: Definition) -> Iterator[Complaint]:
    named: dict[str, Iterable[tuple[Place, str]]] = {
        "milestone": [(place, each.id) for place, each in _milestones(definition)],
        **{
            kind: [((field, at), each.id) for at, each in enumerate(getattr(definition, field))]
            for kind, field in OTHERS.items()
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
    milestone: MilestoneDefinition, place: Place, known: set[str], clocks: set[str]
) -> Iterator[Complaint]:
    if milestone.id == START:
        yield (*place, "id"), "no milestone is called start: that is where the pathway begins"
    if isinstance(milestone.reached_by, Condition) and _holds_by_itself(milestone.reached_by):
        yield (*place, "reached_by"), "says only what must not have happened: no event reaches it"
    for number, required in enumerate(milestone.requires):
        yield from _unknown(required, known, (*place, "requires", number))
    if milestone.due is None:
        for name in ("warn_at", "escalate"):
            if getattr(milestone, name):
                yield (*place, name), "needs a due time"
    elif isinstance(milestone.due.after, str):
        every = known | clocks | {START}
        yield from _unknown(milestone.due.after, every, (*place, "due", "after"), "milestone or clock")
    if milestone.due is not None and milestone.due.within is None and milestone.due.after not in clocks:
        yield (*place, "due", "within"), "is missing; only after a clock it may be left out"


def _holds_by_itself(condition: Condition) -> bool:
    """Whether it may hold though nothing has happened."""
    if condition.all is not None:
        return all(map(_holds_by_itself, condition.all))
    return condition.unless is not None or any(map(_holds_by_itself, condition.any or ()))


def _required_of_a_branch(definition: Definition) -> Iterator[Complaint]:
    """Where the branch is not taken, it would be waited for in vain."""
    branch_of = {each.id: branch.id for branch in definition.branches for each in branch.milestones}
    for place, milestone in _milestones(definition):
        here = branch_of.get(milestone.id)
        for number, required in enumerate(milestone.requires):
            if branch_of.get(required, here) != here:
                said = f"{required} is there on the branch {branch_of[required]} only"
                yield (*place, "requires", number), said


def _unknown(name: str, known: set[str], place: Place, what: str = "milestone") -> Iterator[Complaint]:
    if name not in known:
        yield place, f"there is no {what} {name}; there are {', '.join(sorted(known))}"


# --- Spans that depend on something


def _choices(definition: Definition) -> Iterator[tuple[Place, Choice, tuple[Trigger, ...]]]:
    """Every choice, and the triggers of what its time is counted from."""
    starts = definition.starts or (Trigger(event="pathway.assigned"),)
    counted: dict[str, tuple[Trigger, ...]] = {
        START: starts,
        **{each.id: tuple(triggers(each.reached_by)) for each in definition.every_milestone()},
        **{each.id: starts if isinstance(each.start, str) else each.start for each in definition.clocks},
    }
    for place, milestone in _milestones(definition):
        due = milestone.due
        if due is not None and isinstance(due.within, Choice):
            after = counted.get(due.after, ()) if isinstance(due.after, str) else due.after
            yield (*place, "due", "within"), due.within, after
    for at, clock in enumerate(definition.clocks):
        if isinstance(clock.target, Choice):
            yield ("clocks", at, "target"), clock.target, counted[clock.id]


def _choice(
    choice: Choice,
    place: Place,
    definition: Definition,
    counted_from: tuple[Trigger, ...],
    catalogue: Catalogue,
) -> Iterator[Complaint]:
    prefix, _, name = choice.by.partition(".")
    words: set[str] | None
    if prefix == "parameters":
        if name not in definition.parameters:
            yield (*place, "by"), f"there is no parameter {name}"
            return
        words = set(definition.parameters[name])
    else:
        events = [event for each in counted_from if (event := catalogue.get(each.event)) is not None]
        kinds = set().union(*(kinds_at(event, tuple(choice.by.split("."))) for event in events))
        if events and not kinds:
            said = " or ".join(sorted({each.stored_as for each in events}))
            yield (*place, "by"), f"{said} has no field {choice.by}"
        words = _words(kinds)
    if words is not None and (odd := set(choice.cases) - words):
        said = f"{choice.by} is never {', '.join(sorted(odd))}; it is one of {', '.join(sorted(words))}"
        yield (*place, "cases"), said


# --- Triggers


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
    yield from _listening(trigger, place, catalogue)
    for number, each in enumerate(trigger.of):
        there = (*place, "of", number)
        yield from _listening(each, there, catalogue)
        for name in (each.event, trigger.event):
            kinds = kinds_at(catalogue[name], tuple(each.same.split("."))) if name in catalogue else {str}
            if not kinds:
                yield (*there, "same"), f"{name} has no field {each.same}"
            elif any(kind is dict or _has_parts(kind) for kind in kinds):
                yield (*there, "same"), f"{each.same} of {name} is no id, nor any other single word"


def _listening(listening: Listening, place: Place, catalogue: Catalogue) -> Iterator[Complaint]:
    event = catalogue.get(listening.event)
    if event is None:
        alike = get_close_matches(listening.event[:60], catalogue, 1, 0.8)
        more = f"is {alike[0]} meant?" if alike else "the catalogue of events lists all"
        yield (*place, "event"), f"there is no event {listening.event}; {more}"
        return
    for path in listening.where:
        yield from _path(event, listening, path, (*place, "where", path))


def _path(event: type[Event], trigger: Listening, path: str, place: Place) -> Iterator[Complaint]:
    kinds = kinds_at(event, tuple(path.split(".")))
    match = trigger.where[path]
    asked = match if isinstance(match, tuple) else match.unlike or ()
    if not kinds:
        yield place, f"{trigger.event} has no field {path}"
    elif asked and all(map(_has_parts, kinds)):
        parts = sorted({f"{path}.{name}" for kind in kinds for name in kind.model_fields})
        yield place, f"{path} has parts: say which of them, {', '.join(parts)}"
    elif (words := _words(kinds)) is not None and (odd := {str(word) for word in asked} - words):
        said = ", ".join(sorted(TRUTHS.get(word, word) for word in words))
        yield place, f"{path} is never {', '.join(sorted(odd))}; it is one of {said}"
    elif not isinstance(match, tuple) and match.bounded and not kinds & {int, float, dict}:
        yield place, f"{path} is no number"


def _has_parts(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)


TRUTHS = {"True": "true", "False": "false"}
"""As they are written in YAML."""


def _words(kinds: set[Any]) -> set[str] | None:
    """What can stand there, where that is a closed list."""
    words: set[str] = set()
    for kind in kinds:
        if kind is bool:
            words |= {str(True), str(False)}
        elif isinstance(kind, type) and issubclass(kind, Enum):
            words |= {str(word.value) for word in kind}
        elif isinstance(kind, type):
            return None
        else:
            words.add(str(kind))  # of a Literal
    return words or None


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
