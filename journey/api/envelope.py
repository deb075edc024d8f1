"""The envelope: a recorded event as it goes out, on its own journey's page and as a CloudEvent."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field
from pydantic_core import from_json, to_jsonable_python

from journey.domain.event import Actor, Precision, Recorded, Source

SOURCE = "/journeys"
"""The CloudEvents source: with it, an event's id is unique everywhere."""


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


class CloudEvent(BaseModel):
    """An event for other systems (CloudEvents 1.0, structured JSON). Absent is what was not said."""

    model_config = ConfigDict(extra="forbid")

    specversion: Literal["1.0"]
    id: UUID = Field(description="The event's id; the same on every channel and every repeat.")
    source: str
    type: str = Field(description="The name that it is stored under: `visit.booked`.")
    subject: UUID = Field(description="The journey.")
    time: datetime = Field(description="When it happened.")
    timeprecision: Precision = Field(description="How exactly that is known.")
    recordedtime: datetime = Field(description="When it was recorded.")
    sequence: str = Field(description="Its place in the log: sorts as text, without gaps.")
    partitionkey: UUID = Field(description="The journey: its events are in order.")
    journeyversion: int
    actorid: str
    actorkind: Literal["human", "system", "device", "patient"]
    actorrole: str | None = None
    actorteam: str | None = None
    purpose: str
    sourcesystem: str
    sourcechannel: str
    sourcemessageid: str | None = None
    correlationid: UUID | None = None
    causationid: UUID | None = None
    attributedfrom: UUID | None = Field(
        default=None, description="The event of another journey that it was taken for."
    )
    labels: str | None = Field(default=None, description="Security labels, separated by commas.")
    dataclassification: Literal["restricted"]
    datacontenttype: Literal["application/json"]
    data: dict[str, Any]


class WithheldCloudEvent(BaseModel):
    """An event in its place, withheld: its type is `withheld`, and it says no more."""

    model_config = ConfigDict(extra="forbid")

    specversion: Literal["1.0"]
    id: UUID
    source: str
    type: Literal["withheld"]
    subject: UUID = Field(description="The journey.")
    recordedtime: datetime
    sequence: str
    partitionkey: UUID
    journeyversion: int


def withheld_event(each: Recorded) -> dict[str, Any]:
    """The fields of WithheldEvent."""
    return {
        "event_id": each.event_id,
        "journey_id": each.journey_id,
        "version": each.version,
        "recorded_at": each.recorded_at,
        "withheld": True,
    }


def withheld_cloud_event(each: Recorded) -> dict[str, Any]:
    """The fields of WithheldCloudEvent."""
    return {
        "specversion": "1.0",
        "id": each.event_id,
        "source": SOURCE,
        "type": "withheld",
        "subject": each.journey_id,
        "recordedtime": each.recorded_at,
        "sequence": f"{each.position:019}",
        "partitionkey": each.journey_id,
        "journeyversion": each.version,
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


def cloud_event(each: Recorded) -> dict[str, Any]:
    """The fields of CloudEvent. Attributes of its context are flat, and absent rather than null."""
    context = from_json(each.context_json)
    actor, source = context["actor"], context["source"]
    said = {
        "actorrole": actor.get("role"),
        "actorteam": actor.get("team"),
        "sourcemessageid": source.get("message_id"),
        "correlationid": context.get("correlation_id"),
        "causationid": context.get("causation_id"),
        "attributedfrom": context.get("attributed_from"),
        "labels": ",".join(context.get("labels", ())),
    }
    return {
        "specversion": "1.0",
        "id": each.event_id,
        "source": SOURCE,
        "type": each.event.stored_as,
        "subject": each.journey_id,
        "time": each.occurred_at,
        "timeprecision": each.occurred_precision,
        "recordedtime": each.recorded_at,
        "sequence": f"{each.position:019}",
        "partitionkey": each.journey_id,
        "journeyversion": each.version,
        "actorid": actor["id"],
        "actorkind": actor["kind"],
        "purpose": context["purpose"],
        "sourcesystem": source["system"],
        "sourcechannel": source["channel"],
        **{name: value for name, value in said.items() if value},
        "dataclassification": "restricted",
        "datacontenttype": "application/json",
        "data": to_jsonable_python(each.event, exclude_none=True),
    }
