"""Lists: what many patients have of one kind: referrals, authorizations, visits, no-shows, barriers."""

from datetime import UTC, datetime
from typing import Any, NamedTuple

from starlette.exceptions import HTTPException
from starlette.responses import Response

from journey.web.page import HOME, Asked, Page

FEW = 50


class Column(NamedTuple):
    """What stands under a heading: a field of the row, and how it is shown."""

    title: str
    field: str
    kind: str = "text"


class Kept(NamedTuple):
    """One list: where it is asked for, with what, and its columns."""

    title: str
    route: str
    given: dict[str, Any]
    columns: tuple[Column, ...]
    empty: str


DUE = Column("Due", "due", "due")
STATUS = Column("Status", "status", "tag")
LISTS = {
    "referrals": Kept(
        "Open referrals",
        "referrals",
        {},
        (
            DUE,
            Column("Service", "service"),
            Column("To", "performer"),
            Column("Priority", "priority", "words"),
            STATUS,
            Column("Days", "days_waited"),
        ),
        "No referral is open.",
    ),
    "authorizations": Kept(
        "Authorizations",
        "authorizations",
        {},
        (
            DUE,
            Column("Service", "service"),
            Column("Payer", "payer"),
            STATUS,
            Column("Left", "remaining"),
            Column("Valid until", "valid_until", "day"),
        ),
        "No payer has anything to decide, and nothing runs out.",
    ),
    "visits": Kept(
        "Visits today",
        "visits",
        {"on": "today"},
        (
            Column("Start", "starts_at", "at"),
            Column("Service", "service"),
            Column("Where", "location"),
            STATUS,
        ),
        "Nobody is expected today.",
    ),
    "unbooked": Kept(
        "Not booked yet",
        "visits",
        {"status": "proposed"},
        (Column("Since", "since", "at"), Column("Service", "service"), STATUS),
        "Every visit that was asked for is booked.",
    ),
    "missed": Kept(
        "Missed",
        "visits",
        {"missed": "true"},
        (Column("Was at", "starts_at", "at"), Column("Service", "service"), STATUS),
        "Nobody has missed a visit that is not seen to.",
    ),
    "barriers": Kept(
        "Barriers",
        "barriers",
        {},
        (DUE, Column("What", "what"), STATUS, Column("Who sees to it", "owner")),
        "Nothing stands in anybody's way.",
    ),
}


async def lists(asked: Asked) -> Response:
    """One of them, of a team or of all. Raises HTTPException."""
    name = asked.request.path_params.get("name", "referrals")
    if name not in LISTS:
        raise HTTPException(404)
    kept = LISTS[name]
    team = asked.query.get("team", "")
    given = {each: _today() if value == "today" else value for each, value in kept.given.items()}
    found = await asked.api.get(
        f"/v1/{kept.route}", team=team, cursor=asked.query.get("cursor"), limit=FEW, **given
    )
    return asked.page(
        "lists.html",
        rows=found[kept.route],
        next=found["next"],
        kept=kept,
        name=name,
        team=team,
        every=LISTS,
    )


def _today() -> str:
    return datetime.now(UTC).date().isoformat()


PAGES = (Page(f"{HOME}/lists", lists), Page(f"{HOME}/lists/{{name}}", lists))
