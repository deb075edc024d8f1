"""The routes: read, vread and history of each type of resource, and what all of that is called."""

import asyncio
from datetime import datetime
from email.utils import format_datetime
from functools import partial
from itertools import islice, takewhile
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from journey.api.access.looks import FEW
from journey.api.access.table import Permission
from journey.api.engine import engine
from journey.api.fhir import auditing, bundles, capability, everything, searching, subscribing
from journey.api.fhir.asked import MOST, USUAL
from journey.api.fhir.found import Source, admitted, one
from journey.api.fhir.negotiation import Format, refuse_other_forms
from journey.api.guard import guarded
from journey.api.outcome import BASE
from journey.api.paging import CursorIn
from journey.api.problems import Problem
from journey.api.tags import IfNoneMatch, has_it
from journey.api.times import Time
from journey.cursors import NUMBER, cursor, position
from journey.domain.correction import History
from journey.fhir.data import Json
from journey.fhir.kind import Kind, Version, current, redacted, version_at, versions

open_to_all = APIRouter(include_in_schema=False)
reading = APIRouter(route_class=guarded(Permission.READ, None), include_in_schema=False)
"""The capability statement describes them all."""

ROUTERS = (open_to_all, subscribing.router, *auditing.ROUTERS, everything.router, searching.router, reading)


@open_to_all.get(f"{BASE}/metadata")
async def what_is_there(request: Request) -> Response:
    """The capability statement: exactly what is there."""
    refuse_other_forms(request)
    cors = bool(engine(request).settings.cors_origins)
    return bundles.answer(capability.statement(bundles.base(request), cors=cors))


@reading.get(f"{BASE}/{{type_}}/{{id_}}")
async def read(
    request: Request,
    type_: str,
    id_: str,
    *,
    if_none_match: IfNoneMatch = None,
    _form: Format = None,
) -> Response:
    """A resource as it is now."""
    kind = admitted(request, type_, Permission.READ)
    source = await one(request, kind, id_)
    work = partial(_current, kind, id_, source)
    is_short = sum(len(each.recorded) for each in source.histories) <= FEW
    found = work() if is_short else await asyncio.to_thread(work)
    return _versioned(found, source, if_none_match)


@reading.get(f"{BASE}/{{type_}}/{{id_}}/_history")
async def history(
    request: Request,
    type_: str,
    id_: str,
    *,
    count: Annotated[int, Query(alias="_count", ge=1, le=MOST)] = USUAL,
    since: Annotated[Time | None, Query(alias="_since")] = None,
    page_: CursorIn = None,
    _form: Format = None,
) -> Response:
    """Every version of a resource, the last one first."""
    kind = admitted(request, type_, Permission.READ)
    scope = f"fhir history {kind.type} {id_} {since}"
    before = int(position(scope, page_)) if page_ is not None else None
    source = await one(request, kind, id_)
    whole = kind.together(source.histories)

    def some() -> list[Version]:
        every = versions(kind, id_, whole, before)
        wanted = list(islice(takewhile(lambda each: since is None or each.at >= since, every), count + 1))
        if not wanted:
            _refuse_what_never_was(kind, id_, whole)
        return wanted

    found = [_version(each, source) for each in await asyncio.to_thread(some)]
    entries = [bundles.was(request, kind, id_, each) for each in found[:count]]
    following = cursor(scope, found[count - 1].number) if found[count:] else None
    return bundles.answer(bundles.paged(request, "history", entries, following))


@reading.get(f"{BASE}/{{type_}}/{{id_}}/_history/{{version}}")
async def vread(
    request: Request,
    type_: str,
    id_: str,
    version: str,
    *,
    if_none_match: IfNoneMatch = None,
    _form: Format = None,
) -> Response:
    """A resource as it was."""
    kind = admitted(request, type_, Permission.READ)
    source = await one(request, kind, id_)
    number = int(version) if NUMBER.fullmatch(version) else 0
    work = partial(version_at, kind, id_, kind.together(source.histories), number)
    found = await asyncio.to_thread(work)
    if found is None:
        raise Problem("no-such-resource", "The resource has no such version; its _history lists them.")
    if found.body is None:
        raise Problem("resource-gone")
    return _versioned(found.body, source, if_none_match)


def _current(kind: Kind, id_: str, source: Source) -> Json:
    """Raises Problem."""
    whole = kind.together(source.histories)
    found = next((each for each in current(kind, whole) if each["id"] == id_), None)
    if found is None:
        _refuse_what_never_was(kind, id_, whole)
        raise Problem("resource-gone")
    return found


def _refuse_what_never_was(kind: Kind, id_: str, whole: History) -> None:
    """What only events tell of that are withheld is not there: gone would say that it was. Raises Problem."""
    if next(versions(kind, id_, whole), None) is None:
        raise Problem("no-such-resource")


def _version(version: Version, source: Source) -> Version:
    return version._replace(body=version.body and _told(version.body, source))


def _told(resource: Json, source: Source) -> Json:
    return redacted(resource) if source.withheld else resource


def _versioned(resource: Json, source: Source, if_none_match: str | None) -> Response:
    """What is cut for whoever asks has no tag: who may see all of it later is not told that they have it."""
    meta = resource["meta"]
    changed = format_datetime(datetime.fromisoformat(meta["lastUpdated"]), usegmt=True)
    if source.withheld:
        return bundles.answer(redacted(resource), {"Last-Modified": changed})
    tag = f'"{meta["versionId"]}"'
    headers = {"ETag": f"W/{tag}", "Last-Modified": changed}
    if has_it(if_none_match, tag):
        return Response(status_code=304, headers=headers)
    return bundles.answer(resource, headers)
