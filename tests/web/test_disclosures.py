"""Disclosures: found by the patient's name, told as the patient may ask, left out what need not be told."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import psycopg
import pytest

from journey.audit import disclosures
from journey.audit.disclosures import Basis, Channel, Disclosure
from tests.api.test_reading import projected
from tests.served import Api, number
from tests.web.conftest import Browser

pytestmark = pytest.mark.database
PATIENT = number(810)
ADDRESS = f"disclosures?patient={PATIENT}"


@pytest.fixture(scope="module", autouse=True)
def given(api: Api) -> None:
    journey = api.opened(patient_id=PATIENT, patient={"family": "Tarnwood", "given": ["Ada"]})
    projected(api, journey, api.get(journey).json()["version"])
    told = [
        *[Disclosure(Channel.WEBHOOK, "Registry", "PUBHLTH", Basis.PUBLIC_HEALTH, "Events", UUID(PATIENT))]
        * 3,
        Disclosure(Channel.FEED, "Payer of the Vale", "HPAYMT", Basis.PAYMENT, "Claims", UUID(PATIENT)),
    ]
    with psycopg.connect(api.conninfo) as connection:
        disclosures.record(connection, told)


def test_a_patient_is_found_by_name_and_the_name_is_in_no_address(officer: Browser) -> None:
    page = officer.send("disclosures", q="tarnwo").text
    assert f'href="/console/{ADDRESS}">Tarnwood, Ada</a>' in page
    assert "Nobody is found" in officer.send("disclosures", q="nobody of this name").text


def test_repeated_disclosures_are_one_line(officer: Browser) -> None:
    page = officer.open(ADDRESS)
    assert "Disclosures of Tarnwood, Ada" in page
    assert page.count('<td data-label="To whom">Registry') == 1
    assert ", 3 times" in page


def test_what_need_not_be_told_is_left_out_unless_asked_for(officer: Browser) -> None:
    page = officer.open(ADDRESS)
    assert "Payer of the Vale" not in page
    assert "1 line is left out" in page
    every = officer.open(f"{ADDRESS}&all=true")
    assert "Payer of the Vale" in every
    assert "need not be told" in every


def test_it_is_downloaded_as_a_table(officer: Browser) -> None:
    table = officer.open(f"disclosures/table?patient={PATIENT}")
    assert "Registry" in table
    assert "Payer of the Vale" not in table


def test_an_agency_has_an_accounting_suspended(officer: Browser) -> None:
    until = datetime.now(UTC) + timedelta(days=300)
    form = {"recipient": "Registry", "reason": "An inquiry", "until": f"{until:%Y-%m-%d}"}
    address = f"disclosures/suspend?patient={PATIENT}"
    too_long = officer.send(address, **form, oral="yes")
    assert too_long.status_code == 422
    assert "30 days at most" in too_long.text
    assert 'value="Registry"' in too_long.text
    assert officer.send(address, **form).status_code == 303
    page = officer.open(ADDRESS)
    assert '"To whom">Registry' not in page
    assert "An inquiry" in page


def test_who_may_not_audit_is_refused(coordinator: Browser) -> None:
    assert "Registry" not in coordinator.open(ADDRESS, 403)
