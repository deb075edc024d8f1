"""Commands about journeys: simulating them, and reading where they stand and what was recorded."""

import json
import re
import shlex
from itertools import chain
from textwrap import dedent
from typing import Any

import psycopg
import pytest

from journey.cli.settle import settle
from journey.domain.correction import CorrectEvent, VoidEvent
from journey.domain.event import Actor, Context, Source
from journey.store.store import Store
from journey.worker import Worker
from tests.cli.conftest import ROOT, Program

UNKNOWN = "00000000-0000-4000-8000-000000000000"
BY_ANN = Context(
    actor=Actor(id="ann", kind="human", role="clinician"), source=Source(system="tests", channel="tests")
)


@pytest.fixture(scope="module")
def known(clinic: Program) -> dict[str, Any]:
    """A patient of the clinic with one journey."""
    with psycopg.connect(clinic.environment["DATABASE_URL"]) as connection:
        row = connection.execute("""
            SELECT journey_id::text, identifiers[1], given || ' ' || family AS name, version
              FROM patient_status
             WHERE (SELECT count(*) FROM patient_status AS other
                     WHERE other.family = patient_status.family AND other.given = patient_status.given
                        OR other.identifiers && patient_status.identifiers) = 1
             ORDER BY journey_id LIMIT 1
            """).fetchone()
    assert row is not None
    return dict(zip(("id", "number", "name", "version"), row, strict=True))


def test_migrating_is_done_once(bare: Program, empty_database_url: str) -> None:
    program = bare.having(DATABASE_URL=empty_database_url)
    first, other = program.all([("migrate", "--json"), ("migrate", "--json")])
    applied = [json.loads(done.stdout)["applied"] for done in (first, other)]
    assert min(map(len, applied)) == 0
    assert "0001_event_log.sql" in chain(*applied)
    assert program.run("migrate").stdout == "The database is at this version already.\n"


def test_a_simulation_is_recorded_and_can_be_read_at_once(program: Program) -> None:
    figures = program.answer("simulate", "--patients", "5", "--until", "2026-11-01", "--seed", "7")
    assert figures["journeys"] >= 5
    assert figures["events"] >= figures["steps"] - figures["refused"] > 50
    positions = program.answer("projections", "list")
    assert [each["name"] for each in positions][:2] == ["patient_status", "timeline"]
    for each in positions:
        assert each["position"] == each["log_position"] == figures["events"]
        assert (each["lag_events"], each["lag_seconds"], each["last_error"]) == (0, 0, None)
        assert each["epoch"] == 1


def test_the_same_simulation_again_adds_nothing(program: Program) -> None:
    arguments = ("simulate", "--patients", "2", "--until", "2026-11-01")
    assert program.answer(*arguments)["journeys"] >= 2
    assert program.answer(*arguments)["journeys"] == 0


def test_the_readme_shows_what_the_program_says(program: Program) -> None:
    block = re.search(
        r"(?:^    .*\n)+", (ROOT / "README.md").read_text().partition("answer looks like")[2], re.MULTILINE
    )
    assert block is not None
    for asked in dedent(block[0]).split("$ ")[1:]:
        command, _, told = asked.partition("\n")
        assert program.run(*shlex.split(command)[1:]).stdout == told


def test_what_was_recorded_beside_a_worker_is_read_after_it(database_url: str) -> None:
    """The worker elsewhere leads; here one stands by, and waits for it."""
    with Worker(database_url):
        settle(database_url)


def test_messages_are_the_same_for_the_same_seed(bare: Program) -> None:
    to_file = ("simulate", "--patients", "3", "--until", "2026-11-01", "--hl7v2", "messages.hl7", "--json")
    to_pipe = ("simulate", "--patients", "3", "--until", "2026-11-01", "--hl7v2", "-")
    other = ("simulate", "--patients", "3", "--until", "2026-11-01", "--seed", "2", "--hl7v2", "-")
    filed, piped, differing = bare.all([to_file, to_pipe, other])
    written = (bare.folder / "messages.hl7").read_bytes().decode()
    assert written.count("MSH|") == json.loads(filed.stdout)["messages"] > 10
    assert piped.stdout == written
    assert differing.stdout != piped.stdout
    missing = bare.run("simulate", "--patients", "3", "--hl7v2", "missing/messages.hl7")
    assert missing.returncode == 1
    assert missing.stderr == "Error: missing/messages.hl7 cannot be used: No such file or directory.\n"


def test_where_a_patient_stands_by_id_number_and_name(clinic: Program, known: dict[str, Any]) -> None:
    every = clinic.all([("show", known["id"]), ("show", known["number"]), ("show", known["name"].upper())])
    assert {done.returncode for done in every} == {0}
    assert len({re.sub(r"\d+ (d|h|min)", "", done.stdout) for done in every}) == 1
    page = every[0].stdout
    assert known["id"] in page
    assert known["number"] in page
    assert "journey-opened" in page
    heads = re.findall(r"^(\w+(?: \w+)?)  +", page, re.MULTILINE)
    parts = ["status", "stage", "responsible", "reached", "next", "blocked by", "open visits", "why"]
    on_a_pathway = {"pathway", "later", "overdue", "at risk", "waived", "clocks"}
    assert [head for head in heads if head not in on_a_pathway] == ["journey", "patient", *parts]


def test_where_a_patient_stood(clinic: Program, known: dict[str, Any]) -> None:
    now = clinic.answer("show", known["id"])
    assert now["version"] == known["version"]
    opened = now["reached"][0]["at"]
    then = clinic.answer("show", known["id"], "--as-of", opened)
    assert [each["milestone"] for each in then["reached"]] == ["journey-opened"]
    assert then["as_of"] == opened
    before, unknown = clinic.all(
        [
            ("show", known["id"], "--as-of", "1999-12-31"),
            ("show", known["id"], "--as-known-at", "2026-01-01 12:00"),
        ]
    )
    for done in (before, unknown):
        assert done.returncode == 1
        assert done.stderr == "Error: The journey was not there yet at that time, or not known yet.\n"


def test_everything_recorded_in_order(clinic: Program, known: dict[str, Any]) -> None:
    events = clinic.answer("history", known["id"])
    assert [each["version"] for each in events] == list(range(1, known["version"] + 1))
    assert events[0]["type"] == "journey.opened"
    assert {"event_id", "occurred_at", "recorded_at", "actor", "source", "data"} <= set(events[0])
    shown = clinic.run("history", known["number"]).stdout.splitlines()
    assert shown[0].split() == ["version", "happened", "recorded", "what", "who", "details"]
    assert [line.split()[0] for line in shown[1:]] == [str(each["version"]) for each in events]
    assert all(each["type"] in line for each, line in zip(events, shown[1:], strict=True))


def test_what_is_voided_is_struck_out(program: Program, database_url: str) -> None:
    program.run("simulate", "--patients", "1", "--until", "2026-11-01")
    store = Store(database_url)
    with psycopg.connect(database_url) as connection:
        row = connection.execute("SELECT journey_id, event_id FROM event WHERE version = 2").fetchone()
    assert row is not None
    store.handle(row[0], VoidEvent(event_id=row[1], reason="another patient's"), BY_ANN)
    store.close()
    events = program.answer("history", str(row[0]))
    assert [each["version"] for each in events if each["voided"]] == [2]
    assert events[-1]["type"] == "correction.voided"
    lines = program.run("history", str(row[0])).stdout.splitlines()
    assert [line for line in lines if "(voided)" in line] == [lines[2]]


def test_what_is_corrected_says_so(program: Program, database_url: str) -> None:
    program.run("simulate", "--patients", "1", "--until", "2026-11-01")
    store = Store(database_url)
    with psycopg.connect(database_url) as connection:
        row = connection.execute("SELECT journey_id, event_id FROM event WHERE version = 1").fetchone()
    assert row is not None
    concern = {"concern": {"system": "local", "code": "knee", "display": "A knee"}}
    store.handle(row[0], CorrectEvent(event_id=row[1], data=concern, reason="left out"), BY_ANN)
    store.close()
    events = program.answer("history", str(row[0]))
    assert [each["version"] for each in events if each["corrected"]] == [1]
    lines = program.run("history", str(row[0])).stdout.splitlines()
    assert [line for line in lines if "(corrected)" in line] == [lines[1]]
    assert "A knee" in next(line for line in lines if "correction.corrected" in line)


def test_a_journey_that_is_not_there_or_not_one(clinic: Program) -> None:
    unknown, nobody, everybody = clinic.all([("history", UNKNOWN), ("show", "Nobody, Ann"), ("show", "")])
    assert (unknown.returncode, unknown.stderr) == (1, "Error: No journey has this id.\n")
    assert nobody.returncode == 1
    assert "Nobody" not in nobody.stderr
    assert everybody.returncode == 1
    assert everybody.stdout == ""


def test_a_name_that_leads_to_several_lists_them(clinic: Program) -> None:
    with psycopg.connect(clinic.environment["DATABASE_URL"]) as connection:
        row = connection.execute(
            """
            SELECT letter, count(*)
              FROM patient_status, regexp_split_to_table('abcdefghijklmnopqrstuvwxyz', '') AS letter
             WHERE search LIKE '% ' || letter || '%' GROUP BY 1 HAVING count(*) BETWEEN 2 AND 20 LIMIT 1
            """
        ).fetchone()
    assert row is not None
    letter, count = row
    done = clinic.run("show", letter)
    assert done.returncode == 1
    assert done.stderr == f"Error: That leads to {count} journeys: name one of them by its id.\n"
    assert len(done.stdout.splitlines()) == 1 + count


def test_a_read_model_that_fails_is_shown(program: Program, database_url: str) -> None:
    program.run("simulate", "--patients", "2", "--until", "2026-11-01")
    with psycopg.connect(database_url) as connection:
        connection.execute(
            "UPDATE checkpoint SET position = position - 3, last_error = 'DataError' WHERE name = 'timeline'"
        )
    behind = program.answer("projections", "list")[1]
    assert (behind["lag_events"], behind["last_error"]) == (3, "DataError")
    assert behind["lag_seconds"] > 0
    assert "DataError" in program.run("projections", "list").stdout
