"""Saved queries: what is asked of the audit again and again, by a name."""

from datetime import datetime
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Path, Request, Response
from psycopg.types.json import Json
from pydantic import BaseModel, ConfigDict, Field, field_validator
from pydantic_core import to_json

from journey.api.access.table import Permission
from journey.api.access.trail import Kind
from journey.api.audit.listing import router as listing
from journey.api.engine import caller, engine
from journey.api.guard import guarded, noted
from journey.api.openapi import TAKING_A_BODY, answers
from journey.api.problems import Problem
from journey.api.reads import Rows

PAGING = frozenset({"cursor", "limit"})
SAVE = """
    INSERT INTO audit_query (name, query, saved_by) VALUES (%s, %s, %s)
    ON CONFLICT (name) DO UPDATE SET query = excluded.query, saved_by = excluded.saved_by, saved_at = now()
    RETURNING name, query, saved_by, saved_at
    """
ONE = "SELECT name, query, saved_by, saved_at FROM audit_query WHERE name = %s"
EVERY = "SELECT name, query, saved_by, saved_at FROM audit_query ORDER BY name"
REMOVE = "DELETE FROM audit_query WHERE name = %s RETURNING name, query, saved_by, saved_at"

router = APIRouter(route_class=guarded(Permission.AUDIT), tags=["audit"])
Name = Annotated[str, Path(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$", description="Small letters, digits, `-`.")]


class QueryWanted(BaseModel):
    """What is to be asked: parameters of `GET /v1/audit`."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    query: dict[str, str] = Field(max_length=30, description='`{"kind": "glass-broken", "sort": "-at"}`')

    @field_validator("query")
    @classmethod
    def _is_one(cls, query: dict[str, str]) -> dict[str, str]:
        [route] = listing.routes
        known = {each.alias for each in vars(route)["dependant"].query_params} - PAGING
        if not query.keys() <= known:
            raise ValueError("query: name parameters of GET /v1/audit, but for its paging")
        if any("\0" in value or len(value) > 200 for value in query.values()):  # noqa: PLR2004 - as there
            raise ValueError("query: 200 characters of a value at most, and no NUL among them")
        return query


class SavedQuery(BaseModel):
    """A query by its name."""

    name: str
    query: dict[str, str]
    url: str = Field(description="Where it is asked.")
    saved_by: str
    saved_at: datetime


class SavedQueries(BaseModel):
    """Every saved query, by name."""

    queries: tuple[SavedQuery, ...]


class NamedQuery(BaseModel):
    """As the audit has it."""

    name: str
    query: dict[str, str] = {}


@router.get("/v1/audit/queries", responses=answers(SavedQueries))
async def every_saved_query(request: Request) -> Response:
    """Every saved query."""
    rows = await engine(request).reads.rows(EVERY)
    return Response(to_json(SavedQueries(queries=tuple(map(_saved, rows)))), media_type="application/json")


@router.put("/v1/audit/queries/{name}", responses=answers(SavedQuery, *TAKING_A_BODY))
async def save_a_query(request: Request, name: Name, wanted: QueryWanted) -> Response:
    """Keep a query of the audit under a name; another of this name is replaced."""
    await noted(request, Kind.QUERY_SAVED, NamedQuery(name=name, query=wanted.query))
    rows = await engine(request).reads.rows(SAVE, (name, Json(wanted.query), caller(request).name))
    return _one(rows)


@router.get("/v1/audit/queries/{name}", responses=answers(SavedQuery, "no-such-query"))
async def a_saved_query(request: Request, name: Name) -> Response:
    """A saved query."""
    return _one(await engine(request).reads.rows(ONE, (name,)))


@router.delete("/v1/audit/queries/{name}", responses=answers(SavedQuery, "no-such-query"))
async def remove_a_query(request: Request, name: Name) -> Response:
    """Keep it no longer; what was asked by it stays in the audit."""
    if await engine(request).reads.rows(ONE, (name,)):
        await noted(request, Kind.QUERY_REMOVED, NamedQuery(name=name))
    return _one(await engine(request).reads.rows(REMOVE, (name,)))


def _one(rows: Rows) -> Response:
    """Raises Problem."""
    if not rows:
        raise Problem("no-such-query")
    return Response(to_json(_saved(rows[0])), media_type="application/json")


def _saved(row: tuple[Any, ...]) -> SavedQuery:
    name, query, saved_by, saved_at = row
    url = f"/v1/audit?{urlencode(query)}"
    return SavedQuery(name=name, query=query, url=url, saved_by=saved_by, saved_at=saved_at)
