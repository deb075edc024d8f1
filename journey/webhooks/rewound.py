"""Rewound: what becomes of a subscription when the log was put back, by a restore or a promotion.

It goes on from where the log is still the one that it knew. What had a number and is not in the log any more
is not sent; and the receiver is told, by a message with a number of its own, what it must not believe.
"""

from typing import Any
from uuid import UUID

import structlog
from psycopg import Connection
from pydantic_core import to_json

from journey.feed.envelope import rewound_cloud_event
from journey.store.epoch import Epoch, Line
from journey.webhooks.subscription import Subscription

NO_JOURNEY = UUID(int=0)
"""Stands in a delivery that is about none."""

BACK = """
    UPDATE webhook SET position = %(common)s, epoch = %(epoch)s, next_number = next_number + %(told)s
     WHERE id = %(webhook)s
    """
VANISHED = """
    WITH vanished AS (
        UPDATE webhook_delivery SET state = 'skipped', error = 'rewound', ended_at = clock_timestamp()
         WHERE webhook = %(webhook)s AND position > %(common)s AND state IN ('waiting', 'pending', 'dead')
           AND journey_id <> %(no_journey)s
        RETURNING journey_id
    )
    SELECT DISTINCT journey_id FROM vanished
    """
TELL = """
    INSERT INTO webhook_delivery (webhook, number, position, event_id, journey_id, state)
    VALUES (%(webhook)s, %(next)s, %(common)s, %(event_id)s, %(no_journey)s, 'pending')
    """

logger = structlog.get_logger()


def put_back(connection: Connection[Any], of: Subscription, log: Line) -> list[UUID] | None:
    """Take note of an epoch that began since it was worked on last; None where none has. The journeys of what
    is not in the log any more. The caller holds the subscription.
    """
    if log.now is None or log.now.number == of.epoch:
        return None
    _, *later = log.epochs  # the first one is where the log's own history begins
    bends = [each.began_after for each in later if each.number > of.epoch]
    common = min([of.position, *bends])
    is_told = bool(bends) and (of.epoch > 0 or of.next_number > 1)
    values = {
        "webhook": of.id,
        "common": common,
        "epoch": log.now.number,
        "told": int(is_told),
        "next": of.next_number,
        "event_id": log.now.id,
        "no_journey": NO_JOURNEY,
    }
    connection.execute(BACK, values)
    journeys = [each for (each,) in connection.execute(VANISHED, values)]
    if is_told:
        connection.execute(TELL, values)
        logger.warning("webhook.rewound", webhook=str(of.id), from_=of.position, to=common)
    return journeys


def notice(epoch: Epoch, number: int) -> bytes:
    """What the receiver is told: from which position, and from which delivery number, all is given anew."""
    data = {"position": epoch.began_after, "epoch": epoch.number, "number": number}
    return to_json(rewound_cloud_event(epoch.id, data))
