"""Ten thousand journeys wait behind a delivery that was given up, and nobody else waits for them."""

from collections.abc import Iterator
from typing import Any, LiteralString

import pytest
from psycopg import Connection

from journey.webhooks import planning, turn
from journey.webhooks.registry import Webhook
from tests.waiting import until
from tests.webhooks.delivering import SWIFT, World, world

pytestmark = pytest.mark.database

BLOCKED = 10_000
GIVEN_UP = """
    INSERT INTO webhook_delivery (webhook, number, position, event_id, journey_id, state, attempts)
    SELECT %s, number, 1, gen_random_uuid(), ('00000000-0000-4000-8000-' || lpad(of::text, 12, '0'))::uuid,
           CASE WHEN number <= %s THEN 'dead' ELSE 'waiting' END, 10
      FROM generate_series(1, 2 * %s) AS number, LATERAL (SELECT (number - 1) %% %s AS of) AS one
    """
NUMBERED = "UPDATE webhook SET next_number = 2 * %s + 1 WHERE id = %s"


@pytest.fixture
def one(database_url: str) -> Iterator[World]:
    with world(database_url) as one:
        yield one


def blocked(one: World) -> Webhook:
    """A subscription with a dead letter on each of so many journeys, and one more event behind each."""
    one.journeys(1)
    webhook = one.subscribed(position=1)
    with one.connection() as connection:
        connection.execute(GIVEN_UP, (webhook.id, *[BLOCKED] * 3))
        connection.execute(NUMBERED, (BLOCKED, webhook.id))
        connection.execute("ANALYZE webhook_delivery")
    return webhook


def looked_at(connection: Connection[Any], statement: LiteralString, parameters: tuple[Any, ...]) -> int:
    """Rows of deliveries that a statement looks at."""
    [(found,)] = connection.execute(
        "EXPLAIN (ANALYZE, TIMING off, FORMAT JSON) " + statement, parameters
    ).fetchall()
    return _rows(found[0]["Plan"])


def _rows(plan: dict[str, Any]) -> int:
    own = (plan["Actual Rows"] + plan.get("Rows Removed by Filter", 0)) * plan["Actual Loops"]
    here = own if plan.get("Relation Name") == "webhook_delivery" else 0
    return int(here) + sum(_rows(each) for each in plan.get("Plans", ()))


def test_others_flow_past_ten_thousand_blocked_journeys(one: World) -> None:
    blocked(one)
    one.journeys(20, events=2)
    with one.delivering(SWIFT):
        until(lambda: len(one.inbox.ids) >= 40)
    assert one.inbox.in_order
    assert one.inbox.numbers == list(range(2 * BLOCKED + 1, 2 * BLOCKED + 41))
    assert (one.states()["dead"], one.states()["waiting"]) == (BLOCKED, BLOCKED)


def test_what_is_asked_at_each_turn_looks_at_none_of_them(one: World) -> None:
    webhook = blocked(one)
    one.journeys(20, events=2)
    one.planned(webhook)
    with one.connection() as connection:
        connection.execute("ANALYZE webhook_delivery")
        asked: dict[LiteralString, tuple[Any, ...]] = {
            turn.DUE: (webhook.id, [], 100),
            turn.NEXT_DUE: (webhook.id, []),
            planning.FLOWING: (webhook.id, SWIFT.ahead),
        }
        for statement, parameters in asked.items():
            assert looked_at(connection, statement, parameters) <= 20, statement
