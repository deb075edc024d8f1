"""Schemas: what `data` of each type of event looks like, as JSON Schema 2020-12, whole and thin.

An event goes out in today's shape, whatever it was stored in, so each type has one version at a time. A thin
event has of these fields what is a code, an id, a time or a number, and may leave out any of them.
"""

from functools import cache
from typing import Any

from pydantic.json_schema import GenerateJsonSchema

from journey.domain.event import EVENTS, Event
from journey.feed.envelope import Payload, schema_address

DIALECT = GenerateJsonSchema.schema_dialect


@cache
def schema(event: type[Event], payload: Payload) -> dict[str, Any]:
    """The schema of its data, as it goes out with this payload."""
    made = event.model_json_schema(mode="serialization")
    made["properties"] = {name: _may_be_left_out(each) for name, each in made.get("properties", {}).items()}
    if payload is Payload.THIN:
        made = _thin(made)
    head = {"$schema": DIALECT, "$id": schema_address(event, payload), "title": event.stored_as}
    return {**made, **head, "required": sorted(_required(event, payload))}


def known() -> list[dict[str, str | int]]:
    """Every type, with where its schemas are."""
    return [
        {
            "type": name,
            "version": event.schema_version(),
            "schema": schema_address(event, Payload.FULL),
            "thin": schema_address(event, Payload.THIN),
        }
        for name, event in sorted(EVENTS.items())
    ]


def found(stored_as: str, version: int, payload: Payload) -> dict[str, Any] | None:
    """The schema at an address below SCHEMAS; None where there is none."""
    event = EVENTS.get(stored_as)
    return schema(event, payload) if event and event.schema_version() == version else None


def _required(event: type[Event], payload: Payload) -> set[str]:
    if payload is Payload.THIN:
        return set()
    return {name for name, field in event.model_fields.items() if field.is_required()}


def _may_be_left_out(shape: dict[str, Any]) -> dict[str, Any]:
    """Nothing goes out as null: what was not said is absent."""
    return {name: each for name, each in shape.items() if name != "default"}


def _thin(shape: Any) -> Any:
    """The same with nothing in it that has to be there."""
    if isinstance(shape, dict):
        return {name: _thin(each) for name, each in shape.items() if name != "required"}
    return [_thin(each) for each in shape] if isinstance(shape, list) else shape
