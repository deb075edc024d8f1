"""Marking: a message as people read it, with the places marked where something is wrong."""

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from pydantic_core import from_json

LONGEST = 100_000
"""Characters up to which a message is marked."""

FIELD = re.compile(r"([A-Z][A-Z0-9]{2})(?:-(\d{1,2}))?")
AT_LINE = re.compile(r"at line (\d+)")
VERBATIM = 2
"""MSH-1 separates the fields, and stands before MSH-2 without being separated from it."""


class Piece(NamedTuple):
    """A part of a line. `said`: what is told of the place, beside it."""

    text: str
    wrong: bool = False
    said: str = ""


Line = tuple[Piece, ...]


def marked(channel: str, text: str, places: Sequence[str]) -> list[Line]:
    """HL7 v2 by its segments and fields, FHIR by its elements; what is very long, as it stands."""
    if len(text) > LONGEST:
        return [(Piece(line),) for line in text[:LONGEST].split("\n")]
    return list(_segments(text, places) if channel == "hl7v2" else _elements(text, places))


# --- HL7 v2


def _segments(text: str, places: Sequence[str]) -> Iterator[Line]:
    wanted = [(found[1], int(found[2] or 0)) for found in map(FIELD.fullmatch, places) if found]
    separator = text[3:4] if text.startswith("MSH") else "|"
    seen: set[str] = set()
    for line in text.split("\n"):
        name = line[:3]
        seen.add(name)
        fields = {number for of, number in wanted if of == name}
        yield tuple(_segment(line, separator, fields)) if fields and separator else (Piece(line),)
    for name in dict.fromkeys(of for of, _ in wanted if of not in seen):
        yield (Piece(name, wrong=True, said="there is no such segment"),)


def _segment(line: str, separator: str, wanted: set[int]) -> Iterator[Piece]:
    """The line in pieces, those marked that are wanted; what it does not reach to, behind its end."""
    name, *fields = line.split(separator)
    if name == "MSH":
        fields.insert(0, separator)
    yield Piece(name, wrong=0 in wanted)
    for number, field in enumerate(fields, 1):
        if name != "MSH" or number > VERBATIM:
            yield Piece(separator)
        said = f"{name}-{number}" if field else f"{name}-{number} is empty"
        yield Piece(field, wrong=True, said=said) if number in wanted else Piece(field)
    for number in sorted(each for each in wanted if each > len(fields)):
        yield Piece("", wrong=True, said=f"{name}-{number} is empty")


# --- FHIR


class Element(NamedTuple):
    """A line of JSON, and the element that it is of."""

    text: str
    path: str


def _elements(text: str, places: Sequence[str]) -> Iterator[Line]:
    try:
        body = from_json(text)
    except ValueError as error:
        yield from _unread(text, AT_LINE.search(str(error)))
        return
    root = body.get("resourceType") if isinstance(body, dict) else None
    elements = list(_written(body, str(root or ""), "", "", ""))
    paths = {each.path for each in elements}
    left = {_nearest(place, paths): place for place in places}
    for line, path in elements:
        place = left.pop(path, None)
        here = path in places and place is not None
        said = "" if place is None else place if here else f"{place} is missing"
        wrong = bool(said) or any(_is_within(path, each) for each in places)
        shown = line.lstrip(" ")
        yield (Piece(line[: len(line) - len(shown)]), Piece(shown, wrong, said)) if wrong else (Piece(line),)


def _unread(text: str, found: re.Match[str] | None) -> Iterator[Line]:
    wrong = int(found[1]) if found else 1
    for number, line in enumerate(text.split("\n"), 1):
        is_wrong = number == wrong
        yield (Piece(line, is_wrong, "it cannot be read from here" if is_wrong else ""),)


def _nearest(place: str, paths: set[str]) -> str:
    """The element itself, or the first around it that is there."""
    while place and place not in paths:
        place = place.rpartition(".")[0]
    return place


def _is_within(path: str, place: str) -> bool:
    return path == place or path.startswith((f"{place}.", f"{place}["))


def _written(value: Any, path: str, before: str, pad: str, after: str) -> Iterator[Element]:
    """The lines of a value, two spaces deeper each time."""
    deeper, inside = f"{pad}  ", list[tuple[str, str, Any]]()
    if isinstance(value, dict):
        named = ((f"{path}.{name}" if path else name, name, each) for name, each in value.items())
        inside = [(at, f"{json.dumps(name, ensure_ascii=False)}: ", each) for at, name, each in named]
    elif isinstance(value, list):
        inside = [(f"{path}[{number}]", "", each) for number, each in enumerate(value)]
    if not inside:
        yield Element(f"{pad}{before}{json.dumps(value, ensure_ascii=False)}{after}", path)
        return
    opening, closing = "{}" if isinstance(value, dict) else "[]"
    yield Element(f"{pad}{before}{opening}", path)
    for number, (at, name, each) in enumerate(inside, 1):
        yield from _written(each, at, name, deeper, "," if number < len(inside) else "")
    yield Element(f"{pad}{closing}{after}", path)
