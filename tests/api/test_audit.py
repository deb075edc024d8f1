"""The audit: one list of what was seen, recorded and disclosed, filtered and sorted by every element."""

import csv
from collections import Counter
from collections.abc import Iterator
from io import StringIO
from typing import Any
from uuid import UUID

import psycopg
import pytest
from fhir.resources.R4B.bundle import Bundle

from journey.api.access import keys
from journey.api.access.table import Role
from journey.audit import disclosures
from journey.audit.disclosures import Basis, Channel, Disclosure
from journey.audit.entries import EQUAL, SORTABLE
from tests.served import Api, number
from tests.waiting import until

pytestmark = pytest.mark.database

PATIENT = UUID(int=7001)
OFFICER: dict[str, Any] = {"role": Role.COMPLIANCE}
REASON = {"code": "ETREAT", "text": "Collapsed."}


@pytest.fixture(scope="module")
def journey(api: Api) -> str:
    """One that was opened, told something, read, and denied; and something of it was disclosed."""
    journey = api.opened(patient_id=str(PATIENT))
    api.told(journey, "assign-owner", team="ward 3", person="nurse-7")
    until(lambda: api.get(journey).is_success)
    assert api.get(journey, role=Role.ADMIN).status_code == 403
    told = Disclosure(Channel.WEBHOOK, "Registry", "PUBHLTH", Basis.PUBLIC_HEALTH, "Events", PATIENT)
    with psycopg.connect(api.conninfo) as connection:
        disclosures.record(connection, [told._replace(journeys=(UUID(journey.rpartition("/")[2]),))])
    return journey


def page(api: Api, query: str) -> dict[str, Any]:
    answer = api.get(f"/v1/audit?{query}", **OFFICER)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def paged(api: Api, query: str, limit: int) -> Iterator[dict[str, Any]]:
    """Every entry, by pages of so many."""
    after = ""
    while True:
        found = page(api, f"{query}&limit={limit}{after}")
        yield from found["audit"]
        if found["next"] is None:
            return
        after = f"&cursor={found['next']}"


def test_what_was_seen_recorded_and_disclosed_stands_in_one_order(api: Api, journey: str) -> None:
    found = page(api, f"journey={journey.rpartition('/')[2]}&sort=at")["audit"]
    kinds = [each["kind"] for each in found if each["kind"] != "read"]
    assert kinds == ["recorded"] * (len(kinds) - 1) + ["disclosed"]
    assert [each["at"] for each in found] == sorted(each["at"] for each in found)
    opened, *_, told = [each for each in found if each["kind"] == "recorded"]
    assert (opened["type"], opened["version"], opened["name"]) == ("journey.opened", 1, "some coordinator")
    assert (told["role"], told["team"], told["source"]) == ("coordinator", "ward 3", "http")
    assert all(each["patients"] == [str(PATIENT)] for each in found if each["outcome"] == "done")
    assert [each["outcome"] for each in found if each["kind"] == "read"][-1] == "denied"
    assert found[-1]["basis"] == "public-health"


def test_what_is_asked_by_patient_is_the_same(api: Api, journey: str) -> None:
    by_journey = page(api, f"journey={journey.rpartition('/')[2]}&outcome=done&kind=recorded")["audit"]
    assert page(api, f"patient={PATIENT}&outcome=done&kind=recorded")["audit"] == by_journey != []


def test_what_was_tried_on_a_patients_journey_is_in_the_patients_report(api: Api, journey: str) -> None:
    """By somebody who may see nobody's, and was told nothing; the record names no patient."""
    denied = api.get(journey, role=Role.ADMIN)
    assert denied.status_code == 403
    [entry] = page(api, f"request_id={denied.headers['x-request-id']}")["audit"]
    assert (entry["outcome"], entry["patients"]) == ("denied", [])
    assert entry in page(api, f"patient={PATIENT}&outcome=denied")["audit"]


@pytest.mark.parametrize("element", EQUAL)
def test_every_element_filters(api: Api, journey: str, element: str) -> None:
    of_this = page(api, f"journey={journey.rpartition('/')[2]}")["audit"]
    values = {each[element] for each in of_this} - {None}
    for value in values:
        found = api.get("/v1/audit", params={element: value, "limit": 500}, **OFFICER).json()["audit"]
        assert {each[element] for each in found} == {value}
        wanted = [each for each in of_this if each[element] == value]
        assert [each for each in found if each in wanted] == wanted
    assert values or element == "correlation_id"


@pytest.mark.parametrize("way", ["", "-"])
@pytest.mark.parametrize("element", SORTABLE)
def test_every_element_sorts_and_pages_neither_skip_nor_repeat(
    api: Api, journey: str, element: str, way: str
) -> None:
    """While other entries are added: each page is one itself."""
    ends = page(api, f"journey={journey.rpartition('/')[2]}")["audit"][0]["at"].replace("+", "%2B")
    whole = page(api, f"to={ends}&sort={way}{element}&limit=500")["audit"]
    assert [*paged(api, f"to={ends}&sort={way}{element}", 3)] == whole
    assert len({each["id"] for each in whole}) == len(whole) > 3

    def key(entry: dict[str, Any]) -> str:
        value = entry[element]
        if isinstance(value, list):
            return value[0] if value else ""
        return f"{value:>19}" if isinstance(value, int) else value or ""

    keys_ = [key(each) for each in whole]
    assert keys_ == sorted(keys_, reverse=bool(way))


def test_a_broken_glass_stands_in_the_patients_report_as_soon_as_it_is_broken(api: Api, journey: str) -> None:
    night = keys.create(api.conninfo, "night doctor", Role.CLINICIAN, "ward 9").token
    who = {"role": None, "headers": {"Authorization": f"Bearer {night}"}}
    until(lambda: api.get(f"/v1/journeys?patient={PATIENT}").json()["journeys"])
    broken = api.post("/v1/break-glass", {"patient_id": str(PATIENT), "reason": REASON}, **who)
    [entry] = page(api, f"patient={PATIENT}&kind=glass-broken")["audit"]
    assert entry["request_id"] == broken.headers["x-request-id"]
    read = api.get(journey, **who)
    assert (
        page(api, f"patient={PATIENT}&limit=1&kind=read")["audit"][0] | {"basis": "break-glass"}
        == (page(api, f"request_id={read.headers['x-request-id']}")["audit"][0])
    )


def test_what_was_looked_for_is_recorded_without_the_patients_names(api: Api) -> None:
    answer = api.get("/v1/journeys?q=Quittengelee&team=ward%203")
    [entry] = page(api, f"request_id={answer.headers['x-request-id']}")["audit"]
    assert entry["detail"] == {"query": "q=%2A&team=ward+3"}


def test_of_a_cursor_in_a_search_by_name_no_mark_is_kept(api: Api) -> None:
    """It is a digest of what was asked for: numbers are soon tried out."""
    for _ in range(2):
        api.opened(patient={"family": "Zwillingsohn"})
    query = "/v1/journeys?q=Zwillingsohn&limit=1"
    until(lambda: api.get(query).json()["next"] is not None)
    answer = api.get(f"{query}&cursor={api.get(query).json()['next']}")
    [entry] = page(api, f"request_id={answer.headers['x-request-id']}")["audit"]
    assert entry["detail"] == {"query": "q=%2A&limit=1&cursor=%2A"}


def test_a_report_holds_all_that_the_pages_hold(api: Api, journey: str) -> None:
    query = f"journey={journey.rpartition('/')[2]}&sort=at&to=2100-01-01T00:00:00Z"
    answer = api.get(f"/v1/audit?{query}&format=csv", **OFFICER)
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(StringIO(answer.text)))
    assert [row["id"] for row in rows] == [each["id"] for each in page(api, query)["audit"]]
    [looked] = page(api, f"request_id={answer.headers['x-request-id']}")["audit"]
    assert looked["kind"] == "export"
    printed = api.get(f"/v1/audit?{query}&format=text", **OFFICER)
    assert len(printed.text.splitlines()) == len(rows) + 1
    [looked] = page(api, f"request_id={printed.headers['x-request-id']}")["audit"]
    assert looked["kind"] == "print"


def test_all_of_it_is_a_bundle_of_fhir(api: Api, journey: str) -> None:
    answer = api.get("/v1/audit?format=fhir&to=2100-01-01T00:00:00Z", **OFFICER)
    assert answer.headers["content-type"] == "application/fhir+json"
    bundle = Bundle.model_validate_json(answer.text)
    kinds = Counter(type(each.resource).__name__ for each in bundle.entry or ())
    recorded = page(api, "kind=recorded&limit=500")["audit"]
    assert kinds["Provenance"] == len(recorded) > 0
    assert kinds["AuditEvent"] >= len(page(api, "limit=500")["audit"]) - 2
    assert journey.rpartition("/")[2] in answer.text


@pytest.mark.usefixtures("journey")
def test_a_report_is_read_piece_by_piece(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("journey.api.audit.listing.AT_ONCE", 2)
    query = "kind=recorded&to=2100-01-01T00:00:00Z&sort=type&format=csv"
    rows = list(csv.DictReader(StringIO(api.get(f"/v1/audit?{query}", **OFFICER).text)))
    wanted = page(api, "kind=recorded&sort=type&limit=500")["audit"]
    assert [row["id"] for row in rows] == [each["id"] for each in wanted]
    assert len(rows) > 1


@pytest.mark.parametrize("query", ["sort=detail", "sort=nothing", "kind=nothing", "cursor=AAAA"])
def test_what_cannot_be_asked_is_said(api: Api, query: str) -> None:
    assert api.get(f"/v1/audit?{query}", **OFFICER).status_code in {400, 422}


def test_a_review_is_recorded_and_lists_what_is_left(api: Api) -> None:
    wanted = {"patient_id": number(404), "reason": REASON}
    broken = [api.post("/v1/break-glass", wanted).json()["break_glass_id"] for _ in range(2)]
    left = api.get("/v1/audit/unreviewed", **OFFICER).json()["unreviewed"]
    assert [each["break_glass_id"] for each in left][-2:] == broken
    assert not left[-1]["overdue"]
    review = {
        "period": {"begins": "2026-01-01T00:00:00Z", "ends": "2026-02-01T00:00:00Z"},
        "scope": "break-glass",
        "findings": "Each was called for.",
        "break_glasses": broken[:1],
    }
    answer = api.post("/v1/audit/reviews", review, **OFFICER)
    assert answer.status_code == 201, answer.text
    left = api.get("/v1/audit/unreviewed", **OFFICER).json()["unreviewed"]
    assert [each["break_glass_id"] for each in left if each["break_glass_id"] in broken] == broken[1:]
    [listed] = api.get("/v1/audit/reviews", **OFFICER).json()["reviews"]
    assert listed == answer.json()
    [entry] = page(api, "kind=review")["audit"]
    assert entry["detail"]["review_id"] == listed["review_id"]
    for never in ("2026-01-01T00:00:00Z", "9999-12-31T23:59:59-12:00"):
        wrong = {**review, "period": {"begins": "2026-02-01T00:00:00Z", "ends": never}}
        assert api.post("/v1/audit/reviews", wrong, **OFFICER).status_code == 422
    assert len(api.get("/v1/audit/reviews", **OFFICER).json()["reviews"]) == 1


def test_break_glasses_that_nobody_reviewed_in_time_are_counted(api: Api) -> None:
    with psycopg.connect(api.conninfo) as connection:
        connection.execute("""
            INSERT INTO break_glass (break_glass_id, caller, name, role, reason_code, reason_text, began_at,
                                     ends_at)
            VALUES (gen_random_uuid(), 'k', 'n', 'clinician', 'BTG', 'r', now() - interval '73 hours', now())
            """)
    assert api.get("/v1/audit/unreviewed", **OFFICER).json()["unreviewed"][0]["overdue"]
    assert "journey_break_glass_overdue 1.0" in api.get("/metrics", **OFFICER).text


def test_a_query_is_saved_by_name(api: Api) -> None:
    url = "/v1/audit/queries/denied"
    assert api.get(url, **OFFICER).json()["code"] == "no-such-query"
    saved = api.ask("PUT", url, json={"query": {"outcome": "denied", "sort": "name"}}, **OFFICER)
    assert saved.status_code == 200, saved.text
    assert api.get(url, **OFFICER).json() == saved.json()
    assert api.get(saved.json()["url"], **OFFICER).is_success
    assert api.get("/v1/audit/queries", **OFFICER).json() == {"queries": [saved.json()]}
    assert api.ask("DELETE", url, **OFFICER).json() == saved.json()
    assert api.ask("DELETE", url, **OFFICER).status_code == 404
    for wrong in ({"nothing": "x"}, {"cursor": "x"}, {"name": "a\0"}):
        assert api.ask("PUT", url, json={"query": wrong}, **OFFICER).status_code == 422


def test_the_clock_that_dates_is_held_against_this_one(api: Api) -> None:
    assert abs(api.get("/readyz").json()["clock_drift"]) < 5
    assert "journey_clock_drift_seconds" in api.get("/metrics", **OFFICER).text
