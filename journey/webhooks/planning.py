"""Planning: which events of the log a subscription wants, each with the next number, in the log's order.

Numbers and place move in one transaction, so that they are dense whatever is killed. A number is given to
what the owner may hear of at the time; whether it may go is asked again when it goes.
"""

from collections.abc import Collection, Sequence
from typing import Any, LiteralString, NamedTuple
from uuid import UUID

from psycopg import Connection
from psycopg.sql import SQL

from journey.conditions import Condition, all_of
from journey.domain.event import EVENTS, Recorded
from journey.feed import about
from journey.store.mapper import recorded
from journey.store.recorder import COLUMNS
from journey.webhooks.subscription import Clearance, Follower, Subscription
from journey.webhooks.withheld import hidden

WINDOW = 5000
"""Positions that are looked through at once."""

KNOWN = "SELECT position FROM checkpoint WHERE name = 'patient_status'"
"""Up to where it is known whose journey each is."""

FOUND = SQL("""
    SELECT position, {columns} FROM log JOIN event USING (journey_id, version)
     WHERE position > %s AND position <= %s AND {condition}
     ORDER BY position LIMIT %s
    """)
BARE = SQL("journey_id, event_id")
THEIRS: LiteralString = """
    EXISTS (SELECT FROM patient_status AS status
             WHERE status.journey_id = event.journey_id AND status.teams && %s)
    """
TYPES: LiteralString = "type = ANY(%s)"
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


def known_to(connection: Connection[Any], of: Follower, clearance: Clearance, head: int) -> int:
    """Up to where what is asked of the log is known."""
    if clearance.teams is None and not of.wanted.hides(clearance.labels):
        return head
    row = connection.execute(KNOWN).fetchone()
    return min(head, int(row[0])) if row else 0


Found = list[tuple[int, UUID, UUID]]


class Window(NamedTuple):
    """What is looked through: what stands behind `after`, and no further than `known`."""

    after: int
    known: int
    limit: int

    @property
    def until(self) -> int:
        return min(self.after + WINDOW, self.known)


def found(
    connection: Connection[Any], of: Follower, clearance: Clearance, window: Window
) -> tuple[Found, int]:
    """Position, journey and event of each that is wanted, and up to where was looked."""
    condition, hides = _condition(of, clearance), of.wanted.hides(clearance.labels)
    statement = FOUND.format(columns=COLUMNS if hides else BARE, condition=SQL(condition.sql))
    cursor = connection.cursor(binary=True)
    rows = cursor.execute(
        statement, (window.after, window.until, *condition.parameters, window.limit)
    ).fetchall()
    reached = rows[-1][0] if len(rows) == window.limit else window.until
    if not hides:
        return rows, reached
    kept = _chosen(connection, of, clearance, [recorded(row[1:], row[0]) for row in rows])
    return [(each.position or 0, each.journey_id, each.event_id) for each in kept], reached


def _condition(of: Follower, clearance: Clearance) -> Condition:
    asked = [of.wanted.condition(clearance.labels)]
    if clearance.teams is not None:
        asked.append(Condition(THEIRS, (sorted(clearance.teams),)))
    if clearance.types is not None:
        asked.append(Condition(TYPES, (sorted(clearance.types & EVENTS.keys()),)))
    return all_of(asked)


def _chosen(
    connection: Connection[Any], of: Follower, clearance: Clearance, looked_at: Sequence[Recorded]
) -> list[Recorded]:
    """Those that are wanted, and those that are withheld: nothing is told by leaving one of them out."""
    journeys: Collection[UUID] = {each.journey_id for each in looked_at}
    kept_back = hidden(connection, journeys, clearance.labels)
    known = about.about(connection.execute(about.SELECT, (list(journeys), about.TELLING)).fetchall())
    return [
        each
        for each in looked_at
        if of.wanted.holds(
            each,
            known.get(each.journey_id, about.NOTHING),
            clearance.labels,
            withheld=each.event_id in kept_back,
        )
    ]
