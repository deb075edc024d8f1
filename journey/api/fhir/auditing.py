"""Auditing: the audit as FHIR has it: who did or saw what (AuditEvent), and where what is recorded came from
(Provenance). For who may read the audit; whoever looks at it stands in it, too.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import Annotated, NamedTuple
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from journey.api.access.table import Permission
from journey.api.access.trail import Kind
from journey.api.engine import engine
from journey.api.fhir import bundles
from journey.api.fhir.asked import MOST, USUAL
from journey.api.fhir.meant import moments, refuse
from journey.api.fhir.negotiation import Format, refuse_other_forms
from journey.api.guard import guarded
from journey.api.outcome import BASE
from journey.api.paging import CursorIn
from journey.api.problems import Problem
from journey.audit.accounting import RECORDS
from journey.audit.auditevent import audit_events, deeds_of
from journey.audit.coding import OUTCOMES
from journey.audit.entries import RECORDED, Asked, Entry, Place, Sort, statement
from journey.audit.provenance import provenance
from journey.cursors import cursor, key
from journey.fhir.data import Json

ID = re.compile(r"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?:\.[1-9][0-9]{0,5})?")
"""Of an entry, and of several patients which one."""


class Type(NamedTuple):
    """What is made of each entry."""

    name: str
    made: Callable[[Entry], Iterator[Json]]
    always: dict[str, object] = {}  # noqa: RUF012 - nobody changes it


def _provenances(entry: Entry) -> Iterator[Json]:
    if (made := provenance(entry)) is not None:
        yield made


AUDIT_EVENT = Type("AuditEvent", audit_events)
PROVENANCE = Type("Provenance", _provenances, {"kind": RECORDED})

Word = Annotated[str | None, Query(min_length=1, max_length=200)]
Dates = Annotated[list[str] | None, Query()]
Count = Annotated[int, Query(alias="_count", ge=1, le=MOST)]
OneId = Annotated[str | None, Query(alias="_id", max_length=64)]
reading_events = APIRouter(
    route_class=guarded(Permission.AUDIT, AUDIT_EVENT.name, "r"), include_in_schema=False
)
searching_events = APIRouter(
    route_class=guarded(Permission.AUDIT, AUDIT_EVENT.name, "s"), include_in_schema=False
)
reading_origins = APIRouter(
    route_class=guarded(Permission.AUDIT, PROVENANCE.name, "r"), include_in_schema=False
)
searching_origins = APIRouter(
    route_class=guarded(Permission.AUDIT, PROVENANCE.name, "s"), include_in_schema=False
)
ROUTERS = (searching_events, reading_events, searching_origins, reading_origins)


@searching_events.get(f"{BASE}/AuditEvent")
async def who_did_or_saw_what(
    request: Request,
    *,
    id_: OneId = None,
    patient: Word = None,
    entity: Word = None,
    date: Dates = None,
    agent: Word = None,
    agent_name: Annotated[Word, Query(alias="agent-name")] = None,
    action: Annotated[str | None, Query(pattern="^[CRUDE]$")] = None,
    type_: Annotated[Word, Query(alias="type")] = None,
    outcome: Annotated[str | None, Query(pattern="^[048]$")] = None,
    count: Count = USUAL,
    page: CursorIn = None,
    _form: Format = None,
) -> Response:
    """Who did or saw what, the newest first; of several patients one for each."""
    equal: dict[str, object] = {} if agent is None else {"caller": agent}
    if agent_name is not None:
        equal["name"] = agent_name
    if outcome is not None:
        equal["outcome"] = next(name for name, code in OUTCOMES.items() if code == outcome)
    wanted = Asked(_reference("patient", "Patient", patient), _reference("entity", "EpisodeOfCare", entity))
    wanted = wanted._replace(equal=equal, kinds=_kinds(action, type_))

    def holds(made: Json) -> bool:
        return action is None or made["action"] == action

    return await _found(request, AUDIT_EVENT, _within("date", date, wanted), id_, count, page, holds)


@searching_origins.get(f"{BASE}/Provenance")
async def where_it_came_from(
    request: Request,
    *,
    id_: OneId = None,
    patient: Word = None,
    target: Word = None,
    recorded: Dates = None,
    count: Count = USUAL,
    page: CursorIn = None,
    _form: Format = None,
) -> Response:
    """Where what is recorded came from, the newest first."""
    wanted = Asked(_reference("patient", "Patient", patient), _reference("target", "EpisodeOfCare", target))
    within = _within("recorded", recorded, wanted)
    return await _found(request, PROVENANCE, within, id_, count, page, lambda _: True)


@reading_events.get(f"{BASE}/AuditEvent/{{id_}}")
async def one_deed(request: Request, id_: str, *, _form: Format = None) -> Response:
    """What somebody did or saw."""
    return await _one(request, AUDIT_EVENT, id_)


@reading_origins.get(f"{BASE}/Provenance/{{id_}}")
async def one_origin(request: Request, id_: str, *, _form: Format = None) -> Response:
    """Where something that is recorded came from."""
    return await _one(request, PROVENANCE, id_)


async def _one(request: Request, type_: Type, id_: str) -> Response:
    refuse_other_forms(request)
    entry_id = _entry_of(id_)
    asked = Asked(equal={**type_.always, "id": entry_id})
    entries = [] if entry_id is None else await _entries(request, asked, None, 1)
    found = (made for entry in entries for made in type_.made(entry) if made["id"] == id_)
    if (resource := next(found, None)) is None:
        raise Problem("no-such-resource")
    return bundles.answer(resource)


async def _found(  # noqa: PLR0917 - what two searches have in common
    request: Request,
    type_: Type,
    asked: Asked,
    id_: str | None,
    count: int,
    page: str | None,
    holds: Callable[[Json], bool],
) -> Response:
    """A page. Where it goes on stands in the cursor: an entry, and how many of its resources were told."""
    refuse_other_forms(request)
    if id_ is not None and (entry_id := _entry_of(id_)) is None:
        return bundles.answer(bundles.paged(request, "searchset", [], None))
    equal = {**asked.equal, **type_.always, **({} if id_ is None else {"id": entry_id})}
    asked = asked._replace(equal=equal)
    scope = f"fhir {type_.name} {asked} {id_}"
    after, told = _place(scope, page)
    entries = await _entries(request, asked, after, count + 1)
    theirs = await _records(request, asked.patient)
    made = (
        (entry, number, each)
        for place, entry in enumerate(entries)
        for number, each in enumerate(type_.made(entry))
        if (place or number >= told) and (id_ is None or each["id"] == id_)
        if holds(each) and _is_about(each, theirs)
    )
    found = list(islice(made, count + 1))
    following = None
    if found[count:]:
        entry, number, _ = found[count]
        following = _cursor(scope, entry, number)
    elif entries[count:]:
        following = _cursor(scope, entries[-1], sum(1 for _ in type_.made(entries[-1])))
    matches = list(bundles.matches(request, [each for _, _, each in found[:count]], "match"))
    return bundles.answer(bundles.paged(request, "searchset", matches, following))


async def _entries(request: Request, asked: Asked, after: Place | None, most: int) -> list[Entry]:
    rows = await engine(request).reads.rows(*statement(asked, Sort(), after, most))
    return [Entry(*row[:-1]) for row in rows]


async def _records(request: Request, patient: UUID | None) -> frozenset[str] | None:
    """How each record of the person is referred to; None for everybody's."""
    if patient is None:
        return None
    rows = await engine(request).reads.rows(RECORDS, (patient,))
    return frozenset(f"Patient/{each}" for (each,) in rows) | {f"Patient/{patient}"}


def _is_about(resource: Json, theirs: frozenset[str] | None) -> bool:
    """Whether it tells of nobody else: an entry about several patients has one resource for each."""
    whose = {each.get("what", {}).get("reference", "") for each in resource.get("entity", ())}
    named = {each for each in whose if each.startswith("Patient/")}
    return theirs is None or named <= theirs


def _place(scope: str, page: str | None) -> tuple[Place | None, int]:
    """Behind the entry that comes before the one that is named; of that, how many were told."""
    if page is None:
        return None, 0
    at, entry_id, told = key(scope, page, (datetime, UUID, int))
    if not (isinstance(at, datetime) and isinstance(entry_id, UUID)):
        raise Problem("bad-cursor")
    return Place(at, UUID(int=min(entry_id.int + 1, 2**128 - 1))), int(str(told))


def _cursor(scope: str, entry: Entry, told: int) -> str:
    return cursor(scope, f"{entry.at.astimezone(UTC)}|{entry.id}|{told}")


def _entry_of(id_: str) -> UUID | None:
    """The entry that a resource was made of."""
    found = ID.fullmatch(id_)
    return found and UUID(found[1])


def _reference(name: str, type_: str, said: str | None) -> UUID | None:
    if said is None:
        return None
    try:
        return UUID(said.removeprefix(f"{type_}/"))
    except ValueError:
        refuse({name: f"Named by id, as {type_}/<id> or alone"})
        raise


def _kinds(action: str | None, type_: str | None) -> tuple[str, ...] | None:
    """The kinds of entries that may be told so."""
    if action is None and type_ is None:
        return None
    code = (type_ or "").rpartition("|")[2]
    deeds = [(kind, deed) for kind in Kind for deed in deeds_of(kind)]
    return tuple(
        {
            str(kind)
            for kind, deed in deeds
            if (action is None or deed.action == action) and (type_ is None or deed.type["code"] == code)
        }
    )


def _within(name: str, dates: Sequence[str] | None, asked: Asked) -> Asked:
    """Raises Problem."""
    begins, ends = list[datetime](), list[datetime]()
    for said in dates or ():
        for each in moments(name, said):
            if "," in said or each.prefix == "ne":
                refuse({name: "One date each time, with eq, gt, lt, ge, le, sa or eb: date=ge2026-03-01"})
            if each.prefix in {"eq", "ge", "gt", "sa"}:
                begins.append(each.begins if each.prefix in {"eq", "ge"} else each.ends)
            if each.prefix in {"eq", "le", "lt", "eb"}:
                ends.append(each.ends if each.prefix in {"eq", "le"} else each.begins)
    return asked._replace(begins=max(begins, default=None), ends=min(ends, default=None))


def described() -> Iterator[Json]:
    """What the capability statement says of them."""
    about = {
        AUDIT_EVENT.name: "Who did or saw what, by IHE BALP; for who may read the audit.",
        PROVENANCE.name: "Where an event of a journey came from; for who may read the audit.",
    }
    parameters = {
        AUDIT_EVENT.name: {
            "_id": "token", "action": "token", "agent": "reference", "agent-name": "string", "date": "date",
            "entity": "reference", "outcome": "token", "patient": "reference", "type": "token",
        },
        PROVENANCE.name: {"_id": "token", "patient": "reference", "recorded": "date", "target": "reference"},
    }  # fmt: skip
    for name, said in about.items():
        yield {
            "type": name,
            "documentation": said,
            "interaction": [{"code": "read"}, {"code": "search-type"}],
            "versioning": "no-version",
            "searchParam": [{"name": each, "type": type_} for each, type_ in parameters[name].items()],
        }
