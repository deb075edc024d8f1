"""Whatever is asked under the address of FHIR is answered in FHIR, and never by a fault."""

from urllib.parse import quote, urlencode

import pytest
from httpx2 import Response
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as some

from journey.api.access.table import Role
from journey.api.fhir.negotiation import is_welcome
from journey.fhir.every import KINDS
from tests.api.test_reading import projected
from tests.served import Api, number

pytestmark = pytest.mark.database

FHIR = "application/fhir+json; fhirVersion=4.0"
FORM = "application/x-www-form-urlencoded"
IN_A_PATH = some.one_of(
    some.sampled_from(
        ["Encounter", "Patient", "_history", "_search", "metadata", "$everything", number(301)]
    ),
    some.text(some.characters(exclude_categories=["Cs"]), max_size=80),
)
NAMES = [
    *sorted({name for kind in KINDS.values() for name in kind.parameters}),
    *("_id", "_lastUpdated", "_count", "_include", "_format", "cursor", "_sort", "_since", "_revinclude"),
    *("_total", "_summary", "_elements", "_page", "status:not"),
]
VALUES = some.one_of(
    some.sampled_from(
        [
            "ge2026",
            "eq0001",
            "lt9999-12-31",
            "9999",
            "ap2026-01-01",
            "2026-02-30",
            "0000",
            "json",
            number(301),
            "-date",
            "-_lastUpdated",
            "count",
            "accurate",
            "Encounter:patient",
            "|",
            "a|",
        ]
    ),
    some.from_regex(r"\A(eq|ne|gt|lt|ge|le|sa|eb)?\d{1,5}(-\d{1,2}){0,2}(T[0-9:.+Z-]{0,16})?\Z"),
    some.text(some.characters(exclude_categories=["Cs"]), max_size=30),
    some.integers().map(str),
)


@pytest.fixture(scope="module")
def journey(api: Api) -> str:
    """A journey of somebody with a name, whose visit was booked."""
    address = api.opened(patient_id=number(301), patient={"family": "Quince", "given": ["Ada"]})
    last = api.told(
        address, "book-visit", visit_id=number(302), appointment={"start": "2026-03-01T09:00:00Z"}
    )
    projected(api, address, last["version"])
    return address.rpartition("/")[2]


def is_in_fhir(answer: Response) -> None:
    assert answer.status_code < 500, answer.text
    assert answer.headers["content-type"] == FHIR
    told = answer.json()
    if answer.is_success:
        assert told["resourceType"] in {"Bundle", "CapabilityStatement", *KINDS}
    else:
        assert told["resourceType"] == "OperationOutcome"
        assert all(each["severity"] == "error" for each in told["issue"])


ASKED = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.mark.usefixtures("journey")
@ASKED
@given(some.lists(IN_A_PATH, min_size=1, max_size=4), some.sampled_from(["", "?_format=json"]))
@example(["Encounter", "\0"], "")
@example(["Encounter", "a" * 5000], "")
@example(["Encounter", number(301), "_history", "9" * 18], "")
@example(["Encounter", number(301), "_history", "\N{ARABIC-INDIC DIGIT ONE}"], "")
def test_any_path_is_answered_in_fhir(api: Api, parts: list[str], query: str) -> None:
    path = "/".join(quote(each, safe="") for each in parts)
    is_in_fhir(api.get(f"/v1/fhir/{path}{query}"))


@pytest.mark.usefixtures("journey")
@ASKED
@given(
    some.sampled_from(sorted(KINDS)),
    some.lists(some.tuples(some.sampled_from(NAMES), VALUES), max_size=3),
    some.sampled_from(["strict", "lenient", "by a form"]),
)
@example("Encounter", [("_count", "9" * 5000)], "strict")
@example("Encounter", [("_lastUpdated", "ge0001-01-01T00:00:00+14:00")], "strict")
@example("Encounter", [("date", "9999-12-31T23:59:59.999999Z")], "by a form")
@example("Patient", [("birthdate", "ge1970")], "strict")
@example("Patient", [("name", "%_\\")], "by a form")
@example("Patient", [("name", "\0")], "lenient")
def test_any_search_is_answered_in_fhir(api: Api, type_: str, said: list[tuple[str, str]], way: str) -> None:
    query, headers = urlencode(said), {"Prefer": f"handling={way}", "Content-Type": FORM}
    if way == "by a form":
        is_in_fhir(api.ask("POST", f"/v1/fhir/{type_}/_search", content=query, headers=headers))
    else:
        is_in_fhir(api.get(f"/v1/fhir/{type_}?{query}", headers=headers))


@pytest.mark.parametrize("method", ["HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
@pytest.mark.parametrize(
    "path",
    [
        "metadata",
        "Encounter",
        f"Encounter/{number(302)}",
        f"Encounter/{number(302)}/_history",
    ],
)
def test_what_cannot_be_done_says_what_can(api: Api, method: str, path: str) -> None:
    answer = api.ask(method, f"/v1/fhir/{path}")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET")
    assert answer.headers["content-type"] == FHIR
    if method != "HEAD":
        assert answer.json()["issue"][0]["code"] == "not-supported"


@pytest.mark.parametrize(
    ("accept", "is_accepted"),
    [
        ("*/*", True),
        ("application/*", True),
        ("application/json", True),
        ("application/fhir+json", True),
        ("Application/FHIR+JSON;Charset=UTF-8", True),
        ("application/fhir+json; fhirVersion=4.0", True),
        ("application/fhir+xml;q=1.0, application/fhir+json;q=0.9", True),
        ("text/html, */*;q=0.1", True),
        ("application/fhir+json;q=0, application/json;q=0.5", True),
        ("application/fhir+json; fhirVersion=5.0", False),
        ("application/fhir+xml", False),
        ("application/ld+json", False),
        ("text/*", False),
        ("application/*;q=0", False),
        ("application/fhir+json;q=0, application/json;q=0.000, */*", False),
        (";;q=,", False),
    ],
)
def test_what_is_accepted_is_weighed(api: Api, journey: str, accept: str, *, is_accepted: bool) -> None:
    assert is_welcome(accept) is is_accepted
    answer = api.get(f"/v1/fhir/EpisodeOfCare/{journey}", headers={"Accept": accept})
    assert answer.status_code == (200 if is_accepted else 406)


@pytest.mark.parametrize(
    "path",
    [
        "EpisodeOfCare/{}",
        "EpisodeOfCare/{}/_history",
        "EpisodeOfCare/{}/_history/1",
        "metadata",
        "EpisodeOfCare?_id={}",
    ],
)
def test_the_form_can_be_named_wherever_something_is_read(api: Api, journey: str, path: str) -> None:
    url = f"/v1/fhir/{path.format(journey)}"
    url += "&_format=" if "?" in url else "?_format="
    for form, status in {
        "json": 200,
        "application/fhir%2Bjson": 200,
        "application/fhir+json": 200,
        "xml": 406,
    }.items():
        answer = api.get(url + form, headers={"Accept": "application/fhir+xml"})
        assert answer.status_code == status, answer.text


def test_where_it_is_follows_what_it_was_asked_by(api: Api, journey: str) -> None:
    """A proxy passes the name on that it is known by."""
    answer = api.get(f"/v1/fhir/EpisodeOfCare?_id={journey}", headers={"Host": "ehr.example:8443"})
    assert answer.json()["entry"][0]["fullUrl"].partition("://")[2].startswith("ehr.example:8443/v1/fhir/")


@pytest.mark.usefixtures("journey")
def test_a_name_that_is_looked_for_stays_out_of_the_trail(api: Api) -> None:
    assert api.get("/v1/fhir/Patient?name=quince&birthdate=1970").status_code == 200
    told = api.get("/v1/audit?kind=search&limit=500", role=Role.COMPLIANCE).text
    assert "name=%2A" in told
    assert "quince" not in told


def test_who_comes_along_stands_in_the_trail(api: Api) -> None:
    """A merged record brings the other along: both are told of."""
    kept, merged = api.opened(patient_id=number(311)), api.opened(patient_id=number(312))
    last = api.told(merged, "merge-patient", survivor=number(311), retired=number(312))
    projected(api, kept, 1)
    projected(api, merged, last["version"])
    answer = api.get(f"/v1/fhir/Patient?_id={number(312)}&_include=Patient:link")
    assert {each["search"]["mode"]: each["resource"]["id"] for each in answer.json()["entry"]} == {
        "match": number(312),
        "include": number(311),
    }
    seen = api.get(f"/v1/audit?request_id={answer.headers['x-request-id']}", role=Role.COMPLIANCE).json()
    [entry] = [each for each in seen["audit"] if each["kind"] == "search"]
    assert set(entry["patients"]) == {number(311), number(312)}
    assert {each.rpartition("/")[2] for each in (kept, merged)} == set(entry["journeys"])
