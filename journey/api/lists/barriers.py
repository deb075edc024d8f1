"""Barriers: what stands in patients' way, what does it block, and who sees to it?"""

from datetime import datetime
from uuid import UUID

from pydantic import Field

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
)
from journey.domain.barrier.state import BarrierStatus


class ListedBarrier(ListedRow):
    """A barrier that is neither resolved nor given up."""

    barrier_id: UUID
    status: BarrierStatus
    code: str | None
    what: str
    blocks: tuple[str, ...] = Field(description="The steps that it keeps from being done.")
    owner: str | None = Field(description="Who sees to it.")
    due: datetime | None
    overdue: bool
    minutes_left: int | None = Field(description="Below zero once it is overdue.")


def _told(row: Row, asked: Asked) -> Row:
    return {"overdue": asked.has_passed(row["due"]), "minutes_left": asked.minutes_to(row["due"])}


BARRIERS = List(
    name="barriers",
    question="What stands in patients' way, and who sees to it: what is due first, first.",
    table="open_barrier",
    row=ListedBarrier,
    columns=("since", "event_id", "barrier_id", "status", "code", "what", "blocks", "owner", "due"),
    filters=(
        Filter("team", str, "The team that is accountable.", equal("listed.team")),
        Filter("owner", str, "Who sees to it.", equal("listed.owner")),
        Filter("status", BarrierStatus, "What has been done about it.", equal("listed.status")),
        Filter("code", str, "What it is, as a code.", equal("listed.code")),
        OVERDUE,
    ),
    told=_told,
    urgency=BY_DUE,
    id=Key("listed.barrier_id", UUID),
    resource="Condition",
)
