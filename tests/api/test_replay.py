"""A journey's past over HTTP: at two times, step by step, between two moments, and why; and whose it was."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any
from urllib.parse import urlencode

import pytest

from journey.api.access import keys
from journey.api.access.keys import Grant
from journey.api.access.table import Role
from journey.cursors import cursor
from tests.served import Api, number

pytestmark = pytest.mark.database

ADA, RETIRED = number(0xADA), number(0xB0B)
STAY = number(0x57A)
FOURTH, SIXTH = "2025-03-04T12:00:00Z", "2025-03-06T12:00:00Z"


class Told:
    """Ada is admitted on the 1st, moved to the ICU on the 3rd, and becomes the ward 9's on the 5th.

    So it is recorded at first. Then it is told late that she was moved to Ward 5 on the 2nd; the move to the
    ICU was another patient's, and is voided; and Bob's record is found to be hers, as of the 5th.
    """

    def __init__(self, api: Api) -> None:
        self.api = api
        self.journey = api.opened(patient_id=ADA, occurred_at="2025-03-01T09:00:00Z")
        self.other = api.opened(patient_id=RETIRED, occurred_at="2025-03-01T09:30:00Z")
        self.admitted = self._told("admit-patient", "2025-03-01T10:00:00Z", **place("Ward 3"))
        self.icu = self._told("move-patient", "2025-03-03T11:00:00Z", **place("ICU"))
        self.owned = self._told("assign-owner", "2025-03-05T08:00:00Z", team="ward 9")
        self.first = self.events()[-1]["recorded_at"]
        self.late = self._told("move-patient", "2025-03-02T11:00:00Z", **place("Ward 5"))
        wrong = {"event_id": self.icu, "reason": "another patient's move"}
        self.void = self._told("void-event", "2025-03-07T08:00:00Z", **wrong)
        merged = {"retired": RETIRED, "occurred_at": "2025-03-05T10:00:00Z"}
        answer = api.post(f"/v1/patients/{ADA}/merge", merged)
        assert answer.status_code == 200, answer.text
        self.merge = self.events()[-1]["event_id"]
        self.last = max(self.events()[-1]["recorded_at"], self.events(self.other)[-1]["recorded_at"])

    def _told(self, command: str, at: str, **body: Any) -> str:
        event_id: str = self.api.told(self.journey, command, **body, occurred_at=at)["events"][0]["event_id"]
        return event_id

    def events(self, journey: str | None = None) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.api.get(f"{journey or self.journey}/events").json()["events"]
        return found

    def get(self, path: str = "", **asked: str) -> Any:
        return got(self.api, self.journey + path, **asked)


def place(name: str) -> dict[str, Any]:
    return {"visit_id": STAY, "location": {"point_of_care": name}}


def got(api: Api, url: str, **asked: Any) -> Any:
    answer = api.get(f"{url}?{urlencode(asked)}", role=Role.COMPLIANCE)
    assert answer.status_code == 200, answer.text
    return answer.json()


def ids(told: dict[str, Any]) -> list[str]:
    return [each["journey_id"] for each in told["journeys"]]


@pytest.fixture(scope="module")
def told(api: Api) -> Told:
    return Told(api)


# --- The four corners


def test_the_four_corners_of_one_journey(told: Told) -> None:
    """Down: the world on the 4th, on the 6th. Across: as it was known at first, and in the end."""

    def corner(as_of: str, as_known_at: str) -> tuple[Any, ...]:
        stood = told.get(as_of=as_of, as_known_at=as_known_at)
        (visit,) = stood["open"]["visits"]
        return visit["location"], stood["responsible"]["team"], stood["patient"]["links"], stood["version"]

    merged = [[RETIRED, "replaces"]]
    assert [[corner(day, known) for known in (told.first, told.last)] for day in (FOURTH, SIXTH)] == [
        [("ICU", "ward 3", [], 5), ("Ward 5", "ward 3", [], 8)],
        [("ICU", "ward 9", [], 5), ("Ward 5", "ward 9", merged, 8)],
    ]


def test_the_four_corners_of_whose_journeys_are_one_persons(told: Told) -> None:
    """The merge is of the 5th, and was told in the end only."""
    own, other = (each.rpartition("/")[2] for each in (told.journey, told.other))

    def corner(patient: str, as_of: str, as_known_at: str) -> list[str]:
        return ids(got(told.api, "/v1/replay", patient=patient, as_of=as_of, as_known_at=as_known_at))

    for patient, theirs in ((ADA, own), (RETIRED, other)):
        assert [
            [corner(patient, day, known) for known in (told.first, told.last)] for day in (FOURTH, SIXTH)
        ] == [[[theirs], [theirs]], [[theirs], sorted([own, other])]]


def test_the_four_corners_of_whose_journey_it_was(told: Told) -> None:
    own = told.journey.rpartition("/")[2]

    def corner(team: str, as_of: str, as_known_at: str) -> bool:
        return own in ids(got(told.api, "/v1/replay", team=team, as_of=as_of, as_known_at=as_known_at))

    corners = list(product((FOURTH, SIXTH), (told.first, told.last)))
    assert [corner("ward 3", *each) for each in corners] == [True, True, False, False]
    assert [corner("ward 9", *each) for each in corners] == [False, False, True, True]


# --- Step by step


def steps(told: Told, **asked: str) -> Iterator[tuple[str, dict[str, tuple[Any, Any]]]]:
    for step in told.get("/replay", **asked)["steps"]:
        changes = {each["path"]: (each["before"], each["after"]) for each in step["changes"]}
        yield step["event"]["event_id"], changes


def test_every_step_in_the_order_of_recording(told: Told) -> None:
    found = dict(steps(told))
    where = f"open.visits.{STAY}.location"
    assert list(found) == [each["event_id"] for each in told.events()]
    assert found[told.admitted][where] == (None, "Ward 3")
    assert found[told.icu][where] == ("Ward 3", "ICU")
    assert found[told.owned]["responsible.team"] == ("ward 3", "ward 9")
    assert where not in found[told.late], "the ICU came later"
    assert found[told.void][where] == ("ICU", "Ward 5")
    assert found[told.merge][f"patient.links.{RETIRED}"] == (None, [RETIRED, "replaces"])


def test_every_step_in_the_order_of_happening(told: Told) -> None:
    found = dict(steps(told, axis="true"))
    where = f"open.visits.{STAY}.location"
    assert list(found)[2:] == [told.admitted, told.late, told.owned, told.merge]
    assert found[told.late][where] == ("Ward 3", "Ward 5")
    assert dict(steps(told, axis="true", as_known_at=told.first))[told.icu][where] == ("Ward 3", "ICU")


def test_a_step_says_who_when_why_and_what_became_of_it(told: Told) -> None:
    (step,) = (each for each in told.get("/replay")["steps"] if each["event"]["event_id"] == told.icu)
    event = step["event"]
    assert (event["type"], event["version"], event["voided_by"]) == ("visit.moved", 4, told.void)
    assert event["occurred_at"] == "2025-03-03T11:00:00Z" < event["recorded_at"]
    assert event["actor"]["role"] == "coordinator"
    assert event["purpose"] == "TREAT"
    assert event["source"]["system"]


@pytest.mark.parametrize("axis", ["known", "true"])
def test_the_pages_of_a_replay_are_of_one_moment(told: Told, axis: str) -> None:
    whole = told.get("/replay", axis=axis)
    assert whole["next"] is None
    found, asked = [], {"axis": axis, "limit": "2"}
    while True:
        page = told.get("/replay", **asked)
        found += page["steps"]
        if page["next"] is None:
            break
        asked["cursor"] = page["next"]
        earlier = {"identifier": {"system": "here", "value": f"{axis} {len(found)}"}}
        told.api.told(told.journey, "assign-identifier", **earlier, occurred_at="2025-03-01T10:30:00Z")
        assert page["version"] == whole["version"]
    assert found == whole["steps"], "nothing twice, nothing left out, whatever is told meanwhile"
    foreign = told.api.get(f"{told.journey}/replay?axis={axis}&as_known_at={FOURTH}&cursor={asked['cursor']}")
    assert (foreign.status_code, foreign.json()["code"]) == (422, "bad-cursor")


# --- Between two moments


def corners(told: Told) -> dict[str, str]:
    return {
        "from_as_of": FOURTH,
        "from_as_known_at": told.first,
        "to_as_of": SIXTH,
        "to_as_known_at": told.last,
    }


def test_what_is_otherwise_between_two_corners(told: Told) -> None:
    found = told.get("/difference", **corners(told))
    changes = {each["path"]: (each["before"], each["after"]) for each in found["changes"]}
    assert changes[f"open.visits.{STAY}.location"] == ("ICU", "Ward 5")
    assert changes["responsible.team"] == ("ward 3", "ward 9")
    assert changes[f"patient.links.{RETIRED}"] == (None, [RETIRED, "replaces"])
    assert found["before"] == {"as_of": FOURTH, "as_known_at": told.first, "there": True}
    between = {
        each["event"]["event_id"]: [tuple(each[name].values()) for name in ("known", "holds")]
        for each in found["events"]
    }
    assert between == {
        told.icu: [(True, True), (True, False)],
        told.owned: [(True, True), (False, True)],
        told.late: [(False, True), (False, True)],
        told.void: [(False, True), (False, False)],
        told.merge: [(False, True), (False, True)],
    }


def test_the_events_between_come_page_by_page(told: Told) -> None:
    whole = told.get("/difference", **corners(told))
    found, asked = [], {**corners(told), "limit": "2"}
    while True:
        page = told.get("/difference", **asked)
        assert page["changes"] == whole["changes"]
        found += page["events"]
        if page["next"] is None:
            break
        asked["cursor"] = page["next"]
    assert found == whole["events"]


def test_nothing_is_otherwise_between_a_moment_and_itself(told: Told) -> None:
    found = told.get("/difference")
    assert (found["changes"], found["events"]) == ([], [])


def test_before_the_journey_was_there_there_was_nothing(told: Told) -> None:
    early = "2025-02-01T00:00:00Z"
    found = told.get("/difference", from_as_of=early)
    assert (found["before"]["there"], found["after"]["there"]) == (False, True)
    assert all(each["before"] is None for each in found["changes"])
    for asked in (f"difference?from_as_of={early}&to_as_of={early}", f"why?as_of={early}"):
        answer = told.api.get(f"{told.journey}/{asked}", role=Role.COMPLIANCE)
        assert (answer.status_code, answer.json()["code"]) == (404, "not-there-yet")
    known = told.api.get(f"{told.journey}/replay?as_known_at={early}", role=Role.COMPLIANCE)
    assert (known.status_code, known.json()["code"]) == (404, "not-there-yet")


# --- Why


def test_why_it_is_so_names_events_and_actors(told: Told) -> None:
    found = told.get("/why", of="responsible.team", as_of=SIXTH, as_known_at=told.last)
    assert found["values"] == [{"path": "responsible.team", "value": "ward 9"}]
    (reason,) = found["decided_by"]
    assert reason["event"]["event_id"] == told.owned
    assert set(reason["event"]["actor"]) == {"id", "kind", "role", "team"}
    assert (reason["decides"], reason["corrections"], found["complete"]) == (["responsible.team"], [], True)


def test_why_the_place_is_so_names_what_happened_and_since_when_it_is_answered(told: Told) -> None:
    """She is in Ward 5 because she was moved there; that is said since the move to the ICU was voided."""
    of = f"rooms.visits.{STAY}.location"
    found = told.get("/why", of=of, as_of=SIXTH, as_known_at=told.last)
    assert [each["event"]["event_id"] for each in found["decided_by"]] == [told.late]
    assert found["answered_since"]["event_id"] == told.void
    earlier = told.get("/why", of=of, as_of=SIXTH, as_known_at=told.first)
    assert [each["event"]["event_id"] for each in earlier["decided_by"]] == [told.icu]


def test_why_names_the_corrections(api: Api) -> None:
    journey = api.opened()
    event = next(
        each["event_id"]
        for each in api.get(f"{journey}/events").json()["events"]
        if each["type"] == "journey.owner_assigned"
    )
    corrected = {"event_id": event, "data": {"team": "ward 4"}, "reason": "a slip of the pen"}
    api.told(journey, "correct-event", **corrected)
    (reason,) = got(api, f"{journey}/why", of="responsible.team")["decided_by"]
    assert (reason["event"]["data"]["team"], reason["reading"]["data"]["team"]) == ("ward 3", "ward 4")
    assert [each["type"] for each in reason["corrections"]] == ["correction.corrected"]
    assert reason["event"]["corrected_by"] == reason["corrections"][0]["event_id"]


def test_a_name_that_nothing_has_is_refused(told: Told) -> None:
    answer = told.api.get(f"{told.journey}/why?of=stagee")
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
    assert [each["field"] for each in answer.json()["errors"]] == ["of"]
    assert told.get("/why")["of"] == "stage"


# --- Whose they were


@pytest.fixture(scope="module")
def teams(api: Api) -> list[str]:
    """Journeys that go from one team to another, in different orders; one of them by a correction."""
    journeys = []
    for hour, (first, second) in enumerate(product(("red", "blue", "green"), repeat=2)):
        journey = api.opened(team=first, occurred_at=f"2025-04-01T{hour:02}:00:00Z")
        api.told(journey, "assign-owner", team=second, occurred_at=f"2025-04-02T{hour:02}:00:00Z")
        journeys.append(journey)
    events = api.get(f"{journeys[0]}/events").json()["events"]
    first = next(each for each in events if each["type"] == "journey.owner_assigned")
    corrected = {"event_id": first["event_id"], "data": {"team": "violet"}, "reason": "a slip of the pen"}
    api.told(journeys[0], "correct-event", **corrected)
    return journeys


def test_a_teams_journeys_are_those_that_a_plain_recomputation_finds(api: Api, teams: list[str]) -> None:
    """For every team and hour: each journey is asked for by itself, and those of the team are kept."""
    for team in ("red", "blue", "green", "violet", "nobody"):
        for as_of in (
            "2025-03-31T00:00:00Z",
            "2025-04-01T12:00:00Z",
            "2025-04-02T04:30:00Z",
            "2025-04-03T00:00:00Z",
        ):
            alone = []
            for journey in teams:
                answer = api.get(f"{journey}?as_of={as_of}", role=Role.COMPLIANCE)
                if answer.status_code == 200 and answer.json()["responsible"]["team"] == team:
                    alone.append(answer.json())
            found = got(api, "/v1/replay", team=team, as_of=as_of)
            own = {journey.rpartition("/")[2] for journey in teams}
            assert [each for each in found["journeys"] if each["journey_id"] in own] == [
                {**each, "as_known_at": found["as_known_at"]}
                for each in sorted(alone, key=lambda each: each["journey_id"])
            ]


@pytest.mark.usefixtures("teams")
def test_the_pages_of_a_team_neither_skip_nor_repeat(api: Api) -> None:
    whole = ids(got(api, "/v1/replay", team="red"))
    assert len(whole) >= 2
    found, asked = [], {"team": "red", "limit": "1"}
    moments = set()
    while True:
        page = got(api, "/v1/replay", **asked)
        found += ids(page)
        moments.add((page["as_of"], page["as_known_at"]))
        if page["next"] is None:
            break
        asked["cursor"] = page["next"]
        api.opened(team="red")
    assert found == whole
    assert len(moments) == 1


def test_only_who_may_see_a_journey_sees_where_it_stood(told: Told) -> None:
    """By whose it is today: who no longer works on it is told nothing of when they did."""
    url, own = f"/v1/replay?team=ward+3&as_of={FOURTH}", told.journey.rpartition("/")[2]
    for team, sees in (("ward 3", False), ("ward 9", True)):
        key = keys.create(told.api.conninfo, f"of {team}", Role.COORDINATOR, team, Grant((team,)))
        answer = told.api.get(url, role=None, headers={"Authorization": f"Bearer {key.token}"})
        assert (own in ids(answer.json())) is sees


@pytest.mark.parametrize("after", ["3|-5", "-3|0", "3|0x1", "3|+1", "3"])
def test_a_cursor_that_leads_nowhere_is_refused(told: Told, after: str) -> None:
    scope = f"replay {told.journey.rpartition('/')[2]} known None"
    answer = told.api.get(f"{told.journey}/replay?cursor={cursor(scope, after)}", role=Role.COMPLIANCE)
    assert (answer.status_code, answer.json()["code"]) == (422, "bad-cursor")


@pytest.mark.parametrize("now", ["infinity", "2025-03-01", "2025-03-01 09:00:00"])
def test_a_cursor_of_no_moment_is_refused(told: Told, now: str) -> None:
    given = cursor(f"replay {[None, None, None, None]}", f"{now}|{number(0)}")
    answer = told.api.get(f"/v1/replay?cursor={given}", role=Role.COMPLIANCE)
    assert (answer.status_code, answer.json()["code"]) == (422, "bad-cursor")


def test_the_pages_of_a_patient_tell_nothing_of_journeys_of_other_teams(api: Api) -> None:
    patient = number(0x0DD)
    at = {"occurred_at": "2025-03-01T09:00:00Z"}
    mine = ""
    for team in ("north", "north", "south", "north"):
        journey = api.opened(patient_id=patient, **at)
        api.told(journey, "assign-owner", team=team, **at)
        mine = journey if team == "south" else mine
    key = keys.create(api.conninfo, "of the south", Role.COORDINATOR, "south", Grant(("south",)))
    answer = api.get(
        f"/v1/replay?patient={patient}&limit=1", role=None, headers={"Authorization": f"Bearer {key.token}"}
    ).json()
    assert (ids(answer), answer["next"]) == ([mine.rpartition("/")[2]], None)


def test_a_patient_nobody_knows_has_no_journeys(api: Api) -> None:
    assert ids(got(api, "/v1/replay", patient=number(0xDEAD))) == []


def test_an_unmerged_record_was_one_persons_while_it_was(api: Api) -> None:
    one, other = number(0x1A), number(0x1B)
    journeys = [api.opened(patient_id=each, occurred_at="2025-03-01T09:00:00Z") for each in (one, other)]
    for command, at in (("merge", "2025-03-02T09:00:00Z"), ("unmerge", "2025-03-04T09:00:00Z")):
        more = {"reason": "two people", "keep_rest": True} if command == "unmerge" else {}
        answer = api.post(f"/v1/patients/{one}/{command}", {"retired": other, "occurred_at": at, **more})
        assert answer.status_code == 200, answer.text
    both = sorted(each.rpartition("/")[2] for each in journeys)
    alone = [journeys[1].rpartition("/")[2]]
    days = ("2025-03-01T12:00:00Z", "2025-03-03T12:00:00Z", "2025-03-05T12:00:00Z")
    assert [ids(got(api, "/v1/replay", patient=other, as_of=day)) for day in days] == [alone, both, alone]


def test_nobody_was_anywhere_before(api: Api, told: Told) -> None:
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    early = got(api, "/v1/replay", patient=ADA, as_known_at="2025-03-04T12:00:00Z")
    assert (early["journeys"], early["next"]) == ([], None)
    late = got(api, "/v1/replay", patient=ADA, as_of=tomorrow.isoformat())
    assert told.journey.rpartition("/")[2] in ids(late)


def test_steps_that_were_told_are_told_anew_once_something_is_recorded(api: Api) -> None:
    journey = api.opened(team="ward 3")
    first = [api.get(f"{journey}/replay").json() for _ in range(2)]
    assert first[0] == first[1]
    api.told(journey, "assign-owner", team="ward 4")
    again = api.get(f"{journey}/replay").json()
    assert again["version"] > first[0]["version"]
    assert again["steps"][: len(first[0]["steps"])] == first[0]["steps"]
    assert len(again["steps"]) == len(first[0]["steps"]) + 1
