"""History: all that was recorded on one journey, in the order of recording or in the order of happening."""

from datetime import datetime
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request, Response
from psycopg.sql import SQL
from pydantic import BaseModel, Field
from pydantic_core import from_json, to_json

from journey.api.access.table import Permission
from journey.api.access.withheld import withheld
from journey.api.engine import admission, engine
from journey.api.envelope import RecordedEvent, WithheldEvent, envelope, withheld_event
from journey.api.guard import guarded
from journey.api.openapi import READING, answers
from journey.api.paging import CursorIn, Limit
from journey.api.tags import IfNoneMatch, tagged
from journey.cursors import cursor, position
from journey.domain.correction.events import EventCorrected
from journey.domain.correction.evolve import corrected_event
from journey.domain.event import EVENTS, Actor, Precision, Source
from journey.store.mapper import recorded
from journey.store.recorder import COLUMNS

SELECT_EVENTS = SQL("""
    WITH void AS (
        SELECT DISTINCT ON (target) target,
               CASE WHEN type <> 'correction.reinstated' THEN event_id END AS voided_by
          FROM event, coalesce(data->>'voids', data->>'reinstates') AS target
         WHERE journey_id = %s
           AND type IN ('correction.voided', 'correction.reattributed', 'correction.reinstated')
         ORDER BY target, version DESC
    ), reading AS (
        SELECT DISTINCT ON (target) target,
               CASE WHEN type <> 'correction.reinstated' THEN event_id END AS corrected_by
          FROM event, coalesce(data->>'corrects', data->>'reinstates') AS target
         WHERE journey_id = %s AND type IN ('correction.corrected', 'correction.reinstated')
           AND data->>'because_of' IS NULL
         ORDER BY target, version DESC
    )
    SELECT voided_by, corrected_by, position, {columns}
      FROM event LEFT JOIN log USING (journey_id, version)
      LEFT JOIN void ON void.target = event_id::text
      LEFT JOIN reading ON reading.target = event_id::text
     WHERE journey_id = %s AND version > %s
     ORDER BY version LIMIT %s
    """).format(columns=COLUMNS)

SELECT_TIMELINE = """
    SELECT event_id, version, position, type, occurred_at, occurred_precision, recorded_at,
           actor_id, actor_kind, actor_role, actor_team, subject_id, data::text, voided_by, corrected_by,
           CASE WHEN corrected_by IS NOT NULL THEN (
               SELECT data::text FROM timeline AS correction
                WHERE correction.journey_id = timeline.journey_id
                  AND correction.event_id = timeline.corrected_by) END,
           (SELECT context->>'source' FROM event
             WHERE event.journey_id = timeline.journey_id AND event.version = timeline.version)
      FROM timeline
     WHERE journey_id = %s
       AND (version <> 1, reaches, recorded_at, version) > (
               SELECT version <> 1, reaches, recorded_at, version FROM timeline
                WHERE journey_id = %s AND version = %s
                UNION ALL SELECT false, '-infinity', '-infinity', 0
                LIMIT 1)
     ORDER BY version <> 1, reaches, recorded_at, version LIMIT %s
    """
SELECT_REACHED = "SELECT max(version) FROM timeline WHERE journey_id = %s"

router = APIRouter(route_class=guarded(Permission.READ), tags=["read"])


class EventsPage(BaseModel):
    """A page of what was recorded."""

    journey_id: UUID
    events: tuple[RecordedEvent | WithheldEvent, ...]
    next: str | None = Field(description="Where the next page begins; null on the last.")


class Reading(BaseModel):
    """How an event should read."""

    occurred_at: datetime
    occurred_precision: Precision
    data: dict[str, Any]


class TimelineEntry(BaseModel):
    """One thing that happened, as it was first recorded, and as it should read where that was corrected."""

    event_id: UUID
    version: int
    position: int
    type: str
    occurred_at: datetime
    occurred_precision: Precision
    recorded_at: datetime
    actor: Actor
    source: Source = Field(description="Where it was recorded, or came from.")
    subject_id: UUID | None = Field(description="The visit it is about.")
    data: dict[str, Any]
    voided_by: UUID | None = Field(description="The correction that says it does not hold.")
    corrected_by: UUID | None = Field(description="The correction that says how it should read.")
    reading: Reading | None = Field(description="How it should read; null where nothing was corrected.")


class TimelinePage(BaseModel):
    """A page of what happened."""

    journey_id: UUID
    version: int = Field(description="The version that the timeline has come to.")
    events: tuple[TimelineEntry | WithheldEvent, ...]
    next: str | None = Field(description="Where the next page begins; null on the last.")


@router.get(
    "/v1/journeys/{journey_id}/events",
    responses=answers(EventsPage, *READING, "bad-cursor", tagged=True),
)
async def everything_recorded(
    request: Request,
    journey_id: UUID,
    *,
    limit: Limit = 100,
    page: CursorIn = None,
    if_none_match: IfNoneMatch = None,
) -> Response:
    """Everything recorded on the journey, in the order of recording, what does not hold any more included."""
    scope = f"events {journey_id}"
    after = int(position(scope, page)) if page is not None else 0
    parameters = (journey_id, journey_id, journey_id, after, limit + 1)
    rows = await engine(request).reads.rows(SELECT_EVENTS, parameters, binary=True)
    kept_back = await withheld(engine(request).reads, {journey_id}, admission(request).cleared)
    events = [_recorded(row, kept_back) for row in rows[:limit]]
    following = cursor(scope, rows[limit - 1][4]) if rows[limit:] else None
    return tagged(_page({"journey_id": journey_id}, events, following), if_none_match)


@router.get(
    "/v1/journeys/{journey_id}/timeline",
    responses=answers(TimelinePage, *READING, "bad-cursor", tagged=True),
)
async def what_happened(
    request: Request,
    journey_id: UUID,
    *,
    limit: Limit = 100,
    page: CursorIn = None,
    if_none_match: IfNoneMatch = None,
) -> Response:
    """What happened on the journey, in the order of happening; what was struck out says by what."""
    scope = f"timeline {journey_id}"
    after = int(position(scope, page)) if page is not None else 0
    reads = engine(request).reads
    reached = (await reads.rows(SELECT_REACHED, (journey_id,)))[0][0]
    rows = await reads.rows(SELECT_TIMELINE, (journey_id, journey_id, after, limit + 1))
    kept_back = await withheld(reads, {journey_id}, admission(request).cleared)
    events = [_withheld(journey_id, row) if row[0] in kept_back else _entry(row) for row in rows[:limit]]
    head = {"journey_id": journey_id, "version": reached or 0}
    following = cursor(scope, rows[limit - 1][1]) if rows[limit:] else None
    return tagged(_page(head, events, following), if_none_match)


def _page(head: dict[str, Any], events: list[dict[str, Any]], next_: str | None) -> bytes:
    return to_json({**head, "events": events, "next": next_})


def _recorded(row: tuple[Any, ...], kept_back: frozenset[UUID]) -> dict[str, Any]:
    each = recorded(row[3:], row[2])
    return withheld_event(each) if each.event_id in kept_back else envelope(each, row[0], row[1])


def _withheld(journey_id: UUID, row: tuple[Any, ...]) -> dict[str, Any]:
    event_id, version, _, _, _, _, recorded_at = row[:7]
    head = {"event_id": event_id, "journey_id": journey_id, "version": version}
    return {**head, "recorded_at": recorded_at, "withheld": True}


def _entry(row: tuple[Any, ...]) -> dict[str, Any]:
    names = ("event_id", "version", "position", "type", "occurred_at", "occurred_precision", "recorded_at")
    return {
        **dict(zip(names, row, strict=False)),
        "actor": dict(zip(("id", "kind", "role", "team"), row[7:11], strict=True)),
        "source": from_json(row[16]),
        "subject_id": row[11],
        "data": from_json(row[12]),
        "voided_by": row[13],
        "corrected_by": row[14],
        "reading": row[15] and _reading(row),
    }


def _reading(row: tuple[Any, ...]) -> dict[str, Any]:
    correction = EventCorrected.model_validate(from_json(row[15]))
    said = corrected_event(EVENTS[row[3]], correction)
    at, precision = correction.time or row[4:6]
    return {
        "occurred_at": at,
        "occurred_precision": precision,
        "data": from_json(row[12]) if said is None else said,
    }
