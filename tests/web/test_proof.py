"""Proof: the latest checkpoint, proofs that are checked, and a file that an outsider checks."""

from base64 import b64encode
from io import BytesIO
from typing import Any

import pytest

from journey.audit.disclosures import Basis
from journey.evidence.checking import checked
from journey.web.pages.proof import BASES, holds
from tests.api.test_ledger import OFFICER, covered
from tests.api.test_reading import projected
from tests.served import Api, number
from tests.web.conftest import Browser

pytestmark = pytest.mark.database
PATIENT = number(830)


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
