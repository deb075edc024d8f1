"""A resource while what it is made of changes: merged, corrected, struck out, restricted, told on several
journeys, and moved between two pages.
"""

from datetime import datetime, timedelta
from typing import Any

import psycopg
import pytest
from httpx2 import Response

from journey.api.access import keys
from journey.api.access.keys import Grant
from journey.api.access.table import Role
from journey.fhir.data import CODES
from tests.api.test_reading import projected
from tests.fhir.validating import assert_valid
from tests.served import Api, number
from tests.waiting import until

pytestmark = pytest.mark.database

ELSEWHERE = "ward 9"


def who_works_in(api: Api, team: str) -> dict[str, Any]:
    """How they ask."""
    name, grant = f"who works in {team}", Grant((team,))
    key = keys.create(api.conninfo, name, Role.COORDINATOR, team, grant, replace=True)
    return {"role": None, "headers": {"Authorization": f"Bearer {key.token}"}}


def id_of(address: str) -> str:
    return address.rpartition("/")[2]


def found(answer: Response) -> list[dict[str, Any]]:
    assert answer.status_code == 200, answer.text
    entries = [each["resource"] for each in answer.json().get("entry", ())]
    assert_valid(*entries)
    return entries


def code(answer: Response) -> str:
    return str(answer.json()["issue"][0]["details"]["coding"][0]["code"])


def test_a_patient_is_told_by_those_of_their_journeys_that_may_be_seen(api: Api) -> None:
    """Found by the name that one journey knows, it is the same as it is read."""
    ours = api.opened(patient_id=number(401), patient={"family": "Oldname"})
    theirs = api.opened(patient_id=number(401), patient={"family": "Newname"}, team=ELSEWHERE)
    nobodys = api.opened(patient_id=number(401), patient={"given": ["Ada"]}, team=None)
    for each in (ours, theirs, nobodys):
        projected(api, each, 1)
    everything = api.get(f"/v1/fhir/Patient/{number(401)}", role=Role.COMPLIANCE).json()
    names = {ours: ("ward 3", "Oldname"), theirs: (ELSEWHERE, "Newname")}
    for journey, (team, family) in names.items():
        asked = who_works_in(api, team)
        [other] = {each for _, each in names.values()} - {family}
        read = api.get(f"/v1/fhir/Patient/{number(401)}", **asked)
        assert (family in read.text, other in read.text) == (True, False)
        for query in (f"name={family}", f"_id={number(401)}", "name=ada"):
            assert found(api.get(f"/v1/fhir/Patient?{query}", **asked)) == [read.json()]
        assert found(api.get(f"/v1/fhir/Patient?name={other}", **asked)) == []
        journeys = found(api.get(f"/v1/fhir/EpisodeOfCare?patient={number(401)}", **asked))
        assert {each["id"] for each in journeys} == {id_of(nobodys), id_of(journey)}
        assert int(everything["meta"]["versionId"]) > int(read.json()["meta"]["versionId"])


def test_everything_of_a_patient_is_told_once_on_however_many_pages(api: Api) -> None:
    """Of those journeys that may be seen, and of no other patient."""
    ours = api.opened(patient_id=number(471), patient={"family": "Ours"})
    theirs = api.opened(patient_id=number(471), patient={"family": "Theirs"}, team=ELSEWHERE)
    projected(api, theirs, 1)
    for each in (472, 473):
        last = api.told(ours, "record-arrival", visit_id=number(each))
    projected(api, ours, last["version"])
    asked = who_works_in(api, "ward 3")
    url = f"/v1/fhir/Patient/{number(471)}/$everything"
    whole = found(api.get(url, **asked))
    assert [each["resourceType"] for each in whole] == [
        *("CarePlan", "CareTeam", "Encounter", "Encounter", "EpisodeOfCare", "Patient"),
    ]
    assert "Theirs" not in str(whole)
    assert id_of(theirs) not in str(whole)
    for count in (1, 2, 3, 4, 6):
        page, paged = f"{url}?_count={count}", list[dict[str, Any]]()
        while page:
            answer = api.get(page, **asked)
            assert len(found(answer)) <= count
            paged += found(answer)
            page = {each["relation"]: each["url"] for each in answer.json()["link"]}.get("next", "")
        assert paged == whole
    nobody = api.get(f"/v1/fhir/Patient/{number(1)}/$everything", **asked)
    assert (nobody.status_code, code(nobody)) == (404, "no-such-resource")


def test_a_merged_record_leads_to_the_one_that_goes_on(api: Api) -> None:
    kept, merged = api.opened(patient_id=number(411)), api.opened(patient_id=number(412))
    last = api.told(merged, "merge-patient", survivor=number(411), retired=number(412))
    projected(api, merged, last["version"])
    projected(api, kept, 1)
    until(lambda: "replaced-by" in api.get(f"/v1/fhir/Patient/{number(412)}").text)
    old = api.get(f"/v1/fhir/Patient/{number(412)}").json()
    assert old["active"] is False
    assert {(each["other"]["reference"], each["type"]) for each in old["link"]} == {
        (f"Patient/{number(411)}", "replaced-by")
    }
    for patient in (411, 412):
        journeys = found(api.get(f"/v1/fhir/EpisodeOfCare?patient={number(patient)}"))
        assert {each["id"] for each in journeys} == {id_of(kept), id_of(merged)}
    undone = api.told(merged, "unmerge-patient", survivor=number(411), retired=number(412), reason="slip")
    projected(api, merged, undone["version"])
    again = api.get(f"/v1/fhir/Patient/{number(412)}").json()
    assert again["active"] is True
    assert "link" not in again


def test_what_was_corrected_is_read_as_it_was(api: Api) -> None:
    journey = api.opened(patient_id=number(421))
    api.told(journey, "book-visit", visit_id=number(422), appointment={"start": "2026-03-01T09:00:00Z"})
    booked = api.get(f"{journey}/events").json()["events"][-1]
    corrected = {
        "event_id": booked["event_id"],
        "reason": "slip",
        "data": {"appointment": {"start": "2026-03-02T09:00:00Z"}},
    }
    last = api.post(f"{journey}/correct-event", corrected)
    assert last.status_code == 200, last.text
    projected(api, journey, last.json()["version"])
    now = api.get(f"/v1/fhir/Appointment/{number(422)}")
    before = api.get(f"/v1/fhir/Appointment/{number(422)}/_history/{booked['version']}")
    assert (now.status_code, before.status_code) == (200, 200)
    assert int(now.json()["meta"]["versionId"]) > int(before.json()["meta"]["versionId"])


def test_what_was_struck_out_is_gone_and_its_history_is_not(api: Api) -> None:
    journey = api.opened(patient_id=number(431))
    api.told(journey, "book-visit", visit_id=number(432), appointment={"start": "2026-03-01T09:00:00Z"})
    booked = api.get(f"{journey}/events").json()["events"][-1]
    last = api.told(journey, "void-event", event_id=booked["event_id"], reason="another patient's")
    projected(api, journey, last["version"])
    gone = api.get(f"/v1/fhir/Appointment/{number(432)}")
    assert (gone.status_code, code(gone)) == (410, "resource-gone")
    told = api.get(f"/v1/fhir/Appointment/{number(432)}/_history").json()["entry"]
    assert [each["request"]["method"] for each in told] == ["DELETE", "POST"]
    assert api.get(f"/v1/fhir/Appointment/{number(432)}/_history/{booked['version']}").status_code == 200
    assert api.get(f"/v1/fhir/Appointment/{number(432)}/_history/{last['version']}").status_code == 410
    assert found(api.get(f"/v1/fhir/Appointment?patient={number(431)}")) == []


def test_when_it_was_last_changed_is_exact_and_one_of_several_suffices(api: Api) -> None:
    journey = api.opened(patient_id=number(441))
    projected(api, journey, 1)
    updated = api.get(f"/v1/fhir/EpisodeOfCare/{id_of(journey)}").json()["meta"]["lastUpdated"]
    later = (datetime.fromisoformat(updated) + timedelta(microseconds=1)).isoformat().replace("+00:00", "Z")
    for query, is_found in {
        f"_lastUpdated={updated}": True,
        f"_lastUpdated=eq{later}": False,
        f"_lastUpdated=ge{updated}": True,
        f"_lastUpdated=gt{updated}": False,
        f"_lastUpdated=le{updated}": True,
        f"_lastUpdated=lt{updated}": False,
        f"_lastUpdated=lt{later}": True,
        f"_lastUpdated=sa{updated}": False,
        f"_lastUpdated=ne{updated}": False,
        "_lastUpdated=lt2020,ge2026": True,
        "_lastUpdated=lt2020&_lastUpdated=ge2026": False,
    }.items():
        entries = found(api.get(f"/v1/fhir/EpisodeOfCare?patient={number(441)}&{query}"))
        assert bool(entries) is is_found, query


def test_pages_neither_skip_nor_repeat_while_rows_come_and_go(api: Api) -> None:
    """Each time a page was read, one that was on it goes, and one before and one behind it come."""
    journey = api.opened(patient_id=number(451))
    for each in range(500, 512, 2):
        api.told(journey, "record-arrival", visit_id=number(each))
    last = api.told(journey, "record-arrival", visit_id=number(530))
    projected(api, journey, last["version"])
    arrivals = {
        each["data"]["visit_id"]: each["event_id"]
        for each in api.get(f"{journey}/events").json()["events"]
        if "visit_id" in each["data"]
    }
    url, ids = f"/v1/fhir/Encounter?patient={number(451)}&_count=2", list[str]()
    for turn in range(20):
        answer = api.get(url)
        ids += [each["id"] for each in found(answer)]
        url = {each["relation"]: each["url"] for each in answer.json()["link"]}.get("next", "")
        if not url:
            break
        if turn == 0:
            api.told(journey, "void-event", event_id=arrivals[number(502)], reason="slip")
            api.told(journey, "record-arrival", visit_id=number(499))
            last = api.told(journey, "record-arrival", visit_id=number(520))
            projected(api, journey, last["version"])
    assert ids == [number(each) for each in (500, 502, 504, 506, 508, 510, 520, 530)]


def test_a_restricted_journey_is_there_for_nobody_who_need_not(api: Api) -> None:
    journey = api.opened(patient_id=number(461), patient={"family": "Restricted"})
    asked = {"reason": "contested", "ground": "accuracy-contested"}
    answer = api.post(f"{journey}/restrict-processing", asked, role=Role.COMPLIANCE)
    assert answer.status_code == 200, answer.text
    until(lambda: api.get(f"/v1/fhir/EpisodeOfCare/{id_of(journey)}").status_code == 403)
    for path in (f"EpisodeOfCare/{id_of(journey)}", f"Patient/{number(461)}"):
        refused = api.get(f"/v1/fhir/{path}")
        assert (refused.status_code, code(refused)) == (403, "withheld")
        told = api.get(f"/v1/fhir/{path}", role=Role.COMPLIANCE)
        assert told.status_code == 200
        [label] = told.json()["meta"]["security"]
        assert (label["system"], label["code"]) == (f"{CODES}label", "RESTRICTED")
    assert found(api.get(f"/v1/fhir/EpisodeOfCare?patient={number(461)}")) == []
    assert found(api.get("/v1/fhir/Patient?name=Restricted")) == []


def test_what_is_found_follows_the_index(api: Api) -> None:
    """Each row of the index is read, and nothing else is told."""
    with psycopg.connect(api.conninfo) as connection:
        rows = connection.execute(
            "SELECT DISTINCT type, id FROM fhir_resource WHERE audience <> 'uncleared' LIMIT 200"
        ).fetchall()
    for type_, id_ in rows:
        answer = api.get(f"/v1/fhir/{type_}/{id_}", role=Role.COMPLIANCE)
        assert answer.status_code == 200, (type_, answer.text)
        assert_valid(answer.json())
