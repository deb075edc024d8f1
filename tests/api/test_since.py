"""Whoever keeps a list on a screen is told what has changed; many are answered by one read."""

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from journey.api.access.table import Role
from journey.api.lists import since
from journey.api.lists.since import Shared
from tests.api.test_lists import offer
from tests.api.test_reading import projected
from tests.served import Api, number

pytestmark = pytest.mark.database
TEAM = "night watch"


@pytest.fixture(scope="module")
def offered(api: Api) -> tuple[str, ...]:
    """Two journeys, each handed over to the team."""
    journeys = tuple(api.opened(patient={"family": f"Since{each}"}) for each in range(2))
    for place, journey in enumerate(journeys):
        offering = {"handoff_id": number(700 + place), "offer": offer(TEAM, "watcher")}
        projected(api, journey, api.told(journey, "offer-handoff", **offering)["version"])
    return journeys


def told(api: Api, state: str, team: str = TEAM, role: Role = Role.COORDINATOR) -> Mapping[str, Any]:
    answer = api.get(f"/v1/handoffs?team={team}&since={state}", role=role)
    assert answer.status_code == 200, answer.text
    found: Mapping[str, Any] = answer.json()
    return found


def ids(found: Mapping[str, Any]) -> list[str]:
    return [each["handoff_id"] for each in found["handoffs"]]


def test_what_has_changed_is_told_and_what_is_gone(api: Api, offered: tuple[str, ...]) -> None:
    first = told(api, "first")
    assert sorted(ids(first)) == [number(700), number(701)]
    assert (first["whole"], first["gone"]) == (True, [])
    again = told(api, first["state"])
    assert (ids(again), again["gone"], again["whole"], again["state"]) == ([], [], False, first["state"])

    question = {"handoff_id": number(700), "question_id": number(702), "question": "Since when?"}
    projected(api, offered[0], api.told(offered[0], "ask-handoff-question", **question)["version"])
    after = told(api, first["state"])
    assert (ids(after), after["gone"]) == ([number(700)], [])
    assert after["state"] != first["state"]

    withdrawal = {"handoff_id": number(701), "reason": "Stays with us"}
    projected(api, offered[1], api.told(offered[1], "withdraw-handoff", **withdrawal)["version"])
    last = told(api, after["state"])
    assert ids(last) == []
    assert last["gone"] == [{"journey_id": offered[1].rpartition("/")[2], "id": number(701)}]
    assert ids(told(api, first["state"])) == [number(700)]


@pytest.mark.usefixtures("offered")
def test_a_state_is_of_one_question_and_of_who_asked_it(api: Api) -> None:
    first = told(api, "first")
    assert ids(first)
    assert told(api, first["state"], team="eves")["whole"]
    others = told(api, first["state"], role=Role.COMPLIANCE)
    assert (others["whole"], ids(others)) == (True, ids(first))


@pytest.mark.usefixtures("offered")
def test_who_does_not_ask_is_told_no_state(api: Api) -> None:
    assert not {"state", "gone", "whole"} & api.get("/v1/handoffs").json().keys()


@pytest.mark.usefixtures("offered")
def test_what_is_left_out_is_not_on_record_as_seen(api: Api) -> None:
    state = told(api, "first")["state"]
    told(api, state)
    seen = api.get("/v1/audit?route=/v1/handoffs&limit=2", role=Role.COMPLIANCE).json()["audit"]
    assert [bool(each["journeys"]) for each in seen] == [False, True]


@pytest.mark.usefixtures("offered")
def test_no_more_states_are_remembered_than_that(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(since, "REMEMBERED", 1)
    first, second = told(api, "first")["state"], told(api, "first")["state"]
    assert (told(api, second)["whole"], told(api, first)["whole"]) == (False, True)


def test_many_who_ask_at_the_same_time_are_answered_by_one_read() -> None:
    reads = 0

    async def all_ask() -> list[int]:
        shared, begun, goes_on = Shared[int](), asyncio.Event(), asyncio.Event()

        async def read() -> int:
            nonlocal reads
            reads += 1
            mine = reads
            begun.set()
            await goes_on.wait()
            return mine

        async def asks() -> int:
            return await shared.ask("this", read)

        first = asyncio.create_task(asks())
        await begun.wait()
        later = [asyncio.create_task(asks()) for _ in range(50)]
        await asyncio.sleep(0)
        goes_on.set()
        return await asyncio.gather(first, *later)

    assert asyncio.run(all_ask()) == [1] + [2] * 50
    assert reads == 2


def test_what_cannot_be_read_is_told_to_all_who_asked_and_is_read_again() -> None:
    async def fails() -> int:
        raise TimeoutError

    async def works() -> int:
        return 7

    async def all_ask() -> list[object]:
        shared = Shared[int]()
        asking = (shared.ask("this", fails) for _ in range(3))
        failed = await asyncio.gather(*asking, return_exceptions=True)
        return [*map(type, failed), await shared.ask("this", works)]

    assert asyncio.run(all_ask()) == [TimeoutError] * 3 + [7]
