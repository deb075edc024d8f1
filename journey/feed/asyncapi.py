"""AsyncAPI: the feed for those who generate their receivers from a document (AsyncAPI 3.0)."""

from typing import Any

from pydantic.json_schema import models_json_schema

from journey.domain.event import EVENTS
from journey.feed.envelope import CloudEvent, Payload, WithheldCloudEvent, schema_address

STREAM = "/v1/events/stream"
REF = "#/components/schemas/{model}"


def document(title: str, version: str) -> dict[str, Any]:
    """The stream as a channel that systems receive from."""
    _, shapes = models_json_schema(
        [(CloudEvent, "serialization"), (WithheldCloudEvent, "serialization")], ref_template=REF
    )
    data = [schema_address(event, Payload.THIN) for _, event in sorted(EVENTS.items())]
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": title,
            "version": version,
            "description": "Everything that is recorded, in the one order, as CloudEvents 1.0.",
        },
        "defaultContentType": "application/cloudevents+json",
        "channels": {
            "events": {
                "address": STREAM,
                "description": "Server-Sent Events; the id of each is the cursor to go on with.",
                "messages": {
                    "event": {"$ref": "#/components/messages/event"},
                    "withheld": {"$ref": "#/components/messages/withheld"},
                },
            }
        },
        "operations": {
            "receive": {
                "action": "send",
                "channel": {"$ref": "#/channels/events"},
                "messages": [
                    {"$ref": "#/channels/events/messages/event"},
                    {"$ref": "#/channels/events/messages/withheld"},
                ],
            }
        },
        "components": {
            "messages": {
                "event": {
                    "name": "event",
                    "summary": "An event; `dataschema` says where the schema of its data is.",
                    "payload": {"$ref": REF.format(model="CloudEvent")},
                    "x-dataschemas": data,
                },
                "withheld": {
                    "name": "withheld",
                    "summary": "An event in its place, which the receiver is not cleared for.",
                    "payload": {"$ref": REF.format(model="WithheldCloudEvent")},
                },
            },
            "schemas": shapes["$defs"],
        },
    }
