"""Every page in a real browser: nothing is fetched from elsewhere, nothing fails, everybody can use it, and
it fits a telephone. The rules of accessibility are axe's (WCAG 2.2 AA).
"""

import shutil
from collections.abc import Iterator
from functools import partial
from typing import Any, NamedTuple

import httpx2
import pytest

from journey.api.access import keys
from journey.api.access.keys import Grant
from journey.api.access.table import Role
from journey.embedded import Cluster
from tests.api.streaming import on_a_socket
from tests.api.test_examples import own_pathways
from tests.api.test_lists import offer
from tests.api.test_read_examples import story
from tests.served import database, served
from tests.waiting import until

playwright = pytest.importorskip("playwright.sync_api", reason="NO PAGE WAS LOOKED AT: no playwright")
axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="NO PAGE WAS LOOKED AT: no axe")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = [
    pytest.mark.database,
    pytest.mark.skipif(CHROMIUM is None, reason="NO PAGE WAS LOOKED AT: no chromium"),
]

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
WIDE, NARROW = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
PAGES: dict[Role, tuple[str, ...]] = {
    Role.COORDINATOR: (
        *(
            "today",
            "today?show=overdue",
            "patients",
            "lists",
            "lists/authorizations",
            "lists/visits",
            "handoffs",
        ),
        "patients/{journey}",
        "patients/{journey}/timeline",
        "patients/{journey}/report",
        "patients/{journey}/discharge-summary",
        "patients/{journey}/do",
        "patients/{journey}/do/book-visit",
        "patients/{journey}/do/submit-authorization",
        "handoffs/{journey}/00000000-0000-0000-0000-000000000005",
    ),
    Role.COMPLIANCE: (
        "replay/{journey}",
        "replay/{journey}?true=2&known=3&why=stage&from_as_of=2025-03-03T08:30:00Z",
        "custody/{journey}",
        "audit",
        "proof",
        "proof?of=1",
        "audit?journey={journey}&sort=-version",
        "audit/reviews",
        "disclosures",
        "disclosures?patient=00000000-0000-0000-0000-000000000001&all=true",
    ),
    Role.INTEGRATOR: ("subscriptions", "subscriptions/new"),
    Role.ADMIN: ("keys", "keys/new", "keys/roles", "keys/teams", "proof/verification", "health"),
}
"""What each role looks at; `{journey}` is the id of a journey with something of everything."""

SENT_TWICE = """() => {
  const stopped = [];
  addEventListener("submit", (event) => { stopped.push(event.defaultPrevented); event.preventDefault(); });
  for (const form of Array(2).fill(document.querySelector("main form"))) form.requestSubmit();
  return stopped;
}"""
"""Whether each of two clicks was stopped."""


class Told(NamedTuple):
    """A clinic on a socket, and the journey that is looked at."""

    url: str
    tokens: dict[Role, str]
    journey: str

    def ask(self, role: Role, path: str) -> Any:
        return self._sent("GET", path, role).json()

    def tell(self, journey: str, command: str, body: dict[str, Any]) -> None:
        answer = self._sent("POST", f"/v1/journeys/{journey}/{command}", Role.COORDINATOR, json=body)
        assert answer.is_success, answer.text

    def opened(self) -> str:
        answer = self._sent("POST", "/v1/journeys", Role.COORDINATOR, json={"team": "ward 3"})
        return str(answer.json()["journey_id"])

    def _sent(self, method: str, path: str, role: Role, **more: Any) -> httpx2.Response:
        held = {"Authorization": f"Bearer {self.tokens[role]}"}
        return httpx2.request(method, self.url + path, headers=held, timeout=20, **more)


@pytest.fixture(scope="module")
def told(cluster: Cluster, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    home = tmp_path_factory.mktemp("home")
    with own_pathways(tmp_path_factory.mktemp("pathways")), database(cluster, template) as conninfo:
        with served(conninfo, home) as api:
            journey = story(api).rpartition("/")[2]
        tokens = {
            role: keys.create(conninfo, f"looks as {role}", role, "ward 3", Grant()).token for role in Role
        }
        with on_a_socket(conninfo, home, tokens) as there:
            yield Told(there.url, tokens, journey)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


class Window:
    """A window of somebody who is signed in, and all that went wrong in it."""

    def __init__(self, chromium: Any, told: Told, role: Role) -> None:
        self.wrong: list[str] = []
        self._told = told
        self.page = chromium.new_context(viewport=WIDE).new_page()
        self.page.on("console", self._said)
        self.page.on("pageerror", lambda error: self.wrong.append(str(error)))
        self.page.on("request", self._asked)
        self.page.goto(f"{told.url}/console")
        self.page.fill("#key", told.tokens[role])
        self.page.click("main button")

    def _said(self, message: Any) -> None:
        if message.type in {"error", "warning"}:
            self.wrong.append(message.text)

    def _asked(self, request: Any) -> None:
        if not request.url.startswith((self._told.url, "data:")):
            self.wrong.append(f"{request.url} is elsewhere")

    def open(self, path: str) -> None:
        answer = self.page.goto(f"{self._told.url}/console/{path.format(journey=self._told.journey)}")
        assert answer.status == 200, path

    def has(self, path: str, said: str) -> bool:
        self.open(path)
        return said in self.page.inner_text("main")

    def complaints(self) -> list[str]:
        """Axe's."""
        found = axe.Axe().run(self.page).response["violations"]
        return [f"{each['id']}: {node['html']}" for each in found for node in each["nodes"]]

    def is_too_wide(self) -> bool:
        self.page.set_viewport_size(NARROW)
        wide = self.page.evaluate("document.documentElement.scrollWidth > window.innerWidth")
        self.page.set_viewport_size(WIDE)
        return bool(wide)


@pytest.mark.parametrize("role", [role for role, pages in PAGES.items() if pages])
def test_everybody_can_use_each_page(chromium: Any, told: Told, role: Role) -> None:
    window = Window(chromium, told, role)
    for path in PAGES[role]:
        window.open(path)
        assert window.complaints() == [], path
        assert not window.is_too_wide(), path
        assert window.wrong == [], path


def test_what_is_recorded_shows_without_the_page_being_opened_again(chromium: Any, told: Told) -> None:
    window = Window(chromium, told, Role.COORDINATOR)
    window.open("today")
    window.page.evaluate("document.querySelector('#team').value = 'half a wo'")
    answer = window.page.request.post(
        f"{told.url}/v1/journeys/{told.journey}/request-visit",
        headers={"Authorization": f"Bearer {told.tokens[Role.COORDINATOR]}"},
        data={"visit_id": "00000000-0000-0000-0000-00000000007b", "appointment": {}},
    )
    assert answer.ok
    window.page.wait_for_selector("[id*='00000000-0000-0000-0000-00000000007b']", timeout=20_000)
    assert window.page.evaluate("document.querySelector('#team').value") == "half a wo"


def test_a_double_click_sends_a_form_once(chromium: Any, told: Told) -> None:
    window = Window(chromium, told, Role.INTEGRATOR)
    window.open("subscriptions/new")
    window.page.fill("#endpoint", "https://payer.example/hooks")
    window.page.fill("#recipient", "Clicked twice")
    assert window.page.evaluate(SENT_TWICE) == [False, True]


def test_a_coordinators_day(chromium: Any, told: Told) -> None:
    """From sign-in to what is recorded, and the API says the same."""
    window = Window(chromium, told, Role.COORDINATOR)
    page = window.page
    page.wait_for_url("**/console/today")
    page.click("a:has-text('Tarnwood')")
    page.wait_for_url(f"**/console/patients/{told.journey}")
    page.click("nav a:has-text('Record'), .j-tabs a:has-text('Record')")
    page.fill("#q", "assign owner")
    page.click("a:has-text('Assign owner'):visible >> nth=0")
    page.fill("[name='team']", "ward 3")
    page.fill("[name='person']", "nurse-9")
    page.click("button:has-text('Record')")
    page.wait_for_url(f"**/console/patients/{told.journey}*")
    assert "nurse-9" in page.inner_text("main")
    stands = told.ask(Role.COORDINATOR, f"/v1/journeys/{told.journey}")
    assert stands["responsible"]["person"] == "nurse-9"
    assert window.wrong == []


def test_an_officers_afternoon(chromium: Any, told: Told) -> None:
    """Who is it, how did it come to be so, and who has looked?"""
    window = Window(chromium, told, Role.COMPLIANCE)
    page = window.page
    window.open("patients")
    page.type("#q", "tarnwood")
    page.click(f"#found a[href$='{told.journey}']")
    page.click(".j-tabs a:has-text('Replay')")
    page.click("main a:has-text('why') >> nth=0")
    page.wait_for_url("**why=**")
    assert "recorded" in page.inner_text("main")
    window.open(f"audit?journey={told.journey}")
    assert "looks as compliance" in page.inner_text("main")
    entries = told.ask(Role.COMPLIANCE, f"/v1/audit?journey={told.journey}&limit=100")["audit"]
    assert "looks as compliance" in {each["name"] for each in entries}
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
    first, second = (each.page.inner_text("main") for each in windows)
    assert "This was not recorded" not in first
    assert "This was not recorded" in second
    events = told.ask(Role.COORDINATOR, f"/v1/journeys/{journey}/events?limit=500")["events"]
    accepted = [each for each in events if each["type"] == "handoff.accepted"]
    assert [each["data"]["handoff_id"] for each in accepted] == [handoff]


def test_a_lost_connection_comes_back_by_itself(chromium: Any, told: Told) -> None:
    window = Window(chromium, told, Role.COORDINATOR)
    window.open("today")
    window.page.context.set_offline(True)
    visit = "00000000-0000-0000-0000-0000000000f2"
    told.tell(told.journey, "request-visit", {"visit_id": visit, "appointment": {}})
    window.page.context.set_offline(False)
    window.page.wait_for_selector(f"[id*='{visit}']", timeout=30_000)
