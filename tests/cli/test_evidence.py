"""Evidence from the command line: made beside the database, checked where there is none."""

import json
import stat
from pathlib import Path
from typing import Any

import psycopg
import pytest

from journey.ledger.notary import Notary
from journey.ledger.seals import Place
from journey.worker import Worker
from tests.cli.conftest import Program
from tests.evidence.checker import check

pytestmark = pytest.mark.database


@pytest.fixture(scope="module")
def patient(clinic: Program) -> str:
    with psycopg.connect(clinic.environment["DATABASE_URL"]) as connection:
        [(patient,)] = connection.execute("SELECT patient_id::text FROM patient_status LIMIT 1").fetchall()
    return str(patient)


@pytest.fixture(scope="module")
def file(clinic: Program, patient: str) -> Path:
    made = clinic.folder / "evidence.zip"
    to = ("--recipient", "Lakeside University", "--purpose", "HRESCH", "--basis", "research")
    done = clinic.run("audit", "export", "--patient", patient, "--out", str(made), *to)
    assert done.returncode == 0, done.stderr
    return made


def told(clinic: Program, statement: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(clinic.environment["DATABASE_URL"]) as connection:
        return connection.execute(statement.encode()).fetchall()


def test_it_is_for_its_owner_and_replaces_nothing_unless_forced(
    clinic: Program, patient: str, file: Path
) -> None:
    check(str(file))
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    was = file.read_bytes()
    again = ("audit", "export", "--patient", patient, "--out", str(file))
    refused = clinic.run(*again)
    assert (refused.returncode, "is there already" in refused.stderr) == (1, True)
    assert file.read_bytes() == was
    assert clinic.answer(*again, "--force")["recipient"] == "compliance review"
    assert file.read_bytes() != was
    assert not [each for each in clinic.folder.iterdir() if each.name.endswith(".part")]


def test_it_is_accounted_for_and_stands_in_the_trail(clinic: Program, patient: str, file: Path) -> None:
    assert file.exists()
    lines = clinic.answer("audit", "disclosures", "--patient", patient)
    [line] = [each for each in lines if each["recipient"] == "Lakeside University"]
    assert (line["channel"], line["purpose"], line["basis"]) == ("evidence", "HRESCH", "research")
    rows = told(
        clinic,
        "SELECT patients::text[], detail->>'sha256' FROM access_event WHERE kind = 'evidence' ORDER BY at",
    )
    assert (rows[0][0], len(rows[0][1])) == ([patient], 64)


def test_it_is_checked_without_a_database(clinic: Program, bare: Program, file: Path) -> None:
    [(key,)] = told(clinic, "SELECT verifier FROM ledger_key")
    nowhere = bare.having(
        DATABASE_URL="postgresql://ann@127.0.0.1:1/journey", JOURNEY_MASTER_KEY_FILE="/nowhere"
    )
    plain, known, json_ = nowhere.all(
        [
            ("audit", "check", str(file)),
            ("audit", "check", str(file), "--key", key),
            ("audit", "check", str(file), "--json"),
        ]
    )
    assert (plain.returncode, known.returncode, json_.returncode) == (0, 0, 0), plain.stderr
    assert "Trusted is the first key in the file itself" in plain.stdout
    assert f"Trusted is the key that you named: {key}" in known.stdout
    assert plain.stdout.startswith("Sound. All events of its journeys are there (")
    assert (json.loads(json_.stdout)["sound"], json.loads(json_.stdout)["key"]) == (True, key)


def test_what_is_not_sound_is_said_and_nothing_crashes(bare: Program, file: Path) -> None:
    content, cut = file.read_bytes(), bare.folder / "cut.zip"
    cut.write_bytes(content[: len(content) // 2])
    ended, said, nothing, wrong = bare.all(
        [
            ("audit", "check", str(cut)),
            ("audit", "check", str(cut), "--json"),
            ("audit", "check", str(bare.folder / "nothing.zip")),
            ("audit", "check", str(cut), "--key", "me"),
        ]
    )
    assert (ended.returncode, ended.stdout[:10], ended.stderr) == (1, "Not sound:", "")
    assert (said.returncode, json.loads(said.stdout)["sound"]) == (1, False)
    assert (nothing.returncode, "cannot be used: No such file" in nothing.stderr) == (1, True)
    assert wrong.returncode == 2


def test_it_is_made_beside_a_worker_that_leads(clinic: Program, patient: str) -> None:
    made = clinic.folder / "beside.zip"
    url = clinic.environment["DATABASE_URL"]
    with Worker(url, beside=(Notary(url, Place(clinic.folder / ".journey" / "ledger")),)):
        done = clinic.run("audit", "export", "--patient", patient, "--out", str(made))
    assert done.returncode == 0, done.stderr
    check(str(made))


def test_nobody_is_no_evidence(clinic: Program) -> None:
    made = clinic.folder / "nobody.zip"
    nobody = "00000000-0000-4000-8000-000000000000"
    done = clinic.run("audit", "export", "--patient", nobody, "--out", str(made))
    assert (done.returncode, "Nothing was recorded of these patients" in done.stderr) == (1, True)
    assert not made.exists()
