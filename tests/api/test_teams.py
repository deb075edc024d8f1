"""Whose journeys are whose: a team sees its own, those of nobody yet, and no trace of the others."""

from functools import partial
from typing import Any, cast

import pytest
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from httpx2 import Response

from journey.api.access import keys
from journey.api.access.keys import Grant
from journey.api.access.table import Role
from journey.api.app import create_app
from journey.api.reads import Reads
from journey.settings import Settings
from tests.served import Api, number
from tests.waiting import until

pytestmark = pytest.mark.database

ELSEWHERE = "ward 9"
PHONE = {"channel": "phone"}


@pytest.fixture(scope="module")
def theirs(api: Api) -> dict[str, str]:
    """Keys that are bound to a team."""
    return {
        "ward 3": keys.create(api.conninfo, "ward 3 desk", Role.COORDINATOR, "Ward 3").token,
        ELSEWHERE: keys.create(api.conninfo, "ward 9 desk", Role.COORDINATOR, ELSEWHERE).token,
        "partner": keys.create(api.conninfo, "partner", Role.INTEGRATOR, ELSEWHERE).token,
    }


def ask(api: Api, token: str, method: str, url: str, **more: Any) -> Response:
    headers = {"Authorization": f"Bearer {token}", **more.pop("headers", {})}
    return api.ask(method, url, role=None, headers=headers, **more)


def listed(api: Api, token: str, url: str) -> set[str]:
    page = ask(api, token, "GET", url).json()
    rows = next(value for value in page.values() if isinstance(value, list))
    return {row["journey_id"] for row in rows}


def test_a_team_is_answered_about_its_own_and_about_nobodys(api: Api, theirs: dict[str, str]) -> None:
    own, nobodys = api.opened(team="ward 3"), api.opened(team=None)
    assert ask(api, theirs["ward 3"], "GET", own).status_code == 200
    assert ask(api, theirs["ward 3"], "GET", nobodys).status_code == 200
    assert ask(api, theirs["ward 3"], "POST", f"{own}/start-intake", json=PHONE).status_code == 200
    assert ask(api, theirs["partner"], "GET", nobodys).status_code == 404


def test_another_teams_journey_answers_as_one_that_is_not_there(api: Api, theirs: dict[str, str]) -> None:
    journey, absent = api.opened(team="ward 3"), f"/v1/journeys/{number(77)}"
    told = api.told(journey, "start-intake", **PHONE)
    assert told["version"] > 1
    for method, path, body in (
        ("GET", "", None),
        ("GET", "?as_of=2026-01-01T00:00:00Z", None),
        ("GET", "?min_version=99", None),
        ("GET", "/events", None),
        ("GET", "/timeline", None),
        ("POST", "/assign-owner", {"team": ELSEWHERE}),
        ("POST", "/complete-intake", {}),
    ):
        there, nowhere = (
            ask(api, theirs[ELSEWHERE], method, f"{address}{path}", json=body)
            for address in (journey, absent)
        )
        assert there.status_code == nowhere.status_code == 404, (path, there.text)
        differ = {"request_id"}
        assert _without(there, differ) == _without(nowhere, differ)
        assert _headers(there) == _headers(nowhere)
    assert api.get(f"{journey}/events").json()["events"][-1]["type"] != "journey.owner_assigned"


def _shows(api: Api, token: str, url: str, journey: str) -> bool:
    return journey in listed(api, token, url)


def _without(answer: Response, names: set[str]) -> dict[str, Any]:
    return {name: value for name, value in answer.json().items() if name not in names}


def _headers(answer: Response) -> set[str]:
    return {name for name in answer.headers if name != "date"}


def test_the_same_statements_are_run_for_what_is_anothers_and_for_what_is_not_there(
    api: Api, theirs: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    journey = api.opened(team="ward 3")
    until(lambda: journey.rpartition("/")[2] in listed(api, theirs["ward 3"], "/v1/journeys"))
    asked: list[list[str]] = []
    rows = Reads.rows

    async def heard(self: Reads, statement: Any, *rest: Any, **more: Any) -> Any:
        asked[-1].append(str(statement))
        return await rows(self, statement, *rest, **more)

    ask(api, theirs[ELSEWHERE], "GET", journey)  # the key is known from now on
    monkeypatch.setattr(Reads, "rows", heard)
    for address in (journey, f"/v1/journeys/{number(78)}"):
        asked.append([])
        assert ask(api, theirs[ELSEWHERE], "GET", address).status_code == 404
    assert asked[0] == asked[1]


def test_lists_and_search_leave_out_what_is_anothers(api: Api, theirs: dict[str, str]) -> None:
    journey = api.opened(team="ward 3", patient={"family": "Quillfeather"}).rpartition("/")[2]
    transport = {"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "Z75.3"}
    api.told(f"/v1/journeys/{journey}", "identify-barrier", barrier_id=number(5), code=transport)
    for url in ("/v1/journeys?q=quillfeather", f"/v1/worklist?journey={journey}", "/v1/barriers"):
        until(partial(_shows, api, theirs["ward 3"], url, journey))
        assert journey not in listed(api, theirs[ELSEWHERE], url)
        assert journey in listed(api, api.tokens[Role.COMPLIANCE], url)


def test_who_is_asked_to_take_over_sees_the_journey(api: Api, theirs: dict[str, str]) -> None:
    journey = api.opened(team="ward 3")
    assert ask(api, theirs[ELSEWHERE], "GET", journey).status_code == 404
    offer = {"kind": "service", "from_team": "ward 3", "to_team": ELSEWHERE, "severity": "stable"}
    api.told(journey, "offer-handoff", handoff_id=number(9), offer={**offer, "summary": "Settled."})
    assert ask(api, theirs[ELSEWHERE], "GET", journey).status_code == 200
    taken_over = {"handoff_id": number(9), "accepted_by": "Sister Amsel"}
    accepted = ask(api, theirs[ELSEWHERE], "POST", f"{journey}/accept-handoff", json=taken_over)
    assert accepted.status_code == 200, accepted.text
    assert ask(api, theirs[ELSEWHERE], "GET", journey).json()["responsible"]["team"] == ELSEWHERE


def test_the_answer_to_ones_own_request_stays_ones_own(api: Api, theirs: dict[str, str]) -> None:
    journey = api.opened(team="ward 3")
    away = {"json": {"team": ELSEWHERE}, "headers": {"Idempotency-Key": "away"}}
    first = ask(api, theirs["ward 3"], "POST", f"{journey}/assign-owner", **away)
    again = ask(api, theirs["ward 3"], "POST", f"{journey}/assign-owner", **away)
    assert (first.status_code, first.json()) == (again.status_code, again.json()) == (200, first.json())
    assert ask(api, theirs["ward 3"], "GET", journey).status_code == 404
    other = {"json": {"team": ELSEWHERE}, "headers": {"Idempotency-Key": "another"}}
    assert ask(api, theirs["ward 3"], "POST", f"{journey}/assign-owner", **other).status_code == 404


def test_a_second_journey_in_the_body_has_to_be_theirs_too(api: Api, theirs: dict[str, str]) -> None:
    own, others = api.opened(team=ELSEWHERE), api.opened(team="ward 3")
    body = {"other_journey_id": others.rpartition("/")[2], "relation": "continues"}
    refused = ask(api, theirs[ELSEWHERE], "POST", f"{own}/link-journey", json=body)
    absent = ask(
        api,
        theirs[ELSEWHERE],
        "POST",
        f"{own}/link-journey",
        json={**body, "other_journey_id": number(79)},
    )
    assert (refused.status_code, absent.status_code) == (404, 404), refused.text
    assert _without(refused, {"request_id"}) == _without(absent, {"request_id"})


def test_patients_are_told_of_and_merged_by_those_who_have_them(api: Api, theirs: dict[str, str]) -> None:
    own, others = number(5001), number(5002)
    for team, patient_id in ((ELSEWHERE, own), ("ward 3", others)):
        api.opened(team=team, patient_id=patient_id)
    assert ask(api, theirs[ELSEWHERE], "GET", f"/v1/patients/{others}").status_code == 404
    assert ask(api, theirs["ward 3"], "GET", f"/v1/patients/{others}").status_code == 200
    merged = ask(api, theirs[ELSEWHERE], "POST", f"/v1/patients/{own}/merge", json={"retired": others})
    assert (merged.status_code, merged.json()["code"]) == (404, "no-such-patient")


def test_a_partner_follows_the_journeys_of_its_teams_alone(api: Api, theirs: dict[str, str]) -> None:
    own, others = api.opened(team=ELSEWHERE), api.opened(team="ward 3")

    def followed(token: str) -> set[str]:
        found: set[str] = set()
        after = ""
        while True:
            page = ask(api, token, "GET", f"/v1/events?limit=500&after={after}").json()
            found |= {event["subject"] for event in page["events"]}
            after = page["next"]
            if not page["more"]:
                return found

    until(lambda: own.rpartition("/")[2] in followed(theirs["partner"]))
    until(lambda: others.rpartition("/")[2] in followed(api.tokens[Role.INTEGRATOR]))
    assert others.rpartition("/")[2] not in followed(theirs["partner"])


def test_a_route_that_names_a_journey_lets_it_in_first() -> None:
    app = create_app(Settings.load(), "", with_worker=False)
    named = [each for each in _endpoints(app) if "{journey_id}" in each.path and each.path.startswith("/v1/")]
    assert len(named) > 200
    assert all(hasattr(each.endpoint, "__wrapped__") for each in named)


def _endpoints(app: FastAPI) -> list[Any]:
    return [context.original_route for context in iter_route_contexts(app.routes)]


def test_a_key_of_every_team_is_bound_to_none(api: Api) -> None:
    wanted = {"name": "float pool", "role": "clinician", "team": "ward 3", "every_team": True}
    made = api.post("/v1/keys", wanted, role=Role.ADMIN).json()
    assert made["key"]["teams"] is None
    assert ask(api, made["token"], "GET", api.opened(team=ELSEWHERE)).status_code == 200
    bound = keys.create(api.conninfo, "two wards", Role.CLINICIAN, "Ward 3", Grant(("Ward 3", "WARD 9")))
    assert cast("tuple[str, ...]", bound.key.teams) == ("ward 3", "ward 9")
    assert ask(api, bound.token, "GET", api.opened(team=ELSEWHERE)).status_code == 200


def test_an_admin_sees_which_teams_there_are_and_whose_keys_open_their_journeys(api: Api) -> None:
    given = Grant(("ward 20",), (), None)
    keys.create(api.conninfo, "desk of twenty", Role.COORDINATOR, "Ward 20")
    keys.create(api.conninfo, "partner of twenty", Role.INTEGRATOR, "clinic", given)
    ended = keys.create(api.conninfo, "was of twenty", Role.CLINICIAN, "ward 20").key.id
    keys.revoke(api.conninfo, ended)
    keys.create(api.conninfo, "sees all anyway", Role.COMPLIANCE, "ward 20")
    first = api.opened(team="Ward 20")
    api.opened(team="ward 20")
    api.told(first, "cancel-journey", reason="test")

    def told() -> dict[str, Any]:
        found = api.get("/v1/teams", role=Role.ADMIN).json()["teams"]
        return next((each for each in found if each["team"].lower() == "ward 20"), {"journeys": 0})

    until(lambda: (told()["journeys"], told()["open"]) == (2, 1))
    assert [(each["name"], each["is_member"]) for each in told()["keys"]] == [
        ("desk of twenty", True),
        ("partner of twenty", False),
    ]
    every = api.get("/v1/teams", role=Role.ADMIN).json()["every_team"]
    assert "some coordinator" in {each["name"] for each in every}
    assert "some admin" not in {each["name"] for each in every}
