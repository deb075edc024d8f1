"""Everything that may be recorded is recorded with a form, made from what the API says of the command."""

import re
from html.parser import HTMLParser
from typing import Any

import pytest
from markupsafe import escape

from journey.domain.codes import JourneyStatus
from journey.domain.decision import decide
from journey.domain.episode import JourneyOpened, OwnerAssigned
from journey.domain.event import Refused
from journey.domain.journey import COMMANDS
from journey.web.acts import Acts
from journey.web.filled import Filled, as_typed, offered
from journey.web.forms import MADE, MAY_BE_MADE, form
from journey.web.onepatient import OnePatient
from journey.web.pages.acting import Opened, on_the_page
from journey.web.rendering import environment
from journey.web.things import Things
from tests.api.marked import body
from tests.api.test_reading import projected
from tests.served import Api, number
from tests.spec import PATIENT, at, given
from tests.waiting import until
from tests.web.conftest import Browser

pytestmark = pytest.mark.database
NOTHING_YET = given(JourneyOpened(patient_id=PATIENT, status=JourneyStatus.ACTIVE), OwnerAssigned(team="a"))
A_PART = {"whole": False, "path": "", "csrf": "", "key": "", "refused": None, "wrong": {}, "in_the_way": ()}
EXACT = {
    "change-demographics": {
        "demographics": {"family": "Vance", "birth_date": "1950-02"},
        "cleared": ["phone"],
    }
}
"""What is written in a form of its own."""


class Controls(HTMLParser):
    """What a page's form would send: each control's name with its values, and the values offered."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.sent: dict[str, list[str]] = {}
        self._select: str | None = None
        self._first: str | None = None
        self._long: str | None = None
        self._inside = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        has = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._inside = "j-form" in has.get("class", "")
        elif self._inside and tag == "input" and (has.get("type") != "checkbox" or "checked" in has):
            self._send(has["name"], has.get("value", ""))
        elif self._inside and tag == "select":
            self._select, self._first = has["name"], None
        elif self._inside and tag == "option" and self._select:
            if "selected" in has:
                self._send(self._select, has["value"])
                self._select = None
            elif self._first is None:
                self._first = has["value"]
        elif self._inside and tag == "textarea":
            self._long = has["name"]
            self.sent[self._long] = [""]

    def handle_data(self, data: str) -> None:
        if self._long is not None:
            self.sent[self._long][0] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "select" and self._select is not None:
            self._send(self._select, self._first or "")
        if tag == "select":
            self._select = None
        if tag == "textarea":
            self._long = None
        if tag == "form":
            self._inside = False

    def _send(self, name: str, value: str) -> None:
        self.sent.setdefault(name, []).append(value)


@pytest.fixture(scope="module")
def kept(api: Api) -> str:
    """A journey with a visit, on which nothing is recorded any more."""
    journey = api.opened(patient={"family": "Vance"})
    last = api.told(journey, "request-visit", visit_id=number(71), appointment={})
    projected(api, journey, last["version"])
    return journey.rpartition("/")[2]


def fresh(api: Api) -> str:
    return api.opened(patient={"family": "Moor"}).rpartition("/")[2]


def test_every_command_has_its_form(acts: Acts) -> None:
    assert set(acts.by_name) == set(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_what_may_begin_with_a_command_is_offered_as_new(acts: Acts, name: str) -> None:
    """On a journey that has nothing yet, what the domain records can only be new."""
    act, command = acts.by_name[name], COMMANDS[name]
    needed = {key: value for key, value in body(command).items() if key in act.schema.get("required", ())}
    try:
        asked = command.model_validate({**needed, "occurred_at": at(12).isoformat()})
        begun = list(decide(NOTHING_YET.history, asked))
    except (Refused, ValueError):
        begun = []
    if begun and act.subject in {*MADE, *MAY_BE_MADE}:
        assert name in (*MADE.get(act.subject, ()), *MAY_BE_MADE.get(act.subject, ()))


@pytest.fixture(scope="module")
def vance(api: Api, kept: str) -> tuple[OnePatient, Things]:
    """The patient of that journey, and what it has."""
    stands = api.get(f"/v1/journeys/{kept}").json()
    return OnePatient(kept, stands, ()), Things(api.get(f"/v1/journeys/{kept}/timeline").json()["events"])


@pytest.mark.parametrize("name", COMMANDS)
def test_what_is_filled_in_makes_the_command(acts: Acts, vance: tuple[OnePatient, Things], name: str) -> None:
    """Each field of the body, typed into the form that is shown, comes out of it as the body."""
    one, things = vance
    its, command = form(acts, acts.by_name[name]), COMMANDS[name]
    wanted = body(command) | EXACT.get(name, {})
    typed = as_typed(wanted, its.fields)
    drawn = on_the_page(Opened(one, its, things, acts, {}), typed)
    page = environment().get_template("act.html").render(**drawn, **A_PART)
    sent = Controls(page).sent
    overridden = {"override_reason": typed["override_reason"]} if "override_reason" in typed else {}
    made = Filled(its.fields, sent | overridden).body
    assert command.model_validate(made) == command.model_validate(wanted)


def send(browser: Browser, path: str, page: str, **changed: str) -> Any:
    """The form as it stands on the page, with these fields filled in."""
    sent = Controls(page).sent | {name.replace("__", "."): [said] for name, said in changed.items()}
    return browser.post(path, **{name: said[-1] for name, said in sent.items()})


def test_what_was_recorded_is_named(api: Api, coordinator: Browser) -> None:
    path = f"patients/{fresh(api)}/do/assign-owner"
    answer = send(coordinator, path, coordinator.open(path), team="ward 4", person="Ruth")
    assert answer.status_code == 303, answer.text
    page = coordinator.client.get(answer.headers["location"]).text
    assert "recorded." in page
    assert "Ruth" in page


def test_sent_twice_it_is_recorded_once(api: Api, coordinator: Browser) -> None:
    journey = fresh(api)
    path = f"patients/{journey}/do/identify-barrier"
    page = coordinator.open(path)
    filled = {"code__system": "local", "code__code": "LIFT"}
    first, second = (send(coordinator, path, page, **filled) for _ in range(2))
    assert first.headers["location"] == second.headers["location"]
    assert len(api.get(f"/v1/journeys/{journey}").json()["open"]["barriers"]) == 1


def test_what_the_address_knows_is_filled_in(coordinator: Browser, kept: str) -> None:
    page = coordinator.open(f"patients/{kept}/do/book-visit?visit_id={number(71)}&appointment.comment=by bus")
    sent = Controls(page).sent
    assert (sent["visit_id"], sent["appointment.comment"]) == ([number(71)], ["by bus"])


def test_a_time_is_taken_as_utc(api: Api, coordinator: Browser) -> None:
    journey = fresh(api)
    path = f"patients/{journey}/do/book-visit"
    answer = send(coordinator, path, coordinator.open(path), appointment__start="2031-03-05T09:30")
    assert answer.status_code == 303, answer.text
    [visit] = api.get(f"/v1/journeys/{journey}").json()["open"]["visits"]
    assert visit["start"] == "2031-03-05T09:30:00Z"


def test_a_wrong_field_is_told_beside_it_and_what_was_typed_is_kept(api: Api, coordinator: Browser) -> None:
    path = f"patients/{fresh(api)}/do/book-visit"
    page = coordinator.open(path)
    answer = send(coordinator, path, page, appointment__start="yesterday", appointment__comment="by bus")
    assert answer.status_code == 422
    assert 'id="f-appointment-start-error"' in answer.text
    assert 'value="by bus"' in answer.text
    assert 'value="yesterday"' in answer.text


def test_what_is_missing_is_told_beside_it(api: Api, coordinator: Browser) -> None:
    path = f"patients/{fresh(api)}/do/assign-owner"
    answer = send(coordinator, path, coordinator.open(path))
    assert answer.status_code == 422
    assert 'id="f-team-error"' in answer.text
    assert "This is needed" in answer.text


def test_a_complaint_of_a_row_stands_at_the_row_though_others_are_blank(acts: Acts) -> None:
    typed = {"authorization_id": [number(1)], "request.items.2.quantity": ["many"]}
    filled = Filled(form(acts, acts.by_name["submit-authorization"]).fields, typed)
    assert [each["quantity"] for each in filled.body["request"]["items"]] == ["many"]
    assert filled.place("request.items.0.quantity") == "request.items.2.quantity"


def left_open(api: Api) -> str:
    """A journey that is not to be closed: a referral is open."""
    journey = fresh(api)
    order = {"service": {"system": "local", "code": "ORTHO", "display": "Orthopaedics"}}
    api.told(f"/v1/journeys/{journey}", "send-referral", referral_id=number(72), order=order)
    return journey


def test_what_is_refused_can_be_done_all_the_same_for_a_reason(api: Api, coordinator: Browser) -> None:
    journey = left_open(api)
    path = f"patients/{journey}/do/close-journey"
    refused = send(coordinator, path, coordinator.open(path))
    assert refused.status_code == 409
    assert "Nothing was recorded" in refused.text
    assert f"/console/patients/{journey}/do?room=referrals&amp;subject={number(72)}" in refused.text
    [again] = re.findall(r"<form[^>]*j-override.*?</form>", refused.text, re.DOTALL)
    hidden = dict(re.findall(r'name="([^"]+)" value="([^"]*)"', again))
    answer = coordinator.post(path, **hidden, override_reason="The patient moved away")
    assert answer.status_code == 303, answer.text
    closed = api.get(f"/v1/journeys/{journey}/events").json()["events"][-1]
    assert closed["data"]["override_reason"] == "The patient moved away"


def test_a_journey_that_has_moved_on_says_what_is_new(api: Api, coordinator: Browser) -> None:
    journey = fresh(api)
    path = f"patients/{journey}/do/assign-owner"
    page = coordinator.open(path)
    api.told(f"/v1/journeys/{journey}", "start-intake", channel="phone")
    answer = send(coordinator, path, page, team="ward 4", person="Ruth")
    assert answer.status_code == 412
    assert 'value="Ruth"' in answer.text
    again = send(coordinator, path, answer.text)
    assert again.status_code == 303, again.text


def test_commands_are_found_by_what_they_are_for(coordinator: Browser, kept: str) -> None:
    page = coordinator.open(f"patients/{kept}/do?q=waiting list")
    assert f'href="/console/patients/{kept}/do/waitlist-visit"' in page
    assert "draft-handoff" not in page
    assert "<html" not in coordinator.open(f"patients/{kept}/do?q=visit", headers={"HX-Request": "true"})


def test_what_is_open_leads_to_what_may_be_recorded_of_it(coordinator: Browser, kept: str) -> None:
    of_it = f"patients/{kept}/do?room=visits&amp;subject={number(71)}"
    assert of_it in coordinator.open(f"patients/{kept}")
    page = coordinator.open(of_it.replace("&amp;", "&"))
    assert f"/do/cancel-visit?visit_id={number(71)}" in page
    assert "draft-handoff" not in page


def test_nobody_is_offered_what_is_not_theirs(coordinator: Browser, officer: Browser, kept: str) -> None:
    assert "place-legal-hold" not in coordinator.open(f"patients/{kept}/do")
    offered = officer.open(f"patients/{kept}/do")
    assert "place-legal-hold" in offered
    assert "book-visit" not in offered


def test_there_is_no_form_for_what_there_is_not(coordinator: Browser, kept: str) -> None:
    coordinator.open(f"patients/{kept}/do/dance", status=404)


# --- Codes

KNEES = {"system": "local", "code": "KNEES", "display": "Knees"}


@pytest.fixture(scope="module")
def knees(api: Api) -> None:
    """A service that two patients have been referred to."""
    for _ in range(2):
        journey = api.opened()
        api.told(journey, "draft-referral", referral_id=number(73), order={"service": KNEES})
    until(lambda: bool(api.get("/v1/codes?room=referrals").json()["codes"]))


@pytest.mark.usefixtures("knees")
def test_a_code_in_use_is_chosen(api: Api, coordinator: Browser) -> None:
    journey = fresh(api)
    path = f"patients/{journey}/do/draft-referral"
    page = coordinator.open(path)
    assert f'<option value="{escape(offered(KNEES))}">Knees (KNEES)</option>' in page
    answer = send(coordinator, path, page, order__service=offered(KNEES))
    assert answer.status_code == 303, answer.text
    assert api.get(f"/v1/journeys/{journey}/events").json()["events"][-1]["data"]["order"]["service"] == KNEES


@pytest.mark.usefixtures("knees")
def test_another_code_is_written_and_counts_before_what_is_chosen(api: Api, coordinator: Browser) -> None:
    journey = fresh(api)
    path = f"patients/{journey}/do/draft-referral"
    own = {"order__service__system": "local", "order__service__code": "HIPS"}
    answer = send(coordinator, path, coordinator.open(path), order__service=offered(KNEES), **own)
    assert answer.status_code == 303, answer.text
    service = api.get(f"/v1/journeys/{journey}/events").json()["events"][-1]["data"]["order"]["service"]
    assert service == {"system": "local", "code": "HIPS"}


def test_a_code_that_is_wrong_is_told_beside_it(api: Api, coordinator: Browser) -> None:
    path = f"patients/{fresh(api)}/do/identify-barrier"
    page = coordinator.open(path)
    assert "no transport (Z59.82)" in page
    missing = send(coordinator, path, page)
    assert 'id="f-code-error"' in missing.text
    half = send(coordinator, path, page, code__system="local")
    assert 'id="f-code-code-error"' in half.text
    assert '<details class="nhsuk-details" open>' in half.text
    planted = send(coordinator, path, page, code="{]")
    assert 'id="f-code-error"' in planted.text
