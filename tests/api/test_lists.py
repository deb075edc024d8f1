"""What a team asks each day of all journeys: each filter finds one row and leaves another out."""

from datetime import datetime
from typing import Any
from urllib.parse import quote, urlencode
from uuid import uuid4

import pytest

from journey.api.lists.every import LISTS
from journey.cursors import cursor
from tests.api.test_reading import projected
from tests.served import Api, number

pytestmark = pytest.mark.database

NOW = "2026-03-02T12:00:00Z"
HALF_PAST_TEN = "2026-03-02T10:30:00Z"
RED, BLUE = "red team", "eves"
ID = {
    "handoffs": "handoff_id",
    "referrals": "referral_id",
    "authorizations": "authorization_id",
    "visits": "visit_id",
    "barriers": "barrier_id",
}
PATHWAY = "nhs-rtt-18-week"


def at(hour: int, day: int = 2) -> str:
    return f"2026-03-{day:02}T{hour:02}:00:00Z"


def coded(code: str, display: str | None = None) -> dict[str, Any]:
    return {"system": "local", "code": code, "display": display}


def offer(to: str, severity: str, kind: str = "shift") -> dict[str, Any]:
    plans = [{"if_happens": "it gets worse", "then_do": "call the registrar"}]
    parties = {"from_team": "nights", "to_team": to}
    return {"kind": kind, **parties, "severity": severity, "contingencies": plans}


def asking(payer: str, quantity: int) -> dict[str, Any]:
    return {
        "payer": payer,
        "items": [{"sequence": 1, "service": coded("97110", "Exercise"), "quantity": quantity}],
    }


@pytest.fixture(scope="module")
def told(api: Api) -> dict[str, str]:
    """Two journeys with something of everything, and one that is over."""
    journeys = {}
    for name, team in {"ann": RED, "bea": BLUE, "cal": RED}.items():
        patient = {"family": f"Listed{name}", "given": [name], "birth_date": "1970-03-02"}
        numbers = [{"system": "mrn", "value": f"LIST-{name}"}]
        journeys[name] = api.opened(
            patient=patient, identifiers=numbers, team=team, occurred_at=at(8, 1), patient_id=str(uuid4())
        )
    ann, bea, cal = journeys.values()

    api.told(ann, "assign-owner", team=RED, person="nurse-7", occurred_at=at(8, 1))
    api.told(ann, "offer-handoff", handoff_id=number(1), offer=offer("days", "unstable"), occurred_at=at(11))
    api.told(
        bea, "offer-handoff", handoff_id=number(2), offer=offer("eves", "stable"), occurred_at=HALF_PAST_TEN
    )
    api.told(
        bea,
        "offer-handoff",
        handoff_id=number(3),
        offer=offer("eves", "watcher", "service"),
        occurred_at=at(11),
    )
    api.told(bea, "accept-handoff", handoff_id=number(3), accepted_by="dr-1", team="eves", occurred_at=at(11))

    order = {"service": coded("ECHO", "Echo"), "priority": "urgent", "performer": "cardio", "number": "R1"}
    api.told(ann, "send-referral", referral_id=number(4), order=order, occurred_at=at(9, 1))
    order = {"specialty": coded("DERM", "Skin"), "priority": "routine"}
    api.told(bea, "draft-referral", referral_id=number(5), order=order, occurred_at=at(11))

    for journey, key, payer in ((ann, 6, "payer-1"), (bea, 7, "payer-2")):
        ids = {"authorization_id": number(key), "request": asking(payer, 12)}
        api.told(journey, "submit-authorization", **ids, occurred_at=at(9, 1))
    api.told(
        bea, "acknowledge-authorization", authorization_id=number(7), due=at(9, 7), occurred_at=at(10, 1)
    )
    lines = [{"sequence": 1, "action": "A1", "authorized": {"quantity": 3}}]
    api.told(
        ann,
        "decide-authorization",
        authorization_id=number(6),
        lines=lines,
        number="A-1",
        valid_from="2026-03-01",
        valid_until="2026-03-08",
        occurred_at=at(10, 1),
    )

    api.told(
        ann,
        "book-visit",
        visit_id=number(8),
        appointment={"start": at(23), "end": at(23), "service": coded("PHYSIO", "Physio")},
        occurred_at=at(9, 1),
    )
    api.told(bea, "request-visit", visit_id=number(9), occurred_at=at(9, 1))
    api.told(bea, "book-visit", visit_id=number(10), appointment={"start": at(9)}, occurred_at=at(9, 1))
    api.told(bea, "record-no-show", visit_id=number(10), occurred_at=at(10))
    api.told(cal, "book-visit", visit_id=number(11), appointment={"start": at(9)}, occurred_at=at(9, 1))
    api.told(cal, "cancel-visit", visit_id=number(11), occurred_at=at(10, 1))

    ride = coded("Z75.3", "Transport")
    api.told(
        ann,
        "identify-barrier",
        barrier_id=number(12),
        code=ride,
        owner="social-1",
        due=at(10),
        occurred_at=at(9, 1),
    )
    api.told(bea, "identify-barrier", barrier_id=number(13), code=coded("Z60.3"), occurred_at=at(9, 1))
    api.told(bea, "plan-barrier", barrier_id=number(13), plan="an interpreter", occurred_at=at(10, 1))

    api.told(ann, "assign-pathway", pathway=PATHWAY, occurred_at=at(9, 1))
    api.told(ann, "record-rtt-status", code="10", occurred_at=at(9, 1))
    last = {each: api.told(each, "assign-identifier", identifier=one("Z")) for each in (ann, bea)}
    last[cal] = api.told(cal, "cancel-journey", reason="moved away", occurred_at=at(11, 1))
    for journey, answer in last.items():
        projected(api, journey, answer["version"])
    return {journey.rpartition("/")[2]: name for name, journey in journeys.items()}


def one(value: str) -> dict[str, str]:
    return {"system": "other", "value": value}


def rows(api: Api, name: str, question: str = "") -> list[dict[str, Any]]:
    answer = api.get(f"/v1/{name}?now={NOW}&{question}")
    assert answer.status_code == 200, answer.text
    page = answer.json()
    assert set(page) == {name, "next", "as_of"}
    assert page["as_of"] == NOW
    found: list[dict[str, Any]] = page[name]
    return found


def numbers(api: Api, told: dict[str, str], name: str, question: str) -> list[int]:
    """Of what was told here, in its order: the numbers of its ids, or whose steps they are."""
    return [int(row[ID[name]][-12:], 16) for row in rows(api, name, question) if row["journey_id"] in told]


@pytest.mark.parametrize(
    ("name", "question", "found"),
    [
        ("handoffs", "", [1, 3, 2]),
        ("handoffs", "team=days", [1]),
        ("handoffs", "team=eves", [3, 2]),
        ("handoffs", "from_team=nights&severity=stable", [2]),
        ("handoffs", "from_team=days", []),
        ("handoffs", "status=accepted", [3]),
        ("handoffs", "severity=unstable", [1]),
        ("handoffs", "overdue=true", [1]),
        ("handoffs", "overdue=false", [3, 2]),
        ("referrals", "", [4, 5]),
        ("referrals", f"team={quote(RED)}", [4]),
        ("referrals", "status=draft", [5]),
        ("referrals", "priority=urgent", [4]),
        ("referrals", "service=ECHO", [4]),
        ("referrals", "service=skin", [5]),
        ("referrals", "older_than=P1D", [4]),
        ("referrals", "older_than=1", [4]),
        ("referrals", "older_than=PT28H", []),
        ("referrals", "older_than=PT0H", [4, 5]),
        ("referrals", "overdue=true", []),
        ("referrals", "overdue=false", [4, 5]),
        ("authorizations", f"team={quote(RED)}", [6]),
        ("authorizations", "status=acknowledged", [7]),
        ("authorizations", "payer=payer-1", [6]),
        ("authorizations", f"due_before={at(0, 31)}", [7]),
        ("authorizations", f"due_before={at(0, 2)}", []),
        ("authorizations", "overdue=true", []),
        ("authorizations", "expiring_within=6", [6]),
        ("authorizations", "expiring_within=5", []),
        ("authorizations", "expiring_within=5&zone=Pacific/Kiritimati", [6]),
        ("authorizations", "remaining_at_most=3", [6]),
        ("authorizations", "remaining_at_most=2", []),
        ("visits", "", [9, 10, 8]),
        ("visits", "over=true", [9, 10, 11, 8]),
        ("visits", "over=false", [9, 10, 8]),
        ("visits", f"team={quote(BLUE)}", [9, 10]),
        ("visits", "status=booked", [8]),
        ("visits", "on=2026-03-02", [10, 8]),
        ("visits", "on=2026-03-02&zone=Europe/Berlin", [10]),
        ("visits", "on=2026-03-03&zone=Europe/Berlin", [8]),
        ("visits", "on=2026-03-01", []),
        ("visits", f"from={at(10)}", [8]),
        ("visits", "from=2026-03-03&zone=Europe/Berlin", [8]),
        ("visits", f"to={at(9)}", [9]),
        ("visits", "to=2026-03-01", [9]),
        ("visits", "unbooked=true", [9]),
        ("visits", "unbooked=false", [10, 8]),
        ("visits", "missed=true", [10]),
        ("barriers", "", [12, 13]),
        ("barriers", f"team={quote(BLUE)}", [13]),
        ("barriers", "owner=social-1", [12]),
        ("barriers", "status=plan-made", [13]),
        ("barriers", "code=Z75.3", [12]),
        ("barriers", "overdue=true", [12]),
        ("barriers", f"pathway={PATHWAY}", [12]),
    ],
)
def test_what_a_list_finds(
    api: Api, told: dict[str, str], name: str, question: str, found: list[int]
) -> None:
    assert numbers(api, told, name, question) == found


@pytest.mark.parametrize(
    ("question", "has", "has_not"),
    [
        ("", {("ann", "accept-handoff"), ("bea", "book-visit")}, {("cal", "record-arrival")}),
        (f"team={quote(RED)}", {("ann", "record-arrival")}, {("bea", "book-visit")}),
        ("owner=days", {("ann", "accept-handoff")}, {("ann", "record-arrival")}),
        ("person=nurse-7", {("ann", "accept-handoff")}, {("bea", "accept-handoff")}),
        (f"pathway={PATHWAY}", {("ann", "record-arrival")}, {("bea", "accept-handoff")}),
        ("overdue=true", {("ann", "accept-handoff")}, {("bea", "accept-handoff")}),
        ("overdue=false", {("bea", "accept-handoff")}, {("ann", "accept-handoff")}),
        ("at_risk=true", {("bea", "accept-handoff")}, {("ann", "accept-handoff")}),
        ("at_risk=false", {("ann", "accept-handoff")}, {("bea", "accept-handoff")}),
        (f"due_before={at(12)}", {("ann", "accept-handoff")}, {("bea", "accept-handoff")}),
        ("blocked=false", {("ann", "accept-handoff")}, set()),
    ],
)
def test_what_is_to_be_done(
    api: Api,
    told: dict[str, str],
    question: str,
    has: set[tuple[str, str]],
    has_not: set[tuple[str, str]],
) -> None:
    found = {
        (told[row["journey_id"]], row["step"])
        for row in rows(api, "worklist", question)
        if row["journey_id"] in told
    }
    assert has <= found
    assert not has_not & found


def test_what_is_blocked_says_so(api: Api, told: dict[str, str]) -> None:
    found = rows(api, "worklist", "blocked=true")
    assert all(row["blocked"] for row in found)
    assert not any(row["blocked"] for row in rows(api, "worklist", "blocked=false"))
    assert told


@pytest.mark.parametrize("name", LISTS)
def test_of_one_journey_or_of_one_patient(api: Api, told: dict[str, str], name: str) -> None:
    journey = next(key for key, value in told.items() if value == "ann")
    of_it = rows(api, name, f"journey={journey}")
    assert {row["journey_id"] for row in of_it} == {journey}
    patient = of_it[0]["patient"]["patient_id"]
    assert rows(api, name, f"patient={patient}") == of_it
    assert rows(api, name, f"patient={uuid4()}") == []


@pytest.mark.parametrize("name", LISTS)
def test_a_row_is_as_it_is_documented(api: Api, told: dict[str, str], name: str) -> None:
    listing = LISTS[name]
    row = next(row for row in rows(api, name) if told.get(row["journey_id"]) == "ann")
    assert set(row) == set(listing.row.model_fields)
    listing.row.model_validate(row)
    assert row["patient"]["family"] == "Listedann"
    assert row["patient"]["birth_date"] == "1970-03-02"
    assert row["patient"]["identifiers"] == ["LIST-ann", "Z"]
    assert (row["journey"]["team"], row["journey"]["pathway"]) == (RED, PATHWAY)
    assert row["version"] == api.get(f"/v1/journeys/{row['journey_id']}").json()["version"]


@pytest.mark.parametrize("name", LISTS)
def test_what_is_urgent_comes_first(api: Api, told: dict[str, str], name: str) -> None:
    found = [row for row in rows(api, name) if told]
    key = "starts_at" if name == "visits" else "due"
    severity = ["unstable", "watcher", "stable", None]
    order = [
        (
            severity.index(row["severity"]) if name == "handoffs" else 0,
            row[key] is None and name != "visits",
            row[key] or row["since"],
        )
        for row in found
    ]
    assert order == sorted(order)


@pytest.mark.parametrize("name", LISTS)
def test_page_by_page_nothing_is_missed_or_repeated(api: Api, told: dict[str, str], name: str) -> None:
    every = [row["event_id"] for row in rows(api, name)]
    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = api.get(
            f"/v1/{name}?" + urlencode({"now": NOW, "limit": 2} | ({"cursor": cursor} if cursor else {}))
        )
        assert page.status_code == 200, page.text
        assert len(page.json()[name]) <= 2
        seen += [row["event_id"] for row in page.json()[name]]
        cursor = page.json()["next"]
    assert seen == every
    assert len(every) > 2 or name in {"referrals", "authorizations", "barriers"}
    assert told


def test_rows_that_go_meanwhile_make_none_appear_twice_or_not_at_all(api: Api) -> None:
    made = []
    for hour in range(4):
        journey = api.opened(team="paging team", occurred_at=at(8, 1))
        answer = api.told(
            journey, "identify-barrier", barrier_id=number(50 + hour), code=coded("Z75.3"), due=at(9 + hour)
        )
        projected(api, journey, answer["version"])
        made.append(journey)
    first = api.get("/v1/barriers?team=paging+team&limit=2").json()
    answer = api.told(made[1], "resolve-barrier", barrier_id=number(51))
    projected(api, made[1], answer["version"])
    second = api.get(f"/v1/barriers?team=paging+team&limit=2&cursor={first['next']}").json()
    found = [row["barrier_id"] for row in (*first["barriers"], *second["barriers"])]
    assert found == [number(50), number(51), number(52), number(53)]
    assert second["next"] is None


def test_what_the_clock_decides(api: Api, told: dict[str, str]) -> None:
    by_id = {row["handoff_id"]: row for row in rows(api, "handoffs") if row["journey_id"] in told}
    told_of = ("overdue", "minutes_waited", "minutes_left", "escalation")
    assert [by_id[number(1)][each] for each in told_of] == [True, 60, -45, "due"]
    assert [by_id[number(2)][each] for each in told_of] == [False, 90, 30, "none"]
    assert by_id[number(3)]["escalation"] == "none"
    [sent] = [row for row in rows(api, "referrals") if row["referral_id"] == number(4)]
    assert sent["days_waited"] == 1
    [granted] = [row for row in rows(api, "authorizations") if row["authorization_id"] == number(6)]
    assert (granted["remaining"], granted["days_left"], granted["valid_until"]) == (3, 6, "2026-03-08")
    [barrier] = [row for row in rows(api, "barriers") if row["barrier_id"] == number(12)]
    assert (barrier["overdue"], barrier["minutes_left"]) == (True, -120)
    later = api.get(f"/v1/visits?now={at(23)}&status=booked&to=2026-03-02").json()["visits"]
    assert [row["minutes_left"] for row in later if row["journey_id"] in told] == [0]
    later = api.get(f"/v1/visits?now={at(1, 3)}&status=booked&to=2026-03-02").json()["visits"]
    assert [row["late"] for row in later if row["journey_id"] in told] == [True]


def test_an_escalated_handoff_has_time_again(api: Api, told: dict[str, str]) -> None:
    journey = api.opened(occurred_at=at(8, 1))
    laddered = {**offer("first", "watcher"), "ladder": ["second"]}
    api.told(journey, "offer-handoff", handoff_id=number(60), offer=laddered, occurred_at=at(10))
    asked = api.told(journey, "escalate-handoff", handoff_id=number(60), level=1, occurred_at=at(11))
    projected(api, journey, asked["version"])
    for now, state in {at(11): "escalated", at(20): "due"}.items():
        [row] = api.get(f"/v1/handoffs?team=second&now={now}").json()["handoffs"]
        assert (row["escalation"], row["level"]) == (state, 1)
    assert told


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("worklist?colour=red", "invalid"),
        ("worklist?zone=Europe/Berlin", "invalid"),
        ("visits?zone=Europe/Nowhere", "invalid"),
        ("visits?on=yesterday", "invalid"),
        ("visits?from=12", "invalid"),
        ("referrals?older_than=P", "invalid"),
        ("referrals?older_than=soon", "invalid"),
        ("referrals?status=lost", "invalid"),
        ("authorizations?expiring_within=-1", "invalid"),
        ("handoffs?limit=501", "invalid"),
        ("barriers?team=", "invalid"),
        ("worklist?now=0001-01-01T00:00:00%2B14:00", "invalid"),
        ("worklist?due_before=9999-12-31T23:59:59Z", "invalid"),
        ("visits?on=9999-12-31", "invalid"),
        ("visits?on=20000", "invalid"),
        ("visits?to=9999-12-31", "invalid"),
        ("visits?from=0001-01-01&zone=Asia/Tokyo", "invalid"),
        ("authorizations?expiring_within=100000&now=9990-01-01T00:00:00Z", "invalid"),
        ("referrals?older_than=9999W&now=0100-01-01T00:00:00Z", "invalid"),
        ("barriers?cursor=nonsense", "bad-cursor"),
    ],
)
def test_a_wrong_question_is_refused(api: Api, url: str, code: str) -> None:
    answer = api.get(f"/v1/{url}")
    assert (answer.status_code, answer.json()["code"]) == (422, code)


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("visits?from=2026-03-01T10:00", "Input should have timezone info"),
        ("visits?to=2300-01-01", "the year should be from 1800 to 2299"),
        ("visits?from=12", "a time is written as 2026-03-01T09:00:00Z"),
        ("visits?on=0", "a day is written as 2026-03-01"),
    ],
)
def test_a_time_that_cannot_be_is_told_in_one_sentence(api: Api, url: str, message: str) -> None:
    [error] = api.get(f"/v1/{url}").json()["errors"]
    assert (error["field"], error["message"]) == (url.partition("?")[2].partition("=")[0], message)


@pytest.mark.parametrize(
    "url",
    [
        "authorizations?expiring_within=100000&now=2299-12-31T00:00:00Z&zone=Pacific/Kiritimati",
        "visits?on=1800-01-01&to=2299-12-31&zone=America/New_York",
        "referrals?older_than=9999W9999DT99999H&now=1800-01-01T00:00:00Z",
    ],
)
def test_the_earliest_and_the_latest_time_can_be_asked_of(api: Api, url: str) -> None:
    assert api.get(f"/v1/{url}").status_code == 200


def test_a_cursor_is_good_for_its_list_and_filters_only(api: Api, told: dict[str, str]) -> None:
    following = api.get("/v1/handoffs?limit=1").json()["next"]
    assert api.get(f"/v1/handoffs?cursor={following}").status_code == 200
    forged = [cursor("handoffs []  ", text) for text in ("1", "1|2|3|4|5", "1|2026-99-99|infinity|a|b", "-")]
    for url in (f"worklist?cursor={following}", f"handoffs?team=days&cursor={following}"):
        assert api.get(f"/v1/{url}").json()["code"] == "bad-cursor"
    for each in forged:
        assert api.get(f"/v1/handoffs?cursor={each}").json()["code"] == "bad-cursor"
    assert told


def test_who_may_not_read_is_sent_away(api: Api) -> None:
    assert api.get("/v1/worklist", role=None).status_code == 401


def test_lists_tell_of_now_where_nothing_else_is_asked(api: Api) -> None:
    as_of = datetime.fromisoformat(api.get("/v1/worklist").json()["as_of"])
    assert abs((as_of - datetime.now(as_of.tzinfo)).total_seconds()) < 60
