"""The lists and the search on the command line: what the API answers, in tables."""

import json
import re
from inspect import signature
from typing import Any

import psycopg
import pytest

from journey.api.lists.every import LISTS
from journey.cli import lists, terminal
from tests.cli.conftest import Program

pytestmark = pytest.mark.database


@pytest.mark.parametrize("name", LISTS)
def test_an_option_is_a_filter(name: str) -> None:
    filters = {each.name: each for each in LISTS[name].every_filter}
    options = [each for each in signature(lists.command(name)).parameters if each not in {"limit", "as_json"}]
    assert {each.rstrip("_") for each in options} <= set(filters)
    for option, metavar, _ in lists.SHOWN[name].options:
        assert (metavar is None) == (filters[option.replace("-", "_")].kind is bool)
    of_them_all = {"journey", "patient", "pathway"}
    assert set(filters) - {each.rstrip("_") for each in options} <= of_them_all
    assert lists.SHOWN[name].question == LISTS[name].question


@pytest.mark.parametrize("name", LISTS)
def test_a_list_as_a_table_and_for_programs(clinic: Program, name: str) -> None:
    table, answer = clinic.all([(name,), (name, "--json")])
    assert (table.returncode, table.stderr) == (0, "")
    found = json.loads(answer.stdout)
    assert set(found) == {name, "as_of"}
    rows = found[name]
    lines = table.stdout.splitlines()
    if not rows:
        assert lines == ["Nothing."]
        return
    assert len(lines) == 1 + len(rows)
    assert re.split(r"  +", lines[0])[-2:] == ["stage", "patient"]
    assert rows[0]["patient"]["family"] in lines[1]


def test_a_list_is_cut_short_and_says_so(clinic: Program) -> None:
    more = clinic.run("worklist", "--limit", "1")
    assert len(more.stdout.splitlines()) == 2
    assert "there are more than 1" in more.stderr


def test_a_list_of_one_team(clinic: Program) -> None:
    rows = clinic.answer("worklist")["worklist"]
    team = min(filter(None, {row["journey"]["team"] for row in rows}))
    assert {row["journey"]["team"] for row in clinic.answer("worklist", "--team", team)["worklist"]} == {team}
    assert clinic.answer("worklist", "--team", "no such team")["worklist"] == []


def step(row: dict[str, Any]) -> tuple[str | None, ...]:
    return row["journey_id"], row["step"], row["subject_id"]


def test_what_is_overdue_and_what_is_not(clinic: Program) -> None:
    """In this order, so that a step whose time comes meanwhile is in none too few."""
    others = clinic.answer("worklist", "--not-overdue")["worklist"]
    overdue = clinic.answer("worklist", "--overdue")["worklist"]
    assert all(row["overdue"] for row in overdue)
    assert not any(row["overdue"] for row in others)
    every = clinic.answer("worklist", "--limit", "10000")["worklist"]
    assert set(map(step, others)) | set(map(step, overdue)) == set(map(step, every))


def test_times_are_those_of_the_installation(clinic: Program) -> None:
    program = clinic.having(JOURNEY_TIMEZONE="Europe/Berlin")
    every = program.answer("visits", "--over")["visits"]
    day = next(row["starts_at"] for row in every if row["starts_at"])[:10]
    of_the_day = program.answer("visits", "--over", "--from", day, "--to", day)["visits"]
    on_the_day = program.answer("visits", "--over", "--on", day)["visits"]
    assert on_the_day
    assert [row["visit_id"] for row in on_the_day] == [
        row["visit_id"] for row in of_the_day if row["starts_at"]
    ]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("visits", "--on", "yesterday"), "--on"),
        (("referrals", "--older-than", "soon"), "a length of time is written as P5D"),
        (("handoffs", "--status", "lost"), "--status"),
        (("worklist", "--due-before", "soon"), "--due-before"),
    ],
)
def test_a_wrong_option_says_so(bare: Program, arguments: tuple[str, ...], said: str) -> None:
    done = bare.run(*arguments)
    assert done.returncode == 2
    assert said in done.stderr


def test_a_table_stays_within_the_terminal() -> None:
    rows = [("2026-03-02 09:00", "a very long title of a step that somebody has to do", "Okafor, Ngozi")]
    lines = list(terminal.table(("due", "what", "patient"), rows, within=60))
    assert max(map(len, lines)) <= 60
    assert lines[1].startswith("2026-03-02 09:00  a very long title")
    assert "…" in lines[1]
    assert lines[1].endswith("Okafor, Ngozi")
    assert all(len(line) > 20 for line in terminal.table(("due", "what", "patient"), rows, within=1))


def test_somebody_is_found(clinic: Program) -> None:
    with psycopg.connect(clinic.environment["DATABASE_URL"]) as connection:
        row = connection.execute("""
            SELECT journey_id::text, family, given, identifiers[1] FROM patient_status
             WHERE length(family) > 5 ORDER BY journey_id LIMIT 1
            """).fetchone()
    assert row is not None
    journey_id, family, given, number = row
    mistyped = family[:2] + family[3] + family[2] + family[4:]
    for text in (number, f"{mistyped} {given.upper()}"):
        assert journey_id in {each["journey_id"] for each in clinic.answer("find", text)}, text
    table = clinic.run("find", family).stdout.splitlines()
    assert table[0].split() == ["journey", "status", "stage", "patient"]
    assert any(line.startswith(journey_id) for line in table)
    nobody = clinic.run("find", "Zyxwvut")
    assert (nobody.returncode, nobody.stdout) == (0, "Nobody is found by that.\n")


def test_what_is_only_like_a_name_is_never_taken_for_it(clinic: Program) -> None:
    with psycopg.connect(clinic.environment["DATABASE_URL"]) as connection:
        row = connection.execute(
            "SELECT family FROM patient_status WHERE length(family) > 6 ORDER BY family LIMIT 1"
        ).fetchone()
    assert row is not None
    mistyped = row[0][:-2] + row[0][-1] + row[0][-2]
    done = clinic.run("show", mistyped)
    assert done.returncode == 1
    assert done.stderr == (
        "Error: No patient is called so, and these are like it: name one of them by its id.\n"
    )
    assert row[0] in done.stdout
