"""Who did or saw what: one list of all that is accounted for, by pages or as a report."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal, cast
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field
from pydantic_core import to_json
from starlette.responses import StreamingResponse

from journey.api.access.table import Permission
from journey.api.access.trail import Kind, Outcome
from journey.api.engine import engine
from journey.api.guard import guarded
from journey.api.openapi import LISTING, answers
from journey.api.paging import CursorIn, Limit
from journey.api.reads import Reads
from journey.audit.entries import SORTABLE, Asked, Entry, Place, Sort, statement
from journey.audit.reports import FORMS, Report
from journey.cursors import ForeignCursor, cursor, key
from journey.domain.event import Moment

AT_ONCE = 1000
"""Entries that a report is read by."""

TICK = timedelta(microseconds=1)
WAY = "^-?(" + "|".join(SORTABLE) + ")$"
REPORTED = {"csv": Kind.EXPORT, "fhir": Kind.EXPORT, "text": Kind.PRINT}

router = APIRouter(route_class=guarded(Permission.AUDIT), tags=["audit"])
Word = Annotated[str | None, Query(min_length=1, max_length=200)]


class AuditEntry(BaseModel):
    """Who did what to whose data, when, from where and why (ASTM E2147-18 section 7.1)."""

    id: UUID = Field(description="Of a recorded event, its `event_id`.")
    at: datetime
    kind: Kind
    outcome: Outcome
    caller: str | None = Field(
        description="The key's id, or a hash of the token's issuer and subject; what was disclosed by."
    )
    name: str | None = Field(description="Who did it, or who was given it.")
    role: str | None
    team: str | None
    purpose: str | None = Field(description="The purpose of use that was named (HL7 v3 ActReason).")
    basis: str | None = Field(description="Why the caller could, or what allowed the disclosure.")
    method: str | None
    route: str | None
    journeys: tuple[UUID, ...] = Field(description="The journeys that were told of, or told something.")
    patients: tuple[UUID, ...] = Field(description="The patients.")
    type: str | None = Field(description="Of a recorded event, its type.")
    version: int | None = Field(description="Of a recorded event, its version.")
    source: str | None = Field(description="The channel: `http`, `command-line`, `hl7v2`, `webhook` …")
    peer: str | None = Field(description="The address, or the system, that it came from or went to.")
    request_id: str | None = Field(description="The request, or the message of the other system.")
    correlation_id: UUID | None
    detail: dict[str, Any]


class AuditPage(BaseModel):
    """A page of the audit."""

    audit: tuple[AuditEntry, ...]
    next: str | None = Field(description="Where the next page begins; null on the last.")


@router.get("/v1/audit", responses=answers(AuditPage, *LISTING))
async def who_did_or_saw_what(
    request: Request,
    *,
    patient: Annotated[
        UUID | None, Query(description="About this patient, or a record merged with theirs.")
    ] = None,
    journey: Annotated[UUID | None, Query(description="About this journey.")] = None,
    id_: Annotated[UUID | None, Query(alias="id", description="This one; of an event, its id.")] = None,
    kind: Annotated[Kind | None, Query(description="What was done.")] = None,
    outcome: Annotated[Outcome | None, Query(description="How it ended.")] = None,
    caller: Word = None,
    name: Annotated[Word, Query(description="By whom, or to whom.")] = None,
    role: Word = None,
    team: Word = None,
    purpose: Word = None,
    basis: Annotated[Word, Query(description="Why it was possible.")] = None,
    method: Word = None,
    route: Word = None,
    type_: Annotated[Word, Query(alias="type", description="The type of the event.")] = None,
    version: Annotated[int | None, Query(ge=1, le=2**31)] = None,
    source: Annotated[Word, Query(description="The channel.")] = None,
    peer: Annotated[Word, Query(description="From or to where.")] = None,
    request_id: Word = None,
    correlation_id: UUID | None = None,
    begins: Annotated[Moment | None, Query(alias="from", description="From then on.")] = None,
    ends: Annotated[Moment | None, Query(alias="to", description="Before then.")] = None,
    sort: Annotated[
        str, Query(pattern=WAY, description="The element to sort by; with a minus, the other way round.")
    ] = "-at",
    form: Annotated[
        Literal["json", "csv", "fhir", "text"],
        Query(alias="format", description="By pages, or all of it: CSV, a FHIR Bundle, to be printed."),
    ] = "json",
    limit: Limit = 100,
    page: CursorIn = None,
) -> Response:
    """Who did or saw what: reads, searches, what was denied, broken glass, changed keys, what was recorded
    and what was disclosed; the newest first.
    """
    said = {
        "id": id_,
        "kind": kind and str(kind),
        "outcome": outcome and str(outcome),
        "caller": caller,
        "name": name,
        "role": role,
        "team": team,
        "purpose": purpose,
        "basis": basis,
        "method": method,
        "route": route,
        "type": type_,
        "version": version,
        "source": source,
        "peer": peer,
        "request_id": request_id,
        "correlation_id": correlation_id,
    }
    equal = {element: value for element, value in said.items() if value is not None}
    asked = Asked(patient, journey, begins, ends, equal)
    order = Sort(sort.removeprefix("-"), sort.startswith("-"))
    reads = engine(request).reads
    if form != "json":
        request.state.kind = REPORTED[form]
        return await _report(reads, form, asked._replace(ends=ends or datetime.now(UTC)), order)
    scope = f"audit {asked} {order}"
    after = None if page is None else await _place(reads, scope, page, order)
    rows = await _entries(reads, asked, order, after, limit + 1)
    found = rows[:limit]
    following = cursor(scope, f"{found[-1].at.astimezone(UTC)}|{found[-1].id}") if rows[limit:] else None
    body = {"audit": [each._asdict() for each in found], "next": following}
    return Response(to_json(body), media_type="application/json")


async def _entries(reads: Reads, asked: Asked, order: Sort, after: Place | None, limit: int) -> list[Entry]:
    rows = await reads.rows(*statement(asked, order, after, limit))
    return [Entry(*row[:-1]) for row in rows]


async def _place(reads: Reads, scope: str, page: str, order: Sort) -> Place:
    """Where the page before ended. What the order goes by may be a name, and is looked up. Raises
    ForeignCursor.
    """
    at, entry_id = cast("tuple[datetime, UUID]", tuple(key(scope, page, (datetime, UUID))))
    return await _keyed(reads, Place(at, entry_id), order)


async def _keyed(reads: Reads, place: Place, order: Sort) -> Place:
    if order.key is None:
        return place
    this = Asked(begins=place.at, ends=place.at + TICK, equal={"id": place.id})
    found = await reads.rows(*statement(this, order, None, 1))
    if not found:
        raise ForeignCursor
    return place._replace(key=found[0][-1])


async def _report(reads: Reads, form: str, asked: Asked, order: Sort) -> Response:
    """All of it, piece by piece; what cannot be read at all is answered as such, before it begins."""
    entries = await _entries(reads, asked, order, None, AT_ONCE)
    pieces = _pieces(reads, Report(FORMS[form]), asked, order, entries)
    head = {"Content-Disposition": f'attachment; filename="audit.{form}"'} if form != "text" else {}
    return StreamingResponse(pieces, headers=head, media_type=FORMS[form].media_type)


async def _pieces(
    reads: Reads, report: Report, asked: Asked, order: Sort, entries: list[Entry]
) -> AsyncIterator[str]:
    while entries:
        yield report.told(entries)
        if len(entries) < AT_ONCE:
            break
        after = await _keyed(reads, Place(entries[-1].at, entries[-1].id), order)
        entries = await _entries(reads, asked, order, after, AT_ONCE)
    yield report.end()
