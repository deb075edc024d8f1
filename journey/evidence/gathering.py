"""Gathering: what goes into an evidence pack, read from one moment's state of the database.

The journeys are there whole, up to the last checkpoint: that nothing of them was left out can only be shown
of all of it. What is asked for of a period are the journeys on which something was recorded in it, and who
looked at them then.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, LiteralString, NamedTuple
from uuid import UUID

from psycopg import Connection
from psycopg.sql import SQL
from pydantic_core import from_json, to_jsonable_python

from journey.domain.event import EVENTS as KINDS
from journey.evidence.form import (
    AccessLine,
    Earlier,
    EventLine,
    How,
    Inclusion,
    Keys,
    KnownKey,
    Period,
    Proofs,
    Read,
    StoredEvent,
    Today,
    Whole,
)
from journey.evidence.inclusion import together
from journey.ledger.answers import NotYet
from journey.ledger.checkpoint import Head, Statement
from journey.ledger.leaves import AccessRow, EventRow
from journey.ledger.merkle import Hash, Unproven, leaf_hash
from journey.ledger.note import Verifier, opened
from journey.ledger.proving import complete, grown, proven
from journey.ledger.trees import AccessTree, EventTree
from journey.store.mapper import decoded
from journey.store.sealed import BEGINS, MEMBER, about, event_key, opened_text

RECORDS: LiteralString = "SELECT DISTINCT same_person(patient) FROM unnest(%s::uuid[]) AS patient ORDER BY 1"
LAST: LiteralString = "SELECT number, note FROM ledger_checkpoint ORDER BY number DESC LIMIT 1"
EARLIER: LiteralString = "SELECT note FROM ledger_checkpoint WHERE number = ANY(%s) ORDER BY number"
KEYS: LiteralString = "SELECT number, verifier, introduction FROM ledger_key ORDER BY number"
JOURNEYS: LiteralString = """
    SELECT opened.journey_id, (opened.data->>'patient_id')::uuid
      FROM event AS opened JOIN log USING (journey_id, version)
     WHERE opened.type = 'journey.opened' AND opened.data->>'patient_id' = ANY(%(records)s::text[])
       AND log.position <= %(size)s
       AND EXISTS (SELECT FROM event
                    WHERE event.journey_id = opened.journey_id
                      AND (%(begins)s::timestamptz IS NULL OR recorded_at >= %(begins)s)
                      AND (%(ends)s::timestamptz IS NULL OR recorded_at < %(ends)s))
     ORDER BY 1
    """
EVENTS: LiteralString = """
    SELECT position, leaf, (SELECT wrapped FROM data_key WHERE data_key.journey_id = event.journey_id),
           journey_id, version, type, data::text, event_id, schema_version, occurred_at, occurred_precision,
           recorded_at, context::text
      FROM log JOIN event USING (journey_id, version)
     WHERE journey_id = ANY(%s) AND position <= %s
     ORDER BY position
    """
ACCESSES = SQL("""
    SELECT position, leaf, {fields}
      FROM access_event JOIN access_log USING (access_id)
     WHERE (journeys && %(journeys)s::uuid[] OR patients && %(records)s::uuid[])
       AND (%(begins)s::timestamptz IS NULL OR at >= %(begins)s)
       AND (%(ends)s::timestamptz IS NULL OR at < %(ends)s)
       AND position <= %(size)s
     ORDER BY position
    """).format(
    fields=SQL(", ").join([SQL("detail::text" if name == "detail" else name) for name in AccessRow._fields])
)


class Asked(NamedTuple):
    """Whose evidence it is to be, of which period, and without who looked, where that is not to go along."""

    patients: tuple[UUID, ...]
    period: Period
    accesses: bool = True
    since: str | None = None
    """A checkpoint that whoever gets it has already."""


class Gathered(NamedTuple):
    """What was found."""

    records: tuple[UUID, ...]
    journeys: Mapping[UUID, UUID]
    """Of which patient each is."""
    checkpoint: str
    keys: Keys
    events: tuple[EventLine, ...]
    accesses: tuple[AccessLine, ...]
    proofs: Proofs

    @property
    def labels(self) -> set[str]:
        return {label for each in self.events for label in each.read.context.get("labels", ())}


class Ledger(NamedTuple):
    """The ledger as of its last checkpoint."""

    number: int
    note: str
    statement: Statement
    keys: Keys

    @property
    def verifiers(self) -> list[Verifier]:
        return [Verifier.read(each.verifier) for each in self.keys.keys]


def gathered(connection: Connection[Any], asked: Asked) -> Gathered:
    """Within a transaction that sees one state. Raises NotYet, Unproven and BadNote."""
    ledger = _ledger(connection)
    size = ledger.statement.events.size
    records = tuple(each for (each,) in connection.execute(RECORDS, (list(asked.patients),)))
    within = {"records": list(records), "size": size, **asked.period.model_dump()}
    journeys = dict(connection.execute(JOURNEYS, within).fetchall())
    rows = connection.cursor(binary=True).execute(EVENTS, (list(journeys), size))
    events = tuple(_event(*row) for row in rows)
    accesses = tuple(_accesses(connection, ledger, within, list(journeys))) if asked.accesses else ()
    proofs = _proofs(connection, ledger, events, accesses, asked.since)
    return Gathered(records, journeys, ledger.note, ledger.keys, events, accesses, proofs)


def _ledger(connection: Connection[Any]) -> Ledger:
    keys = Keys(
        keys=tuple(
            KnownKey(number=number, verifier=verifier, introduction=introduction)
            for number, verifier, introduction in connection.execute(KEYS)
        )
        or _nothing_signed()
    )
    number, note = connection.execute(LAST).fetchone() or _nothing_signed()
    text, _ = opened(note, [Verifier.read(each.verifier) for each in keys.keys])
    return Ledger(number, note, Statement.read(text), keys)


def _nothing_signed() -> Any:
    raise NotYet


def _event(position: int, leaf: Hash, wrapped: bytes | None, *row: Any) -> EventLine:
    """An event with what it says. Raises Unproven where the row is not what its leaf was made of."""
    each = EventRow(*row)
    canonical = each.canonical()
    if leaf_hash(canonical) != leaf:
        raise Unproven
    text, key, how = each.data, None, How.PLAIN
    if text.startswith(BEGINS):
        bound = about(each.journey_id, each.version, each.event_id, each.type)
        text, how = opened_text(text, wrapped, bound), How.ERASED
        if wrapped:
            key, how = event_key(wrapped, bound), How.OPENED
    data = from_json(text)
    data.pop(MEMBER, None) if how is How.ERASED else None
    return EventLine(
        position=position,
        leaf=leaf,
        stored=StoredEvent.model_validate(from_json(canonical)),
        how=how,
        key=key,
        read=Read(context=from_json(each.context), data=data),
        today=_today(each, text),
    )


def _today(each: EventRow, text: str) -> Today | None:
    """What was recorded in an older shape, in today's."""
    kind = KINDS.get(each.type)
    if kind is None or each.schema_version == kind.schema_version():
        return None
    event = decoded(each.type, each.schema_version, text)
    data = to_jsonable_python(event, exclude_none=True)
    return Today(schema_version=kind.schema_version(), data=data)


def _accesses(
    connection: Connection[Any], ledger: Ledger, within: Mapping[str, Any], journeys: Sequence[UUID]
) -> Iterator[AccessLine]:
    wanted = {**within, "journeys": journeys, "size": ledger.statement.accesses.size}
    for position, leaf, *row in connection.cursor(binary=True).execute(ACCESSES, wanted):
        canonical = AccessRow(*row).canonical()
        if leaf_hash(canonical) != leaf:
            raise Unproven
        yield AccessLine(position=position, leaf=leaf, stored=from_json(canonical))


def _proofs(
    connection: Connection[Any],
    ledger: Ledger,
    events: Sequence[EventLine],
    accesses: Sequence[AccessLine],
    since: str | None,
) -> Proofs:
    statement = ledger.statement
    counts: dict[str, int] = {}
    for each in events:
        counts[each.stored.journey_id] = counts.get(each.stored.journey_id, 0) + 1
    return Proofs(
        events=_included(connection, EventTree.name, events, statement.events),
        accesses=_included(connection, AccessTree.name, accesses, statement.accesses),
        journeys=tuple(
            _whole(connection, journey_id, events, statement.journeys)
            for journey_id, events in sorted(counts.items())
        ),
        earlier=tuple(_earlier(connection, ledger, note) for note in _notes(connection, ledger, since)),
    )


def _included(
    connection: Connection[Any], tree: str, lines: Sequence[EventLine | AccessLine], head: Head
) -> Inclusion:
    indexes = [each.position - 1 for each in lines]
    return Inclusion(size=head.size, hashes=proven(connection, together(tree, indexes, head.size)))


def _whole(connection: Connection[Any], journey_id: str, events: int, root: Hash) -> Whole:
    found = proven(connection, complete(UUID(journey_id), root))
    if found.head.events != events:
        raise Unproven
    return Whole(journey_id=journey_id, events=events, beside=found.proof.beside)


def _notes(connection: Connection[Any], ledger: Ledger, since: str | None) -> list[str]:
    """Checkpoints before it: the first, then ever closer ones; and the one that is known already."""
    numbers = {ledger.number - (1 << step) for step in range(ledger.number.bit_length())} | {1}
    rows = connection.execute(EARLIER, (sorted(numbers - {ledger.number, 0}),))
    notes = [note for (note,) in rows]
    return notes if since is None or since in notes else [*notes, since]


def _earlier(connection: Connection[Any], ledger: Ledger, note: str) -> Earlier:
    text, _ = opened(note, ledger.verifiers)
    earlier, now = Statement.read(text), ledger.statement
    return Earlier(
        note=note,
        events=_grown(connection, EventTree.name, earlier.events, now.events),
        accesses=_grown(connection, AccessTree.name, earlier.accesses, now.accesses),
    )


def _grown(connection: Connection[Any], tree: str, first: Head, second: Head) -> tuple[Hash, ...]:
    """Nothing leads from an empty tree."""
    if first.size == 0:
        return ()
    hashes: tuple[Hash, ...] = proven(connection, grown(tree, first, second)).proof
    return hashes
