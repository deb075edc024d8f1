"""What works without JavaScript: all of it, save that pages grow by themselves."""

from collections.abc import Iterator
from functools import partial
from typing import Any
from uuid import UUID

import pytest

from journey.api.access.table import Role
from tests.api.test_lists import offer
from tests.waiting import until
from tests.web.browser.window import Told, Window

pytestmark = pytest.mark.database


@pytest.fixture
def plain(chromium: Any, told: Told) -> Iterator[Window]:
    window = Window(chromium, told, Role.COORDINATOR, java_script_enabled=False)
    yield window
    assert [each for each in window.wrong if "422" not in each] == [], "what is refused, browsers note"
    window.close()


def test_a_patient_is_found_and_looked_at(plain: Window, told: Told) -> None:
    page = plain.page
    plain.open("patients")
    page.fill("#q", "tarnwood")
    page.press("#q", "Enter")
    page.click(f"main a[href$='{told.journey}']")
    page.click("text=Timeline")
    assert "Referral sent" in plain.text
    page.select_option("#type", "referral.sent")
    page.click("main button:text-is('Show')")
    assert "1 event," in plain.text


def test_a_replay_is_stepped_through(plain: Window, told: Told) -> None:
    plain.open("replay/{journey}?true=2")
    before = plain.page.locator("#true-at").inner_text()
    plain.page.click("text=Step on >> nth=0")
    assert plain.page.locator("#true-at").inner_text() != before
    plain.page.click("main a:has-text('why') >> nth=0")
    assert "why=" in plain.page.url
    assert told.journey in plain.page.url


def test_a_list_goes_on_page_by_page(plain: Window, told: Told) -> None:
    """More than fit on one."""
    journey = told.opened(patient={"family": "Paged"})
    for number in range(51):
        told.tell(journey, "request-visit", {"visit_id": str(UUID(int=7000 + number)), "appointment": {}})
    until(lambda: len(told.ask(Role.COORDINATOR, "/v1/worklist?limit=500")["worklist"]) > 51)
    plain.open("today?team=")
    first = plain.page.locator("#today tbody tr").count()
    assert first == 50
    plain.page.click("text=More")
    rest = told.ask(Role.COORDINATOR, "/v1/worklist?limit=500")["worklist"][first:]
    assert plain.page.locator("#today tbody tr").count() == len(rest) > 0


def test_a_command_is_recorded_and_a_refusal_keeps_what_was_typed(plain: Window, told: Told) -> None:
    page = plain.page
    plain.open("patients/{journey}/do/assign-owner")
    page.fill("[name='person']", "nurse-3")
    page.fill("[name='team']", " ")
    page.click("main button:text-is('Record')")
    assert page.input_value("[name='person']") == "nurse-3"
    page.fill("[name='team']", "ward 3")
    page.click("main button:text-is('Record')")
    stands = told.ask(Role.COORDINATOR, f"/v1/journeys/{told.journey}")
    assert stands["responsible"]["person"] == "nurse-3"


def test_a_handoff_is_taken_over(plain: Window, told: Told) -> None:
    handoff, journey = "00000000-0000-0000-0000-0000000000f3", told.opened()
    told.tell(journey, "offer-handoff", {"handoff_id": handoff, "offer": offer("ward 3", "stable")})
    until(partial(plain.has, f"handoffs/{journey}/{handoff}", "Accept and read back"))
    plain.page.fill("#text", "Stable; nothing to watch for.")
    plain.page.click("text=Accept and read back")
    assert "handoff.accepted" in {each["type"] for each in told.events(journey)}


def test_the_appearance_is_chosen(plain: Window) -> None:
    plain.open("display")
    plain.page.check("#appearance-dark")
    plain.page.click("text=Show it so")
    assert plain.page.locator("link[href*='dark.css']").get_attribute("media") == "screen"


def test_an_event_is_corrected_in_its_own_words(plain: Window, told: Told) -> None:
    page = plain.page
    plain.open("patients/{journey}/do/correct-event")
    page.select_option("#event_id", told.known["event"])
    page.click("text=Go on")
    page.fill("[name='data.appointment.comment']", "by train")
    page.fill("[name='reason']", "A slip")
    page.click("main button:text-is('Record')")
    said = told.events(told.journey)[-1]["data"]
    assert (said["corrects"], said["data"]["appointment"]["comment"]) == (told.known["event"], "by train")
