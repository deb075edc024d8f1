"""A restricted journey is kept, and shown to who must see it alone (GDPR Art. 18)."""

import pytest

from journey.api.access.table import Role
from tests.served import Api
from tests.waiting import until

pytestmark = pytest.mark.database

RESTRICT = {"ground": "accuracy-contested", "reason": "she says that it is wrong"}


def status(api: Api, url: str, role: Role) -> int:
    return api.get(url, role=role).status_code


def test_only_compliance_sees_a_restricted_journey_until_it_is_lifted(api: Api) -> None:
    journey = api.opened(patient={"family": "Kvistgaard"})
    found = "/v1/journeys?q=Kvistgaard"
    assert until(lambda: "Kvistgaard" in api.get(found).text)
    assert status(api, journey, Role.CLINICIAN) == 200
    denied = api.post(f"{journey}/restrict-processing", RESTRICT, role=Role.COORDINATOR)
    assert (denied.status_code, denied.json()["code"]) == (403, "forbidden")
    done = api.post(f"{journey}/restrict-processing", RESTRICT, role=Role.COMPLIANCE)
    assert done.status_code == 200, done.text
    for role in (Role.COORDINATOR, Role.CLINICIAN):
        answer = api.get(journey, role=role)
        assert "Kvistgaard" not in answer.text
        assert answer.status_code in {403, 404}
        assert "Kvistgaard" not in api.get(f"{journey}/events", role=role).text
    assert until(lambda: "Kvistgaard" not in api.get(found).text)
    assert "Kvistgaard" in api.get(journey, role=Role.COMPLIANCE).text
    lifted = api.post(f"{journey}/lift-restriction", {"reason": "corrected"}, role=Role.COMPLIANCE)
    assert lifted.status_code == 200, lifted.text
    assert status(api, journey, Role.CLINICIAN) == 200
    assert until(lambda: "Kvistgaard" in api.get(found).text)
