"""The lane: how a request finds its route. Looked up by its words instead of trying hundreds one by one; and
where a patient stands, which everybody asks all day, without the framework between.

The framework takes about 0.2 ms for a request before and after the route itself. What the lane does not know
(another method, no such address) goes the framework's way, which says so.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import NamedTuple
from uuid import UUID

from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from journey.api import guard
from journey.api.access.trail import Kind
from journey.api.problems import HANDLED, problem_of
from journey.api.whereabouts import as_it_stands

METHOD, HOT = "GET", "/v1/journeys/{journey_id}"
"""The route that is answered without the framework, if nothing but a journey is named."""

ID_LENGTH = 36
CONDITIONAL = (b"if-none-match", b"cache-control")


class Shape(NamedTuple):
    """Addresses of so many parts with words in these places."""

    parts: int
    words: tuple[int, ...]


class Lane:
    """ASGI, inside the edge and around the framework."""

    def __init__(self, routes: Iterable[APIRoute], otherwise: ASGIApp) -> None:
        self._otherwise = otherwise
        self._routes: dict[Shape, dict[tuple[str, ...], APIRoute]] = {}
        for route in routes:
            parts = route.path.split("/")
            words = tuple(place for place, part in enumerate(parts) if not part.startswith("{"))
            of_shape = self._routes.setdefault(Shape(len(parts), words), {})
            for method in route.methods or ():
                of_shape[method, *(parts[place] for place in words)] = route
        self._shapes = sorted(self._routes, key=lambda shape: -len(shape.words))  # a word before any id

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            parts = scope["path"].split("/")
            route = self.found(scope["method"], parts)
            if route is not None:
                scope["lane"] = route
                if scope["method"] == METHOD and route.path == HOT:
                    scope["route"] = route
                    journey_id = _nothing_but_a_journey(scope, parts[-1])
                    if journey_id is not None and await _stands(scope, receive, send, journey_id):
                        return
        await self._otherwise(scope, receive, send)

    def found(self, method: str, parts: list[str]) -> APIRoute | None:
        """The route of an address, by its parts."""
        for shape in self._shapes:
            if shape.parts == len(parts):
                words = (method, *(parts[place] for place in shape.words))
                if (route := self._routes[shape].get(words)) and all(parts[1:]):
                    return route
        return None


class Switch:
    """ASGI, where the framework would look for the route: it has been found."""

    def __init__(self, search: ASGIApp) -> None:
        self._search = search

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        route: APIRoute | None = scope.get("lane")
        if route is None:
            await self._search(scope, receive, send)
            return
        parts = zip(route.path.split("/"), scope["path"].split("/"), strict=True)
        scope["path_params"] = {name[1:-1]: part for name, part in parts if name.startswith("{")}
        scope["endpoint"], scope["route"] = route.endpoint, route
        await route.app(scope, receive, send)


def _nothing_but_a_journey(scope: Scope, text: str) -> UUID | None:
    """The id, where the request names one as it is written everywhere, and nothing else."""
    if scope["query_string"] or len(text) != ID_LENGTH:
        return None
    if any(name in CONDITIONAL for name, _ in scope["headers"]):
        return None
    try:
        found = UUID(text)
    except ValueError:
        return None
    return found if str(found) == text.lower() else None


async def _stands(scope: Scope, receive: Receive, send: Send, journey_id: UUID) -> bool:
    """Where the patient stands, by the read model; whether it could tell. Raises Problem."""
    request = Request(scope, receive, send)
    try:
        admission = await guard.let_in_to_read(request, journey_id)
        if admission.standing is None:
            return False
        body = as_it_stands(admission, datetime.now(UTC))
        await guard.record(request, Kind.READ)
    except HANDLED as error:  # type: ignore[misc]  # a tuple of exceptions
        raise problem_of(error) from None
    headers = [
        (b"content-type", b"application/json"),
        (b"etag", b'"%d"' % admission.version),
        (b"content-length", b"%d" % len(body)),
    ]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})
    return True
