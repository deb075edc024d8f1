from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from journey.api.access.table import Role
from journey.api.catalogue import CATALOGUE, catalogue, refusals
from journey.api.problems import RETRY_AFTER, Problem, problem_of
from journey.domain.journey import COMMANDS
from journey.store.errors import Contended, OutcomeUnknown, StoreUnavailable
from tests.served import Api, number

pytestmark = pytest.mark.database

MARK = "Zwetschgenmus"
JSON = {"Content-Type": "application/json"}


@pytest.fixture(scope="module")
def journey(api: Api) -> str:
    return api.opened()


def problem(answer: Any, status: int, code: str) -> dict[str, Any]:
    """The problem, which is of this kind and looks like one."""
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json"), (
        answer.text
    )
    document: dict[str, Any] = answer.json()
    assert (document["code"], document["status"]) == (code, status)
    assert document["type"] == f"/docs#{code}"
    assert document["detail"].endswith((".", "…", "now"))
    assert document["request_id"] == answer.headers["X-Request-Id"]
    assert MARK not in answer.text
    return document


def fields(document: dict[str, Any]) -> set[tuple[str, str]]:
    return {(each["where"], each["field"]) for each in document["errors"]}


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"\xff",
        b'{"a": ',
        b"nul",
        b"[" * 5000,
        b'{"n": ' + b"9" * 5000 + b"}",
        b'{"a":"\x00"}',
        b"{} {}",
    ],
    ids=range(8),
)
def test_what_is_not_json(api: Api, journey: str, body: bytes) -> None:
    problem(api.ask("POST", f"{journey}/check-in", content=body, headers=JSON), 400, "malformed-json")


@pytest.mark.parametrize("media", [None, "text/plain", "application/x-www-form-urlencoded", "json"])
def test_what_is_not_sent_as_json(api: Api, journey: str, media: str | None) -> None:
    headers = {"Content-Type": media} if media else {}
    answer = api.ask("POST", f"{journey}/check-in", content=b"{}", headers=headers)
    problem(answer, 415, "unsupported-media-type")


VISIT = {"visit_id": number(1)}


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        ({}, {("body", "visit_id"), ("body", "appointment")}),
        ({"visit_id": MARK, "appointment": {}}, {("body", "visit_id")}),
        ({**VISIT, "appointment": {"start": MARK}}, {("body", "appointment.start")}),
        (
            {**VISIT, "appointment": {"start": "2026-01-01T10:00"}},
            {("body", "appointment.start")},
        ),
        ({**VISIT, "appointment": {"start": 0}}, {("body", "appointment.start")}),
        ({**VISIT, "appointment": {}, "occurred_at": 0}, {("body", "occurred_at")}),
        ({**VISIT, "appointment": {}, "nurse": MARK}, {("body", "nurse")}),
        ({**VISIT, "appointment": {"comment": "x" * 10_001}}, {("body", "appointment.comment")}),
        ({**VISIT, "appointment": {"service": f"{MARK}\0"}}, {("body", "appointment.service")}),
        (
            {**VISIT, "appointment": {"start": "9999-01-01T00:00:00Z"}},
            {("body", "appointment.start")},
        ),
        (
            {**VISIT, "appointment": {}, "occurred_at": "0001-01-01T00:00:00+14:00"},
            {("body", "occurred_at")},
        ),
        ({**VISIT, "appointment": {"start": float("1e300")}}, {("body", "appointment.start")}),
        ([MARK], {("body", "")}),
        (None, {("body", "")}),
    ],
)
def test_what_is_wrong_is_named_and_not_repeated(
    api: Api, journey: str, body: Any, wrong: set[tuple[str, str]]
) -> None:
    answer = api.ask("POST", f"{journey}/book-visit", json=body)
    assert fields(problem(answer, 422, "invalid")) == wrong


def test_half_a_character_is_no_text(api: Api, journey: str) -> None:
    body = b'{"item": "\\ud800"}'
    answer = api.ask("POST", f"{journey}/capture-intake-item", content=body, headers=JSON)
    assert fields(problem(answer, 422, "invalid")) == {("body", "item")}


@pytest.mark.parametrize(
    ("method", "url", "wrong"),
    [
        ("GET", f"/v1/journeys/{MARK}", ("path", "journey_id")),
        ("POST", f"/v1/journeys/{MARK}/activate-journey", ("path", "journey_id")),
        ("GET", f"/v1/journeys/{number(1)}?as_of={MARK}", ("query", "as_of")),
        ("GET", f"/v1/journeys/{number(1)}?as_known_at=2026-01-01T10:00", ("query", "as_known_at")),
        ("GET", f"/v1/journeys/{number(1)}?min_version=-1", ("query", "min_version")),
        ("GET", f"/v1/journeys/{number(1)}?min_version=99999999999999999999", ("query", "min_version")),
        ("GET", "/v1/journeys?limit=501", ("query", "limit")),
        ("GET", "/v1/journeys?limit=0", ("query", "limit")),
        ("GET", "/v1/journeys?limit=1&limit=2", ("query", "limit")),
        ("GET", f"/v1/journeys/{number(1)}?as_of=99999999999", ("query", "as_of")),
        ("GET", "/v1/journeys?ward=3", ("query", "ward")),
        ("GET", "/v1/journeys?q=", ("query", "q")),
        ("GET", "/v1/journeys?q=,%20", ("query", "q")),
        ("GET", "/v1/journeys?q=%00", ("query", "q")),
        ("GET", "/v1/journeys?status=well", ("query", "status")),
        ("GET", "/v1/journeys?overdue=perhaps", ("query", "overdue")),
        ("GET", "/v1/journeys?patient=1", ("query", "patient")),
        ("POST", "/v1/journeys?dry_run=true", ("query", "dry_run")),
        ("GET", "/v1/events?type=visit.imagined", ("query", "type")),
        ("GET", "/v1/events?wait=31", ("query", "wait")),
    ],
)
def test_wrong_addresses_and_parameters(api: Api, method: str, url: str, wrong: tuple[str, str]) -> None:
    answer = api.ask(method, url, role=Role.INTEGRATOR, json={} if method == "POST" else None)
    assert fields(problem(answer, 422, "invalid")) == {wrong}


@pytest.mark.parametrize(
    ("headers", "wrong"),
    [
        ({"Idempotency-Key": "k" * 256}, "idempotency-key"),
        ({"Idempotency-Key": "with space"}, "idempotency-key"),
        ({"If-Match": "abc"}, "if-match"),
        ({"If-Match": '"1", "2"'}, "if-match"),
        ({"X-Purpose-Of-Use": "because!"}, "X-Purpose-Of-Use"),
    ],
)
def test_wrong_headers(api: Api, journey: str, headers: dict[str, str], wrong: str) -> None:
    answer = api.post(f"{journey}/start-intake", {"channel": "phone"}, headers=headers)
    assert fields(problem(answer, 422, "invalid")) == {("header", wrong)}


@pytest.mark.parametrize(
    "url",
    ["/v1", "/v1/journeys/", f"/v1/journeys/{number(1)}/", f"/v1/people/{MARK}", "/v1/journeys/1/2/3"],
)
def test_there_is_nothing_here(api: Api, url: str) -> None:
    problem(api.get(url), 404, "unknown-route")


def test_there_is_something_here_for_other_methods(api: Api) -> None:
    answer = api.ask("PUT", f"/v1/journeys/{number(1)}")
    problem(answer, 405, "method-not-allowed")
    assert answer.headers["Allow"] == "GET"
    assert api.ask("PATCH", "/v1/journeys").headers["Allow"] == "GET, POST"


@pytest.mark.parametrize(
    "path", ["", "/events", "/timeline", "?as_of=2026-01-01T00:00:00Z", "?min_version=1"]
)
def test_a_journey_that_nobody_opened(api: Api, path: str) -> None:
    problem(api.get(f"/v1/journeys/{uuid4()}{path}"), 404, "no-such-journey")


def test_a_command_to_a_journey_that_nobody_opened(api: Api) -> None:
    for name in ("start-intake", "void-event"):
        body = (
            {"channel": "phone"} if name == "start-intake" else {"event_id": number(1), "reason": "mistake"}
        )
        problem(api.post(f"/v1/journeys/{uuid4()}/{name}", body), 404, "no-such-journey")


def test_a_rule_forbids_it_and_says_what_is_in_the_way(api: Api) -> None:
    journey = api.opened()
    api.told(journey, "start-intake", channel="phone")
    refused = problem(api.post(f"{journey}/close-journey"), 409, "still-open")
    assert [each["code"] for each in refused["blockers"]] == ["open-intake"]
    early = api.post(f"{journey}/complete-intake", {"occurred_at": "2290-01-01T00:00:00Z"})
    problem(early, 409, "occurs-in-the-future")


def test_a_body_that_is_too_large(api: Api, journey: str) -> None:
    large = b'{"item": "' + b"x" * 30_000 + b'"}'
    url = f"{journey}/capture-intake-item"
    problem(api.ask("POST", url, content=large, headers=JSON), 413, "body-too-large")
    problem(
        api.ask("POST", url, content=iter([large[:15_000], large[15_000:]]), headers=JSON),
        413,
        "body-too-large",
    )
    nearly = b'{"item": "x"' + b" " * 19_000 + b"}"
    assert api.ask("POST", url, content=iter([nearly]), headers=JSON).status_code in {200, 409}


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (Contended(uuid4()), "contended"),
        (StoreUnavailable(), "store-unavailable"),
        (OutcomeUnknown(), "outcome-unknown"),
    ],
)
def test_another_time(
    api: Api, journey: str, monkeypatch: pytest.MonkeyPatch, error: Exception, code: str
) -> None:
    """What the store raises is tried for real beside it; here is how it is told."""

    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(api.engine.store, "handle", fail)
    answer = api.post(f"{journey}/check-in", {"visit_id": number(1)})
    problem(answer, 503, code)
    assert answer.headers["Retry-After"] == RETRY_AFTER


def test_too_many_at_once(api: Api, journey: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api.engine, "under_way", 10_000)
    answer = api.post(f"{journey}/check-in", {"visit_id": number(1)})
    problem(answer, 503, "overloaded")
    assert answer.headers["Retry-After"] == RETRY_AFTER


def test_every_answer_says_how_it_is_to_be_treated(api: Api) -> None:
    for answer in (api.get("/v1/journeys"), api.get("/nowhere"), api.get("/healthz")):
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert "Access-Control-Allow-Origin" not in answer.headers


def test_every_command_is_in_the_documentation() -> None:
    text = (Path(__file__).parents[2] / "docs" / "api.md").read_text(encoding="utf-8")
    assert [name for name in COMMANDS if f"`{name}`" not in text] == []


def test_every_problem_has_a_sentence_and_says_what_to_do() -> None:
    for code, kind in catalogue().items():
        assert kind.meaning.endswith("."), code
        assert kind.remedy.endswith("."), code
        assert kind.remedy != kind.meaning, code
    for refused in refusals():
        assert problem_of(refused("No.")).code in catalogue()
    assert problem_of(Problem("too-slow")).code in CATALOGUE
    assert problem_of(ValueError()).code == "internal"
