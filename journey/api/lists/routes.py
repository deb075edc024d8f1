"""The routes of the lists: one for each, with its filters as parameters."""

from collections.abc import Callable, Coroutine, Mapping
from datetime import UTC, datetime
from inspect import Parameter, Signature
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field, create_model
from pydantic_core import to_json

from journey.api.access.admission import theirs
from journey.api.access.glass import opened_by
from journey.api.access.table import Permission
from journey.api.engine import asking, engine
from journey.api.guard import guarded, seen
from journey.api.lists.every import LISTS
from journey.api.lists.listing import Asked, List
from journey.api.lists.since import Gone, Told
from journey.api.openapi import LISTING, answers
from journey.api.paging import CursorIn, Limit
from journey.api.times import Time
from journey.settings import TimeZone

LONGEST = 200
"""Characters of a text that is asked for."""


SINCE = (
    "The `state` of an earlier answer to the same question: what is as it was is left out, what is not on "
    "the page any more stands under `gone`. `first`, to be told a first one."
)


def router() -> APIRouter:
    routes = APIRouter(tags=["read"])
    for each in LISTS.values():
        routes.add_api_route(
            f"/v1/{each.name}",
            endpoint(each),
            methods=["GET"],
            name=f"list-{each.name}",
            summary=f"list-{each.name}",
            description=each.question,
            responses=answers(page_model(each), *LISTING),
            route_class_override=guarded(Permission.SEARCH, each.resource),
        )
    return routes


def page_model(listing: List) -> type[BaseModel]:
    """The shape of a page."""
    fields: dict[str, Any] = {
        listing.name: (tuple[listing.row, ...], ...),  # type: ignore[name-defined]  # a type of the list
        "next": (str | None, Field(description="Where the next page begins; null on the last.")),
        "as_of": (datetime, Field(description="The time of which overdue, left and waited are told.")),
        "state": (str, Field("", description="What `since` may be later; where it was asked for.")),
        "whole": (bool, Field(default=True, description="Whether all that is on the page is told.")),
        "gone": (tuple[Gone, ...], Field((), description="What was on the page at that state.")),
    }
    return create_model(f"{listing.row.__name__}Page", __doc__=f"A page of {listing.name}.", **fields)


def endpoint(listing: List) -> Callable[..., Coroutine[Any, Any, Response]]:
    """The handler of one list; its parameters are the list's filters."""

    async def handle(request: Request, **given: Any) -> Response:
        held = engine(request)
        limit, after, since = (given.pop(each) for each in ("limit", "cursor", "since"))
        now, zone = given.pop("now"), ZoneInfo(given.pop("zone", None) or held.settings.timezone)
        given = {name.rstrip("_"): value for name, value in given.items()}
        scope = scope_of(listing, given, zone)
        behind = None if after is None else listing.after(scope, after)
        by = asking(request)
        whose = theirs(by, await opened_by(held.reads, by.breaks_glass))

        async def read() -> Told:
            asked = Asked(now or datetime.now(UTC), zone)
            found = await held.reads.rows(*listing.statement(given, asked, behind, limit, whose))
            return Told(listing, found, asked, scope, limit)

        told = await held.lists.ask((scope, now, after, limit, str(whose)), read)
        page = told.page
        if since is not None:
            page = held.states.told(told, listing.name, since, (by.caller.id, f"{scope} {after} {limit}"))
        request.state.seen = seen(page[listing.name])
        return Response(to_json(page), media_type="application/json")

    vars(handle)["__signature__"] = Signature(
        [Parameter("request", Parameter.POSITIONAL_OR_KEYWORD, annotation=Request), *_parameters(listing)]
    )
    return handle


def scope_of(listing: List, given: Mapping[str, Any], zone: ZoneInfo) -> str:
    """What a cursor is good for: this list with these filters, in this zone."""
    filters = sorted((name, str(value)) for name, value in given.items() if value is not None)
    return f"{listing.name} {filters} {zone.key if listing.zoned else ''}"


def _parameters(listing: List) -> list[Parameter]:
    filters = [
        _parameter(each.name, each.kind, each.description, **({} if each.kind is not str else TEXT))
        for each in listing.every_filter
    ]
    zone = [_parameter("zone", TimeZone, "The IANA time zone of days; JOURNEY_TIMEZONE, if left out.")]
    return [
        *filters,
        *(zone if listing.zoned else []),
        _parameter("now", Time, "The time of which it is told; now, if left out."),
        _parameter("since", str, SINCE, max_length=40),
        Parameter("limit", Parameter.KEYWORD_ONLY, default=100, annotation=Limit),
        Parameter("cursor", Parameter.KEYWORD_ONLY, default=None, annotation=CursorIn),
    ]


TEXT = {"min_length": 1, "max_length": LONGEST}


def _parameter(name: str, kind: Any, description: str, **more: Any) -> Parameter:
    said = Annotated[kind | None, Query(alias=name, description=description, **more)]
    in_python = f"{name}_" if name == "from" else name
    return Parameter(in_python, Parameter.KEYWORD_ONLY, default=None, annotation=said)
