"""One order for everybody: dense, after commit, never against a journey's own."""

from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from functools import partial
from itertools import pairwise

import psycopg
import pytest
from psycopg import Connection

from journey.store import log
from journey.store.identifiers import uuid7
from journey.store.recorder import LISTEN
from journey.store.sequencer import LOCK, Sequencer, Settled, drain, sequence
from journey.store.store import Store
from tests.store.asked import CONTEXT, meanwhile, opened, owned_by
from tests.waiting import until

Row = tuple[object, ...]

CUT_OFF_THE_LEADER = """
    SELECT pg_terminate_backend(pid) FROM pg_locks JOIN pg_database ON pg_database.oid = database
     WHERE locktype = 'advisory' AND granted AND objid = %s AND datname = current_database()
    """

APPEND = """
    WITH told AS (
        INSERT INTO event (journey_id, version, event_id, type, schema_version, occurred_at,
                           occurred_precision, context, data)
        VALUES (%(journey_id)s, 1, gen_random_uuid(), 'x', 1, now(), 'instant', '{}', '{}')
    )
    INSERT INTO pending (journey_id, first_version, last_version) VALUES (%(journey_id)s, 1, 1)
    """
"""What another connection, that is in no hurry to commit, appends."""


@pytest.fixture
def connection(database_url: str) -> Iterator[Connection[Row]]:
    with psycopg.connect(database_url, autocommit=True) as connection:
        yield connection


@contextmanager
def sequencing(url: str) -> Iterator[Sequencer]:
    sequencer = Sequencer(url)
    with ExitStack() as stack:
        sequencer.start()
        stack.callback(sequencer.stop)
        yield sequencer


def positions(connection: Connection[Row]) -> list[Row]:
    return connection.execute("SELECT position, journey_id, version FROM log ORDER BY position").fetchall()


def is_dense(connection: Connection[Row], events: int) -> bool:
    return [row[0] for row in positions(connection)] == list(range(1, events + 1))


def test_positions_are_dense_and_in_the_order_of_appends(store: Store, connection: Connection[Row]) -> None:
    first, second = opened(store), opened(store)
    for journey_id in (second, first, second):
        store.handle(journey_id, owned_by(str(uuid7())), CONTEXT)
    assert sequence(connection) == 5
    assert positions(connection) == [
        (1, first, 1),
        (2, second, 1),
        (3, second, 2),
        (4, first, 2),
        (5, second, 3),
    ]
    assert sequence(connection) == 0


@pytest.mark.parametrize("batch", [1, 2, 3, 100])
def test_batches_of_any_size_give_the_same_order(
    store: Store, connection: Connection[Row], batch: int
) -> None:
    journeys = [opened(store) for _ in range(5)]
    moved = []
    while now := sequence(connection, batch):
        moved.append(now)
    assert max(moved) <= batch
    assert [(row[0], row[1]) for row in positions(connection)] == list(enumerate(journeys, start=1))


def test_what_is_rolled_back_leaves_no_gap(
    store: Store, elsewhere: Store, connection: Connection[Row], monkeypatch: pytest.MonkeyPatch
) -> None:
    journey_id = opened(store)
    meanwhile(monkeypatch, store, lambda: elsewhere.handle(journey_id, owned_by("west"), CONTEXT))
    store.handle(journey_id, owned_by("east"), CONTEXT)
    ids = connection.execute("SELECT id FROM pending ORDER BY id").fetchall()
    assert ids == [(1,), (2,), (4,)]
    assert sequence(connection) == 3
    assert is_dense(connection, 3)


def test_an_open_transaction_elsewhere_does_not_hold_it_up(
    store: Store, connection: Connection[Row], database_url: str
) -> None:
    """Not even one that has appended itself: it gets its number when it commits."""
    with psycopg.connect(database_url) as foreign:
        foreign.execute("SELECT pg_current_xact_id()")
        slow = uuid7()
        foreign.execute(APPEND, {"journey_id": slow})
        quick = opened(store)
        assert sequence(connection) == 1
        assert positions(connection) == [(1, quick, 1)]
    assert sequence(connection) == 1
    assert positions(connection) == [(1, quick, 1), (2, slow, 1)]


def test_what_is_settled_need_not_be_looked_through_again_and_nothing_late_is_missed(
    store: Store, connection: Connection[Row], database_url: str
) -> None:
    settled = Settled()
    with psycopg.connect(database_url) as foreign, psycopg.connect(database_url) as slow:
        foreign.execute("SELECT pg_current_xact_id()")
        opened(store)
        for _ in range(2):
            settled.look(connection, 10)
        assert settled.number == 1, "somebody who does not write holds nothing up"
        late = uuid7()
        slow.execute(APPEND, {"journey_id": late})
        opened(store)
        for _ in range(3):
            settled.look(connection, 10)
        assert settled.number == 1, "the slow one has drawn 2 and may yet commit it"
        slow.commit()
        assert sequence(connection, above=settled.number) == 1
        assert positions(connection)[-1] == (3, late, 1)
        for _ in range(2):
            settled.look(connection, 10)
        assert settled.number == 3


def test_settling_takes_what_stands_there_first(store: Store, connection: Connection[Row]) -> None:
    settled = Settled()
    settled.look(connection, 2)
    for _ in range(5):
        opened(store)
    settled.look(connection, 2)
    for _ in range(3):
        opened(store)
    settled.look(connection, 2)
    assert settled.number == 5
    assert is_dense(connection, 8)


def test_a_number_that_was_never_drawn_is_not_settled(store: Store, connection: Connection[Row]) -> None:
    settled = Settled()
    for _ in range(3):
        settled.look(connection, 10)
    assert settled.number == 0
    opened(store)
    assert sequence(connection, above=settled.number) == 1


def test_each_batch_is_told_once_with_how_far_the_log_reaches(
    store: Store, connection: Connection[Row], database_url: str
) -> None:
    with psycopg.connect(database_url, autocommit=True) as listening:
        listening.execute(LISTEN)
        for _ in range(3):
            opened(store)
        sequence(connection)
        opened(store)
        sequence(connection)
        sequence(connection)
        told = [each.payload for each in listening.notifies(timeout=5, stop_after=2)]
        told += [each.payload for each in listening.notifies(timeout=0)]
    assert told == ["3", "4"]


def test_the_second_stands_by_and_takes_over_when_the_first_is_cut_off(
    store: Store, connection: Connection[Row], database_url: str
) -> None:
    with sequencing(database_url) as first:
        until(first.leading.is_set)
        with sequencing(database_url) as second:
            opened(store)
            until(lambda: is_dense(connection, 1))
            assert not second.leading.is_set()
            for events in range(2, 6):
                connection.execute(CUT_OFF_THE_LEADER, (LOCK,))
                opened(store)
                until(partial(is_dense, connection, events))
                until(lambda: first.leading.is_set() != second.leading.is_set())


def test_it_is_woken_by_an_append_nearby(
    store: Store, connection: Connection[Row], database_url: str
) -> None:
    sequencer = Sequencer(database_url, appended=store.appended)
    sequencer.start()
    until(sequencer.leading.is_set)
    for events in range(1, 4):
        opened(store)
        until(partial(is_dense, connection, events))
    sequencer.stop()
    assert not sequencer.leading.is_set()


def test_stopping_hands_the_office_on(store: Store, connection: Connection[Row], database_url: str) -> None:
    with sequencing(database_url) as first:
        until(first.leading.is_set)
    opened(store)
    assert drain(database_url) == 1
    assert is_dense(connection, 1)


def test_readers_get_the_log_in_order_from_any_position(store: Store, connection: Connection[Row]) -> None:
    journey_id = opened(store)
    for number in range(9):
        store.handle(journey_id, owned_by(f"team-{number}"), CONTEXT)
    sequence(connection)
    everything = log.read(connection, 0, 100)
    assert [each.position for each in everything] == list(range(1, 11))
    assert all(before.version < after.version for before, after in pairwise(everything))
    assert log.read(connection, 4, 3) == everything[4:7]
    assert log.read(connection, 4, 100, until=6) == everything[4:6]
    assert log.read(connection, 10, 3) == []
    [(found, history)] = log.histories(connection, [journey_id, uuid7()], until=5)
    assert (found, history.recorded) == (journey_id, tuple(everything[:5]))


def test_what_is_not_sequenced_is_not_in_the_log_and_yet_loaded(
    store: Store, connection: Connection[Row]
) -> None:
    journey_id = opened(store)
    assert log.read(connection, 0, 10) == []
    assert store.load(journey_id).version == 1
    with closing(Store(connection.info.dsn)) as another:
        assert another.load(journey_id).version == 1
