import json
import re
from html.parser import HTMLParser
from typing import Any

import pytest

from journey.api.access.table import Role
from journey.api.catalogue import CATALOGUE, catalogue
from journey.api.lists.every import LISTS
from journey.domain.journey import COMMANDS
from tests.served import Api

pytestmark = pytest.mark.database


@pytest.fixture(scope="module")
def document(api: Api) -> dict[str, Any]:
    answer: dict[str, Any] = api.get("/openapi.json", role=None).json()
    return answer


def operations(document: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    """Every operation, with what it refers to in place."""
    return [
        (method, path, {**operation, **in_place(document, operation)})
        for path, item in document["paths"].items()
        for method, operation in item.items()
    ]


def in_place(document: dict[str, Any], operation: dict[str, Any]) -> dict[str, Any]:
    return {
        "responses": {
            status: resolved(document, answer) for status, answer in operation["responses"].items()
        },
        "parameters": [resolved(document, each) for each in operation.get("parameters", ())],
    }


def resolved(document: dict[str, Any], told: dict[str, Any]) -> dict[str, Any]:
    """What is told, or what it refers to."""
    if "$ref" not in told:
        return told
    found: dict[str, Any] = document
    for part in told["$ref"].split("/")[1:]:
        found = found[part]
    return found


def test_it_is_whole(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1")
    for kind, name in re.findall(r'"#/components/(\w+)/([^"]+)"', json.dumps(document)):
        assert name in document["components"][kind]
    ids = [operation["operationId"] for _, _, operation in operations(document)]
    assert len(ids) == len(set(ids))
    for _, path, operation in operations(document):
        placed = {each["name"] for each in operation["parameters"] if each["in"] == "path"}
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
            assert {"400", "413", "415"} <= set(operation["responses"]), path
        for status, answer in operation["responses"].items():
            if status >= "4":
                assert set(answer["content"]) == {"application/problem+json"}, (path, status)
                assert answer["description"]


def test_every_problem_is_told_of_somewhere(document: dict[str, Any]) -> None:
    told = " ".join(
        answer["description"]
        for _, _, operation in operations(document)
        for answer in operation["responses"].values()
    )
    everywhere = {"unknown-route", "method-not-allowed", "malformed-request"}
    of_fhir = {"unknown-resource-type", "no-such-resource", "resource-gone", "not-acceptable"}
    assert [code for code in CATALOGUE.keys() - everywhere - of_fhir if f"`{code}`" not in told] == []


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
        answer = resolved(document, document["paths"][path]["get"]["responses"]["200"])
        schema = answer["content"]["application/json"]["schema"]
        said = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        told = set(api.get(url, role=Role.INTEGRATOR).json())
        assert set(said["required"]) <= told <= set(said["properties"]), path


def test_an_answer_leads_on_to_what_there_is(document: dict[str, Any]) -> None:
    by_id = {operation["operationId"]: operation for _, _, operation in operations(document)}
    followed = 0
    for operation in by_id.values():
        for answer in operation["responses"].values():
            for told in answer.get("links", {}).values():
                link = resolved(document, told)
                taken = {each["name"] for each in by_id[link["operationId"]]["parameters"]}
                assert set(link["parameters"]) <= taken
                followed += 1
    assert followed > 2 * len(COMMANDS)


def test_each_code_that_may_be_answered_is_told_to_programs(document: dict[str, Any]) -> None:
    refused = document["components"]["schemas"]["Refusal"]["allOf"][1]["properties"]["code"]["enum"]
    assert set(refused) == {code for code, kind in catalogue().items() if kind.status == 409}
    for _, path, operation in operations(document):
        for status, answer in operation["responses"].items():
            for content in answer.get("content", {}).values() if status >= "4" and path[:4] == "/v1/" else ():
                match content["schema"]:
                    case {"allOf": [_, {"properties": {"code": {"enum": codes}}}]}:
                        assert {catalogue()[code].status for code in codes} == {int(status)}
                    case shape:
                        assert (status, shape["$ref"]) == ("409", "#/components/schemas/Refusal")


@pytest.mark.parametrize("url", ["/openapi.json", "/docs"])
def test_what_is_read_is_packed_and_sent_once(api: Api, url: str) -> None:
    plain = api.get(url, role=None, headers={"Accept-Encoding": "identity"})
    packed = api.get(url, role=None, headers={"Accept-Encoding": "br, gzip;q=0.8"})
    assert "Content-Encoding" not in plain.headers
    assert packed.headers["Content-Encoding"] == "gzip"
    assert packed.content == plain.content
    assert int(packed.headers["Content-Length"]) * 5 < int(plain.headers["Content-Length"])
    assert packed.headers["ETag"] != plain.headers["ETag"]
    for answer, coding in ((plain, "gzip;q=0"), (packed, "gzip")):
        headers = {"Accept-Encoding": coding, "If-None-Match": answer.headers["ETag"]}
        again = api.get(url, role=None, headers=headers)
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["Vary"] == "Accept-Encoding"


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
    assert "<script" not in answer.text
