"""Delivered: what is wrong with what receivers took, clients asked for and a stream holds, of a log."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import chain
from typing import Any
from uuid import UUID

from journey.bench import notified
from journey.bench.notified import Event, Notice
from journey.bench.receiving import Line
from journey.bench.subscribed import Asked

EVENTS = """
    SELECT position, journey_id, version, event_id FROM log JOIN event USING (journey_id, version)
     ORDER BY position
    """
"""The rows that all of this is held against."""

OF_TYPES = """
    SELECT journey_id, recorded_at FROM log JOIN event USING (journey_id, version)
     WHERE type = ANY(%s) ORDER BY position
    """
"""What a subscription that was there from the beginning is told of: the first row under the number 1."""

Log = Sequence[tuple[Any, ...]]
Numbered = Sequence[tuple[UUID, datetime]]


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


def of_a_subscription(log: Numbered, notices: Sequence[Notice], asked: Sequence[Asked]) -> Iterator[str]:
    """Every event under its number, taken or asked for; each journey's in order; counts that fit."""
    yield from _of_counts(notices)
    for each in asked:
        if [event.number for event in each.events] != list(range(each.since, each.until + 1)):
            yield f"asked for {each.since} to {each.until}, it answered others"
    taken = [each.event for each in notices if each.event]
    told = [*taken, *chain.from_iterable(each.events for each in asked)]
    wanted = {
        number: Event(number, at, f"EpisodeOfCare/{journey_id}")
        for number, (journey_id, at) in enumerate(log, 1)
    }
    yield from (f"number {each.number} is another event" for each in told if wanted.get(each.number) != each)
    missing = wanted.keys() - {each.number for each in told}
    if missing:
        yield f"{len(missing)} events neither came nor were answered"
    yield from _of_order(taken)


def _of_counts(notices: Sequence[Notice]) -> Iterator[str]:
    """An event's is its number; any other is as much as there was, after a handshake."""
    most = 0
    if notices and notices[0].type != notified.HANDSHAKE:
        yield f"what came first is no handshake: {notices[0].type}"
    for each in notices:
        if each.type == notified.EVENT:
            if each.event is None or each.event.number != each.events:
                yield f"a notification that counts {each.events} tells of another number"
        elif each.event is not None or each.events < most:
            yield f"a {each.type} counts {each.events}, after {most}"
        most = max(most, each.events)


def _of_order(taken: Sequence[Event]) -> Iterator[str]:
    last: dict[str | None, int] = {}
    seen = set[int]()
    for each in taken:
        if each.number not in seen and each.number < last.get(each.focus, 0):
            yield f"number {each.number} came first after {last[each.focus]}, of the same journey"
        seen.add(each.number)
        last[each.focus] = max(each.number, last.get(each.focus, 0))


def of_a_stream(log: Log, ids: Sequence[str]) -> Iterator[str]:
    """Every event once, in the order of the log."""
    wanted = [str(event_id) for *_, event_id in log]
    for place, (there, here) in enumerate(zip(wanted, ids, strict=False), 1):
        if there != here:
            yield f"the broker's message {place} is not what stands at that position"
            return
    if len(wanted) != len(ids):
        yield f"the broker has {len(ids)} messages, for {len(wanted)} events"
