"""The audit from the command line: who saw, recorded or was given what; looking is recorded, too."""

import csv
import json
from io import StringIO
from typing import Any

import psycopg
import pytest
from fhir.resources.R4B.bundle import Bundle

from tests.cli.conftest import Program

pytestmark = pytest.mark.database


@pytest.fixture(scope="module")
def patient(clinic: Program) -> str:
    """A patient of the clinic, whose events were exported to somebody."""
    with psycopg.connect(clinic.environment["DATABASE_URL"]) as connection:
        [(patient,)] = connection.execute("SELECT patient_id::text FROM patient_status LIMIT 1").fetchall()
    where = str(clinic.folder / "log.csv")
    to = ("--recipient", "Lakeside University", "--purpose", "HRESCH")
    done = clinic.run("export", "--format", "csv", "--out", where, *to)
    assert done.returncode == 0, done.stderr
    done = clinic.run("export", "--format", "csv", "--out", where, "--from", "2090-01-01")
    assert done.returncode == 0, done.stderr
    return str(patient)


def looked_at(clinic: Program) -> list[tuple[Any, ...]]:
    with psycopg.connect(clinic.environment["DATABASE_URL"]) as connection:
        return connection.execute(
            "SELECT kind, name, detail->>'command', patients::text[] FROM access_event ORDER BY at"
        ).fetchall()


def test_what_is_exported_is_accounted_for_by_patient(clinic: Program, patient: str) -> None:
    """Nothing of an export in which the patient is not."""
    [line] = clinic.answer("audit", "disclosures", "--patient", patient)
    assert (line["recipient"], line["purpose"], line["basis"]) == (
        "Lakeside University",
        "HRESCH",
        "research",
    )
    assert (line["channel"], line["times"]) == ("export", 1)
    printed = clinic.run("audit", "disclosures", "--patient", patient).stdout
    assert "1. Lakeside University" in printed
    assert ("print", "the command line", "audit disclosures", [patient]) in looked_at(clinic)
    with psycopg.connect(clinic.environment["DATABASE_URL"]) as connection:
        [told] = connection.execute("""
            SELECT count(DISTINCT patient_id), (SELECT count(DISTINCT patient_id) FROM patient_status)
              FROM disclosure WHERE recipient = 'Lakeside University'
            """).fetchall()
    assert told[0] == told[1] > 0


def test_a_patients_own_report_tells_who_and_why(clinic: Program, patient: str) -> None:
    done = clinic.run("audit", "access", "--patient", patient)
    head, *lines = done.stdout.splitlines()
    assert head.startswith("when")
    assert any("Lakeside University  disclosed done  HRESCH research" in line for line in lines)
    assert any("recorded journey.opened done" in line for line in lines)
    assert ("print", "the command line", "audit access", [patient]) in looked_at(clinic)


def test_a_report_is_written_whole(clinic: Program, patient: str) -> None:
    out = clinic.folder / "audit.json"
    some = ("--patient", patient, "--to", "2100-01-01")
    as_csv, as_fhir, wrong, unsortable = clinic.all(
        [
            ("audit", "report", *some, "--sort=-name"),
            ("audit", "report", *some, "--format", "fhir", "--out", str(out)),
            ("audit", "report", "--format", "pdf"),
            ("audit", "report", "--sort", "detail"),
        ]
    )
    names = [row["name"] for row in csv.DictReader(StringIO(as_csv.stdout))]
    assert names == sorted(names, reverse=True) != []
    assert as_fhir.returncode == 0, as_fhir.stderr
    Bundle.model_validate_json(out.read_text())
    kinds = {each["resource"]["resourceType"] for each in json.loads(out.read_text())["entry"]}
    assert kinds == {"AuditEvent", "Provenance"}
    assert (wrong.returncode, unsortable.returncode) == (2, 2)
    assert [each[2] for each in looked_at(clinic)].count("audit report") == 2
