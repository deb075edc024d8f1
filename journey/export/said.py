"""What an export says of an event: what happened in words, who did it, and the things that it names."""

from collections.abc import Iterator
from functools import cache
from typing import Any

from journey.domain.event import WORDS, Actor, Event, Recorded
from journey.feed.thin import thin

OTHERWISE_NAMED = {"survivor": "patient", "retired": "patient", "supersedes": "authorization"}
"""The kinds of things whose fields say what they are to the event, and not what they are."""


@cache
def activity(event: type[Event]) -> str:
    """Its name in words: VisitBooked is "Visit booked"."""
    return WORDS.sub(" ", event.__name__).capitalize()


def who(each: Recorded) -> Actor:
    """Who did it; a patient who did it themselves is nobody in particular."""
    actor = each.context.actor
    return actor.model_copy(update={"id": "patient"}) if actor.kind == "patient" else actor


def flat(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every value of it with where it stands: items.0.service.code."""
    match value:
        case dict():
            for name, each in value.items():
                yield from flat(each, f"{path}.{name}" if path else name)
        case list():
            for place, each in enumerate(value):
                yield from flat(each, f"{path}.{place}")
        case _:
            yield path, value


def things(event: Event) -> Iterator[tuple[str, str, str]]:
    """The things that it names, wherever in it: what they are to it, of which kind, and their id."""
    for path, value in flat(thin(event)):
        name = path.rpartition(".")[2]
        if name in OTHERWISE_NAMED:
            yield name, OTHERWISE_NAMED[name], value
        elif name.endswith("_id"):
            yield name.removesuffix("_id"), kind(name), value


def kind(field: str) -> str:
    """What kind of thing a field names: to_patient_id names a patient."""
    name = field.removesuffix("_id").replace("_", "-")
    return name.rpartition("-")[2] if name.endswith(("-patient", "-journey")) else name
