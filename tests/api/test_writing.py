from datetime import UTC, datetime
from threading import Thread
from typing import Any
from uuid import UUID, uuid4

import pytest

from journey.api.access.table import Role
from journey.domain.journey import COMMANDS
from journey.store.store import Store
from tests.served import Api, number

pytestmark = pytest.mark.database


def events(api: Api, journey: str) -> list[dict[str, Any]]:
    answer: list[dict[str, Any]] = api.get(f"{journey}/events?limit=500").json()["events"]
    return answer


def test_opening_says_where_the_journey_is(api: Api) -> None:
    answer = api.post("/v1/journeys", {"patient": {"family": "Okafor"}, "team": "ward 3"})
    body = answer.json()
    assert answer.status_code == 201
    assert answer.headers["Location"] == f"/v1/journeys/{body['journey_id']}"
    assert answer.headers["ETag"] == f'"{body["version"]}"' == '"3"'
    assert [each["version"] for each in body["events"]] == [1, 2, 3]
    assert body["events"][0]["type"] == "journey.opened"


def test_a_repeated_opening_meets_the_same_journey(api: Api) -> None:
    once = {"Idempotency-Key": str(uuid4())}
    first = api.post("/v1/journeys", {"team": "ward 3"}, headers=once)
    again = api.post("/v1/journeys", {"team": "ward 3"}, headers=once)
    assert first.json() == again.json()
    assert again.status_code == 201
    other = api.post("/v1/journeys", {"team": "ward 4"}, headers=once)
    assert (other.status_code, other.json()["code"]) == (422, "key-reused")
    somebody = api.post("/v1/journeys", {"team": "ward 3"}, headers=once, role=Role.CLINICIAN)
    assert somebody.json()["journey_id"] != first.json()["journey_id"]


def test_openings_at_the_same_time_meet_in_one_journey(api: Api) -> None:
    once = {"Idempotency-Key": str(uuid4())}
    answers: list[Any] = []
    threads = [
        Thread(target=lambda: answers.append(api.post("/v1/journeys", {}, headers=once).json()))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 8
    assert all(answer == answers[0] for answer in answers)


def test_the_same_key_answers_the_same(api: Api) -> None:
    journey, once = api.opened(), {"Idempotency-Key": "a"}
    first = api.post(f"{journey}/start-intake", {"channel": "phone"}, headers=once)
    api.told(journey, "capture-intake-item", item="allergies")
    again = api.post(f"{journey}/start-intake", {"channel": "phone"}, headers=once)
    assert first.json() == again.json()
    assert again.headers["ETag"] == first.headers["ETag"]
    other = api.post(f"{journey}/start-intake", {"channel": "fax"}, headers=once)
    assert (other.status_code, other.json()["code"]) == (422, "key-reused")


def test_nothing_to_do_is_done(api: Api) -> None:
    journey = api.opened()
    api.told(journey, "start-intake", channel="phone")
    again = api.told(journey, "assign-owner", team="ward 3")
    assert (again["events"], again["version"]) == ([], 3)


@pytest.mark.parametrize("tag", ['"2"', 'W/"2"', "2", "*", ' "2" '])
def test_who_decided_on_the_newest_version_may(api: Api, tag: str) -> None:
    journey = api.opened()
    answer = api.post(f"{journey}/start-intake", {"channel": "phone"}, headers={"If-Match": tag})
    assert (answer.status_code, answer.headers["ETag"]) == (200, '"3"')


@pytest.mark.parametrize("tag", ['"1"', 'W/"3"', '"999999999999999999"'])
def test_who_decided_on_another_version_may_not(api: Api, tag: str) -> None:
    journey = api.opened()
    answer = api.post(f"{journey}/start-intake", {"channel": "phone"}, headers={"If-Match": tag})
    assert (answer.status_code, answer.json()["code"]) == (412, "stale-version")
    assert "version 2" in answer.json()["detail"]
    assert len(events(api, journey)) == 2


@pytest.mark.parametrize(
    ("role", "kind"), [(Role.COORDINATOR, "human"), (Role.CLINICIAN, "human"), (Role.INTEGRATOR, "system")]
)
def test_an_event_says_who_recorded_it_and_why(api: Api, role: Role, kind: str) -> None:
    request_id = str(uuid4())
    headers = {"X-Request-Id": request_id, "X-Purpose-Of-Use": "ETREAT"}
    before = datetime.now(UTC)
    answer = api.post("/v1/journeys", {}, role=role, headers=headers)
    assert answer.headers["X-Request-Id"] == request_id
    (opened,) = events(api, answer.headers["location"])
    assert opened["actor"] == {"id": f"some {role}", "kind": kind, "role": role, "team": "ward 3"}
    assert opened["purpose"] == "ETREAT"
    assert opened["source"] == {"system": "journey", "channel": "http", "message_id": request_id}
    assert opened["correlation_id"] == request_id
    assert before <= datetime.fromisoformat(opened["recorded_at"]) <= datetime.now(UTC)


@pytest.mark.parametrize(
    ("headers", "echoed", "correlated"),
    [
        ({"X-Request-Id": "lab-7/3"}, "lab-7/3", None),
        (
            {"traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"},
            "4bf92f35-77b3-4da6-a3ce-929d0e0e4736",
            "4bf92f35-77b3-4da6-a3ce-929d0e0e4736",
        ),
        ({"traceparent": "00-" + "0" * 32 + "-00f067aa0ba902b7-01"}, None, None),
        ({"X-Request-Id": "two words"}, None, None),
        ({}, None, None),
    ],
)
def test_a_request_has_an_id(
    api: Api, headers: dict[str, str], echoed: str | None, correlated: str | None
) -> None:
    answers = [api.post("/v1/journeys", {}, headers=headers) for _ in range(2)]
    ids = [answer.headers["X-Request-Id"] for answer in answers]
    correlations = [events(api, answer.headers["location"])[0]["correlation_id"] for answer in answers]
    assert all(UUID(each) for each in correlations)
    if echoed is None:
        assert ids[0] != ids[1]
        assert ids == correlations
    else:
        assert ids == [echoed, echoed]
        assert correlations[0] == correlations[1] == (correlated or correlations[0])


def test_every_command_has_its_route(api: Api) -> None:
    documented = api.get("/openapi.json", role=None).json()["paths"]
    assert {f"/v1/journeys/{{journey_id}}/{name}" for name in COMMANDS} <= set(documented)


def test_writers_of_one_journey_lose_nothing(api: Api) -> None:
    journey = api.opened()
    answers: list[int] = []

    def capture(first: int) -> None:
        for number_ in range(first, first + 5):
            item = {"item": f"item {number_}", "value": "yes"}
            answers.append(api.post(f"{journey}/capture-intake-item", item).status_code)

    api.told(journey, "start-intake", channel="web")
    threads = [Thread(target=capture, args=(first,)) for first in range(0, 30, 5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [200] * 30
    recorded = events(api, journey)
    assert [each["version"] for each in recorded] == list(range(1, len(recorded) + 1))
    assert len(recorded) == 33


def test_what_happened_earlier_is_recorded_as_earlier(api: Api) -> None:
    journey = api.opened(occurred_at="2026-03-01T08:00:00+01:00")
    api.told(
        journey,
        "record-arrival",
        visit_id=number(7),
        occurred_at="2026-03-02T00:00:00Z",
        occurred_precision="day",
    )
    opened, *_, arrived = events(api, journey)
    assert opened["occurred_at"] == "2026-03-01T07:00:00Z"
    assert (arrived["occurred_at"], arrived["occurred_precision"]) == ("2026-03-02T00:00:00Z", "day")


def test_the_store_is_asked_in_threads_of_its_own(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    from threading import current_thread  # noqa: PLC0415 - of this test alone

    names: list[str] = []
    handle = Store.handle

    def noted(*arguments: Any, **more: Any) -> Any:
        names.append(current_thread().name)
        return handle(*arguments, **more)

    monkeypatch.setattr(Store, "handle", noted)
    api.opened()
    assert [name.partition("_")[0] for name in names] == ["write"]
