"""Every page in a real browser: nothing is fetched from elsewhere, nothing fails, everybody can use it, light
and dark, and it fits a telephone. The rules of accessibility are axe's (WCAG 2.2 AA).
"""

from collections.abc import Iterator
from typing import Any

import pytest
from starlette.routing import compile_path

from journey.api.access.table import Role
from journey.web.demo import Demo
from journey.web.every import PAGES as EVERY
from journey.web.page import HOME
from tests.served import number
from tests.web.browser.window import NARROW, WIDE, Told, Window

axe = pytest.importorskip("axe_playwright_python.base", reason="NO PAGE WAS LOOKED AT: no axe")
pytestmark = pytest.mark.database

ONE = "patients/{journey}"
PAGES: dict[Role, tuple[str, ...]] = {
    Role.COORDINATOR: (
        *("today", "today?show=overdue", "patients", "lists", "lists/authorizations", "lists/visits"),
        *("handoffs", "handoffs/{journey}/00000000-0000-0000-0000-000000000005", "flow", "display"),
        *(ONE, f"{ONE}/timeline", f"{ONE}/report", f"{ONE}/discharge-summary"),
        *(f"{ONE}/do", f"{ONE}/do/book-visit", f"{ONE}/do/submit-authorization"),
        *(f"{ONE}/do/correct-event", f"{ONE}/do/correct-event?event_id={{event}}"),
        "flow/patients?is_in=booked",
    ),
    Role.CLINICIAN: (ONE,),
    Role.COMPLIANCE: (
        "replay/{journey}",
        "replay/{journey}?true=2&known=3&why=stage&from_as_of=2025-03-03T08:30:00Z",
        "custody/{journey}",
        *("audit", "audit?journey={journey}&sort=-version", "audit/reviews"),
        *("proof", "proof?of=1", "proof/verification"),
        *("disclosures", "disclosures?patient=00000000-0000-0000-0000-000000000001&all=true"),
    ),
    Role.INTEGRATOR: (
        *("subscriptions", "subscriptions/new", "subscriptions/{webhook}"),
        *("subscriptions/{webhook}/change", "subscriptions/{webhook}/delete"),
        *("parked", "parked/{message}"),
    ),
    Role.ADMIN: ("keys", "keys/new", "keys/roles", "keys/teams", "keys/{key}", "keys/{key}/revoke", "health"),
}
"""What each role looks at; `{journey}` is the id of a journey with something of everything."""

FILES = frozenset({f"{HOME}/audit/report", f"{HOME}/disclosures/table"})

SENT_TWICE = """() => {
  const stopped = [];
  addEventListener("submit", (event) => { stopped.push(event.defaultPrevented); event.preventDefault(); });
  for (const form of Array(2).fill(document.querySelector("main form"))) form.requestSubmit();
  return stopped;
}"""
"""Whether each of two clicks was stopped."""


def looked_at(window: Window) -> None:
    """Axe looks by all of its rules, once light and wide, once dark and narrow: each colour, each layout."""
    window.shown("light", WIDE)
    assert window.what_is_too_wide == []
    assert window.complaints(axe.AXE_SCRIPT) == []
    window.shown("dark", NARROW)
    assert window.what_is_too_wide == []
    assert window.complaints() == []


def test_every_page_there_is_is_looked_at() -> None:
    shown = {f"{HOME}/{path.partition('?')[0]}" for pages in PAGES.values() for path in pages}
    ids = {"journey": "0" * 8 + "-0000-0000-0000-" + "0" * 12, "message": "ab", "key": "ab"}
    ids["webhook"] = ids["journey"]
    addresses = [each.format(**ids) for each in shown]
    for page in EVERY:
        if "GET" in page.methods and page.path not in FILES:
            found = [each for each in addresses if compile_path(page.path)[0].match(each)]
            assert found, f"nobody looks at {page.path}: say in PAGES who does"


@pytest.mark.parametrize("role", PAGES)
def test_everybody_can_use_each_page(chromium: Any, told: Told, role: Role) -> None:
    window = Window(chromium, told, role)
    for path in PAGES[role]:
        window.open(path)
        looked_at(window)
        assert window.wrong == [], path
    window.close()


ENDLESS = "W" * 240


def test_a_word_without_an_end_widens_no_page(chromium: Any, told: Told) -> None:
    """As names, numbers and places come from elsewhere."""
    person = {"family": ENDLESS, "given": [ENDLESS], "language": ENDLESS, "phone": ENDLESS}
    journey = told.opened(patient=person, team="T" * 95)
    service = {"system": ENDLESS, "code": ENDLESS, "display": ENDLESS}
    told.tell(journey, "assign-identifier", {"identifier": {"system": ENDLESS, "value": ENDLESS}})
    told.tell(journey, "request-visit", {"visit_id": number(77), "appointment": {"service": service}})
    window = Window(chromium, told, Role.COORDINATOR)
    one = f"patients/{journey}"
    for path in ("today?team=" + "T" * 95, "lists/unbooked", one, f"{one}/report", f"{one}/timeline"):
        window.open(path)
        for size in (WIDE, NARROW):
            window.shown("light", size)
            assert window.what_is_too_wide == [], path
    window.close()


@pytest.fixture
def demo(told: Told) -> Iterator[Demo]:
    """The same clinic, as if everybody in it were made up."""
    made = Demo({str(role): token for role, token in told.tokens.items()}, told.journey)
    told.app.state.demo = made
    yield made
    del told.app.state.demo


@pytest.mark.usefixtures("demo")
def test_signing_in_to_a_demo_is_one_click_and_what_to_try_is_said(chromium: Any, told: Told) -> None:
    window = Window(chromium, told, None)
    page = window.page
    looked_at(window)
    page.click("text=Compliance officer")
    page.wait_for_url("**/console/handoffs")
    looked_at(window)
    page.click("text=Replay a journey")
    page.wait_for_url(f"**/console/replay/{told.journey}")
    assert window.wrong == []


def test_a_locked_screen_is_readable_light_and_dark(chromium: Any, told: Told) -> None:
    window = Window(chromium, told, Role.COORDINATOR)
    window.open("locked")
    looked_at(window)


def test_a_browser_that_chose_dark_is_dark_whatever_the_device_says(chromium: Any, told: Told) -> None:
    window = Window(chromium, told, Role.COORDINATOR)
    ground = "getComputedStyle(document.body).backgroundColor"
    window.shown("light", WIDE)
    window.open("display?back=/console/today")
    assert window.page.evaluate(ground) == "rgb(255, 255, 255)"
    window.page.check("#appearance-dark")
    window.page.click("text=Show it so")
    window.page.wait_for_url("**/console/today")
    assert window.page.evaluate(ground) == "rgb(16, 24, 31)"
    window.page.emulate_media(media="print")
    assert window.page.evaluate(ground) == "rgb(255, 255, 255)", "paper is always light"
    behind = "getComputedStyle(document.querySelector('main a'), '::after').content"
    assert window.page.evaluate(behind) == "none", "addresses are of no use on paper"


def test_what_is_recorded_shows_without_the_page_being_opened_again(chromium: Any, told: Told) -> None:
    window = Window(chromium, told, Role.COORDINATOR)
    window.open("today")
    window.page.evaluate("document.querySelector('#team').value = 'half a wo'")
    visit = "00000000-0000-0000-0000-00000000007b"
    told.tell(told.journey, "request-visit", {"visit_id": visit, "appointment": {}})
    window.page.wait_for_selector(f"[id*='{visit}']", timeout=20_000)
    assert window.page.evaluate("document.querySelector('#team').value") == "half a wo"


def test_a_double_click_sends_a_form_once(chromium: Any, told: Told) -> None:
    window = Window(chromium, told, Role.INTEGRATOR)
    window.open("subscriptions/new")
    window.page.fill("#endpoint", "https://payer.example/hooks")
    window.page.fill("#recipient", "Clicked twice")
    assert window.page.evaluate(SENT_TWICE) == [False, True]
