"""`journey replay`, `difference` and `why`: a journey's past on a terminal; and the example in the docs."""

import re
import shlex
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from tests.cli.conftest import ROOT, Program

PAGE = ROOT / "docs" / "replay.md"


@pytest.fixture(scope="module")
def known(clinic: Program) -> dict[str, Any]:
    """A journey of the clinic, and where it stands."""
    with psycopg.connect(clinic.environment["DATABASE_URL"]) as connection:
        row = connection.execute("""
            SELECT journey_id::text, version, team, patient_id::text FROM patient_status
             WHERE team IS NOT NULL ORDER BY version DESC LIMIT 1
            """).fetchone()
    assert row is not None
    return dict(zip(("id", "version", "team", "patient"), row, strict=True))


def test_every_step_with_what_it_changed(clinic: Program, known: dict[str, Any]) -> None:
    told = clinic.answer("replay", known["id"])
    assert (told["journey_id"], told["axis"], told["version"]) == (known["id"], "known", known["version"])
    assert [step["event"]["version"] for step in told["steps"]] == list(range(1, known["version"] + 1))
    assert all(step["event"]["position"] for step in told["steps"])
    lines = clinic.run("replay", known["id"]).stdout.splitlines()
    heads = [line for line in lines if line.startswith("#")]
    assert len(heads) == known["version"]
    assert heads[0].startswith("#1 journey.opened  happened ")
    assert "    stage: - -> " in "\n".join(lines)
    assert not [line for line in lines if "event_id" in line]


def test_what_is_otherwise_since_before_it_was_there(clinic: Program, known: dict[str, Any]) -> None:
    told = clinic.answer("difference", known["id"], "--from", "2020-01-01")
    assert (told["before"]["there"], told["after"]["there"]) == (False, True)
    assert [each["event"]["version"] for each in told["events"]] == list(range(1, known["version"] + 1))
    shown = clinic.run("difference", known["id"], "--from", "2020-01-01").stdout
    assert re.search(r"^changed +status: - -> ", shown, re.MULTILINE)
    assert re.search(
        r"^between +#1 journey.opened .*; known as before, holds since then$", shown, re.MULTILINE
    )


def test_why_it_is_so(clinic: Program, known: dict[str, Any]) -> None:
    told = clinic.answer("why", known["id"], "responsible.team")
    assert told["values"] == [{"path": "responsible.team", "value": known["team"]}]
    (reason,) = told["decided_by"]
    shown = clinic.run("why", known["id"], "responsible.team").stdout
    assert shown.startswith(f"is           responsible.team: {known['team']}\n")
    assert f"#{reason['event']['version']} {reason['event']['type']}" in shown


def test_where_a_patients_and_a_teams_stand(clinic: Program, known: dict[str, Any]) -> None:
    stands = clinic.answer("show", known["id"])
    for whose in (("--patient", known["patient"]), ("--team", known["team"])):
        found = clinic.answer("replay", *whose, "--as-of", stands["as_of"], "--as-known-at", stands["as_of"])
        (same,) = (each for each in found["journeys"] if each["journey_id"] == known["id"])
        assert {**same, "as_known_at": stands["as_known_at"]} == stands
    early = clinic.answer("replay", "--team", known["team"], "--as-of", "2020-01-01")
    assert early["journeys"] == []


def test_what_cannot_be_asked(clinic: Program, known: dict[str, Any]) -> None:
    nothing, both, when, name, early = clinic.all(
        [
            ("replay",),
            ("replay", known["id"], "--team", "x"),
            ("replay", known["id"], "--as-of", "2026-01-01"),
            ("why", known["id"], "stagee"),
            ("replay", known["id"], "--as-known-at", "2020-01-01"),
        ]
    )
    assert [each.returncode for each in (nothing, both, when)] == [2, 2, 2]
    assert [each.returncode for each in (name, early)] == [1, 1]
    assert name.stderr.startswith("Error: An answer has nothing of this name")
    assert early.stderr == "Error: The journey was not there yet at that time, or not known yet.\n"


# --- The officer's example


def examples() -> Iterator[tuple[str, list[str]]]:
    """Each command of the page, with the lines that it is shown to print."""
    for block in re.findall(r"(?:^    .*\n)+", PAGE.read_text(), re.MULTILINE):
        for command in re.split(r"^    \$ ", block, flags=re.MULTILINE)[1:]:
            first, *lines = command.splitlines()
            yield first, [line.removeprefix("    ") for line in lines]


def test_the_officers_example_is_what_the_program_says(program: Program) -> None:
    """Line by line; `…` stands for what is left out, alone for whole lines."""
    told = list(examples())
    assert len(told) == 5
    for command, lines in told:
        done = program.run(*shlex.split(command)[1:])
        assert done.returncode == 0, done.stderr
        parts = [".*" if line == "…" else re.sub("…", "[^\n]*", re.escape(line)) for line in lines]
        assert re.fullmatch("\n".join(parts) + "\n?", done.stdout, re.DOTALL), (command, done.stdout)
