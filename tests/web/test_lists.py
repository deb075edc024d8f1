"""Patients are found while typing; lists tell of many."""

import pytest

from journey.web.pages.lists import LISTS
from tests.api.test_reading import projected
from tests.served import Api, number
from tests.web.conftest import Browser

pytestmark = pytest.mark.database


@pytest.fixture(scope="module")
def known(api: Api) -> str:
    """A journey with a referral that is on its way, and a visit that is not booked."""
    journey = api.opened(patient={"family": "Quist", "given": ["Åse"], "birth_date": "1950-02-01"})
    order = {"service": {"system": "local", "code": "ECHO", "display": "Echo"}, "performer": "cardio"}
    api.told(journey, "send-referral", referral_id=number(41), order=order)
    last = api.told(journey, "request-visit", visit_id=number(42), appointment={})
    projected(api, journey, last["version"])
    return journey.rpartition("/")[2]


@pytest.mark.parametrize("question", ["quist", "Åse Quist", "ase", "1950-02-01", "qiust"])
def test_a_patient_is_found_while_typing(coordinator: Browser, known: str, question: str) -> None:
    answer = coordinator.send("patients", q=question)
    assert answer.status_code == 200
    assert f'href="/console/patients/{known}">Quist, Åse</a>' in answer.text


def test_nobody_is_found_by_a_letter(coordinator: Browser, known: str) -> None:
    assert known not in coordinator.send("patients", q="q").text
    assert known not in coordinator.open("patients?q=quist")


def test_a_question_needs_a_form_of_ours(coordinator: Browser) -> None:
    assert coordinator.post("patients", q="quist").status_code == 403


@pytest.mark.parametrize("name", LISTS)
def test_each_list_is_there(coordinator: Browser, name: str) -> None:
    assert f'<h1 class="nhsuk-heading-l">{LISTS[name].title}</h1>' in coordinator.open(f"lists/{name}")


@pytest.mark.parametrize(("name", "said"), [("referrals", "Echo"), ("unbooked", "proposed")])
def test_a_list_leads_to_its_patients(coordinator: Browser, known: str, name: str, said: str) -> None:
    page = coordinator.open(f"lists/{name}")
    assert f'href="/console/patients/{known}"' in page
    assert said in page
    assert known not in coordinator.open(f"lists/{name}?team=nobody%27s")
