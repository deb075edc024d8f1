"""What a caller is told when the connection, or the database, goes away at the worst moment."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from journey.store import store as store_module
from journey.store.errors import OutcomeUnknown, StoreUnavailable
from journey.store.identifiers import uuid7
from journey.store.store import Store
from tests.store.asked import CONTEXT, counted, meanwhile, opened, owned_by, versions
from tests.store.proxy import Proxy
from tests.waiting import until

APPENDED = b"INSERT 0 1"
"""What the server says once an append is committed: it answers after the commit, not before."""

ASKED = b"journey.owner_assigned"
"""Stands in the parameters of the append that `owned_by` leads to."""


@pytest.fixture
def proxy(database_url: str, short_folder: Path) -> Iterator[Proxy]:
    with Proxy(database_url, short_folder) as proxy:
        yield proxy


@pytest.fixture
def far(proxy: Proxy) -> Iterator[Store]:
    """A store behind the proxy."""
    with closing(Store(proxy.url, pool_size=2, timeout=0.5)) as store:
        yield store


@pytest.mark.parametrize("key", [None, "k"])
def test_an_append_whose_answer_is_lost_is_there_once_and_answered(
    far: Store, proxy: Proxy, key: str | None, database_url: str
) -> None:
    journey_id = opened(far)
    proxy.lose_answer = APPENDED
    answer = far.handle(journey_id, owned_by("east"), CONTEXT, idempotency_key=key)
    assert proxy.lost == 1
    assert [each.event_id for each in far.load(journey_id).recorded[1:]] == [
        each.event_id for each in answer.events
    ]
    assert counted(database_url, "event") == counted(database_url, "pending") == 2


@pytest.mark.parametrize("key", [None, "k"])
def test_an_append_that_is_lost_on_its_way_is_sent_again(
    far: Store, proxy: Proxy, key: str | None, database_url: str
) -> None:
    journey_id = opened(far)
    proxy.lose_question = ASKED
    answer = far.handle(journey_id, owned_by("east"), CONTEXT, idempotency_key=key)
    assert (proxy.lost, answer.version) == (1, 2)
    assert counted(database_url, "event") == counted(database_url, "pending") == 2


def test_nothing_to_do_is_remembered_though_the_answer_is_lost(far: Store, proxy: Proxy) -> None:
    journey_id = opened(far)
    far.handle(journey_id, owned_by("east"), CONTEXT)
    proxy.lose_answer = APPENDED
    answer = far.handle(journey_id, owned_by("east"), CONTEXT, idempotency_key="k")
    assert (proxy.lost, answer.version, answer.events) == (1, 2, ())


def test_who_was_overtaken_while_the_connection_was_lost_decides_anew(
    far: Store, elsewhere: Store, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    journey_id = opened(far)
    meanwhile(monkeypatch, far, lambda: elsewhere.handle(journey_id, owned_by("west"), CONTEXT))
    proxy.lose_question = ASKED
    assert far.handle(journey_id, owned_by("east"), CONTEXT).version == 3
    assert versions(elsewhere, journey_id) == [1, 2, 3]


def test_the_outcome_is_unknown_once_the_database_stays_away(
    far: Store, elsewhere: Store, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_module, "PATIENCE", 0.3)
    journey_id = opened(far)
    gone = Proxy.end
    monkeypatch.setattr(proxy, "_loses", lambda data, _: APPENDED in data and (gone(proxy) or True))
    with pytest.raises(OutcomeUnknown, match="same Idempotency-Key"):
        far.handle(journey_id, owned_by("east"), CONTEXT, idempotency_key="k")
    # … and asking again with the same key, as the sentence says, finds what was recorded.
    again = elsewhere.handle(journey_id, owned_by("east"), CONTEXT, idempotency_key="k")
    assert (again.version, len(again.events)) == (2, 1)
    assert versions(elsewhere, journey_id) == [1, 2]


def test_an_append_outlives_a_database_that_comes_back(
    far: Store, proxy: Proxy, monkeypatch: pytest.MonkeyPatch, database_url: str
) -> None:
    journey_id = opened(far)
    gone = Proxy.end
    monkeypatch.setattr(proxy, "_loses", lambda data, _: APPENDED in data and (gone(proxy) or True))
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(far.handle, journey_id, owned_by("east"), CONTEXT)
        until(lambda: counted(database_url, "event") == 2)
        monkeypatch.undo()
        proxy.begin()
        assert asked.result(timeout=10).version == 2
    assert versions(far, journey_id) == [1, 2]


def test_a_database_that_is_away_is_said_in_a_sentence(far: Store, proxy: Proxy) -> None:
    journey_id = opened(far)
    proxy.end()
    with pytest.raises(StoreUnavailable, match=r"cannot be reached.* nothing was recorded") as away:
        far.handle(journey_id, owned_by("east"), CONTEXT)
    assert not isinstance(away.value, OutcomeUnknown)


def test_reading_goes_on_over_another_connection(far: Store, proxy: Proxy) -> None:
    journey_id = opened(far)
    proxy.lose_answer = b"journey.opened"
    assert versions(far, journey_id) == [1]
    assert proxy.lost == 1


def test_a_store_works_again_soon_after_an_outage(far: Store, proxy: Proxy) -> None:
    journey_id = opened(far)
    proxy.end()
    for _ in range(3):
        with pytest.raises(StoreUnavailable):
            far.load(journey_id)
    proxy.begin()

    def answers() -> bool:
        try:
            return versions(far, journey_id) == [1]
        except StoreUnavailable:
            return False

    until(answers, timeout=3)


def test_a_session_ended_while_it_waits_leaves_nothing_behind_and_is_tried_again(
    store: Store, database_url: str
) -> None:
    """Another session holds the version, uncommitted; the append behind it is killed, then let through."""
    journey_id = opened(store)
    with (
        psycopg.connect(database_url) as rival,
        psycopg.connect(database_url, autocommit=True) as operator,
        ThreadPoolExecutor(1) as pool,
    ):
        rival.execute(
            "INSERT INTO event (journey_id, version, event_id, type, schema_version, occurred_at,"
            " occurred_precision, context, data)"
            " SELECT journey_id, 2, %s, type, 1, occurred_at, 'instant', context, data FROM event",
            (uuid7(),),
        )
        asked = pool.submit(store.handle, journey_id, owned_by("east"), CONTEXT)

        def ended() -> bool:
            cursor = operator.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND wait_event_type = 'Lock'"
            )
            return cursor.rowcount > 0

        until(ended)
        rival.rollback()
        assert asked.result(timeout=10).version == 2
    assert counted(database_url, "event") == counted(database_url, "pending") == 2


def test_what_the_database_says_it_cannot_do_is_not_called_unknown(store: Store, database_url: str) -> None:
    journey_id = opened(store)
    with psycopg.connect(database_url, autocommit=True) as operator:
        operator.execute(
            "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET default_transaction_read_only = on',"
            " current_database()); END $$"
        )
    with closing(Store(database_url, timeout=1.0)) as copy:
        with pytest.raises(StoreUnavailable, match="could not do this; nothing was recorded") as refused:
            copy.handle(journey_id, owned_by("east"), CONTEXT)
        assert not isinstance(refused.value, OutcomeUnknown)
        assert versions(copy, journey_id) == [1]
