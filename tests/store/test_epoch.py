"""The log's history bends where the database is not the one that it was, and says where."""

from contextlib import closing
from uuid import UUID

import psycopg
import pytest
from psycopg.sql import SQL, Identifier

from journey.embedded import Cluster
from journey.store.epoch import BEFORE_ALL, SELECT_LINE, Epoch, Line, line, take_up
from journey.store.sequencer import Sequencer, drain
from journey.store.store import Store
from tests.store.asked import opened
from tests.waiting import until

pytestmark = pytest.mark.database

FIRST, SECOND, STRANGE = UUID(int=0xA1), UUID(int=0xB2), UUID(int=0xC3)
BENT = Line(120, (Epoch(1, FIRST, 0), Epoch(2, SECOND, 100)))


@pytest.mark.parametrize(
    ("position", "epoch", "common"),
    [
        (100, FIRST, 100),
        (101, FIRST, 100),
        (101, SECOND, 101),
        (120, SECOND, 120),
        (121, SECOND, 0),
        (5, STRANGE, 0),
        (0, BEFORE_ALL, 0),
        (1, BEFORE_ALL, 0),
    ],
)
def test_what_a_place_has_in_common_with_the_log(position: int, epoch: UUID, common: int) -> None:
    assert BENT.in_common(position, epoch.hex[-12:]) == common


def test_a_position_was_given_in_one_epoch() -> None:
    assert [BENT.given_in(position) for position in (1, 100, 101)] == [FIRST, FIRST, SECOND]
    assert Line(7, ()).given_in(7) == BEFORE_ALL
    assert Line(7, (Epoch(1, FIRST, 7),)).in_common(7, BEFORE_ALL.hex[-12:]) == 7


def read(url: str) -> Line:
    with psycopg.connect(url) as connection:
        return line(connection.execute(SELECT_LINE).fetchall())


def numbers(url: str) -> list[tuple[int, int]]:
    """Each epoch's number, and behind which position it began."""
    return [(each.number, each.began_after) for each in read(url).epochs]


def filled(url: str, journeys: int) -> None:
    with closing(Store(url)) as store:
        for _ in range(journeys):
            opened(store)
    drain(url)


def test_an_epoch_is_begun_once(database_url: str) -> None:
    assert read(database_url).now is None
    filled(database_url, 2)
    drain(database_url)
    assert numbers(database_url) == [(1, 0)]


def test_a_copy_begins_another_and_the_original_does_not(cluster: Cluster, database_url: str) -> None:
    filled(database_url, 3)
    copy = f"copy_{psycopg.conninfo.conninfo_to_dict(database_url)['dbname']}"
    with psycopg.connect(cluster.url(), autocommit=True) as connection:
        name = psycopg.conninfo.conninfo_to_dict(database_url)["dbname"]
        connection.execute(
            SQL("CREATE DATABASE {} TEMPLATE {}").format(Identifier(copy), Identifier(str(name)))
        )
        filled(cluster.url(copy), 1)
        filled(database_url, 2)
        assert numbers(cluster.url(copy)) == [(1, 0), (2, 3)]
        assert numbers(database_url) == [(1, 0)]
        assert read(cluster.url(copy)).head == 4
        connection.execute(SQL("DROP DATABASE {}").format(Identifier(copy)))


def test_a_log_that_was_put_back_beneath_the_sequencer_begins_another(database_url: str) -> None:
    """All that says who the database is was put back with it; who knows better is the sequencer itself."""
    filled(database_url, 2)
    with psycopg.connect(database_url, autocommit=True) as connection:
        assert take_up(connection, given=2) == 2
        assert take_up(connection, given=3) == 2
    assert numbers(database_url) == [(1, 0), (2, 2)]


def test_a_sequencer_that_lost_its_connection_goes_on_in_its_epoch(database_url: str) -> None:
    sequencer = Sequencer(database_url)
    sequencer.start()
    try:
        with closing(Store(database_url)) as store, psycopg.connect(database_url, autocommit=True) as other:
            for expected in (1, 2, 3):
                opened(store)
                until(lambda: read(database_url).head == expected)  # noqa: B023 - asked at once
                other.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted"
                    " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
                )
                until(sequencer.leading.is_set)
    finally:
        sequencer.stop()
    assert numbers(database_url) == [(1, 0)]
