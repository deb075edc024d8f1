"""The console as somebody who means harm uses it, or as a browser does that another site leads."""

import re
from html.parser import HTMLParser
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import psycopg
import pytest

from journey.api.access import keys
from journey.api.access.keys import Grant
from journey.api.access.table import ROLES, Role
from journey.ingest.files import Found
from journey.ingest.hl7v2.inbox import message_key
from journey.ingest.hl7v2.ingest import ingest
from journey.web.every import PAGES
from journey.web.navigation import entry_of
from journey.web.page import HOME
from journey.web.signing import Signed
from tests.api.test_lists import coded, offer
from tests.api.test_reading import projected
from tests.ingest.hl7v2.written import message, segment
from tests.served import Api, number
from tests.web.conftest import CSRF, Browser, signed_in

pytestmark = pytest.mark.database

EVIL = "\"'><evilx onx=1 hx-get=/x>"
PATIENT = {"family": EVIL, "given": [EVIL], "phone": EVIL, "address": EVIL}
STORY: list[tuple[str, dict[str, Any]]] = [
    ("send-referral", {"referral_id": number(2), "order": {"service": coded(EVIL, EVIL), "performer": EVIL}}),
    ("book-visit", {"visit_id": number(4), "appointment": {"start": "2025-03-05T09:00:00Z"}}),
    ("offer-handoff", {"handoff_id": number(5), "offer": {**offer("ward 3", "watcher"), "summary": EVIL}}),
    ("identify-barrier", {"barrier_id": number(6), "code": coded("Z75.3", EVIL), "owner": EVIL}),
    ("add-note", {"note_id": number(7), "text": EVIL}),
]
WEBHOOK = {
    "endpoint": "https://payer.example/hooks",
    "recipient": EVIL,
    "description": EVIL,
    "purpose": "HPAYMT",
}


class Told(NamedTuple):
    """What stands where the addresses of pages have a name."""

    journey: str
    names: dict[str, str]

    def address(self, path: str) -> str:
        return re.sub(r"\{(\w+)(?::\w+)?\}", lambda found: self.names[found[1]], path)


@pytest.fixture(scope="module")
def told(api: Api) -> Told:
    """A patient, a key and a subscription, with the same in every text."""
    opened = {"patient_id": number(1), "identifiers": [{"system": "mrn", "value": EVIL}]}
    journey = api.opened(patient=PATIENT, **opened)
    for command, body in STORY:
        last = api.told(journey, command, **body)
    last = api.told(journey, "add-note", note_id=number(8), text=EVIL)
    projected(api, journey, last["version"])
    keys.create(api.conninfo, EVIL, Role.COORDINATOR, EVIL, Grant())
    [key] = (each for each in api.get("/v1/keys", role=Role.ADMIN).json()["keys"] if each["name"] == EVIL)
    raw = message(EVIL, segment("PID", dict.fromkeys(range(1, 31), EVIL)))
    ingest(api.engine.store, [Found(raw, EVIL, 1)], zone=ZoneInfo("UTC"))
    webhook = api.post("/v1/webhooks", WEBHOOK, role=Role.INTEGRATOR).headers["location"]
    names = {
        "journey_id": journey.rpartition("/")[2],
        "handoff_id": number(5),
        "glass_id": number(9),
        "command": "book-visit",
        "name": "referrals",
        "key_id": key["id"],
        "webhook_id": webhook.rpartition("/")[2],
        "message_id": message_key(raw).hex(),
    }
    return Told(journey, names)


class Seen(HTMLParser):
    """The elements of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.wrong: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "evilx":
            self.wrong.append(f"<{tag}>")
        for name, value in attrs:
            if name.startswith(("on", "style")) or (name == "hx-get" and value == "/x"):
                self.wrong.append(f"{tag} {name}={value}")
            if name in {"href", "src", "action", "hx-get", "hx-post"} and not (value or "").startswith(
                (HOME, "#", "?")
            ):
                self.wrong.append(f"{tag} {name}={value}")


GETS = sorted({each.path for each in PAGES if "GET" in each.methods})
POSTS = sorted({each.path for each in PAGES if "POST" in each.methods})


@pytest.fixture(scope="module")
def browsers(api: Api) -> dict[Role, Browser]:
    return {role: signed_in(api, role) for role in ROLES}


@pytest.mark.parametrize("path", GETS)
def test_each_page_for_each_role(told: Told, browsers: dict[Role, Browser], path: str) -> None:
    """Who may not is told so in a page, and what was recorded is text in all of them."""
    entry = entry_of(path)
    for role, browser in browsers.items():
        for part in ({}, {"HX-Request": "true"}):
            answer = browser.client.get(told.address(path), headers=part)
            assert answer.status_code < 500, (role, answer.text)
            assert answer.headers["cache-control"] == "no-store", role
            assert "default-src 'none'" in answer.headers["content-security-policy"]
            assert answer.headers["x-frame-options"] == "DENY"
            if answer.headers.get("content-type", "").startswith("text/html"):
                assert Seen(answer.text).wrong == [], role
        home = browser.client.get(browser.client.get(HOME).headers["location"]).text
        if entry and f'href="{entry.address}"' not in home:
            whole = browser.client.get(told.address(path))
            assert whole.status_code == 403, (role, path)
            assert "<h1" in whole.text


@pytest.mark.parametrize("path", POSTS)
def test_no_form_counts_that_was_not_made_here(
    api: Api, told: Told, browsers: dict[Role, Browser], path: str
) -> None:
    """Without the session's own word, with another session's, or in another form."""
    others = CSRF.findall(signed_in(api, Role.COORDINATOR).open("patients"))[0]
    for browser in browsers.values():
        for form in ({}, {"csrf": ""}, {"csrf": others}, {"csrf": "é\x00"}):
            answer = browser.client.request("POST", told.address(path), data=form)
            assert answer.status_code == 403, answer.text
        for sent in ('{"csrf": "x"}', "<csrf/>"):
            kind = {"Content-Type": "application/json"}
            answer = browser.client.request("POST", told.address(path), content=sent, headers=kind)
            assert answer.status_code == 403


NEXT = [
    *("//[", "https://[x", "/console/\\evil", "\\\\evil.example", "/%2f/evil.example", "javascript:a()"),
    *("//ex℀mple", " //evil.example", "\t//evil.example", "/console.evil.example/"),
]


@pytest.mark.parametrize("elsewhere", NEXT)
def test_no_address_leads_elsewhere(api: Api, elsewhere: str) -> None:
    browser = signed_in(api, Role.COORDINATOR)
    answer = browser.post("sign-in", key=api.tokens[Role.COORDINATOR], next=elsewhere)
    assert (answer.status_code, answer.headers["location"]) == (303, "/console")
    page = browser.client.get("/console/sign-in", params={"next": elsewhere})
    assert 'name="next" value="/console"' in page.text


def test_a_new_line_in_an_address_begins_no_header(api: Api) -> None:
    browser = signed_in(api, Role.COORDINATOR)
    answer = browser.post(
        "sign-in", key=api.tokens[Role.COORDINATOR], next="/console/today?\r\nSet-Cookie: a=b"
    )
    assert "\n" not in answer.headers["location"]
    assert "a=b" not in answer.headers.get("set-cookie", "")


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        (b"csrf=\xff\xfe", "try it from the page"),
        (b"a=b&" * 10_000, "try it from the page"),
        (b"csrf=" + b"x" * 300_000, "at most 256 kB"),
    ],
)
def test_what_is_no_form_is_refused(coordinator: Browser, sent: bytes, said: str) -> None:
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = coordinator.client.request("POST", "/console/patients", content=sent, headers=kind)
    assert answer.status_code in {400, 413}
    assert said in answer.text
    assert answer.headers["x-request-id"]


def test_no_number_is_too_long_for_a_page(coordinator: Browser, told: Told) -> None:
    home, many = f"patients/{told.names['journey_id']}", "9" * 5000
    coordinator.open(f"{home}/timeline?page={many}")
    coordinator.open(f"{home}/do/submit-authorization?request.items.999999999.quantity=1")
    coordinator.open(f"{home}/do/submit-authorization?request.items.{many}.quantity=1")


@pytest.mark.parametrize("path", ["static/../console.py", "static/%2e%2e/console.py", "static/..%2fpage.py"])
def test_nothing_is_served_that_is_not_beside_the_pages(coordinator: Browser, path: str) -> None:
    answer = coordinator.client.get(f"/console/{path}")
    assert answer.status_code == 404
    assert answer.headers["cache-control"] == "no-store"


def aged(api: Api, minutes: int) -> None:
    with psycopg.connect(api.conninfo) as connection:
        connection.execute(
            "UPDATE console_session SET used_at = used_at - make_interval(mins => %s)", (minutes,)
        )


def test_a_screen_that_nobody_is_at_keeps_no_session_though_it_grows(api: Api, coordinator: Browser) -> None:
    coordinator.open("today")
    aged(api, 10)
    coordinator.open("today", headers={"HX-Request": "true"})
    aged(api, 6)
    answer = coordinator.client.get("/console/today", headers={"HX-Request": "true"})
    assert answer.status_code == 204
    assert answer.headers["hx-trigger"] == "over"
    assert coordinator.client.get("/console/live").status_code == 204


def test_behind_tls_the_cookie_is_of_this_host_alone_and_is_dropped(api: Api, coordinator: Browser) -> None:
    answer = coordinator.client.request(
        "POST", "https://testserver/console/sign-in", data={"key": api.tokens[Role.COORDINATOR]}
    )
    assert answer.headers["set-cookie"].startswith("__Host-journey_session=")
    assert "Secure" in answer.headers["set-cookie"]
    assert "strict-transport-security" in answer.headers
    out = coordinator.client.request("POST", "https://testserver/console/sign-out").headers["set-cookie"]
    assert out.startswith('__Host-journey_session=""')
    assert "Secure" in out


def test_one_page_and_what_it_asks_are_one_request_in_the_trail(api: Api, coordinator: Browser) -> None:
    coordinator.open("lists", headers={"X-Request-Id": "of-this-page"})
    found = api.get("/v1/audit?request_id=of-this-page", role=Role.COMPLIANCE).json()["audit"]
    assert {each["name"] for each in found} == {"some coordinator"}


def test_a_fault_tells_nothing_but_its_request(
    coordinator: Browser, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails(_signed: object, _request: object) -> None:
        raise RuntimeError(EVIL)

    monkeypatch.setattr(Signed, "session", fails)
    answer = coordinator.client.get(f"/console/patients/{told.names['journey_id']}")
    assert answer.status_code == 500
    assert answer.headers["x-request-id"] in answer.text
    assert answer.headers["cache-control"] == "no-store"
    assert "RuntimeError" not in answer.text
    assert "evilx" not in answer.text
