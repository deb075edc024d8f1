"""A key becomes a session of one browser, and nothing else does."""

import hashlib
import re
from pathlib import Path
from typing import LiteralString

import psycopg
import pytest
from httpx2 import ASGITransport, AsyncClient

import journey.web
from journey.api.access import keys
from journey.api.access.keys import Grant
from journey.api.access.table import Role
from journey.api.edge import Edge
from journey.web.console import fault
from tests.inside import Inside
from tests.served import Api
from tests.waiting import until
from tests.web.conftest import Browser, signed_in

pytestmark = pytest.mark.database
STATIC = Path(journey.web.__file__).with_name("static")


def fresh(api: Api) -> Browser:
    return signed_in(api, Role.COORDINATOR).forgets()


def test_who_is_not_signed_in_is_asked_to(api: Api) -> None:
    answer = fresh(api).client.get("/console/today?show=overdue")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/console/sign-in?next=/console/today%3Fshow%3Doverdue"


@pytest.mark.parametrize(
    ("role", "first"),
    [(Role.COORDINATOR, "today"), (Role.COMPLIANCE, "handoffs"), (Role.ADMIN, "keys")],
)
def test_the_first_page_is_one_that_they_have(api: Api, role: Role, first: str) -> None:
    browser = signed_in(api, role)
    assert browser.client.get("/").headers["location"] == "/console"
    answer = browser.client.get("/console")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/console/{first}")
    assert browser.forgets().client.get("/console").headers["location"].startswith("/console/sign-in")


def test_signing_in_leads_to_where_one_wanted_to_go(api: Api) -> None:
    form = {"key": api.tokens[Role.COORDINATOR], "next": "/console/today?show=overdue"}
    answer = fresh(api).post("sign-in", **form)
    assert (answer.status_code, answer.headers["location"]) == (303, "/console/today?show=overdue")
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert api.tokens[Role.COORDINATOR] not in cookie


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example/", "//evil.example", "/v1/journeys", "/console/\\evil"]
)
def test_signing_in_leads_nowhere_else(api: Api, elsewhere: str) -> None:
    form = {"key": api.tokens[Role.COORDINATOR], "next": elsewhere}
    answer = fresh(api).post("sign-in", **form)
    assert answer.headers["location"] == "/console"


def test_a_key_that_is_not_in_use_opens_nothing(api: Api) -> None:
    browser = fresh(api)
    answer = browser.post("sign-in", key="jk_0123456789ab.nothing")
    assert answer.status_code == 401
    assert "This key is not in use" in answer.text
    assert "set-cookie" not in answer.headers


def test_a_form_of_another_site_signs_nobody_in(api: Api) -> None:
    answer = fresh(api).client.request(
        "POST",
        "/console/sign-in",
        data={"key": api.tokens[Role.COORDINATOR]},
        headers={"Sec-Fetch-Site": "cross-site"},
    )
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers


def test_who_signs_in_has_a_session_that_nobody_knew_before(api: Api, officer: Browser) -> None:
    theirs = officer.cookies["journey_session"]
    for planted in ("of my own making", theirs):
        victim = fresh(api)
        victim.holds(planted)
        answer = victim.post("sign-in", key=api.tokens[Role.COORDINATOR])
        assert answer.status_code == 303
        assert answer.cookies["journey_session"] != planted
        other = fresh(api)
        other.holds(planted)
        assert "some coordinator" not in other.client.get("/console/patients").text


def test_the_database_holds_nothing_that_signs_in(api: Api, coordinator: Browser) -> None:
    secret = coordinator.cookies["journey_session"]
    with psycopg.connect(api.conninfo) as connection:
        rows = connection.execute("SELECT * FROM console_session").fetchall()
    told = b" ".join(bytes(value) for row in rows for value in row if isinstance(value, bytes))
    assert rows
    assert secret.encode() not in told
    assert api.tokens[Role.COORDINATOR].encode() not in told


def test_a_session_ends_when_it_is_signed_out_of(coordinator: Browser) -> None:
    secret = coordinator.cookies["journey_session"]
    coordinator.post("sign-out")
    coordinator.holds(secret)
    assert coordinator.client.get("/console/today").status_code == 303


def test_another_site_signs_nobody_out(coordinator: Browser) -> None:
    theirs = {"Sec-Fetch-Site": "cross-site"}
    answer = coordinator.client.request("POST", "/console/sign-out", headers=theirs)
    assert "set-cookie" not in answer.headers
    coordinator.open("today")


def test_a_locked_screen_is_signed_out_and_goes_on_where_it_was(coordinator: Browser) -> None:
    secret = coordinator.cookies["journey_session"]
    left = {"Referer": "http://testserver/console/today?show=overdue"}
    page = coordinator.open("locked", headers=left)
    assert '<h1 class="nhsuk-heading-l">Locked</h1>' in page
    assert 'name="next" value="/console/today?show=overdue"' in page
    coordinator.holds(secret)
    assert coordinator.client.get("/console/today").status_code == 303


def test_another_site_locks_nobody_out_and_leads_nowhere(coordinator: Browser) -> None:
    secret = coordinator.cookies["journey_session"]
    theirs = {"Referer": "http://evil.example/console/today", "Sec-Fetch-Site": "cross-site"}
    assert 'name="next" value="/console"' in coordinator.open("locked", headers=theirs)
    coordinator.holds(secret)
    coordinator.open("today")


AGO = "UPDATE console_session SET used_at = used_at - interval '10 minutes'"


@pytest.mark.parametrize(
    ("method", "path", "headers", "lasts"),
    [
        ("GET", "today", {}, True),
        ("POST", "used", {}, True),
        ("GET", "today", {"HX-Request": "true"}, False),
        ("POST", "used", {"Sec-Fetch-Site": "cross-site"}, False),
    ],
)
def test_a_session_lasts_by_what_somebody_does_and_not_by_a_page_that_looks_again(
    api: Api, coordinator: Browser, method: str, path: str, headers: dict[str, str], *, lasts: bool
) -> None:
    with psycopg.connect(api.conninfo, autocommit=True) as connection:
        connection.execute(AGO)
        coordinator.client.request(method, f"/console/{path}", headers=headers)
        connection.execute(AGO)
    assert (coordinator.client.get("/console/today").status_code == 200) is lasts


IDLE = "UPDATE console_session SET used_at = used_at - interval '16 minutes'"
OVER = "UPDATE console_session SET ends_at = clock_timestamp()"


@pytest.mark.parametrize("passed", [IDLE, OVER])
def test_a_session_ends_by_time(api: Api, coordinator: Browser, passed: LiteralString) -> None:
    coordinator.open("today")
    with psycopg.connect(api.conninfo) as connection:
        connection.execute(passed)
    assert coordinator.client.get("/console/today").status_code == 303


def test_a_session_ends_with_its_key(api: Api) -> None:
    made = keys.create(api.conninfo, "for a day", Role.COORDINATOR, "ward 3", Grant())
    browser = fresh(api)
    browser.post("sign-in", key=made.token)
    browser.open("today")
    api.ask("DELETE", f"/v1/keys/{made.token[3:15]}", role=Role.ADMIN)
    until(lambda: browser.client.get("/console/today").status_code == 303)


def test_no_page_runs_or_fetches_what_is_not_ours(coordinator: Browser) -> None:
    answer = coordinator.client.get("/console/today")
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert not re.search(r"(?:src|href|action)=\"https?:", answer.text)
    assert not re.search(r"<script(?![^>]*src=)|style=|\son\w+=", answer.text)


def test_what_others_made_is_what_they_made() -> None:
    told = re.findall(
        r"^\| `([^`]+)` \|.*\| `([0-9a-f]{64})` \|$", (STATIC / "VENDORED.md").read_text(), re.MULTILINE
    )
    assert len(told) > 1
    for name, digest in told:
        assert hashlib.sha256((STATIC / name).read_bytes()).hexdigest() == digest, name
    assert b"http" not in re.sub(rb"http://www\.w3\.org/[\w/]+", b"", (STATIC / "nhsuk.css").read_bytes())


def test_what_is_beside_the_pages_is_kept_by_browsers(coordinator: Browser) -> None:
    page = coordinator.open("today")
    [address] = re.findall(r'href="(/console/static/console\.css\?[0-9a-f]+)"', page)
    answer = coordinator.client.get(address)
    assert (answer.status_code, answer.headers["cache-control"]) == (
        200,
        "public, max-age=31536000, immutable",
    )


def test_a_page_view_stands_in_the_trail(api: Api, coordinator: Browser) -> None:
    journey = api.opened(patient={"family": "Holm"}).rpartition("/")[2]
    coordinator.open("today")
    told = api.get("/v1/audit?route=/v1/worklist&limit=1", role=Role.COMPLIANCE).json()["audit"]
    assert [each["kind"] for each in told] == ["search"]
    assert journey


@pytest.mark.parametrize(
    ("path", "headers", "status", "said"),
    [
        (f"patients?q={'x' * 9000}", {}, 414, "The address is too long; ask for less at once."),
        ("sign-in", {"X": "x" * 40_000}, 431, "The headers are too large; send fewer or shorter ones."),
        ("sign-in", {"Content-Length": "2000000"}, 413, "The body is too large; send less at once."),
    ],
)
def test_what_is_too_much_is_said_in_a_page_to_who_reads_pages(
    api: Api, path: str, headers: dict[str, str], status: int, said: str
) -> None:
    address = f"/console/{path}"
    page = api.client.request("POST", address, headers={**headers, "Accept": "text/html,*/*;q=0.8"})
    assert (page.status_code, page.headers["content-type"]) == (status, "text/html; charset=utf-8")
    assert said in page.text
    assert page.headers["x-request-id"] in page.text
    other = api.client.request("POST", address, headers=headers)
    assert (other.status_code, other.headers["content-type"]) == (status, "application/problem+json")


def test_a_page_that_waits_for_too_many_others_says_when_to_come_again(api: Api) -> None:
    full = Edge(api.app, max_body_bytes=100, max_requests=0, figures=api.engine.figures, page=fault)
    client = Inside(api.client.portal, AsyncClient(transport=ASGITransport(full), base_url="http://here"))
    page = client.get("/console/sign-in", headers={"Accept": "text/html"})
    assert (page.status_code, page.headers["retry-after"]) == (503, "1")
    assert "<h1" in page.text
    assert "Too many requests are under way; try again." in page.text
