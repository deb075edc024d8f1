"""Custody: a hold, a restriction and an erasure by two people; what stands against it is said."""

from itertools import count
from typing import Any

import pytest

from journey.api.access import keys
from journey.api.access.keys import Grant
from journey.api.access.table import Role
from tests.served import Api, number
from tests.web.conftest import Browser, signed_in

pytestmark = pytest.mark.database
numbers = count(7000)


@pytest.fixture(scope="module")
def other(api: Api) -> Browser:
    """Another officer."""
    token = keys.create(api.conninfo, "another officer", Role.COMPLIANCE, "ward 3", Grant()).token
    return signed_in(api, Role.COMPLIANCE, token)


def address(api: Api, at: str = "2001-03-01T08:00:00Z") -> str:
    journey = api.opened(patient={"family": "Hagedorn"}, occurred_at=at)
    return f"custody/{journey.rpartition('/')[2]}"


def act(browser: Browser, path: str, do: str, **form: Any) -> Any:
    return browser.send(path, do=do, once=number(next(numbers)), **form)


def about(page: str) -> str:
    return page.partition('name="about" value="')[2].partition('"')[0]


def test_a_hold_is_placed_and_released(api: Api, officer: Browser) -> None:
    path = address(api)
    assert act(officer, path, "place-legal-hold", matter="Hagedorn v us", reason="a writ").status_code == 303
    page = officer.open(path)
    assert "Hagedorn v us" in page
    assert act(officer, path, "release-legal-hold", about=about(page), reason="settled").status_code == 303
    assert "Nothing of it is held." in officer.open(path)


def test_it_is_restricted_and_seen_again(api: Api, officer: Browser) -> None:
    path = address(api)
    assert act(officer, path, "restrict-processing", ground="objection", reason="letter").status_code == 303
    assert ">restricted</strong>" in officer.open(path)
    assert act(officer, path, "lift-restriction", reason="decided").status_code == 303
    assert "It is seen by all" in officer.open(path)


def test_one_asks_another_decides(api: Api, officer: Browser, other: Browser) -> None:
    path = address(api)
    assert act(officer, path, "request", basis="no-longer-needed", reason="her letter").status_code == 303
    mine = officer.open(path)
    assert "Another person than the one who asked" in mine
    assert "Erase for good" not in mine
    theirs = other.open(path)
    assert "Nothing stands against it" in theirs
    assert act(other, path, "decide", about=about(theirs)).status_code == 303
    assert "Hagedorn" in other.open(path)
    assert act(other, path, "decide", about=about(theirs), sure="yes").status_code == 303
    done = other.open(path)
    assert "another officer decided" in done
    assert "were found" in done
    assert "Hagedorn" not in done


def test_what_stands_against_it_is_said_in_words(api: Api, officer: Browser, other: Browser) -> None:
    path = address(api, "2026-03-01T08:00:00Z")
    act(officer, path, "request", basis="objection", reason="her letter")
    act(officer, path, "place-legal-hold", matter="a dispute", reason="a writ")
    page = other.open(path)
    assert "It is held for a dispute" in page
    assert "It must be kept until" in page
    erasure = about(page.partition('value="withdraw"')[2])
    refused = act(other, path, "decide", about=erasure, sure="yes")
    assert refused.status_code == 409
    assert "This was not done" in refused.text
    assert act(other, path, "withdraw", about=erasure, reason="not now").status_code == 303
    assert "Nobody asks for it." in other.open(path)


def test_what_is_wrong_is_said_and_what_was_typed_stays(api: Api, officer: Browser) -> None:
    path = address(api)
    answer = act(officer, path, "place-legal-hold", matter="Kept as typed", reason="")
    assert answer.status_code == 422
    assert "Kept as typed" in answer.text


def test_who_may_not_decide_is_shown_no_forms(api: Api, coordinator: Browser) -> None:
    page = coordinator.open(address(api))
    assert "Place the hold" not in page
