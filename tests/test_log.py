import json
import logging
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import psycopg
import pytest
import structlog
from pydantic import BaseModel, ValidationError

from journey import log
from journey.settings import Settings

Lines = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def as_json() -> Iterator[None]:
    """Logging as it is in production, and as it was once the test is over."""
    root = logging.getLogger()
    before = root.level, root.handlers[:]
    log.configure(Settings.load(log_format="json"))
    yield
    structlog.contextvars.clear_contextvars()
    structlog.reset_defaults()
    root.level, root.handlers[:] = before


def last(lines: Lines) -> dict[str, Any]:
    line: dict[str, Any] = json.loads(lines.readouterr().err.splitlines()[-1])
    return line


def test_a_line_is_json_in_utc_with_what_is_bound(capsys: Lines) -> None:
    structlog.contextvars.bind_contextvars(request_id="r-1", actor="clinician-7")
    structlog.get_logger().info("command handled", journey_id="j-1", milliseconds=4)
    line = last(capsys)
    at = datetime.fromisoformat(line.pop("at"))
    assert at.utcoffset() == timedelta(0)
    assert line == {
        "event": "command handled",
        "level": "info",
        "request_id": "r-1",
        "actor": "clinician-7",
        "journey_id": "j-1",
        "milliseconds": 4,
    }


@pytest.mark.parametrize(
    "key",
    [
        "name", "family", "given", "patient_name", "familyName", "birth_date", "birthDate", "date_of_birth",
        "mrn", "MRN", "identifier", "identifiers", "note", "notes", "text", "data", "body", "raw", "secret",
        "client_secret", "authorization", "Authorization", "phone", "home_address", "email", "password",
        "X-Token", "segment",
    ],
)  # fmt: skip
def test_what_could_be_personal_or_secret_is_masked_at_any_depth(capsys: Lines, key: str) -> None:
    structlog.get_logger().info(
        "seen", **{key: "Smith"}, patient={"inner": [{key: ("Smith", {"a": "Smith"})}]}
    )
    line = capsys.readouterr().err
    assert "Smith" not in line
    assert log.MASK in line


@pytest.mark.parametrize(
    "key",
    ["authorization_id", "body_bytes", "message_type", "journey_id", "note_ids", "event_type", "position"],
)
def test_what_only_points_or_counts_stays(capsys: Lines, key: str) -> None:
    structlog.get_logger().info("seen", **{key: "17"})
    assert last(capsys)[key] == "17"


def test_an_error_of_the_database_does_not_quote_the_row(capsys: Lines, empty_database_url: str) -> None:
    with psycopg.connect(empty_database_url) as connection:
        connection.execute("CREATE TABLE patient (mrn text PRIMARY KEY)")
        insert = "INSERT INTO patient VALUES (%s)"
        connection.execute(insert, [f"MRN\n\n-{4700 + 11}"])
        try:
            connection.execute(insert, [f"MRN\n\n-{4700 + 11}"])
        except psycopg.errors.UniqueViolation:
            structlog.get_logger().exception("a bug")
            logging.getLogger("elsewhere").exception("a bug")
        connection.rollback()
        with pytest.raises(psycopg.errors.InvalidTextRepresentation) as refused:
            connection.execute("SELECT %s::jsonb", [f"not {4700 + 11}"])
        structlog.get_logger().error("a bug", exc_info=refused.value)
        connection.rollback()
        with pytest.raises(psycopg.errors.InvalidTextRepresentation) as refused:
            connection.execute("SELECT %s::uuid", [f"not {4700 + 11}"])
        structlog.get_logger().error("a bug", exc_info=refused.value)
    lines = capsys.readouterr().err
    assert lines.count("UniqueViolation") == 2
    assert "patient_pkey" in lines
    assert "4711" not in lines


def test_an_error_of_validation_does_not_quote_the_value(capsys: Lines) -> None:
    class Visit(BaseModel):
        minutes: int

    family = "smith".title()  # a traceback quotes the source, and may
    with pytest.raises(ValidationError) as refused:
        Visit.model_validate({"minutes": family})
    structlog.get_logger().error("a bug", exc_info=refused.value)
    logging.getLogger("elsewhere").warning("refused: %s", refused.value)
    lines = capsys.readouterr().err
    assert "ValidationError" in lines
    assert "Smith" not in lines


def test_tracebacks_on_a_terminal_show_no_variables(capsys: Lines) -> None:
    log.configure(Settings.load(log_format="console"))
    family = "smith".title()
    with pytest.raises(ZeroDivisionError) as bug:
        _ = len(family) / 0
    structlog.get_logger().error("a bug", exc_info=bug.value)
    shown = capsys.readouterr().err
    assert "ZeroDivisionError" in shown
    assert "Smith" not in shown


def test_other_libraries_write_the_same_lines_and_no_addresses(capsys: Lines) -> None:
    logging.getLogger("some.library").warning("a connection was lost")
    assert last(capsys) | {"at": ""} == {"event": "a connection was lost", "level": "warning", "at": ""}
    logging.getLogger("uvicorn.access").info('"GET /v1/journeys?mrn=4711 HTTP/1.1" 200')
    assert capsys.readouterr().err == ""


def test_less_severe_messages_are_left_out(capsys: Lines) -> None:
    log.configure(Settings.load(log_level="warning"))
    structlog.get_logger().info("detail")
    logging.getLogger("elsewhere").info("detail")
    assert capsys.readouterr().err == ""
