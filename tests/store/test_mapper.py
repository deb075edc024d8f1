"""From recorded events to stored rows and back, in today's shape and in older ones."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from uuid import UUID

import psycopg
import pytest
from eventsourcing.persistence import JSONTranscoder
from pydantic import ValidationError

from journey.domain.codes import EncounterClass
from journey.domain.episode import JourneyOpened, OwnerAssigned
from journey.domain.event import EVENTS, Coded, Event, Precision, Recorded
from journey.domain.journey import EVENT_TYPES
from journey.domain.place import Location
from journey.domain.visit import Appointment, PatientAdmitted, VisitBooked
from journey.store.identifiers import uuid7
from journey.store.mapper import PydanticMapper, StoredRow, UnknownStoredEvent, decoded
from journey.store.sequencer import drain
from journey.store.store import Store
from tests.store.asked import CONTEXT, opened

AT = datetime(2026, 3, 2, 9, 30, 0, 123456, tzinfo=UTC)
MAPPER = PydanticMapper(JSONTranscoder())
EXAMPLES: list[Event] = [
    JourneyOpened(patient_id=UUID(int=2)),
    OwnerAssigned(team="équipe 北", person='O\'Brien "Jo" \\ \u2028'),
    PatientAdmitted(visit_id=UUID(int=3), location=Location(point_of_care="A", bed="1")),
    VisitBooked(
        visit_id=UUID(int=3),
        appointment=Appointment(
            start=AT,
            end=AT + timedelta(hours=1),
            service=Coded(system="local", code="ORTHO"),
            encounter_class=EncounterClass.AMBULATORY,
            participants=("a", "b"),
        ),
    ),
]


def recorded(event: Event, precision: Precision = Precision.INSTANT) -> Recorded:
    return Recorded(uuid7(), 7, uuid7(), event, AT, precision, AT, CONTEXT.model_dump_json(exclude_none=True))


def stored(each: Recorded) -> StoredRow:
    return cast(StoredRow, MAPPER.to_stored_event(each))


@pytest.mark.parametrize("event", EXAMPLES, ids=lambda event: event.stored_as)
@pytest.mark.parametrize("precision", Precision)
def test_what_is_stored_is_what_is_read(event: Event, precision: Precision) -> None:
    each = recorded(event, precision)
    again = MAPPER.to_domain_event(cast(Any, stored(each)))
    assert again == each
    assert type(again.event) is type(event)
    assert again.context == CONTEXT


@pytest.mark.parametrize("event", EXAMPLES, ids=lambda event: event.stored_as)
def test_it_is_stored_under_its_chosen_name_and_without_what_is_not_said(event: Event) -> None:
    row = stored(recorded(event))
    assert (row.topic, row.schema_version) == (event.stored_as, 1)
    assert "null" not in row.state
    assert "journey." not in row.state


def test_every_event_of_every_room_has_its_short_way() -> None:
    for event in EVENT_TYPES:
        with pytest.raises(ValidationError):
            decoded(event.stored_as, event.schema_version(), "[]")


def test_an_event_nobody_knows_is_said_with_its_name() -> None:
    with pytest.raises(UnknownStoredEvent, match=r"visit\.teleported version 1: .* newer version"):
        decoded("visit.teleported", 1, "{}")


def test_a_shape_newer_than_ours_is_not_guessed_at() -> None:
    with pytest.raises(UnknownStoredEvent, match=r"journey\.opened version 2"):
        decoded("journey.opened", 2, '{"patient_id":"00000000-0000-0000-0000-000000000002"}')


def test_a_field_that_a_newer_program_added_is_passed_over_at_whatever_depth() -> None:
    newer = """{"visit_id": "7e3734fe-eae8-4c15-961b-70f5e2c82ea7", "weather": "fine",
                "location": {"bed": "4", "window": true}}"""
    moved = decoded("visit.moved", 1, newer)
    assert moved.model_dump(mode="json", exclude_none=True) == {
        "visit_id": "7e3734fe-eae8-4c15-961b-70f5e2c82ea7",
        "location": {"bed": "4"},
    }


def test_an_error_does_not_quote_the_patient() -> None:
    with pytest.raises(ValidationError) as wrong:
        decoded("journey.opened", 1, '{"patient_id":"Mary Smith"}')
    assert "Mary" not in str(wrong.value)


# --- Older shapes


@pytest.fixture
def weighed() -> Iterator[type[Event]]:
    """An event in its third shape: pounds became kilograms, then the unit was named."""

    def in_kilograms(data: dict[str, Any]) -> dict[str, Any]:
        return {"kilograms": round(data["pounds"] * 0.45359237, 1)}

    def with_unit(data: dict[str, Any]) -> dict[str, Any]:
        return {"weight": data["kilograms"], "unit": "kg"}

    class Weighed(Event, stored_as="test.weighed"):
        upcasts = (in_kilograms, with_unit)
        weight: float
        unit: str

    yield Weighed
    del EVENTS["test.weighed"]


@pytest.mark.parametrize(
    ("version", "data"),
    [(1, '{"pounds": 220.5}'), (2, '{"kilograms": 100.0}'), (3, '{"weight": 100.0, "unit": "kg"}')],
)
def test_older_shapes_are_brought_up_one_step_after_another(
    weighed: type[Event], version: int, data: str
) -> None:
    assert weighed.schema_version() == 3
    assert decoded("test.weighed", version, data) == weighed(weight=100.0, unit="kg")


def test_what_was_stored_once_is_read_though_its_shape_has_changed(
    weighed: type[Event], store: Store, database_url: str
) -> None:
    journey_id = opened(store)
    with psycopg.connect(database_url) as connection:
        connection.execute(
            "INSERT INTO event (journey_id, version, event_id, type, schema_version, occurred_at,"
            " occurred_precision, context, data)"
            " SELECT journey_id, 2, event_id, 'test.weighed', 1, occurred_at, 'day', context,"
            """ '{"pounds": 220.5}' FROM event"""
        )
        connection.execute(
            "INSERT INTO pending (journey_id, first_version, last_version) VALUES (%s, 2, 2)", (journey_id,)
        )
    drain(database_url)
    assert store.load(journey_id).recorded[1].event == weighed(weight=100.0, unit="kg")
