"""The definitions, for who asks what a milestone means."""

import pytest

from journey.api.access.table import Role
from journey.domain.pathway.definition import Definition
from journey.pathways import installed
from tests.served import Api

pytestmark = pytest.mark.database


def test_the_pathways_at_hand(api: Api) -> None:
    listed = api.get("/v1/pathways").json()["pathways"]
    assert [(each["id"], each["version"]) for each in listed] == [
        (each.id, each.version) for each in installed()
    ]
    (sepsis,) = [each for each in listed if each["id"] == "inpatient-sepsis"]
    assert (sepsis["stages"], sepsis["milestones"], sepsis["clocks"]) == (5, 10, 2)


@pytest.mark.parametrize("name", [each.id for each in installed()])
def test_a_definition_is_answered_as_it_was_read(api: Api, name: str) -> None:
    answer = api.get(f"/v1/pathways/{name}")
    definition = installed().get(name, None)
    assert definition is not None
    assert Definition.model_validate(answer.json()) == definition
    assert answer.headers["ETag"] == f'"{installed().digest(definition)}"'
    assert api.get(f"/v1/pathways/{name}?version={definition.version}").json() == answer.json()


def test_what_has_not_changed_is_not_sent_again(api: Api) -> None:
    url = "/v1/pathways/nhs-rtt-18-week"
    tag = api.get(url).headers["ETag"]
    for given in (tag, f'"1", W/{tag}', "*"):
        answer = api.get(url, headers={"If-None-Match": given})
        assert (answer.status_code, answer.content, answer.headers["ETag"]) == (304, b"", tag)
    assert api.get(url, headers={"If-None-Match": '"another"'}).status_code == 200


@pytest.mark.parametrize(
    "url", ["nowhere", "nhs-rtt-18-week?version=0.1", "nhs-rtt-18-week?version=x", "%20"]
)
def test_what_is_not_at_hand(api: Api, url: str) -> None:
    answer = api.get(f"/v1/pathways/{url}")
    assert (answer.status_code, answer.json()["code"]) == (404, "no-such-pathway")


def test_an_assignment_carries_the_digest(api: Api) -> None:
    journey = api.opened()
    api.told(journey, "assign-pathway", pathway="nhs-rtt-18-week")
    (event,) = [
        each for each in api.get(f"{journey}/events").json()["events"] if each["type"] == "pathway.assigned"
    ]
    assert api.get("/v1/pathways/nhs-rtt-18-week").headers["ETag"] == f'"{event["data"]["digest"]}"'


@pytest.mark.parametrize("role", Role)
def test_everybody_with_a_key_may_read_them(api: Api, role: Role) -> None:
    assert api.get("/v1/pathways", role=role).status_code == 200
