"""What of an event goes out: codes, ids, times, numbers, and the names of teams, pathways and places.

Texts do not, whoever wrote them, nor who the patient is. What is let out is said here; a new field of a new
event stays in until it is one of these.
"""

from collections.abc import Iterator
from datetime import date, datetime
from enum import StrEnum
from functools import cache
from typing import Any
from uuid import UUID

from pydantic import BaseModel

from journey.domain.event import WORDS, Actor, Coded, Event, Recorded
from journey.domain.identity import Demographics, Identifier
from journey.export.times import utc

NAMES = frozenset(
    {"team", "from_team", "to_team", "pathway", "version", "milestone", "point_of_care", "facility"}
)
"""The fields whose text is a name that the site gave to something of its own."""

OTHERWISE_NAMED = {"survivor": "patient", "retired": "patient", "supersedes": "authorization"}
"""The kinds of things whose fields say what they are to the event, and not what they are."""

PERSONAL = (Demographics, Identifier)


@cache
def activity(event: type[Event]) -> str:
    """Its name in words: VisitBooked is "Visit booked"."""
    return WORDS.sub(" ", event.__name__).capitalize()


def who(each: Recorded) -> Actor:
    """Who did it; a patient who did it themselves is nobody in particular."""
    actor = each.context.actor
    return actor.model_copy(update={"id": "patient"}) if actor.kind == "patient" else actor


def data(event: Event) -> dict[str, Any]:
    """What may go out of it, as JSON has it; what is empty is left out."""
    return _fields(event)


def _fields(model: BaseModel) -> dict[str, Any]:
    said = ((name, _said(name, value)) for name, value in model)
    return {name: value for name, value in said if value is not None and value not in ({}, [])}


def _said(name: str, value: Any) -> Any:
    said: Any = None
    match value:
        case bool() | int() | float():
            said = value
        case StrEnum() | UUID() | date() | datetime():
            said = utc(value) if isinstance(value, datetime) else str(value)
        case str() if name in NAMES:
            said = value
        case Coded():
            said = {"system": value.system, "code": value.code}
        case BaseModel() if not isinstance(value, PERSONAL):
            said = _fields(value)
        case tuple() | list():
            said = [one for each in value if (one := _said(name, each)) is not None]
        case _:
            pass
    return said


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
    for path, value in flat(data(event)):
        name = path.rpartition(".")[2]
        if name in OTHERWISE_NAMED:
            yield name, OTHERWISE_NAMED[name], value
        elif name.endswith("_id"):
            yield name.removesuffix("_id"), kind(name), value


def kind(field: str) -> str:
    """What kind of thing a field names: to_patient_id names a patient."""
    name = field.removesuffix("_id").replace("_", "-")
    return name.rpartition("-")[2] if name.endswith(("-patient", "-journey")) else name
