"""Worklist: what has to be done next, by whom, by when?"""

from datetime import datetime
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
    whether,
)
from journey.api.times import Time


class WorklistItem(ListedRow):
    """A step that is next on a journey, or later and due."""

    step: str = Field(description="The command that does it, or the milestone that it reaches.")
    title: str | None
    subject_id: UUID | None = Field(description="What it is about: a visit, a referral …")
    due: datetime | None
    warn_at: datetime | None = Field(description="From when on it is at risk.")
    owner: str | None = Field(description="Who does it: a person, a team or a role.")
    waits_for: tuple[str, ...] = Field(description="The milestones that come before it.")
    blocked: bool = Field(description="It waits for a milestone, or something stands in its way.")
    overdue: bool
    at_risk: bool
    minutes_left: int | None = Field(description="Below zero once it is overdue.")


def _told(row: Row, asked: Asked) -> Row:
    overdue = asked.has_passed(row["due"])
    return {
        "overdue": overdue,
        "at_risk": asked.has_passed(row["warn_at"]) and not overdue,
        "minutes_left": asked.minutes_to(row["due"]),
    }


WORKLIST = List(
    name="worklist",
    question="What has to be done next, by whom and by when: what is due first, first.",
    table="worklist",
    row=WorklistItem,
    columns=(
        *("since", "event_id", "step", "title", "subject_id", "due", "warn_at"),
        *("owner", "waits_for", "blocked"),
    ),
    filters=(
        Filter("team", str, "The team that is accountable.", equal("listed.team")),
        Filter("owner", str, "Who does it: a person, a team or a role.", equal("listed.owner")),
        Filter("person", str, "The person who is accountable.", equal("listed.person")),
        OVERDUE,
        Filter(
            "at_risk",
            bool,
            "Its due time is near, and has not passed.",
            whether("listed.warn_at < %s AND " + DUE + " >= %s", times=2),
        ),
        Filter("blocked", bool, "Something stands in its way.", whether("listed.blocked")),
        Filter("due_before", Time, "It is due before then.", before(DUE)),
    ),
    told=_told,
    urgency=BY_DUE,
    id=Key("listed.item", int),
    resource="Task",
)
