"""Proof: the latest checkpoint, proofs that are checked, and a file that an outsider checks."""

import re
from base64 import b64encode
from io import BytesIO
from typing import Any

import psycopg
import pytest

from journey.audit.disclosures import Basis
from journey.evidence.checking import checked
from journey.web.pages.proof import BASES, holds
from tests.api.test_ledger import OFFICER, covered
from tests.api.test_reading import projected
from tests.served import Api, number
from tests.waiting import until
from tests.web.conftest import Browser

pytestmark = pytest.mark.database
PATIENT = number(830)
VERIFYING = "proof/verification"


@pytest.fixture(scope="module")
def event(api: Api) -> dict[str, Any]:
    """The last one of a journey, once a checkpoint covers it."""
    journey = api.opened(patient_id=PATIENT, patient={"family": "Ekdal"})
    projected(api, journey, api.get(journey).json()["version"])
    return covered(api, journey)


@pytest.mark.usefixtures("event")
def test_the_latest_checkpoint_is_told_in_words(api: Api, officer: Browser) -> None:
    page = officer.open("proof")
    last = api.get("/v1/log/checkpoint").json()
    assert "records of who saw what" in page
    assert last["keys"][-1]["verifier"].replace("+", "&#43;") in page or last["keys"][-1]["verifier"] in page


def test_an_event_is_proven_and_the_proof_checked(officer: Browser, event: dict[str, Any]) -> None:
    for of in (event["event_id"], str(event["position"])):
        page = officer.open(f"proof?of={of}")
        assert ">holds</strong>" in page
        assert f"Number {event['position']} of" in page
    assert ">holds</strong>" in officer.open(f"proof?from={event['position']}&to={event['position']}")
    whole = officer.open(f"proof?kind=journey&of={event['journey_id']}")
    assert "in all" in whole


def test_a_proof_that_was_altered_does_not_hold(api: Api, event: dict[str, Any]) -> None:
    keys = api.get("/v1/log/checkpoint").json()["keys"]
    told = api.get(f"/v1/log/proof?event={event['event_id']}", **OFFICER).json()["proof"]
    assert holds(told, keys) is True
    assert holds({**told, "leaf_hash": b64encode(bytes(32)).decode()}, keys) is False
    assert holds({**told, "checkpoint": told["checkpoint"].replace("journey/", "journal/", 1)}, keys) is False


@pytest.mark.usefixtures("event")
def test_what_is_nowhere_is_said(officer: Browser) -> None:
    assert "This was not done" in officer.open(f"proof?of={number(404)}", 404)
    assert "This was not done" in officer.open("proof?of=nothing", 422)


@pytest.mark.usefixtures("event")
def test_a_file_that_an_outsider_can_check_is_downloaded(officer: Browser) -> None:
    assert f'href="/console/proof?patient={PATIENT}">Ekdal</a>' in officer.send("proof", q="ekdal").text
    address = f"proof/evidence?patient={PATIENT}"
    form = {"recipient": "The board", "basis": "oversight", "purpose": "HCOMPL", "accesses": "yes"}
    answer = officer.send(address, **form)
    assert answer.headers["content-type"] == "application/zip"
    assert checked(BytesIO(answer.content)).journeys == 1
    assert "The board" in officer.open(f"disclosures?patient={PATIENT}")
    refused = officer.send(address, **form | {"purpose": "for nothing"})
    assert refused.status_code == 422
    assert 'value="The board"' in refused.text


def test_every_basis_can_be_chosen() -> None:
    assert set(BASES) == set(Basis)


def test_who_may_not_audit_is_refused(coordinator: Browser) -> None:
    coordinator.open("proof?of=1", 403)


@pytest.mark.usefixtures("event", "errands_begin_at_once")
def test_everything_is_verified_now_and_what_came_of_it_is_kept(
    api: Api, officer: Browser, admin: Browser
) -> None:
    assert "Nobody has had everything verified here yet." in officer.open("proof")
    with psycopg.connect(api.conninfo) as connection:
        connection.execute("LOCK TABLE ledger_journey IN ACCESS EXCLUSIVE MODE")
        assert officer.send("proof/verification").headers["location"] == f"/console/{VERIFYING}"
        until(lambda: "<progress max=" in officer.open(VERIFYING), 60)
        assert re.search(r"\d+ of \d+ events and records", officer.open(VERIFYING))
        assert "It is under way" in officer.open("proof")
        part = officer.open(VERIFYING, headers={"HX-Request": "true"})
        assert part.strip().startswith('<div id="verification">')
        refused = officer.send("proof/verification", whole="yes")
        assert refused.status_code == 409
        assert "Wait for its end, or stop it; then ask again." in refused.text
    until(lambda: ">holds</strong>" in officer.open(VERIFYING), 60)
    page = admin.open(VERIFYING)
    assert re.search(r"from the beginning</td><td[^>]*>\d+ events, \d+ records of the trail", page)
    assert "some compliance" in page
    assert ">holds</strong>" in officer.open("proof")


@pytest.mark.usefixtures("event", "errands_begin_at_once")
def test_what_was_altered_is_told_with_its_place(api: Api, admin: Browser) -> None:
    with psycopg.connect(api.conninfo) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute("UPDATE event SET occurred_at = occurred_at + interval '1 hour' WHERE version = 1")
    admin.send("proof/verification", whole="yes")
    until(lambda: "does not hold" in admin.open(VERIFYING), 60)
    assert "is not the one that its leaf was made of." in admin.open(VERIFYING)
    assert "Keep the anchors, and everything else, as they are." in admin.open(VERIFYING)
    many = admin.open(VERIFYING).count("<tr")
    admin.send("proof/verification")
    until(lambda: admin.open(VERIFYING).count("<tr") > many, 60)
    assert "does not hold" in admin.open("proof")


def test_an_admin_has_it_verified_and_sees_nothing_of_patients(admin: Browser) -> None:
    page = admin.open("proof")
    assert "Verify now" in page
    assert "Evidence for an outsider" not in page
    assert admin.send("proof/evidence?patient=" + PATIENT).status_code == 403
