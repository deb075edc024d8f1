"""Holds what happened to what was promised: given what writers were told, what readers saw and what the
database holds, says everything that is wrong.

    asked -> ok | fail | unknown      a killed writer leaves `asked` alone: unknown
Each event carries the id of the request that led to it (its correlation), so nothing can hide.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID

from psycopg import Connection


class Outcome(StrEnum):
    """What a writer was told."""

    OK = "ok"
    FAIL = "fail"
    UNKNOWN = "unknown"


class Asked(NamedTuple):
    """A request, what it was answered, and the events that the answer named."""

    request: UUID
    outcome: Outcome = Outcome.UNKNOWN
    event_ids: tuple[UUID, ...] = ()


class Entry(NamedTuple):
    """One position of the log. `request` is what led to the event, where the writers say."""

    position: int
    journey_id: UUID
    version: int
    event_id: UUID
    request: UUID | None = None


class Seen(NamedTuple):
    """What a reader wrote down, in the order in which it saw it, having begun behind `after`."""

    reader: str
    entries: Sequence[Entry]
    after: int = 0


class Stored(NamedTuple):
    """What the database holds: the log in the order of positions, every event's id, what still waits."""

    log: Sequence[Entry]
    event_ids: Sequence[UUID]
    waiting: int = 0


SELECT_LOG = """
    SELECT position, journey_id, version, event_id, (context->>'correlation_id')::uuid
      FROM log LEFT JOIN event USING (journey_id, version) ORDER BY position
    """


def stored(connection: Connection[Any]) -> Stored:
    """Everything in the database that the checks need."""
    [(waiting,)] = connection.execute("SELECT count(*) FROM pending").fetchall()
    return Stored(
        log=[Entry(*row) for row in connection.execute(SELECT_LOG)],
        event_ids=[event_id for (event_id,) in connection.execute("SELECT event_id FROM event")],
        waiting=waiting,
    )


def complaints(asked: Iterable[Asked], seen: Iterable[Seen], holds: Stored) -> Iterator[str]:
    """Everything that is wrong, one sentence each."""
    yield from of_the_log(holds)
    yield from of_the_writers(asked, holds.log)
    for reader in seen:
        yield from of_a_reader(reader, holds.log)


def of_the_log(holds: Stored) -> Iterator[str]:
    """Dense positions, dense versions that rise with them, and every event in it once."""
    for expected, entry in enumerate(holds.log, start=1):
        if entry.position != expected:
            yield f"position {expected} is missing; {entry.position} stands in its place"
            break
    versions: defaultdict[UUID, int] = defaultdict(int)
    for entry in holds.log:
        before = versions[entry.journey_id]
        if entry.version != before + 1:
            how = "is inverted" if entry.version <= before else "has a gap"
            yield (
                f"journey {entry.journey_id} {how} at position {entry.position}: "
                f"version {entry.version} follows {before}"
            )
        versions[entry.journey_id] = entry.version
    in_log = Counter(entry.event_id for entry in holds.log)
    in_store = Counter(holds.event_ids)
    yield from (f"event {event} is in the log {times} times" for event, times in in_log.items() if times > 1)
    yield from (f"event {event} is stored {times} times" for event, times in in_store.items() if times > 1)
    yield from (f"event {event} is stored and not in the log" for event in in_store - in_log)
    yield from (f"the log names event {event}, which is not stored" for event in in_log - in_store)
    if holds.waiting:
        yield f"{holds.waiting} appends still wait for their positions"


def of_the_writers(asked: Iterable[Asked], entries: Sequence[Entry]) -> Iterator[str]:
    """What was acknowledged is there once, what failed is not, and nothing is there unasked."""
    positions = {entry.event_id: entry.position for entry in entries}
    led_to: defaultdict[UUID, set[UUID]] = defaultdict(set)
    last: dict[UUID, int] = {}
    for entry in entries:
        if entry.request is not None:
            led_to[entry.request].add(entry.event_id)
            if last.setdefault(entry.request, entry.position - 1) != entry.position - 1:
                yield f"request {entry.request} was carried out again at position {entry.position}"
            last[entry.request] = entry.position
    requests = set[UUID]()
    for each in asked:
        requests.add(each.request)
        there = led_to.get(each.request, set())
        for event_id in each.event_ids:
            if event_id not in positions:
                yield f"request {each.request} was acknowledged, and its event {event_id} is not in the log"
        if each.outcome is Outcome.OK and (more := there - set(each.event_ids)):
            yield f"request {each.request} was carried out more than once: {len(more)} further events"
        if each.outcome is Outcome.FAIL and there:
            yield f"request {each.request} was told to have failed, and is in the log"
    yield from (f"nobody made request {request}, which is in the log" for request in led_to.keys() - requests)


def of_a_reader(seen: Seen, entries: Sequence[Entry]) -> Iterator[str]:
    """Every position after where it began, once, in order, and what stands there."""
    at = {entry.position: entry for entry in entries}
    before = seen.after
    for entry in seen.entries:
        if entry.position <= before:
            yield f"{seen.reader} saw position {entry.position} again after {before}"
        elif entry.position > before + 1:
            yield f"{seen.reader} passed over positions {before + 1} to {entry.position - 1}"
        there = at.get(entry.position)
        if there is None or entry[:4] != there[:4]:
            yield f"{seen.reader} saw at position {entry.position} what does not stand there"
        before = max(before, entry.position)
    if before < (end := max(at, default=0)):
        yield f"{seen.reader} stopped at {before}, short of {end}"
