"""The envelope: a recorded event as it goes out to other systems, which is as a CloudEvent."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field
from pydantic_core import from_json, to_jsonable_python

from journey.domain.event import Event, Precision, Recorded
from journey.feed.thin import thin

SOURCE = "/journeys"
"""The CloudEvents source: with it, an event's id is unique everywhere."""

REWOUND = "store-rewound"
"""The type of what tells that the log was put back."""

SCHEMAS = "/v1/schemas"
PATIENT = "patient"
"""Who acted where a patient did, who is nobody in particular in a thin event."""


class Payload(StrEnum):
    """How much of what an event says is sent along: codes and ids, or all of it."""

    THIN = "thin"
    FULL = "full"


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
    traceparent: str | None = Field(
        default=None, description="The span that asked for it (W3C Trace Context)."
    )
    labels: str | None = Field(default=None, description="Security labels, separated by commas.")
    dataclassification: Literal["restricted"]
    datacontenttype: Literal["application/json"]
    dataschema: str = Field(description="Where the JSON Schema of `data` is found, on this server.")
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


def schema_address(event: type[Event], payload: Payload) -> str:
    """Where the schema of its data is. It goes out in today's shape, whatever it was stored in."""
    address = f"{SCHEMAS}/{event.stored_as}/{event.schema_version()}"
    return address if payload is Payload.FULL else f"{address}/{payload}"


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


def rewound_cloud_event(event_id: UUID, said: Mapping[str, Any]) -> dict[str, Any]:
    """What those are told who have read beyond the place to which the log was put back."""
    return {
        "specversion": "1.0",
        "id": event_id,
        "source": SOURCE,
        "type": REWOUND,
        "datacontenttype": "application/json",
        "data": said,
    }


def cloud_event(each: Recorded, payload: Payload = Payload.THIN) -> dict[str, Any]:
    """The fields of CloudEvent. Attributes of its context are flat, and absent rather than null."""
    context, is_thin = from_json(each.context_json), payload is Payload.THIN
    actor, source = context["actor"], context["source"]
    said = {
        "actorrole": actor.get("role"),
        "actorteam": actor.get("team"),
        "sourcemessageid": source.get("message_id"),
        "correlationid": context.get("correlation_id"),
        "causationid": context.get("causation_id"),
        "attributedfrom": context.get("attributed_from"),
        "traceparent": context.get("traceparent"),
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
        "actorid": PATIENT if is_thin and actor["kind"] == PATIENT else actor["id"],
        "actorkind": actor["kind"],
        "purpose": context["purpose"],
        "sourcesystem": source["system"],
        "sourcechannel": source["channel"],
        **{name: value for name, value in said.items() if value},
        "dataclassification": "restricted",
        "datacontenttype": "application/json",
        "dataschema": schema_address(type(each.event), payload),
        "data": thin(each.event) if is_thin else to_jsonable_python(each.event, exclude_none=True),
    }
