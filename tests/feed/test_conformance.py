"""CloudEvents: what is posted is read by a reader that the standard's conformance cases were tried on.

Of the HTTP binding we send the structured mode alone; of the cases the reader is tried on both. The cases of
Kafka and of version 0.3 do not apply: neither is sent.
"""

import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import jsonschema_rs
import pytest
import yaml
from pydantic_core import to_json

from journey.bench.ward import CONTEXT_JSON
from journey.domain.episode import AssignOwner
from journey.domain.event import Precision, Recorded
from journey.domain.journey import EVENT_TYPES
from journey.feed import asyncapi, schemas
from journey.feed.envelope import Payload, cloud_event
from journey.store.identifiers import uuid7
from tests.api.test_schemas import example
from tests.webhooks.delivering import World, world

VECTORS = Path(__file__).parents[3] / "shared" / "data" / "vectors" / "cloudevents"
STRUCTURED = "application/cloudevents+json"
REQUIRED = {"id", "source", "specversion", "type"}
NAME = re.compile(r"[a-z0-9]{1,20}")
NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)


class Read(NamedTuple):
    """What somebody who knows the binding makes of a request."""

    attributes: dict[str, Any]
    data: Any


def read(headers: Mapping[str, str], body: bytes) -> Read:
    """By the HTTP Protocol Binding 1.0, sections 3.1 and 3.2."""
    told = {name.lower(): text for name, text in headers.items()}
    media = told["content-type"].partition(";")[0].strip()
    if media.startswith("application/cloudevents"):
        assert media == STRUCTURED
        said = json.loads(body)
        data = said.pop("data", None)
    else:
        said = {name.removeprefix("ce-"): text for name, text in told.items() if name.startswith("ce-")}
        said["datacontenttype"], data = told["content-type"], json.loads(body)
    assert said.keys() >= REQUIRED
    assert said["specversion"] == "1.0"
    assert all(map(NAME.fullmatch, said)), "names are small letters and digits"
    assert all(isinstance(each, str | int | bool) and each != "" for each in said.values())
    return Read(said, data)


class Case(NamedTuple):
    """A scenario of the binding's feature file."""

    headers: dict[str, str]
    body: str
    attributes: dict[str, str]


def cases() -> Iterator[Case]:
    path = VECTORS / "features__http-protocol-binding.feature"
    text = path.read_text() if path.exists() else ""
    for outline in text.split("Scenario Outline: ")[1:]:
        request, *_ = re.findall(r'"""(.*?)"""', outline, re.DOTALL)
        head, _, body = request.strip().partition("\n\n")
        lines = [each.strip().partition(": ") for each in head.splitlines()[1:]]
        said, _, examples = outline.partition("Examples:")
        table = dict(re.findall(r"\|\s*(\w+)\s*\|\s*(\S.*?)\s*\|", said.split("| value", 1)[1]))
        for content in re.findall(r"\|\s*(application/\S.*?)\s*\|", examples):
            headers = {name: value.replace("<contentType>", content) for name, _, value in lines}
            yield Case(headers, body, {k: v.replace("<contentType>", content) for k, v in table.items()})


@pytest.mark.skipif(not VECTORS.exists(), reason="THE CASES OF CLOUDEVENTS ARE NOT HERE: NONE WAS TRIED")
def test_the_reader_reads_what_the_binding_shows() -> None:
    found = list(cases())
    assert len(found) == 4
    for each in found:
        told = read(each.headers, each.body.encode())
        assert told.attributes == each.attributes
        assert told.data == {"message": "Hello World!"}


@pytest.mark.skipif(not VECTORS.exists(), reason="THE CASES OF CLOUDEVENTS ARE NOT HERE: NONE WAS TRIED")
def test_the_reader_reads_what_the_conformance_suite_sends() -> None:
    for name in ("yaml__v1.yaml", "yaml__v1.0__v1_minimum.yaml"):
        for each in yaml.safe_load_all((VECTORS / name).read_text()):
            said = {
                key: str(value) for key, value in each["ContextAttributes"].items() if key != "Extensions"
            }
            said["time"] = said.get("time", "2018-04-05T03:56:24Z")
            said |= each["ContextAttributes"].get("Extensions", {})
            told = read({"Content-Type": STRUCTURED}, json.dumps({**said, "data": each["Data"]}).encode())
            assert (told.attributes, told.data) == (said, each["Data"])


@pytest.fixture
def here(database_url: str) -> Iterator[World]:
    with world(database_url) as found:
        yield found


def test_what_is_posted_is_read(here: World) -> None:
    """One that is withheld among it."""
    [journey] = here.journeys(1, events=2)
    here.tell(journey, AssignOwner(team="ward 3"), labels=("PSY",))
    here.log()
    here.subscribed()
    here.arrived(3)
    told = [read(each.headers, each.body) for each in here.inbox.taken]
    assert [each.attributes["subject"] for each in told] == [str(journey)] * 3
    assert [each.attributes["id"] for each in told] == [
        each.headers["webhook-id"] for each in here.inbox.taken
    ]
    assert [each.attributes["type"] for each in told][2] == "withheld"


def messages(payload: Payload) -> Iterator[dict[str, Any]]:
    """An event of every type, as it goes out."""
    for version, kind in enumerate(EVENT_TYPES, 1):
        known = (
            uuid7(),
            version,
            uuid7(),
            example(kind),
            NOON,
            Precision.INSTANT,
            NOON,
            CONTEXT_JSON,
            version,
        )
        yield json.loads(to_json(cloud_event(Recorded(*known), payload)))


@pytest.mark.parametrize("payload", Payload)
def test_every_message_is_of_the_schemas_that_are_served_for_it(payload: Payload) -> None:
    document = asyncapi.document("Journey", "1")
    envelope = {"$ref": "#/components/schemas/CloudEvent", "components": document["components"]}
    whole = jsonschema_rs.validator_for(envelope)
    for said, kind in zip(messages(payload), EVENT_TYPES, strict=True):
        whole.validate(said)
        jsonschema_rs.validator_for(schemas.schema(kind, payload)).validate(said["data"])
        assert read({"content-type": STRUCTURED}, json.dumps(said).encode()).data == said["data"]
