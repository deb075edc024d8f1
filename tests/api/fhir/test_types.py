"""Each type of resource is found by what it says that it is found by, and brings along what it refers to."""

from typing import Any

import pytest

from tests.api.test_reading import projected
from tests.fhir.validating import assert_valid
from tests.served import Api, number

pytestmark = pytest.mark.database

PATIENT, REFERRAL, HANDOFF, AUTHORIZATION, VISIT, MESSAGE = (number(each) for each in range(81, 87))
NPI = "1234567893"


@pytest.fixture(scope="module")
def told(api: Api) -> str:
    """A referral that is authorized and leads to a visit, a message about it, and a handoff."""
    journey = api.opened(patient_id=PATIENT, occurred_at="2025-03-01T08:00:00Z")
    service = {"system": "CPT", "code": "93306"}
    api.told(
        journey,
        "submit-authorization",
        authorization_id=AUTHORIZATION,
        trace="TRN-81",
        request={"requester": NPI, "items": [{"sequence": 1, "service": service}]},
        occurred_at="2025-03-02T08:00:00Z",
    )
    api.told(
        journey,
        "decide-authorization",
        authorization_id=AUTHORIZATION,
        lines=[{"sequence": 1, "action": "A1"}],
        number="AUTH-81",
        occurred_at="2025-03-03T08:00:00Z",
    )
    api.told(
        journey,
        "send-referral",
        referral_id=REFERRAL,
        order={
            "number": "ORD-81",
            "service": service,
            "requester": NPI,
            "performer": "cardiology",
            "authorization_id": AUTHORIZATION,
        },
        occurred_at="2025-03-04T08:00:00Z",
    )
    api.told(
        journey,
        "book-visit",
        visit_id=VISIT,
        appointment={"start": "2025-03-09T09:00:00Z", "referral_id": REFERRAL},
        occurred_at="2025-03-05T08:00:00Z",
    )
    api.told(
        journey,
        "queue-message",
        communication_id=MESSAGE,
        channel="sms",
        purpose="appointment",
        about=VISIT,
        occurred_at="2025-03-05T09:00:00Z",
    )
    api.told(
        journey,
        "send-message",
        communication_id=MESSAGE,
        channel="sms",
        occurred_at="2025-03-05T10:00:00Z",
    )
    last = api.told(
        journey,
        "offer-handoff",
        handoff_id=HANDOFF,
        offer={"kind": "care-team", "from_team": "clinic", "to_team": "cardiology", "severity": "stable"},
        occurred_at="2025-03-06T08:00:00Z",
    )
    projected(api, journey, last["version"])
    return journey


def found(api: Api, query: str) -> list[tuple[str, str]]:
    """What a search answers: each resource's type and id."""
    answer = api.get(f"/v1/fhir/{query}")
    assert answer.status_code == 200, answer.text
    bundle: dict[str, Any] = answer.json()
    entries = [each["resource"] for each in bundle.get("entry", ())]
    assert_valid(*entries)
    return [(each["resourceType"], each["id"]) for each in entries]


@pytest.mark.usefixtures("told")
@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (f"Appointment?patient={PATIENT}&date=2025-03-09&status=booked", [VISIT]),
        (f"ServiceRequest?identifier=ORD-81&requester={NPI}", [REFERRAL]),
        (f"ServiceRequest?patient={PATIENT}&authored=ge2025-03-05", []),
        (f"Task?patient={PATIENT}&owner=cardiology&status=requested&authored-on=2025-03-04", [REFERRAL]),
        (f"Task?patient={PATIENT}&owner=cardiology&authored-on=gt2025-03-05", [HANDOFF]),
        (f"Communication?recipient={PATIENT}&sent=2025-03-05&status=in-progress", [MESSAGE]),
        (f"Claim?patient={PATIENT}&provider={NPI}&created=2025-03-02&identifier=TRN-81", [AUTHORIZATION]),
        (f"ClaimResponse?patient={PATIENT}&status=active&created=2025-03-03", [AUTHORIZATION]),
        (f"Encounter?patient={PATIENT}", []),
    ],
)
def test_a_resource_is_found_by_what_it_says(api: Api, query: str, expected: list[str]) -> None:
    type_ = query.partition("?")[0]
    assert sorted(found(api, query)) == sorted((type_, each) for each in expected)


@pytest.mark.usefixtures("told")
@pytest.mark.parametrize(
    ("query", "come"),
    [
        (f"Task?identifier=urn:uuid:{REFERRAL}&_include=Task:focus", ("ServiceRequest", REFERRAL)),
        (f"ClaimResponse?patient={PATIENT}&_include=ClaimResponse:request", ("Claim", AUTHORIZATION)),
        (f"Appointment?patient={PATIENT}&_include=Appointment:based-on", ("ServiceRequest", REFERRAL)),
        (f"Appointment?patient={PATIENT}&_include=Appointment:patient", ("Patient", PATIENT)),
        (f"Claim?patient={PATIENT}&_include=Claim:patient", ("Patient", PATIENT)),
    ],
)
def test_what_a_resource_refers_to_comes_along(api: Api, query: str, come: tuple[str, str]) -> None:
    assert come in found(api, query)
