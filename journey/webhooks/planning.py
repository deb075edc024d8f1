"""Planning: which events of the log a subscription wants, each with the next number, in the log's order.

Numbers and place move in one transaction, so that they are dense whatever is killed. A number is given to
what the owner may hear of at the time; whether it may go is asked again when it goes.
"""

from typing import Any, NamedTuple

from psycopg import Connection

from journey.delivery.finding import Window, found, known_to
from journey.delivery.follower import Clearance
from journey.webhooks.subscription import Subscription

PLANNED = """
    WITH found AS (
        SELECT position, journey_id, event_id,
               row_number() OVER (ORDER BY position) AS nth,
               row_number() OVER (PARTITION BY journey_id ORDER BY position) AS of_journey
          FROM unnest(%(positions)s::bigint[], %(journeys)s::uuid[], %(events)s::uuid[])
               AS found (position, journey_id, event_id)
    )
    INSERT INTO webhook_delivery (webhook, number, position, event_id, journey_id, state)
    SELECT %(webhook)s, %(next)s + nth - 1, position, event_id, journey_id,
           CASE WHEN of_journey = 1 AND NOT EXISTS (
                    SELECT FROM webhook_delivery AS ahead
                     WHERE ahead.webhook = %(webhook)s AND ahead.journey_id = found.journey_id
                       AND ahead.state IN ('waiting', 'pending', 'dead'))
                THEN 'pending' ELSE 'waiting' END
      FROM found
    """
MOVED = "UPDATE webhook SET position = %s, next_number = next_number + %s WHERE id = %s"
FLOWING = """
    SELECT journey_id FROM webhook_delivery
     WHERE webhook = %s AND state = 'pending' AND attempts = 0 LIMIT %s
    """
"""The journeys that are not held up."""

AHEAD = """
    SELECT count(*) FROM (
        SELECT FROM webhook_delivery
         WHERE webhook = %s AND journey_id = ANY(%s) AND state IN ('pending', 'waiting') LIMIT %s) AS ahead
    """
"""Not joined with the one above: while nothing is known of the table, each row would be held against all."""


class Planned(NamedTuple):
    """What came of planning: whether there is `more` to look through at once; or, where a read model has yet
    to tell whose it is, `later`.
    """

    more: bool
    later: bool = False


def plan(
    connection: Connection[Any], of: Subscription, clearance: Clearance, head: int, ahead: int
) -> Planned:
    """Give numbers to what comes next up to the log's `head`, unless so many wait already. The caller holds
    the subscription.
    """
    known = known_to(connection, of, clearance, head)
    if of.position >= known:
        return Planned(more=False, later=known < head)
    waiting = _ahead(connection, of, ahead)
    if waiting >= ahead:
        return Planned(more=False)
    next_, until = found(connection, of, clearance, Window(of.position, known, ahead - waiting))
    if next_:
        positions, journeys, events = map(list, zip(*next_, strict=True))
        values = {"positions": positions, "journeys": journeys, "events": events}
        connection.execute(PLANNED, {"webhook": of.id, "next": of.next_number, **values})
    connection.execute(MOVED, (until, len(next_), of.id))
    return Planned(more=until < known, later=known < head)


def _ahead(connection: Connection[Any], of: Subscription, most: int) -> int:
    """How many wait to be sent, besides those whose journeys are held up; so many at most."""
    flowing = [each for (each,) in connection.execute(FLOWING, (of.id, most))]
    if len(flowing) == most:
        return most
    [(waiting,)] = connection.execute(AHEAD, (of.id, flowing, most)).fetchall()
    return int(waiting)
