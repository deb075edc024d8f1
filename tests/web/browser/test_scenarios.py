"""A day and an afternoon as people have them, from sign-in to result; what they see is what the API says."""

import io
from functools import partial
from typing import Any

import pytest

from journey.api.access.table import Role
from journey.evidence.checking import checked
from tests.api.test_lists import offer
from tests.served import number
from tests.waiting import until
from tests.web.browser.window import Told, Window

pytestmark = pytest.mark.database
MOST = 60
"""Keys pressed until what is looked for has the focus."""

FOCUS = """() => {
  const on = document.activeElement, look = getComputedStyle(on), box = on.getBoundingClientRect();
  const isMarked = look.outlineStyle !== "none" || look.boxShadow !== "none";
  return [on.name || on.innerText, isMarked && box.width > 0 && box.bottom > 0 && box.top < innerHeight];
}"""
HANDED = "Stable; drains watched; call the registrar if it gets worse."


def recorded(window: Window, command: str, **typed: str) -> None:
    """A command's form, looked for as people do, filled in and sent."""
    page = window.page
    page.click(".j-tabs a:has-text('Record')")
    page.fill("#q", command)
    page.press("#q", "Enter")
    page.click(f"main .j-acts a:text-is('{command}')")
    for name, value in typed.items():
        field = page.locator(f"[name='{name}']").first
        if field.evaluate("each => each.tagName") == "SELECT":
            field.select_option(value)
        else:
            field.fill(value)
    page.click("main button:text-is('Record')")
    page.wait_for_url("**version=*")


def reached(window: Window, said: str) -> None:
    """By the Tab key alone; wherever that leads shows that it is there."""
    for _ in range(MOST):
        window.page.keyboard.press("Tab")
        name, shows = window.page.evaluate(FOCUS)
        assert shows, name
        if name == said:
            return
    raise AssertionError(said)


def test_by_keys_alone_something_is_found_and_recorded(chromium: Any, told: Told) -> None:
    window = Window(chromium, told, Role.COORDINATOR)
    press = window.page.keyboard.press
    window.open("patients/{journey}")
    reached(window, "Skip to main content")
    press("Enter")
    reached(window, "Record")
    press("Enter")
    window.page.wait_for_url("**/do")
    reached(window, "q")
    window.page.keyboard.type("Add note")
    with window.page.expect_navigation():
        press("Enter")
    reached(window, "Add note")
    with window.page.expect_navigation():
        press("Enter")
    reached(window, "text")
    window.page.keyboard.type("By keys alone.")
    reached(window, "Record")
    press("Enter")
    window.page.wait_for_url("**version=*")
    assert told.events(told.journey)[-1]["data"]["text"] == "By keys alone."
    assert window.wrong == []


def test_a_coordinators_day(chromium: Any, told: Told) -> None:
    """What is late, the patient, a visit, a handoff, and where patients are: each is what the API says."""
    window = Window(chromium, told, Role.COORDINATOR)
    page, api = window.page, partial(told.ask, Role.COORDINATOR)
    page.wait_for_url("**/console/today")
    page.click("text=Overdue")
    page.wait_for_url("**show=overdue")
    late = api("/v1/worklist?team=ward%203&overdue=true")["worklist"]
    assert page.locator("#today tbody tr").count() == len(late) > 0

    page.click("a:has-text('Tarnwood') >> nth=0")
    page.wait_for_url(f"**/console/patients/{told.journey}")
    stood = api(f"/v1/journeys/{told.journey}")
    assert stood["responsible"]["person"] == "nurse-7"
    assert "nurse-7" in window.text
    assert "Transport" in window.text

    recorded(window, "Assign owner", team="ward 3", person="nurse-9")
    assert "nurse-9" in window.text
    recorded(window, "Record arrival", visit_id=number(4))
    stands = api(f"/v1/journeys/{told.journey}")
    assert stands["responsible"]["person"] == "nurse-9"
    [visit] = [each for each in stands["open"]["visits"] if each["visit_id"] == number(4)]
    assert visit["status"] == "arrived"

    window.open("flow")
    assert "ward 3" in window.text or "Where" in window.text
    places = {each["stage"]: each["patients"] for each in api("/v1/flow")["census"]}
    shown = page.locator(".j-place strong").all_inner_texts()
    assert sorted(map(int, shown)) == sorted(places.values())
    assert window.wrong == []
    window.close()


def test_a_handoff_from_one_to_another(chromium: Any, told: Told) -> None:
    """It is offered with a form, taken over with a read-back by somebody else, and nobody is left out."""
    journey = told.opened(patient={"family": "Underhill"})
    coordinator, clinician = (Window(chromium, told, role) for role in (Role.COORDINATOR, Role.CLINICIAN))
    until(partial(coordinator.has, f"patients/{journey}", "Underhill"))
    recorded(
        coordinator,
        "Offer handoff",
        **{
            "offer.kind": "shift",
            "offer.severity": "watcher",
            "offer.from_team": "nights",
            "offer.to_team": "ward 3",
            "offer.contingencies.0.if_happens": "it gets worse",
            "offer.contingencies.0.then_do": "call the registrar",
        },
    )
    handoff = told.events(journey)[-1]["data"]["handoff_id"]
    page = clinician.page
    page.goto(f"{told.url}/console/handoffs")
    page.wait_for_selector(f"#handoff-{handoff}", timeout=20_000)
    page.click(f"#handoff-{handoff} a")
    page.fill("#text", HANDED)
    page.click("text=Accept and read back")
    page.wait_for_load_state()
    assert HANDED in clinician.text
    taken = {each["type"]: each for each in told.events(journey)}
    assert taken["handoff.offered"]["actor"]["id"] != taken["handoff.accepted"]["actor"]["id"]
    assert taken["handoff.synthesised"]["data"]["text"] == HANDED
    assert coordinator.wrong == clinician.wrong == []


def test_an_officers_afternoon(chromium: Any, told: Told) -> None:
    """Who is it, how did it come to be so, who has looked, and can it be believed?"""
    window = Window(chromium, told, Role.COMPLIANCE)
    page, api = window.page, partial(told.ask, Role.COMPLIANCE)
    window.open("patients")
    page.type("#q", "tarnwood")
    page.click(f"#found a[href$='{told.journey}']")

    page.click(".j-tabs a:has-text('Replay')")
    window.open("replay/{journey}?true=2&known=4")
    then = [each["occurred_at"] for each in api(f"/v1/journeys/{told.journey}/events?limit=500")["events"]]
    assert page.locator("#true-at time").get_attribute("datetime", timeout=5000) is not None
    assert page.locator("#true").get_attribute("max") == str(len(set(then)))
    page.click("text=Compare with this moment")
    page.wait_for_url("**from_as_of=*")
    assert "What is different" in window.text or "From" in window.text
    window.open("replay/{journey}")
    page.click("main a:has-text('why') >> nth=0")
    page.wait_for_url("**why=**")
    why = api(f"/v1/journeys/{told.journey}/why?of=stage")
    assert str(why["values"][0]["value"]).lower() in window.text.lower()

    window.open("audit?journey={journey}&kind=read")
    assert "looks as compliance" in window.text
    entries = api(f"/v1/audit?journey={told.journey}&kind=read&limit=50")["audit"]
    assert page.locator(".j-audit tbody tr").count() <= len(entries)
    with page.expect_download() as taken:
        page.click("a:text-is('CSV')")
    lines = taken.value.path().read_text().splitlines()
    assert told.journey in lines[1]

    window.open("audit/reviews")
    page.fill("#begins", "2025-03-01T00:00")
    page.fill("#ends", "2025-04-01T00:00")
    page.fill("#scope", "Reads of one journey")
    page.fill("#findings", "All of them by its own team.")
    page.click("text=Sign off as")
    page.wait_for_selector("td:has-text('All of them by its own team.')")
    [review] = api("/v1/audit/reviews")["reviews"]
    assert review["findings"] == "All of them by its own team."
    assert window.wrong == []


def test_what_an_outsider_is_given_is_checked_without_us(chromium: Any, told: Told) -> None:
    """An event is proved on the page; the file that is downloaded is sound, with no database and no net."""
    window = Window(chromium, told, Role.COMPLIANCE)
    page = window.page
    first = told.events(told.journey)[0]["event_id"]
    until(partial(window.has, f"proof?of={first}", "holds"))
    assert "It is in the log, as it was stored" in window.text
    page.fill("#q", "tarnwood")
    page.press("#q", "Enter")
    page.click("main a:has-text('Tarnwood'), main button:has-text('Tarnwood')")
    page.fill("#recipient", "Auditor of the Vale")
    with page.expect_download() as taken:
        page.click("text=Download the file")
    sound = checked(io.BytesIO(taken.value.path().read_bytes()))
    assert sound.events >= len(told.events(told.journey))

    window.open("disclosures?patient=00000000-0000-0000-0000-000000000001&all=true")
    assert "Auditor of the Vale" in window.text
    accounted = told.ask(
        Role.COMPLIANCE, "/v1/audit/disclosures?patient=00000000-0000-0000-0000-000000000001&all=true"
    )
    assert "Auditor of the Vale" in {each["recipient"] for each in accounted["disclosures"]}
    assert window.wrong == []


def test_two_people_at_once_on_the_same_handoff(chromium: Any, told: Told) -> None:
    """One of them takes over; the other is told that it was, and nothing is lost of what they wrote."""
    handoff, journey = "00000000-0000-0000-0000-0000000000f1", told.opened()
    told.tell(journey, "offer-handoff", {"handoff_id": handoff, "offer": offer("ward 3", "stable")})
    windows = [Window(chromium, told, role) for role in (Role.COORDINATOR, Role.CLINICIAN)]
    for each in windows:
        until(partial(each.has, f"handoffs/{journey}/{handoff}", "Accept and read back"))
    for each in windows:
        each.page.fill("#text", "Stable; nothing to watch for.")
        each.page.click("button:has-text('Accept and read back')")
        each.page.wait_for_load_state()
    first, second = (each.text for each in windows)
    assert "This was not recorded" not in first
    assert "This was not recorded" in second
    accepted = [each for each in told.events(journey) if each["type"] == "handoff.accepted"]
    assert [each["data"]["handoff_id"] for each in accepted] == [handoff]


def test_a_lost_connection_comes_back_by_itself(chromium: Any, told: Told) -> None:
    window = Window(chromium, told, Role.COORDINATOR)
    window.open("today")
    window.page.context.set_offline(True)
    visit = "00000000-0000-0000-0000-0000000000f2"
    told.tell(told.journey, "request-visit", {"visit_id": visit, "appointment": {}})
    window.page.context.set_offline(False)
    window.page.wait_for_selector(f"[id*='{visit}']", timeout=30_000)


def test_who_comes_back_to_a_locked_screen_goes_on_typing(chromium: Any, told: Told) -> None:
    window = Window(chromium, told, Role.COORDINATOR)
    page = window.page
    window.open("patients/{journey}/do/add-note")
    page.fill("[name='text']", "Her brother brings the letter.")
    with page.expect_navigation():
        page.evaluate("document.body.dispatchEvent(new Event('over'))")
    assert "Locked" in window.text
    assert "brother" not in page.content()
    window.signs_in(told.tokens[Role.COORDINATOR])
    page.wait_for_url(f"**/console/patients/{told.journey}/do/add-note")
    assert page.input_value("[name='text']") == "Her brother brings the letter."
    assert "It stands in the form again." in window.text
    page.click("main button:text-is('Record')")
    page.wait_for_url("**version=*")
    assert told.events(told.journey)[-1]["data"]["text"] == "Her brother brings the letter."
    assert window.wrong == []
