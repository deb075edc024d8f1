"""`journey privacy …`, as an officer runs it."""

from uuid import uuid4

import psycopg
import pytest

from tests.cli.conftest import Program

pytestmark = pytest.mark.database


def test_a_patient_is_erased_by_two_people(program: Program, database_url: str) -> None:
    program = program.having(JOURNEY_RETENTION_YEARS="0")
    program.answer("simulate", "--patients", "2", "--until", "2026-11-01", "--seed", "7")
    with psycopg.connect(database_url) as connection:
        [(patient, family), *_] = connection.execute(
            "SELECT patient_id::text, family FROM patient_status WHERE family IS NOT NULL"
        ).fetchall()
    asking = ("privacy", "request", "--patient", patient, "--basis", "objection", "--reason", "her letter")
    assert program.answer(*asking, "--by", "officer-1")["journeys"]
    refused = program.run("privacy", "erase", "--patient", patient, "--by", "officer-1")
    assert (refused.returncode, "Another person" in refused.stderr) == (1, True)
    done = program.answer("privacy", "erase", "--patient", patient, "--by", "officer-2")
    assert done["values"] > 0
    with psycopg.connect(database_url) as connection:
        rows = connection.execute("SELECT family FROM patient_status WHERE patient_id = %s", (patient,))
        assert family not in {name for (name,) in rows}
    assert program.answer("privacy", "rotate")["rewrapped"] == 0


def test_nobody_is_no_patient(program: Program) -> None:
    done = program.run("privacy", "erase", "--patient", str(uuid4()), "--by", "officer-2")
    assert done.returncode == 1
    assert "nothing to erase" in done.stderr
