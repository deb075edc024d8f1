"""The library's own cases for recorders, run against ours, and what ours does otherwise on purpose.

An adapter bridges what is ours by design: positions are given after commit (it sequences at once), versions
count from 1 (theirs from 0), state is JSON text (theirs any bytes), and the envelope has columns.

Declined, with reasons:
- `topics` filters: a filtered reader's checkpoint falls behind. The adapter filters in their stead; that ours
  refuses is tested below.
- process and tracking recorders: a read model's checkpoint is kept by the projector, in the transaction of
  its rows.
- `test_performance`: it prints a figure and asserts nothing; the benchmarks have better ones.
- the cipher and compressor of the infrastructure factory: ours has no factory, and state stays readable.
"""

import sys
from base64 import b64decode, b64encode
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime
from threading import Event as Signal
from threading import Thread
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID

import psycopg
import pytest
from eventsourcing.persistence import (
    AggregateRecorder,
    ApplicationRecorder,
    IntegrityError,
    Notification,
    StoredEvent,
    Subscription,
)
from psycopg.sql import SQL
from pydantic_core import from_json, to_json

from journey.store.identifiers import uuid7
from journey.store.mapper import StoredRow
from journey.store.recorder import Datastore, JourneyRecorder, VersionConflict
from journey.store.sequencer import drain
from tests.store.asked import CONTEXT

# Their cases also test a cipher that needs a package of its own; the recorders' do not use it.
sys.modules.setdefault("eventsourcing.cipher", cast(Any, SimpleNamespace(AESCipher=None)))
from eventsourcing.tests import persistence as cases  # noqa: E402 - once the cipher is out of the way

AT = datetime(2026, 3, 2, tzinfo=UTC)


def row(journey_id: UUID, version: int, topic: str = "topic", state: bytes = b"state") -> StoredRow:
    """Theirs as ours."""
    text = to_json(b64encode(state).decode()).decode()
    context = CONTEXT.model_dump_json()
    return StoredRow(journey_id, version, topic, text, uuid7(), 1, AT, "instant", AT, context)


class AsTheyExpect(ApplicationRecorder):
    """Our recorder, as their cases expect one."""

    def __init__(self, url: str, *, tells_positions: bool = True) -> None:
        self.datastore = Datastore(url, pool_size=8, timeout=10)
        self._ours = JourneyRecorder(self.datastore)
        self._url = url
        self._tells_positions = tells_positions

    def insert_events(self, stored_events: Sequence[StoredEvent], **kwargs: Any) -> Sequence[int] | None:
        rows = [
            row(cast(UUID, each.originator_id), each.originator_version + 1, each.topic, each.state)
            for each in stored_events
        ]
        self._ours.insert_events(cast(Sequence[StoredEvent], rows), **kwargs)
        if not rows or not self._tells_positions:
            return None
        drain(self._url)
        return [
            position
            for each in rows
            for (position,) in self.datastore.select(
                SQL("SELECT position FROM log WHERE journey_id = %s AND version = %s"),
                (each.originator_id, each.originator_version),
            )
        ]

    def select_events(
        self,
        originator_id: UUID | str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> Sequence[StoredEvent]:
        found = self._ours.select_events(
            originator_id,
            gt=None if gt is None else gt + 1,
            lte=None if lte is None else lte + 1,
            desc=desc,
            limit=limit,
        )
        return [
            StoredEvent(each.originator_id, each.originator_version - 1, each.topic, theirs(each.state))
            for each in found
        ]

    def select_notifications(
        self,
        start: int | None,
        limit: int,
        stop: int | None = None,
        topics: Sequence[str] = (),
        *,
        inclusive_of_start: bool = True,
    ) -> Sequence[Notification]:
        everything = 1_000_000 if topics else limit
        found = self._ours.select_notifications(
            start, everything, stop, inclusive_of_start=inclusive_of_start
        )
        return [
            Notification(
                each.originator_id, each.originator_version - 1, each.topic, theirs(each.state), id=each.id
            )
            for each in found
            if not topics or each.topic in topics
        ][:limit]

    def max_notification_id(self) -> int | None:
        return self._ours.max_notification_id()

    def subscribe(
        self, gt: int | None = None, topics: Sequence[str] = ()
    ) -> Subscription[ApplicationRecorder]:
        return self._ours.subscribe(gt, topics)


def theirs(state: str | bytes) -> bytes:
    return b64decode(from_json(state))


class OnADatabase:
    """Gives each of their cases a database, and closes what it made."""

    url: str
    made: list[AsTheyExpect]

    @pytest.fixture(autouse=True)
    def _on_a_database(self, database_url: str) -> Iterator[None]:
        self.url, self.made = database_url, []
        yield
        for each in self.made:
            each.datastore.close()

    def making(self, recorder: AsTheyExpect) -> AsTheyExpect:
        self.made.append(recorder)
        return recorder


class TestAsAggregateRecorder(OnADatabase, cases.AggregateRecorderTestCase):
    test_performance = None  # type: ignore[assignment]  # declined, see above

    def create_recorder(self) -> AggregateRecorder:
        return self.making(AsTheyExpect(self.url, tells_positions=False))


class TestAsApplicationRecorder(OnADatabase, cases.ApplicationRecorderTestCase[ApplicationRecorder]):
    test_performance = None  # type: ignore[assignment]  # declined, see above

    def create_recorder(self) -> ApplicationRecorder:
        return self.making(AsTheyExpect(self.url))


class TestPositionsDoNotInterleave(OnADatabase, cases.NonInterleavingNotificationIDsBaseCase):
    def create_recorder(self) -> ApplicationRecorder:
        return self.making(AsTheyExpect(self.url))


# --- Ours


@pytest.fixture
def recorder(database_url: str) -> Iterator[JourneyRecorder]:
    datastore = Datastore(database_url, pool_size=4, timeout=5)
    with closing(datastore):
        yield JourneyRecorder(datastore)


def inserted(recorder: JourneyRecorder, *rows: StoredRow) -> None:
    recorder.insert_events(cast(Sequence[StoredEvent], rows))


def test_a_filter_is_refused_because_its_reader_would_fall_behind(recorder: JourneyRecorder) -> None:
    with pytest.raises(ValueError, match="behind the checkpoint"):
        recorder.select_notifications(None, 10, topics=["journey.opened"])


def test_an_append_is_one_statement_whatever_its_size(recorder: JourneyRecorder, database_url: str) -> None:
    journey_id = uuid7()
    inserted(recorder, *(row(journey_id, version) for version in range(1, 6)))
    with psycopg.connect(database_url) as connection:
        transactions = connection.execute("SELECT count(DISTINCT xmin::text) FROM event").fetchone()
        waiting = connection.execute("SELECT first_version, last_version FROM pending").fetchall()
    assert transactions == (1,)
    assert waiting == [(1, 5)]


def test_an_append_that_conflicts_leaves_nothing(recorder: JourneyRecorder, database_url: str) -> None:
    journey_id = uuid7()
    inserted(recorder, row(journey_id, 1))
    inserted(recorder, row(journey_id, 2))
    with pytest.raises(VersionConflict):
        inserted(recorder, row(journey_id, 2), row(journey_id, 3))
    assert drain(database_url) == 2


def test_an_append_with_a_hole_is_refused_before_it_could_leave_one_in_the_log(
    recorder: JourneyRecorder, database_url: str
) -> None:
    journey_id = uuid7()
    for rows in ([1, 3], [2, 1], [1, 1]):
        with pytest.raises(IntegrityError):
            inserted(recorder, *(row(journey_id, version) for version in rows))
    with pytest.raises(IntegrityError):
        inserted(recorder, row(journey_id, 1), row(uuid7(), 2))
    assert drain(database_url) == 0


def test_a_subscription_follows_the_log_and_ends_when_told(
    recorder: JourneyRecorder, database_url: str
) -> None:
    journey_id, read = uuid7(), Signal()
    inserted(recorder, row(journey_id, 1))
    drain(database_url)

    def more() -> None:
        read.wait()
        inserted(recorder, row(journey_id, 2), row(journey_id, 3))
        drain(database_url)

    writer = Thread(target=more)
    writer.start()
    seen = []
    with recorder.subscribe(gt=0) as subscription:
        for notification in subscription:
            seen.append(notification.id)
            read.set()
            if len(seen) == 3:
                subscription.stop()
    writer.join()
    assert seen == [1, 2, 3]


# --- The schema


def test_the_tables_have_what_the_library_holds_its_own_to(database_url: str) -> None:
    """Its tables: originator_id, originator_version, topic, state, with (id, version) as the primary key, and
    a notification id that is unique. Ours name them otherwise and have the envelope beside them.
    """
    with psycopg.connect(database_url) as connection:
        columns = {
            (table, column): (kind, nullable)
            for table, column, kind, nullable in connection.execute(
                "SELECT table_name, column_name, data_type, is_nullable FROM information_schema.columns"
                " WHERE table_name IN ('event', 'log')"
            )
        }
        keys = connection.execute(
            "SELECT rel.relname, con.contype::text, array_agg(att.attname ORDER BY ord)::text[]"
            "  FROM pg_constraint con JOIN pg_class rel ON rel.oid = conrelid"
            "  CROSS JOIN LATERAL unnest(conkey) WITH ORDINALITY AS k (num, ord)"
            "  JOIN pg_attribute att ON attrelid = conrelid AND attnum = num"
            " WHERE contype IN ('p', 'u') AND rel.relname IN ('event', 'log', 'idempotency')"
            " GROUP BY con.oid, rel.relname, con.contype"
        ).fetchall()
    for table, column, kind in [
        ("event", "journey_id", "uuid"),
        ("event", "version", "bigint"),
        ("event", "type", "text"),
        ("event", "data", "json"),
        ("event", "event_id", "uuid"),
        ("log", "position", "bigint"),
    ]:
        assert columns[table, column] == (kind, "NO")
    assert sorted(keys) == [
        ("event", "p", ["journey_id", "version"]),
        ("idempotency", "p", ["journey_id", "key"]),
        ("log", "p", ["position"]),
        ("log", "u", ["journey_id", "version"]),
    ]


def test_what_waits_is_numbered_one_by_one(database_url: str) -> None:
    """A cached sequence would hand numbers to sessions in blocks, and invert journeys."""
    with psycopg.connect(database_url) as connection:
        cache = connection.execute(
            "SELECT seqcache FROM pg_sequence WHERE seqrelid = 'pending_id_seq'::regclass"
        )
        assert cache.fetchone() == (1,)
