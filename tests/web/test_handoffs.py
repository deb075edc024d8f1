"""A handoff is seen on the board, read as I-PASS has it, and accepted with a read-back."""

import re
from itertools import count
from typing import Any

import pytest

from tests.api.test_lists import offer
from tests.api.test_reading import projected
from tests.served import Api, number
from tests.waiting import until
from tests.web.conftest import CSRF, Browser

pytestmark = pytest.mark.database
numbers = count(500)


@pytest.fixture
def offered(api: Api) -> tuple[str, str]:
    """A journey and its handoff, which waits."""
    journey, handoff = api.opened(patient={"family": "Lind"}), number(next(numbers))
    told = {
        **offer("ward 3", "watcher"),
        "actions": [{"action_id": number(next(numbers)), "what": "Recheck K+"}],
    }
    last = api.told(journey, "offer-handoff", handoff_id=handoff, offer=told)
    projected(api, journey, last["version"])
    return journey, handoff


def address(offered: tuple[str, str]) -> str:
    return f"handoffs/{offered[0].rpartition('/')[2]}/{offered[1]}"


def act(browser: Browser, path: str, **form: Any) -> Any:
    page = browser.open(path)
    [csrf] = set(CSRF.findall(page))
    return browser.post(path, csrf=csrf, once=number(next(numbers)), **form)


def test_what_waits_is_on_the_board(coordinator: Browser, offered: tuple[str, str]) -> None:
    page = coordinator.open("handoffs")
    assert f'href="/console/{address(offered)}">Lind</a>' in page


def test_the_board_is_told_what_has_changed_on_it(
    api: Api, coordinator: Browser, offered: tuple[str, str]
) -> None:
    part = {"HX-Request": "true"}
    [look] = re.findall(r'hx-get="/console/(handoffs\?since=[^"]+)"', coordinator.open("handoffs"))
    assert coordinator.open(look, 204, headers=part) == ""
    last = api.told(offered[0], "decline-handoff", handoff_id=offered[1], reason="No bed")
    projected(api, offered[0], last["version"])
    news = coordinator.open(look, headers=part)
    assert re.findall(r'id="handoff-([^"]+)" data-column="(\w+)"', news) == [(offered[1], "escalating")]
    anew = coordinator.open("handoffs?since=unknown", headers=part)
    assert "data-whole" in anew
    assert "data-whole" not in news


def test_a_handoff_reads_as_it_was_offered(coordinator: Browser, offered: tuple[str, str]) -> None:
    page = coordinator.open(address(offered))
    assert "Recheck K+" in page
    assert "watcher" in page
    assert "Accept and read back" in page


def test_it_is_accepted_with_a_read_back(api: Api, coordinator: Browser, offered: tuple[str, str]) -> None:
    answer = act(coordinator, address(offered), do="accept", text="A watcher; recheck potassium at six.")
    assert answer.status_code == 303, answer.text
    told = api.get(f"{offered[0]}/events").json()["events"]
    assert [each["type"] for each in told[-2:]] == ["handoff.accepted", "handoff.synthesised"]
    assert {each["data"].get("accepted_by") or each["data"].get("synthesised_by") for each in told[-2:]} == {
        "some coordinator"
    }


def test_a_read_back_says_something(coordinator: Browser, offered: tuple[str, str]) -> None:
    act(coordinator, address(offered), do="accept", text="It is clear.")
    answer = act(coordinator, address(offered), do="synthesise", text="")
    assert answer.status_code == 422
    assert "This was not recorded" in answer.text


def test_it_is_declined_with_a_reason_and_escalated(
    api: Api, coordinator: Browser, offered: tuple[str, str]
) -> None:
    assert act(coordinator, address(offered), do="decline", reason="No bed.").status_code == 303
    answer = act(coordinator, address(offered), do="escalate", level="1")
    told = api.get(f"{offered[0]}/events").json()["events"]
    assert [each["type"] for each in told][-1] == "handoff.declined"
    assert answer.status_code == 409
    assert "ladder" in answer.text


def test_a_question_is_asked_and_answered(api: Api, coordinator: Browser, offered: tuple[str, str]) -> None:
    assert act(coordinator, address(offered), do="ask", question="Which dose?").status_code == 303
    until(lambda: "Which dose?" in coordinator.open(address(offered)))
    question = api.get(f"{offered[0]}/events").json()["events"][-1]["data"]["question_id"]
    assert (
        act(coordinator, address(offered), do="answer", question_id=question, answer="40 mg").status_code
        == 303
    )
    until(lambda: "40 mg" in coordinator.open(address(offered)))
