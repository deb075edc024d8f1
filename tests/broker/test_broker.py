"""What stands in the stream of a real NATS server, whatever is killed, held to what stands in the log."""

from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import replace
from threading import Event as Signal

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict
from psycopg.sql import SQL, Identifier

from journey.api.access.keys import Grant
from journey.bench.published import Server
from journey.broker import leases
from journey.broker.nats import Where
from journey.broker.publisher import Pace
from journey.delivery.follower import LeaseLost
from journey.domain.episode import AssignOwner, OpenJourney
from journey.embedded import Cluster
from journey.feed.envelope import Payload
from journey.feed.filter import Filter
from journey.feed.place import told
from journey.store.identifiers import uuid7
from journey.store.store import Store
from tests.broker.publishing import (
    NAME,
    Deaf,
    Publishing,
    Sleepy,
    in_order,
    program,
    publish_until_killed,
    purged,
    put_there,
    without_stream,
)
from tests.processes import processes
from tests.waiting import until
from tests.webhooks.delivering import world

ODD = "Ward 3.B > *north*, Été"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    program()
    server = Server(tmp_path_factory.mktemp("nats"))
    server.start()
    yield server
    server.kill()


@pytest.fixture
def here(database_url: str, server: Server) -> Iterator[Publishing]:
    without_stream(server.url)
    with world(database_url) as found:
        yield Publishing(found, (server,))


def test_the_log_stands_in_the_stream_in_its_order(here: Publishing) -> None:
    here.world.journeys(40, events=5)
    found = here.published()
    assert [each.id for each in found] == here.log
    assert [each.body["id"] for each in found] == here.log
    assert [told(each.cursor).position for each in found] == list(range(1, 201))
    assert in_order(found)


def test_what_comes_later_follows(here: Publishing) -> None:
    here.world.journeys(2)
    with here.publishing():
        here.reached()
        here.world.journeys(3, events=2)
        here.reached()
    assert [each.id for each in here.stream] == here.log


def test_subjects_are_rooms_types_and_teams_whatever_these_are_called(here: Publishing) -> None:
    journey_id = uuid7()
    here.world.tell(journey_id, OpenJourney(patient_id=uuid7()))
    for team in (ODD, "_", "x" * 5000):
        here.world.tell(journey_id, AssignOwner(team=team))
    here.world.log()
    assert [each.subject for each in here.published()] == [
        "journey.episode.journey.opened._",
        "journey.episode.journey.owner_assigned.ward%203%2Eb%20%3E%20%2Anorth%2A%2C%20%C3%A9t%C3%A9",
        "journey.episode.journey.owner_assigned.%5F",
        "journey.episode.journey.owner_assigned." + "x" * 500,
    ]


def test_a_filter_leaves_out_and_the_place_moves_on(here: Publishing) -> None:
    here.world.journeys(4, events=3)
    found = here.published(wanted=Filter(type=("journey.opened",)))
    assert {each.body["type"] for each in found} == {"journey.opened"}
    assert len(found) == 4
    assert here.row("stored") == 4


def test_what_the_key_is_not_cleared_for_is_withheld_in_its_place(here: Publishing) -> None:
    journey_id = uuid7()
    here.world.tell(journey_id, OpenJourney(patient_id=uuid7()))
    here.world.tell(journey_id, AssignOwner(team="Psychiatry"), labels=("PSY",))
    here.world.tell(journey_id, AssignOwner(team="Cardiology"))
    here.world.log()
    _, withheld, after = here.published(payload=Payload.FULL)
    assert (withheld.subject, withheld.body["type"]) == ("journey.withheld", "withheld")
    assert "psychiatry" not in str(withheld).lower()
    assert after.subject == "journey.episode.journey.owner_assigned.cardiology"
    assert here.world.rows("SELECT channel, recipient, positions FROM disclosure") == [
        ("broker", "Partners", [1, 3])
    ]


def test_a_team_s_key_publishes_that_team_s_journeys(database_url: str, server: Server) -> None:
    without_stream(server.url)
    with world(database_url, Grant(teams=("Team 1",))) as found:
        found.journeys(2)
        found.journeys(3, events=2)
        here = Publishing(found, (server,))
        assert {each.body["subject"] for each in here.published()} == {
            str(key) for (key,) in found.rows("SELECT journey_id FROM event WHERE version = 2")
        }


def test_nothing_goes_on_behalf_of_a_key_that_was_revoked(here: Publishing) -> None:
    here.world.journeys(2)
    here.world.revoked()
    with here.publishing():
        until(lambda: here.row("last_error") == "OwnerRevoked")
    assert here.stream == []


def test_a_publisher_that_is_killed_between_stream_and_place_is_followed_without_loss_or_repeat(
    here: Publishing,
) -> None:
    here.world.journeys(40, events=5)
    where = Where(here.urls, duplicates=0.1)  # so that ids are of no help
    killed = processes.Process(target=publish_until_killed, args=(here.world.url, where, here.terms()))
    killed.start()
    killed.join(30)
    assert killed.exitcode == -9
    assert (here.row("position"), len(here.stream)) == (50, 100)
    assert [each.id for each in here.published()] == here.log
    accounted = [each for (each,) in here.world.rows("SELECT unnest(positions) FROM disclosure")]
    assert sorted(accounted) == list(range(1, 201))


def test_a_publisher_that_slept_and_comes_back_stores_nothing_and_moves_nothing(here: Publishing) -> None:
    here.world.journeys(40, events=5)
    where, pace = Where(here.urls), Pace(lease=0.5, soon=0.02, batch=50)
    asleep, awake = Signal(), Signal()
    with here.publishing(lambda: Sleepy(where, asleep, awake), pace):
        assert asleep.wait(10)
        try:
            with here.publishing(pace=Pace(lease=3.0, soon=0.02, batch=50)):
                here.reached()
                awake.set()
                here.world.journeys(5)
                here.reached()
        finally:
            awake.set()
    assert [each.id for each in here.stream] == here.log


def test_who_lost_the_lease_moves_no_place(here: Publishing) -> None:
    here.world.journeys(1)
    with here.world.connection() as connection:
        lost = leases.take(connection, NAME, uuid7(), 0.0)
        held = leases.take(connection, NAME, uuid7(), 30.0)
        assert lost is not None
        assert held is not None
        assert leases.take(connection, NAME, uuid7(), 30.0) is None
        with pytest.raises(LeaseLost):
            leases.move(connection, lost, told(None)._replace(position=1))
        with pytest.raises(LeaseLost):
            leases.kept(connection, lost)
        leases.move(connection, held, told(None)._replace(position=1))


def test_of_two_publishers_one_publishes_and_the_other_takes_over(here: Publishing) -> None:
    here.world.journeys(20)
    with ExitStack() as stack:
        with here.publishing(pace=Pace(lease=1.0, soon=0.02)):
            here.reached()
            stack.enter_context(here.publishing())
            here.world.journeys(20)
            here.reached()
        here.world.journeys(20)
        here.reached()
    assert [each.id for each in here.stream] == here.log


def test_a_server_that_is_killed_in_mid_stream_gets_the_rest_when_it_is_back(
    here: Publishing, server: Server
) -> None:
    here.world.journeys(20, events=5)
    with here.publishing():
        until(lambda: (here.row("position") or 0) >= 50)
        server.kill()
        here.world.journeys(20, events=5)
        until(lambda: here.row("last_error") is not None)
        server.start()
        here.reached()
    assert [each.id for each in here.stream] == here.log
    assert here.row("last_error") is None


def test_a_server_that_goes_while_there_is_nothing_to_publish_is_missed(
    here: Publishing, server: Server
) -> None:
    here.world.journeys(1)
    with here.publishing(pace=Pace(lease=60.0, soon=0.02, longest=0.2)):
        here.reached()
        server.kill()
        until(lambda: here.row("last_error") is not None)
        server.start()
        until(lambda: here.row("last_error") is None)


def test_who_is_told_to_stop_waits_for_no_server_that_does_not_answer(here: Publishing) -> None:
    connecting = Signal()
    with here.publishing(lambda: Deaf(Where(here.urls), connecting)):
        assert connecting.wait(10)
    assert here.row("leased_until") is None


def test_what_a_broker_acknowledged_and_lost_is_sent_again(here: Publishing) -> None:
    """Brokers may acknowledge before it is on disk: here the stream is gone, and all of it with it."""
    here.world.journeys(20)
    here.published()
    without_stream(here.urls[0])
    here.world.journeys(1)
    assert [each.id for each in here.published()] == here.log


def test_what_somebody_else_put_there_stands_between_and_changes_nothing(here: Publishing) -> None:
    here.world.journeys(3, events=2)
    with here.publishing():
        here.reached()
        put_there(here.urls[0], "journey.strange", "a cursor of no log")
        here.world.journeys(3, events=2)
        here.reached()
    found = here.stream
    assert found.pop(6).subject == "journey.strange"
    assert [each.id for each in found] == here.log


def test_what_is_too_old_by_now_is_not_sent_again(here: Publishing) -> None:
    here.world.journeys(3)
    here.published()
    purged(here.urls[0])
    here.world.journeys(2)
    assert [each.id for each in here.published()] == here.log[3:]


def test_a_log_that_was_put_back_is_said_to_be_and_goes_on_from_there(
    here: Publishing, cluster: Cluster
) -> None:
    """The copy is the backup; what the original got since is in the stream, and in no log any more."""
    here.world.journeys(10)
    here.published()
    name = str(conninfo_to_dict(here.world.url)["dbname"])
    copy = f"restored_{name}"
    with psycopg.connect(cluster.url(), autocommit=True) as connection:
        here.world.store.close()
        connection.execute(SQL("CREATE DATABASE {} TEMPLATE {}").format(Identifier(copy), Identifier(name)))
    with closing(Store(here.world.url)) as store:
        original = Publishing(replace(here.world, store=store), here.servers)
        original.world.journeys(5)
        lost = original.published()[10:]
    with closing(Store(cluster.url(copy))) as store:
        restored = Publishing(replace(here.world, url=cluster.url(copy), store=store), here.servers)
        restored.world.journeys(2)
        found = restored.published()
        assert [
            each.id for each in found if each not in lost and "control" not in each.subject
        ] == restored.log
    control = found[15]
    assert control.subject == "journey.control.rewound"
    assert control.body["type"] == "store-rewound"
    assert control.body["data"]["position"] == 10
    assert control.body["data"]["next"] == control.cursor
    assert len(found) == 18
