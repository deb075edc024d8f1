"""`flow` and `export`: figures and events of all journeys at once."""

import csv
import json
from io import StringIO
from typing import Any
from xml.etree import ElementTree as ET

import psycopg
from pydantic_core import to_jsonable_python

from journey.store import log
from tests.cli.conftest import Program

PLACES = """
    SELECT context #>> '{actor,team}' FROM event UNION SELECT team FROM patient_status
    UNION SELECT ward #>> '{}' FROM event, jsonb_path_query(data::jsonb, 'strict $.**.point_of_care') AS ward
    UNION SELECT team #>> '{}' FROM event, jsonb_path_query(data::jsonb, 'strict $.**.team') AS team
    UNION SELECT team #>> '{}' FROM event, jsonb_path_query(data::jsonb, 'strict $.**.to_team') AS team
    """
"""The names that a site gave to its own teams and wards."""


def texts(value: Any) -> set[str]:
    """Every text of more than a word in stored data, and every name, number or date of a person."""
    found: set[str] = set()
    if isinstance(value, dict):
        for name, each in value.items():
            if isinstance(each, str) and (" " in each or name in {"family", "birth_date", "value", "phone"}):
                found.add(each)
            found |= texts(each)
    elif isinstance(value, list):
        for each in value:
            found |= {each} if isinstance(each, str) and " " in each else texts(each)
    return found


def test_flow_prints_tables_and_figures(clinic: Program) -> None:
    tables, figures = clinic.run("flow"), clinic.answer("flow", "--bucket", "week")
    assert tables.returncode == 0, tables.stderr
    for head in ("Where patients are now", "Time in each stage", "Clocks", "Rates"):
        assert head in tables.stdout
    assert sum(each["patients"] for each in figures["census"]) > 0
    assert figures["bucket"] == "week"


def test_flow_refuses_with_a_sentence(clinic: Program) -> None:
    unknown, reversed_, odd = clinic.all(
        [
            ("flow", "--pathway", "no-such-way"),
            ("flow", "--from", "2026-02-01", "--to", "2026-01-01"),
            ("flow", "--bucket", "decade"),
        ]
    )
    assert (unknown.returncode, reversed_.returncode, odd.returncode) == (1, 1, 2)
    assert "journey pathway list" in unknown.stderr
    assert "later than from" in reversed_.stderr


def test_nothing_that_names_or_describes_a_patient_is_exported(clinic: Program) -> None:
    with psycopg.connect(clinic.environment["DATABASE_URL"]) as connection:
        stored = [to_jsonable_python(each.event) for each in log.read(connection, 0, 100_000)]
        places = {name for (name,) in connection.execute(PLACES)}
    forbidden = set[str]().union(*map(texts, stored)) - places
    assert len(forbidden) > 50
    written = clinic.all(
        [("export", "--format", form, "--out", "-") for form in ("xes", "ocel", "csv", "ndjson")]
    )
    for each in written:
        assert each.returncode == 0, each.stderr
        assert each.stderr.startswith("==> ")
        assert [text for text in forbidden if text in each.stdout] == []
    xes, ocel, rows, ndjson = (each.stdout for each in written)
    events = len(ET.fromstring(xes).findall("{*}trace/{*}event"))  # noqa: S314 - written here
    assert len(json.loads(ocel)["events"]) == len(list(csv.DictReader(StringIO(rows)))) == events
    assert len(ndjson.splitlines()) == events > 100


def test_export_refuses_with_a_sentence(clinic: Program) -> None:
    odd, reversed_, nowhere = clinic.all(
        [
            ("export", "--format", "pdf", "--out", "-"),
            ("export", "--format", "csv", "--out", "-", "--from", "2026-02-01", "--to", "2026-01-01"),
            ("export", "--format", "csv", "--out", "no/such/folder/log.csv"),
        ]
    )
    assert (odd.returncode, reversed_.returncode, nowhere.returncode) == (2, 1, 1)
    assert nowhere.stderr.startswith("Error: ")
