"""Turn: one transaction of whoever works on a subscription. It writes what came of attempts, gives numbers to
what is new, and takes what is due; so each attempt is on record before the next one of its journey.

The subscription's row is locked first, by lease: whoever lost theirs writes nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, cast
from uuid import UUID

from psycopg import Connection
from pydantic_core import to_json

from journey.delivery.follower import Clear
from journey.store.epoch import SELECT_LINE, line
from journey.webhooks import leases
from journey.webhooks.pace import Endpoint
from journey.webhooks.planning import Planned, plan
from journey.webhooks.rewound import put_back
from journey.webhooks.subscription import Subscription, locked
from journey.webhooks.telling import Batch, Due, Message, messages
from journey.webhooks.ways import NO_OTHER, Ending, Outcome, Ways

GONE = Ending("disabled", "gone")
REVOKED = Ending("suspended", "owner-revoked")
UNREACHABLE = Ending("suspended", "unreachable")


@dataclass(frozen=True, slots=True)
class Order:
    """What a turn is to do."""

    webhook: UUID
    lease: int
    endpoint: Endpoint | None
    """None: nothing is known of it yet."""
    outcomes: Sequence[Outcome]
    busy: Sequence[int]
    """The numbers that are under way already, besides those of the outcomes."""
    room: int
    ahead: int
    keeps: float
    """Seconds for which the lease is renewed."""
    ending: Ending | None = None


class Turn(NamedTuple):
    """What was done. `next_due`: seconds until another delivery is due, if any is."""

    subscription: Subscription
    messages: list[Message]
    next_due: float | None
    more: bool
    """Whether there is more to number in the log."""
    ended: bool


SOON = 0.1
"""Seconds until it is looked again what a read model did not tell yet."""

NOW = "SELECT clock_timestamp()"
SETTLED = """
    UPDATE webhook_delivery AS delivery
       SET state = told.state, attempts = told.attempts, due_at = told.due_at, tried_at = told.tried_at,
           status = told.status, error = told.error, milliseconds = told.milliseconds,
           ended_at = CASE WHEN told.state <> 'pending' THEN told.tried_at END
      FROM json_populate_recordset(NULL::webhook_delivery, %s) AS told
     WHERE delivery.webhook = %s AND delivery.number = told.number AND delivery.state = 'pending'
    """
FREED = """
    UPDATE webhook_delivery AS delivery SET state = 'pending', due_at = clock_timestamp()
      FROM (SELECT DISTINCT ON (journey_id) number, state FROM webhook_delivery
             WHERE webhook = %(webhook)s AND journey_id = ANY(%(journeys)s)
               AND state IN ('waiting', 'pending', 'dead')
             ORDER BY journey_id, number) AS first
     WHERE delivery.webhook = %(webhook)s AND delivery.number = first.number AND first.state = 'waiting'
    """
"""Nobody is before them in their journeys any more."""

DUE = """
    SELECT number, position, event_id, journey_id, attempts, disclosed FROM webhook_delivery
     WHERE webhook = %s AND state = 'pending' AND due_at <= clock_timestamp() AND number <> ALL(%s)
     ORDER BY due_at, number LIMIT %s
    """
DISCLOSED = "UPDATE webhook_delivery SET disclosed = true WHERE webhook = %s AND number = ANY(%s)"
NEXT_DUE = """
    SELECT extract(epoch FROM due_at - clock_timestamp())::float FROM webhook_delivery
     WHERE webhook = %s AND state = 'pending' AND number <> ALL(%s) ORDER BY due_at LIMIT 1
    """
ENDPOINT = "UPDATE webhook SET trips = %s, shut_until = %s, down_since = %s WHERE id = %s"
ENDED = "UPDATE webhook SET state = %s, reason = %s, changed_at = now() WHERE id = %s"


def take_turn(connection: Connection[Any], order: Order, clear: Clear, ways: Ways = NO_OTHER) -> Turn:
    """Do it. Raises LeaseLost, psycopg.Error: nothing was done, and it may be done again."""
    with connection.pipeline(), connection.transaction():  # what is only written is not waited for
        of = locked(connection, order.webhook, order.lease)
        leases.renew(connection, of.id, order.keeps)
        settle(connection, of.id, order.outcomes)
        _remember(connection, of, order.endpoint)
        clearance = clear(connection, of.owner, of.purpose) if of.state == "active" else None
        ending = order.ending or (REVOKED if clearance is None else None)
        way = ways.get(of.kind)
        if way is not None and of.state == "active":
            ending = way.heed(connection, of, order.outcomes) or ending
        if of.state != "active" or clearance is None or ending is not None:
            if of.state == "active" and ending is not None:
                connection.execute(ENDED, (*ending, of.id))
                if way is not None:
                    way.ended(connection, of)
            return Turn(of, [], None, more=False, ended=True)
        log = line(connection.execute(SELECT_LINE).fetchall())
        vanished = put_back(connection, of, log)
        if vanished is not None:
            free(connection, of.id, vanished)
            return Turn(of, [], 0.0, more=True, ended=False)
        if of.position > log.head:  # it was put back, and nobody has said so yet
            return Turn(of, [], SOON, more=False, ended=False)
        due, planned = _due(connection, order, []), Planned(more=False)
        if len(due) < order.room and (way is None or way.plans(connection, of)):
            planned = plan(connection, of, clearance, log.head, order.ahead)
            due += _due(connection, order, due)
        tell = messages if way is None else way.messages
        told = tell(connection, of, clearance, Batch(log, due, _now(connection))) if due else []
        undisclosed = [each.number for each in due if not each.disclosed]
        if undisclosed:
            connection.execute(DISCLOSED, (of.id, undisclosed))
        busy = [*order.busy, *(each.number for each in due)]
        row = connection.execute(NEXT_DUE, (of.id, busy)).fetchone()
        waits = [SOON] if planned.later else []
        waits += [row[0]] if row else []
        return Turn(of, told, min(waits, default=None), more=planned.more, ended=False)


def settle(connection: Connection[Any], webhook: UUID, outcomes: Sequence[Outcome]) -> None:
    """Write what came of attempts, and let those go on who stood behind what was delivered."""
    if not outcomes:
        return
    connection.execute(SETTLED, (to_json([each._asdict() for each in outcomes]).decode(), webhook))
    free(connection, webhook, [each.journey_id for each in outcomes if each.state == "delivered"])


def free(connection: Connection[Any], webhook: UUID, journeys: Sequence[UUID]) -> None:
    """What is now the first of these journeys that is not delivered may go, if it waited."""
    if journeys:
        connection.execute(FREED, {"webhook": webhook, "journeys": list(set(journeys))})


def _due(connection: Connection[Any], order: Order, besides: Sequence[Due]) -> list[Due]:
    busy, room = [*order.busy, *(each.number for each in besides)], order.room - len(besides)
    return [Due(*row) for row in connection.execute(DUE, (order.webhook, busy, room))]


def _now(connection: Connection[Any]) -> datetime:
    [(now,)] = connection.execute(NOW).fetchall()
    return cast(datetime, now)


def _remember(connection: Connection[Any], of: Subscription, known: Endpoint | None) -> None:
    """Whoever takes over knows as much of the endpoint."""
    if known is None:
        return
    told = (known.trips, known.shut_until, known.down_since)
    if told != (of.trips, of.shut_until, of.down_since):
        connection.execute(ENDPOINT, (*told, of.id))
