"""Authorizations: what has a payer to decide by when, what runs out, and what is left of it?"""

from datetime import date, datetime, timedelta
from typing import Annotated
from uuid import UUID

from pydantic import Field

from journey.api.lists.listing import (
    BY_DUE,
    DUE,
    OVERDUE,
    Asked,
    Filter,
    Key,
    List,
    ListedRow,
    Row,
    before,
    equal,
)
from journey.api.times import Time
from journey.conditions import Condition
from journey.domain.authorization.request import AuthorizationUnit, Urgency
from journey.domain.authorization.status import AuthorizationStatus

FEW = Annotated[int, Field(ge=0, le=100_000)]


class ListedAuthorization(ListedRow):
    """An authorization in whose place there is no other."""

    authorization_id: UUID
    status: AuthorizationStatus
    number: str | None
    service: str | None
    payer: str | None
    urgency: Urgency
    submitted_at: datetime | None
    due: datetime | None = Field(description="Until when the payer should decide.")
    valid_from: date | None
    valid_until: date | None
    granted: int | None
    used: int
    remaining: int | None
    unit: AuthorizationUnit | None
    overdue: bool
    minutes_left: int | None = Field(description="Until the payer should decide; below zero after that.")
    days_left: int | None = Field(description="Until the last day on which it can be used; 0 on that day.")


def _told(row: Row, asked: Asked) -> Row:
    until: date | None = row["valid_until"]
    return {
        "overdue": asked.has_passed(row["due"]),
        "minutes_left": asked.minutes_to(row["due"]),
        "days_left": None if until is None else (until - asked.today).days,
    }


def _expiring(days: int, asked: Asked) -> Condition:
    return Condition(
        "listed.valid_until BETWEEN %s AND %s", (asked.today, asked.today + timedelta(days=days))
    )


AUTHORIZATIONS = List(
    name="authorizations",
    question="What has a payer to decide, what runs out and what is left: what is due first, first.",
    table="authorization_status",
    row=ListedAuthorization,
    columns=(
        *("since", "event_id", "authorization_id", "status", "number", "service", "payer", "urgency"),
        *("submitted_at", "due", "valid_from", "valid_until", "granted", "used", "remaining", "unit"),
    ),
    filters=(
        Filter("team", str, "The team that is accountable.", equal("listed.team")),
        Filter("status", AuthorizationStatus, "Where the request is.", equal("listed.status")),
        Filter("payer", str, "The payer that is asked.", equal("listed.payer")),
        Filter("due_before", Time, "The payer should decide before then.", before(DUE)),
        OVERDUE,
        Filter("expiring_within", FEW, "It can be used for so many days more, at most.", _expiring),
        Filter(
            "remaining_at_most",
            FEW,
            "So many units are left, at most.",
            lambda value, _: Condition("listed.remaining <= %s", (value,)),
        ),
    ),
    told=_told,
    urgency=BY_DUE,
    id=Key("listed.authorization_id", UUID),
    resource="Claim",
    zoned=True,
)
