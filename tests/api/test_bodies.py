"""What is sent: every fault is named where it stands, on every route, and nothing is stored of it."""

import gzip
import json
import re
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg.rows import tuple_row

from journey.api.access.table import Reach, Role, reach
from journey.api.bodies import said
from journey.api.problems import Problem
from journey.domain.event import Command
from journey.domain.journey import COMMANDS
from journey.jsontext import DEEPEST
from tests.served import Api, number

pytestmark = pytest.mark.database

JSON = {"Content-Type": "application/json"}
Store = psycopg.Connection[tuple[int]]


@pytest.fixture(scope="module")
def journey(api: Api) -> str:
    return api.opened()


@pytest.fixture(scope="module")
def store(api: Api) -> Iterator[Store]:
    with psycopg.connect(api.conninfo, autocommit=True, row_factory=tuple_row) as connection:
        yield connection


def recorded(store: Store) -> int:
    """How many events there are."""
    found = store.execute("SELECT count(*) FROM event").fetchone()
    assert found
    return found[0]


def complaints(answer: Any) -> set[tuple[str, str]]:
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid"), answer.text
    return {(each["field"], each["message"]) for each in answer.json()["errors"]}


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        (b'{"item": "a", "item": "b"}', {("item", "It is given more than once")}),
        (
            b'{"value": {"code": {"x": 1, "x": 1, "y": 1, "y": 2}}}',
            {("value.code.x", "It is given more than once"), ("value.code.y", "It is given more than once")},
        ),
        (b'{"item": [{"a": 0}, {"a": 1, "a": 1}]}', {("item.1.a", "It is given more than once")}),
        (b'{"item": "\\ud83d"}', {("item", "It holds half a character")}),
        (b'{"\\uDE00": 1}', {("�", "Its name holds half a character")}),
        (b'{"item": 1e999}', {("", "A number is too large to be kept")}),
        (
            b'{"item": ' + b"[" * 40 + b"]" * 40 + b"}",
            {(".".join(["item", *["0"] * (DEEPEST - 1)]), f"It is nested more than {DEEPEST} levels deep")},
        ),
    ],
)
def test_a_fault_is_named_where_it_stands(
    api: Api, store: Store, journey: str, body: bytes, wrong: set[Any]
) -> None:
    before = recorded(store)
    answer = api.ask("POST", f"{journey}/capture-intake-item", content=body, headers=JSON)
    assert complaints(answer) == wrong
    assert recorded(store) == before


@pytest.mark.parametrize(
    "body",
    [
        '{"item": "a"}'.encode("utf-16"),
        '{"item": "a"}'.encode("utf-32"),
        b'\xef\xbb\xbf{"item": "a"}',
        b'{"item": NaN}',
        b'{"item": -Infinity}',
        b'{"item": "\xed\xa0\x80"}',
        b'{"item": "a"',
        b"[" * 100_000,
        b"9" * 5000,
        gzip.compress(b'{"item": "a"}'),
    ],
    ids=range(10),
)
def test_what_is_not_json_in_utf_8(body: bytes) -> None:
    with pytest.raises(Problem) as problem:
        said(body)
    assert problem.value.code == "malformed-json"


def test_a_number_is_written_as_one(api: Api, journey: str) -> None:
    assert said(b'{"a": 3.0, "b": 2.5, "c": -1e2}') == {"a": 3, "b": 2.5, "c": -100}
    answer = api.post(f"{journey}/start-intake", {"channel": "phone", "reported": "yes"})
    assert complaints(answer) == {("reported", "Input should be a valid boolean")}


def test_what_is_packed_is_sent_back(api: Api, journey: str) -> None:
    packed = gzip.compress(b'{"item": "a"}')
    headers = {**JSON, "Content-Encoding": "gzip"}
    answer = api.ask("POST", f"{journey}/capture-intake-item", content=packed, headers=headers)
    assert (answer.status_code, answer.headers["Accept-Encoding"]) == (415, "identity")


def taking_a_body(api: Api) -> Iterator[tuple[Any, list[str]]]:
    """Every route that takes a body, and the fields of the body."""
    for route in api.app.state.routes:
        if route.body_field is not None:
            yield route, list(route.body_field.field_info.annotation.model_fields)


def who_may(route: Any) -> Role:
    roles: list[Role] = [Role.COORDINATOR, *Role]
    return next(role for role in roles if reach(role, route.asks_for) is not Reach.NONE)


def test_a_field_that_is_not_there_is_named_on_every_route(api: Api, store: Store, journey: str) -> None:
    before = recorded(store)
    asked = 0
    for route, names in taking_a_body(api):
        meant = max(set(names) - set(Command.model_fields) or names, key=len)
        url = route.path.replace("/v1/journeys/{journey_id}", journey).replace("{key_id}", "0")
        url = re.sub(r"{\w+}", number(1), url)
        sent = {f"{meant}s": None, "entirely_else": None}
        answer = api.ask(min(route.methods), url, role=who_may(route), json=sent)
        told = complaints(answer)
        assert (f"{meant}s", f"There is no such field here; did you mean `{meant}`?") in told, url
        assert ("entirely_else", "There is no such field here") in told, url
        asked += 1
    assert asked > len(COMMANDS)
    assert recorded(store) == before


def test_a_field_deep_inside_is_named(api: Api, journey: str) -> None:
    body = {
        "visit_id": number(1),
        "appointment": {"serivce": "x"},
        "occured_at": "2026-03-01T10:00:00Z",
    }
    assert complaints(api.post(f"{journey}/book-visit", body)) == {
        ("appointment.serivce", "There is no such field here; did you mean `service`?"),
        ("occured_at", "There is no such field here; did you mean `occurred_at`?"),
    }
    team = {"team": "ward 3", "identifiers": [{"system": "s", "value": "v", "sistem": "s"}]}
    assert complaints(api.post("/v1/journeys", team)) == {
        ("identifiers.0.sistem", "There is no such field here; did you mean `system`?")
    }


def test_a_parameter_that_is_not_there_is_named(api: Api) -> None:
    assert complaints(api.get("/v1/journeys?statsu=active")) == {
        ("statsu", "There is no such parameter here; did you mean `status`?")
    }


WHOLE = json.dumps({"channel": "phone", "item": "a", "value": {"n": [1, 2.5, None, "é"]}}).encode()
pieces = st.sampled_from(
    [b"\0", b"\xff", b"\xef\xbb\xbf", b"\\ud800", b"{", b"}", b"[", b'"', b",", b":", b"\\", b"1e9999",
     b"NaN", b'"item":1,', b"\x1f\x8b\x08", b"[" * 200, b"9" * 5000, "\u2028".encode(), b"\xed\xa0\x80"]
)  # fmt: skip


MEDIA = st.sampled_from([JSON, JSON, {**JSON, "Content-Encoding": "gzip"}, {"Content-Type": "text/xml"}])
TOLD = st.sampled_from(["", "start-intake", "capture-intake-item", "correct-event", "change-demographics"])


@st.composite
def mangled(draw: st.DrawFn) -> bytes:
    """A body with something cut out, put in, or written in another encoding."""
    body = draw(st.sampled_from([WHOLE, b'{"item": "a"}', b"{}"]))
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(body)))
        until = draw(st.integers(at, len(body)))
        body = body[:at] + draw(pieces | st.binary(max_size=6)) + body[until:]
    encoding = draw(st.sampled_from(["", "", "", "utf-16", "utf-32", "gzip"]))
    if encoding == "gzip":
        return gzip.compress(body)
    return body.decode("utf-8", "replace").encode(encoding) if encoding else body


@settings(
    max_examples=300,
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(body=mangled(), told=st.tuples(MEDIA, TOLD))
def test_whatever_bytes_are_sent(
    api: Api, store: Store, journey: str, body: bytes, told: tuple[dict[str, str], str]
) -> None:
    """No fault of the server; and what is refused has left nothing."""
    before = recorded(store)
    headers, command = told
    url = f"{journey}/{command}" if command else "/v1/journeys"
    answer = api.ask("POST", url, content=body, headers=headers)
    assert answer.status_code in {200, 201, 400, 409, 413, 415, 422}, (body, answer.text)
    if answer.status_code >= 400:
        assert answer.headers["content-type"] == "application/problem+json"
        assert recorded(store) == before, body
