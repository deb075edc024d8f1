"""Parked messages are seen, corrected, tried again and left from the console."""

import html
import re
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
import pytest

from journey.api.access import keys
from journey.api.access.table import Role
from journey.ingest import remedies
from journey.ingest.fhir import ingest as fhir
from journey.ingest.files import Found
from journey.ingest.hl7v2.inbox import message_key
from journey.ingest.hl7v2.ingest import ingest
from journey.web.pages.parked import TITLES
from tests.ingest.hl7v2.written import PID, evn, message, pv1
from tests.served import Api
from tests.web.conftest import Browser, signed_in

pytestmark = pytest.mark.database

ZONE = ZoneInfo("UTC")
TEXT = re.compile(r"<textarea[^>]*>\n(.*?)</textarea>", re.DOTALL)
MARK = re.compile(r'<mark class="j-wrong">(.*?)</mark>(?:<span class="j-wrong__at">(.*?)</span>)?', re.DOTALL)


def parked(api: Api, *segments: str, kind: str = "ADT^A01") -> str:
    """The page of a message that has come and was not applied."""
    raw = message(kind, *segments)
    assert ingest(api.engine.store, [Found(raw, "adt.hl7", 1)], zone=ZONE).parked
    return f"parked/{message_key(raw).hex()}"


def bad_time(api: Api) -> str:
    return parked(api, evn("20261340"), PID, pv1())


def wrong(page: str) -> list[tuple[str, str]]:
    return [(html.unescape(text), html.unescape(said)) for text, said in MARK.findall(page)]


def typed(page: str) -> str:
    found = TEXT.search(page)
    assert found, page
    return html.unescape(found[1])


def test_each_reason_is_said_in_plain_words() -> None:
    assert TITLES.keys() == remedies.HL7V2.keys() | remedies.FHIR.keys()


def test_where_there_is_nothing_to_see_to_the_page_says_how_messages_come(integrator: Browser) -> None:
    page = integrator.open("parked")
    assert "There is nothing to see to." in page
    assert "journey listen mllp" in page


def test_messages_are_listed_by_reason_with_what_to_do(api: Api, integrator: Browser) -> None:
    one, _, other = bad_time(api), bad_time(api), parked(api, PID, kind="ZZZ^Z99")
    page = integrator.open("parked")
    assert "A time cannot be read" in page
    assert "Correct what the reason names, and have the sender do so." in page
    assert f'href="/console/{one}"' in page
    assert f'href="/console/{other}"' in page
    assert "Jane" not in page
    narrowed = integrator.open("parked?state=parked&channel=hl7v2&code=no-mapping")
    assert f'href="/console/{other}"' in narrowed
    assert f'href="/console/{one}"' not in narrowed
    assert "None is like that." in integrator.open("parked?channel=fhir")
    assert "None is like that." in integrator.open("parked?from=2100-01-01T00:00")
    assert "be a valid datetime" in integrator.open("parked?from=never", status=422)
    assert "Nobody has left a message as it is." in integrator.open("parked?state=dismissed")


def test_a_message_shows_where_it_is_wrong_and_is_corrected(api: Api, integrator: Browser) -> None:
    address = bad_time(api)
    page = integrator.open(address)
    assert wrong(page) == [("20261340", "EVN-6")]
    text = typed(page)
    assert "Doe^Jane" in text
    again = integrator.send(
        address, do="correct", text=text.replace("M1^^^HOSP^MR", ""), why="in haste", once="a"
    )
    assert again.status_code == 422
    assert "The corrected text was not applied either" in again.text
    assert ("", "PID-3 is empty") in wrong(again.text)
    assert "M1^^^HOSP" not in typed(again.text)
    assert 'value="in haste"' in again.text
    right = text.replace("20261340", "20260301").replace("\n", "\r\n")
    done = integrator.send(address, do="correct", text=right, why="the clock of the ward", once="b")
    assert done.headers["location"] == f"/console/{address}?done=correct"
    page = integrator.open(f"{address}?done=correct")
    assert "It is applied." in page
    assert "the clock of the ward" in page
    assert "The text, which is taken instead" in page
    assert "<textarea" not in page
    assert f'href="/console/{address}"' in integrator.open("parked?state=corrected")
    read = api.get("/v1/audit?kind=message-read&limit=1", role=Role.COMPLIANCE).json()["audit"]
    assert read[0]["detail"]["message"] == address.rpartition("/")[2]


def test_what_is_missing_is_said_beside_its_field(api: Api, integrator: Browser) -> None:
    address = bad_time(api)
    answer = integrator.send(address, do="correct", text="MSH|kept", why="", once="c")
    assert answer.status_code == 422
    assert 'id="why-fault"' in answer.text
    assert typed(answer.text) == "MSH|kept"
    assert integrator.send(address, do="anything", once="d").status_code == 200


def test_a_resource_is_corrected_as_json(api: Api, integrator: Browser) -> None:
    resource = b'{"resourceType": "Patient", "id": "w1", "birthDate": "yesterday"}'
    fhir.ingest(api.engine.store, [Found(resource, "file", 1)], zone=ZONE, system="test")
    found = re.search(r'href="/console/(parked/[0-9a-f]{64})"', integrator.open("parked?channel=fhir"))
    assert found
    assert wrong(integrator.open(found[1])) == [('"birthDate": "yesterday"', "Patient.birthDate")]
    answer = integrator.send(found[1], do="correct", text='{"resourceType": ', why="in haste", once="e")
    assert "It is no JSON object" in answer.text
    assert typed(answer.text) == '{"resourceType":'


def test_one_is_tried_again_and_left_and_taken_up_once_more(api: Api, integrator: Browser) -> None:
    address = parked(api, evn("20260301"), "PID|1||W2", pv1(f19="W2"), kind="ADT^A11")
    assert "waiting for others" in integrator.open(address)
    integrator.send(address, do="replay", once="f")
    assert "It waits: it is tried again by itself" in integrator.open(f"{address}?done=replay")
    integrator.send(address, do="dismiss", why="cancelled by telephone", once="g")
    page = integrator.open(f"{address}?done=dismiss")
    assert "It is left as it is." in page
    assert "cancelled by telephone" in page
    assert "Leave it as it is" not in page
    assert f'href="/console/{address}"' in integrator.open("parked?state=dismissed")
    admitted = message("ADT^A01", evn("20260301"), "PID|1||W2", pv1(f19="W2"))
    ingest(api.engine.store, [Found(admitted, "adt", 1)], zone=ZONE)
    integrator.send(address, do="replay", once="h")
    assert "It is applied." in integrator.open(f"{address}?done=replay")


def test_all_of_one_reason_are_tried_again(api: Api, integrator: Browser) -> None:
    with psycopg.connect(api.conninfo, autocommit=True) as connection:
        connection.execute("UPDATE inbox SET raw = '' WHERE status <> 'applied'")
    for day in (1, 2):
        parked(api, evn(f"2026030{day}"), f"PID|1||X{day}", "PV1|1", kind="ADT^A03")
    answer = integrator.send("parked?state=waiting", code="no-visit", channel="hl7v2", once="i")
    assert answer.headers["location"] == "/console/parked?state=waiting&applied=0&left=2"
    assert "Tried again: 0 applied, 2 not." in integrator.open("parked?state=waiting&applied=0&left=2")
    again = integrator.send("parked?state=waiting", code="no-visit", channel="hl7v2", once="i")
    assert again.headers["location"] == answer.headers["location"]


@pytest.mark.parametrize("role", [Role.COORDINATOR, Role.CLINICIAN, Role.COMPLIANCE])
def test_who_cares_for_patients_has_no_such_page(api: Api, role: Role) -> None:
    address = bad_time(api)
    browser = signed_in(api, role)
    assert "/console/parked" not in browser.open("patients")
    for each in ("parked", address):
        assert "This page is not for you" in browser.open(each, status=403)


def test_who_is_bound_to_teams_is_told_why_not(api: Api) -> None:
    token = keys.create(api.conninfo, "of one ward", Role.INTEGRATOR, "ward 3").token
    page = signed_in(api, Role.INTEGRATOR, token).open("parked", status=403)
    assert "ask with a key that is bound to no team" in page


@pytest.mark.parametrize("address", [f"parked/{'0' * 64}", "parked/anything"])
def test_what_is_not_there(integrator: Browser, address: str) -> None:
    answer: Any = integrator.client.get(f"/console/{address}")
    assert answer.status_code in {404, 422}
    assert "<h1" in answer.text


def test_what_is_too_long_for_a_form_is_corrected_elsewhere(api: Api, integrator: Browser) -> None:
    page = integrator.open(parked(api, evn("20261340"), PID, pv1(), f"NTE|1||{'long ' * 50_000}"))
    assert "It is too long for a form." in page
    assert "<textarea" not in page
