"""My team today."""

import pytest

from tests.api.test_reading import projected
from tests.served import Api, number
from tests.web.conftest import Browser

pytestmark = pytest.mark.database


@pytest.fixture(scope="module")
def waiting(api: Api) -> str:
    """A journey on which a visit is to be booked."""
    journey = api.opened(patient={"family": "Holm", "given": ["Ada"]}, team="ward 3")
    last = api.told(journey, "request-visit", visit_id=number(31), appointment={})
    projected(api, journey, last["version"])
    return journey.rpartition("/")[2]


def test_what_is_next_leads_to_the_patient(coordinator: Browser, waiting: str) -> None:
    page = coordinator.open("today")
    assert "Book visit" in page
    assert f'href="/console/patients/{waiting}">Holm, Ada</a>' in page


def test_a_team_without_work_is_told_so(coordinator: Browser, waiting: str) -> None:
    assert waiting not in (page := coordinator.open("today?team=ward 9"))
    assert "Nothing is to be done here" in page


def test_a_part_is_asked_for_by_itself(coordinator: Browser, waiting: str) -> None:
    part = coordinator.open("today", headers={"HX-Request": "true"})
    assert waiting in part
    assert "<html" not in part
