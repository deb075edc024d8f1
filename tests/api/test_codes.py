"""Which codes are in use: of nobody in particular, those first that are used most."""

from typing import Any

import pytest

from tests.served import Api, number
from tests.waiting import until

pytestmark = pytest.mark.database
KNEES = {"system": "local", "code": "KNEE", "display": "Knees"}
EYES = {"system": "local", "code": "EYE"}
SECRET = {"system": "local", "code": "SECRET"}


def referral(api: Api, service: dict[str, str], labels: str = "") -> None:
    told = {"referral_id": number(5), "order": {"service": service}}
    headers = {"X-Security-Labels": labels} if labels else {}
    answer = api.post(f"{api.opened()}/draft-referral", told, headers=headers)
    assert answer.status_code == 200, answer.text


def of_referrals(api: Api) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = api.get("/v1/codes?room=referrals").json()["codes"]
    assert {each["room"] for each in found} <= {"referrals"}
    return found


def test_what_more_than_one_journey_has_had_is_in_use(api: Api) -> None:
    assert of_referrals(api) == []
    for service in (EYES, *(KNEES,) * 3, EYES, {"system": "local", "code": "ONCE"}):
        referral(api, service)
    for _ in range(2):
        referral(api, SECRET, labels="PSY")
    until(lambda: len(of_referrals(api)) == 2)
    knees, eyes = of_referrals(api)
    assert knees == {"room": "referrals", "field": "service", **KNEES, "journeys": 3}
    assert eyes == {"room": "referrals", "field": "service", **EYES, "display": None, "journeys": 2}


def test_what_ships_is_offered_though_nobody_has_had_it(api: Api) -> None:
    found = api.get("/v1/codes?room=barriers").json()["codes"]
    assert {each["field"] for each in found} == {"code"}
    transport = [each for each in found if each["code"] == "Z59.82"]
    assert [(each["display"], each["journeys"]) for each in transport] == [("no transport", 0)]
