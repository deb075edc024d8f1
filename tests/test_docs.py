"""What people hold on to is documented, and what is documented is there.

docs/command-line.md, docs/problems.md, the commands and lists in docs/api.md and the figures in
docs/operations.md are written from the code:
`python -m tests.test_docs`.
"""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from textwrap import fill
from typing import Any, get_args

import pytest
import typer

from journey.api.access.trail import Kind
from journey.api.app import create_app
from journey.api.catalogue import catalogue
from journey.api.figures import Figures
from journey.api.lists.every import LISTS
from journey.cli.app import app
from journey.domain.journey import ROOMS
from journey.projections import READ_MODELS
from journey.settings import Settings, environment_name
from tests import access_tables

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
HAND_WRITTEN = [
    *("README.md", "CONTRIBUTING.md", "docs/operations.md", "docs/glossary.md"),
    *(
        "docs/access.md",
        "docs/audit.md",
        "docs/adding-an-event.md",
        "docs/adding-a-read-model.md",
        "docs/pathways.md",
        "docs/prior-authorization.md",
        "docs/flow.md",
        "docs/mllp.md",
        "docs/an-officers-afternoon.md",
        "docs/evidence.md",
        "docs/export.md",
        "docs/ledger.md",
        "docs/replay.md",
    ),
]

COMMAND_LINE = """# Command line

Every command of `journey` (also `python -m journey`). Settings come from the
[environment](operations.md#settings). Exit status: 0 done, 1 refused or failed (one sentence on standard
error says why), 2 wrong usage. `--json` prints figures for programs. Progress is shown on standard error, on
a terminal only. `journey --debug …` adds tracebacks.

This page is written from the code by `python -m tests.test_docs`.
"""
PROBLEMS = """# Problems

What the API answers when a request cannot be done: `application/problem+json` (RFC 9457) with one of these
codes. A code never changes its meaning; the sentence in `detail` may. A refusal (409) lists what stands in
the way in `blockers`.

This page is written from the code by `python -m tests.test_docs`.

| code | status | when | what to do |
|---|---|---|---|
"""


FIGURES = """| figure | kind | by | what it is |
|---|---|---|---|
"""


def leaves(command: Any, path: tuple[str, ...] = ("journey",)) -> Iterator[tuple[str, Any]]:
    """Every command with its full name."""
    for name, inner in getattr(command, "commands", {}).items():
        if hasattr(inner, "commands"):
            yield from leaves(inner, (*path, name))
        else:
            yield " ".join((*path, name)), inner


def command_line() -> str:
    return COMMAND_LINE + "".join(map(_command, leaves(typer.main.get_command(app))))


def _command(named: tuple[str, Any]) -> str:
    """What it says of itself."""
    name, command = named
    with command.make_context(name, ["--help"], resilient_parsing=True, terminal_width=100) as context:
        said = context.get_help()
    return f"\n## `{name}`\n\n{command.help}\n\n```text\n{_without_repeating(said, command.help)}\n```\n"


def _without_repeating(said: str, help_text: str) -> str:
    """The usage and what may be given; the sentence above the block says the rest."""
    blocks = said.split("\n\n")
    same = " ".join(help_text.split())
    kept = [block.rstrip() for block in blocks if " ".join(block.split()) != same]
    return re.sub(r"\n +--help .*$", "", "\n\n".join(kept))


def problems() -> str:
    kinds = sorted(catalogue().items(), key=lambda each: (each[1].status, each[0]))
    return PROBLEMS + "".join(
        f"| `{code}` | {kind.status} | {kind.meaning} | {kind.remedy} |\n" for code, kind in kinds
    )


def between_marks(name: str, written: dict[str, str]) -> str:
    """The page, with what is written from the code between its marks."""
    page = (DOCS / name).read_text()
    for mark, text in written.items():
        before, begin, rest = page.partition(f"<!-- {mark} -->\n")
        _, end, after = rest.partition(f"<!-- end of {mark}")
        assert end, f"what is written of {mark} stands between marks"
        page = f"{before}{begin}{text}{end}{after}"
    return page


def api() -> str:
    """The page, with every command in the list of its room, and every list with its filters."""
    rooms = {name: [each.name() for each in get_args(room.commands)] for name, room in ROOMS.items()}
    asked = {
        f"`/v1/{name}`": [*(each.name for each in listing.every_filter), *(["zone"] if listing.zoned else [])]
        for name, listing in LISTS.items()
    }
    listed = {
        mark: "".join(_listed(name, each) for name, each in names.items())
        for mark, names in {"commands": rooms, "lists": asked}.items()
    }
    return between_marks("api.md", listed)


def operations() -> str:
    """The page, with every figure that `/metrics` shows."""
    rows = [
        f"| `{each.name}` | {each.kind} | {', '.join(each.labels)} | {each.meaning} |\n"
        for each in Figures().described
    ]
    return between_marks("operations.md", {"figures": "".join([FIGURES, *rows])})


def access() -> str:
    """The page, with the table of who may do what, and what every address asks for."""
    return between_marks("access.md", access_tables.written())


def _listed(name: str, words: list[str]) -> str:
    line = f"- **{name}**: " + ", ".join(f"`{each}`" for each in words)
    return fill(line, 128, subsequent_indent="  ", break_on_hyphens=False) + "\n"


WRITTEN = {
    "command-line.md": command_line,
    "problems.md": problems,
    "api.md": api,
    "operations.md": operations,
    "access.md": access,
}


@pytest.mark.parametrize("page", WRITTEN)
def test_what_is_written_from_the_code_is_up_to_date(page: str) -> None:
    assert (DOCS / page).read_text() == WRITTEN[page](), "write it again: python -m tests.test_docs"


@pytest.mark.parametrize("field", Settings.model_fields)
def test_every_setting_is_described(field: str) -> None:
    described = Settings.model_fields[field].description
    pattern = rf"^\| `{environment_name(field)}` \| .+ \| {re.escape(str(described))} \|$"
    page = (DOCS / "operations.md").read_text()
    assert re.search(pattern, page, re.MULTILINE), f"add a row that ends with: {described}"


def test_every_kind_of_record_is_told() -> None:
    page = (DOCS / "access.md").read_text()
    assert [kind for kind in Kind if f"`{kind}`" not in page] == []


def test_every_read_model_is_in_the_glossary() -> None:
    page = (DOCS / "glossary.md").read_text()
    assert [model.name for model in READ_MODELS if f"`{model.name}`" not in page] == []


@pytest.mark.parametrize("page", HAND_WRITTEN)
def test_every_file_that_a_page_names_is_there(page: str) -> None:
    named = re.findall(
        r"`((?:journey|tests|migrations|docs)/(?!NNNN)[\w./-]*|[\w-]+\.(?:md|toml|lock))`",
        (ROOT / page).read_text(),
    )
    assert [path for path in named if not (ROOT / path).exists()] == []


@pytest.mark.parametrize("page", HAND_WRITTEN)
def test_every_command_that_a_page_names_is_there(page: str) -> None:
    known = [name for name, _ in leaves(typer.main.get_command(app))]
    text = re.sub(r"`journey(?:\[embedded\]|/[^`]*)`", "", (ROOT / page).read_text())
    named = re.findall(r"(?:^|`| )(journey(?: [a-z][\w-]+)+)", text, re.MULTILINE)
    spoken = [each for each in named if f"`{each}" in text or f"    {each}" in text]
    assert [each for each in spoken if not any(f"{each} ".startswith(f"{name} ") for name in known)] == []


def test_every_route_that_a_page_names_is_there(settings: Settings) -> None:
    app = create_app(settings, "", with_worker=False)
    paths = {*app.openapi()["paths"], *(route.path for route in app.state.routes)}
    shapes = [re.compile(re.sub(r"\\\{.*?\\\}", "[^/]+", re.escape(path))) for path in paths]
    for page in HAND_WRITTEN:
        for named in re.findall(
            r"`(?:GET |POST |PUT |DELETE )?(/(?:v1/|healthz|readyz|metrics)[^`?]*)", (ROOT / page).read_text()
        ):
            assert any(shape.fullmatch(named) for shape in shapes), f"{page} names {named}"


def quoted(page: Path) -> Iterator[tuple[str, list[str]]]:
    """The pieces of code on a page that say which file they stand in, with their lines."""
    for language, block in re.findall(r"^```(\w+)\n(.*?)^```", page.read_text(), re.MULTILINE | re.DOTALL):
        first, *lines = block.splitlines()
        mark = re.fullmatch(r"(?:#|--) ((?:journey|tests|migrations)/[\w./]+)", first)
        if mark:
            yield mark[1], [line for line in lines if line.strip() not in {"", "...", "-- ..."}]
        elif language == "python":
            raise AssertionError(f"{page.name}: say in the first line which file this stands in: {first}")


@pytest.mark.parametrize("page", sorted(DOCS.glob("adding-*.md")), ids=lambda page: page.name)
def test_quoted_code_stands_in_the_file_it_names(page: Path) -> None:
    pieces = list(quoted(page))
    assert pieces
    for path, lines in pieces:
        remaining = iter((ROOT / path).read_text().splitlines())
        for line in lines:
            assert line in remaining, f"{page.name} quotes {path}, where this does not follow: {line}"


@pytest.mark.parametrize("page", sorted(DOCS.glob("adding-*.md")), ids=lambda page: page.name)
def test_every_name_that_a_page_tells_is_defined(page: Path) -> None:
    told = re.findall(r"`([A-Za-z_]*[A-Z_][A-Za-z_]*)`", page.read_text())
    assert [name for name in told if name not in _defined()] == []


@cache
def _defined() -> frozenset[str]:
    return frozenset(
        name
        for path in [*ROOT.glob("journey/**/*.py"), *ROOT.glob("tests/**/*.py")]
        for node in ast.walk(ast.parse(path.read_text()))
        for name in _names(node)
    )


def _names(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.ClassDef(name=name) | ast.FunctionDef(name=name):
            yield name
        case ast.Name(id=name) | ast.Attribute(attr=name) | ast.keyword(arg=str(name)) | ast.arg(arg=name):
            yield name


if __name__ == "__main__":
    for name, written in WRITTEN.items():
        (DOCS / name).write_text(written())
