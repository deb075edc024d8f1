"""Reading definitions. Whatever is wrong with a file is said with its line and the field it stands in."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import NamedTuple

from holidays import country_holidays, list_supported_countries
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from journey.domain.journey import EVENT_TYPES
from journey.domain.pathway import Pathways
from journey.domain.pathway.check import Complaint, complaints
from journey.domain.pathway.definition import FIELDS, HOLIDAYS, NAME, VERSION, Definition
from journey.pathways.document import Document, Place, Unreadable, parsed
from journey.settings import Settings, SettingsError, environment_name

HERE = Path(__file__).resolve().parent
Key = tuple[str, str]
"""Id and version."""
CATALOGUE = {event.stored_as: event for event in EVENT_TYPES}
LONGEST = 200_000
"""Characters of a file: many times the longest definition."""
TOO_LONG = f"longer than {LONGEST} characters; no pathway is"


class Mistake(NamedTuple):
    """One thing that is wrong in a file."""

    file: str
    line: int
    field: str
    sentence: str

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}"
        return f"{where}: {self.field}: {self.sentence}" if self.field else f"{where}: {self.sentence}"


class Mistaken(Exception):
    """A definition that cannot be used."""

    def __init__(self, mistakes: Iterable[Mistake]) -> None:
        self.mistakes = tuple(mistakes)
        super().__init__("\n".join(map(str, self.mistakes)))


SENTENCES = {
    "missing": "is missing",
    "string_type": "should be a text; a number or a truth that is meant as one stands in quotes",
    "tuple_type": "should be a list",
    "list_type": "should be a list",
    "dict_type": "should be a mapping of names to values",
    "model_type": "should be a mapping of fields",
    "too_short": "should not be empty",
    "string_too_short": "should not be empty",
    "recursion_loop": "nested deeper than any pathway is",
}
WRITTEN = {
    NAME: "is written in lower case letters, digits and hyphens, beginning with a letter",
    VERSION: 'is one to three numbers with dots between, in quotes where there is only one dot: "1.0"',
    HOLIDAYS: "is a country, and a part of it where it has its own: US, GB-ENG",
}


def read(path: Path) -> Definition:
    """The definition in a file. Raises Mistaken with everything that is wrong in it."""
    return _read(path)[0]


def _read(path: Path) -> tuple[Definition, Document]:
    name = path.name
    try:
        document = parsed(_text(path))
    except Unreadable as error:
        raise Mistaken([Mistake(name, error.line, "", error.sentence)]) from error
    if not isinstance(document.value, dict):
        raise Mistaken([Mistake(name, 1, "", "a pathway is a mapping with id, version, title, milestones …")])
    try:
        definition = Definition.model_validate(document.value)
    except ValidationError as error:
        raise Mistaken(_of(name, document, error)) from error
    wrong = [*complaints(definition, CATALOGUE), *_holidays(definition)]
    if wrong:
        found = [Mistake(name, *document.found(place), sentence) for place, sentence in wrong]
        raise Mistaken(sorted(found, key=lambda each: each.line))
    return definition, document


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > 4 * LONGEST:  # a character of UTF-8 has four bytes at most
            raise Unreadable(1, TOO_LONG)
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise Unreadable(line, "no text in UTF-8") from error
    except OSError as error:
        raise Unreadable(1, f"cannot be read: {error.strerror or type(error).__name__}") from error
    if len(text) > LONGEST:
        raise Unreadable(1, TOO_LONG)
    return text


def _of(name: str, document: Document, error: ValidationError) -> Iterator[Mistake]:
    found = error.errors(include_url=False, include_input=False)
    for each in found:
        if each["type"] == "too_short" and any(_is_inside(other["loc"], each["loc"]) for other in found):
            continue  # what is wrong in a list was left out before it was counted
        line, field = document.found(each["loc"])
        last = str(each["loc"][-1])
        if each["type"] == "missing":
            field = f"{field}.{last}".lstrip(".")
        yield Mistake(name, line, field, _sentence(each, last))


def _is_inside(inner: Place, outer: Place) -> bool:
    return len(inner) > len(outer) and inner[: len(outer)] == outer


def _sentence(each: ErrorDetails, last: str) -> str:
    if each["type"] == "extra_forbidden":
        alike = get_close_matches(last[:60], FIELDS, 1)
        return "there is no such field here" + "".join(f"; is {name} meant?" for name in alike)
    if each["type"] == "string_pattern_mismatch":
        return WRITTEN[each["ctx"]["pattern"]]
    said = each["msg"].removeprefix("Value error, ").removeprefix("Input ")
    return SENTENCES.get(each["type"], said[:1].lower() + said[1:])


def _holidays(definition: Definition) -> Iterator[Complaint]:
    place = definition.calendar.holidays
    country, _, part = (place or "").partition("-")
    known = list_supported_countries(include_aliases=True)
    if place is not None and (country not in known or (part and part not in known[country])):
        said = f"no public holidays are known of {place}; countries and their parts are those of ISO 3166"
        yield ("calendar", "holidays"), said


@cache
def public_holidays(place: str, year: int) -> frozenset[date]:
    """Those of a country, or of a part of it (`GB-ENG`), in a year."""
    country, _, part = place.partition("-")
    return frozenset(country_holidays(country, subdiv=part or None, years=year))


def shipped() -> tuple[Path, ...]:
    """The files that come with Journey."""
    return tuple(sorted(HERE.glob("*.yaml")))


@cache
def installed() -> Pathways:
    """What ships, and what the folder in JOURNEY_PATHWAYS adds. Read once in the life of a process.

    Raises Mistaken where a file is wrong or a version is there twice.
    """
    folder = Settings.load().pathways
    if folder is not None and not folder.is_dir():
        raise SettingsError(f"{environment_name('pathways')} is {str(folder)!r}: it should be a folder.")
    files = [*shipped(), *(sorted(folder.glob("*.yaml")) if folder is not None else ())]
    return together(files)


def together(files: Iterable[Path]) -> Pathways:
    """These definitions as a set. Raises Mistaken where one is wrong, or a version is there twice."""
    found: dict[Key, Definition] = {}
    for path in files:
        definition = _another(path, found)
        found[_key(definition)] = definition
    return Pathways(found.values(), public_holidays)


def mistakes(files: Sequence[Path]) -> Iterator[tuple[Path, tuple[Mistake, ...]]]:
    """What is wrong with each of these files beside each other, and beside what ships."""
    asked = {path.resolve() for path in files}
    found = {_key(each): each for each in map(read, (path for path in shipped() if path not in asked))}
    for path in files:
        try:
            definition = _another(path, found)
            found[_key(definition)] = definition
            yield path, ()
        except Mistaken as mistaken:
            yield path, mistaken.mistakes


def _key(definition: Definition) -> Key:
    return definition.id, definition.version


def _another(path: Path, there: Mapping[Key, Definition]) -> Definition:
    definition, document = _read(path)
    if _key(definition) in there:
        said = f"{definition.id} {definition.version} is there already; a new version has a new number"
        raise Mistaken([Mistake(path.name, *document.found(("version",)), said)])
    return definition
