"""The log was put back by a restore: a subscription goes on from what is left, and its receiver is told."""

from collections.abc import Iterator
from uuid import UUID

import pytest

from journey.bench.receiver import TAKEN, Received, Reply
from journey.store import sequencer
from tests.waiting import until
from tests.webhooks.delivering import World, world

DROP_TAIL = """
    WITH gone AS (DELETE FROM log WHERE position > %s RETURNING journey_id, version)
    DELETE FROM event USING gone WHERE (event.journey_id, event.version) = (gone.journey_id, gone.version)
    """


@pytest.fixture
def here(database_url: str) -> Iterator[World]:
    with world(database_url) as found:
        yield found


def put_back(here: World, position: int) -> None:
    """The log ends there, and was given on from there in another epoch."""
    with here.connection() as connection, connection.transaction():
        connection.execute("SET LOCAL session_replication_role = replica")
        connection.execute(DROP_TAIL, (position,))
        connection.execute("UPDATE checkpoint SET position = least(position, %s)", (position,))
        connection.execute("UPDATE store_epoch SET timeline = timeline + 100")
    sequencer.drain(here.url)


def notices(here: World) -> list[Received]:
    return [each for each in here.inbox.taken if b"store-rewound" in each.body]


def test_what_is_left_is_gone_on_from_and_the_receiver_is_told_what_is_not(here: World) -> None:
    kept = here.journeys(2)
    lost, stuck = here.journeys(1), here.journeys(1, events=2)
    here.inbox.answers = lambda request: Reply(500) if str(stuck[0]).encode() in request.body else TAKEN
    webhook = here.subscribed()
    with here.delivering():
        until(lambda: here.states() == {"delivered": 3, "dead": 1, "waiting": 1})
    put_back(here, 2)
    here.inbox.answers = lambda _: TAKEN
    new = here.journeys(1)
    with here.delivering():
        until(lambda: here.states() == {"delivered": 5, "skipped": 2})
    [notice] = notices(here)
    assert notice.headers["journey-delivery"] == "6"
    [event] = [each for each in here.inbox.bodies if each["type"] == "store-rewound"]
    [(number, key)] = here.rows("SELECT number, id FROM store_epoch ORDER BY number DESC LIMIT 1")
    assert event["data"] == {"position": 2, "epoch": number, "number": 6}
    assert notice.headers["webhook-id"] == event["id"] == str(key)
    told = [UUID(each["subject"]) for each in here.inbox.bodies if "subject" in each]
    assert sorted(told) == sorted([*kept, *lost, *new])
    assert (here.now(webhook).position, here.now(webhook).epoch) == (3, number)


def test_a_subscription_ahead_of_the_log_waits_until_it_is_known_which_log_it_is(here: World) -> None:
    here.journeys(3)
    webhook = here.subscribed()
    here.arrived(3)
    here.rows("UPDATE webhook SET position = 9 RETURNING id")
    with here.delivering():
        until(lambda: here.now(webhook).position == 9)
        put_back(here, 3)
        until(lambda: here.now(webhook).position == 3)
        until(lambda: notices(here) != [])


def test_a_first_epoch_is_nothing_to_be_told_of(here: World) -> None:
    here.subscribed()
    assert not here.rows("SELECT number FROM store_epoch")
    here.journeys(1)
    here.arrived(1)
    assert not notices(here)


def test_nor_is_it_to_who_was_given_numbers_before_there_were_epochs(here: World) -> None:
    here.journeys(2)
    webhook = here.subscribed()
    here.arrived(2)
    here.rows("UPDATE webhook SET epoch = 0 RETURNING id")
    here.journeys(1)
    here.arrived(3)
    assert (here.inbox.numbers, here.now(webhook).epoch) == ([1, 2, 3], 1)
    assert not notices(here)
