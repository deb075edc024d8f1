"""Break-glass: opened for a reason and for a time, seen at once by compliance, and closed."""

from pathlib import Path
from typing import Any

import psycopg
import pytest
from httpx2 import Response

from journey.api.access import keys
from journey.api.access.table import Role
from journey.embedded import Cluster
from tests.served import Api, database, number, served
from tests.waiting import until

pytestmark = pytest.mark.database

REASON = {"code": "ETREAT", "text": "Collapsed in the lobby, no relatives."}


@pytest.fixture(scope="module")
def night(api: Api) -> str:
    """A clinician of another ward than the patients are on."""
    return keys.create(api.conninfo, "night doctor", Role.CLINICIAN, "ward 9").token


def ask(api: Api, token: str, method: str, url: str, **more: Any) -> Response:
    return api.ask(method, url, role=None, headers={"Authorization": f"Bearer {token}"}, **more)


def broken(api: Api, token: str, **whom: Any) -> dict[str, Any]:
    answer = ask(api, token, "POST", "/v1/break-glass", json={**whom, "reason": REASON})
    assert answer.status_code == 201, answer.text
    glass: dict[str, Any] = answer.json()
    return glass


def audit(api: Api, **asked: str) -> list[dict[str, Any]]:
    answer = api.get("/v1/audit", params=asked, role=Role.COMPLIANCE)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["audit"]
    return found


def known(api: Api, journey: str) -> str:
    """The patient of a journey that the read model knows."""
    journey_id = journey.rpartition("/")[2]
    search = "/v1/journeys?limit=500"
    until(lambda: journey_id in {each["journey_id"] for each in api.get(search).json()["journeys"]})
    patient: str = api.get(journey).json()["patient"]["patient_id"]
    return patient


def test_it_opens_a_journey_that_no_read_model_knows_yet(
    cluster: Cluster, template: str, tmp_path: Path
) -> None:
    with database(cluster, template) as url, served(url, tmp_path, with_worker=False) as unread:
        token = keys.create(url, "night doctor", Role.CLINICIAN, "ward 9").token
        journey = unread.opened(team="ward 3")
        broken(unread, token, journey_id=journey.rpartition("/")[2])
        assert ask(unread, token, "GET", journey).status_code == 200


def test_it_opens_another_teams_patient_and_compliance_sees_it_at_once(api: Api, night: str) -> None:
    journey = api.opened(team="ward 3", patient={"family": "Tarnwood"})
    patient = known(api, journey)
    assert ask(api, night, "GET", journey).status_code == 404
    glass = broken(api, night, journey_id=journey.rpartition("/")[2])
    assert (glass["patient_id"], glass["reason_code"]) == (patient, "ETREAT")

    seen = ask(api, night, "GET", journey)
    assert seen.status_code == 200
    found = ask(api, night, "GET", "/v1/journeys?q=tarnwood").json()["journeys"]
    assert [each["patient_id"] for each in found] == [patient]
    told = ask(api, night, "POST", f"{journey}/start-intake", json={"channel": "phone"})
    assert told.status_code == 200, told.text

    records = audit(api, patient=patient, name="night doctor")
    assert [(each["kind"], each["outcome"], each["basis"]) for each in records if each["kind"] == "read"] == [
        ("read", "done", "break-glass"),
        ("read", "denied", None),
    ]
    begun = audit(api, kind="glass-broken")[0]
    assert (begun["name"], begun["patients"]) == ("night doctor", [patient])
    assert begun["detail"]["reason_text"] == REASON["text"]
    (open_now,) = [
        each
        for each in api.get("/v1/break-glass", role=Role.COMPLIANCE).json()["break_glass"]
        if each["break_glass_id"] == glass["break_glass_id"]
    ]
    assert open_now == glass


def test_it_ends_by_hand(api: Api, night: str) -> None:
    journey = api.opened(team="ward 3")
    glass = broken(api, night, patient_id=known(api, journey))
    address = f"/v1/break-glass/{glass['break_glass_id']}"
    mine = ask(api, night, "GET", "/v1/break-glass/mine").json()["break_glass"]
    assert glass in mine
    other = keys.create(api.conninfo, "another doctor", Role.CLINICIAN, "ward 9").token
    assert ask(api, other, "DELETE", address).status_code == 404
    assert ask(api, other, "GET", journey).status_code == 404
    assert ask(api, night, "DELETE", address).json()["ended_at"] is not None
    assert ask(api, night, "GET", journey).status_code == 404
    assert ask(api, night, "DELETE", address).json()["code"] == "no-such-break-glass"
    assert audit(api, kind="glass-closed")[0]["detail"]["break_glass_id"] == glass["break_glass_id"]


def test_it_ends_by_itself(api: Api, night: str) -> None:
    journey = api.opened(team="ward 3")
    glass = broken(api, night, patient_id=known(api, journey), minutes=1)
    assert ask(api, night, "GET", journey).status_code == 200
    with psycopg.connect(api.conninfo) as connection:
        connection.execute(
            "UPDATE break_glass SET ends_at = now() WHERE break_glass_id = %s", (glass["break_glass_id"],)
        )
    assert ask(api, night, "GET", journey).status_code == 404
    assert glass["break_glass_id"] not in str(ask(api, night, "GET", "/v1/break-glass/mine").json())


def test_a_patient_is_named_by_their_number_too(api: Api, night: str) -> None:
    identifier = {"system": "urn:oid:1.2.3", "value": "BG-4711"}
    journey = api.opened(team="ward 3", identifiers=[identifier])
    patient = known(api, journey)
    assert broken(api, night, identifier="BG-4711")["patient_id"] == patient
    assert ask(api, night, "GET", journey).status_code == 200
    assert broken(api, night, identifier="BG-nobody")["patient_id"] is None


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"reason": REASON}, "patient_id"),
        ({"patient_id": number(1), "identifier": "x", "reason": REASON}, "patient_id"),
        ({"patient_id": number(1)}, "reason"),
        ({"patient_id": number(1), "reason": {**REASON, "text": "  "}}, "reason.text"),
        ({"patient_id": number(1), "reason": {**REASON, "code": "CURIOUS"}}, "reason.code"),
        ({"patient_id": number(1), "reason": REASON, "minutes": 481}, "minutes"),
        ({"patient_id": number(1), "reason": REASON, "until": "later"}, "until"),
    ],
)
def test_it_is_not_broken_without_a_good_reason(
    api: Api, night: str, body: dict[str, Any], field: str
) -> None:
    answer = ask(api, night, "POST", "/v1/break-glass", json=body)
    assert answer.status_code == 422
    assert field in {each["field"] for each in answer.json()["errors"]}


def test_what_is_denied_is_recorded(api: Api, night: str) -> None:
    assert ask(api, night, "GET", "/v1/keys").status_code == 403
    assert ask(api, night, "GET", f"/v1/journeys/{number(404)}").status_code == 404
    denied = audit(api, outcome="denied", name="night doctor")
    assert [each["route"] for each in denied[:2]] == ["/v1/journeys/{journey_id}", "/v1/keys"]
    assert denied[0]["journeys"] == [number(404)]
    assert denied[0]["patients"] == []


def test_looking_at_the_audit_is_recorded_and_paged(api: Api) -> None:
    for _ in range(3):
        audit(api, kind="audit", limit="1")
    first = api.get("/v1/audit?kind=audit&limit=2", role=Role.COMPLIANCE).json()
    rest = api.get(f"/v1/audit?kind=audit&limit=2&cursor={first['next']}", role=Role.COMPLIANCE).json()
    ids = [each["id"] for each in (*first["audit"], *rest["audit"])]
    assert len(ids) == len(set(ids)) >= 3
    assert [each["at"] for each in first["audit"]] == sorted(
        (each["at"] for each in first["audit"]), reverse=True
    )
    stale = api.get(f"/v1/audit?kind=read&limit=2&cursor={first['next']}", role=Role.COMPLIANCE)
    assert (stale.status_code, stale.json()["code"]) == (422, "bad-cursor")


def test_a_list_records_whom_it_told_of(api: Api) -> None:
    patient = known(api, api.opened(team="ward 3"))
    assert api.get(f"/v1/journeys?patient={patient}").status_code == 200
    latest = audit(api, kind="search", patient=patient)[0]
    assert latest["patients"] == [patient]
    assert latest["route"] == "/v1/journeys"


def test_the_record_cannot_be_changed(api: Api) -> None:
    audit(api)
    with psycopg.connect(api.conninfo) as connection:
        for statement in ("UPDATE access_event SET name = NULL", "DELETE FROM access_event"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege), connection.transaction():
                connection.execute(statement)
