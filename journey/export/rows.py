"""Rows: an event a line, in the order of the log, as CSV or as the feed gives it (NDJSON)."""

import csv
from collections.abc import Iterator
from io import StringIO
from typing import Any

from pydantic_core import from_json, to_json

from journey.audit.table import FORMULA
from journey.domain.event import identifying
from journey.export.said import activity, who
from journey.export.snapshot import Snapshot, Taken
from journey.feed.thin import thin
from journey.feed.times import utc

COLUMNS = (
    *("position", "journey_id", "version", "event_id", "type", "activity"),
    *("occurred_at", "occurred_precision", "recorded_at", "actor", "actor_kind", "role", "team"),
    *("subject_id", "voided", "data"),
)


def csv_rows(snapshot: Snapshot) -> Iterator[str]:
    """RFC 4180, with a head; `data` is JSON."""
    yield _line(COLUMNS)
    for each in snapshot.in_order():
        yield _line(_cells(each, marked=snapshot.has_voided))


def _line(cells: tuple[object, ...]) -> str:
    buffer = StringIO()
    csv.writer(buffer).writerow(cells)
    return buffer.getvalue()


def _cells(taken: Taken, *, marked: bool) -> tuple[object, ...]:
    each, actor = taken.recorded, who(taken.recorded)
    event, said = each.event, thin(each.event)
    subject = next((said[name] for name in identifying(type(event)) if name in said), "")
    return (
        *(
            each.position,
            each.journey_id,
            each.version,
            each.event_id,
            event.stored_as,
            activity(type(event)),
        ),
        *(utc(each.occurred_at), each.occurred_precision, utc(each.recorded_at)),
        *(_text(actor.id), actor.kind, _text(actor.role), _text(actor.team)),
        *(subject, str(taken.voided).lower() if marked else "", to_json(said).decode() if said else ""),
    )


def _text(text: str | None) -> str:
    return f"'{text}" if text and text.startswith(FORMULA) else text or ""


def ndjson(snapshot: Snapshot) -> Iterator[str]:
    """A CloudEvent a line, as the feed gives it, but for what does not go out."""
    for each in snapshot.in_order():
        yield f"{to_json(_cloud_event(each, marked=snapshot.has_voided)).decode()}\n"


def _cloud_event(taken: Taken, *, marked: bool) -> dict[str, Any]:
    each, actor, context = taken.recorded, who(taken.recorded), from_json(taken.recorded.context_json)
    said = {
        "actorrole": actor.role,
        "actorteam": actor.team,
        "correlationid": context.get("correlation_id"),
        "causationid": context.get("causation_id"),
        "attributedfrom": context.get("attributed_from"),
        "labels": ",".join(context.get("labels", ())),
        "voided": taken.voided if marked else None,
    }
    return {
        "specversion": "1.0",
        "id": each.event_id,
        "source": "/journeys",
        "type": each.event.stored_as,
        "subject": each.journey_id,
        "time": utc(each.occurred_at),
        "timeprecision": each.occurred_precision,
        "recordedtime": utc(each.recorded_at),
        "sequence": f"{each.position:019}",
        "partitionkey": each.journey_id,
        "journeyversion": each.version,
        "actorid": actor.id,
        "actorkind": actor.kind,
        "purpose": context["purpose"],
        "sourcesystem": context["source"]["system"],
        "sourcechannel": context["source"]["channel"],
        **{name: value for name, value in said.items() if value not in {None, ""}},
        "dataclassification": "restricted",
        "datacontenttype": "application/json",
        "data": thin(each.event),
    }
