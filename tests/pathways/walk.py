"""Events made from what a definition listens for: whatever it says can be walked."""

from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

from journey.domain.enrolment import PathwayAssigned
from journey.domain.event import EVENTS, Event
from journey.domain.pathway.course import Course, course
from journey.domain.pathway.definition import Definition
from journey.domain.pathway.plan import Plan
from journey.domain.pathway.trigger import Condition, Listening, Range, Trigger
from journey.pathways import installed
from tests.domain.told import opened
from tests.example import filled
from tests.spec import given


def heard_by(trigger: Trigger, thing: int = 1) -> Iterator[Event]:
    """As many events as make it hear one; what has to be said before of the same thing is said first."""
    for number in range(trigger.count):
        subject = UUID(int=thing * 100 + number)
        for earlier in trigger.of:
            yield said(earlier, {earlier.same: subject})
        yield said(trigger, {each.same: subject for each in trigger.of})


def said(listening: Listening, also: dict[str, Any]) -> Event:
    """An event with all its fields filled in, and those that are asked about as they are asked for."""
    kind = EVENTS[listening.event]
    data = filled(kind).model_dump()
    asked = {
        path: _fitting(match)
        for path, match in listening.where.items()
        if not (isinstance(match, Range) and match.exists)  # it does: it is filled in
    }
    for path, value in {**asked, **also}.items():
        _put(data, path.split("."), value)
    return kind.model_validate(data)


def _fitting(match: Any) -> Any:
    if not isinstance(match, Range):
        return match[0]
    if match.unlike is not None:
        return "another"
    return match.gte if match.gte is not None else match.lte


def _put(data: Any, path: Sequence[str], value: Any) -> None:
    """Into each part, where a list stands on the way."""
    if isinstance(data, tuple | list):
        for each in data:
            _put(each, path, value)
    elif len(path) == 1:
        data[path[0]] = value
    else:
        _put(data[path[0]], path[1:], value)


def holding(condition: Condition) -> Iterator[Event]:
    """Events by which it holds."""
    if condition.occurred is not None:
        yield from heard_by(condition.occurred[0])
    for each in condition.all or (condition.any or ())[:1]:
        yield from holding(each)


def began(definition: Definition) -> list[Event]:
    return [] if definition.starts is None else list(heard_by(definition.starts[0]))


def walked(plan: Plan, *events: Event) -> Course:
    """Where a journey stands on which these happened, in this order, a minute apart."""
    definition = plan.definition
    assigned = PathwayAssigned(pathway=definition.id, version=definition.version)
    journey = given(opened, assigned, *events).journey
    return course(plan, journey.enrolment, journey.recorded)


PLANS = {
    definition.id: plan
    for definition in installed()
    if (plan := installed().plan(definition.id, definition.version)) is not None
}
