"""Assignment: what every Task has, whatever asks somebody to do something."""

from datetime import datetime
from uuid import UUID

from journey.domain.event import Precision
from journey.fhir.chart import Chart
from journey.fhir.data import CODES, Json, filled, happened, identifier, known, period, reference

TASK_CODES = "http://hl7.org/fhir/CodeSystem/task-code"


def assignment(chart: Chart, thing: UUID, room: str, body: Json) -> Json:
    """A Task of this thing of a room, with who it is for and when it was asked for."""
    told = chart.told(thing, room)
    is_exact = told[-1].occurred_precision is Precision.INSTANT
    return filled(
        {
            "id": str(thing),
            "identifier": [identifier(thing)],
            "intent": "order",
            "for": reference("Patient", chart.patient_id),
            "authoredOn": happened(told[0]),
            "lastModified": happened(told[-1]) if is_exact else None,
            **body,
        }
    )


def kind_of_task(code: str, display: str) -> Json:
    """What a Task is about, where FHIR has no word for it."""
    return known(f"{CODES}task-kind", code, display)


def business(system: str, code: str | None) -> Json | None:
    """More exactly than Task.status has words for."""
    return known(f"{CODES}{system}", code) if code else None


def until(due: datetime | None, recipients: list[Json]) -> Json | None:
    """By when, and whom it is asked of besides the owner."""
    return filled({"period": period(None, due), "recipient": recipients}) or None


def piece(word: str, text: str | None) -> list[Json]:
    """An input or an output in words."""
    return [{"type": {"text": word}, "valueString": text}] if text else []
