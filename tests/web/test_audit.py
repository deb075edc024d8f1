"""Audit: filtered by every element, saved, reported and signed off; what was opened in an emergency first."""

import html
import re
from typing import Any

import pytest

from journey.api.access import keys
from journey.api.access.keys import Grant
from journey.api.access.table import Role
from journey.api.access.trail import Kind, Outcome
from journey.audit.entries import SORTABLE
from journey.web.pages.audit import KINDS, OUTCOMES
from journey.web.pages.audit import SORTABLE as SORTED
from tests.api.test_reading import projected
from tests.served import Api
from tests.web.conftest import Browser

pytestmark = pytest.mark.database


@pytest.fixture(scope="module")
def journey(api: Api) -> str:
    """A journey that somebody of another team opened in an emergency."""
    address = api.opened(patient={"family": "Ahlgren"})
    projected(api, address, api.get(address).json()["version"])
    token = keys.create(api.conninfo, "night doctor", Role.CLINICIAN, "ward 9", Grant(("ward 9",))).token
    reason = {"code": "ETREAT", "text": "Collapsed in the lobby."}
    wanted = {"journey_id": address.rpartition("/")[2], "reason": reason}
    night: dict[str, Any] = {"role": None, "headers": {"Authorization": f"Bearer {token}"}}
    assert api.post("/v1/break-glass", wanted, **night).status_code == 201
    assert api.get(address, **night).status_code == 200
    return address.rpartition("/")[2]


def table(page: str) -> str:
    return page.partition('class="nhsuk-table j-list j-audit"')[2]


def test_who_saw_what_is_asked_by_its_elements(officer: Browser, journey: str) -> None:
    by_name = table(officer.open("audit?name=night+doctor&kind=read"))
    assert journey in by_name
    assert "Journey opened" not in by_name
    of_it = table(officer.open(f"audit?journey={journey}&kind=recorded&sort=version"))
    assert "journey.opened" in of_it
    assert "Nothing of this kind" in officer.open(
        f"audit?journey={journey}&outcome=denied&to=2020-01-01T00:00"
    )


def test_every_element_has_its_field(officer: Browser) -> None:
    page = officer.open("audit")
    elements = {
        *("from", "to", "kind", "outcome", "name", "role", "team", "caller", "patient", "journey", "type"),
        *("version", "method", "route", "id", "purpose", "basis", "source", "peer", "request_id"),
        *("correlation_id", "sort"),
    }
    assert elements <= set(re.findall(r'<(?:input|select)[^>]* name="(\w+)"', page))


def test_every_word_of_the_audit_can_be_chosen() -> None:
    assert set(KINDS) == set(Kind)
    assert set(OUTCOMES) == set(Outcome)
    assert set(SORTED) == set(SORTABLE)


def test_what_is_asked_wrongly_is_said_and_stays(officer: Browser) -> None:
    page = officer.open("audit?patient=not-an-id", 422)
    assert "This was not done" in page
    assert 'value="not-an-id"' in page


def test_a_query_is_saved_used_and_deleted(officer: Browser) -> None:
    saved = officer.send("audit/queries", name="Broken glass", query="kind=glass-broken&sort=at")
    assert saved.status_code == 303
    page = officer.open("audit")
    assert 'href="/console/audit?kind=glass-broken&amp;sort=at">broken-glass</a>' in page
    refused = officer.send("audit/queries", name="ß!", query="kind=read")
    assert refused.status_code == 422
    assert officer.send("audit/queries/remove", name="broken-glass").status_code == 303
    assert ">broken-glass</a>" not in officer.open("audit")


def test_all_of_it_is_downloaded(officer: Browser, journey: str) -> None:
    asked = f"audit/report?journey={journey}&kind=recorded"
    assert journey in officer.open(f"{asked}&format=csv")
    assert '"AuditEvent"' in officer.open(f"{asked}&format=fhir").replace(" ", "")
    assert officer.open(f"{asked}&format=text").count("\n") >= 1


@pytest.mark.usefixtures("journey")
def test_what_was_opened_in_an_emergency_is_reviewed(officer: Browser) -> None:
    page = officer.open("audit/reviews")
    assert "Collapsed in the lobby." in page
    found = re.search(r'name="break_glasses" value="([0-9a-f-]+)"', page)
    assert found
    form: dict[str, Any] = {
        "begins": "2026-01-01T00:00",
        "ends": "2025-01-01T00:00",
        "scope": "The night",
        "findings": "It was called for.",
        "break_glasses": found[1],
    }
    refused = officer.send("audit/reviews", **form)
    assert refused.status_code == 422
    assert "later than begins" in html.unescape(refused.text)
    assert "It was called for." in refused.text
    assert officer.send("audit/reviews", **form | {"ends": "2027-01-01T00:00"}).status_code == 303
    after = officer.open("audit/reviews")
    assert "Collapsed in the lobby." not in after
    assert "It was called for." in after


def test_who_may_not_audit_is_refused(coordinator: Browser) -> None:
    coordinator.open("audit", 403)
    coordinator.open("audit/reviews", 403)
