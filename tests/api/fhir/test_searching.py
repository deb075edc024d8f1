"""A search puts in order, counts, brings along what refers to what it finds, and takes a form."""

from itertools import pairwise
from typing import Any
from urllib.parse import urlencode

import pytest
from httpx2 import Response

from journey.api.access import keys
from journey.api.access.keys import Grant
from journey.api.access.table import Role
from journey.api.fhir import searching
from tests.api.test_reading import projected
from tests.fhir.validating import assert_valid
from tests.served import Api, number

pytestmark = pytest.mark.database

PATIENT, OTHER, REFERRAL = number(801), number(802), number(803)
VISITS = [number(each) for each in range(811, 818)]
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture(scope="module")
def told(api: Api) -> str:
    """Seven visits, on days that have nothing to do with their ids, two of them on the same and one on none,
    in another order of recording; one is by a referral.
    """
    journey = api.opened(patient_id=PATIENT, patient={"family": "Sorrel"}, occurred_at="2025-03-01T08:00:00Z")
    other = api.opened(patient_id=OTHER)
    order = {"service": {"system": "CPT", "code": "93306"}, "performer": "cardiology"}
    api.told(journey, "send-referral", referral_id=REFERRAL, order=order)
    days = dict(zip(VISITS, (9, 4, 6, 4, None, 8, 5), strict=True))
    for visit in [*VISITS[3:], *VISITS[:3]]:
        about: dict[str, Any] = {} if visit != VISITS[0] else {"referral_id": REFERRAL}
        if days[visit]:
            start = f"2025-04-0{days[visit]}T09:00:00Z"
            api.told(journey, "book-visit", visit_id=visit, appointment={"start": start, **about})
        else:
            last = api.told(journey, "request-visit", visit_id=visit, appointment=about)
    last = api.told(journey, "record-arrival", visit_id=VISITS[0])
    projected(api, journey, last["version"])
    projected(api, other, 1)
    return journey


def searched(api: Api, query: str, **more: Any) -> dict[str, Any]:
    answer = api.get(f"/v1/fhir/{query}", **more)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def of(bundle: dict[str, Any], mode: str = "match") -> list[dict[str, Any]]:
    return [each["resource"] for each in bundle.get("entry", ()) if each["search"]["mode"] == mode]


def ids(bundle: dict[str, Any]) -> list[str]:
    return [each["id"] for each in of(bundle)]


def following(bundle: dict[str, Any]) -> str | None:
    links = {each["relation"]: each["url"] for each in bundle["link"]}
    return links.get("next")


def whole(api: Api, query: str) -> list[dict[str, Any]]:
    """All pages of it."""
    found, url = list[dict[str, Any]](), f"/v1/fhir/{query}"
    while url:
        bundle = api.get(url).json()
        found += of(bundle)
        url = following(bundle) or ""
    return found


@pytest.mark.usefixtures("told")
@pytest.mark.parametrize("count", [1, 2, 3, 7])
@pytest.mark.parametrize(
    ("sort", "places"), [("date", (1, 3, 6, 2, 5, 0, 4)), ("-date", (0, 5, 2, 6, 1, 3, 4)), ("_id", range(7))]
)
def test_pages_are_in_the_order_that_was_asked_for(api: Api, sort: str, places: Any, count: int) -> None:
    """What has no date comes last either way; what has the same, by its id."""
    query = f"Appointment?patient={PATIENT}&_sort={sort}&_count={count}"
    assert [each["id"] for each in whole(api, query)] == [VISITS[each] for each in places]


@pytest.mark.usefixtures("told")
@pytest.mark.parametrize("count", [1, 2, 50])
def test_what_was_changed_last_comes_first_or_last(api: Api, count: int) -> None:
    for sort, is_falling in (("_lastUpdated", False), ("-_lastUpdated", True)):
        found = whole(api, f"Appointment?patient={PATIENT}&_sort={sort}&_count={count}")
        changed = [each["meta"]["lastUpdated"] for each in found]
        assert changed == sorted(changed, reverse=is_falling)
        assert sorted(each["id"] for each in found) == VISITS
        assert found[-is_falling]["id"] == VISITS[3]


@pytest.mark.usefixtures("told")
def test_what_changes_between_two_pages_is_told_again_and_nothing_is_left_out(api: Api) -> None:
    journey = api.opened(patient_id=number(821))
    visits = [number(each) for each in range(822, 827)]
    for each in visits:
        api.told(journey, "record-arrival", visit_id=each)
    first = searched(api, f"Encounter?patient={number(821)}&_sort=_lastUpdated&_count=2")
    api.told(journey, "start-visit", visit_id=visits[0])
    rest, url = list[str](), following(first)
    while url:
        bundle = api.get(url).json()
        rest, url = [*rest, *ids(bundle)], following(bundle)
    assert (ids(first), rest) == (visits[:2], [*visits[2:], visits[0]])


def test_too_many_to_be_sorted_by_their_change_are_refused(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(searching, "ALONG", 3)
    refused = api.get("/v1/fhir/Appointment?_sort=_lastUpdated")
    assert (refused.status_code, refused.json()["issue"][0]["expression"]) == (422, ["http._lastUpdated"])
    along = api.get(f"/v1/fhir/Patient?_id={PATIENT}&_revinclude=Appointment:patient")
    assert (along.status_code, along.json()["issue"][0]["expression"]) == (422, ["http._count"])


@pytest.mark.usefixtures("told")
@pytest.mark.parametrize(
    ("query", "total"),
    [
        ("&_total=accurate&_count=2", 7),
        ("&_total=estimate&date=ge2025-04-06", 3),
        ("&_summary=count", 7),
        ("&_count=0&status=booked", 5),
        ("&_summary=count&_lastUpdated=gt2125-01-01", 0),
        ("&_summary=count&_lastUpdated=gt2025-01-01", 7),
        ("&_total=accurate&_sort=_lastUpdated&_count=3", 7),
        ("&_total=none", None),
        ("&_summary=false", None),
    ],
)
def test_how_many_there_are_is_told_to_who_asks(api: Api, query: str, total: int | None) -> None:
    bundle = searched(api, f"Appointment?patient={PATIENT}{query}")
    assert bundle.get("total") == total
    assert ("entry" in bundle) is ("count" not in query.split("&")[1] or "_count=2" in query)


@pytest.mark.usefixtures("told")
@pytest.mark.parametrize(
    ("query", "come"),
    [
        (f"Patient?_id={PATIENT}&_revinclude=Encounter:patient", {("Encounter", VISITS[0])}),
        (
            f"ServiceRequest?_id={REFERRAL}&_revinclude=Task:focus&_revinclude=Appointment:based-on",
            {("Task", REFERRAL), ("Appointment", VISITS[0])},
        ),
        (f"Appointment?_id={VISITS[0]}&_revinclude=Encounter:appointment", {("Encounter", VISITS[0])}),
        (f"Appointment?_id={VISITS[1]}&_revinclude=Encounter:appointment:Appointment", set()),
        (
            f"Appointment?_id={VISITS[0]}&_revinclude=Encounter:appointment&_include=Appointment:patient",
            {("Encounter", VISITS[0]), ("Patient", PATIENT)},
        ),
    ],
)
def test_what_refers_to_it_comes_along(api: Api, query: str, come: set[tuple[str, str]]) -> None:
    along = of(searched(api, query), "include")
    assert {(each["resourceType"], each["id"]) for each in along} == come
    assert len(along) == len(come)


def test_what_comes_along_is_theirs_to_see_and_stands_in_the_trail(api: Api, told: str) -> None:
    key = keys.create(
        api.conninfo, "sees patients", Role.COORDINATOR, None, Grant(scopes=("system/Patient.rs",))
    )
    held = {"Authorization": f"Bearer {key.token}"}
    query = f"Patient?_id={PATIENT}&_revinclude=Encounter:patient"
    assert of(searched(api, query, role=None, headers=held), "include") == []
    answer = api.get(f"/v1/fhir/{query}")
    seen = api.get(f"/v1/audit?request_id={answer.headers['x-request-id']}", role=Role.COMPLIANCE).json()
    assert [each["journeys"] for each in seen["audit"] if each["kind"] == "search"] == [
        [told.rpartition("/")[2]]
    ]


@pytest.mark.usefixtures("told")
def test_only_those_elements_are_told_that_were_asked_for(api: Api) -> None:
    asked = {"Appointment": "start,end", "Encounter": "period,location", "EpisodeOfCare": "period"}
    for type_, elements in asked.items():
        found = of(searched(api, f"{type_}?patient={PATIENT}"))
        [some] = of(searched(api, f"{type_}?_id={found[0]['id']}&_elements={elements}"))
        assert_valid(some)
        assert [each["code"] for each in some["meta"]["tag"]] == ["SUBSETTED"]
        assert {*some} < {*found[0]}
        assert all(found[0][name] == value for name, value in some.items() if name != "meta")
        assert {*elements.split(",")} & {*found[0]} <= {*some}


# --- By a form


def by_form(api: Api, type_: str, said: dict[str, str], **more: Any) -> Response:
    content = urlencode(said)
    return api.ask("POST", f"/v1/fhir/{type_}/_search", content=content, headers=FORM, **more)


@pytest.mark.usefixtures("told")
def test_a_form_finds_what_an_address_finds(api: Api) -> None:
    said = {"patient": PATIENT, "_sort": "-date", "status": "booked"}
    answer = by_form(api, "Appointment", said)
    assert answer.status_code == 200, answer.text
    assert of(answer.json()) == of(searched(api, f"Appointment?{urlencode(said)}"))
    beside = api.ask("POST", f"/v1/fhir/Appointment/_search?patient={PATIENT}")
    assert ids(beside.json()) == VISITS


@pytest.mark.usefixtures("told")
def test_what_a_form_asks_for_stands_in_no_address(api: Api) -> None:
    """Not in those that lead on, either; they lead on all the same, for this type alone."""
    first = by_form(api, "Patient", {"name": "sorrel"})
    assert ids(first.json()) == [PATIENT]
    assert "sorrel" not in str(first.json()["link"]).lower()
    pages = [by_form(api, "Appointment", {"patient": PATIENT, "_count": "3"}).json()]
    while url := following(pages[-1]):
        assert PATIENT not in url
        pages.append(api.get(url).json())
    assert [each for page in pages for each in ids(page)] == VISITS
    for page, again in pairwise(pages):
        assert page["link"] != again["link"]
    [own] = [each["url"] for each in pages[0]["link"] if each["relation"] == "self"]
    assert ids(api.get(own).json()) == ids(pages[0])
    foreign = api.get(own.replace("/Appointment?", "/Encounter?"))
    assert (foreign.status_code, foreign.json()["issue"][0]["details"]["coding"][0]["code"]) == (
        422,
        "bad-cursor",
    )


@pytest.mark.usefixtures("told")
def test_the_trail_has_what_a_form_asked_for_without_names(api: Api) -> None:
    for answer in (by_form(api, "Patient", {"name": "sorrel", "_count": "3"}), by_form(api, "Patient", {})):
        asked = f"/v1/audit?request_id={answer.headers['x-request-id']}"
        text = api.get(asked, role=Role.COMPLIANCE).text
        assert "sorrel" not in text
    first = by_form(api, "Patient", {"name": "sorrel", "_count": "3"})
    text = api.get(f"/v1/audit?request_id={first.headers['x-request-id']}", role=Role.COMPLIANCE).text
    assert "name=%2A&_count=3" in text


@pytest.mark.parametrize(
    ("content", "headers", "status"),
    [
        ("status=planned", {"Content-Type": "application/json"}, 415),
        ("_id=" + "a" * 6000, FORM, 413),
        (b"name=\xff", FORM, 400),
        ("name=%ff", FORM, 400),
        ("colour=red", FORM, 422),
    ],
)
def test_a_form_that_makes_no_sense_is_refused(api: Api, content: Any, headers: Any, status: int) -> None:
    answer = api.ask("POST", "/v1/fhir/Encounter/_search", content=content, headers=headers)
    assert (answer.status_code, answer.json()["resourceType"]) == (status, "OperationOutcome")


# --- Lenient


@pytest.mark.usefixtures("told")
def test_who_is_lenient_is_told_what_was_passed_over(api: Api) -> None:
    asked = f"Appointment?patient={PATIENT}&colour=red&_count=5&service-type=x"
    bundle = searched(api, asked, headers={"Prefer": "return=minimal, handling=lenient"})
    assert ids(bundle) == VISITS[:5]
    [outcome] = of(bundle, "outcome")
    assert [(each["severity"], each["expression"]) for each in outcome["issue"]] == [
        ("warning", ["http.colour"]),
        ("warning", ["http.service-type"]),
    ]
    assert_valid(outcome)
    assert "colour" not in str(bundle["link"])
    assert ids(api.get(following(bundle) or "").json()) == VISITS[5:]
    for query in (asked, "Appointment?status:not=booked"):
        headers = {"Prefer": "handling=strict" if query is asked else "handling=lenient"}
        assert api.get(f"/v1/fhir/{query}", headers=headers).status_code == 422
