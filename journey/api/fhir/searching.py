"""Searching: the resources that are as asked for, a page at a time; by address or by a form (R4 3.1.1).

A search is answered when the index knows what was recorded before it was asked.
"""

import operator
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import NamedTuple
from urllib.parse import parse_qsl

from fastapi import APIRouter, Request, Response

from journey.api.access.table import Permission
from journey.api.engine import caller, engine
from journey.api.fhir import answering, bundles
from journey.api.fhir.asked import Asked, asked
from journey.api.fhir.elements import some_of
from journey.api.fhir.found import FALLING, INDEX, RISING, Row, admitted, counted, page, see
from journey.api.fhir.meant import refuse
from journey.api.fhir.sealed import opened, sealed
from journey.api.guard import guarded
from journey.api.outcome import BASE
from journey.api.parameters import said_of
from journey.api.problems import Problem
from journey.conditions import Condition
from journey.cursors import KEY, NEVER, ForeignCursor, cursor, position
from journey.fhir.data import Json, references
from journey.fhir.every import KINDS, referring_to
from journey.fhir.kind import Kind

ALONG = 1000
"""Resources that come along with a page at most, and that are looked through for when they were changed."""

LONGEST_FORM = 5000
"""Bytes; with more, the address that leads on would be too long."""

FORM = "application/x-www-form-urlencoded"
LENIENT = "handling=lenient"
PAGE = "_page"

router = APIRouter(
    route_class=guarded(Permission.SEARCH, None, any_name=True),
    include_in_schema=False,
)
"""The capability statement describes them."""


class Found(NamedTuple):
    """A page: the resources, what of the index they are of, how it goes on, and how many there are."""

    resources: list[Json]
    rows: Sequence[Row]
    after: str | None = None
    total: int | None = None


@router.get(f"{BASE}/{{type_}}")
async def search(request: Request, type_: str) -> Response:
    """The resources that are as asked for, a page at a time."""
    kind = admitted(request, type_, Permission.SEARCH)
    pages = request.query_params.getlist(PAGE)
    if pages and len(request.query_params) > 1:
        refuse({PAGE: "It says all that was asked for, and stands alone"})
    if pages:
        request.state.form = opened(kind.type, pages[0])
        return await _answer(request, kind, request.state.form, is_sealed=True)
    return await _answer(request, kind, said_of(request))


@router.post(f"{BASE}/{{type_}}/_search")
async def search_by_form(request: Request, type_: str) -> Response:
    """The same, asked by a form: names and numbers stay out of addresses."""
    kind = admitted(request, type_, Permission.SEARCH)
    request.state.form = await _form(request)
    return await _answer(request, kind, said_of(request), is_sealed=True)


async def _form(request: Request) -> list[tuple[str, str]]:
    """Raises Problem."""
    body = await request.body()
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if body and media != FORM:
        raise Problem("unsupported-media-type", f"Send what is searched by as {FORM}.")
    if len(body) > LONGEST_FORM:
        raise Problem("body-too-large", f"A form may have {LONGEST_FORM} bytes; ask for less at once.")
    try:
        return parse_qsl(body.decode(), keep_blank_values=True, errors="strict")
    except ValueError:
        raise Problem("malformed-request", "The form is not in UTF-8.") from None


async def _answer(
    request: Request, kind: Kind, said: Sequence[tuple[str, str]], *, is_sealed: bool = False
) -> Response:
    given: dict[str, list[str]] = {}
    for name, value in said:
        given.setdefault(name, []).append(value)
    wanted = asked(kind, given, lenient=LENIENT in request.headers.get("prefer", "").lower())
    known = (await engine(request).caught_up(INDEX)).known
    found = await _found(request, kind, wanted)
    see(request, found.rows)
    others = [*await _included(request, kind, wanted, found), *await _referring(request, kind, wanted, found)]
    told = [each if wanted.elements is None else some_of(each, wanted.elements) for each in found.resources]
    entries = [*bundles.matches(request, told, "match"), *bundles.matches(request, _once(others), "include")]
    if wanted.ignored:
        entries.append({"resource": answering.passed_over(wanted.ignored), "search": {"mode": "outcome"}})
    used = [each for each in said if each[0] not in wanted.ignored]
    links = list(_links(request, kind, used, found.after, is_sealed=is_sealed))
    return bundles.answer(bundles.bundle("searchset", links, entries, known, found.total))


def _links(
    request: Request, kind: Kind, said: Sequence[tuple[str, str]], after: str | None, *, is_sealed: bool
) -> Iterator[Json]:
    """Where this is, and where it goes on."""
    others = [each for each in said if each[0] != "cursor"]
    places = {"self": list(said)} | ({"next": [*others, ("cursor", after)]} if after else {})
    for relation, given in places.items():
        asks = [(PAGE, sealed(kind.type, given))] if is_sealed else given
        yield bundles.link(request, relation, asks, kind.type)


async def _found(request: Request, kind: Kind, wanted: Asked) -> Found:
    if not wanted.most:
        return Found([], (), total=await _total(request, kind, wanted))
    if wanted.sort.updated:
        return await _by_change(request, kind, wanted)
    order = None if wanted.sort.by is None else FALLING if wanted.sort.falling else RISING
    after = () if wanted.cursor is None else _after(wanted.scope, wanted.cursor, is_dated=order is not None)
    rows, made = await page(request, kind, wanted.condition, wanted.most, after, order)
    shown = rows[: wanted.most]
    more = cursor(wanted.scope, _place(shown[-1])) if rows[wanted.most :] else None
    total = await _total(request, kind, wanted) if wanted.total else None
    return Found([each for each in made if each is not None and wanted.holds(each)], shown, more, total)


def _place(row: Row) -> str:
    return row.id if row.place is None else f"{row.place}|{row.id}"


def _after(scope: str, given: str, *, is_dated: bool) -> tuple[str, ...]:
    """The sort key behind which it goes on. Raises ForeignCursor."""
    text = position(scope, given, KEY)
    if not is_dated:
        return (text,)
    date, _, id_ = text.partition("|")
    if date.removeprefix("-") != NEVER:
        try:
            datetime.fromisoformat(date)
        except ValueError:
            raise ForeignCursor from None
    return date, id_


async def _total(request: Request, kind: Kind, wanted: Asked) -> int:
    if wanted.updated:
        return len((await _every(request, kind, wanted)).resources)
    return await counted(request, kind, wanted.condition)


async def _by_change(request: Request, kind: Kind, wanted: Asked) -> Found:
    """When a resource was last changed stands in the resource alone: all that may be meant are made."""
    every, rows = (await _every(request, kind, wanted))[:2]
    every.sort(key=_changed, reverse=wanted.sort.falling)
    left = every
    if wanted.cursor is not None:
        at, _, id_ = position(wanted.scope, wanted.cursor, KEY).partition("|")
        later = operator.lt if wanted.sort.falling else operator.gt
        left = [
            each for each in every if later(_changed(each), at) or (_changed(each) == at and each["id"] > id_)
        ]
    shown = left[: wanted.most]
    last = f"{_changed(shown[-1])}|{shown[-1]['id']}" if left[wanted.most :] else None
    more = last and cursor(wanted.scope, last)
    ids = {each["id"] for each in shown}
    total = len(every) if wanted.total else None
    return Found(shown, [row for row in rows if row.id in ids], more, total)


def _changed(resource: Json) -> str:
    """In small letters, as cursors are."""
    return str(resource["meta"]["lastUpdated"]).lower()


async def _every(request: Request, kind: Kind, wanted: Asked) -> Found:
    """Raises Problem."""
    rows, made = await page(request, kind, wanted.condition, ALONG)
    if rows[ALONG:]:
        refuse({"_lastUpdated": f"More than {ALONG} may be meant; name a patient, or a later time with ge"})
    return Found([each for each in made if each is not None and wanted.holds(each)], rows)


async def _included(request: Request, kind: Kind, wanted: Asked, found: Found) -> list[Json]:
    """What the resources refer to, and was asked for: of each type by one statement."""
    paths = {kind.includes[each].path for each in wanted.includes}
    if not paths:
        return []
    asked_for: dict[str, set[str]] = {}
    for path, told in (each for resource in found.resources for each in references(resource)):
        target, _, id_ = told.partition("/")
        if path in paths and target in KINDS:
            asked_for.setdefault(target, set()).add(id_)
    others: list[Json] = []
    for target, ids in sorted(asked_for.items()):
        condition = Condition("listed.id = ANY(%s)", (sorted(ids),))
        others += await _along(request, KINDS[target], condition)
    return _besides(found, others)


async def _referring(request: Request, kind: Kind, wanted: Asked, found: Found) -> list[Json]:
    """What refers to the resources, and was asked for: it is told on the same journeys."""
    journeys = sorted({each for row in found.rows for each in row.journeys})
    here = {f"{each['resourceType']}/{each['id']}" for each in found.resources}
    others: list[Json] = []
    for name in wanted.reverse if here else ():
        path = referring_to(kind.type)[name].path
        source = KINDS[name.partition(":")[0]]
        on_them = Condition("listed.journey_id = ANY(%s)", (journeys,))
        others += [
            each
            for each in await _along(request, source, on_them)
            if any(at == path and told in here for at, told in references(each))
        ]
    return _besides(found, others)


async def _along(request: Request, kind: Kind, condition: Condition) -> list[Json]:
    """Raises Problem."""
    if not caller(request).may(Permission.SEARCH, kind.type):
        return []
    rows, made = await page(request, kind, condition, ALONG)
    if rows[ALONG:]:
        refuse({"_count": f"More than {ALONG} would come along; ask for fewer on a page"})
    see(request, rows)
    return [each for each in made if each is not None]


def _besides(found: Found, others: list[Json]) -> list[Json]:
    there = {(each["resourceType"], each["id"]) for each in found.resources}
    return [each for each in others if (each["resourceType"], each["id"]) not in there]


def _once(resources: Sequence[Json]) -> list[Json]:
    return list({(each["resourceType"], each["id"]): each for each in resources}.values())
