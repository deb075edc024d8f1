import re
from datetime import datetime
from pathlib import Path
from threading import Thread, Timer
from time import monotonic
from typing import Any

import pytest

from journey.api.access import keys
from journey.api.access.table import Role
from journey.api.follow import looking
from journey.cursors import cursor
from journey.embedded import Cluster
from journey.projections.projector import Projector
from journey.projections.status import PatientStatus
from journey.store.sequencer import drain
from tests.served import Api, database, number, served
from tests.waiting import until

pytestmark = pytest.mark.database


def follow(api: Api, question: str = "", after: str | None = None) -> tuple[list[dict[str, Any]], str]:
    """Everything from the cursor to the end of the log, and the cursor there."""
    events: list[dict[str, Any]] = []
    while True:
        url = f"/v1/events?{question}{f'&after={after}' if after else ''}"
        answer = api.get(url, role=Role.INTEGRATOR)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        events, after = events + page["events"], str(page["next"])
        if not page["more"]:
            return events, after


@pytest.fixture(scope="module")
def journeys(api: Api) -> list[str]:
    """Two journeys whose events lie between each other's, all in the log."""
    made = [api.opened(), api.opened()]
    for item in range(6):
        for journey in made:
            api.told(journey, "assign-identifier", identifier={"system": "here", "value": str(item)})
        api.told(made[0], "record-arrival", visit_id=number(item))
    until(lambda: len(follow(api)[0]) == 22)
    return made


def test_everything_once_and_in_order(api: Api, journeys: list[str]) -> None:
    events, end = follow(api, "limit=5")
    assert [int(each["sequence"]) for each in events] == list(range(1, 23))
    assert sorted(each["sequence"] for each in events) == [each["sequence"] for each in events]
    for journey in journeys:
        own = [each["journeyversion"] for each in events if journey.endswith(each["subject"])]
        assert own == list(range(1, len(own) + 1))
    assert follow(api, after=end) == ([], end)


def test_who_asks_for_what_never_happened_is_told_how_far_it_was_looked(
    api: Api, journeys: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Long before the windows of one answer are looked through, if that takes its time."""
    monkeypatch.setattr(looking, "WINDOW", 5)
    monkeypatch.setattr(looking, "ENOUGH", 0.0)
    assert journeys
    url, after, pages = "/v1/events?type=handoff.offered", "", 0
    while True:
        page = api.get(f"{url}{after}", role=Role.INTEGRATOR).json()
        assert page["events"] == []
        after, pages = f"&after={page['next']}", pages + 1
        if not page["more"]:
            break
    assert pages == 5


def test_an_event_is_a_cloudevent(api: Api, journeys: list[str]) -> None:
    event = follow(api)[0][1]
    recorded = api.get(f"{journeys[0]}/events").json()["events"][1]
    assert event["specversion"] == "1.0"
    assert event["id"] == recorded["event_id"]
    assert (event["source"], event["type"]) == ("/journeys", "journey.owner_assigned")
    assert event["subject"] == event["partitionkey"] == recorded["journey_id"]
    assert (event["time"], event["recordedtime"]) == (recorded["occurred_at"], recorded["recorded_at"])
    assert event["data"] == recorded["data"] == {"team": "ward 3"}
    assert (event["actorid"], event["actorrole"]) == ("some coordinator", "coordinator")
    assert event["correlationid"] == recorded["correlation_id"]
    assert all(re.fullmatch(r"[a-z0-9]{1,20}", name) for name in event)
    assert all(isinstance(value, str | int) for name, value in event.items() if name != "data")
    assert datetime.fromisoformat(event["time"]).tzinfo is not None


@pytest.mark.parametrize(
    ("question", "types"),
    [
        ("type=visit.arrived", {"visit.arrived"}),
        ("type=visit.*", {"visit.arrived"}),
        ("type=visit.arrived&type=journey.opened", {"visit.arrived", "journey.opened"}),
        ("type=journey.*", {"journey.opened", "journey.owner_assigned"}),
        ("type=discharge.*", set()),
    ],
)
def test_a_filter_leaves_out_and_moves_on(
    api: Api, journeys: list[str], monkeypatch: pytest.MonkeyPatch, question: str, types: set[str]
) -> None:
    everything, end = follow(api)
    assert journeys
    for window in (5000, 3):
        monkeypatch.setattr(looking, "WINDOW", window)
        monkeypatch.setattr(looking, "WINDOWS", 2)
        events, reached = follow(api, f"{question}&limit=2")
        assert events == [each for each in everything if each["type"] in types]
        assert reached == end


def test_one_journey_alone(api: Api, journeys: list[str]) -> None:
    everything, end = follow(api)
    journey_id = journeys[1].rpartition("/")[2]
    events, reached = follow(api, f"journey={journey_id}&limit=3")
    assert events == [each for each in everything if each["subject"] == journey_id]
    assert reached == end
    both, _ = follow(api, f"journey={journey_id}&type=journey.opened")
    assert [each["type"] for each in both] == ["journey.opened"]


@pytest.mark.parametrize("after", ["x", "1", cursor("log", "5"), cursor("log", "5 000000000000"), "é"])
def test_a_cursor_that_is_not_of_this_log(api: Api, journeys: list[str], after: str) -> None:
    answer = api.get(f"/v1/events?after={after}", role=Role.INTEGRATOR)
    assert (answer.status_code, answer.json()["code"]) == (422, "bad-cursor")
    assert journeys


def test_who_waits_hears_at_once(api: Api, journeys: list[str]) -> None:
    _, end = follow(api)
    Timer(0.3, lambda: api.told(journeys[0], "record-arrival", visit_id=number(70))).start()
    started = monotonic()
    answer = api.get(f"/v1/events?after={end}&wait=20&type=visit.*", role=Role.INTEGRATOR).json()
    assert [each["type"] for each in answer["events"]] == ["visit.arrived"]
    assert monotonic() - started < 10


def test_who_waits_for_nothing_is_told_so(api: Api, journeys: list[str]) -> None:
    _, end = follow(api)
    answer = api.get(f"/v1/events?after={end}&wait=0.2", role=Role.INTEGRATOR).json()
    assert (answer["events"], answer["next"], answer["more"]) == ([], end, False)
    assert journeys


def test_followers_of_a_growing_log_miss_nothing(api: Api) -> None:
    """While several write, what a follower has seen is always the log so far."""
    _, start = follow(api)
    writers = [Thread(target=lambda: [api.opened() for _ in range(10)]) for _ in range(4)]
    for writer in writers:
        writer.start()
    seen: list[dict[str, Any]] = []
    after = start
    while len(seen) < 80:
        page = api.get(f"/v1/events?after={after}&limit=7&wait=5", role=Role.INTEGRATOR).json()
        seen, after = seen + page["events"], page["next"]
    for writer in writers:
        writer.join()
    positions = [int(each["sequence"]) for each in seen]
    assert positions == list(range(positions[0], positions[0] + 80))


def test_what_is_not_known_to_be_theirs_yet_is_not_passed_over(
    cluster: Cluster, template: str, tmp_path: Path
) -> None:
    """Whose a journey is stands in a read model, which comes after the log."""
    with database(cluster, template) as conninfo, served(conninfo, tmp_path, with_worker=False) as api:
        api.tokens[Role.INTEGRATOR] = keys.create(conninfo, "partner", Role.INTEGRATOR, "ward 3").token
        api.opened()
        drain(conninfo)
        nothing, before = follow(api, "wait=0.3")
        assert nothing == []
        Projector(conninfo, PatientStatus()).catch_up()
        events, _ = follow(api, after=before)
        assert [int(each["sequence"]) for each in events] == [1, 2]


def test_an_empty_log_has_a_cursor_too(api: Api) -> None:
    nothing = cursor("log", "0 000000000000 000000000000")
    assert follow(api, after=nothing)[0] == follow(api)[0]


TRACE = "4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7"


@pytest.mark.parametrize(
    ("given", "carried"),
    [
        (f"00-{TRACE}-01", f"00-{TRACE}-01"),
        (f"cc-{TRACE}-00-more", f"00-{TRACE}-00"),
        (f"00-{TRACE}-01-more", None),
        (f"ff-{TRACE}-01", None),
        (f"00-{'0' * 32}-00f067aa0ba902b7-01", None),
        (f"00-4bf92f3577b34da6a3ce929d0e0e4736-{'0' * 16}-01", None),
        (f"00-{TRACE.upper()}-01", None),
        ("nonsense", None),
    ],
)
def test_an_event_carries_the_span_that_asked_for_it(api: Api, given: str, carried: str | None) -> None:
    made = api.post("/v1/journeys", {}, headers={"traceparent": given}).headers["location"]
    question = f"journey={made.rpartition('/')[2]}"
    until(lambda: follow(api, question)[0])
    [event] = follow(api, question)[0]
    assert event.get("traceparent") == carried
