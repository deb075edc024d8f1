"""Flow: each figure leads to the patients behind it."""

import re

import pytest

from tests.api.test_reading import projected
from tests.served import Api
from tests.web.conftest import Browser

pytestmark = pytest.mark.database


def test_a_place_leads_to_its_patients(api: Api, coordinator: Browser) -> None:
    journey = api.opened(patient={"family": "Flod"}, team="harbour")
    projected(api, journey, 2)
    page = coordinator.open("flow?team=harbour&days=91")
    [address] = re.findall(r'href="/console/(flow/patients[^"]+)"', page)
    behind = coordinator.open(address.replace("&amp;", "&"))
    assert f'href="/console/patients/{journey.rpartition("/")[2]}">Flod</a>' in behind


def test_a_period_that_is_no_choice_is_the_usual_one(coordinator: Browser) -> None:
    assert "<h1" in coordinator.open("flow?days=1e9")
