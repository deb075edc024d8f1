"""Referrals: whom are we still waiting on?"""

import re
from datetime import datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

from pydantic import BeforeValidator, Field, WithJsonSchema

from journey.api.lists.listing import (
    BY_DUE,
    OVERDUE,
    Asked,
    Filter,
    Key,
    List,
    ListedRow,
    Row,
    equal,
    same_text,
)
from journey.conditions import Condition
from journey.domain.codes import Priority
from journey.domain.referral.state import ReferralStatus

LENGTH = re.compile(r"P?(?P<weeks>\d{1,4}(?=W))?W?(?P<days>\d{1,4}(?=D|$))?D?(?:T(?P<hours>\d{1,5})H)?")


def _length(value: Any) -> Any:
    """`P5D`, `P1W2D`, `PT36H`; `5` is days."""
    found = LENGTH.fullmatch(value) if isinstance(value, str) else None
    if found is None or not any(found.groups()):
        raise ValueError("a length of time is written as P5D, PT36H, or 5 for days")
    return timedelta(**{unit: int(number) for unit, number in found.groupdict().items() if number})


Length = Annotated[
    timedelta, BeforeValidator(_length), WithJsonSchema({"type": "string", "format": "duration"})
]


class ListedReferral(ListedRow):
    """A loop that is not closed."""

    referral_id: UUID
    status: ReferralStatus
    number: str | None
    service: str | None
    priority: Priority
    performer: str | None = Field(description="Who is asked.")
    owner: str | None = Field(description="Who sees to it that the loop is closed.")
    sent_at: datetime | None
    due: datetime | None
    appointment: datetime | None
    overdue: bool
    minutes_left: int | None = Field(description="Below zero once it is overdue.")
    days_waited: int = Field(description="Whole days since it was sent, or drafted.")


def _told(row: Row, asked: Asked) -> Row:
    return {
        "overdue": asked.has_passed(row["due"]),
        "minutes_left": asked.minutes_to(row["due"]),
        "days_waited": asked.days_since(row["sent_at"] or row["since"]),
    }


REFERRALS = List(
    name="referrals",
    question="Whom are we still waiting on: every loop that is not closed, what is due first, first.",
    table="open_referral",
    row=ListedReferral,
    columns=(
        *("since", "event_id", "referral_id", "status", "number", "service", "priority", "performer"),
        *("owner", "sent_at", "due", "appointment"),
    ),
    filters=(
        Filter("team", str, "The team that is accountable.", equal("listed.team")),
        Filter("status", ReferralStatus, "Where the loop is.", equal("listed.status")),
        Filter("priority", Priority, "How soon it is asked for.", equal("listed.priority")),
        Filter("service", str, "What is asked for, in capitals or not.", same_text("listed.service")),
        Filter(
            "older_than",
            Length,
            "Sent, or drafted, longer ago than that: `P5D`, `PT36H`, or `5` for days.",
            lambda value, asked: Condition(
                "coalesce(listed.sent_at, listed.since) < %s", (asked.now - value,)
            ),
        ),
        OVERDUE,
    ),
    told=_told,
    urgency=BY_DUE,
    id=Key("listed.referral_id", UUID),
    resource="ServiceRequest",
)
