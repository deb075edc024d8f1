"""The envelope: a recorded event as it stands on its own journey's page."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field
from pydantic_core import from_json, to_jsonable_python

from journey.domain.event import Actor, Precision, Recorded, Source


class RecordedEvent(BaseModel):
    """One thing that was recorded: what, when it happened, when and by whom it was recorded."""

    event_id: UUID
    journey_id: UUID
    version: int
    position: int | None = Field(description="In the whole log; null until it is given, moments later.")
    type: str
    occurred_at: datetime
    occurred_precision: Precision
    recorded_at: datetime
    actor: Actor
    purpose: str
    source: Source
    correlation_id: UUID | None
    causation_id: UUID | None
    attributed_from: UUID | None = Field(description="The event of another journey that it was taken for.")
    labels: tuple[str, ...]
    data: dict[str, Any]
    voided_by: UUID | None = Field(description="The correction that says it does not hold.")
    corrected_by: UUID | None = Field(description="The correction that says how it should read.")


class WithheldEvent(BaseModel):
    """Something was recorded, and is withheld: it bears a label that the caller is not cleared for."""

    event_id: UUID
    journey_id: UUID
    version: int
    recorded_at: datetime
    withheld: Literal[True]


def withheld_event(each: Recorded) -> dict[str, Any]:
    """The fields of WithheldEvent."""
    return {
        "event_id": each.event_id,
        "journey_id": each.journey_id,
        "version": each.version,
        "recorded_at": each.recorded_at,
        "withheld": True,
    }


def envelope(each: Recorded, voided_by: UUID | None, corrected_by: UUID | None) -> dict[str, Any]:
    """The fields of RecordedEvent."""
    context = from_json(each.context_json)
    return {
        "event_id": each.event_id,
        "journey_id": each.journey_id,
        "version": each.version,
        "position": each.position,
        "type": each.event.stored_as,
        "occurred_at": each.occurred_at,
        "occurred_precision": each.occurred_precision,
        "recorded_at": each.recorded_at,
        "actor": context["actor"],
        "purpose": context["purpose"],
        "source": context["source"],
        "correlation_id": context.get("correlation_id"),
        "causation_id": context.get("causation_id"),
        "attributed_from": context.get("attributed_from"),
        "labels": context.get("labels", ()),
        "data": to_jsonable_python(each.event, exclude_none=True),
        "voided_by": voided_by,
        "corrected_by": corrected_by,
    }
