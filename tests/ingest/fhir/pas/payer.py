"""A journey that hears a payer and those who ask it, resource by resource, without a database."""

import json
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

import pytest

from journey.domain.authorization import Authorization
from journey.domain.correction import History
from journey.domain.decision import decide
from journey.domain.event import Command, Event
from journey.ingest.fhir.naming import Came
from journey.ingest.fhir.pas import enclosed, is_update, mapping, unwrapped
from journey.ingest.fhir.resource import Json, Resource
from journey.ingest.fhir.telling import Telling
from tests.domain.told import opened
from tests.spec import JOURNEY, Given, given

EXAMPLES = Path(__file__).resolve().parents[5] / "shared" / "data" / "fhir" / "davinci-pas-2.2.1"
REFERS = {"ClaimResponse": "request", "Task": "reasonReference"}
LATER = datetime(2026, 3, 2, 12, tzinfo=UTC)

needs_examples = pytest.mark.skipif(
    not EXAMPLES.is_dir(), reason="no PAS examples beside the project: ../shared/data/fhir/davinci-pas-2.2.1"
)


def example(name: str) -> Json:
    body: Json = json.loads((EXAMPLES / f"{name}.json").read_text())
    return body


def bodies(document: Json) -> Iterator[Json]:
    """The resources of a document, each with what it refers to; requests before what is said of them."""
    for one in unwrapped(document):
        entries = one.get("entry", [{"resource": one}])
        others = {
            f"{each['resource']['resourceType']}/{each['resource'].get('id')}": each["resource"]
            for each in entries
        }
        others |= {each["fullUrl"]: each["resource"] for each in entries if "fullUrl" in each}
        told = [enclosed(each["resource"], others) for each in entries]
        yield from sorted(told, key=lambda body: (body["resourceType"] != "Claim", "related" in body))


@dataclass
class Story:
    """What a journey has heard; `names`: which authorization a Claim is."""

    told: Given = field(default_factory=lambda: given((opened, datetime(2000, 1, 1, tzinfo=UTC))))
    names: dict[str, UUID] = field(default_factory=dict)
    authorization_id: UUID = JOURNEY

    def hears(self, *documents: Json | str) -> "Story":
        """Raises Unapplied."""
        for document in documents:
            for body in bodies(example(document) if isinstance(document, str) else document):
                self._take(body)
        return self

    def commands(self, body: Json) -> list[Command]:
        resource = Resource(body, body["resourceType"], ZoneInfo("UTC"))
        commands = mapping(resource)
        return list(commands(self._telling(resource, body))) if commands else []

    def _take(self, body: Json) -> None:
        for command in self.commands(body):
            at = command.occurred_at or LATER
            events = tuple(decide(self.told.history, command.model_copy(update={"occurred_at": at})))
            self.told = self.told.recording(events, at, command.occurred_precision)

    def _telling(self, resource: Resource, body: Json) -> Telling:
        linked = {}
        related = resource.first("related") if resource.type == "Claim" else None
        holder, element = (related, "claim") if related else (resource, REFERS.get(resource.type, ""))
        reference = holder.one(element) if element else None
        known = self.names.get(reference.text("reference")) if reference else None
        name = f"{resource.type}/{resource.short('id')}"
        if resource.type == "Claim":
            same = known if is_update(resource) else None
            self.authorization_id = same or self.names.get(name) or uuid5(JOURNEY, name)
            self.names[name] = self.authorization_id
        if known:
            linked["authorization"] = known
        return Telling(
            Came(body, "payer"),
            resource,
            JOURNEY,
            self.told.history,
            self.names.get(name, uuid5(JOURNEY, name)),
            name,
            linked=linked,
        )

    @property
    def history(self) -> History:
        return self.told.history

    @property
    def events(self) -> tuple[Event, ...]:
        return self.told.events[1:]

    @property
    def one(self) -> Authorization:
        return self.told.journey.authorizations.by_id[self.authorization_id]

    @property
    def status(self) -> str | None:
        found = self.told.journey.authorizations.by_id.get(self.authorization_id)
        return None if found is None else str(found.status)

    @property
    def actions(self) -> dict[int, str | None]:
        return {number: line.action and str(line.action) for number, line in self.one.lines.items()}


def changed(body: Any, *way: str | int, to: Any) -> Any:
    """The same, and something else in that place; `...` takes it out."""
    copy = deepcopy(body)
    inner = copy
    for name in way[:-1]:
        inner = inner[name]
    if to is ...:
        del inner[way[-1]]
    else:
        inner[way[-1]] = to
    return copy


PAS = "http://hl7.org/fhir/us/davinci-pas/StructureDefinition/"
X12 = "https://codesystem.x12.org/005010/"
HCPCS = "http://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets"


def concept(code: str, system: str = HCPCS) -> Json:
    return {"coding": [{"system": system, "code": code}]}


def extension(name: str, **value: Any) -> Json:
    return {"url": f"{PAS}extension-{name}", **value}


def item(sequence: int, code: str = "97110", certification: str = "I", mode: str = "", **more: Any) -> Json:
    kind = extension("certificationType", valueCodeableConcept=concept(certification, f"{X12}1322"))
    marks = [extension("infoChanged", valueCode=mode)] if mode else []
    return {"sequence": sequence, "productOrService": concept(code), "extension": [kind, *marks], **more}


def claim(*items: Json, number: str = "T-1", at: str = "2026-03-01T09:00:00Z", **more: Any) -> Json:
    return {
        "resourceType": "Claim",
        "id": number,
        "identifier": [{"system": "urn:trnorg:9", "value": number}],
        "status": "active",
        "use": "preauthorization",
        "created": at,
        "item": list(items or [item(1)]),
        **more,
    }


def update(*items: Json, number: str = "T-2", of: str = "T-1", **more: Any) -> Json:
    related = [{"claim": {"reference": f"Claim/{of}"}, "relationship": concept("prior")}]
    return claim(*items, number=number, related=related, **{"at": "2026-03-01T10:00:00Z", **more})


def review(action: str, number: str = "", reason: str = "") -> Json:
    inner = [extension("reviewActionCode", valueCodeableConcept=concept(action, f"{X12}306"))]
    inner += [{"url": "number", "valueString": number}] if number else []
    inner += (
        [
            {
                "url": "reasonCode",
                "valueCodeableConcept": concept(reason, "https://codesystem.x12.org/external/886"),
            }
        ]
        if reason
        else []
    )
    return {"category": concept("submitted"), "extension": [extension("reviewAction", extension=inner)]}


def answer(sequence: int, action: str, number: str = "", reason: str = "", **more: Any) -> Json:
    return {"itemSequence": sequence, "adjudication": [review(action, number, reason)], **more}


def response(*items: Json, to: str = "T-1", at: str = "2026-03-02T09:00:00Z", **more: Any) -> Json:
    return {
        "resourceType": "ClaimResponse",
        "id": f"R-{to}-{at}",
        "identifier": [{"system": "urn:trnorg:9", "value": to}],
        "status": "active",
        "use": "preauthorization",
        "created": at,
        "request": {"reference": f"Claim/{to}"},
        "outcome": "complete",
        "item": list(items),
        **more,
    }


def task(
    code: str = "attachment-request-code", status: str = "requested", of: str = "T-1", **more: Any
) -> Json:
    codes = "http://hl7.org/fhir/us/davinci-pas/CodeSystem/PASTempCodes"
    return {
        "resourceType": "Task",
        "id": "an-information-task",
        "status": status,
        "intent": "order",
        "code": concept(code, codes),
        "authoredOn": "2026-03-01T12:00:00Z",
        "reasonReference": {"reference": f"Claim/{of}"},
        "input": [
            {
                "type": concept("attachments-needed", codes),
                "valueCodeableConcept": concept("18776-5", "http://loinc.org"),
            }
        ],
        **more,
    }


def bundle(*resources: Json) -> Json:
    return {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [{"resource": each} for each in resources],
    }
