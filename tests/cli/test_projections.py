"""`projections`: how far they are, whether they are right, and making them so."""

import psycopg
import pytest

from journey.errands.errand import Kind, Wanted, stop
from journey.projections import READ_MODELS
from tests.cli.conftest import Program

NAMES = [model.name for model in READ_MODELS]


@pytest.fixture
def filled(program: Program) -> Program:
    assert program.run("simulate", "--patients", "3", "--until", "2026-11-01").returncode == 0
    return program


def test_it_lists_how_far_each_is_without_gaps(filled: Program, database_url: str) -> None:
    listed = filled.answer("projections", "list")
    assert [each["name"] for each in listed] == NAMES
    assert {(each["lag_events"], each["lag_seconds"], each["gaps"], each["parked"]) for each in listed} == {
        (0, 0, 0, 0)
    }
    head, *lines = filled.run("projections", "list").stdout.splitlines()
    assert head.split() == [
        "read",
        "model",
        "state",
        "position",
        "behind",
        "seconds",
        "gaps",
        "parked",
        "last",
        "error",
    ]
    assert len(lines) == len(NAMES)
    with psycopg.connect(database_url) as connection:
        connection.execute("SET session_replication_role = replica")  # the log itself refuses it
        connection.execute("DELETE FROM log WHERE position IN (3, 4)")
    assert [each["gaps"] for each in filled.answer("projections", "list")] == [2] * len(NAMES)


def test_verifying_names_what_is_wrong_and_rebuilding_mends_it(filled: Program, database_url: str) -> None:
    [found] = filled.answer("projections", "verify", "timeline")
    assert (found["model"], found["parked"], found["differences"]) == ("timeline", 0, [])
    assert [each["model"] for each in filled.answer("projections", "verify")] == NAMES
    with psycopg.connect(database_url) as connection:
        row = connection.execute("SELECT journey_id FROM timeline WHERE position = 1").fetchone()
        assert row is not None
        connection.execute("UPDATE timeline SET type = 'x', actor_id = 'y' WHERE position = 1")
    wrong = filled.run("projections", "verify")
    assert wrong.returncode == 1
    assert wrong.stderr == (
        f"Error: timeline {row[0]} 1 differs: actor_id, type. "
        "To make it anew, run: journey projections rebuild.\n"
    )
    assert "timeline differs from the log up to " in wrong.stdout
    assert "patient_status is what the log gives up to " in wrong.stdout
    assert filled.run("projections", "verify", "--json").returncode == 1
    done = filled.run("projections", "rebuild", "timeline")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"timeline is rebuilt from {found['position']} events.\n"
    assert filled.run("projections", "verify").returncode == 0
    every = filled.answer("projections", "rebuild", "--all")
    assert [(each["model"], each["events"], each["parked"]) for each in every] == [
        (name, found["position"], 0) for name in NAMES
    ]
    assert filled.run("projections", "verify").returncode == 0


def test_what_is_parked_is_shown_and_retried(filled: Program, database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        row = connection.execute("SELECT journey_id FROM timeline WHERE position = 1").fetchone()
        assert row is not None
        connection.execute("DELETE FROM timeline WHERE journey_id = %s AND version > 1", row)
        connection.execute(
            "INSERT INTO parked_journey (model, journey_id, version, position, error)"
            " SELECT 'timeline', journey_id, version, position, 'LookupError' FROM log"
            "  WHERE journey_id = %s AND version = 2",
            row,
        )
    assert [each["parked"] for each in filled.answer("projections", "list")] == [
        int(name == "timeline") for name in NAMES
    ]
    assert "1 journeys are parked" in filled.run("projections", "verify", "timeline").stdout
    assert filled.answer("projections", "retry") == [
        {"model": name, "taken_up": int(name == "timeline"), "parked": 0} for name in NAMES
    ]
    assert filled.run("projections", "retry", "timeline").stdout == "timeline: 0 taken up, 0 still parked\n"
    assert filled.run("projections", "verify").returncode == 0


def last_rebuild(url: str) -> tuple[str, str] | None:
    """What came of the last rebuild, and who asked for it."""
    with psycopg.connect(url) as connection:
        query = "SELECT outcome, asked_by FROM errand ORDER BY id DESC LIMIT 1"
        return connection.execute(query).fetchone()


def test_two_rebuilds_at_once_are_refused_with_a_sentence(filled: Program, database_url: str) -> None:
    with psycopg.connect(database_url) as reader:
        reader.execute("SELECT FROM timeline")
        first = filled.start("projections", "rebuild", "timeline")
        with psycopg.connect(database_url, autocommit=True) as operator:
            while operator.execute("SELECT to_regclass('rebuilding_timeline.timeline')").fetchone() == (
                None,
            ):
                assert first.poll() is None
        second = filled.run("projections", "rebuild", "timeline")
        assert second.returncode == 1
        assert second.stderr.startswith("Error: A rebuild of this read model is under way already.")
        states = {each["name"]: each["state"] for each in filled.answer("projections", "list")}
        assert (states["timeline"], states["patient_status"]) == ("rebuilding", "stopped")
        reader.rollback()
        assert first.wait(30) == 0
        assert last_rebuild(database_url) == ("done", "the command line")


def test_a_rebuild_is_stopped_by_whoever_asks_for_that(filled: Program, database_url: str) -> None:
    wanted = Wanted(Kind.REBUILD, "timeline")
    with psycopg.connect(database_url) as reader, psycopg.connect(database_url, autocommit=True) as operator:
        reader.execute("SELECT FROM timeline")
        first = filled.start("projections", "rebuild", "timeline")
        while not stop(operator, wanted, "an admin"):
            assert first.poll() is None
        _, said = first.communicate()
        assert first.returncode == 1
    assert "Error: It was stopped, and nothing is changed by it." in said
    assert last_rebuild(database_url) == ("stopped", "the command line")
    assert filled.run("projections", "verify", "timeline").returncode == 0
