"""Visits: who comes when, who is not booked yet, who did not come?"""

from datetime import date, datetime, timedelta
from uuid import UUID

from pydantic import Field

from journey.api.lists.listing import Asked, Filter, Key, List, ListedRow, Row, equal, whether
from journey.api.times import Day, TimeOrDay
from journey.conditions import Condition
from journey.domain.codes import EncounterClass, VisitStatus


class ListedVisit(ListedRow):
    """A visit, by its start; without one, by since when it is as it is."""

    visit_id: UUID
    status: VisitStatus
    service: str | None
    encounter_class: EncounterClass | None
    starts_at: datetime | None
    ends_at: datetime | None
    location: str | None
    begun_at: datetime | None
    ended_at: datetime | None
    late: bool = Field(description="Its start has passed, and the patient has not come.")
    minutes_left: int | None = Field(description="Until its start; below zero after that.")


def _told(row: Row, asked: Asked) -> Row:
    return {
        "late": row["status"] == VisitStatus.BOOKED and asked.has_passed(row["starts_at"]),
        "minutes_left": asked.minutes_to(row["starts_at"]),
    }


def _on(day: date, asked: Asked) -> Condition:
    return Condition(
        "listed.sorted_at >= %s AND listed.sorted_at < %s AND listed.starts_at IS NOT NULL",
        (asked.begin(day), asked.begin(day + timedelta(days=1))),
    )


def _from(value: datetime | date, asked: Asked) -> Condition:
    at = value if isinstance(value, datetime) else asked.begin(value)
    return Condition("listed.sorted_at >= %s", (at,))


def _to(value: datetime | date, asked: Asked) -> Condition:
    """A day is meant whole."""
    at = value if isinstance(value, datetime) else asked.begin(value + timedelta(days=1))
    return Condition("listed.sorted_at < %s", (at,))


VISITS = List(
    name="visits",
    question="Who comes when, who is not booked yet, who did not come: by their start, the earliest first.",
    table="visit_list",
    row=ListedVisit,
    columns=(
        *("since", "event_id", "visit_id", "status", "service", "encounter_class", "starts_at", "ends_at"),
        *("location", "begun_at", "ended_at"),
    ),
    filters=(
        Filter("team", str, "The team that is accountable.", equal("listed.team")),
        Filter("status", VisitStatus, "Where the visit is.", equal("listed.status")),
        Filter("on", Day, "It starts on this day.", _on),
        Filter("from", TimeOrDay, "From this time or day on.", _from),
        Filter("to", TimeOrDay, "Before this time, or until the end of this day.", _to),
        Filter(
            "unbooked",
            bool,
            "It is asked for, and has no time yet.",
            whether("listed.status IN ('proposed', 'waitlist')"),
        ),
        Filter("missed", bool, "The patient did not come.", whether("listed.status = 'noshow'")),
        Filter(
            "over",
            bool,
            "Of journeys that are over as well.",
            lambda value, _: Condition("true" if value else "NOT listed.over"),
            unasked="NOT listed.over",
        ),
    ),
    told=_told,
    urgency=(Key("listed.sorted_at", datetime),),
    id=Key("listed.visit_id", UUID),
    resource="Encounter",
    zoned=True,
)
