"""The YAML of a definition: parsed without surprises, and each part of it found again by its place."""

import re
from typing import Any, NamedTuple

import yaml

Place = tuple[str | int, ...]

DEEPEST = 40
"""Values inside each other: four times those of the deepest definition."""
LARGEST = 20_000
"""Values in a file once its aliases are written out: many times those of the longest definition."""

MERGE, TEXT = "tag:yaml.org,2002:merge", "tag:yaml.org,2002:str"
AS_YAML_1_2 = {
    "bool": (r"true|false", "tf"),
    "null": (r"~|null|", ["~", "n", ""]),
    "int": (r"[-+]?(?:0|[1-9][0-9]{0,17})", "-+0123456789"),
    "float": (r"[-+]?(?:0|[1-9][0-9]{0,17})\.[0-9]{1,18}", "-+0123456789"),
    "merge": (r"<<", "<"),
}
"""What a bare word may be beside text. YAML 1.1 takes `on` and `NO` for truths, and 010 for eight."""


TOO_DEEP = "nested deeper than any pathway is"


class Unreadable(Exception):
    """A text that is no document, with the line on which that shows."""

    def __init__(self, line: int, sentence: str) -> None:
        self.line = line
        self.sentence = sentence
        super().__init__(sentence)


class Strict(yaml.SafeLoader):
    """A key is given once, and only plain values are made."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012 - PyYAML's own way

    def fetch_tag(self) -> None:
        raise yaml.MarkedYAMLError(problem="tags (!) are not used here", problem_mark=self.get_mark())


for _kind, (_pattern, _firsts) in AS_YAML_1_2.items():
    Strict.add_implicit_resolver(f"tag:yaml.org,2002:{_kind}", re.compile(rf"(?:{_pattern})$"), list(_firsts))


class Document(NamedTuple):
    """What a text says, and where."""

    root: yaml.Node | None
    value: Any

    def found(self, place: Place) -> tuple[int, str]:
        """The line of the innermost part that is there, and the path to it.

        Of a place, the names that only the models know are passed over.
        """
        node, line, said = self.root, 1, ""
        for part in place:
            inner = _inner(node, part)
            if inner is not None:
                node, line = inner
                said += f"[{part}]" if isinstance(part, int) else f".{part}"
        return line, said.lstrip(".")


def parsed(text: str) -> Document:
    """The document in the text. Raises Unreadable."""
    try:
        loader = Strict(text)
        root = loader.get_single_node()
        if root is None:
            return Document(None, None)
        _Nodes().checked(root)
        return Document(root, loader.construct_document(root))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        said = ", ".join(part for part in (error.context, error.problem) if part)
        raise Unreadable(mark.line + 1 if mark else 1, f"no YAML: {said}") from error
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise Unreadable(line, "no YAML: a character that no text has") from error
    except RecursionError as error:
        raise Unreadable(1, TOO_DEEP) from error


class _Extent(NamedTuple):
    """How much a node stands for, with its aliases written out."""

    values: int
    depth: int


class _Nodes:
    """What is looked at before any value is made: a few lines may stand for millions of them."""

    def __init__(self) -> None:
        self._known: dict[int, _Extent] = {}
        self._open: set[int] = set()

    def checked(self, root: yaml.Node) -> None:
        extent = self._of(root)
        if extent.depth > DEEPEST:
            raise Unreadable(1, TOO_DEEP)
        if extent.values > LARGEST:
            raise Unreadable(1, f"stands for more than {LARGEST} values; no pathway does")

    def _of(self, node: yaml.Node) -> _Extent:
        mine = id(node)
        if mine in self._open:
            raise Unreadable(node.start_mark.line + 1, "contains itself")
        if mine not in self._known:
            self._open.add(mine)
            if isinstance(node, yaml.MappingNode):
                _name(node)
            inside = [self._of(part) for part in _parts(node)]
            self._known[mine] = _Extent(
                1 + sum(each.values for each in inside), 1 + max((each.depth for each in inside), default=0)
            )
            self._open.discard(mine)
        return self._known[mine]


def _name(node: yaml.MappingNode) -> None:
    """Its keys are names, each given once."""
    seen: set[str] = set()
    for key, _ in node.value:
        line = key.start_mark.line + 1
        if not isinstance(key, yaml.ScalarNode):
            raise Unreadable(line, "the name of a field is a word")
        if key.value in seen:
            raise Unreadable(line, f"{key.value} is given twice")
        seen.add(key.value)
        if key.tag != MERGE:
            key.tag = TEXT


def _parts(node: yaml.Node) -> list[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        return [part for pair in node.value for part in pair]
    return list(node.value) if isinstance(node, yaml.SequenceNode) else []


def _inner(node: yaml.Node | None, part: str | int) -> tuple[yaml.Node, int] | None:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == part:
                return value, key.start_mark.line + 1
    if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
        return node.value[part], node.value[part].start_mark.line + 1
    return None
