"""FHIR is read, searched and told in versions, by who may and of what they may see."""

from typing import Any

import pytest

from journey.api.access import keys
from journey.api.access.keys import Grant
from journey.api.access.table import Role
from tests.api.test_reading import projected
from tests.served import Api, number

pytestmark = pytest.mark.database

FHIR = "application/fhir+json; fhirVersion=4.0"


@pytest.fixture(scope="module")
def visited(api: Api) -> str:
    """A journey with a visit that took place."""
    journey = api.opened(patient_id=number(71), occurred_at="2025-03-01T08:00:00Z")
    visit = number(72)
    at = "2025-03-05T09:0{}:00Z".format
    api.told(
        journey,
        "book-visit",
        visit_id=visit,
        appointment={"start": at(0)},
        occurred_at=at(0)[:8] + "02T08:00:00Z",
    )
    api.told(journey, "record-arrival", visit_id=visit, occurred_at=at(1))
    api.told(journey, "start-visit", visit_id=visit, occurred_at=at(2))
    last = api.told(journey, "complete-visit", visit_id=visit, occurred_at=at(9))
    projected(api, journey, last["version"])
    return journey


def read(api: Api, path: str, **more: Any) -> dict[str, Any]:
    answer = api.get(f"/v1/fhir/{path}", **more)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == FHIR
    return dict(answer.json())


def test_a_resource_is_read_as_it_is_now(api: Api, visited: str) -> None:
    found = read(api, f"Encounter/{number(72)}")
    assert found["status"] == "finished"
    assert found["period"] == {"start": "2025-03-05T09:01:00.000000Z", "end": "2025-03-05T09:09:00.000000Z"}
    assert found["episodeOfCare"][0]["reference"] == f"EpisodeOfCare/{visited.rpartition('/')[2]}"
    assert [each["status"] for each in found["statusHistory"]] == ["arrived", "in-progress"]


@pytest.mark.usefixtures("visited")
def test_each_version_is_read_as_it_was(api: Api) -> None:
    history = read(api, f"Encounter/{number(72)}/_history")
    assert history["type"] == "history"
    told = [(each["request"]["method"], each.get("resource", {}).get("status")) for each in history["entry"]]
    assert told == [("PUT", "finished"), ("PUT", "in-progress"), ("POST", "arrived")]
    for each in history["entry"]:
        version = each["response"]["etag"].removeprefix('W/"').removesuffix('"')
        assert read(api, f"Encounter/{number(72)}/_history/{version}") == each["resource"]
    booked = int(version) - 1
    assert api.get(f"/v1/fhir/Encounter/{number(72)}/_history/{booked}").status_code == 404
    assert api.get(f"/v1/fhir/Encounter/{number(72)}/_history/999").status_code == 404


@pytest.mark.usefixtures("visited")
def test_the_history_pages_without_a_seam(api: Api) -> None:
    whole = read(api, f"Encounter/{number(72)}/_history")["entry"]
    paged: list[Any] = []
    path = f"Encounter/{number(72)}/_history?_count=1"
    while path:
        page = read(api, path)
        paged += page["entry"]
        links = {each["relation"]: each["url"] for each in page["link"]}
        path = links.get("next", "").rpartition("/fhir/")[2]
    assert paged == whole


@pytest.mark.usefixtures("visited")
def test_who_has_it_already_is_told_so(api: Api) -> None:
    first = api.get(f"/v1/fhir/Encounter/{number(72)}")
    tag = first.headers["etag"]
    assert tag == f'W/"{first.json()["meta"]["versionId"]}"'
    again = api.get(f"/v1/fhir/Encounter/{number(72)}", headers={"If-None-Match": tag})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.usefixtures("visited")
@pytest.mark.parametrize(
    ("query", "is_found"),
    [
        (f"patient={number(71)}", True),
        (f"patient=Patient/{number(71)}", True),
        (f"patient={number(70)}", False),
        ("status=finished", True),
        ("status=arrived,finished", True),
        ("status=planned", False),
        ("date=2025-03-05", True),
        ("date=ge2025-03-05T09:10:00Z", False),
        ("date=ge2025-03-05T09:08:00Z", True),
        ("date=lt2025-03-05", False),
        ("date=eb2025-03-06", True),
        ("date=2025", True),
        ("date=ge2025-03-05&date=le2025-03-05", True),
        (f"_id={number(72)}", True),
        (f"_id={number(1)}", False),
        (f"identifier=urn:ietf:rfc:3986|urn:uuid:{number(72)}", True),
        (f"identifier=urn:uuid:{number(72)}", True),
        ("_lastUpdated=ge2026-01-01", True),
        ("_lastUpdated=lt2026-01-01", False),
    ],
)
def test_a_search_finds_what_is_asked_for(api: Api, query: str, *, is_found: bool) -> None:
    found = read(
        api, f"Encounter?patient={number(71)}&{query}" if "patient" not in query else f"Encounter?{query}"
    )
    ids = [each["resource"]["id"] for each in found.get("entry", ())]
    assert ids == ([number(72)] if is_found else [])


def test_a_search_pages_without_a_seam(api: Api) -> None:
    journey = api.opened(patient_id=number(75))
    for each in range(80, 87):
        last = api.told(journey, "record-arrival", visit_id=number(each))
    projected(api, journey, last["version"])
    path, ids = f"Encounter?patient={number(75)}&_count=3", list[str]()
    while path:
        page = read(api, path)
        ids += [each["resource"]["id"] for each in page.get("entry", ())]
        links = {each["relation"]: each["url"] for each in page["link"]}
        path = links.get("next", "").rpartition("/fhir/")[2]
    assert ids == [number(each) for each in range(80, 87)]


@pytest.mark.parametrize(
    ("path", "status", "code", "expression"),
    [
        ("Observation", 404, "not-found", None),
        ("Observation/1", 404, "not-found", None),
        (f"Encounter/{number(1)}", 404, "not-found", None),
        ("Encounter/..%2f", 404, "not-found", None),
        ("Encounter?colour=red", 422, "invalid", "http.colour"),
        ("Encounter?status:not=finished", 422, "invalid", "http.status:not"),
        ("Encounter?date=yesterday", 422, "invalid", "http.date"),
        ("Encounter?date=ge2025-03-05T09:00:00", 422, "invalid", "http.date"),
        ("Encounter?patient=anne", 422, "invalid", "http.patient"),
        ("Encounter?_count=501", 422, "invalid", "http._count"),
        ("Encounter?_sort=status", 422, "invalid", "http._sort"),
        ("Encounter?_sort=date,_id", 422, "invalid", "http._sort"),
        ("Patient?_sort=birthdate", 422, "invalid", "http._sort"),
        ("Encounter?_summary=text", 422, "invalid", "http._summary"),
        ("Encounter?_total=some", 422, "invalid", "http._total"),
        ("Encounter?_elements=a.b", 422, "invalid", "http._elements"),
        ("Encounter?_revinclude=Encounter:patient", 422, "invalid", "http._revinclude"),
        ("Encounter?_include:iterate=Encounter:patient", 422, "invalid", "http._include:iterate"),
        ("Encounter?patient.name=quince", 422, "invalid", "http.patient.name"),
        ("Encounter?_has:Task:focus:status=x", 422, "invalid", "http._has:Task:focus:status"),
        ("Encounter?_page=AAAA", 422, "invalid", None),
        ("Encounter?_page=AAAA&status=finished", 422, "invalid", "http._page"),
        ("Encounter?_count=many", 422, "invalid", "http._count"),
        ("Encounter?_include=Encounter:weather", 422, "invalid", "http._include"),
        ("Encounter?_id=,", 422, "invalid", "http._id"),
        ("Encounter?_format=xml", 406, "not-supported", None),
        ("Encounter?cursor=AAAA", 422, "invalid", None),
    ],
)
def test_what_makes_no_sense_is_an_outcome(
    api: Api, path: str, status: int, code: str, expression: str | None
) -> None:
    answer = api.get(f"/v1/fhir/{path}")
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == FHIR
    told = answer.json()
    assert told["resourceType"] == "OperationOutcome"
    (issue,) = told["issue"]
    assert (issue["severity"], issue["code"]) == ("error", code)
    assert issue.get("expression") == ([expression] if expression else None)


@pytest.mark.usefixtures("visited")
def test_who_asks_for_xml_is_told_that_there_is_none(api: Api) -> None:
    answer = api.get(f"/v1/fhir/Encounter/{number(72)}", headers={"Accept": "application/fhir+xml"})
    assert (answer.status_code, answer.json()["resourceType"]) == (406, "OperationOutcome")


@pytest.mark.usefixtures("visited")
def test_nobody_reads_without_a_key(api: Api) -> None:
    answer = api.get(f"/v1/fhir/Encounter/{number(72)}", role=None)
    assert (answer.status_code, answer.json()["issue"][0]["code"]) == (401, "login")


def test_the_capability_statement_says_exactly_what_is_there(api: Api) -> None:
    """Who reads the audit is not who follows the log, and neither works with patients."""
    told = read(api, "metadata", role=None)
    (rest,) = told["rest"]
    assert rest["security"]["cors"] is False
    roles = {"AuditEvent": Role.COMPLIANCE, "Provenance": Role.COMPLIANCE}
    values = {"date": "2025-03-05", "reference": number(1), "action": "R", "outcome": "0", "type": "rest"}
    for resource in rest["resource"]:
        if resource["type"] == "Subscription":  # is nobody's but who follows: tests of its own ask for it
            continue
        role = roles.get(resource["type"], Role.COORDINATOR)
        for parameter in resource["searchParam"]:
            name = parameter["name"]
            value = values.get(name, values.get(parameter["type"], "1970-03-02"))
            read(api, f"{resource['type']}?{name}={value}", role=role)
        for include in resource.get("searchInclude", ()):
            read(api, f"{resource['type']}?_include={include}", role=role)
        for include in resource.get("searchRevInclude", ()):
            read(api, f"{resource['type']}?_revinclude={include}", role=role)


def test_reads_and_searches_stand_in_the_trail(api: Api, visited: str) -> None:
    journey = visited.rpartition("/")[2]
    read(api, f"Encounter/{number(72)}")
    read(api, f"Encounter?patient={number(71)}")
    told = api.get(f"/v1/audit?journey={journey}&limit=500", role=Role.COMPLIANCE).json()["audit"]
    routes = {(each["kind"], each["route"]) for each in told if each.get("route")}
    assert ("read", "/v1/fhir/{type_}/{id_}") in routes
    assert ("search", "/v1/fhir/{type_}") in routes


@pytest.mark.usefixtures("visited")
@pytest.mark.parametrize(
    ("scope", "reads", "searches"),
    [
        ("system/Encounter.r", True, False),
        ("system/Encounter.s", False, True),
        ("system/*.rs", True, True),
        ("system/Task.rs", False, False),
    ],
)
def test_a_scope_opens_the_type_that_it_names(api: Api, scope: str, *, reads: bool, searches: bool) -> None:
    key = keys.create(api.conninfo, f"holds {scope}", Role.COORDINATOR, None, Grant(scopes=(scope,)))
    held = {"Authorization": f"Bearer {key.token}"}
    paths = {f"Encounter/{number(72)}": reads, f"Encounter?patient={number(71)}": searches}
    for path, is_open in paths.items():
        answer = api.get(f"/v1/fhir/{path}", role=None, headers=held)
        assert (answer.status_code == 200) is is_open, answer.text
        assert is_open or answer.json()["issue"][0]["code"] == "forbidden"
