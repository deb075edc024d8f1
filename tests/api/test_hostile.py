"""What somebody would try who wants another team's patient, or a labelled fact: each leads nowhere."""

from typing import Any
from uuid import UUID

import pytest
from httpx2 import Response

from journey.api.access import keys, ring
from journey.api.access.keys import Grant
from journey.api.access.table import Role
from journey.api.reads import Reads
from tests.served import Api, number
from tests.waiting import until

pytestmark = pytest.mark.database

HERE, ELSEWHERE = "ward 3", "ward 9"
LABELLED = {"X-Security-Labels": "PSY"}
HIDDEN = "Lavendelhaus"
CODE = {"system": "local", "code": "consult"}


@pytest.fixture(scope="module")
def held(api: Api) -> dict[str, str]:
    """Keys that are bound to a team."""

    def made(name: str, role: Role, team: str, *labels: str) -> str:
        return keys.create(api.conninfo, name, role, team, Grant((team,), labels)).token

    return {
        "here": made("here", Role.COORDINATOR, HERE),
        "elsewhere": made("elsewhere", Role.COORDINATOR, ELSEWHERE),
        "cleared": made("cleared", Role.CLINICIAN, HERE, "PSY"),
        "partner": made("partner", Role.INTEGRATOR, HERE),
    }


def ask(api: Api, token: str, method: str, url: str, body: Any = None, **headers: str) -> Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return api.ask(method, url, role=None, headers={"Authorization": f"Bearer {token}", **named}, json=body)


def id_of(address: str) -> str:
    return address.rpartition("/")[2]


def without_ids(answer: Response) -> dict[str, Any]:
    return {name: value for name, value in answer.json().items() if name != "request_id"}


def referred(api: Api, journey: str, referral_id: str, **headers: str) -> str:
    """The event that says so."""
    body = {"referral_id": referral_id, "order": {"service": {**CODE, "display": HIDDEN}}}
    answer = api.post(f"{journey}/send-referral", body, headers=headers)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["events"][-1]["event_id"])


def test_a_former_request_opens_its_answer_and_not_the_journey(api: Api, held: dict[str, str]) -> None:
    journey = api.opened(team=HERE)
    away = ask(api, held["here"], "POST", f"{journey}/assign-owner", {"team": ELSEWHERE}, Idempotency_Key="k")
    assert away.status_code == 200
    for path in ("", "/events", "/timeline"):
        assert ask(api, held["here"], "GET", journey + path, Idempotency_Key="k").status_code == 404
    again = ask(api, held["here"], "POST", f"{journey}/assign-owner", {"team": HERE}, Idempotency_Key="k")
    assert again.status_code == 422
    other = ask(
        api, held["here"], "POST", f"{journey}/start-intake", {"channel": "phone"}, Idempotency_Key="k"
    )
    assert other.status_code == 422


def test_a_merge_told_on_ones_own_journey_reaches_nobody_elses_patient(
    api: Api, held: dict[str, str]
) -> None:
    own, others = number(7001), number(7002)
    mine = api.opened(team=HERE, patient_id=own)
    theirs = api.opened(team=ELSEWHERE, patient_id=others)
    before = api.get(theirs).json()["version"]
    refused, absent = (
        ask(api, held["here"], "POST", f"{mine}/merge-patient", {"survivor": own, "retired": retired})
        for retired in (others, number(7999))
    )
    assert refused.status_code == absent.status_code == 404, refused.text
    assert without_ids(refused) == without_ids(absent)
    assert api.get(theirs).json()["version"] == before


def test_a_labelled_event_stays_labelled_wherever_it_is_told_again(api: Api, held: dict[str, str]) -> None:
    journey, patient_id = api.opened(team=HERE), number(7010)
    other = api.opened(team=HERE, patient_id=patient_id)
    event_id = referred(api, journey, number(7011), **LABELLED)
    away = {"event_id": event_id, "to_patient_id": patient_id, "to_journey_id": id_of(other), "reason": "x"}
    told = ask(api, held["cleared"], "POST", f"{journey}/reattribute-event", away)
    assert told.status_code == 200, told.text
    assert HIDDEN in ask(api, held["cleared"], "GET", f"{other}/events").text
    assert HIDDEN not in ask(api, held["here"], "GET", f"{other}/events").text


def test_what_is_withheld_is_not_corrected_by_who_does_not_see_it(api: Api, held: dict[str, str]) -> None:
    journey, other = api.opened(team=HERE), api.opened(team=HERE, patient_id=number(7020))
    event_id = referred(api, journey, number(7021), **LABELLED)
    reason = {"reason": "guess"}
    for command, body in (
        ("void-event", {}),
        ("reinstate-event", {}),
        ("correct-event", {"data": {"nothing": 1}}),
        ("reattribute-event", {"to_patient_id": number(7020), "to_journey_id": id_of(other)}),
    ):
        there, nowhere = (
            ask(api, held["here"], "POST", f"{journey}/{command}", {**body, **reason, "event_id": named})
            for named in (event_id, number(7029))
        )
        assert there.status_code == nowhere.status_code == 409, there.text
        assert without_ids(there) == without_ids(nowhere)
    assert ask(
        api, held["cleared"], "POST", f"{journey}/void-event", {**reason, "event_id": event_id}
    ).is_success


def test_a_withheld_number_finds_nobody(api: Api, held: dict[str, str]) -> None:
    journey = api.opened(team=HERE)
    identifier = {"system": "urn:psychiatry", "value": "PSY-4711"}
    told = api.post(f"{journey}/assign-identifier", {"identifier": identifier}, headers=LABELLED)
    assert told.status_code == 200, told.text
    url = "/v1/journeys?mrn=PSY-4711"
    until(lambda: ask(api, held["cleared"], "GET", url).json()["journeys"])
    assert ask(api, held["here"], "GET", url).json()["journeys"] == []


def test_asking_for_a_type_does_not_tell_the_type_of_what_is_withheld(api: Api, held: dict[str, str]) -> None:
    journey = api.opened(team=HERE)
    referred(api, journey, number(7031), **LABELLED)
    api.told(journey, "start-intake", channel="phone")
    follow = f"/v1/events?journey={id_of(journey)}"

    def told(query: str) -> list[str]:
        answer = ask(api, held["partner"], "GET", follow + query).json()
        return [each["type"] for each in answer["events"]]

    until(lambda: "intake.started" in told(""))
    withheld = [each for each in told("") if each == "withheld"]
    assert withheld
    assert told("&type=referral.*") == told("&type=visit.*") == withheld
    assert sorted(told("&type=intake.*")) == sorted(["intake.started", *withheld])
    first, second = (
        ask(api, held["partner"], "GET", f"{follow}&limit=1&type={each}").json()
        for each in ("referral.*", "visit.*")
    )
    assert (first["next"], first["more"]) == (second["next"], second["more"])


def test_a_tag_is_no_reason_to_keep_what_one_saw_before_a_clearance(api: Api, held: dict[str, str]) -> None:
    journey = api.opened(team=HERE)
    tag = ask(api, held["here"], "GET", journey).headers["etag"]
    assert ask(api, held["here"], "GET", journey, If_None_Match=tag).status_code == 304
    referred(api, journey, number(7041), **LABELLED)
    kept_back = ask(api, held["here"], "GET", journey)
    whole = ask(api, held["cleared"], "GET", journey, If_None_Match=kept_back.headers["etag"])
    assert whole.status_code == 200
    assert whole.json()["withheld"] is False


def test_patients_of_others_and_of_nobody_take_the_same_statements(
    api: Api, held: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for count, patient_id in ((1, number(7051)), (2, number(7052))):
        for _ in range(count):
            journey = api.opened(team=ELSEWHERE, patient_id=patient_id)
    found = f"/v1/journeys?patient={number(7052)}"
    until(lambda: len(ask(api, held["elsewhere"], "GET", found).json()["journeys"]) == 2)
    asked: list[list[str]] = []
    rows = Reads.rows

    async def heard(self: Reads, statement: Any, *rest: Any, **more: Any) -> Any:
        asked[-1].append(str(statement))
        return await rows(self, statement, *rest, **more)

    monkeypatch.setattr(Reads, "rows", heard)
    for patient_id in (number(7051), number(7052), number(7059)):
        asked.append([])
        assert ask(api, held["here"], "GET", f"/v1/patients/{patient_id}").status_code == 404
    assert asked[0] == asked[1] == asked[2], (journey, [len(each) for each in asked])


def test_a_merge_tells_of_nobodys_elses_journeys(api: Api, held: dict[str, str]) -> None:
    one, two = number(7061), number(7062)
    for patient_id in (one, two):
        api.opened(team=HERE, patient_id=patient_id)
    others = api.opened(team=ELSEWHERE, patient_id=two)
    done = ask(api, held["here"], "POST", f"/v1/patients/{one}/merge", {"retired": two})
    assert done.status_code == 200, done.text
    assert id_of(others) not in done.text
    referred(api, others, number(7063))
    unmerge = ask(api, held["here"], "POST", f"/v1/patients/{one}/unmerge", {"retired": two, "reason": "x"})
    assert unmerge.status_code == 409
    assert "referral" not in unmerge.text
    assert UUID(two)


@pytest.mark.parametrize("field", ["text", "identifier"])
def test_a_nul_in_a_reason_is_refused_with_a_sentence(api: Api, field: str) -> None:
    reason = {"code": "ETREAT", "text": "no\0thing" if field == "text" else "Collapsed."}
    body = {"identifier": "1\0" if field == "identifier" else "1", "reason": reason}
    answer = api.post("/v1/break-glass", body, role=Role.CLINICIAN)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid"), answer.text


def test_a_key_is_not_used_by_who_does_not_have_its_secret(api: Api) -> None:
    made = keys.create(api.conninfo, "unused", Role.CLINICIAN)
    wrong = made.token.partition(".")[0] + "." + "A" * 43
    answer = api.get("/v1/journeys", role=None, headers={"Authorization": f"Bearer {wrong}"})
    assert answer.status_code == 401
    (listed,) = [each for each in keys.list_keys(api.conninfo) if each.id == made.key.id]
    assert listed.last_used_at is None


def test_a_journey_whose_labelled_event_is_void_is_listed_whole_again(api: Api, held: dict[str, str]) -> None:
    journey = api.opened(team=HERE)
    api.told(journey, "request-visit", visit_id=number(7081))
    transport = {"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "Z75.3"}
    api.told(journey, "identify-barrier", barrier_id=number(7082), code=transport)
    lists = [f"/v1/{name}?journey={id_of(journey)}" for name in ("visits", "barriers", "worklist")]

    def counts(who: str) -> list[int]:
        pages = [ask(api, held[who], "GET", url).json() for url in lists]
        return [len(next(rows for rows in page.values() if isinstance(rows, list))) for page in pages]

    until(lambda: counts("here")[:2] == [1, 1])
    before = counts("here")
    event_id = referred(api, journey, number(7083), **LABELLED)
    until(
        lambda: ask(api, held["cleared"], "GET", f"/v1/referrals?journey={id_of(journey)}").json()[
            "referrals"
        ]
    )
    assert counts("here") == before
    void = {"event_id": event_id, "reason": "another's"}
    assert ask(api, held["cleared"], "POST", f"{journey}/void-event", void).is_success
    version = api.get(journey).json()["version"]
    found = f"/v1/journeys?patient={api.get(journey).json()['patient']['patient_id']}"
    until(
        lambda: [e["version"] for e in ask(api, held["here"], "GET", found).json()["journeys"]] == [version]
    )
    assert counts("here") == counts("cleared") == before
    follow = f"/v1/events?journey={id_of(journey)}"
    told = [
        ask(api, held["partner"], "GET", f"{follow}&type={each}").json()["events"]
        for each in ("referral.*", "treatment.*")
    ]
    assert told[0] == told[1]


def test_what_a_labelled_correction_says_is_withheld_with_what_it_corrects(
    api: Api, held: dict[str, str]
) -> None:
    journey = api.opened(team=HERE)
    plain: dict[str, Any] = {
        "referral_id": number(7091),
        "order": {"service": {**CODE, "display": "Orthopaedics"}},
    }
    event_id = api.told(journey, "send-referral", **plain)["events"][-1]["event_id"]
    said = {"order": {**plain["order"], "service": {**CODE, "display": HIDDEN}}}
    correction = {"event_id": event_id, "data": said, "reason": "where they really go"}
    answer = api.post(f"{journey}/correct-event", correction, headers=LABELLED)
    assert answer.status_code == 200, answer.text
    referrals = f"/v1/referrals?journey={id_of(journey)}"
    until(lambda: HIDDEN in ask(api, held["cleared"], "GET", referrals).text)
    for url in (journey, f"{journey}?as_of=2100-01-01T00:00:00Z", f"{journey}/events", f"{journey}/timeline"):
        assert HIDDEN in ask(api, held["cleared"], "GET", url).text, url
        assert HIDDEN not in ask(api, held["here"], "GET", url).text, url
    assert HIDDEN not in ask(api, held["here"], "GET", referrals).text
    assert ask(api, held["here"], "GET", journey).json()["withheld"] is True


def test_what_one_opened_is_closed_to_a_role_that_opens_nothing(
    api: Api, held: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ring, "FRESH", -1.0)
    journey = api.opened(team=ELSEWHERE)
    found = f"/v1/journeys?patient={api.get(journey).json()['patient']['patient_id']}"
    until(lambda: ask(api, held["elsewhere"], "GET", found).json()["journeys"])
    made = keys.create(api.conninfo, "changes roles", Role.CLINICIAN, HERE)
    wanted = {"journey_id": id_of(journey), "reason": {"code": "ETREAT", "text": "Collapsed."}}
    assert ask(api, made.token, "POST", "/v1/break-glass", wanted).status_code == 201
    assert ask(api, made.token, "GET", journey).status_code == 200
    keys.change(api.conninfo, made.key.id, Role.INTEGRATOR, HERE, Grant((HERE,)))
    assert ask(api, made.token, "GET", journey).status_code == 404
    assert ask(api, made.token, "GET", found).json()["journeys"] == []
    keys.revoke(api.conninfo, made.key.id)
    assert ask(api, made.token, "GET", found).status_code == 401


def test_no_other_method_reads_a_journey(api: Api, held: dict[str, str]) -> None:
    journey = api.opened(team=HERE)
    for method in ("HEAD", "OPTIONS", "PUT", "PATCH", "TRACE"):
        answer = ask(api, held["here"], method, journey)
        assert answer.status_code == 405
        assert "etag" not in answer.headers
