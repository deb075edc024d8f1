"""Reading definitions. Whatever is wrong with a file is said with its line and the field it stands in."""

from collections.abc import Iterable, Iterator
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from holidays import country_holidays
from pydantic import ValidationError

from journey.domain.journey import EVENT_TYPES
from journey.domain.pathway import Pathways
from journey.domain.pathway.check import Place, complaints
from journey.domain.pathway.definition import Definition
from journey.settings import Settings

HERE = Path(__file__).parent
CATALOGUE = {event.stored_as: event for event in EVENT_TYPES}
LONGEST = 200_000
"""Characters of a file: many times the longest definition."""


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


class Strict(yaml.SafeLoader):
    """YAML without surprises: a key is given once, and only plain values are made."""


def _mapping(loader: Strict, node: yaml.MappingNode) -> dict[Any, Any]:
    seen: set[Any] = set()
    for key, _ in node.value:
        if key.value in seen:
            mark = key.start_mark
            raise yaml.MarkedYAMLError(problem=f"{key.value} is given twice", problem_mark=mark)
        seen.add(key.value)
    return loader.construct_mapping(node, deep=True)


Strict.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)
Strict.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def read(path: Path) -> Definition:
    """The definition in a file. Raises Mistaken with everything that is wrong in it."""
    name = path.name
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Mistaken(
            [Mistake(name, 1, "", f"cannot be read as UTF-8 text: {type(error).__name__}")]
        ) from error
    if len(text) > LONGEST:
        raise Mistaken([Mistake(name, 1, "", f"longer than {LONGEST} characters; no pathway is")])
    try:
        loader = Strict(text)
        root = loader.get_single_node()
        value = loader.construct_document(root) if root is not None else None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        line = mark.line + 1 if mark else 1
        raise Mistaken([Mistake(name, line, "", f"no YAML: {error.problem or error.context}")]) from error
    except (yaml.YAMLError, RecursionError) as error:
        raise Mistaken([Mistake(name, 1, "", "no YAML that can be read")]) from error
    if not isinstance(value, dict):
        raise Mistaken([Mistake(name, 1, "", "a pathway is a mapping with id, version, title, milestones …")])
    try:
        definition = Definition.model_validate(value)
    except ValidationError as error:
        raise Mistaken(_of(name, root, error)) from error
    if wrong := [
        _mistake(name, root, place, sentence) for place, sentence in complaints(definition, CATALOGUE)
    ]:
        raise Mistaken(wrong)
    return definition


def _of(name: str, root: yaml.Node | None, error: ValidationError) -> Iterator[Mistake]:
    for each in error.errors(include_url=False, include_input=False):
        sentence = each["msg"].removeprefix("Value error, ")
        yield _mistake(name, root, each["loc"], sentence[:1].lower() + sentence[1:])


def _mistake(name: str, root: yaml.Node | None, place: Place, sentence: str) -> Mistake:
    line, field = _found(root, place)
    return Mistake(name, line, field, sentence)


def _found(node: yaml.Node | None, place: Place) -> tuple[int, str]:
    """The line of the innermost part that is there, and the path to it, without what only models name."""
    line, said = (node.start_mark.line + 1 if node else 1), ""
    for number, part in enumerate(place):
        inner = _inner(node, part)
        if inner is not None:
            node, line = inner
            said += f"[{part}]" if isinstance(part, int) else f".{part}"
        elif number == len(place) - 1 and isinstance(part, str):
            said += f".{part}"
    return line, said.lstrip(".")


def _inner(node: yaml.Node | None, part: str | int) -> tuple[yaml.Node, int] | None:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == part:
                return value, key.start_mark.line + 1
    if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
        return node.value[part], node.value[part].start_mark.line + 1
    return None


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
    files = [*shipped(), *(sorted(folder.glob("*.yaml")) if folder is not None else ())]
    return together(files)


def together(files: Iterable[Path]) -> Pathways:
    """These definitions as a set. Raises Mistaken where one is wrong, or a version is there twice."""
    found: dict[tuple[str, str], Definition] = {}
    for path in files:
        definition = read(path)
        key = (definition.id, definition.version)
        if key in found:
            sentence = (
                f"{definition.id} {definition.version} is there already; a new version has a new number"
            )
            raise Mistaken([Mistake(path.name, 1, "version", sentence)])
        found[key] = definition
    return Pathways(found.values(), public_holidays)
