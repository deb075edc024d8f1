"""Reviews: who looked at the audit of a period, and what was found (45 CFR 164.308(a)(1)(ii)(D))."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request, Response
from psycopg.sql import SQL
from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import to_json

from journey.api.access.glass import SHOWN, Glass
from journey.api.access.table import Permission
from journey.api.access.trail import Kind
from journey.api.engine import caller, engine
from journey.api.guard import guarded, noted
from journey.api.openapi import LISTING, TAKING_A_BODY, answers
from journey.api.paging import CursorIn, Limit
from journey.api.times import Time
from journey.cursors import cursor, key
from journey.store.identifiers import uuid7

WITHIN = timedelta(hours=72)
"""In which a break-glass is looked at."""

NEWEST = (datetime(9999, 12, 31, tzinfo=UTC), UUID(int=0))
RECORD = """
    INSERT INTO audit_review (review_id, at, name, begins_at, ends_at, scope, findings, break_glasses, caller)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)
    ON CONFLICT (review_id) DO NOTHING
    RETURNING review_id
    """
EVERY = """
    SELECT review_id, at, name, begins_at, ends_at, scope, findings, break_glasses FROM audit_review
     WHERE (at, review_id) < (%s, %s) ORDER BY at DESC, review_id DESC LIMIT %s
    """
UNREVIEWED = SQL("""
    SELECT {} FROM break_glass
     WHERE NOT EXISTS (SELECT FROM audit_review WHERE break_glasses @> ARRAY[break_glass_id])
     ORDER BY began_at, break_glass_id LIMIT %s
    """).format(SHOWN)
OVERDUE = """
    SELECT count(*) FROM break_glass
     WHERE began_at < now() - %s
       AND NOT EXISTS (SELECT FROM audit_review WHERE break_glasses @> ARRAY[break_glass_id])
    """

router = APIRouter(route_class=guarded(Permission.AUDIT), tags=["audit"])


class Period(BaseModel):
    """From when to when."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    begins: Time
    ends: Time

    @model_validator(mode="after")
    def _goes_on(self) -> "Period":
        if self.ends <= self.begins:
            raise ValueError("ends: it should be later than begins")
        return self


class Reviewing(BaseModel):
    """What was looked at, and what was found."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    period: Period
    scope: str = Field(
        min_length=1,
        max_length=500,
        pattern=r"^[^\x00]+$",
        description="What was looked at: a query's name, a team …",
    )
    findings: str = Field(min_length=1, max_length=10_000, pattern=r"^[^\x00]+$")
    break_glasses: tuple[UUID, ...] = Field(
        default=(), max_length=500, description="The break-glasses that were looked at."
    )


class Review(BaseModel):
    """A review that took place."""

    review_id: UUID
    at: datetime
    name: str = Field(description="Who looked.")
    begins: datetime
    ends: datetime
    scope: str
    findings: str
    break_glasses: tuple[UUID, ...]

    def row(self) -> tuple[Any, ...]:
        """What RECORD takes, but for the caller."""
        return tuple((self.model_dump() | {"break_glasses": list(self.break_glasses)}).values())


class Reviews(BaseModel):
    """A page of reviews, the newest first."""

    reviews: tuple[Review, ...]
    next: str | None = Field(description="Where the next page begins; null on the last.")


class Unreviewed(Glass):
    """A break-glass that nobody has looked at yet."""

    review_by: datetime = Field(description="72 hours after it was broken.")
    overdue: bool


class ToReview(BaseModel):
    """What is still to be looked at, the oldest first."""

    unreviewed: tuple[Unreviewed, ...]


@router.post("/v1/audit/reviews", status_code=201, responses=answers(Review, *TAKING_A_BODY, status=201))
async def review_the_audit(request: Request, wanted: Reviewing) -> Response:
    """Say that the audit of a period was looked at, and what was found."""
    review = held(wanted, caller(request).name)
    await noted(request, Kind.REVIEW, review)
    await engine(request).reads.rows(RECORD, (*review.row(), caller(request).id))
    return Response(to_json(review), 201, media_type="application/json")


@router.get("/v1/audit/reviews", responses=answers(Reviews, *LISTING))
async def every_review(request: Request, *, limit: Limit = 100, page: CursorIn = None) -> Response:
    """Every review, the newest first."""
    before = NEWEST if page is None else key("reviews", page, (datetime, UUID))
    rows = await engine(request).reads.rows(EVERY, (*before, limit + 1))
    found = reviewed(rows[:limit])
    following = (
        cursor("reviews", f"{found[-1].at.astimezone(UTC)}|{found[-1].review_id}") if rows[limit:] else None
    )
    return Response(to_json(Reviews(reviews=found, next=following)), media_type="application/json")


@router.get("/v1/audit/unreviewed", responses=answers(ToReview))
async def what_nobody_has_reviewed(request: Request, *, limit: Limit = 100) -> Response:
    """Every break-glass that nobody has looked at yet, the oldest first."""
    found = ToReview(unreviewed=unreviewed(await engine(request).reads.rows(UNREVIEWED, (limit,))))
    return Response(to_json(found), media_type="application/json")


def held(wanted: Reviewing, name: str) -> Review:
    """A review that takes place now."""
    return Review(
        review_id=uuid7(),
        at=datetime.now(UTC),
        name=name,
        begins=wanted.period.begins,
        ends=wanted.period.ends,
        scope=wanted.scope,
        findings=wanted.findings,
        break_glasses=wanted.break_glasses,
    )


def reviewed(rows: Iterable[Sequence[Any]]) -> tuple[Review, ...]:
    """What EVERY found."""
    return tuple(Review.model_validate(dict(zip(Review.model_fields, row, strict=True))) for row in rows)


def unreviewed(rows: Iterable[Sequence[Any]]) -> tuple[Unreviewed, ...]:
    """What UNREVIEWED found."""
    now = datetime.now(UTC)
    return tuple(_unreviewed(dict(zip(Glass.model_fields, row, strict=True)), now) for row in rows)


def _unreviewed(glass: dict[str, Any], now: datetime) -> Unreviewed:
    review_by = glass["began_at"] + WITHIN
    return Unreviewed.model_validate({**glass, "review_by": review_by, "overdue": now > review_by})
