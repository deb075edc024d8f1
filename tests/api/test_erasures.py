"""An officer asks for an erasure over HTTP, another decides; what came of it is told."""

from typing import Any

import pytest

from journey.api.access import keys
from journey.api.access.keys import Grant
from journey.api.access.table import Role
from tests.served import Api, number

pytestmark = pytest.mark.database

ERASURES = "/v1/privacy/erasures"
OFFICER: dict[str, Any] = {"role": Role.COMPLIANCE}


def asked(api: Api, family: str, **body: Any) -> tuple[str, str, dict[str, Any]]:
    """A journey of a patient long gone, and the erasure that was asked for."""
    journey = api.opened(patient={"family": family}, occurred_at="2001-03-01T08:00:00Z", **body)
    patient_id = api.get(journey).json()["patient"]["patient_id"]
    wanted = {"patient_id": patient_id, "basis": "no-longer-needed", "reason": f"{family} wrote to us"}
    answer = api.post(ERASURES, wanted, **OFFICER)
    assert answer.status_code == 201, answer.text
    return journey, answer.headers["location"], answer.json()


@pytest.fixture(scope="module")
def other(api: Api) -> dict[str, Any]:
    """Another officer."""
    token = keys.create(api.conninfo, "another officer", Role.COMPLIANCE, "ward 3", Grant()).token
    return {"role": None, "headers": {"Authorization": f"Bearer {token}"}}


def test_one_asks_another_decides_and_the_report_is_there(api: Api, other: dict[str, Any]) -> None:
    journey, erasure, told = asked(api, "Hagebuttenmus")
    assert (told["state"], told["report"], told["requested_by"]) == ("requested", None, "some compliance")
    own = api.post(f"{erasure}/decide", **OFFICER)
    assert (own.status_code, own.json()["code"]) == (409, "second-person-needed")
    done = api.post(f"{erasure}/decide", **other)
    assert done.status_code == 200, done.text
    assert (done.json()["state"], done.json()["decided_by"]) == ("erased", "another officer")
    assert done.json()["report"]["left"] == 0
    assert api.get(erasure, **OFFICER).json() == {**done.json(), "against": []}
    assert "Hagebuttenmus" not in api.get(journey).text + api.get(f"{journey}/events").text
    assert api.post(f"{erasure}/decide", **other).json() == done.json()


def test_what_was_asked_for_is_listed_and_reading_it_is_recorded(api: Api) -> None:
    _, first, _ = asked(api, "Schlehdorn")
    journey, second, told = asked(api, "Weissdorn")
    listed = api.get(f"{ERASURES}?limit=1", **OFFICER)
    assert [each["erasure_id"] for each in listed.json()["erasures"]] == [told["erasure_id"]]
    more = api.get(f"{ERASURES}?limit=1&cursor={listed.json()['next']}", **OFFICER).json()
    assert [each["erasure_id"] for each in more["erasures"]] == [first.rpartition("/")[2]]
    looked = api.get("/v1/audit?kind=audit&route=/v1/privacy/erasures&limit=2", **OFFICER).json()["audit"]
    assert told["patient_id"] in looked[-1]["patients"]
    withdrawn = {"erasure_id": told["erasure_id"], "reason": "thought better of it"}
    assert api.post(f"{journey}/withdraw-erasure", withdrawn, **OFFICER).is_success
    assert api.get(second, **OFFICER).json()["state"] == "withdrawn"


def test_asked_for_again_the_later_one_counts(api: Api) -> None:
    _, erasure, told = asked(api, "Holunder")
    wanted = {"patient_id": told["patient_id"], "basis": "objection", "reason": "another letter"}
    again = api.post(ERASURES, wanted, **OFFICER)
    assert again.json()["basis"] == "objection"
    gone = api.get(erasure, **OFFICER)
    assert (gone.status_code, gone.json()["code"]) == (404, "no-such-erasure")


def test_what_must_be_kept_or_is_not_there_is_refused(api: Api, other: dict[str, Any]) -> None:
    opened = api.opened(patient={"family": "Sanddorn"})
    patient_id = api.get(opened).json()["patient"]["patient_id"]
    wanted = {"patient_id": patient_id, "basis": "objection", "reason": "a letter"}
    erasure = api.post(ERASURES, wanted, **OFFICER).headers["location"]
    kept = api.post(f"{erasure}/decide", **other)
    assert (kept.status_code, kept.json()["code"]) == (409, "still-retained")
    nobody = api.post(ERASURES, {**wanted, "patient_id": number(404)}, **OFFICER)
    assert (nobody.status_code, nobody.json()["code"]) == (409, "nobody-to-erase")
    nothing = api.get(f"{ERASURES}/{number(404)}", **OFFICER)
    assert (nothing.status_code, nothing.json()["code"]) == (404, "no-such-erasure")


def test_all_that_keeps_it_from_being_decided_is_told_before(api: Api, other: dict[str, Any]) -> None:
    """To each who asks: to whoever asked for it, that somebody else decides."""
    journey = api.opened(patient={"family": "Quitte"})
    patient_id = api.get(journey).json()["patient"]["patient_id"]
    wanted = {"patient_id": patient_id, "basis": "objection", "reason": "a letter"}
    erasure = api.post(ERASURES, wanted, **OFFICER).headers["location"]
    hold = {"hold_id": number(41), "matter": "Quitte against us", "reason": "her lawyer wrote"}
    assert api.post(f"{journey}/place-legal-hold", hold, **OFFICER).is_success
    told = {
        name: {each["code"]: each for each in api.get(erasure, **who).json()["against"]}
        for name, who in (("own", OFFICER), ("other", other))
    }
    assert list(told["own"]) == ["second-person-needed", "under-legal-hold", "still-retained"]
    assert list(told["other"]) == ["under-legal-hold", "still-retained"]
    assert told["other"]["still-retained"]["journeys"] == [journey.rpartition("/")[2]]
    assert "Quitte" not in str(told)
