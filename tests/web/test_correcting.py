"""An event is corrected in a form of its own fields; what is left as it was stays to the last digit."""

import json
from pathlib import Path
from typing import Any

import pytest

from journey.domain.correction import CORRECTIONS, VoidEvent
from journey.domain.event import EVENTS
from journey.feed.envelope import Payload
from journey.feed.schemas import schema
from journey.web.acts import Acts
from journey.web.correcting import COMMAND, Correcting, merged, of_its_own
from journey.web.filled import Filled
from journey.web.forms import form
from journey.web.onepatient import OnePatient
from journey.web.pages.acting import Opened, on_the_page
from journey.web.rendering import environment
from journey.web.things import Things
from tests.api.test_reading import projected
from tests.served import Api, number
from tests.web.conftest import Browser
from tests.web.test_acting import A_PART, Controls, send

pytestmark = pytest.mark.database
GOLDEN = Path(__file__).parent.parent / "golden"
CORRECTABLE = sorted(
    name for name, kind in EVENTS.items() if kind not in CORRECTIONS and kind.undone_by == VoidEvent.name()
)
AT = "2026-03-01T09:00:30.250000Z"
START = "2031-03-05T09:30:20Z"


def opened_for(acts: Acts, one: OnePatient, name: str) -> Opened:
    """The form for one that says all that it may say."""
    act, data = acts.by_name[COMMAND], json.loads((GOLDEN / f"{name}.json").read_text())["data"]
    event = {"event_id": number(1), "type": name, "data": data, "occurred_at": AT}
    its = of_its_own(form(acts, act), act, name, schema(EVENTS[name], Payload.FULL))
    correcting = Correcting(event, event | {"occurred_precision": "minute"}, its)
    return Opened(one, its, Things([]), acts, {}, correcting)


def drawn(opened: Opened) -> str:
    assert opened.correcting
    template = environment().get_template("act.html")
    return template.render(**on_the_page(opened, opened.correcting.typed), **A_PART)


@pytest.fixture(scope="module")
def one(api: Api) -> OnePatient:
    path = api.opened(patient={"family": "Vance"})
    return OnePatient(path.rpartition("/")[2], api.get(path).json(), ())


@pytest.mark.parametrize("name", CORRECTABLE)
def test_every_event_has_its_form_which_changes_nothing_by_itself(
    acts: Acts, one: OnePatient, name: str
) -> None:
    opened = opened_for(acts, one, name)
    correcting, sent = opened.correcting, Controls(drawn(opened)).sent
    assert correcting
    said = Filled(opened.form.fields, {**sent, "reason": ["A slip"]}).body
    assert correcting.corrected(said) is None
    fields = {
        each.name: each for field in opened.form.fields if field.name == "data" for each in field.fields
    }
    assert "free" not in {each.kind for each in fields.values()}, "nobody writes JSON"
    assert fields.keys() & correcting.event["data"].keys() <= said.get("data", {}).keys(), "all that it says"


def test_what_is_typed_changes_that_alone() -> None:
    now = {"start": START, "note": "by bus", "times": [AT, START], "rest": {"a": 1}}
    before = {"start": "2031-03-05T09:30:00Z", "note": "by bus", "times": ["a", "b"]}
    assert merged(now, before, {**before, "note": "by car"}) == {**now, "note": "by car"}
    assert merged(now, before, {**before, "times": ["b"]}) == {**now, "times": [START]}
    assert merged(now, before, {**before, "times": ["a", "b", "c"]}) == {**now, "times": [AT, START, "c"]}
    assert merged(now, before, {**before, "times": ["a", "x"]}) == {**now, "times": [AT, "x"]}
    emptied = {"start": "x", "times": ["a", "b"]}
    assert merged(now, before, emptied) == {"start": "x", "times": [AT, START], "rest": {"a": 1}}


def test_rows_that_are_not_shown_stay() -> None:
    now = list(range(30))
    assert merged(now, now[:20], [*now[:19], 77]) == [*now[:19], 77, *now[20:]]


class Booked:
    """A visit whose booking was recorded a little wrong."""

    def __init__(self, api: Api, browser: Browser) -> None:
        self.api, self.browser = api, browser
        home = api.opened(patient={"family": "Moor"}, occurred_at="2026-03-01T08:00:00Z")
        appointment = {"start": START, "comment": "by buss\nor on foot", "participants": ["Ruht", "Ann"]}
        told = {"visit_id": number(71), "appointment": appointment, "occurred_at": AT}
        last = api.told(home, "book-visit", **told)
        self.event_id = last["events"][0]["event_id"]
        self.journey = home.rpartition("/")[2]
        projected(api, home, last["version"])
        self.path = f"patients/{self.journey}/do/correct-event"
        self.page = browser.open(f"{self.path}?event_id={self.event_id}")

    def sends(self, **changed: str) -> Any:
        return send(self.browser, self.path, self.page, **changed)

    def last(self) -> Any:
        return self.api.get(f"/v1/journeys/{self.journey}/events").json()["events"][-1]["data"]


@pytest.fixture
def booked(api: Api, coordinator: Browser) -> Booked:
    return Booked(api, coordinator)


def test_what_it_says_stands_in_the_form_and_what_it_is_about_does_not(booked: Booked) -> None:
    sent = Controls(booked.page).sent
    assert sent["data.appointment.comment"] == ["by buss\nor on foot"]
    assert sent["data.appointment.start"] == ["2031-03-05T09:30"]
    assert sent["happened_at"] == ["2026-03-01T09:00"]
    assert "data.visit_id" not in sent


def test_only_what_was_changed_is_said_otherwise(booked: Booked) -> None:
    answer = booked.sends(data__appointment__comment="by bus\r\nor on foot", reason="A slip")
    assert answer.status_code == 303, answer.text
    said = booked.last()
    assert said["data"]["appointment"]["comment"] == "by bus\nor on foot"
    assert said["data"]["appointment"]["start"] == START, "with its seconds"
    assert said["data"]["appointment"]["participants"] == ["Ruht", "Ann"]
    assert "happened_at" not in said
    again = booked.browser.open(f"{booked.path}?event_id={booked.event_id}")
    assert "by bus\nor on foot</textarea>" in again, "as it reads since"


def test_what_is_emptied_is_not_known(booked: Booked) -> None:
    gone = {"data__appointment__participants__0": "", "data__appointment__comment": ""}
    assert booked.sends(**gone, reason="Nobody said so").status_code == 303
    assert booked.last()["data"]["appointment"] == {"start": START, "participants": ["Ann"]}


def test_when_it_happened_is_corrected_with_how_exactly_that_is_known(booked: Booked) -> None:
    answer = booked.sends(happened_at="2026-03-01T08:45", happened_precision="minute", reason="A slip")
    assert answer.status_code == 303, answer.text
    said = booked.last()
    assert (said["happened_at"], said["happened_precision"]) == ("2026-03-01T08:45:00Z", "minute")
    assert "data" not in said


def test_nothing_is_recorded_where_nothing_differs(booked: Booked) -> None:
    answer = booked.sends(reason="A slip")
    assert answer.status_code == 422
    assert "Nothing differs" in answer.text
    assert "corrects" not in booked.last()


def test_a_refusal_stands_beside_its_input_and_what_differs_is_marked(booked: Booked) -> None:
    answer = booked.sends(data__appointment__start="1700-03-01T08:00", reason="A slip")
    assert answer.status_code == 409
    assert 'id="f-data-appointment-start-error"' in answer.text
    assert '<span class="j-changed" data-of="data.appointment.start">' in answer.text
    assert '<span class="j-changed" data-of="data.appointment.comment" hidden>' in answer.text
    [missing] = [booked.sends(data__appointment__comment="by car")]
    assert 'id="f-reason-error"' in missing.text


def test_which_event_is_asked_for_where_none_is_named_or_it_cannot_be(booked: Booked) -> None:
    page = booked.browser.open(booked.path)
    assert f'<option value="{booked.event_id}">Visit booked' in page
    booked.api.told(f"/v1/journeys/{booked.journey}", "void-event", event_id=booked.event_id, reason="Twice")
    page = booked.browser.open(f"{booked.path}?event_id={booked.event_id}")
    assert "cannot be corrected" in page
    assert booked.event_id not in page.partition("<select")[2]
