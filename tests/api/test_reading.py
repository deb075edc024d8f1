from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Timer
from typing import Any
from uuid import uuid4

import pytest

from journey.api import whereabouts
from journey.api.access.table import Role
from journey.embedded import Cluster
from tests.served import Api, database, number, served
from tests.waiting import until

pytestmark = pytest.mark.database

CONTRACT = {
    "journey_id", "version", "status", "patient", "pathway", "stage", "since", "reached", "next", "overdue",
    "at_risk", "blocked_by", "responsible", "clocks", "open", "why", "as_of", "as_known_at",
}  # fmt: skip
BEYOND = {"waived", "later", "withheld", "custody"}


def projected(api: Api, journey: str, version: int) -> None:
    """Wait until both read models have come this far."""
    until(lambda: api.get(f"{journey}/timeline").json()["version"] >= version)
    journey_id = journey.rpartition("/")[2]
    statement = "SELECT version FROM patient_status WHERE journey_id = %s"

    def row() -> bool:
        rows = api.client.portal.call(api.engine.reads.rows, statement, (journey_id,))
        return bool(rows) and rows[0][0] >= version

    until(row)


def test_where_a_patient_stands(api: Api) -> None:
    journey = api.opened(patient={"family": "Okafor"}, person="Ruth")
    api.told(journey, "start-intake", channel="phone", required=["allergies"])
    before = datetime.now(UTC)
    answer = api.get(f"{journey}?min_version=4")
    stands = answer.json()
    assert set(stands) == CONTRACT | BEYOND
    assert answer.headers["ETag"] == '"4"'
    assert (stands["version"], stands["status"], stands["stage"]) == (4, "active", "intake")
    assert stands["patient"]["demographics"]["family"] == "Okafor"
    assert (stands["responsible"]["team"], stands["responsible"]["person"]) == ("ward 3", "Ruth")
    assert [step["step"] for step in stands["next"]] == ["complete-intake"]
    assert stands["blocked_by"]
    assert (stands["pathway"], stands["clocks"]) == (None, [])
    assert set(stands["open"]) == {
        *("consents", "authorizations", "referrals", "visits", "handoffs", "transfers", "barriers"),
    }
    assert before <= datetime.fromisoformat(stands["as_of"]) <= datetime.now(UTC)
    recorded = {each["event_id"] for each in api.get(f"{journey}/events").json()["events"]}
    assert {each for why in stands["why"].values() for each in why} <= recorded


def test_the_answer_is_the_same_before_and_after_the_read_model_knows(api: Api) -> None:
    journey = api.opened(patient={"family": "Okafor"})
    early = api.get(journey).json()
    projected(api, journey, 3)
    late = api.get(journey).json()
    moments = {"as_of", "as_known_at"}
    assert {name: early[name] for name in CONTRACT - moments} == {
        name: late[name] for name in CONTRACT - moments
    }


def test_what_has_been_written_is_read_at_once(api: Api) -> None:
    for _ in range(20):
        journey = api.opened()
        told = api.told(journey, "start-intake", channel="phone")
        stands = api.get(f"{journey}?min_version={told['version']}").json()
        assert (stands["version"], stands["stage"]) == (told["version"], "intake")


def test_a_version_that_is_yet_to_come_is_waited_for(api: Api) -> None:
    journey = api.opened()
    later = Timer(0.3, lambda: api.told(journey, "start-intake", channel="phone"))
    later.start()
    assert api.get(f"{journey}?min_version=3").json()["version"] == 3
    later.join()


def test_many_wait_for_versions_and_each_is_told_of_its_own(api: Api) -> None:
    journeys = [api.opened() for _ in range(4)]
    with ThreadPoolExecutor(12) as crew:
        waiting = [
            crew.submit(api.get, f"{journey}?min_version={version}")
            for journey in journeys
            for version in (3, 4, 5)
        ]
        for journey in journeys:
            for item in "abc":
                api.told(journey, "assign-identifier", identifier={"system": "here", "value": item})
        answers = [each.result() for each in waiting]
    assert {answer.status_code for answer in answers} == {200}
    assert all(a.json()["version"] >= 3 + place % 3 for place, a in enumerate(answers))


def test_a_version_whose_notification_is_lost_is_seen_in_the_end(
    cluster: Cluster, template: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a worker, nothing is given its place in the log, and nobody is told."""
    monkeypatch.setattr(whereabouts, "PATIENCE", 2.0)
    with database(cluster, template) as conninfo, served(conninfo, tmp_path, with_worker=False) as api:
        journey = api.opened()
        with ThreadPoolExecutor(1) as crew:
            waiting = crew.submit(api.get, f"{journey}?min_version=3")
            api.told(journey, "start-intake", channel="phone")
            assert waiting.result().json()["version"] == 3


def test_a_version_that_does_not_come_is_not_waited_for_for_ever(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(whereabouts, "PATIENCE", 0.2)
    journey = api.opened()
    for url in (f"{journey}?min_version=9", f"{journey}?min_version=9&as_of=2026-01-01T00:00:00Z"):
        answer = api.get(url)
        assert (answer.status_code, answer.json()["code"]) == (503, "version-not-reached")
        assert answer.headers["Retry-After"] == "1"


def test_nothing_new_is_not_sent_again(api: Api) -> None:
    journey = api.opened()
    projected(api, journey, 2)
    tag = api.get(journey).headers["ETag"]
    for given in (tag, f'"1", W/{tag}', "*"):
        answer = api.get(journey, headers={"If-None-Match": given})
        assert (answer.status_code, answer.content, answer.headers["ETag"]) == (304, b"", tag)
    assert api.get(journey, headers={"If-None-Match": '"1"'}).status_code == 200
    api.told(journey, "start-intake", channel="phone")
    assert api.get(f"{journey}?min_version=3", headers={"If-None-Match": tag}).status_code == 200


def test_what_the_clock_makes_overdue_is_always_sent(api: Api) -> None:
    """No event says so, and the version stays."""
    journey = api.opened(occurred_at="2026-03-01T08:00:00Z")
    api.told(
        journey,
        "book-visit",
        visit_id=number(1),
        appointment={"start": "2026-03-02T09:00:00Z"},
        occurred_at="2026-03-01T09:00:00Z",
    )
    answer = api.get(f"{journey}?min_version=3", headers={"If-None-Match": '"3"'})
    assert answer.status_code == 200
    assert [step["step"] for step in answer.json()["overdue"]] == ["record-arrival"]
    early = api.get(f"{journey}?as_of=2026-03-02T09:29:00Z").json()
    assert (early["overdue"], early["as_of"]) == ([], "2026-03-02T09:29:00Z")


def test_the_past_is_not_before_the_opening(api: Api) -> None:
    journey = api.opened(occurred_at="2026-03-01T08:00:00Z")
    now = datetime.now(UTC)
    for question in ("as_of=2026-03-01T07:59:59Z", "as_known_at=2026-03-01T09:00:00Z"):
        answer = api.get(f"{journey}?{question}")
        assert (answer.status_code, answer.json()["code"]) == (404, "not-there-yet")
    assert api.get(f"{journey}?as_of=2026-03-01T08:00:00Z").status_code == 200
    tomorrow = (now + timedelta(days=1)).isoformat().replace("+00:00", "Z")
    assert api.get(f"{journey}?as_of={tomorrow}&as_known_at={tomorrow}").json()["version"] == 2


def test_everything_recorded_page_by_page(api: Api) -> None:
    journey = api.opened(occurred_at="2026-03-01T08:00:00Z")
    for item in "abcde":
        api.told(journey, "assign-identifier", identifier={"system": "here", "value": item})
    seen: list[dict[str, Any]] = []
    url: str | None = f"{journey}/events?limit=3"
    pages = 0
    while url:
        page = api.get(url).json()
        seen += page["events"]
        pages += 1
        url = page["next"] and f"{journey}/events?limit=3&cursor={page['next']}"
    assert pages == 3
    assert [each["version"] for each in seen] == [1, 2, 3, 4, 5, 6, 7]
    assert set(seen[0]) == {
        "event_id", "journey_id", "version", "position", "type", "occurred_at", "occurred_precision",
        "recorded_at", "actor", "purpose", "source", "correlation_id", "causation_id", "labels", "data",
        "voided_by", "corrected_by", "attributed_from",
    }  # fmt: skip
    until(lambda: api.get(f"{journey}/events").json()["events"][-1]["position"] is not None)


def test_what_does_not_hold_says_by_what(api: Api) -> None:
    journey = api.opened()
    told = api.told(journey, "record-arrival", visit_id=number(2))
    (arrived,) = (each["event_id"] for each in told["events"])

    def by() -> list[str | None]:
        events = api.get(f"{journey}/events").json()["events"]
        return [each["voided_by"] for each in events if each["event_id"] == arrived]

    assert by() == [None]
    first = api.told(journey, "void-event", event_id=arrived, reason="another patient")
    assert by() == [first["events"][0]["event_id"]]
    back = api.told(journey, "reinstate-event", event_id=arrived, reason="it was this one")
    assert by() == [None]
    projected(api, journey, back["version"])
    line = api.get(f"{journey}/timeline").json()["events"]
    assert [each["voided_by"] for each in line if each["event_id"] == arrived] == [None]
    again = api.told(journey, "void-event", event_id=arrived, reason="no, another")
    assert by() == [again["events"][0]["event_id"]]


def test_what_reads_otherwise_says_by_what(api: Api) -> None:
    journey = api.opened()
    told = api.told(journey, "record-arrival", visit_id=number(2))
    (arrived,) = (each["event_id"] for each in told["events"])

    def by(what: str) -> list[str | None]:
        events = api.get(f"{journey}/{what}").json()["events"]
        return [each["corrected_by"] for each in events if each["event_id"] == arrived]

    place = {"location": {"point_of_care": "A"}}
    done = api.told(journey, "correct-event", event_id=arrived, data=place, reason="left out")
    assert by("events") == [done["events"][0]["event_id"]]
    api.told(journey, "void-event", event_id=arrived, reason="another patient")
    projected(api, journey, done["version"] + 1)
    assert by("timeline") == [done["events"][0]["event_id"]]
    back = api.told(journey, "reinstate-event", event_id=arrived, reason="it was this one")
    projected(api, journey, back["version"])
    assert (by("events"), by("timeline")) == ([None], [None])


def test_the_timeline_tells_how_what_was_corrected_should_read(api: Api) -> None:
    journey = api.opened(occurred_at="2026-03-01T08:00:00Z")
    place, other = ({"location": {"point_of_care": each}} for each in "AB")
    told = api.told(
        journey, "record-arrival", visit_id=number(2), **place, occurred_at="2026-03-01T09:00:00Z"
    )
    arrived = told["events"][0]["event_id"]

    def entry(version: int) -> dict[str, Any]:
        projected(api, journey, version)
        events: list[dict[str, Any]] = api.get(f"{journey}/timeline").json()["events"]
        [found] = [each for each in events if each["event_id"] == arrived]
        return found

    first = entry(told["version"])
    assert first["reading"] is None
    named = {"event_id": arrived, "reason": "mistaken"}
    moved = api.told(
        journey, "correct-event", **named, happened_at="2026-03-01T08:30:00Z", happened_precision="hour"
    )
    reading = {"occurred_at": "2026-03-01T08:30:00Z", "occurred_precision": "hour"}
    assert entry(moved["version"])["reading"] == {**reading, "data": first["data"]}
    placed = api.told(journey, "correct-event", **named, data=other)
    found = entry(placed["version"])
    assert (found["data"], found["occurred_at"]) == (first["data"], first["occurred_at"])
    assert found["reading"]["data"] == first["data"] | {
        "location": first["data"]["location"] | other["location"]
    }
    assert found["reading"] == found["reading"] | reading


def test_the_timeline_is_in_the_order_of_what_happened(api: Api) -> None:
    journey = api.opened(occurred_at="2026-03-01T08:00:00Z")
    for value, at in (("b", "2026-03-03T08:00:00Z"), ("a", "2026-03-02T08:00:00Z")):
        api.told(journey, "assign-identifier", identifier={"system": "here", "value": value}, occurred_at=at)
    day = {"occurred_at": "2026-03-02T00:00:00Z", "occurred_precision": "day"}
    told = api.told(journey, "assign-identifier", identifier={"system": "here", "value": "day"}, **day)
    projected(api, journey, told["version"])
    seen: list[dict[str, Any]] = []
    url: str | None = f"{journey}/timeline?limit=1"
    while url:
        page = api.get(url).json()
        seen += page["events"]
        url = page["next"] and f"{journey}/timeline?limit=1&cursor={page['next']}"
    values = [each["data"].get("identifier", {}).get("value") for each in seen]
    assert values == [None, None, "a", "day", "b"]
    assert page["version"] == 5


def test_a_cursor_belongs_to_its_list(api: Api) -> None:
    journey, other = api.opened(), api.opened()
    projected(api, journey, 2)
    projected(api, other, 2)
    cursor = api.get(f"{journey}/events?limit=1").json()["next"]
    assert api.get(f"{journey}/events?limit=1&cursor={cursor}").status_code == 200
    listed = api.get("/v1/journeys?limit=1&team=ward+3").json()["next"]
    wrong = [
        f"{other}/events?cursor={cursor}",
        f"{journey}/timeline?cursor={cursor}",
        f"/v1/journeys?cursor={cursor}",
        f"/v1/journeys?cursor={listed}&team=ward+4",
        f"{journey}/events?cursor={cursor[:-2]}",
        f"{journey}/events?cursor=",
        f"{journey}/events?cursor=%20%C3%A9",
        f"{journey}/events?cursor={'A' * 100}",
    ]
    for url in wrong:
        answer = api.get(url)
        assert (answer.status_code, answer.json()["code"]) == (422, "bad-cursor"), url


@pytest.fixture(scope="module")
def people(api: Api) -> dict[str, str]:
    """Journeys of people whose names are like nobody else's here."""
    told = {
        "ann": {"family": "Quillon", "given": ["Ann", "Marie"]},
        "bea": {"family": "Quimby", "given": ["Bea"]},
        "perc": {"family": "Qu%_llon", "given": ["Perc"]},
        "é": {"family": "Quéré", "given": ["Élodie"]},
    }
    made = {}
    for name, patient in told.items():
        numbers = [{"system": "here", "value": f"MRN-{name}"}, {"system": "there", "value": f"X{name}"}]
        patient_id = str(uuid4())
        journey = api.opened(patient=patient, identifiers=numbers, patient_id=patient_id, team=f"team {name}")
        made[name] = journey.rpartition("/")[2]
        made[f"patient {name}"] = patient_id
        projected(api, journey, 5)
    return made


@pytest.mark.parametrize(
    ("question", "found"),
    [
        ("q=qui", ["ann", "bea"]),
        ("q=Quillon,+Ann", ["ann"]),
        ("q=ann+QUILL", ["ann"]),
        ("q=marie", ["ann"]),
        ("q=quillon+bea", []),
        ("q=qu%25_llon", ["perc"]),
        ("q=%25", []),
        ("q=qu%C3%A9+%C3%A9lo", ["é"]),
        ("q=MRN-bea", ["bea"]),
        ("q=Xbea", ["bea"]),
        ("mrn=MRN-ann", ["ann"]),
        ("mrn=MRN-an", []),
        ("team=team+bea&q=qu", ["bea"]),
        ("q=qu&status=active&stage=in-care&overdue=false", ["ann", "bea", "perc", "é"]),
        ("q=qu&status=finished", []),
        ("q=qu&overdue=true", []),
        ("q=qu&pathway=lumbar", []),
    ],
)
def test_journeys_are_found(api: Api, people: dict[str, str], question: str, found: list[str]) -> None:
    answer = api.get(f"/v1/journeys?{question}")
    journeys = answer.json()["journeys"]
    assert {each["journey_id"] for each in journeys} == {people[name] for name in found}


def test_journeys_are_found_by_the_pathway_that_they_follow(api: Api) -> None:
    journey = api.opened(patient={"family": "Pathway"})
    api.told(journey, "assign-pathway", pathway="nhs-rtt-18-week")
    told = api.told(journey, "record-rtt-status", code="10")
    projected(api, journey, told["version"])
    (found,) = api.get("/v1/journeys?q=pathway&pathway=nhs-rtt-18-week").json()["journeys"]
    assert (found["pathway"], found["stage"]) == ("nhs-rtt-18-week", "referred")
    assert found["next_due"] is not None
    stands = api.get(journey).json()
    assert stands["pathway"]["id"] == "nhs-rtt-18-week"
    assert [clock["state"] for clock in stands["clocks"]] == ["running"]


def test_journeys_are_found_by_patient_and_page_by_page(api: Api, people: dict[str, str]) -> None:
    (found,) = api.get(f"/v1/journeys?patient={people['patient ann']}").json()["journeys"]
    assert found["journey_id"] == people["ann"]
    assert (found["family"], found["given"], found["team"]) == ("Quillon", "Ann Marie", "team ann")
    assert found["identifiers"] == ["MRN-ann", "Xann"]
    assert (found["overdue"], found["next_due"]) == (False, None)
    seen: list[str] = []
    url: str | None = "/v1/journeys?q=qu&limit=1"
    while url:
        page = api.get(url).json()
        seen += [each["journey_id"] for each in page["journeys"]]
        url = page["next"] and f"/v1/journeys?q=qu&limit=1&cursor={page['next']}"
    assert sorted(seen) == sorted(people[name] for name in ("ann", "bea", "perc", "é"))


def test_the_overdue_are_found(api: Api) -> None:
    journey = api.opened(team="late team")
    told = api.told(
        journey,
        "book-visit",
        visit_id=number(3),
        appointment={"start": "2026-03-02T09:00:00Z"},
        occurred_at="2026-03-01T09:00:00Z",
    )
    projected(api, journey, told["version"])
    (found,) = api.get("/v1/journeys?team=late+team&overdue=true").json()["journeys"]
    assert (found["overdue"], found["next_due"]) == (True, "2026-03-02T09:30:00Z")
    assert api.get("/v1/journeys?team=late+team&overdue=false").json()["journeys"] == []


def test_what_the_caller_has_is_not_sent_again(api: Api) -> None:
    patient = str(uuid4())
    journey = api.opened(patient_id=patient)
    until(lambda: api.get(f"/v1/patients/{patient}").status_code == 200)
    for url in (f"{journey}/events", "/v1/pathways", f"/v1/patients/{patient}", "/v1/keys"):
        role = Role.ADMIN if url == "/v1/keys" else Role.COORDINATOR
        first = api.get(url, role=role)
        again = api.get(url, role=role, headers={"If-None-Match": first.headers["ETag"]})
        assert first.json() is not None
        if again.status_code == 200:  # the event has got its position meanwhile, or the key its first use
            again = api.get(url, role=role, headers={"If-None-Match": again.headers["ETag"]})
        assert (again.status_code, again.content) == (304, b"")
    had = api.get(f"{journey}/events").headers["ETag"]
    api.told(journey, "start-intake", channel="phone")
    assert api.get(f"{journey}/events", headers={"If-None-Match": had}).status_code == 200
    had = api.get("/v1/keys", role=Role.ADMIN).headers["ETag"]
    api.post("/v1/keys", {"name": "one more", "role": "clinician"}, role=Role.ADMIN)
    assert api.get("/v1/keys", role=Role.ADMIN, headers={"If-None-Match": had}).status_code == 200
