"""Thin: what is marked as personal never goes out in it, by whichever rule it would be let out."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from journey.domain.correction import Change, TimelineRecomputed
from journey.domain.event import Event
from journey.domain.journey import EVENT_TYPES
from journey.domain.parting import told
from journey.feed.thin import thin
from tests.example import filled

NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)


def texts(said: Any) -> Iterator[str]:
    """Every text, at whatever depth."""
    match said:
        case str():
            yield said
        case dict():
            for each in said.values():
                yield from texts(each)
        case list():
            for each in said:
                yield from texts(each)
        case _:
            pass


@pytest.mark.parametrize("event", EVENT_TYPES, ids=lambda event: event.stored_as)
def test_nothing_personal_is_in_a_thin_event(event: type[Event]) -> None:
    whole = filled(event)
    assert {text for _, text in told(whole)}.isdisjoint(texts(thin(whole)))


def test_what_was_moved_is_told_with_it() -> None:
    moved = TimelineRecomputed(since=NOON, changes=(Change(what="milestone triage", after=NOON),))
    [change] = thin(moved)["changes"]
    assert change == {"what": "milestone triage", "after": "2026-11-01T12:00:00.000000+00:00"}
