"""Acts: every command that a journey takes, as the API's own description tells of it. Read once."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any, NamedTuple

from journey.web.page import Asked

ROOMS = {
    "referrals": "Referrals",
    "authorizations": "Authorizations",
    "visits": "Visits",
    "handoffs": "Handoffs",
    "discharges": "Discharge",
    "intake": "Intake",
    "barriers": "Barriers",
    "tasks": "Tasks",
    "communications": "Messages and calls",
    "results": "Results",
    "treatments": "Assessment and treatment",
    "consents": "Consent",
    "coverages": "Coverage",
    "careplan": "Care plan",
    "transfers": "Transfers",
    "episode": "The journey",
    "identity": "Who the patient is",
    "merges": "Records that are one patient's",
    "enrolment": "Pathway",
    "correction": "Corrections",
    "custody": "What may be done with the record",
}
"""What people call the rooms, those first that are asked for most."""

OF_A_JOURNEY = "/v1/journeys/{journey_id}/"
REF = "#/components/schemas/"
CUSTODY = "custody"


class Act(NamedTuple):
    """One command."""

    name: str
    room: str
    about: str
    schema: Mapping[str, Any]
    leads_to: tuple[str, ...]
    """The events that its example led to."""

    @property
    def permission(self) -> str:
        return CUSTODY if self.room == CUSTODY else "write"

    @property
    def subject(self) -> str | None:
        """The field that says what it is about: the first id that it needs."""
        properties, required = self.schema["properties"], self.schema.get("required", ())
        ids = (name for name in required if properties[name].get("format") == "uuid")
        return next(ids, None)


class Acts:
    """All of them, by name and by what they lead to."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self.shapes: Mapping[str, Any] = document["components"]["schemas"]
        self.by_name = {
            item["post"]["operationId"]: _act(item["post"], self.shapes)
            for path, item in document["paths"].items()
            if path.startswith(OF_A_JOURNEY) and "post" in item and item["post"]["tags"][0] in ROOMS
        }

    @cached_property
    def by_event(self) -> Mapping[str, Act]:
        """The command that leads to an event, and to nothing else where there is one."""
        acts = sorted(self.by_name.values(), key=lambda act: -len(act.leads_to))
        return {event: act for act in acts for event in act.leads_to}


_READ: list[Acts] = []


async def every_act(asked: Asked) -> Acts:
    """As the API describes them. Every instance of this version describes the same."""
    if not _READ:
        _READ.append(Acts(await asked.api.get("/openapi.json")))
    return _READ[0]


def _act(operation: Mapping[str, Any], shapes: Mapping[str, Any]) -> Act:
    body = operation["requestBody"]["content"]["application/json"]
    answer = operation["responses"]["200"]["content"]["application/json"]
    return Act(
        name=operation["operationId"],
        room=operation["tags"][0],
        about=operation["description"],
        schema=shapes[body["schema"]["$ref"].removeprefix(REF)],
        leads_to=tuple(each["type"] for each in _example(answer).get("events", ())),
    )


def _example(answer: Mapping[str, Any]) -> Mapping[str, Any]:
    example: Mapping[str, Any] = answer.get("example", {})
    return example
