"""`audit verify`: whether the log, the trail and the read models are what was signed, as an officer asks."""

import json

import psycopg
import pytest

from tests.cli.conftest import Program


@pytest.fixture
def signed(program: Program) -> Program:
    assert program.run("simulate", "--patients", "3", "--until", "2026-11-01").returncode == 0
    assert program.run("audit", "checkpoint").returncode == 0
    return program


def test_it_says_what_was_verified_up_to_where_and_by_whose_key(signed: Program, database_url: str) -> None:
    first, answer = signed.run("audit", "verify"), signed.answer("audit", "verify")
    assert (first.returncode, first.stderr) == (0, "")
    with psycopg.connect(database_url) as connection:
        [(events, key)] = connection.execute(
            "SELECT (SELECT count(*) FROM log), (SELECT verifier FROM ledger_key)"
        ).fetchall()
    verified, signer, anchors = first.stdout.splitlines()
    assert verified.startswith(f"Verified from the beginning: {events} events, ")
    assert signer == f"Signed by {key}."
    assert anchors.startswith(f"Anchored in {signed.folder}")
    assert answer["since"] == answer["checkpoint"] > 0
    assert (answer["events"], answer["findings"], answer["keys"]) == (0, [], [key])


def test_what_was_altered_is_named_and_the_exit_status_says_so(signed: Program, database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute("ALTER TABLE event DISABLE TRIGGER event_is_immutable")
        connection.execute(
            "UPDATE event SET occurred_at = occurred_at + interval '1 day' WHERE (journey_id, version) ="
            " (SELECT journey_id, version FROM log WHERE position = 5)"
        )
        connection.execute("ALTER TABLE event ENABLE TRIGGER event_is_immutable")
        connection.execute("UPDATE patient_status SET stage = 'nowhere'")
    told, alone = signed.all(
        [("audit", "verify", "--all"), ("audit", "verify", "--all", "--without-read-models", "--json")]
    )
    assert (told.returncode, alone.returncode) == (1, 1)
    assert told.stderr.startswith("Error: edited, first at 5 of event.")
    assert "\nprojection row that does not follow: patient_status " in told.stdout
    [finding] = json.loads(alone.stdout)["findings"]
    assert (finding["kind"], finding["table"], finding["first"]) == ("edited", "event", 5)


def test_a_key_that_is_none_is_refused(program: Program) -> None:
    done = program.run("audit", "verify", "--key", "clinic+00")
    assert done.returncode == 2
    assert "it should be a key as <name>+<id>+<base64>" in done.stderr
