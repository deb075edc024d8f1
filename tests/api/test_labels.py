"""Labelled events: withheld from who is not cleared for them, wherever they would show, and said to be."""

from typing import Any

import pytest
from httpx2 import Response

from journey.api.access import keys
from journey.api.access.keys import Grant
from journey.api.access.table import Role
from tests.served import Api, number
from tests.waiting import until

pytestmark = pytest.mark.database

CLINIC = "Methadonambulanz"
LABELLED = {"X-Security-Labels": "42CFRPart2"}
TEAM = "ward 3"
CODE = {"system": "local", "code": "consult"}


@pytest.fixture(scope="module")
def tokens(api: Api) -> dict[str, str]:
    """Nurses of one ward, with and without a clearance, and partners likewise."""

    def made(name: str, role: Role, *labels: str) -> str:
        return keys.create(api.conninfo, name, role, TEAM, Grant((TEAM,), labels)).token

    return {
        "nurse": made("nurse", Role.CLINICIAN),
        "cleared": made("cleared nurse", Role.CLINICIAN, "42CFRPart2"),
        "psychiatry": made("psychiatric nurse", Role.CLINICIAN, "PSY"),
        "partner": made("partner", Role.INTEGRATOR),
        "programme": made("programme", Role.INTEGRATOR, "42CFRPart2"),
    }


def ask(api: Api, token: str, url: str, method: str = "GET", **more: Any) -> Response:
    headers = {"Authorization": f"Bearer {token}", **more.pop("headers", {})}
    return api.ask(method, url, role=None, headers=headers, **more)


@pytest.fixture(scope="module")
def journey(api: Api, tokens: dict[str, str]) -> str:
    """A journey with one referral that is nobody's business, and one that is everybody's."""
    address = api.opened(patient={"family": "Applewhite"})
    for referral_id, labels, name in ((number(31), LABELLED, CLINIC), (number(32), {}, "Orthopaedics")):
        body = {"referral_id": referral_id, "order": {"service": {**CODE, "display": name}}}
        answer = api.post(f"{address}/send-referral", body, headers=labels)
        assert answer.status_code == 200, answer.text
    answer = api.post(f"{address}/confirm-referral-receipt", {"referral_id": number(31)})
    assert answer.status_code == 200, answer.text
    journey_id = address.rpartition("/")[2]
    until(lambda: len(rows(api, tokens["cleared"], f"/v1/referrals?journey={journey_id}")) == 2)
    return address


def rows(api: Api, token: str, url: str, *, of: str = "", **more: Any) -> list[dict[str, Any]]:
    answer = ask(api, token, url, **more)
    assert answer.status_code == 200, answer.text
    told = answer.json()
    found: list[dict[str, Any]] = (
        told[of] if of else next(each for each in told.values() if isinstance(each, list))
    )
    return found


def places(journey: str) -> list[str]:
    journey_id = journey.rpartition("/")[2]
    return [
        journey,
        f"{journey}?as_of=2100-01-01T00:00:00Z",
        f"{journey}?min_version=1&as_known_at=2100-01-01T00:00:00Z",
        f"{journey}/events",
        f"{journey}/timeline",
        f"/v1/referrals?journey={journey_id}",
        f"/v1/worklist?journey={journey_id}",
        "/v1/journeys?q=applewhite",
        f"{journey}/replay",
        f"{journey}/replay?axis=true",
        f"{journey}/difference?from_as_of=2020-01-01T00:00:00Z",
        f"{journey}/why?of=open",
        f"{journey}/why?of=rooms.referrals",
        "/v1/replay",
    ]


def test_it_shows_nowhere_to_who_is_not_cleared(api: Api, tokens: dict[str, str], journey: str) -> None:
    for url in places(journey):
        for who in ("nurse", "psychiatry"):
            answer = ask(api, tokens[who], url)
            assert answer.status_code == 200, answer.text
            assert CLINIC not in answer.text, url
            assert number(31) not in answer.text, url
            assert "42CFRPart2" not in answer.text, url


def test_it_is_said_to_be_withheld(api: Api, tokens: dict[str, str], journey: str) -> None:
    for asked in ("", "?as_of=2100-01-01T00:00:00Z"):
        withheld, whole = (ask(api, tokens[who], journey + asked).json() for who in ("nurse", "cleared"))
        assert (withheld["withheld"], whole["withheld"]) == (True, False)
        assert withheld["version"] == whole["version"]
        assert len(withheld["open"]["referrals"]) == 1
        assert len(whole["open"]["referrals"]) == 2
    events = rows(api, tokens["nurse"], f"{journey}/events")
    assert [each["version"] for each in events] == list(range(1, len(events) + 1))
    kept_back = [each for each in events if each.get("withheld")]
    assert {frozenset(each) for each in kept_back} == {
        frozenset({"event_id", "journey_id", "version", "recorded_at", "withheld"})
    }
    told = rows(api, tokens["nurse"], f"{journey}/timeline")
    assert sum(bool(each.get("withheld")) for each in told) == len(kept_back) >= 2


def test_a_step_that_is_withheld_says_so_and_changes_nothing(
    api: Api, tokens: dict[str, str], journey: str
) -> None:
    for axis in ("known", "true"):
        steps, whole = (
            rows(api, tokens[who], f"{journey}/replay?axis={axis}") for who in ("nurse", "cleared")
        )
        kept_back = [each for each in steps if each["event"].get("withheld")]
        assert len(kept_back) == 2
        assert all((each["changes"], each["reading"]) == ([], None) for each in kept_back)
        ids = [[each["event"]["event_id"] for each in told] for told in (steps, whole)]
        assert ids[0] == ids[1], "each has its place"
    between = rows(
        api, tokens["nurse"], f"{journey}/difference?from_as_known_at=2020-01-01T00:00:00Z", of="events"
    )
    assert sum(each["holds"] is None for each in between) == 2


def test_what_bears_a_label_today_is_withheld_of_every_time(api: Api, tokens: dict[str, str]) -> None:
    """It bore none when it was recorded; it is the same referral."""
    address = api.opened()
    body = {"referral_id": number(33), "order": {"service": {**CODE, "display": CLINIC}}}
    recorded = api.told(address, "send-referral", **body)["events"][-1]["event_id"]
    then = next(
        each["recorded_at"]
        for each in api.get(f"{address}/events").json()["events"]
        if each["event_id"] == recorded
    )
    told = api.post(f"{address}/confirm-referral-receipt", {"referral_id": number(33)}, headers=LABELLED)
    assert told.status_code == 200, told.text
    for asked in (f"?as_known_at={then}", f"/replay?as_known_at={then}", f"/why?of=open&as_known_at={then}"):
        assert CLINIC not in ask(api, tokens["nurse"], address + asked).text, asked
        assert CLINIC in ask(api, tokens["cleared"], address + asked).text, asked


def test_who_is_cleared_sees_it_for_treatment_and_not_for_research(
    api: Api, tokens: dict[str, str], journey: str
) -> None:
    for url in (journey, f"{journey}/events", f"{journey}/timeline", places(journey)[5]):
        assert CLINIC in ask(api, tokens["cleared"], url).text
        assert CLINIC in api.get(url, role=Role.COMPLIANCE).text
        assert CLINIC not in ask(api, tokens["cleared"], url, headers={"X-Purpose-Of-Use": "HRESCH"}).text


def test_broken_glass_shows_it(api: Api, tokens: dict[str, str], journey: str) -> None:
    doctor = keys.create(api.conninfo, "emergency doctor", Role.CLINICIAN, "ward 9").token
    reason = {"code": "ETREAT", "text": "Unconscious, no history."}
    body = {"journey_id": journey.rpartition("/")[2], "reason": reason}
    assert ask(api, doctor, "/v1/break-glass", "POST", json=body).status_code == 201
    for url in places(journey)[:6]:
        assert CLINIC in ask(api, doctor, url).text, url
    assert CLINIC not in ask(api, tokens["nurse"], journey).text


def test_a_partner_is_told_that_something_is_withheld_and_in_its_place(
    api: Api, tokens: dict[str, str], journey: str
) -> None:
    journey_id = journey.rpartition("/")[2]
    feed = f"/v1/events?journey={journey_id}&limit=500"
    until(lambda: rows(api, tokens["programme"], feed))
    whole, theirs = (rows(api, tokens[who], feed) for who in ("programme", "partner"))
    assert [each["sequence"] for each in whole] == [each["sequence"] for each in theirs]
    assert number(31) in str(whole)
    assert number(31) not in str(theirs)
    assert {each["type"] for each in theirs if "data" not in each} == {"withheld"}


def test_the_whole_of_a_labelled_event_goes_out_where_the_patient_consents(
    api: Api, tokens: dict[str, str]
) -> None:
    address = api.opened()
    referral = {"referral_id": number(33), "order": {"service": {**CODE, "display": CLINIC}}}
    assert api.post(f"{address}/send-referral", referral, headers=LABELLED).status_code == 200
    feed = f"/v1/events?journey={address.rpartition('/')[2]}&type=referral.*&payload="

    def sent(payload: str = "full") -> dict[str, Any]:
        [event] = until(lambda: rows(api, tokens["programme"], feed + payload))
        return event

    assert (CLINIC in str(sent()), sent()["data"]["referral_id"]) == (False, number(33))
    said = {"consent_id": number(34), "scope": "patient-privacy", "labels": ["42CFRPart2"], "part_2": True}
    api.told(address, "grant-consent", recipients=["programme"], **said)
    assert CLINIC in str(sent())
    assert CLINIC not in str(sent("thin"))
    assert [each["type"] for each in rows(api, tokens["partner"], f"{feed}full")] == ["withheld"]
    api.told(address, "revoke-consent", consent_id=number(34))
    assert CLINIC not in str(sent())


def test_what_stands_in_the_way_is_not_told_in_words(api: Api, tokens: dict[str, str], journey: str) -> None:
    refused, whole = (
        ask(api, tokens[who], f"{journey}/close-journey", "POST", json={}) for who in ("nurse", "cleared")
    )
    assert (refused.status_code, whole.status_code) == (409, 409)
    assert {each["what"] for each in refused.json()["blockers"]} == {"something that is withheld from you"}
    assert len(refused.json()["blockers"]) == len(whole.json()["blockers"]) > 1


def test_a_journey_that_was_opened_with_a_label(api: Api, tokens: dict[str, str]) -> None:
    opened = api.post("/v1/journeys", {"team": TEAM, "patient": {"family": CLINIC}}, headers=LABELLED)
    address = opened.headers["location"]
    assert ask(api, tokens["cleared"], address).json()["patient"]["demographics"]["family"] == CLINIC
    until(lambda: rows(api, tokens["cleared"], f"/v1/journeys?q={CLINIC}"))
    for at in ("", "?min_version=1"):
        answer = ask(api, tokens["nurse"], address + at)
        assert (answer.status_code, answer.json()["code"]) == (403, "withheld")
    assert rows(api, tokens["nurse"], f"/v1/journeys?q={CLINIC}") == []


def test_a_label_that_is_voided_away_lets_it_be_seen_again(api: Api, tokens: dict[str, str]) -> None:
    address = api.opened()
    journey_id = address.rpartition("/")[2]
    body = {"referral_id": number(41), "order": {"service": {**CODE, "display": CLINIC}}}
    told = api.post(f"{address}/send-referral", body, headers=LABELLED).json()
    url = f"/v1/journeys?patient={api.get(address).json()['patient']['patient_id']}"
    until(lambda: rows(api, tokens["cleared"], f"/v1/referrals?journey={journey_id}"))
    for event in reversed(told["events"]):
        void = {"event_id": event["event_id"], "reason": "another's"}
        answer = ask(api, tokens["cleared"], f"{address}/void-event", "POST", json=void)
        assert answer.status_code == 200, answer.text
    version = api.get(address).json()["version"]
    until(lambda: [each["version"] for each in rows(api, tokens["nurse"], url)] == [version])
    stands = ask(api, tokens["nurse"], address).json()
    assert stands["withheld"] is False
    assert CLINIC not in ask(api, tokens["nurse"], f"{address}/events").text


@pytest.mark.parametrize("label", ["42 CFR", "x" * 21, "PSY;HIV", ",".join(f"L{n}" for n in range(11))])
def test_a_wrong_label_is_refused(api: Api, journey: str, label: str) -> None:
    headers = {"X-Security-Labels": label}
    answer = api.ask("POST", f"{journey}/start-intake", headers=headers, json={"channel": "phone"})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "X-Security-Labels")
