"""Between recorded events and stored rows: one pass of pydantic's core each way."""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple, TypeAlias, cast
from uuid import UUID

from eventsourcing.persistence import Mapper, StoredEvent
from psycopg import Connection
from pydantic_core import from_json

from journey.domain.event import EVENTS, Event, Precision, Recorded
from journey.domain.journey import EVENT_TYPES
from journey.store.sealed import BEGINS, about, opened_text, stored_text


class StoredRow(NamedTuple):
    """The library's `StoredEvent` with the envelope's columns, as a tuple: loading makes one an event."""

    originator_id: UUID
    originator_version: int
    topic: str
    state: str
    event_id: UUID
    schema_version: int
    occurred_at: datetime
    occurred_precision: str
    recorded_at: datetime
    context: str
    key: bytes | None = None
    """The journey's, wrapped."""


Along: TypeAlias = Callable[[Connection[Any], Sequence[StoredRow]], None]
"""What else is done in the transaction that appends these rows."""


class UnknownStoredEvent(Exception):
    """The log holds an event that this version of the program has no class for; run the newer version."""


def decoded(stored_as: str, schema_version: int, data: str) -> Event:
    """The event from its stored text, brought to today's shape."""
    validate = VALIDATORS.get((stored_as, schema_version))
    return validate(data) if validate is not None else _upcast(stored_as, schema_version, data)


def _upcast(stored_as: str, schema_version: int, data: str) -> Event:
    event = EVENTS.get(stored_as)
    if event is None or schema_version > event.schema_version():
        raise UnknownStoredEvent(f"{stored_as} version {schema_version}: {UnknownStoredEvent.__doc__}")
    state = from_json(data)
    for upcast in event.upcasts[schema_version - 1 :]:
        state = upcast(state)
    return event.model_validate(state, extra="ignore")


VALIDATORS: dict[tuple[str, int], Callable[[str], Event]] = {
    (event.stored_as, event.schema_version()): partial(
        event.__pydantic_validator__.validate_json, extra="ignore"
    )
    for event in EVENT_TYPES
}
"""The short way for what is stored in today's shape: one pass of pydantic's core. A field that a newer
program beside this one has added, at whatever depth, is passed over.
"""


def recorded(row: tuple[Any, ...], position: int | None = None) -> Recorded:
    """A row of the columns of StoredRow, in their order, as a recorded event."""
    (
        journey_id,
        version,
        stored_as,
        data,
        event_id,
        schema_version,
        at,
        precision,
        recorded_at,
        context,
        key,
    ) = row
    if data.startswith(BEGINS):
        data = opened_text(data, key, about(journey_id, version, event_id, stored_as))
    event = decoded(stored_as, schema_version, data)
    return Recorded(
        journey_id, version, event_id, event, at, PRECISION[precision], recorded_at, context, position, key
    )


def stored(each: Recorded) -> StoredRow:
    """A recorded event as a row."""
    event = each.event
    return StoredRow(
        originator_id=each.journey_id,
        originator_version=each.version,
        topic=event.stored_as,
        state=stored_text(each),
        event_id=each.event_id,
        schema_version=event.schema_version(),
        occurred_at=each.occurred_at,
        occurred_precision=each.occurred_precision,
        recorded_at=each.recorded_at,
        context=each.context_json,
        key=each.key,
    )


PRECISION = {str(each): each for each in Precision}


class PydanticMapper(Mapper[UUID]):
    """Between recorded events and stored rows: one pass of pydantic's core each way."""

    def to_stored_event(self, domain_event: Any) -> StoredEvent:
        return cast(StoredEvent, stored(cast(Recorded, domain_event)))

    def to_domain_event(self, stored_event: StoredEvent) -> Any:
        return recorded(cast(StoredRow, stored_event))
