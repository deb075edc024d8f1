"""Whoever asks for FHIR is told what the table says of a journey, and nothing that gives the rest away."""

from itertools import product
from typing import Any

import psycopg
import pytest

from journey.api.access import keys
from journey.api.access.keys import Grant
from journey.api.access.table import Permission, Reach, Role, reach
from tests.api.test_matrix import (
    CASES,
    MARK,
    Bears,
    Case,
    Class,
    Whose,
    World,
    code_of,
    expected,
    is_theirs,
    sees_labelled,
)
from tests.served import Api, number
from tests.waiting import until

pytestmark = pytest.mark.database


class Told:
    """What is there to be found, as who sees everything is told."""

    def __init__(self, world: World) -> None:
        self.world = world
        found = self.every("EpisodeOfCare?_count=500")
        self.patients = {each["id"]: each["patient"]["reference"].partition("/")[2] for each in found}

    def every(self, query: str) -> list[dict[str, Any]]:
        answer = self.world.api.get(f"/v1/fhir/{query}", role=Role.COMPLIANCE)
        return [each["resource"] for each in answer.json().get("entry", ())]


@pytest.fixture(scope="module")
def world(api: Api) -> World:
    world = World(api)
    asked = f"/v1/fhir/Task?identifier=urn:uuid:{number(1)}&_include=Task:patient"

    def is_indexed() -> bool:
        told = api.get(asked, role=Role.COMPLIANCE).json().get("entry", ())
        return len({each["resource"]["id"] for each in told}) > 1

    until(is_indexed)
    return world


@pytest.fixture(scope="module")
def told(world: World) -> Told:
    return Told(world)


def found(answer: Any) -> Class:
    if answer.is_success:
        return Class.ANSWERED
    known = {"forbidden": Class.FORBIDDEN, "no-such-resource": Class.NOT_THERE, "withheld": Class.WITHHELD}
    return known[code_of(answer)]


def shows_all(case: Case) -> bool:
    return is_theirs(case, Permission.READ) and sees_labelled(case)


@pytest.mark.parametrize("case", CASES, ids=lambda case: ", ".join(map(str, case)))
def test_a_resource_is_answered_as_the_table_says(world: World, told: Told, case: Case) -> None:
    token, journey = world.token(case), world.journey(case).rpartition("/")[2]
    paths = [(f"EpisodeOfCare/{journey}", rest) for rest in ("", "/_history", "/_history/1")]
    for path, rest in [*paths, (f"Patient/{told.patients[journey]}", "")]:
        answer = world.ask(token, "GET", f"/v1/fhir/{path}{rest}")
        assert found(answer) is expected(case, Permission.READ, reads=True), (path, rest, answer.text)
        assert shows_all(case) or MARK not in answer.text
        if answer.is_success and not rest:
            is_cut = case.bears is not Bears.NOTHING and not sees_labelled(case)
            assert ("REDACTED" in answer.text, "etag" in answer.headers) == (is_cut, not is_cut)


@pytest.mark.parametrize("case", CASES, ids=lambda case: ", ".join(map(str, case)))
def test_a_search_finds_what_the_table_says(world: World, told: Told, case: Case) -> None:
    token, journey = world.token(case), world.journey(case).rpartition("/")[2]
    patient = told.patients[journey]
    is_there = is_theirs(case, Permission.SEARCH) and (sees_labelled(case) or case.bears is not Bears.WHOLLY)
    for query in (
        f"EpisodeOfCare?_id={journey}",
        f"EpisodeOfCare?patient={patient}",
        f"Patient?_id={patient}",
    ):
        answer = world.ask(token, "GET", f"/v1/fhir/{query}&_count=1")
        if reach(case.role, Permission.SEARCH) is Reach.NONE:
            assert found(answer) is Class.FORBIDDEN
            continue
        assert len(answer.json().get("entry", ())) == is_there, (query, answer.text)
        assert [each["relation"] for each in answer.json()["link"]] == ["self"]
        assert shows_all(case) or MARK not in answer.text


@pytest.mark.parametrize(
    "case",
    [each for each in CASES if each.bears is Bears.A_LABEL],
    ids=lambda case: ", ".join(map(str, case)),
)
def test_what_bears_a_label_alone_is_as_if_it_were_not(world: World, told: Told, case: Case) -> None:
    """A referral that only labelled events tell of, on a journey that may be seen."""
    token, journey = world.token(case), world.journey(case).rpartition("/")[2]
    query = f"Task?patient={told.patients[journey]}&_include=Task:focus&_include=Task:patient"
    answer = world.ask(token, "GET", f"/v1/fhir/{query}")
    if reach(case.role, Permission.SEARCH) is Reach.NONE:
        assert found(answer) is Class.FORBIDDEN
        return
    assert (number(1) in answer.text) is shows_all(case)
    assert (MARK in answer.text) is shows_all(case)


@pytest.mark.parametrize("role", Role)
def test_nothing_of_others_is_in_what_is_found_without_a_filter(world: World, role: Role) -> None:
    queries = (
        "EpisodeOfCare?_include=EpisodeOfCare:patient",
        "Patient?_count=500",
        "ServiceRequest?status=active",
    )
    for (cleared, opens), query in product(product((False, True), repeat=2), queries):
        answer = world.ask(world.tokens[role, cleared, opens], "GET", f"/v1/fhir/{query}")
        if reach(role, Permission.SEARCH) is Reach.NONE:
            assert found(answer) is Class.FORBIDDEN
            continue
        theirs = Case(role, Whose.OWN, Bears.WHOLLY, cleared)
        opened = Case(role, Whose.OPENED, Bears.WHOLLY, cleared)
        sees = shows_all(theirs) or (opens and shows_all(opened))
        assert sees or MARK not in answer.text, (query, cleared, opens)


def test_a_label_of_this_moment_holds_though_the_index_does_not_know_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither of what bore none before, nor of what bore another that they are cleared for."""
    api = world.api
    monkeypatch.setattr("journey.api.fresh.PATIENCE", 0.01)
    journeys = {label: api.opened(team="ward 3") for label in ("", "PSY")}
    for number_, (label, journey) in enumerate(journeys.items(), 7000):
        note = {"note_id": number(number_), "text": f"was there of {label}"}
        headers = {"X-Security-Labels": label} if label else {}
        assert api.post(f"{journey}/add-note", note, headers=headers).is_success
    token = keys.create(api.conninfo, "of PSY", Role.COORDINATOR, "ward 3", Grant(labels=("PSY",))).token
    headers = {"Authorization": f"Bearer {token}"}

    def told() -> str:
        return str(api.get("/v1/fhir/CarePlan?_count=500", role=None, headers=headers).text)

    until(lambda: all(f"was there of {label}" in told() for label in journeys))
    with psycopg.connect(api.conninfo) as behind:
        behind.execute("LOCK TABLE patient_status, fhir_resource IN EXCLUSIVE MODE")
        for number_, journey in enumerate(journeys.values(), 7100):
            note = {"note_id": number(number_), "text": "came since"}
            assert api.post(f"{journey}/add-note", note, headers={"X-Security-Labels": "HIV"}).is_success
        assert "came since" not in told()
