"""Handoffs: who is asked to take which patient over, since when, and who has not answered in time?"""

from datetime import datetime
from enum import StrEnum
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
from journey.domain.handoff.events import HandoffKind, IllnessSeverity
from journey.domain.handoff.state import ASKED, UNACCEPTED, HandoffStatus

SEVERITY = Key(
    "(CASE severity WHEN 'unstable' THEN 1 WHEN 'watcher' THEN 2 WHEN 'stable' THEN 3 ELSE 4 END)", int
)
"""As it stands in the indexes."""


class Escalation(StrEnum):
    """Whether somebody higher up has to be asked."""

    NONE = "none"
    DUE = "due"
    ESCALATED = "escalated"


class ListedHandoff(ListedRow):
    """A handoff that is not over, the sickest patients' first."""

    handoff_id: UUID
    status: HandoffStatus
    kind: HandoffKind | None
    severity: IllnessSeverity | None
    from_team: str | None
    to_team: str | None = Field(description="Who accepted it, or was asked last.")
    to_person: str | None
    level: int = Field(description="How far up the ladder it was escalated.")
    offered_at: datetime | None
    due: datetime | None = Field(description="Until when it should be accepted.")
    open_actions: int
    open_questions: int
    overdue: bool
    minutes_waited: int | None = Field(description="Since it was offered.")
    minutes_left: int | None = Field(description="Until it should be accepted; below zero after that.")
    escalation: Escalation = Field(
        description="`due`: not accepted in time, declined or expired, and nobody else has been asked yet; "
        "`escalated`: somebody higher up has been asked, and still has time."
    )


def _told(row: Row, asked: Asked) -> Row:
    overdue, offered = asked.has_passed(row["due"]), row["offered_at"]
    return {
        "overdue": overdue,
        "minutes_waited": None if offered is None else -(asked.minutes_to(offered) or 0),
        "minutes_left": asked.minutes_to(row["due"]),
        "escalation": _escalation(row, overdue=overdue),
    }


def _escalation(row: Row, *, overdue: bool) -> Escalation:
    status = HandoffStatus(row["status"])
    if status in UNACCEPTED and (status not in ASKED or overdue):
        return Escalation.DUE
    return Escalation.ESCALATED if status is HandoffStatus.ESCALATED else Escalation.NONE


HANDOFFS = List(
    name="handoffs",
    question="Who is asked to take which patient over: the sickest first, then what is due first.",
    table="handoff_board",
    row=ListedHandoff,
    columns=(
        *("since", "event_id", "handoff_id", "status", "kind", "severity", "from_team", "to_team"),
        *("to_person", "level", "offered_at", "due", "open_actions", "open_questions"),
    ),
    filters=(
        Filter("team", str, "The team that is asked, or has accepted.", equal("listed.to_team")),
        Filter("from_team", str, "The team that hands over.", equal("listed.from_team")),
        Filter("status", HandoffStatus, "Where the handoff is.", equal("listed.status")),
        Filter("severity", IllnessSeverity, "How sick the patient is.", equal("listed.severity")),
        OVERDUE,
    ),
    told=_told,
    urgency=(SEVERITY, *BY_DUE),
    id=Key("listed.handoff_id", UUID),
    resource="Task",
)
