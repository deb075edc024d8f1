"""The house rules that a machine can hold: where imports may point, what a room looks like, what stays out.

A rule reads the files as text, never importing them, and yields a complaint for each place that breaks it.
Each complaint says what to do. `BROKEN` holds, for each rule, small trees that it must complain about.
"""

import ast
import io
import posixpath
import re
import sys
import tokenize
import tomllib
from collections.abc import Callable, Iterator, Mapping
from fnmatch import fnmatch
from functools import cache
from itertools import chain
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent

Tree = Mapping[str, str]  # path from the root, with forward slashes -> text; "" for what is not text
Rule = Callable[[Tree], Iterator[str]]

RULES: list[Rule] = []


def rule(check: Rule) -> Rule:
    RULES.append(check)
    return check


# --- Imports

FOUNDATION = {
    "settings",
    "oidc",
    "discovery",
    "outgoing",
    "listening",
    "log",
    "tracing",
    "connection",
    "database",
    "migrate",
    "embedded",
    "parent",
}
# of use beside the store
BESIDE = {
    *(
        "domain",
        "pathways",
        "settings",
        "log",
        "tracing",
        "connection",
        "jsontext",
        "alike",
        "conditions",
        "cursors",
    )
}
OVER = BESIDE | {"store"}  # … and over it
APPLICATION = (
    FOUNDATION
    | OVER
    | {
        "projections",
        "worker",
        "feed",
        "delivery",
        "webhooks",
        "subscriptions",
        "broker",
        "ledger",
        "evidence",
        "errands",
        "audit",
        "privacy",
        "ingest",
        "mllp",
        "fhir",
    }
    | {"simulate", "web"}
)
MAY_IMPORT = {
    **dict.fromkeys(FOUNDATION, FOUNDATION),
    "domain": set[str](),
    "fhir": {"domain", "pathways"},
    "jsontext": set[str](),
    "alike": set[str](),
    "conditions": set[str](),
    "cursors": set[str](),
    "pathways": {"domain", "settings"},
    "simulate": {"domain"},
    "store": BESIDE,
    "projections": OVER | {"fhir"},
    "ingest": OVER | {"fhir"},
    "ledger": OVER,
    "feed": OVER | {"audit"},
    "audit": OVER | {"database", "fhir"},
    "evidence": OVER | {"audit", "database", "ledger"},
    "errands": OVER | {"projections", "ledger", "parent"},
    "privacy": OVER,
    "delivery": OVER | {"feed", "audit"},
    "webhooks": OVER | {"outgoing", "feed", "audit", "delivery"},
    "broker": OVER | {"feed", "audit", "delivery"},
    "subscriptions": OVER | {"feed", "audit", "delivery", "webhooks", "fhir"},
    "mllp": OVER | {"ingest"},
    "web": OVER | {"projections", "oidc", "discovery", "ledger"},
    "worker": OVER | {"projections"},
    "export": OVER | {"audit", "database", "feed"},
    "api": APPLICATION,
    "bench": APPLICATION | {"api"},
    "cli": APPLICATION | {"api", "bench", "export"},
    "__main__": {"cli"},
    "__init__": set[str](),
}


def modules(tree: Tree, under: str = "journey/") -> Iterator[tuple[str, str]]:
    return ((path, text) for path, text in tree.items() if path.startswith(under) and path.endswith(".py"))


def layer(path: str) -> str:
    return path.removesuffix(".py").split("/")[1]


@cache
def imported(path: str, text: str) -> tuple[tuple[int, str], ...]:
    """Line and full name of everything a module imports, wherever in it the import stands."""
    return tuple(_imported(path.removesuffix(".py").split("/"), text))


def _imported(package: list[str], text: str) -> Iterator[tuple[int, str]]:
    for node in ast.walk(ast.parse(text)):
        match node:
            case ast.Import(names=names):
                yield from ((node.lineno, name.name) for name in names)
            case ast.ImportFrom(module=module, names=names, level=level):
                start = package[:-level] if level else []
                base = [*start, module] if module else start
                yield from ((node.lineno, ".".join([*base, name.name])) for name in names)


@rule
def imports_flow_one_way(tree: Tree) -> Iterator[str]:
    for path, text in modules(tree):
        if layer(path) not in MAY_IMPORT:
            yield f"{path}: give {layer(path)!r} its place in MAY_IMPORT, in tests/test_house.py"
            continue
        allowed = MAY_IMPORT[layer(path)] | {layer(path)}
        for line, name in imported(path, text):
            target = name.split(".")[1] if name.startswith("journey.") else ""
            if target in MAY_IMPORT and target not in allowed:
                yield (
                    f"{path}:{line}: {layer(path)} may import {', '.join(sorted(allowed))}; to use {target} "
                    "from here, turn the arrow round, or move what both need further down"
                )


@rule
def the_domain_needs_pydantic_alone(tree: Tree) -> Iterator[str]:
    known = sys.stdlib_module_names | {"journey", "pydantic"}
    for path, text in modules(tree, "journey/domain/"):
        for line, name in imported(path, text):
            if name.split(".")[0] not in known:
                yield f"{path}:{line}: keep {name} outside; the domain needs pydantic alone"


@rule
def the_domain_reads_no_clock(tree: Tree) -> Iterator[str]:
    impure = {"now", "utcnow", "today", "uuid1", "uuid4", "uuid7", "open", "print", "monotonic"}
    for path, text in modules(tree, "journey/domain/"):
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] in impure:
                yield (
                    f"{path}:{node.lineno}: {ast.unparse(node.func)}() makes the domain impure; "
                    "let the time or the id come in with the command"
                )


RIVAL = "journey/bench/library.py"
"""The benchmarks measure the library as it comes, beside the store that is made with parts of it."""


@rule
def the_event_store_library_stays_inside_the_store(tree: Tree) -> Iterator[str]:
    for path, text in modules(tree):
        for line, name in imported(path, text):
            if name.split(".")[0] == "eventsourcing" and layer(path) != "store" and path != RIVAL:
                yield f"{path}:{line}: ask journey.store; it alone knows the eventsourcing library"


ENVIRONMENT_READERS = {
    "journey/settings": "the one place",
    "journey/embedded/watchdog": "runs alone, without the settings, beside the server it watches",
}


@rule
def the_environment_is_read_in_settings(tree: Tree) -> Iterator[str]:
    names = {"os.environ", "os.environb", "os.getenv", "os.putenv"}
    for path, text in modules(tree):
        if path.startswith(tuple(ENVIRONMENT_READERS)) or not re.search("environ|getenv|putenv", text):
            continue
        found = {line for line, name in imported(path, text) if name in names}
        found |= {
            node.lineno
            for node in ast.walk(ast.parse(text))
            if isinstance(node, ast.Attribute) and ast.unparse(node) in names
        }
        for line in sorted(found):
            yield f"{path}:{line}: read the environment in journey/settings.py and pass the setting on"


# --- Shape

LONGEST = 300
VAGUE = {"utils", "util", "helpers", "helper", "manager", "managers", "service", "services", "common", "misc"}
SECTIONS = ["Events", "Commands", "State", "evolve", "decide"]
COMPOSE_THE_ROOMS = {"journey/domain/journey.py", "journey/domain/decision.py"}
LEFTOVER = re.compile(
    r"\b(?:TODO|FIXME|XXX|HACK)\b|NotImplementedError|time\.sleep\(|from time import .*\bsleep\b"
)
LEFTOVERS_ALLOWED = {
    ("journey/migrate", "time.sleep("): "another process is migrating, and no signal tells that it is done",
    ("journey/embedded", "time.sleep("): "a starting server has nobody to signal to yet",
}


@rule
def a_module_is_read_in_one_sitting(tree: Tree) -> Iterator[str]:
    for path, text in modules(tree):
        if (length := len(text.splitlines())) > LONGEST:
            yield f"{path}: {length} lines, over {LONGEST}; find the two things in it, and part them"


@rule
def names_say_what_is_inside(tree: Tree) -> Iterator[str]:
    for path, _ in [*modules(tree), *modules(tree, "tests/")]:
        for part in path.removesuffix(".py").split("/"):
            if part.rpartition("_")[2].lower() in VAGUE:
                yield f"{path}: {part!r} says nothing; name it after the one thing it does"


@rule
def nothing_is_left_for_later(tree: Tree) -> Iterator[str]:
    for path, text in modules(tree):
        for number, line in enumerate(text.splitlines(), 1):
            for found in LEFTOVER.findall(line):
                if not any(path.startswith(where) and found == what for where, what in LEFTOVERS_ALLOWED):
                    yield (
                        f"{path}:{number}: {found!r}; finish it, or wait for a signal in place of sleeping "
                        "(LEFTOVERS_ALLOWED takes an exception, with its reason)"
                    )


@rule
def a_room_has_its_five_sections(tree: Tree) -> Iterator[str]:
    for path, text in modules(tree, "journey/domain/"):
        defined = {
            node.name: node.lineno for node in ast.parse(text).body if isinstance(node, ast.FunctionDef)
        }
        if "decide" not in defined or path in COMPOSE_THE_ROOMS:
            continue
        if path.endswith("/decide.py"):
            room = path.removesuffix("decide.py")
            missing = [name for name in SECTIONS if f"{room}{name.lower()}.py" not in tree]
            if missing:
                yield f"{room}: a room that is a package has one module a section; add {', '.join(missing)}"
            continue
        banners = re.finditer(r"^# -{2,} *(\w+)", text, re.MULTILINE)
        at = [(found[1], text.count("\n", 0, found.start()) + 1) for found in banners if found[1] in SECTIONS]
        at_line = dict(at)
        if [name for name, _ in at] != SECTIONS:
            yield f"{path}: put the sections under '# --- Name' banners, in the order {', '.join(SECTIONS)}"
        elif "evolve" in defined and not at_line["evolve"] < defined["evolve"] < at_line["decide"]:
            yield f"{path}: put evolve under its own banner"
        elif defined["decide"] < at_line["decide"]:
            yield f"{path}: put decide under its own banner"


# --- Reasons

CODE = r"[A-Z]+[0-9]*"
EXCUSE = re.compile(r"#\s*(?:(?:ruff:\s*)?noqa|type:\s*ignore)", re.IGNORECASE)
EXCUSED = re.compile(rf"# (?:noqa: {CODE}(?:, ?{CODE})*|type: ignore\[[\w, -]+\])\s*\W+\s*\w+\W+\w+")


@rule
def every_exception_says_why(tree: Tree) -> Iterator[str]:
    for path, text in [*modules(tree), *modules(tree, "tests/")]:
        if not EXCUSE.search(text):
            continue
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type == tokenize.COMMENT:
                for found in EXCUSE.finditer(token.string):
                    if not EXCUSED.match(token.string, found.start()):
                        yield f"{path}:{token.start[0]}: give code and reason, as in '# noqa: S603 - our own'"


@rule
def every_ignored_rule_says_why(tree: Tree) -> Iterator[str]:
    table, inside = "", False
    for number, line in enumerate(tree.get("pyproject.toml", "").splitlines(), 1):
        if re.match(r"\[.*\]\s*$", line):
            table, inside = line, False
        if not table.startswith("[tool.ruff"):
            continue
        start = re.match(r'(?:(?:extend-)?ignore|".*")\s*=\s*\[', line)
        inside = inside or bool(start)
        entries = line[start.end() :] if start else line
        if inside and re.match(rf'[^#]*"{CODE}"', entries) and not re.search(r"#\s*\S+ \S+", entries):
            yield f"pyproject.toml:{number}: say beside the ignored rule why the project does without it"
        inside = inside and "]" not in entries.partition("#")[0]


# --- Texts

MACHINE = re.compile(r"(?<![\w.~/-])/(?:root|work|home/\w+|Users/\w+)/[\w.]|[A-Z]:\\Users\\")
ADDRESS = re.compile(
    r"(?:pypi\.org|pythonhosted\.org)/simple|-{2}(?:extra-)?index-url|-{2}find-links|file:/{3}", re.IGNORECASE
)
LINK = re.compile(r"\]\(\s*<?([^)\s>]+)|^\[[^\]]+\]:\s*(\S+)|(?:src|href)=\"([^\"]+)\"", re.MULTILINE)


@rule
def texts_name_no_machine_and_no_index(tree: Tree) -> Iterator[str]:
    for path, text in tree.items():
        for number, line in enumerate(text.splitlines(), 1):
            if found := MACHINE.search(line) or ADDRESS.search(line):
                yield f"{path}:{number}: leave out {found[0]!r}, which is true of one machine only"


def links(path: str, text: str) -> Iterator[str]:
    """The files and folders of the project that a page links to."""
    without_examples = re.sub(r"^```.*?^```|`[^`\n]*`", "", text, flags=re.MULTILINE | re.DOTALL)
    for found in LINK.findall(without_examples):
        target = "".join(found).partition("#")[0]
        if target and not re.match(r"\w+:", target):
            yield posixpath.normpath(posixpath.join(posixpath.dirname(path), target))


@rule
def every_page_is_reached_from_the_readme(tree: Tree) -> Iterator[str]:
    reached, waiting = set[str](), ["README.md"]
    while waiting:
        page = waiting.pop()
        if page not in reached:
            reached.add(page)
            waiting += links(page, tree.get(page, "")) if page.endswith(".md") else []
            waiting += [path for path in tree if posixpath.dirname(path) == page]
    for path in tree:
        if path.startswith("docs/") and path not in reached:
            yield f"{path}: link to it, or to its folder, from README.md or from a page under docs/"


@rule
def every_link_leads_somewhere(tree: Tree) -> Iterator[str]:
    folders = {parent.as_posix() for path in tree for parent in Path(path).parents}
    for path, text in tree.items():
        if path.endswith(".md"):
            for target in links(path, text):
                if target not in tree and target not in folders:
                    yield f"{path}: links to {target}, which is not there; mend the link"


@rule
def a_release_tells_its_events_first(tree: Tree) -> Iterator[str]:
    for release in re.split(r"^## ", tree.get("CHANGELOG.md", ""), flags=re.MULTILINE)[1:]:
        first = re.search(r"^### (.*)", release, re.MULTILINE)
        if first is None or first[1] != "Events":
            yield f"CHANGELOG.md: open {release.splitlines()[0]} with '### Events', even when it says: none"


# --- Dependencies


@rule
def the_locks_follow_pyproject(tree: Tree) -> Iterator[str]:
    """An extra that is not for everybody stands in the lock of the tools, which test it."""
    pyproject = tomllib.loads(tree.get("pyproject.toml", ""))
    project, groups = pyproject.get("project", {}), pyproject.get("dependency-groups", {})
    extras = project.get("optional-dependencies", {})
    run = [
        *pyproject.get("build-system", {}).get("requires", []),
        *project.get("dependencies", []),
        *extras.get("embedded", []),
        *groups.get("build", []),
    ]
    for lock, needed in {
        "requirements.lock": run,
        "requirements-dev.lock": [*run, *chain(*extras.values()), *groups.get("dev", [])],
    }.items():
        pinned = dict(re.findall(r"^([\w.-]+)==([^\s;]+)", tree.get(lock, ""), re.MULTILINE))
        for requirement in map(Requirement, needed):
            version = pinned.get(canonicalize_name(requirement.name))
            if version is None or version not in requirement.specifier:
                yield f"{lock}: has {version or 'nothing'} for {requirement}; run: make lock"


# --- The rules, held to the project and to what breaks them


@pytest.fixture(scope="module")
def project() -> Tree:
    """Every file of the checkout but what .gitignore names."""
    ignored = {".git", *(line.strip("/") for line in (ROOT / ".gitignore").read_text().split())}

    def walk(folder: Path) -> Iterator[tuple[str, str]]:
        for entry in sorted(folder.iterdir()):
            if any(fnmatch(entry.name, pattern) for pattern in ignored):
                continue
            if entry.is_dir():
                yield from walk(entry)
            else:
                content = entry.read_bytes()
                text = "" if b"\0" in content else content.decode("utf-8", "replace")
                yield entry.relative_to(ROOT).as_posix(), text

    return dict(walk(ROOT))


@pytest.mark.parametrize("check", RULES, ids=lambda check: check.__name__)
def test_the_house_holds(check: Rule, project: Tree) -> None:
    complaints = list(check(project))
    assert not complaints, "\n" + "\n".join(complaints)


ROOM = """# --- Events
# --- Commands
# --- State
# --- evolve
def evolve(): ...
# --- decide
def decide(): ...
"""
BROKEN: dict[Rule, list[Tree]] = {
    imports_flow_one_way: [
        {"journey/domain/visit.py": "from journey.store import handle"},
        {"journey/domain/visit.py": "def f():\n    import journey.settings"},
        {"journey/store/append.py": "from ..projections import census"},
        {"journey/store.py": "from journey import database"},
        {"journey/projections/census.py": "from journey.api import app"},
        {"journey/simulate.py": "from journey.store import handle"},
        {"journey/settings.py": "from journey.domain import codes"},
        {"journey/attic.py": ""},
    ],
    the_domain_needs_pydantic_alone: [
        {"journey/domain/visit.py": "import psycopg"},
        {"journey/domain/visit/state.py": "from fastapi.routing import APIRoute"},
    ],
    the_domain_reads_no_clock: [
        {"journey/domain/visit.py": "at = datetime.now(UTC)"},
        {"journey/domain/visit.py": "visit_id = uuid4()"},
    ],
    the_event_store_library_stays_inside_the_store: [
        {"journey/ingest/hl7v2.py": "from eventsourcing.domain import Aggregate"},
        {"journey/cli/app.py": "import eventsourcing.postgres"},
    ],
    the_environment_is_read_in_settings: [
        {"journey/api/app.py": "import os\nos.environ['HOME']"},
        {"journey/api/app.py": "from os import getenv"},
        {"journey/log.py": "import os\nos.getenv('HOME')"},
    ],
    a_module_is_read_in_one_sitting: [{"journey/feed.py": "x = 1\n" * (LONGEST + 1)}],
    names_say_what_is_inside: [
        {"journey/utils.py": ""},
        {"journey/api/common/__init__.py": ""},
        {"tests/date_helpers.py": ""},
    ],
    nothing_is_left_for_later: [
        {"journey/feed.py": "# " + "TODO: the rest"},
        {"journey/feed.py": "raise " + "NotImplementedError"},
        {"journey/feed.py": "time.sleep(1)"},
        {"journey/migrate.py": "# " + "FIXME"},
    ],
    a_room_has_its_five_sections: [
        {"journey/domain/visit.py": "def decide(): ..."},
        {"journey/domain/visit.py": ROOM.replace("Events", "Commands", 1).replace("Commands", "Events", 2)},
        {"journey/domain/visit.py": ROOM.replace("# --- State\n", "")},
        {"journey/domain/visit.py": "def decide(): ...\n" + ROOM.replace("def decide(): ...", "")},
        {"journey/domain/visit.py": "def evolve(): ...\n" + ROOM.replace("def evolve(): ...", "")},
        {"journey/domain/visit/decide.py": "def decide(): ...", "journey/domain/visit/events.py": ""},
    ],
    every_exception_says_why: [
        {"journey/feed.py": "x = 1  # noqa"},
        {"journey/feed.py": "x = 1  # noqa: S603"},
        {"journey/feed.py": "x = 1  # noqa: S603, S607 -"},
        {"tests/test_feed.py": "x = 1  # type: ignore"},
        {"journey/feed.py": "# ruff: noqa\nx = 1"},
    ],
    every_ignored_rule_says_why: [
        {"pyproject.toml": '[tool.ruff.lint]\nignore = [\n    "EM",\n]'},
        {"pyproject.toml": '[tool.ruff.lint]\nignore = ["EM"]'},
        {"pyproject.toml": '[tool.ruff.lint]\nignore = [\n    "EM", # why not\n    "FBT"]'},
        {"pyproject.toml": '[tool.ruff.lint.per-file-ignores]\n"tests/**" = [\n    "S101",\n]'},
    ],
    texts_name_no_machine_and_no_index: [
        {"docs/operations.md": "look into /" + "root/data"},
        {"Makefile": "cp x '/" + "home/ann/x'"},
        {"requirements.lock": "--index" + "-url https://example.org"},
        {"requirements.lock": "x @ file" + ":///wheels/x.whl"},
    ],
    every_page_is_reached_from_the_readme: [
        {"README.md": "[a](docs/a.md)", "docs/a.md": "[out](https://example.org)", "docs/b.md": ""},
        {"docs/a.md": "[me](a.md)"},
    ],
    every_link_leads_somewhere: [{"README.md": "[a](docs/a.md#there)"}],
    a_release_tells_its_events_first: [
        {"CHANGELOG.md": "# Changelog\n## [Unreleased]\n### Added\n### Events\n"},
        {"CHANGELOG.md": "## [Unreleased]\n"},
    ],
    the_locks_follow_pyproject: [
        {"pyproject.toml": '[project]\ndependencies = ["rich>=15"]'},
        {
            "pyproject.toml": '[project]\ndependencies = ["rich>=15"]',
            "requirements.lock": "rich==14.1.0 \\\n",
            "requirements-dev.lock": "rich==15.0.0 \\\n",
        },
    ],
}


@pytest.mark.parametrize("check", RULES, ids=lambda check: check.__name__)
def test_each_rule_can_fail(check: Rule) -> None:
    for broken in BROKEN[check]:
        assert list(check(broken)), f"{check.__name__} let this pass: {dict(broken)}"


@pytest.mark.parametrize(
    "sound",
    [
        {"journey/domain/visit.py": ROOM},
        {f"journey/domain/visit/{name.lower()}.py": f"def {name}(): ..." for name in SECTIONS},
        {"journey/domain/journey.py": "from . import visit\ndef decide(): ..."},
        {
            "journey/store/append.py": "import eventsourcing\nfrom journey.domain import visit",
            "journey/store/load.py": "from . import append\nfrom journey import domain, settings",
        },
        {"journey/settings.py": "import os\nos.environ['HOME']"},
        {"journey/migrate.py": "time.sleep(0.1)"},
        {"journey/feed.py": "x = 1  # noqa: S603, S607 - our own program\ny = '# noqa'"},
        {"pyproject.toml": '[tool.ruff.lint]\nignore = [\n  "EM", # told where raised\n]\nselect = ["ALL"]'},
        {
            "README.md": "[docs](docs/) `[no](link)`",
            "docs/a.md": "[b](adr/)",
            "docs/adr/b.md": "[up](../../README.md#x)",
        },
    ],
    ids=lambda sound: next(iter(sound)),
)
def test_no_rule_complains_of_what_is_sound(sound: Tree) -> None:
    assert [complaint for check in RULES for complaint in check(sound)] == []
