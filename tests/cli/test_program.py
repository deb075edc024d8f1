"""What holds for every command: help, wrong usage, and one sentence for whatever is in the way."""

import ast
import re
import resource
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import psycopg
import pytest
from typer.testing import CliRunner

from journey.cli import failure
from journey.cli.app import app
from journey.store.errors import StoreUnavailable
from tests.cli.conftest import ROOT, Program

NOWHERE = "postgresql://ann:hunter2@127.0.0.1:1/journey"
SERVER = {"cryptography", "fastapi", "httpx2", "starlette"}
UNKNOWN = "00000000-0000-4000-8000-000000000000"

WRONG = [
    ("walk",),
    ("show",),
    ("show", UNKNOWN, "--as-of", "yesterday"),
    ("history", UNKNOWN, "another"),
    ("simulate",),
    ("simulate", "--patients", "0"),
    ("simulate", "--patients", "many"),
    ("simulate", "--patients", "3", "--until", "2999-01-01"),
    ("projections", "rebuild"),
    ("projections", "rebuild", "everything"),
    ("projections", "rebuild", "timeline", "--all"),
    ("projections", "verify", "everything"),
    ("projections", "retry", "everything"),
    ("migrate", "--port", "1"),
    ("keys", "create", "--name", "Ann", "--role", "president"),
    ("keys", "create", "--name", " ", "--role", "admin"),
    ("keys", "revoke"),
    ("ingest", "hl7v2"),
    ("ingest", "fhir"),
    ("ingest", "fhir", "--source", "two words", "-"),
    ("listen", "mllp", "--port", "70000"),
    ("send", "mllp"),
    ("ingest", "hl7v3", "messages.hl7"),
    ("serve", "--role", "king"),
    ("serve", "--port", "70000"),
    ("demo", "--patients", "none"),
    ("bench", "everything"),
    ("pathway", "check"),
    ("pathway", "show"),
]


def test_help_names_every_command_and_is_quick(bare: Program) -> None:
    [done] = bare.from_nothing(("--help",))
    assert done.returncode == 0
    assert re.findall(r"^  (\w+) ", done.stdout.partition("Commands:")[2], re.MULTILINE) == [
        *("demo", "migrate", "serve", "simulate"),
        *("worklist", "handoffs", "referrals", "authorizations", "visits", "barriers"),
        *("find", "show", "history", "replay", "difference", "why", "tail", "flow", "export", "bench"),
        *("ingest", "listen", "send", "pathway", "projections", "keys", "audit", "privacy"),
    ]
    code = "import sys, journey.cli.app; print({'fastapi', 'psycopg', 'pydantic', 'rich'} & set(sys.modules))"
    loaded = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert loaded.stdout == "set()\n"


@pytest.mark.parametrize("command", ["lists", "find", "history", "flow", "keys"])
def test_what_is_asked_at_the_terminal_needs_no_server(command: str) -> None:
    """Not all that the modules behind it load is worth half a second to whoever waits for a list."""
    tree = ast.parse((ROOT / "journey" / "cli" / f"{command}.py").read_text())
    named = {each.module for each in ast.walk(tree) if isinstance(each, ast.ImportFrom)}
    code = f"import sys, {', '.join(sorted(map(str, named)))}; print({SERVER} & set(sys.modules))"
    loaded = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert loaded.stdout == "set()\n"


def test_the_version_is_the_package_s(bare: Program) -> None:
    assert bare.run("--version").stdout == f"journey {version('journey')}\n"


@pytest.mark.parametrize("arguments", WRONG, ids=" ".join)
def test_wrong_usage_exits_2(arguments: tuple[str, ...]) -> None:
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 2, done.output
    assert done.stdout == ""
    assert done.stderr.startswith("Usage: ")


def test_wrong_usage_is_said_on_standard_error(bare: Program) -> None:
    unknown, no_time = bare.from_nothing(("walk",), ("show", UNKNOWN, "--as-of", "yesterday"))
    assert (unknown.returncode, unknown.stdout) == (2, "")
    assert unknown.stderr.splitlines()[-1] == "Error: No such command 'walk'."
    assert (no_time.returncode, no_time.stdout) == (2, "")
    assert "2026-03-01T14:30Z" in no_time.stderr.splitlines()[-1]


def test_every_command_finds_by_itself_what_it_works_with(program: Program) -> None:
    """Nothing that another command would have imported."""
    for done in program.from_nothing(
        ("worklist",),
        ("find", "Nobody"),
        ("flow",),
        ("export", "--format", "csv", "--out", "log.csv"),
        ("pathway", "list"),
        ("projections", "list"),
        ("keys", "list"),
        ("ingest", "parked"),
    ):
        assert done.returncode == 0, done.stderr


def test_what_keeps_the_database_away_is_one_sentence(bare: Program, empty_database_url: str) -> None:
    everywhere: list[tuple[str, ...]] = [("show", UNKNOWN), ("serve", "--port", "0")]
    for done in bare.having(DATABASE_URL=NOWHERE).all([("migrate",), *everywhere]):
        assert done.returncode == 1
        assert done.stderr.startswith("Error: The database journey at 127.0.0.1:1 cannot be reached: ")
        assert len(done.stderr.splitlines()) == 1
        assert "hunter2" not in done.stderr
    commands = [("simulate", "--patients", "3"), ("ingest", "hl7v2", "-"), *everywhere]
    for done in bare.having(DATABASE_URL=empty_database_url).all(commands):
        assert done.returncode == 1
        assert "Run: journey migrate." in done.stderr


def test_a_setting_that_cannot_be_used_is_named(bare: Program) -> None:
    done = bare.having(JOURNEY_TIMEZONE="Mars/Olympus").run("migrate")
    assert done.returncode == 1
    assert done.stderr.startswith("Error: JOURNEY_TIMEZONE is 'Mars/Olympus': ")


def test_a_home_that_cannot_be_written_is_named(bare: Program) -> None:
    (bare.folder / "file").touch()
    done = bare.having(JOURNEY_HOME="file/home").run("migrate")
    assert done.returncode == 1
    assert done.stderr.startswith(f"Error: The embedded database cannot be kept in {bare.folder}/file/home: ")


def test_without_any_postgresql_both_ways_out_are_named(bare: Program) -> None:
    """As where the extra is not installed, and neither is a PostgreSQL of the system's."""
    code = """
import sys
from journey.embedded import binaries
from journey.cli.app import main
sys.modules.update(dict.fromkeys(package for package, _ in binaries.WHEELS))
binaries.SYSTEM_FOLDERS = ()
sys.argv = ["journey", "migrate"]
main()
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=bare.folder,
        env={"PATH": "", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "DATABASE_URL" in done.stderr
    assert "journey[embedded]" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_full_disk_is_said_to_be_full(bare: Program) -> None:
    [limited] = bare.from_nothing(
        ("simulate", "--patients", "3", "--hl7v2", "messages.hl7"),
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096)),
    )
    assert limited.returncode == 1
    assert limited.stderr.startswith("Error: There is no space left to write ")
    if Path("/dev/full").exists():
        full = bare.run("simulate", "--patients", "3", "--hl7v2", "/dev/full")
        assert full.returncode == 1
        assert full.stderr.startswith("Error: There is no space left to write ")


def test_a_reader_that_goes_away_is_no_fault(bare: Program) -> None:
    process = bare.start("simulate", "--patients", "50", "--hl7v2", "-")
    assert process.stdout is not None
    assert process.stdout.readline().startswith("MSH|")
    process.stdout.close()
    process.stdout = None
    _, said = process.communicate(timeout=60)
    assert said == ""


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (psycopg.errors.DiskFull("relation of Edith Brackenhall"), "The database's disk is full."),
        (psycopg.errors.AdminShutdown("terminating"), "The connection to the database was lost."),
        (psycopg.errors.InsufficientPrivilege("event"), "The database's user may not do this."),
        (StoreUnavailable("The database is busy."), "The database is busy."),
        (PermissionError(13, "Permission denied", "out"), "out cannot be used: Permission denied."),
    ],
)
def test_what_can_happen_to_a_database_or_a_file_has_its_sentence(
    error: Exception, sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert failure.reported(error) == 1
    assert capsys.readouterr().err.startswith(f"Error: {sentence}")


def test_a_bug_is_named_by_kind_and_place_alone(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(KeyError) as caught:
        raise KeyError("Edith Brackenhall")
    assert failure.reported(caught.value) == 1
    said = capsys.readouterr().err
    assert "KeyError" in said
    assert "journey --debug" in said
    assert "Brackenhall" not in said
