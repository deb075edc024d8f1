"""Patients are never in what is logged or counted, whatever goes wrong."""

import json
import logging
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
import structlog

from journey import log
from journey.api.access.table import Role
from journey.settings import Settings
from tests.served import Api, number

pytestmark = pytest.mark.database

MARK = "Zwetschgenmus"


@pytest.fixture
def logged(capsys: pytest.CaptureFixture[str]) -> Iterator[pytest.CaptureFixture[str]]:
    """Everything that is logged at the least severe level, as in production."""
    handlers, level = logging.root.handlers[:], logging.root.level
    log.configure(Settings.load(log_format="json", log_level="debug"))
    capsys.readouterr()
    yield capsys
    structlog.reset_defaults()
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)


def lines(logged: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    text = "".join(logged.readouterr())
    assert MARK not in text
    return [json.loads(line) for line in text.splitlines()]


def test_a_line_for_each_request_without_its_address(api: Api, logged: pytest.CaptureFixture[str]) -> None:
    patient = {"family": MARK, "given": [MARK], "phone": MARK, "address": MARK}
    journey = api.opened(
        patient=patient, identifiers=[{"system": "here", "value": MARK}], person=MARK, concern=None
    )
    asked: list[tuple[str, str, Any]] = [
        ("GET", journey, None),
        ("GET", f"/v1/journeys?q={MARK}&mrn={MARK}&team={MARK}", None),
        ("GET", f"/v1/journeys?{MARK}={MARK}", None),
        ("GET", f"/v1/{MARK}", None),
        ("GET", f"/v1/journeys/{MARK}", None),
        ("POST", f"{journey}/put-on-hold", {"reason": MARK}),
        ("POST", f"{journey}/put-on-hold", {"reason": [MARK], MARK: MARK}),
        ("POST", f"{journey}/discharge-patient", {"visit_id": number(5), "override_reason": MARK}),
        ("GET", f"{journey}/events", None),
        ("GET", f"/v1/events?after={MARK}", None),
    ]
    for method, url, body in asked:
        api.ask(method, url, json=body, role=Role.INTEGRATOR)
    requests = [line for line in lines(logged) if line["event"] == "request"]
    assert len(requests) == len(asked) + 1
    assert {line["route"] for line in requests} >= {"/v1/journeys/{journey_id}", "unknown"}
    assert all(line["request_id"] and line["level"] == "info" for line in requests)
    assert MARK not in api.get("/metrics", role=Role.ADMIN).text


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError(f"DETAIL: Key (family)=({MARK}) already exists."),
        psycopg.DataError(f"invalid input\nDETAIL: Failing row contains ({MARK})."),
    ],
)
def test_a_fault_is_told_without_details_and_logged_once(
    api: Api, logged: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    journey = api.opened()
    monkeypatch.setattr(api.engine.store, "handle", fail)
    answer = api.post(f"{journey}/check-in", {"visit_id": number(1)})
    assert (answer.status_code, answer.json()["code"]) == (500, "internal")
    assert type(error).__name__ not in answer.text
    (failed,) = [line for line in lines(logged) if line["event"] == "request.failed"]
    assert failed["request_id"] == answer.headers["X-Request-Id"] == answer.json()["request_id"]
    assert failed["route"] == "/v1/journeys/{journey_id}/check-in"
    assert "Traceback" in failed["exception"]
