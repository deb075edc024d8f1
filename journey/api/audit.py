"""The audit: who saw, was refused or changed what access there is. Looking at it is recorded, too."""

from datetime import UTC, datetime
from typing import Annotated, Any, LiteralString
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from psycopg.sql import SQL
from pydantic import BaseModel, Field
from pydantic_core import to_json

from journey.api.access.table import Permission
from journey.api.access.trail import Basis, Kind, Outcome
from journey.api.conditions import Condition, all_of
from journey.api.cursors import cursor, key
from journey.api.engine import engine
from journey.api.guard import guarded
from journey.api.openapi import LISTING, answers
from journey.api.paging import CursorIn, Limit
from journey.domain.event import Moment

SELECT = SQL("""
    SELECT access_id, at, kind, outcome, caller, name, role, team, purpose, method, route, journeys, patients,
           basis, detail, peer, request_id, correlation_id
      FROM access_event WHERE {} ORDER BY at DESC, access_id DESC LIMIT %s
    """)
SCOPE = "audit"
OF_PERSON = "patients && ARRAY(SELECT same_person(%s))"

router = APIRouter(route_class=guarded(Permission.AUDIT), tags=["audit"])


class AccessRecord(BaseModel):
    """Who did what to whose data, when, from where and why (ASTM E2147-18 section 7.1)."""

    access_id: UUID
    at: datetime
    kind: Kind
    outcome: Outcome
    caller: str | None = Field(description="The key's id, or a hash of the token's issuer and subject.")
    name: str | None
    role: str | None
    team: str | None
    purpose: str | None = Field(description="The purpose of use that was named (HL7 v3 ActReason).")
    method: str | None
    route: str | None
    journeys: tuple[UUID, ...] = Field(description="The journeys that were told of.")
    patients: tuple[UUID, ...] = Field(description="The patients that were told of.")
    basis: Basis | None = Field(description="Why the caller could.")
    detail: dict[str, Any]
    peer: str | None = Field(description="The address that the request came from.")
    request_id: str | None
    correlation_id: UUID | None


class AuditPage(BaseModel):
    """A page of the audit, the newest first."""

    audit: tuple[AccessRecord, ...]
    next: str | None = Field(description="Where the next page begins; null on the last.")


@router.get("/v1/audit", responses=answers(AuditPage, *LISTING))
async def who_did_or_saw_what(
    request: Request,
    *,
    patient: Annotated[
        UUID | None, Query(description="About this patient, or a record merged with theirs.")
    ] = None,
    journey: Annotated[UUID | None, Query(description="About this journey.")] = None,
    name: Annotated[str | None, Query(min_length=1, max_length=200, description="By whom.")] = None,
    kind: Annotated[Kind | None, Query(description="What was done.")] = None,
    outcome: Annotated[Outcome | None, Query(description="How it ended.")] = None,
    basis: Annotated[Basis | None, Query(description="Why the caller could.")] = None,
    begins: Annotated[Moment | None, Query(alias="from", description="From then on.")] = None,
    ends: Annotated[Moment | None, Query(alias="to", description="Before then.")] = None,
    limit: Limit = 100,
    page: CursorIn = None,
) -> Response:
    """Who did or saw what: reads, searches, what was denied, broken glass, changed keys; the newest first."""
    asked: dict[LiteralString, object] = {
        OF_PERSON: patient,
        "journeys @> ARRAY[%s]::uuid[]": journey,
        "name = %s": name,
        "kind = %s": kind and str(kind),
        "outcome = %s": outcome and str(outcome),
        "basis = %s": basis and str(basis),
        "at >= %s": begins,
        "at < %s": ends,
    }
    conditions = [Condition(sql, (value,)) for sql, value in asked.items() if value is not None]
    scope = f"{SCOPE} {list(asked.values())}"
    if page is not None:
        conditions.append(Condition("(at, access_id) < (%s, %s)", tuple(key(scope, page, (datetime, UUID)))))
    where = all_of(conditions)
    statement = SELECT.format(SQL(where.sql))
    rows = await engine(request).reads.rows(statement, (*where.parameters, limit + 1))
    found = [dict(zip(AccessRecord.model_fields, row, strict=True)) for row in rows[:limit]]
    last = found[-1] if rows[limit:] else None
    following = last and cursor(scope, f"{last['at'].astimezone(UTC)}|{last['access_id']}")
    return Response(to_json({"audit": found, "next": following}), media_type="application/json")
