"""Patients over HTTP: merged, found under every number, and two again."""

from uuid import uuid4

import pytest

from journey.api.access.table import Role
from tests.served import Api
from tests.waiting import until


def registered(api: Api, number: str) -> tuple[str, str]:
    """A patient under this number, and their journey."""
    patient_id = str(uuid4())
    numbers = [{"system": "here", "value": number}]
    return patient_id, api.opened(patient_id=patient_id, identifiers=numbers).rpartition("/")[2]


def found(api: Api, question: str) -> set[str]:
    return {each["journey_id"] for each in api.get(f"/v1/journeys?{question}").json()["journeys"]}


def merged(api: Api, survivor: str, retired: str) -> None:
    answer = api.post(f"/v1/patients/{survivor}/merge", {"retired": retired, "evidence": "same person"})
    assert answer.status_code == 200, answer.text
    assert all(each["events"][0]["type"] == "identity.merged" for each in answer.json()["journeys"])


def test_merged_patients_are_found_together_until_they_are_unmerged(api: Api) -> None:
    (a, own_a), (b, own_b), (c, own_c) = (registered(api, f"PAT-{name}") for name in "abc")
    until(lambda: api.get(f"/v1/patients/{a}").status_code == 200)
    had = api.get(f"/v1/patients/{a}").headers["ETag"]
    merged(api, b, a)
    merged(api, c, b)

    everything = {own_a, own_b, own_c}
    until(lambda: found(api, f"patient={a}") == everything)
    assert found(api, "mrn=PAT-a") == found(api, "mrn=PAT-c") == everything
    answer = api.get(f"/v1/patients/{a}", headers={"If-None-Match": had}).json()
    assert answer["patient_id"] == c
    assert {each["patient_id"]: each["merged_into"] for each in answer["records"]} == {a: b, b: c, c: None}
    links = api.get(f"/v1/journeys/{own_b}?min_version=4").json()["patient"]["links"]
    assert links == [[a, "replaces"], [c, "replaced-by"]]

    body = {"retired": b, "reason": "two people", "keep_rest": True}
    assert api.post(f"/v1/patients/{c}/unmerge", body).status_code == 200
    until(lambda: found(api, f"patient={c}") == {own_c})
    assert found(api, "mrn=PAT-a") == found(api, f"patient={b}") == {own_a, own_b}


def test_what_came_since_is_itemised(api: Api) -> None:
    (a, own), (b, _) = registered(api, "PAT-since-a"), registered(api, "PAT-since-b")
    merged(api, a, b)
    told = api.told(f"/v1/journeys/{own}", "change-demographics", demographics={"phone": "555-0100"})
    answer = api.post(f"/v1/patients/{a}/unmerge", {"retired": b, "reason": "two people"})
    assert (answer.status_code, answer.json()["code"]) == (409, "recorded-since-the-merge")
    assert [each["subject_id"] for each in answer.json()["blockers"]] == [told["events"][0]["event_id"]]


def test_one_request_is_done_once(api: Api) -> None:
    (a, _), (b, _) = registered(api, "PAT-once-a"), registered(api, "PAT-once-b")
    key = {"Idempotency-Key": "merge-1"}
    answers = [api.post(f"/v1/patients/{a}/merge", {"retired": b}, headers=key) for _ in range(2)]
    assert answers[0].json() == answers[1].json()
    assert [len(each["events"]) for each in answers[0].json()["journeys"]] == [1, 1]
    again = api.post(f"/v1/patients/{a}/merge", {"retired": b})
    assert [each["events"] for each in again.json()["journeys"]] == [[], []]


@pytest.mark.parametrize(("role", "status"), [(Role.COMPLIANCE, 403), (Role.ADMIN, 403), (None, 401)])
@pytest.mark.parametrize("what", ["merge", "unmerge"])
def test_who_does_not_write_does_not_merge(api: Api, role: Role | None, status: int, what: str) -> None:
    assert (
        api.post(f"/v1/patients/{uuid4()}/{what}", {"retired": str(uuid4())}, role=role).status_code == status
    )


def test_nobody_is_merged_with_whom_nobody_knows(api: Api) -> None:
    a, _ = registered(api, "PAT-known")
    answer = api.post(f"/v1/patients/{a}/merge", {"retired": str(uuid4())})
    assert (answer.status_code, answer.json()["code"]) == (404, "no-such-patient")
    assert api.get(f"/v1/patients/{uuid4()}").json()["code"] == "no-such-patient"


def test_a_circle_is_refused(api: Api) -> None:
    (a, _), (b, _) = registered(api, "PAT-circle-a"), registered(api, "PAT-circle-b")
    merged(api, a, b)
    answer = api.post(f"/v1/patients/{b}/merge", {"retired": a})
    assert (answer.status_code, answer.json()["code"]) == (409, "retired-patient")
    itself = api.post(f"/v1/patients/{a}/merge", {"retired": a})
    assert itself.json()["code"] == "linked-to-itself"


def test_merged_three_things_later_unmerged_and_told_where_they_belong(api: Api) -> None:
    (a, own_a), (b, own_b) = registered(api, "PAT-twin-a"), registered(api, "PAT-twin-b")
    merged(api, b, a)
    here = f"/v1/journeys/{own_b}"
    moved = api.told(here, "change-demographics", demographics={"address": "4 Mill Lane"})["events"][0]
    number = {"system": "there", "value": "PAT-twin-x"}
    numbered = api.told(here, "assign-identifier", identifier=number)["events"][0]
    visit = api.told(f"/v1/journeys/{own_a}", "book-visit", visit_id=str(uuid4()), appointment={})["events"][
        0
    ]

    ask = {"retired": a, "reason": "twins"}
    refused = api.post(f"/v1/patients/{b}/unmerge", ask).json()
    since = {each["event_id"] for each in (moved, numbered, visit)}
    assert {each["subject_id"] for each in refused["blockers"]} == since

    hers = {"to_patient_id": a, "to_journey_id": own_a, "reason": "A moved"}
    api.told(here, "reattribute-event", event_id=moved["event_id"], **hers)
    keep = [numbered["event_id"], visit["event_id"]]
    told = api.get(f"/v1/journeys/{own_a}/events").json()["events"][-1]
    assert told["data"]["demographics"] == {"address": "4 Mill Lane"}
    assert told["attributed_from"] == moved["event_id"]

    answer = api.post(f"/v1/patients/{b}/unmerge", {**ask, "keep": keep})
    assert answer.status_code == 200, answer.text
    version = answer.json()["journeys"][0]["version"]
    stands = api.get(f"{here}?min_version={version}").json()["patient"]
    assert (stands["demographics"].get("address"), stands["links"]) == (None, [])
    until(lambda: found(api, f"patient={a}") == {own_a})
