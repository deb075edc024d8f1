"""The lane: whatever it finds or answers by itself, the framework would have found and answered the same."""

from itertools import product
from uuid import UUID, uuid4

import pytest
from fastapi.routing import APIRoute
from starlette.routing import Match

from journey.api.lane import Lane
from tests.api.test_reading import projected
from tests.served import Api

pytestmark = pytest.mark.database

ITS_OWN = {"date", "etag", "x-request-id", "content-type", "content-length"}
METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE")


def routes_of(api: Api) -> list[APIRoute]:
    return list(api.app.state.routes)


def by_the_framework(routes: list[APIRoute], method: str, path: str) -> APIRoute | None:
    """The first route that takes it all, as the framework looks for it."""
    scope = {"type": "http", "method": method, "path": path, "root_path": ""}
    return next((route for route in routes if route.matches(scope)[0] is Match.FULL), None)


def test_it_finds_the_route_that_the_framework_finds(api: Api) -> None:
    routes = routes_of(api)
    lane = Lane(routes, api.app)
    for route, method in product(routes, METHODS):
        parts = [str(uuid4()) if part.startswith("{") else part for part in route.path.split("/")]
        for path in ("/".join(parts), "/".join([*parts, ""]), "/".join(["", *parts])):
            found = lane.found(method, path.split("/"))
            assert found is by_the_framework(routes, method, path), (method, path)


def test_what_it_answers_by_itself_has_the_same_head_and_body(api: Api) -> None:
    journey = api.opened()
    version = api.get(journey).json()["version"]
    projected(api, journey, version)
    short, whole = api.get(journey), api.get(f"{journey}?min_version={version}")
    assert {*short.headers} == {*whole.headers}
    assert {short.headers[name] == whole.headers[name] for name in {*short.headers} - ITS_OWN} == {True}
    assert short.headers["Content-Type"] == whole.headers["Content-Type"]
    times = ("as_of", "as_known_at")
    stands, stood = (
        {name: each for name, each in answer.json().items() if name not in times} for answer in (short, whole)
    )
    assert stands == stood


def test_an_id_is_spelt_as_everywhere(api: Api) -> None:
    """What Python takes for a UUID is more than what stands in an address."""
    journey = api.opened()
    journey_id = UUID(journey.rpartition("/")[2])
    projected(api, journey, 1)
    assert api.get(f"/v1/journeys/{str(journey_id).upper()}").status_code == 200
    for spelt in (f"{journey_id.hex}----", f"%0A{str(journey_id)[1:]}", f"+{str(journey_id)[1:]}"):
        answer = api.get(f"/v1/journeys/{spelt}")
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid")


def test_what_it_does_not_find_is_said_by_the_framework(api: Api) -> None:
    journey = api.opened()
    for path in (f"{journey}/", journey.replace("/v1/", "/v1//"), f"{journey}/nothing"):
        assert api.get(path).json()["code"] == "unknown-route"
    for method, path, allowed in (
        ("OPTIONS", journey, "GET"),
        ("DELETE", journey, "GET"),
        ("GET", f"{journey}/assign-owner", "POST"),
    ):
        answer = api.ask(method, path)
        assert (answer.status_code, answer.headers["Allow"]) == (405, allowed)
