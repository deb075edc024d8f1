"""Leases: who works on a subscription goes on with it, however busy it is."""

import asyncio
import ssl
from collections.abc import Iterator
from time import monotonic

import pytest

from journey.api.access.owners import clearance
from journey.store.identifiers import uuid7
from journey.webhooks import leases
from journey.webhooks.runner import Runner
from journey.webhooks.sending import Sender
from journey.webhooks.turn import Order, Turn, take_turn
from tests.webhooks.delivering import HERE, SWIFT, World, world


@pytest.fixture
def here(database_url: str) -> Iterator[World]:
    with world(database_url) as found:
        yield found


def left(here: World) -> float:
    """Seconds of the lease that are left."""
    [(ends,)] = here.rows("SELECT extract(epoch FROM leased_until - clock_timestamp())::float FROM webhook")
    return float(ends)


def test_a_turn_renews_the_lease_that_it_is_taken_under(here: World) -> None:
    """Nobody else gets at the row while one turn follows the other."""
    webhook = here.subscribed()
    with here.connection() as connection:
        [(_, lease)] = leases.take(connection, uuid7(), 1, 0).items()
        assert left(here) <= 0
        order = Order(webhook.id, lease, None, [], [], 1, SWIFT.ahead, 600)
        take_turn(connection, order, clearance)
    assert left(here) > 500


def test_who_works_goes_on_though_the_lease_is_renewed_by_turns_alone(here: World) -> None:
    here.journeys(3)
    webhook = here.subscribed()
    with here.connection() as connection:
        [(_, lease)] = leases.take(connection, uuid7(), 1, SWIFT.lease).items()

        async def turn(order: Order) -> Turn:
            if here.states() == {"delivered": 3}:
                runner.stop()
            return take_turn(connection, order, clearance)

        async def work() -> None:
            async with asyncio.timeout(10), runner.sender:
                await runner.run()

        sender = Sender(HERE, ssl.create_default_context())
        runner = Runner(webhook.id, lease, turn, sender, SWIFT, holds_until=monotonic())
        asyncio.run(work())
    assert here.inbox.numbers == [1, 2, 3]
