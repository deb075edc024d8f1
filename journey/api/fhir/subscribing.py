"""Subscribing: Subscriptions of the caller's key, how they stand, and what happened under which number."""

import asyncio
from collections.abc import Callable, Sequence
from http import HTTPStatus
from json import JSONDecodeError
from typing import Annotated, Any, TypeVar
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from psycopg import Connection

from journey.api.access.keys import OF_TOKENS
from journey.api.access.table import Permission
from journey.api.engine import caller, engine
from journey.api.fhir import bundles
from journey.api.fhir.negotiation import Format, refuse_other_forms
from journey.api.fhir.subscription import is_meant, key_of, shown, wanted
from journey.api.guard import Seen, guarded
from journey.api.outcome import BASE
from journey.api.problems import FieldError, Problem
from journey.database import connect
from journey.fhir.data import Json
from journey.subscriptions import missed, registry
from journey.subscriptions.missed import Range
from journey.subscriptions.notification import standings
from journey.subscriptions.registry import Wanted
from journey.subscriptions.terms import Content, Terms, terms

ALL, ONE = f"{BASE}/Subscription", f"{BASE}/Subscription/{{id_}}"
JSON = frozenset({"application/fhir+json", "application/json"})
LAST = (1 << 63) - 1
ENOUGH = {Content.EMPTY: 0, Content.ID_ONLY: 1, Content.FULL: 2}

router = APIRouter(route_class=guarded(Permission.FEED, None), include_in_schema=False)

T = TypeVar("T")
Values = Annotated[str | None, Query(max_length=2000)]
Found = list[tuple[registry.Kept, Terms]]


@router.post(ALL)
async def subscribe(request: Request) -> Response:
    """Have notifications sent, once the endpoint took the handshake."""
    if caller(request).id.startswith(OF_TOKENS):
        raise Problem("forbidden", "Subscribe with an API key: what is sent later is what that key may see.")
    asked = await _asked(request, is_new=True)
    made = await _done(request, lambda c: registry.create(c, caller(request).id, asked))
    headers = {"Location": f"{bundles.base(request)}/Subscription/{made}"}
    return bundles.answer(await _one(request, made), headers, HTTPStatus.CREATED)


@router.get(ALL)
async def search(
    request: Request,
    *,
    id_: Annotated[str | None, Query(alias="_id", max_length=2000)] = None,
    status: Values = None,
    url: Values = None,
    _form: Format = None,
) -> Response:
    """Those of your key, the newest first."""
    refuse_other_forms(request)
    found = await _every(request)
    keys, statuses = _several(id_), _several(status)
    resources = [
        shown(kept, of)
        for kept, of in found
        if (keys is None or str(kept.id) in keys) and is_meant(kept, of, statuses, url)
    ]
    entries = [*bundles.matches(request, resources, "match")]
    return bundles.answer({**bundles.paged(request, "searchset", entries, None), "total": len(entries)})


@router.get(f"{ALL}/$status")
async def how_all_stand(
    request: Request,
    *,
    id_: Annotated[str | None, Query(alias="id", max_length=2000)] = None,
    status: Values = None,
    _form: Format = None,
) -> Response:
    """How the Subscriptions of your key stand."""
    refuse_other_forms(request)
    keys, statuses = _several(id_), _several(status)
    await _counted(request, [kept.id for kept, _ in await _every(request)])
    of = [each for _, each in await _every(request)]
    found = [
        each
        for each in of
        if (keys is None or str(each.id) in keys) and (statuses is None or each.status in statuses)
    ]
    return bundles.answer(standings(found))


@router.get(ONE)
async def read(request: Request, id_: str, *, _form: Format = None) -> Response:
    """A Subscription, without its headers."""
    refuse_other_forms(request)
    return bundles.answer(await _one(request, _key(id_)))


@router.put(ONE)
async def change(request: Request, id_: str) -> Response:
    """Have it otherwise, or go on after an error: it begins with a handshake."""
    key, clear = _key(id_), engine(request).webhooks.clear
    await _one(request, key)
    asked = await _asked(request, is_new=False, id_=id_)
    await _done(request, lambda c: registry.change(c, caller(request).id, key, asked, clear))
    return bundles.answer(await _one(request, key))


@router.delete(ONE)
async def unsubscribe(request: Request, id_: str) -> Response:
    """Have nothing sent any more."""
    await _done(request, lambda c: registry.delete(c, caller(request).id, _key(id_)))
    return Response(status_code=HTTPStatus.NO_CONTENT)


@router.get(f"{ONE}/$status")
async def how_it_stands(request: Request, id_: str, *, _form: Format = None) -> Response:
    """How many events there were, and whether they are sent."""
    refuse_other_forms(request)
    key = _key(id_)
    await _one(request, key)
    await _counted(request, [key])
    return bundles.answer(standings(await _done(request, lambda c: terms(c, [key]))))


@router.get(f"{ONE}/$events")
async def what_happened(
    request: Request,
    id_: str,
    *,
    since: Annotated[int | None, Query(alias="eventsSinceNumber", ge=0, le=LAST)] = None,
    until: Annotated[int, Query(alias="eventsUntilNumber", ge=0, le=LAST)] = LAST,
    content: Content | None = None,
    _form: Format = None,
) -> Response:
    """The events of these numbers, both ends included, whether or not they were sent."""
    refuse_other_forms(request)
    key, clear = _key(id_), engine(request).webhooks.clear
    await _one(request, key)
    [of] = await _done(request, lambda c: terms(c, [key]))
    if content is not None and ENOUGH[content] > ENOUGH[of.content]:
        errors = (FieldError(where="query", field="content", message=f"It is subscribed to as {of.content}"),)
        raise Problem("invalid", "No more is told than was subscribed to.", errors=errors)
    asked = Range(since, until, content)
    try:
        found = await _done(request, lambda c: missed.missed(c, key, asked, clear))
    except missed.Forgotten as error:
        raise Problem("resource-gone", str(error)) from None
    except missed.NotCleared as error:
        raise Problem("forbidden", str(error)) from None
    request.state.seen = Seen(tuple(sorted(found.journeys)))
    return bundles.answer(found.body)


def _key(id_: str) -> UUID:
    """Raises Problem."""
    found = key_of(id_)
    if found is None:
        raise Problem("no-such-resource")
    return found


def _several(said: str | None) -> frozenset[str] | None:
    return None if said is None else frozenset(said.split(","))


async def _asked(request: Request, *, is_new: bool, id_: str | None = None) -> Wanted:
    """What the body asks for. Raises Problem."""
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media not in JSON:
        raise Problem("unsupported-media-type", "Send a Subscription (FHIR R4) as application/fhir+json.")
    try:
        body: Any = await request.json()
    except (JSONDecodeError, UnicodeDecodeError, RecursionError):
        body = None
    if not isinstance(body, dict):
        raise Problem("malformed-json", "The body is not a JSON object in UTF-8.")
    if id_ is not None and body.get("id") != id_:
        errors = (FieldError(where="body", field="Subscription.id", message="It should be that of the URL"),)
        raise Problem("invalid", "The body is another resource than the one addressed.", errors=errors)
    where = engine(request).webhooks.where
    return wanted(body, caller(request), where, bundles.base(request), is_new=is_new)


async def _one(request: Request, key: UUID) -> Json:
    """Raises Problem."""
    found = await _every(request, key)
    if not found:
        raise Problem("no-such-resource")
    return shown(*found[0])


async def _every(request: Request, key: UUID | None = None) -> Found:
    own = caller(request).id

    def look(connection: Connection[Any]) -> Found:
        kept = registry.every(connection, own, key)
        known = {each.id: each for each in terms(connection, [each.id for each in kept])}
        return [(each, known[each.id]) for each in kept if each.id in known]

    return await _done(request, look)


async def _counted(request: Request, keys: Sequence[UUID]) -> None:
    """What happened to those that are not sent anything is numbered."""
    clear = engine(request).webhooks.clear

    def count(connection: Connection[Any]) -> None:
        for each in keys:
            with connection.transaction():
                missed.count_up(connection, each, clear)

    await _done(request, count)


async def _done(request: Request, work: Callable[[Connection[Any]], T]) -> T:
    """Work on a connection of its own, in a thread. Raises what the work does, and DatabaseUnavailable."""

    def on_a_connection() -> T:
        with connect(engine(request).conninfo) as connection:
            return work(connection)

    try:
        return await asyncio.to_thread(on_a_connection)
    except registry.NoSuchSubscription:
        raise Problem("no-such-resource") from None
