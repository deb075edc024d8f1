"""Messages that could not be taken in, over HTTP: who sees what of them, and what can be done about each."""

import json
from collections.abc import Iterator
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
import pytest

from journey.api.access import keys
from journey.api.access.keys import Grant
from journey.api.access.table import Role
from journey.ingest.fhir import ingest as fhir
from journey.ingest.files import Found
from journey.ingest.hl7v2.ingest import ingest
from tests.ingest.fhir.written import patient
from tests.ingest.hl7v2.written import PID, evn, message, pv1
from tests.served import Api, number

pytestmark = pytest.mark.database

ALL = "/v1/inbox"
OURS: dict[str, Any] = {"role": Role.INTEGRATOR}
ZONE = ZoneInfo("UTC")
LAST = "SELECT encode(key, 'hex') FROM inbox ORDER BY received_at DESC LIMIT 1"


def parked(api: Api, *raws: bytes) -> list[str]:
    """Messages that come and are not applied; their ids."""
    found = [Found(raw, "adt.hl7", number) for number, raw in enumerate(raws, 1)]
    counts = ingest(api.engine.store, found, zone=ZONE)
    assert counts.parked == len(raws), counts
    page = api.get(f"{ALL}?limit={len(raws)}", **OURS).json()["messages"]
    return [each["id"] for each in reversed(page)]


def bad_time() -> bytes:
    return message("ADT^A01", evn("20261340"), PID, pv1())


@pytest.fixture(autouse=True)
def nothing_left(api: Api) -> Iterator[None]:
    yield
    with psycopg.connect(api.conninfo, autocommit=True) as connection:
        connection.execute("UPDATE inbox SET raw = '' WHERE status <> 'applied'")


def test_a_list_says_why_and_what_to_do_and_nothing_of_a_patient(api: Api) -> None:
    first, second, third = parked(api, bad_time(), message("ZZZ^Z99", PID), bad_time())
    page = api.get(f"{ALL}?limit=2", **OURS).json()
    assert [each["id"] for each in page["messages"]] == [third, second]
    rest = api.get(f"{ALL}?limit=2&cursor={page['next']}", **OURS).json()
    assert ([each["id"] for each in rest["messages"]], rest["next"]) == ([first], None)
    [told] = rest["messages"]
    assert told["reason"].startswith("EVN-6: ")
    assert told["to_do"] == "Correct what the reason names, and have the sender do so."
    assert (told["channel"], told["kind"], told["state"]) == ("hl7v2", "ADT^A01", "parked")
    assert "Jane" not in str(page) + str(rest)
    only = api.get(f"{ALL}?channel=hl7v2&code=no-mapping&state=parked", **OURS).json()["messages"]
    assert [each["id"] for each in only] == [second]
    since = api.get(f"{ALL}?received_from={told['received_at']}", **OURS).json()["messages"]
    assert len(since) == 3
    assert api.get(f"{ALL}?received_to={told['received_at']}", **OURS).json()["messages"] == []
    assert api.get(f"{ALL}?cursor={page['next']}&channel=fhir", **OURS).json()["code"] == "bad-cursor"
    assert api.get(f"{ALL}?state=applied", **OURS).json()["errors"][0]["field"] == "state"


def test_the_reasons_are_counted(api: Api) -> None:
    parked(api, bad_time(), bad_time(), message("ADT^A11", evn("20260301"), PID, pv1()))
    counts = api.get(f"{ALL}/counts", **OURS).json()["counts"]
    assert [(each["state"], each["code"], each["messages"]) for each in counts] == [
        ("parked", "bad-time", 2),
        ("waiting", "nothing-to-cancel", 1),
    ]
    assert all(each["to_do"] and each["oldest"] for each in counts)


def test_who_reads_one_is_on_record_with_the_reason(api: Api) -> None:
    raw = bad_time()
    [id_] = parked(api, raw)
    told = api.get(f"{ALL}/{id_}", headers={"X-Request-Id": "who-reads-one"}, **OURS).json()
    assert told["text"] == raw.decode().replace("\r", "\n")
    assert (told["source"], told["places"], told["journey_id"]) == ("adt.hl7", ["EVN-6"], None)
    assert [(each["what"], each["code"]) for each in told["history"]] == [("came", "bad-time")]
    [entry] = api.get("/v1/audit?request_id=who-reads-one", role=Role.COMPLIANCE).json()["audit"]
    assert (entry["kind"], entry["name"]) == ("message-read", "some integrator")
    assert entry["detail"] == {"message": id_, "code": "bad-time", "journey_id": None}


def test_a_correction_is_taken_instead_once_it_is_right(api: Api) -> None:
    raw = bad_time()
    [id_] = parked(api, raw)
    text = raw.decode().replace("\r", "\r\n")
    worse = {"text": text.replace("M1^^^HOSP^MR", ""), "why": "in haste"}
    refused = api.post(f"{ALL}/{id_}/correct", worse, **OURS).json()
    assert (refused["state"], refused["code"]) == ("parked", "no-patient")
    right = {"text": text.replace("20261340", "20260301"), "why": "the clock of the ward"}
    once = {"Idempotency-Key": "one-correction"}
    done = api.post(f"{ALL}/{id_}/correct", right, headers=once, **OURS)
    assert (done.json()["state"], done.json()["code"]) == ("applied", None)
    assert done.json()["events"] > 0
    again = api.post(f"{ALL}/{id_}/correct", right, headers=once, **OURS)
    assert again.json() == done.json()
    other = api.post(f"{ALL}/{id_}/correct", worse, headers=once, **OURS)
    assert (other.status_code, other.json()["code"]) == (422, "key-reused")
    applied = api.post(f"{ALL}/{id_}/correct", right, **OURS)
    assert (applied.status_code, applied.json()["code"]) == (409, "message-applied")
    told = api.get(f"{ALL}/{id_}", **OURS).json()
    assert (told["state"], told["text"]) == ("corrected", raw.decode().replace("\r", "\n"))
    last = told["history"][-1]
    assert (last["by"], last["why"], told["corrected_by"]) == (
        "some integrator",
        right["why"],
        last["number"],
    )
    assert [each["id"] for each in api.get(f"{ALL}?state=corrected", **OURS).json()["messages"]] == [id_]
    events = api.get(f"/v1/journeys/{told['journey_id']}/events", role=Role.COMPLIANCE).json()["events"]
    assert {each["actor"]["id"] for each in events} == {"some integrator"}


def test_one_is_tried_again_as_it_is(api: Api) -> None:
    early = message("ADT^A12", evn("20260305"), "PID|1||R1", pv1(f19="R1", f6="W9"))
    [id_] = parked(api, early)
    told = api.post(f"{ALL}/{id_}/replay", **OURS).json()
    assert (told["state"], told["code"], told["events"]) == ("waiting", "nothing-to-cancel", 0)
    handled = api.get("/v1/audit?kind=message-handled&limit=1", role=Role.COMPLIANCE).json()["audit"]
    assert handled[0]["detail"] == {"done": "replayed", "messages": [id_]}


def test_those_of_one_reason_are_tried_again_page_by_page(api: Api) -> None:
    ids = parked(
        api, *(message("ADT^A03", evn(f"2026030{day}"), f"PID|1||S{day}", "PV1|1") for day in (3, 1, 2))
    )
    parked(api, bad_time())
    asked = {"code": "no-visit", "channel": "hl7v2", "limit": 2}
    first = api.post(f"{ALL}/replay", asked, headers={"Idempotency-Key": "these"}, **OURS).json()
    assert [each["id"] for each in first["messages"]] == [ids[1], ids[2]]
    assert {each["state"] for each in first["messages"]} == {"waiting"}
    assert api.post(f"{ALL}/replay", asked, headers={"Idempotency-Key": "these"}, **OURS).json() == first
    rest = api.post(f"{ALL}/replay", {**asked, "cursor": first["next"]}, **OURS).json()
    assert ([each["id"] for each in rest["messages"]], rest["next"]) == ([ids[0]], None)
    everything = api.post(f"{ALL}/replay", **OURS).json()["messages"]
    assert len(everything) == 4
    strange = api.post(f"{ALL}/replay", {"code": "bad-time", "cursor": first["next"]}, **OURS)
    assert strange.json()["code"] == "bad-cursor"


def test_one_that_is_dismissed_is_kept(api: Api) -> None:
    [id_] = parked(api, bad_time())
    told = api.post(f"{ALL}/{id_}/dismiss", {"why": "sent for a test"}, **OURS).json()
    assert (told["state"], told["code"]) == ("dismissed", "bad-time")
    assert api.get(ALL, **OURS).json()["messages"] == []
    [kept] = api.get(f"{ALL}?state=dismissed", **OURS).json()["messages"]
    assert kept["id"] == id_
    assert api.get(f"{ALL}/{id_}", **OURS).json()["history"][-1]["why"] == "sent for a test"
    nothing = api.post(f"{ALL}/{id_}/dismiss", {"why": " "}, **OURS)
    assert nothing.json()["errors"][0]["field"] == "why"


def test_a_resource_says_which_of_its_elements_is_wrong(api: Api) -> None:
    wrong = patient("F1", "f1", birthDate="yesterday")
    sent = {"resourceType": "Bundle", "type": "batch", "entry": [{"resource": wrong}]}
    api.post("/v1/fhir", sent, headers={"Content-Type": "application/fhir+json"}, **OURS)
    [found] = api.get(f"{ALL}?channel=fhir", **OURS).json()["messages"]
    assert (found["kind"], found["code"], found["places"]) == ("Patient", "bad-value", ["Patient.birthDate"])
    told = api.post(f"{ALL}/{found['id']}/correct", {"text": "{", "why": "in haste"}, **OURS)
    assert (told.status_code, told.json()["errors"][0]["field"]) == (422, "text")
    assert told.json()["errors"][0]["message"].startswith("It is no JSON object")


@pytest.mark.parametrize("role", [Role.COORDINATOR, Role.CLINICIAN, Role.COMPLIANCE])
def test_who_cares_for_patients_sees_none_of_it(api: Api, role: Role) -> None:
    [id_] = parked(api, bad_time())
    for path in ("", "/counts", f"/{id_}"):
        assert api.get(ALL + path, role=role).json()["code"] == "forbidden", path
    for path, body in (("/replay", {}), (f"/{id_}/replay", {}), (f"/{id_}/dismiss", {"why": "no"})):
        assert api.post(ALL + path, body, role=role).json()["code"] == "forbidden", path


def test_whose_a_message_is_is_not_known_to_who_is_bound_to_teams(api: Api) -> None:
    [id_] = parked(api, bad_time())
    for grant in (Grant(("ward 3",)), Grant(scopes=("system/*.cruds",))):
        token = keys.create(api.conninfo, f"bound by {grant}", Role.INTEGRATOR, grant=grant).token
        headers = {"Authorization": f"Bearer {token}"}
        assert api.get(f"{ALL}/{id_}", role=None, headers=headers).status_code == 403
        assert api.post(f"{ALL}/{id_}/replay", role=None, headers=headers).status_code == 403
    assert api.get(f"{ALL}/{id_}", role=Role.ADMIN).status_code == 403


def test_what_is_labelled_is_read_by_who_is_cleared(api: Api) -> None:
    """By the journey that it led to, and by what the resource says of itself."""
    labelled = patient("L1", "l1", birthDate="never", meta={"security": [{"system": "s", "code": "PSY"}]})
    fhir.ingest(api.engine.store, [Found(json.dumps(labelled).encode(), "file", 1)], zone=ZONE, system="test")
    of_l2 = ("PID|1||L2", pv1(f19="L2"))
    ingest(api.engine.store, [Found(message("ADT^A01", evn("20260301"), *of_l2), "adt", 1)], zone=ZONE)
    [id_] = parked(api, message("ADT^A12", evn("20260305"), *of_l2))
    journey = f"/v1/journeys/{api.get(f'{ALL}/{id_}', **OURS).json()['journey_id']}"
    note = {"note_id": number(1), "text": "On the ward."}
    assert api.post(f"{journey}/add-note", note, headers={"X-Security-Labels": "PSY"}).is_success
    of_fhir = api.get(f"{ALL}?channel=fhir", **OURS).json()["messages"][0]["id"]
    token = keys.create(api.conninfo, "cleared", Role.INTEGRATOR, grant=Grant(labels=("PSY",))).token
    cleared = {"Authorization": f"Bearer {token}"}
    for each in (id_, of_fhir):
        assert api.get(f"{ALL}/{each}", **OURS).json()["code"] == "withheld"
        blind = {"why": "unread"}
        for what, said in {"replay": {}, "dismiss": blind, "correct": {"text": "?", **blind}}.items():
            assert api.post(f"{ALL}/{each}/{what}", said, **OURS).json()["code"] == "withheld", what
        assert api.get(f"{ALL}/{each}", role=None, headers=cleared).status_code == 200
    of_l3 = message("ADT^A01", evn("20260306"), "PID|1||L3", pv1(f19="L3")).decode()
    corrected = {"text": of_l3, "why": "another patient"}
    done = api.post(f"{ALL}/{id_}/correct", corrected, role=None, headers=cleared).json()
    assert done["state"] == "applied"
    assert api.get(f"{ALL}/{id_}", **OURS).json()["code"] == "withheld", "of the first patient it tells still"


@pytest.mark.parametrize(("method", "path"), [("GET", ""), ("POST", "/replay"), ("POST", "/dismiss")])
def test_what_is_not_there(api: Api, method: str, path: str) -> None:
    answer = api.ask(method, f"{ALL}/{'0' * 64}{path}", json={"why": "not"} if "dis" in path else {}, **OURS)
    assert (answer.status_code, answer.json()["code"]) == (404, "no-such-message")
    wrong = api.get(f"{ALL}/{'x' * 64}", **OURS)
    assert (wrong.status_code, wrong.json()["code"]) == (422, "invalid")


def test_what_was_applied_as_it_came_is_nobodys_business(api: Api) -> None:
    raw = message("ADT^A01", evn("20260301"), "PID|1||Q1", pv1(f19="Q1"))
    ingest(api.engine.store, [Found(raw, "adt", 1)], zone=ZONE)
    with psycopg.connect(api.conninfo, autocommit=True) as connection:
        [found] = connection.execute(LAST).fetchall()
    assert api.get(f"{ALL}/{found[0]}", **OURS).status_code == 404
