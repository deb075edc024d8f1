"""Replay: a journey at two times, what each event changed, what is otherwise, and why."""

import re

import pytest

from tests.api.test_replay import Told, place
from tests.served import Api
from tests.web.conftest import Browser

pytestmark = pytest.mark.database


@pytest.fixture(scope="module")
def told(api: Api) -> Told:
    return Told(api)


@pytest.fixture(scope="module")
def address(told: Told) -> str:
    return f"replay/{told.journey.rpartition('/')[2]}"


def last(page: str, slider: str) -> int:
    """Where the slider stands for now."""
    found = re.search(rf'name="{slider}" min="0" max="(\d+)"', page)
    assert found, page
    return int(found[1])


def test_it_begins_now_and_a_correction_is_marked(officer: Browser, address: str) -> None:
    page = officer.open(address)
    assert page.count(">now</strong>") == 2
    assert ">does not hold</strong>" in page
    assert ">correction</strong>" in page


def test_a_slider_goes_back_to_what_was_true(officer: Browser, address: str) -> None:
    """First she was admitted, by ward 3; only later she was the ward 9's."""
    assert "ward 9" in officer.open(address).partition('id="steps"')[0]
    part = officer.open(f"{address}?true=0", headers={"HX-Request": "true"})
    stood = part.partition('id="steps"')[0]
    assert "by <time datetime=" in stood
    assert "ward 9" not in stood
    assert "<html" not in part


def test_what_was_known_is_another_axis(officer: Browser, address: str) -> None:
    """By what was recorded first, nothing was opened before the first record."""
    page = officer.open(f"{address}?true=0&known={last(officer.open(address), 'known') - 1}")
    assert "Step back" in page
    assert "Step on" in page
    assert "What was recorded at this moment" in page
    assert ">correction</strong>" in page


def test_what_happened_is_walked_without_what_does_not_hold(officer: Browser, address: str) -> None:
    page = officer.open(f"{address}?true=1")
    assert "What happened at this moment" in page
    assert ">correction</strong>" not in page


def test_what_is_otherwise_since_a_moment_that_is_held(officer: Browser, address: str) -> None:
    page = officer.open(f"{address}?from_as_of=2025-03-04T12:00:00Z")
    assert "What is otherwise" in page
    section = page.partition('id="difference"')[2].partition('id="stood"')[0]
    assert "Responsible: Team" in section
    assert "ward 9" in section
    assert "Holds since" in section


def test_before_the_journey_was_there_nothing_stands(officer: Browser, api: Api) -> None:
    journey = api.opened(occurred_at="2025-03-01T09:00:00Z")
    api.told(journey, "assign-owner", team="ward 9", occurred_at="2025-02-28T09:00:00Z")
    api.told(journey, "admit-patient", occurred_at="2025-03-02T09:00:00Z", **place("Ward 3"))
    page = officer.open(f"replay/{journey.rpartition('/')[2]}?true=0&known=0")
    assert "was not opened by then" in page


def test_every_value_leads_to_why(officer: Browser, address: str) -> None:
    page = officer.open(address)
    links = re.findall(r'class="j-why" href="/console/(replay/[^"#]+)#why"', page)
    assert len(links) > 3
    for link in links:
        assert 'id="why"' in officer.open(link.replace("&amp;", "&"))
    why = officer.open(f"{address}?why=responsible").partition('id="why"')[2].partition("</section>")[0]
    assert "Journey owner assigned" in why
    assert "some coordinator" in why
    assert "2025-03-05T08:00:00Z" in why


def test_who_may_not_see_the_patient_is_not_shown_the_past(admin: Browser, address: str) -> None:
    assert "Step back" not in admin.open(address, 403)


def test_the_patients_page_leads_there(officer: Browser, address: str) -> None:
    assert f'href="/console/{address}"' in officer.open(address.replace("replay", "patients"))
