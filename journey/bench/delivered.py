"""Delivered: what is wrong with what receivers took and a stream holds, of a log of events."""

from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

from journey.bench.receiving import Line

EVENTS = """
    SELECT position, journey_id, version, event_id FROM log JOIN event USING (journey_id, version)
     ORDER BY position
    """
"""The rows that all of this is held against."""

Log = Sequence[tuple[Any, ...]]


def of_a_receiver(log: Log, messages: Sequence[Line]) -> Iterator[str]:
    """Every event, each journey's in order, under numbers without a gap; twice under the same alone."""
    events = {event_id: (journey_id, version) for _, journey_id, version, event_id in log}
    ids: dict[int, UUID] = {}
    numbers: dict[UUID, int] = {}
    last: dict[UUID, int] = {}
    for each in messages:
        if ids.setdefault(each.number, each.message_id) != each.message_id:
            yield f"number {each.number} came with two ids"
        if numbers.setdefault(each.message_id, each.number) != each.number:
            yield f"{each.message_id} came under two numbers"
        elif events.get(each.message_id) != (each.journey_id, each.version):
            yield f"{each.message_id} is not in the log, or is another event there"
        if each.version > last.get(each.journey_id, 0) + 1:
            yield f"version {each.version} of {each.journey_id} came before the one before it"
        last[each.journey_id] = max(each.version, last.get(each.journey_id, 0))
    missing = events.keys() - numbers.keys()
    if missing:
        yield f"{len(missing)} events never came"
    if sorted(ids) != list(range(1, len(ids) + 1)):
        yield "numbers have gaps"


def of_a_stream(log: Log, ids: Sequence[str]) -> Iterator[str]:
    """Every event once, in the order of the log."""
    wanted = [str(event_id) for *_, event_id in log]
    for place, (there, here) in enumerate(zip(wanted, ids, strict=False), 1):
        if there != here:
            yield f"the broker's message {place} is not what stands at that position"
            return
    if len(wanted) != len(ids):
        yield f"the broker has {len(ids)} messages, for {len(wanted)} events"
