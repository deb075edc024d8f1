"""Whoever looks at patients from the command line stands in the trail, before anything is shown."""

from typing import Any

import psycopg
import pytest

from tests.cli.conftest import Program

pytestmark = pytest.mark.database

LISTS = ("worklist", "handoffs", "referrals", "authorizations", "visits", "barriers")
RECORDED = """
    SELECT kind, outcome, caller, purpose, journeys::text[], patients::text[], detail->>'account', peer
      FROM access_event
     WHERE detail->>'command' = %s
     ORDER BY at
    """


def recorded(clinic: Program, command: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(clinic.environment["DATABASE_URL"]) as connection:
        return connection.execute(RECORDED, (command,)).fetchall()


@pytest.fixture(scope="module")
def whose(clinic: Program) -> tuple[str, str]:
    """A journey, and whose it is."""
    with psycopg.connect(clinic.environment["DATABASE_URL"]) as connection:
        [found] = connection.execute(
            "SELECT journey_id::text, patient_id::text FROM patient_status ORDER BY journey_id LIMIT 1"
        ).fetchall()
    return found[0], found[1]


def test_who_looks_at_a_journey_is_recorded(clinic: Program, whose: tuple[str, str]) -> None:
    journey, patient = whose
    commands = ("show", "history", "replay", "difference", "why")
    for done in clinic.all([(each, journey) for each in commands]):
        assert done.returncode == 0, done.stderr
    for command in commands:
        *_, (kind, outcome, caller, purpose, journeys, patients, account, peer) = recorded(clinic, command)
        assert (kind, outcome, caller, purpose) == ("read", "done", "command-line", "HOPERAT")
        assert (journeys, patients) == ([journey], [patient])
        assert account
        assert peer


def test_whom_a_search_or_a_list_shows_is_recorded(clinic: Program, whose: tuple[str, str]) -> None:
    searches = {"find": ("find", "M"), "replay": ("replay", "--patient", whose[1])}
    lists = {each: (each,) for each in LISTS}
    for command, arguments in (searches | lists).items():
        answer = clinic.answer(*arguments)
        rows = answer if command == "find" else answer[command if command in LISTS else "journeys"]
        *_, (kind, *_, journeys, patients, _, _) = recorded(clinic, command)
        assert kind == ("read" if command == "replay" else "search")
        assert set(journeys) == {row["journey_id"] for row in rows}
        assert bool(patients) is bool(rows)


def test_what_is_shown_to_choose_from_is_recorded_and_what_was_typed_is_not(clinic: Program) -> None:
    done = clinic.run("history", "M")
    assert done.returncode == 1
    *_, (kind, *_, journeys, _, _, _) = recorded(clinic, "history")
    assert kind == "search"
    assert all(each in done.stdout for each in journeys)
    assert journeys
