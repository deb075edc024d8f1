"""Golden files: every shape in which an event was ever stored is read by today's program.

`python -m tests.test_golden` writes the ones that are missing. None is ever written again: a shape that
changed has another version, and its own file.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from pydantic_core import to_json

from journey.domain.event import EVENTS, Event
from journey.domain.journey import EVENT_TYPES
from journey.store.mapper import UnknownStoredEvent, decoded
from tests.example import filled

GOLDEN = Path(__file__).parent / "golden"
WRITE = "write it with: python -m tests.test_golden"


class Golden(NamedTuple):
    """One event as it was stored."""

    stored_as: str
    schema_version: int
    data: dict[str, Any]


def golden_file(event: type[Event]) -> Path:
    version = event.schema_version()
    return GOLDEN / (f"{event.stored_as}.json" if version == 1 else f"{event.stored_as}.{version}.json")


def stored(event: Event) -> dict[str, Any]:
    """What the store keeps of it."""
    out: dict[str, Any] = json.loads(event.model_dump_json(exclude_none=True))
    return out


def write_missing() -> Iterator[Path]:
    for event in EVENT_TYPES:
        path = golden_file(event)
        if not path.exists():
            golden = Golden(event.stored_as, event.schema_version(), stored(filled(event)))
            path.write_text(json.dumps(golden._asdict(), indent=2) + "\n")
            yield path


def read(path: Path) -> Golden:
    return Golden(**json.loads(path.read_text()))


@pytest.mark.parametrize("event", EVENT_TYPES, ids=lambda event: event.stored_as)
def test_every_event_has_a_golden_file(event: type[Event]) -> None:
    assert golden_file(event).exists(), WRITE


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("*.json")), ids=lambda path: path.stem)
def test_what_was_once_stored_is_still_read(path: Path) -> None:
    golden = read(path)
    event = decoded(golden.stored_as, golden.schema_version, json.dumps(golden.data))
    assert type(event) is EVENTS[golden.stored_as]
    if golden.schema_version == event.schema_version():
        assert {**golden.data, **stored(event)} == stored(event), "a field lost what was stored in it"


@pytest.mark.parametrize("event", EVENT_TYPES, ids=lambda event: event.stored_as)
def test_an_event_is_stored_without_what_is_not_known(event: type[Event]) -> None:
    required = {name for name, field in event.model_fields.items() if field.is_required()}
    least = event(**{name: value for name, value in filled(event) if name in required})
    assert decoded(event.stored_as, event.schema_version(), json.dumps(stored(least))) == least


@pytest.fixture
def renamed_twice() -> Iterator[type[Event]]:
    """An event whose shape changed twice."""

    class TeaServed(Event, stored_as="test.tea_served"):
        """There is tea."""

        upcasts = (
            lambda stored: {"kind": stored["leaf"]},
            lambda stored: {**stored, "cups": 1},
        )
        kind: str
        cups: int

    yield TeaServed
    del EVENTS["test.tea_served"]


@pytest.mark.parametrize(
    ("version", "data"),
    [(1, {"leaf": "green"}), (2, {"kind": "green"}), (3, {"kind": "green", "cups": 1})],
)
def test_an_old_shape_is_brought_up_step_by_step(
    renamed_twice: type[Event], version: int, data: dict[str, Any]
) -> None:
    assert renamed_twice.schema_version() == 3
    event = decoded("test.tea_served", version, to_json(data).decode())
    assert event == renamed_twice.model_validate({"kind": "green", "cups": 1})


@pytest.mark.parametrize(("name", "version"), [("test.tea_served", 4), ("test.coffee_served", 1)])
@pytest.mark.usefixtures("renamed_twice")
def test_what_a_newer_program_stored_is_not_guessed_at(name: str, version: int) -> None:
    with pytest.raises(UnknownStoredEvent):
        decoded(name, version, "{}")


def test_a_name_on_disk_is_given_once() -> None:
    with pytest.raises(TypeError, match="already names VisitBooked"):
        type("Again", (Event,), {"__module__": __name__}, stored_as="visit.booked")


def test_an_event_has_a_name_on_disk() -> None:
    with pytest.raises(TypeError, match="needs a name on disk"):
        type("Nameless", (Event,), {"__module__": __name__})


if __name__ == "__main__":
    for written in write_missing():
        print(written.relative_to(GOLDEN.parent.parent))  # noqa: T201 - a command tells what it wrote
