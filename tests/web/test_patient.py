"""One patient: where they stand, what is next, what is open; and the way in for who may not see them."""

import re
from itertools import count
from typing import Any

import pytest

from journey.api.access import keys
from journey.api.access.table import Role
from tests.api.test_reading import projected
from tests.served import Api, number
from tests.web.conftest import Browser, signed_in

pytestmark = pytest.mark.database
COUNT = count(1)


@pytest.fixture(scope="module")
def holm(api: Api) -> str:
    """A patient with a visit to be booked, for whom nobody is accountable."""
    journey = api.opened(patient={"family": "Holm", "given": ["Ada"], "birth_date": "1950-02-03"})
    api.told(journey, "assign-identifier", identifier={"system": "CITY", "value": "M-77", "type": "MR"})
    api.told(
        journey,
        "request-visit",
        visit_id=number(61),
        appointment={"service": {"system": "local", "code": "ECHO"}},
    )
    return journey.rpartition("/")[2]


def test_where_the_patient_stands_is_told(coordinator: Browser, holm: str) -> None:
    page = coordinator.open(f"patients/{holm}")
    for said in ("Holm, Ada", "Born 3 Feb 1950 (", "M-77", "In care", "ward 3", "Visits"):
        assert said in page


@pytest.mark.parametrize("born", ["1950", "1950-02", "1950-02-30"])
def test_a_birth_date_that_no_calendar_has_is_shown_as_it_was_told(
    api: Api, coordinator: Browser, born: str
) -> None:
    journey = api.opened(patient={"family": "Undated", "birth_date": born})
    assert f"Born {born}<" in coordinator.open(f"patients/{journey.rpartition('/')[2]}")


def test_what_is_next_leads_to_its_form_with_the_subject_filled_in(coordinator: Browser, holm: str) -> None:
    page = coordinator.open(f"patients/{holm}")
    assert f'href="/console/patients/{holm}/do/book-visit?visit_id={number(61)}">Book visit</a>' in page


def test_why_it_is_so_leads_to_the_event(api: Api, coordinator: Browser, holm: str) -> None:
    page = coordinator.open(f"patients/{holm}")
    recorded = {each["event_id"] for each in api.get(f"/v1/journeys/{holm}/events").json()["events"]}
    named = set(re.findall(rf"/console/patients/{holm}/timeline\?at=[0-9a-f-]+#e-([0-9a-f-]+)", page))
    assert named
    assert named <= recorded


def test_what_is_in_the_way_offers_what_clears_it(api: Api, coordinator: Browser) -> None:
    journey = (
        api.post("/v1/journeys", {"patient": {"family": "Nobody's"}}).headers["location"].rpartition("/")[2]
    )
    page = coordinator.open(f"patients/{journey}")
    assert "Nobody is accountable" in page
    assert f'href="/console/patients/{journey}/do/assign-owner">Assign owner</a>' in page


def test_who_changes_nothing_is_offered_no_forms(officer: Browser, holm: str) -> None:
    page = officer.open(f"patients/{holm}")
    assert "Book visit" in page
    assert "/do/" not in page


def test_the_picture_has_every_milestone_and_says_so_in_words(
    api: Api, coordinator: Browser, on_a_way: str
) -> None:
    page = coordinator.open(f"patients/{on_a_way}")
    picture = re.findall(r'<g class="j-stop j-stop--(\w+)"><title>([^:<]+):', page)
    asked = api.get(f"/v1/journeys/{on_a_way}").json()["pathway"]
    definition = api.get(f"/v1/pathways/{asked['id']}").json()
    assert [title for _, title in picture] == [each["title"] for each in definition["milestones"]]
    assert {"next", "later"} <= {state for state, _ in picture}
    assert f'<text x="22" y="37">{definition["stages"][0]["title"]}' in page


@pytest.fixture(scope="module")
def on_a_way(api: Api) -> str:
    """A patient on a pathway that asks for a visit within 18 weeks."""
    journey = api.opened(patient={"family": "Quist"})
    api.told(journey, "assign-pathway", pathway="nhs-rtt-18-week")
    referral = {
        "service": {"system": "local", "code": "ORTHO", "display": "Orthopaedics"},
    }
    api.told(journey, "send-referral", referral_id=number(62), order=referral)
    api.told(journey, "confirm-referral-receipt", referral_id=number(62))
    return journey.rpartition("/")[2]


# --- Who may not see them


@pytest.fixture
def night(api: Api) -> Browser:
    """A clinician of another team."""
    token = keys.create(api.conninfo, f"night {next(COUNT)}", Role.CLINICIAN, "ward 9").token
    return signed_in(api, Role.CLINICIAN, token)


def test_another_teams_patient_is_opened_for_a_reason_and_closed_again(night: Browser, holm: str) -> None:
    hidden = night.open(f"patients/{holm}", status=404)
    assert "Holm" not in hidden
    assert "In an emergency" in hidden
    form = {"code": "ETREAT", "text": "Collapsed in the lobby", "minutes": "15"}
    answer = night.send(f"patients/{holm}/break-glass", **form)
    assert answer.headers["location"] == f"/console/patients/{holm}"
    page = night.open(f"patients/{holm}")
    assert "Holm, Ada" in page
    assert "You see this patient in an emergency: Collapsed in the lobby" in page
    [close] = re.findall(rf'action="/console/(patients/{holm}/break-glass/[0-9a-f-]+/close)"', page)
    assert night.send(close).status_code == 303
    assert "Holm" not in night.open(f"patients/{holm}", status=404)
    assert night.send(close).status_code == 303


def test_what_is_shown_goes_when_it_may_be_seen_no_more(night: Browser, holm: str) -> None:
    answer = night.client.get(f"/console/patients/{holm}", headers={"HX-Request": "true"})
    assert (answer.status_code, answer.headers["hx-refresh"], answer.text) == (204, "true", "")


def test_an_emergency_without_a_reason_is_asked_for_one(night: Browser, holm: str) -> None:
    answer = night.send(f"patients/{holm}/break-glass", code="ETREAT", text=" ", minutes="15")
    assert answer.status_code == 422
    assert "Say why" in answer.text


def test_who_may_not_open_it_is_told_that_there_is_none(officer: Browser) -> None:
    page = officer.open(f"patients/{number(999)}", status=404)
    assert "In an emergency" not in page


# --- What happened


@pytest.fixture(scope="module")
def mended(api: Api) -> str:
    """A journey on which one thing was recorded by mistake, and another with a wrong time and name."""
    journey = api.opened(patient={"family": "Ode"}, occurred_at="2026-03-01T08:00:00Z")
    wrong = {"team": "ward 5", "person": "Ruht", "occurred_at": "2026-03-01T09:00:00Z"}
    owner = api.told(journey, "assign-owner", **wrong)["events"][0]["event_id"]
    intake = api.told(journey, "start-intake", channel="phone", occurred_at="2026-03-01T10:00:00Z")
    api.told(journey, "void-event", event_id=intake["events"][0]["event_id"], reason="Another patient's")
    right = {"data": {"person": "Ruth"}, "happened_at": "2026-03-01T09:30:00Z", "reason": "A slip"}
    last = api.told(journey, "correct-event", event_id=owner, **right)
    projected(api, journey, last["version"])
    return journey.rpartition("/")[2]


def test_what_does_not_hold_is_struck_through_beside_what_says_so(coordinator: Browser, mended: str) -> None:
    page = coordinator.open(f"patients/{mended}/timeline")
    assert re.search(
        r"<s><strong>Intake started</strong></s> <a [^>]+>does not hold</a>: Another patient", page
    )


def test_what_was_corrected_is_struck_through_beside_what_holds(coordinator: Browser, mended: str) -> None:
    page = coordinator.open(f"patients/{mended}/timeline")
    assert "<s>Ruht</s> <ins>Ruth</ins>" in page
    assert "<ins>1 Mar 2026, 09:30 UTC</ins>" in page
    assert "A slip" in page


def test_the_timeline_has_both_times_who_and_where_from(coordinator: Browser, mended: str) -> None:
    page = coordinator.open(f"patients/{mended}/timeline?type=journey.opened")
    [row] = re.findall(r'<tr id="e-.*?</tr>', page, re.DOTALL)
    assert "1 Mar 2026, 08:00 UTC</time>" in row
    assert "some coordinator" in row
    assert re.search(r'data-label="Recorded"><time datetime="20\d\d-\d\d-\d\d', row)
    assert "journey, http" in row


def test_the_timeline_is_narrowed_down(coordinator: Browser, mended: str) -> None:
    by_room = coordinator.open(f"patients/{mended}/timeline?room=intake")
    assert "<strong>Intake started" in by_room
    assert "<strong>Owner assigned" not in by_room
    by_type = coordinator.open(f"patients/{mended}/timeline?type=journey.opened")
    assert re.findall(r"<strong>(\w+ \w+)</strong>", by_type) == ["Journey opened"]


def test_what_is_withheld_is_said_to_be(api: Api, coordinator: Browser) -> None:
    journey = api.opened(patient={"family": "Rae"})
    secret = {"headers": {"X-Security-Labels": "PSY"}}
    answer = api.post(f"{journey}/identify-barrier", BARRIER, **secret)
    assert answer.status_code == 200, answer.text
    projected(api, journey, answer.json()["version"])
    page = coordinator.open(f"patients/{journey.rpartition('/')[2]}/timeline")
    assert "Something is withheld from you" in page
    assert "Lonely" not in page


BARRIER = {"barrier_id": number(63), "code": {"system": "local", "code": "Z60.2", "display": "Lonely"}}


# --- On paper


@pytest.fixture(scope="module")
def sent_home(api: Api) -> str:
    """A patient who was in hospital, was called afterwards, and is to be seen again."""
    journey = api.opened(patient={"family": "Pym", "phone": "555-0100"}, occurred_at="2026-03-01T08:00:00Z")
    stay = {"visit_id": number(64)}
    told: dict[str, dict[str, Any]] = {
        "admit-patient": {**stay, "location": {"point_of_care": "ward 3"}},
        "plan-discharge": {**stay, "expected_at": "2026-03-02T12:00:00Z"},
        "set-disposition": {**stay, "disposition": "home"},
        "discharge-patient": {**stay, "override_reason": "The bed is needed"},
        "record-call": {"communication_id": number(65), "purpose": "outreach", "outcome": "reached"},
    }
    for hour, (command, said) in enumerate(told.items(), 9):
        last = api.told(journey, command, **said, occurred_at=f"2026-03-01T{hour:02}:00:00Z")
    projected(api, journey, last["version"])
    return journey.rpartition("/")[2]


def test_a_report_tells_where_the_patient_stands_and_who_was_in_contact(
    coordinator: Browser, sent_home: str
) -> None:
    page = coordinator.open(f"patients/{sent_home}/report")
    for said in ("Pym", "555-0100", "ward 3", "Latest contacts", "Call attempted", "for some coordinator"):
        assert said in page


def test_a_discharge_summary_tells_of_the_stay_alone(coordinator: Browser, sent_home: str) -> None:
    page = coordinator.open(f"patients/{sent_home}/discharge-summary")
    assert "Left on <strong>1 Mar 2026, 12:00 UTC</strong>" in page
    for said in (
        "The stay",
        "Visit admitted",
        "The way out",
        "Discharge disposition set",
        "The bed is needed",
    ):
        assert said in page
    assert "Call attempted" not in page


def test_who_has_not_left_has_a_draft_at_most(coordinator: Browser, holm: str) -> None:
    assert "nothing to sum up" in coordinator.open(f"patients/{holm}/discharge-summary")
