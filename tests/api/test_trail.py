"""The trail: what was told, refused and denied, of whom, and what becomes of it when something goes wrong."""

import asyncio
import json
from typing import Any

import psycopg
import pytest
from httpx2 import Response
from pydantic_core import PydanticSerializationError

from journey.api.access import keys
from journey.api.access.table import Role
from journey.api.access.trail import NOBODY, Access, Kind, Outcome, Trail
from journey.api.reads import Reads, Rows
from tests.served import Api, number
from tests.waiting import until

pytestmark = pytest.mark.database

REASON = {"code": "ETREAT", "text": "Collapsed."}


@pytest.fixture(scope="module")
def night(api: Api) -> str:
    return keys.create(api.conninfo, "night doctor", Role.CLINICIAN, "ward 9").token


def ask(api: Api, token: str, method: str, url: str, body: Any = None, **headers: str) -> Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return api.ask(method, url, role=None, headers={"Authorization": f"Bearer {token}", **named}, json=body)


def of(api: Api, answer: Response) -> list[dict[str, Any]]:
    """What is recorded of the request, beside its events."""
    page = api.get("/v1/audit?limit=500", role=Role.COMPLIANCE).json()["audit"]
    of_it = [each for each in page if each["request_id"] == answer.headers["x-request-id"]]
    return [each for each in of_it if each["kind"] != "recorded"]


def test_what_is_told_through_broken_glass_is_recorded_as_that(api: Api, night: str) -> None:
    journey = api.opened(team="ward 3")
    journey_id = journey.rpartition("/")[2]
    until(
        lambda: api.get(f"/v1/journeys?limit=500&q={journey_id}").is_success and api.get(journey).is_success
    )
    body = {"patient_id": api.get(journey).json()["patient"]["patient_id"], "reason": REASON}
    until(lambda: ask(api, night, "POST", "/v1/break-glass", body).json()["patient_id"])
    for command, outcome in (("start-intake", "done"), ("close-journey", "refused")):
        told = {"channel": "phone"} if command == "start-intake" else {}
        (record,) = of(api, ask(api, night, "POST", f"{journey}/{command}", told))
        assert (record["kind"], record["outcome"], record["basis"]) == ("write", outcome, "break-glass")
        assert (record["journeys"], record["patients"]) == ([journey_id], [body["patient_id"]])
    line = {"journey": journey_id, "command": "complete-intake", "body": {}}
    ndjson = {"Content-Type": "application/x-ndjson", "Authorization": f"Bearer {night}"}
    imported = api.ask("POST", "/v1/journeys/import", role=None, headers=ndjson, content=json.dumps(line))
    (record,) = of(api, imported)
    assert (record["kind"], record["basis"], record["journeys"]) == ("write", "break-glass", [journey_id])


def test_who_is_told_that_it_has_happened_already_is_recorded(api: Api) -> None:
    """No event says that they were told."""
    journey = api.opened()
    patient = api.get(journey).json()["patient"]["patient_id"]
    first, again = (api.post(f"{journey}/start-intake", {"channel": "phone"}) for _ in range(2))
    assert (of(api, first), again.json()["events"]) == ([], [])
    (record,) = of(api, again)
    assert (record["kind"], record["outcome"], record["patients"]) == ("write", "done", [patient])


def test_why_it_could_not_be_done_is_told_on_the_record(api: Api) -> None:
    journey = api.opened()
    refused = api.post(f"{journey}/complete-visit", {"visit_id": number(3)})
    too_early = api.get(f"{journey}?as_of=1999-01-01T00:00:00Z")
    for answer, kind in ((refused, "write"), (too_early, "read")):
        assert answer.status_code in {404, 409}, answer.text
        (record,) = of(api, answer)
        assert (record["kind"], record["outcome"]) == (kind, "refused")
        assert record["journeys"] == [journey.rpartition("/")[2]]


@pytest.mark.parametrize("path", ["", "/events"])
def test_whom_a_denied_attempt_was_about_is_recorded(api: Api, path: str) -> None:
    denied = api.get(f"/v1/journeys/{number(404)}{path}", role=Role.ADMIN)
    (record,) = of(api, denied)
    assert (record["outcome"], record["journeys"], record["patients"]) == ("denied", [number(404)], [])


def test_whom_the_feed_told_of_is_recorded(api: Api) -> None:
    patient_id = number(8001)
    journey_id = api.opened(patient_id=patient_id).rpartition("/")[2]
    feed = f"/v1/events?journey={journey_id}"
    until(lambda: api.get(feed, role=Role.INTEGRATOR).json()["events"])
    (record,) = of(api, api.get(feed, role=Role.INTEGRATOR))
    assert (record["journeys"], record["patients"]) == ([journey_id], [patient_id])


def test_words_of_whoever_is_not_let_in_are_not_kept(api: Api) -> None:
    answer = api.get(f"/v1/journeys/{number(1)}", role=Role.ADMIN, headers={"X-Purpose-Of-Use": "any words"})
    assert [each["purpose"] for each in of(api, answer)] == [None]


def test_one_record_that_cannot_be_written_keeps_no_other_from_it(api: Api) -> None:
    poison = Access(Kind.READ, Outcome.DONE, NOBODY, request_id="half \ud800")
    broken = Access(Kind.READ, Outcome.DONE, NOBODY, request_id="nothing \0")
    good = [Access(Kind.READ, Outcome.DONE, NOBODY, request_id=f"good {each}") for each in range(3)]

    async def recorded() -> list[object]:
        trail = Trail(api.engine.reads)
        return await asyncio.gather(
            *(trail.record(each) for each in (good[0], poison, good[1], broken, good[2])),
            return_exceptions=True,
        )

    results = api.client.portal.call(recorded)
    assert [type(each) for each in results] == [
        *(type(None), PydanticSerializationError),
        *(type(None), psycopg.errors.UntranslatableCharacter),
        type(None),
    ]
    page = api.get("/v1/audit?limit=500", role=Role.COMPLIANCE).json()["audit"]
    assert {each["request_id"] for each in page} >= {"good 0", "good 1", "good 2"}


def test_a_record_that_is_written_again_stands_once(api: Api) -> None:
    """As when the connection is lost after it was written, before that was known."""

    class Twice(Reads):
        def __init__(self, reads: Reads) -> None:
            self._once = reads

        async def rows(self, *asked: Any, binary: bool = False) -> Rows:
            await self._once.rows(*asked, binary=binary)
            return await self._once.rows(*asked, binary=binary)

    access = Access(Kind.READ, Outcome.DONE, NOBODY, request_id="twice")
    api.client.portal.call(Trail(Twice(api.engine.reads)).record, access)
    page = api.get("/v1/audit?limit=500", role=Role.COMPLIANCE).json()["audit"]
    assert sum(each["request_id"] == "twice" for each in page) == 1


def test_who_has_gone_takes_no_other_record_along(api: Api) -> None:
    async def recorded() -> list[object]:
        trail = Trail(api.engine.reads)
        names = [f"gone {each}" if each % 2 else f"stays {each}" for each in range(20)]
        accesses = [Access(Kind.READ, Outcome.DONE, NOBODY, request_id=each) for each in names]
        tasks = [asyncio.create_task(trail.record(each)) for each in accesses]
        await asyncio.sleep(0)
        for task in tasks[1::2]:
            task.cancel()
        return await asyncio.gather(*tasks, return_exceptions=True)

    results = api.client.portal.call(recorded)
    assert results[::2] == [None] * 10
    page = api.get("/v1/audit?limit=500", role=Role.COMPLIANCE).json()["audit"]
    assert sum(str(each["request_id"]).startswith("stays") for each in page) == 10
