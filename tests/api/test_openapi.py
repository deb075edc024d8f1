import json
import re
from html.parser import HTMLParser
from typing import Any

import pytest

from journey.api.access.table import Role
from journey.api.lists.routes import LISTS
from journey.api.problems import CATALOGUE, catalogue
from journey.domain.journey import COMMANDS
from tests.served import Api

pytestmark = pytest.mark.database


@pytest.fixture(scope="module")
def document(api: Api) -> dict[str, Any]:
    answer: dict[str, Any] = api.get("/openapi.json", role=None).json()
    return answer


def operations(document: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (method, path, operation)
        for path, item in document["paths"].items()
        for method, operation in item.items()
    ]


def test_it_is_whole(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1")
    pointed = set(re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(document)))
    assert pointed <= set(document["components"]["schemas"])
    ids = [operation["operationId"] for _, _, operation in operations(document)]
    assert len(ids) == len(set(ids))
    for _, path, operation in operations(document):
        placed = {each["name"] for each in operation.get("parameters", ()) if each["in"] == "path"}
        assert placed == set(re.findall(r"\{(\w+)\}", path))


def test_every_operation_says_what_it_does_and_what_can_go_wrong(document: dict[str, Any]) -> None:
    for method, path, operation in operations(document):
        assert operation["description"], path
        assert operation["tags"], path
        assert any(status.startswith("2") for status in operation["responses"])
        if not path.startswith("/v1/"):
            continue
        assert operation["security"] == [{"key": []}]
        assert {"401", "403", "422", "500", "503"} <= set(operation["responses"]), path
        if method == "post":
            assert {"400", "409", "413", "415"} <= set(operation["responses"]), path
        for status, answer in operation["responses"].items():
            if not status.startswith("2"):
                assert set(answer["content"]) == {"application/problem+json"}, (path, status)
                assert answer["description"]


def test_every_problem_is_told_of_somewhere(document: dict[str, Any]) -> None:
    told = " ".join(
        answer["description"]
        for _, _, operation in operations(document)
        for answer in operation["responses"].values()
    )
    everywhere = {"unknown-route", "method-not-allowed"}
    assert [code for code in CATALOGUE.keys() - everywhere if f"`{code}`" not in told] == []


def test_the_body_of_a_command_is_the_command(document: dict[str, Any]) -> None:
    for name, command in COMMANDS.items():
        operation = document["paths"][f"/v1/journeys/{{journey_id}}/{name}"]["post"]
        schema = operation["requestBody"]["content"]["application/json"]["schema"]
        assert schema == {"$ref": f"#/components/schemas/{command.__name__}"}
        assert operation["description"] == command.__doc__
        fields = document["components"]["schemas"][command.__name__]
        assert set(fields["properties"]) == set(command.model_fields)
        assert fields["additionalProperties"] is False


def test_nothing_answers_what_is_not_documented(api: Api, document: dict[str, Any]) -> None:
    """What the answers hold is what their schemas say."""
    journey = api.opened()
    asked = {
        "/v1/journeys/{journey_id}": journey,
        "/v1/journeys/{journey_id}/events": f"{journey}/events",
        "/v1/journeys/{journey_id}/timeline": f"{journey}/timeline",
        "/v1/journeys": "/v1/journeys",
        **{f"/v1/{name}": f"/v1/{name}" for name in LISTS},
        "/v1/events": "/v1/events",
        "/v1/pathways": "/v1/pathways",
        "/v1/pathways/{pathway}": "/v1/pathways/nhs-rtt-18-week",
        "/readyz": "/readyz",
    }
    for path, url in asked.items():
        schema = document["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
        named = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]["properties"]
        assert set(api.get(url, role=Role.INTEGRATOR).json()) == set(named), path


class Page(HTMLParser):
    """The ids and addresses of a page; complains of tags that do not match."""

    def __init__(self) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.addresses: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        self.ids += [found["id"]] if "id" in found else []
        self.addresses += [value for name, value in found.items() if name in {"href", "src"}]
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_can_be_read_alone(api: Api, document: dict[str, Any]) -> None:
    answer = api.get("/docs", role=None)
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    page = Page()
    page.feed(answer.text)
    assert page.open == []
    assert len(page.ids) == len(set(page.ids))
    assert set(catalogue()) | set(document["components"]["schemas"]) == set(page.ids)
    outside = {each for each in page.addresses if not each.startswith("#")}
    assert outside == {"/openapi.json"}
    assert {each[1:] for each in page.addresses if each.startswith("#")} <= set(page.ids)
    assert "script" not in answer.text
