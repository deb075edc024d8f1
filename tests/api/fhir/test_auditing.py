"""The audit is told as AuditEvents and Provenances, to who may read it, and looking at it stands in it."""

from typing import Any

import pytest

from journey.api.access import keys
from journey.api.access.keys import Grant
from journey.api.access.table import Role
from tests.api.test_reading import projected
from tests.fhir.validating import assert_valid
from tests.served import Api, number

pytestmark = pytest.mark.database

PATIENTS = tuple(number(each) for each in (601, 602, 603))


@pytest.fixture(scope="module")
def journeys(api: Api) -> list[str]:
    """Of three patients, of whom somebody was shown a list, and one was read."""
    addresses = [api.opened(patient_id=each) for each in PATIENTS]
    for each in addresses:
        projected(api, each, 1)
    assert api.get("/v1/journeys?limit=3").status_code == 200
    assert api.get(addresses[0]).status_code == 200
    return [each.rpartition("/")[2] for each in addresses]


def found(api: Api, query: str, role: Role = Role.COMPLIANCE) -> list[dict[str, Any]]:
    """All pages of it."""
    url, told = f"/v1/fhir/{query}", list[dict[str, Any]]()
    while url:
        answer = api.get(url, role=role)
        assert answer.status_code == 200, answer.text
        told += [each["resource"] for each in answer.json().get("entry", ())]
        url = {each["relation"]: each["url"] for each in answer.json()["link"]}.get("next", "")
    assert_valid(*told)
    return told


def patients_of(event: dict[str, Any]) -> set[str]:
    told = {each["what"].get("reference", "") for each in event["entity"] if "what" in each}
    return {each.partition("/")[2] for each in told if each.startswith("Patient/")}


@pytest.mark.usefixtures("journeys")
def test_of_a_patient_only_what_is_about_them_is_told(api: Api) -> None:
    events = found(api, f"AuditEvent?patient=Patient/{PATIENTS[0]}")
    assert {each["subtype"][0]["code"] for each in events} >= {"create", "read", "search"}
    assert all(patients_of(each) <= {PATIENTS[0]} for each in events)


@pytest.mark.usefixtures("journeys")
def test_it_pages_without_a_seam_within_what_was_seen_of_several(api: Api) -> None:
    """However few are on a page; each look at it adds one before it, and none behind."""
    searches = found(api, f"AuditEvent?type=rest&action=E&patient={PATIENTS[0]}")
    [search] = [each for each in searches if patients_of(each)]
    until = f"date=le{search['recorded']}"
    whole = found(api, f"AuditEvent?{until}&_count=500")
    for count in (1, 2, 3, 7):
        assert found(api, f"AuditEvent?{until}&_count={count}") == whole
    assert found(api, f"AuditEvent?{until}&action=C&_count=1") == [
        each for each in whole if each["action"] == "C"
    ]
    several = [each for each in whole if each["recorded"] == search["recorded"]]
    assert {patient for each in several for patient in patients_of(each)} >= set(PATIENTS)
    assert len({each["id"] for each in whole}) == len(whole)


def test_each_is_read_by_its_id(api: Api, journeys: list[str]) -> None:
    events = found(api, f"AuditEvent?patient={PATIENTS[1]}")
    origins = found(api, f"Provenance?target=EpisodeOfCare/{journeys[1]}")
    assert {each["target"][0]["reference"].split("/")[1] for each in origins} == {journeys[1]}
    assert len(origins) > 1
    for each in (*events, *origins):
        path = f"{each['resourceType']}/{each['id']}"
        assert api.get(f"/v1/fhir/{path}", role=Role.COMPLIANCE).json() == each
        assert found(api, f"{each['resourceType']}?_id={each['id']}") == [each]
    for wrong in (number(1), f"{events[0]['id']}.99", "anything"):
        assert api.get(f"/v1/fhir/AuditEvent/{wrong}", role=Role.COMPLIANCE).status_code == 404
        assert found(api, f"AuditEvent?_id={wrong}") == []


@pytest.mark.usefixtures("journeys")
@pytest.mark.parametrize(
    ("query", "holds"),
    [
        ("agent-name=some coordinator", lambda each: "some coordinator" in str(each["agent"])),
        ("outcome=0", lambda each: each["outcome"] == "0"),
        ("outcome=8", lambda each: each["outcome"] == "8"),
        ("action=C", lambda each: each["action"] == "C"),
        ("action=U", lambda each: each["action"] == "U"),
        ("type=110101", lambda each: each["type"]["code"] == "110101"),
        (
            "type=http://terminology.hl7.org/CodeSystem/audit-event-type|rest",
            lambda each: each["type"]["code"] == "rest",
        ),
        ("date=ge2026-01-01&date=lt2026-01-02", lambda _: False),
    ],
)
def test_it_is_searched_by_what_it_says(api: Api, query: str, holds: Any) -> None:
    assert api.get(f"/v1/journeys/{number(1)}").status_code == 404
    assert api.get("/v1/audit", role=Role.COMPLIANCE).status_code == 200
    events = found(api, f"AuditEvent?{query}&_count=500")
    assert all(map(holds, events))
    assert bool(events) is not query.startswith("date")


@pytest.mark.usefixtures("journeys")
def test_looking_at_it_stands_in_it(api: Api) -> None:
    answer = api.get(f"/v1/fhir/Provenance?patient={PATIENTS[2]}", role=Role.COMPLIANCE)
    told = api.get(f"/v1/audit?request_id={answer.headers['x-request-id']}", role=Role.COMPLIANCE).json()
    assert [(each["kind"], each["route"]) for each in told["audit"]] == [("audit", "/v1/fhir/Provenance")]


@pytest.mark.parametrize(
    "path", ["AuditEvent", f"AuditEvent/{number(1)}", "Provenance", f"Provenance/{number(1)}"]
)
def test_it_is_for_who_may_read_the_audit(api: Api, path: str) -> None:
    for role in set(Role) - {Role.COMPLIANCE}:
        assert api.get(f"/v1/fhir/{path}", role=role).status_code == 403
    for scope, is_open in {"system/AuditEvent.rs": path.startswith("A"), "system/Task.rs": False}.items():
        key = keys.create(api.conninfo, f"{scope} {path}", Role.COMPLIANCE, None, Grant(scopes=(scope,)))
        answer = api.get(f"/v1/fhir/{path}", role=None, headers={"Authorization": f"Bearer {key.token}"})
        assert (answer.status_code != 403) is is_open


@pytest.mark.parametrize(
    "query",
    [
        "AuditEvent?patient=anne",
        "AuditEvent?action=X",
        "AuditEvent?date=ne2026",
        "AuditEvent?date=2025,2026",
        "Provenance?target=Task/1",
        "AuditEvent?colour=red",
        "AuditEvent?cursor=AAAA",
    ],
)
def test_what_makes_no_sense_is_an_outcome(api: Api, query: str) -> None:
    answer = api.get(f"/v1/fhir/{query}", role=Role.COMPLIANCE)
    assert (answer.status_code, answer.json()["resourceType"]) == (422, "OperationOutcome")
