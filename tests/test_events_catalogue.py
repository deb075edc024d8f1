"""The catalogue, docs/events.md, is written from the code: `python -m tests.test_events_catalogue`."""

import builtins
import importlib
import types
import typing
from collections.abc import Iterator
from enum import Enum
from inspect import cleandoc
from pathlib import Path
from typing import Any, get_args, get_origin

from pydantic import BaseModel

from journey.domain import correction, custody, episode, identity
from journey.domain.dependants import Weighed
from journey.domain.event import Command, Event
from journey.domain.journey import EVENT_TYPES, ROOMS
from journey.domain.rules import BEGINS_CARE, IN_CARE
from journey.domain.visit.decide import CARRIES_OUT
from tests.domain.test_commands import CASES, MODULES

PAGE = Path(__file__).parent.parent / "docs" / "events.md"
OPENS = (
    episode.JourneyOpened,
    episode.OwnerAssigned,
    identity.IdentifierAssigned,
    identity.DemographicsChanged,
)
BEGINS = {event: command for command, event in CARRIES_OUT.items()}

INTRODUCTION = """\
# Events

What can happen on a journey. An event is stored under the name given here, which never changes. Each one
lies in an envelope that says when it happened, how exactly that is known, when it was recorded, by whom,
why and from where. A field with a question mark may be left out.

This page is written from the code by `python -m tests.test_events_catalogue`.
"""


def caused_by() -> dict[type[Event], list[str]]:
    """The commands that an event comes from, by what the tests tell of each."""
    out: dict[type[Event], list[str]] = {event: [] for event in EVENT_TYPES}
    for case in CASES:
        for event in case.happens:
            out[type(event)].append(case.command.name())
    for opening in OPENS:
        out[opening].append(episode.OpenJourney.name())
    out[custody.SubjectErased].append(custody.EraseSubject.name())
    out[correction.TimelineRecomputed] += [each.name() for each in get_args(Weighed)]
    out[episode.JourneyActivated] += [BEGINS[event].name() for event in IN_CARE]
    out[episode.JourneyResumed] += [f"{BEGINS[event].name()} (reported)" for event in BEGINS_CARE]
    return out


def page() -> str:
    return "\n".join([INTRODUCTION, *(section(room) for room in MODULES), values()])


def section(room: str) -> str:
    module = importlib.import_module(f"journey.domain.{MODULES[room]}")
    title, _, picture = cleandoc(module.__doc__ or "").partition("\n\n")
    name, _, meaning = " ".join(title.split()).partition(": ")
    commands = caused_by()
    rows = [
        f"| `{event.stored_as}` | {said(event)} | {fields(event)} | {code(commands[event])} |"
        for event in get_args(ROOMS[room].events)
    ]
    return "\n".join(
        [
            f"## {name}\n",
            f"{meaning[:1].upper()}{meaning[1:]}\n",
            f"```text\n{picture.strip(chr(10))}\n```\n",
            *diagram(room),
            "| event | what it says | fields | comes from |",
            "|---|---|---|---|",
            *rows,
            "",
        ]
    )


def said(event: type[BaseModel]) -> str:
    return " ".join(cleandoc(event.__doc__ or "").split()).replace("|", "\\|")


def code(words: list[str]) -> str:
    return ", ".join(f"`{word}`" for word in words)


def fields(model: type[BaseModel]) -> str:
    return "<br>".join(
        f"`{name}`{'' if field.is_required() else '?'} {written(field.annotation)}"
        for name, field in model.model_fields.items()
    )


WRITTEN = {
    "UUID": "id",
    "str": "text",
    "bool": "yes or no",
    "float": "number",
    "int": "number",
    "date": "date",
    "AwareDatetime": "time",
    "dict": "object",
}


def written(annotation: Any) -> str:
    """The type of a field in words."""
    arguments = [each for each in get_args(annotation) if each is not types.NoneType]
    match get_origin(annotation) or annotation:
        case types.UnionType | typing.Union:
            return " or ".join(written(each) for each in arguments)
        case typing.Annotated:
            return written(arguments[0])
        case builtins.tuple:
            return f"list of {written(arguments[0])}"
        case plain if plain.__name__ in WRITTEN:
            return WRITTEN[plain.__name__]
        case kind:
            return f"[{kind.__name__}](#{kind.__name__.lower()})"


def diagram(room: str) -> Iterator[str]:
    """The statuses and the events that lead from one to the next, where the room has a table of them."""
    if not ROOMS[room].transitions:
        return
    yield "```mermaid\nstateDiagram-v2"
    for event, (sources, target) in ROOMS[room].transitions.items():
        for source in sorted(sources, key=str):
            if target is not None:
                start = "[*]" if source is None else source.replace("-", "_")
                yield f"    {start} --> {target.replace('-', '_')}: {event.__name__}"
    yield "```\n"


def values() -> str:
    """The values inside the events: what they hold, and the closed lists of words."""
    found: dict[str, type[BaseModel | Enum]] = {}
    waiting: list[Any] = [field.annotation for event in EVENT_TYPES for field in event.model_fields.values()]
    while waiting:
        each = waiting.pop(0)
        waiting += get_args(each)
        if isinstance(each, type) and issubclass(each, BaseModel | Enum) and each.__name__ not in found:
            found[each.__name__] = each
            if issubclass(each, BaseModel):
                waiting += [field.annotation for field in each.model_fields.values()]
    return "\n".join(["## Values\n", *(value(found[name]) for name in sorted(found))])


def value(kind: type[BaseModel | Enum]) -> str:
    words = fields(kind) if issubclass(kind, BaseModel) else code([str(each.value) for each in kind])
    return f"### {kind.__name__}\n\n{said(kind)}\n\n{words}\n"  # type: ignore[arg-type]  # both have a docstring


def test_the_catalogue_is_up_to_date() -> None:
    assert PAGE.read_text() == page(), "write it again: python -m tests.test_events_catalogue"


def test_every_event_comes_from_a_command() -> None:
    assert [event.__name__ for event, commands in caused_by().items() if not commands] == []


def test_every_event_says_what_it_means() -> None:
    assert [event.__name__ for event in EVENT_TYPES if event.__doc__ == Event.__doc__] == []


def test_every_command_says_what_it_asks() -> None:
    commands: list[type[Command]] = [each for room in ROOMS.values() for each in get_args(room.commands)]
    assert [each.__name__ for each in commands if each.__doc__ == Command.__doc__] == []


if __name__ == "__main__":
    PAGE.write_text(page())
