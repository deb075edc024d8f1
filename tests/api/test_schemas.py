"""What receivers are told of the shape of events holds for an event of every type, whole and thin."""

import json
from typing import Any

import jsonschema_rs
import pytest
from pydantic_core import to_json

from journey.domain.event import Event
from journey.domain.journey import EVENT_TYPES
from journey.feed import schemas
from journey.feed.envelope import CloudEvent, Payload, schema_address
from journey.feed.thin import thin
from journey.store.mapper import decoded
from tests.served import Api
from tests.test_golden import golden_file

pytestmark = pytest.mark.database


def example(kind: type[Event]) -> Event:
    golden = json.loads(golden_file(kind).read_text())
    return decoded(kind.stored_as, golden["schema_version"], json.dumps(golden["data"]))


@pytest.mark.parametrize("payload", Payload)
def test_every_event_is_of_its_schema(payload: Payload) -> None:
    for kind in EVENT_TYPES:
        schema = schemas.schema(kind, payload)
        jsonschema_rs.meta.validate(schema)
        event = example(kind)
        whole = event.model_dump_json(exclude_none=True)
        data = json.loads(whole if payload is Payload.FULL else to_json(thin(event)))
        jsonschema_rs.validator_for(schema).validate(data)


def test_a_schema_refuses_what_is_of_another_shape() -> None:
    kind = next(each for each in EVENT_TYPES if each.stored_as == "visit.booked")
    validator = jsonschema_rs.validator_for(schemas.schema(kind, Payload.FULL))
    assert not validator.is_valid({})
    assert not validator.is_valid({"visit_id": 5})


def test_each_is_found_where_the_events_say(api: Api) -> None:
    listed = api.get("/v1/schemas", role=None).json()["schemas"]
    assert {each["type"] for each in listed} == {each.stored_as for each in EVENT_TYPES}
    for kind in EVENT_TYPES[:3]:
        for payload in Payload:
            answer = api.get(schema_address(kind, payload), role=None)
            assert answer.status_code == 200
            assert answer.json()["$id"] == schema_address(kind, payload)


@pytest.mark.parametrize("address", ["visit.bocked/1", "visit.booked/99", "visit.booked/x", "visit.booked/0"])
def test_there_is_no_other(api: Api, address: str) -> None:
    answer = api.get(f"/v1/schemas/{address}", role=None)
    assert (answer.status_code, answer.json()["code"]) == (404, "unknown-route")


def resolved(document: dict[str, Any], ref: str) -> Any:
    found: Any = document
    for part in ref.removeprefix("#/").split("/"):
        found = found[part]
    return found


def references(value: Any) -> list[str]:
    match value:
        case dict():
            own = [each for name, each in value.items() if name == "$ref"]
            return own + [ref for each in value.values() for ref in references(each)]
        case list():
            return [ref for each in value for ref in references(each)]
        case _:
            return []


def test_the_asyncapi_document_describes_the_stream(api: Api) -> None:
    document = api.get("/asyncapi.json", role=None).json()
    assert (document["asyncapi"], document["operations"]["receive"]["action"]) == ("3.0.0", "send")
    assert all(resolved(document, each) for each in references(document))
    assert document["channels"]["events"]["address"] == "/v1/events/stream"
    assert set(document["components"]["schemas"]["CloudEvent"]["required"]) >= {
        *("specversion", "id", "source", "type"),
        *(name for name, field in CloudEvent.model_fields.items() if field.is_required()),
    }
