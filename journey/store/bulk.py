"""Bulk: many commands of one journey told at once, each under a key and with an answer of its own.

One load, one look for their keys, one append for all of them. What one of them is refused is not there for
those that follow, and keeps none of them from being told.
"""

from collections.abc import Sequence
from functools import partial
from typing import Any, NamedTuple, TypeAlias
from uuid import UUID

from psycopg.sql import SQL

from journey.domain.correction import History
from journey.domain.event import Command, Context, Recorded
from journey.store.deciding import decided
from journey.store.errors import Contended, KeyReused, StoreUnavailable
from journey.store.mapper import stored
from journey.store.recorder import Datastore, VersionConflict
from journey.store.store import ATTEMPTS, Appended, Store, answered, digested, pause

SELECT_KEYS = SQL("""
    SELECT key, body_sha256, first_version, last_version FROM idempotency
     WHERE journey_id = %s AND key = ANY(%s)
    """)
KEEP = SQL("""
    INSERT INTO idempotency (journey_id, key, body_sha256, first_version, last_version)
    SELECT %s, * FROM unnest(%s::text[], %s::bytea[], %s::bigint[], %s::bigint[])
    """)
APPEND = SQL("""
    WITH keyed AS ({keep}), appended AS (
        INSERT INTO event (journey_id, version, event_id, type, schema_version,
                           occurred_at, occurred_precision, context, data)
        SELECT %s, * FROM unnest(%s::bigint[], %s::uuid[], %s::text[], %s::smallint[], %s::timestamptz[],
                                 %s::text[], %s::json[], %s::json[])
    ), opened AS (
        INSERT INTO data_key (journey_id, wrapped) SELECT %s, * FROM unnest(%s::bytea[])
    )
    INSERT INTO pending (journey_id, first_version, last_version) VALUES (%s, %s, %s)
    """).format(keep=KEEP)
"""One statement however many there are, so that it is prepared once."""


class Asked(NamedTuple):
    """One command, who asks it, and the name under which it is asked once."""

    command: Command
    context: Context
    key: str


class Answer(NamedTuple):
    """What a command led to; `repeated` where that was before."""

    appended: Appended
    repeated: bool = False


Answers: TypeAlias = "list[Answer | Exception]"
"""In the order of asking; an exception is what `Store.handle` would have raised."""


class _Keyed(NamedTuple):
    """What is kept under a key: the digest of what was asked, and the versions that it led to."""

    key: str
    body_sha256: bytes
    first: int
    last: int


def handle_all(store: Store, journey_id: UUID, asked: Sequence[Asked]) -> Answers:
    """Tell the journey all of this, in this order; who reads meanwhile sees all of it or nothing.

    Raises Contended, StoreUnavailable and OutcomeUnknown: then nothing is known of any of them, and all can
    be asked again. A fault is the answer of the command that has it, and of no other.
    """
    try:
        return _handled(store, journey_id, asked)
    except (Contended, StoreUnavailable):
        raise
    except Exception as fault:  # noqa: BLE001 - whatever it is, the others are told
        if len(asked) == 1:
            return [fault]
        return [answer for each in asked for answer in handle_all(store, journey_id, (each,))]


def _handled(store: Store, journey_id: UUID, asked: Sequence[Asked]) -> Answers:
    for attempt in range(ATTEMPTS):
        before = store.load(journey_id)
        kept = _kept(store.datastore, journey_id, asked) if before.recorded else {}
        if all(each.last <= before.version for each in kept.values()):
            turn = _Turn(journey_id, before, kept)
            answers = [turn.answer(each) for each in asked]
            added = turn.history.recorded[len(before.recorded) :]
            put = partial(_put, store.datastore, journey_id, added, turn.new)
            try:
                if turn.new:
                    store.append(journey_id, before.version, added, put)
            except VersionConflict:
                pass
            else:
                return answers
        pause(attempt)
    raise Contended(journey_id)


class _Turn:
    """The journey as it becomes, command by command, with the keys that were used on it."""

    def __init__(self, journey_id: UUID, history: History, kept: dict[str, _Keyed]) -> None:
        self._journey_id = journey_id
        self._kept = kept
        self.history = history
        self.new: list[_Keyed] = []

    def answer(self, asked: Asked) -> Answer | Exception:
        try:
            return self._told(asked)
        except Exception as problem:  # noqa: BLE001 - the answer to this one, and no matter to the others
            return problem

    def _told(self, asked: Asked) -> Answer:
        digest = digested(asked.key, asked.command).body_sha256
        if earlier := self._kept.get(asked.key):
            if earlier.body_sha256 != digest:
                raise KeyReused
            return Answer(self._between(earlier.first, earlier.last), repeated=True)
        recorded = decided(self._journey_id, self.history, asked.command, asked.context)
        first = self.history.version + 1
        self.history = self.history.followed_by(recorded)
        self._kept[asked.key] = keyed = _Keyed(asked.key, digest, first, self.history.version)
        self.new.append(keyed)
        return Answer(self._between(first, self.history.version))

    def _between(self, first: int, last: int) -> Appended:
        return answered(self._journey_id, last, self.history.recorded[first - 1 : last])


def _kept(datastore: Datastore, journey_id: UUID, asked: Sequence[Asked]) -> dict[str, _Keyed]:
    """What was asked before. Looked up behind the load: what is not found yet is not in that either."""
    rows = datastore.select(SELECT_KEYS, (journey_id, [each.key for each in asked]))
    return {row[0]: _Keyed._make(row) for row in rows}


def _put(datastore: Datastore, journey_id: UUID, recorded: Sequence[Recorded], keyed: list[_Keyed]) -> None:
    keep: list[Any] = [journey_id, *map(list, zip(*keyed, strict=True))]
    with datastore.connection() as connection:
        if not recorded:
            connection.execute(KEEP, keep)
            return
        rows = [
            (
                row.originator_version,
                row.event_id,
                row.topic,
                row.schema_version,
                row.occurred_at,
                row.occurred_precision,
                row.context,
                row.state,
            )
            for row in map(stored, recorded)
        ]
        columns = map(list, zip(*rows, strict=True))
        span = (journey_id, recorded[0].version, recorded[-1].version)
        first = recorded[0]
        opened = [first.key] if first.version == 1 and first.key is not None else []
        connection.execute(APPEND, [*keep, journey_id, *columns, journey_id, opened, *span])
