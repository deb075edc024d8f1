"""History: what became of each delivery; and what can be done about those that are dead letters.

A dead letter holds up its journey, and no other: what follows waits, in order, until the letter is replayed
or skipped by somebody who knows what they do.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Literal, NamedTuple
from uuid import UUID

from psycopg import Connection
from psycopg.rows import class_row
from pydantic import BaseModel, Field

from journey.webhooks.rewound import NO_JOURNEY
from journey.webhooks.turn import free

State = Literal["waiting", "pending", "delivered", "dead", "skipped"]
MARGIN = timedelta(seconds=10)
"""Positions are given in the order of commits, so that times in the log are in order to within seconds."""

AT_ONCE = 10_000
"""Rows that are pruned in one statement."""


class Delivery(BaseModel):
    """One event that was, or is to be, sent to one subscription."""

    number: int = Field(description="Dense: 1, 2, 3 …")
    event_id: UUID = Field(description="The `webhook-id` of every attempt.")
    journey_id: UUID | None = Field(description="None of the message that the log was put back.")
    position: int
    state: State = Field(
        description="`pending`: the next attempt is at `due_at`; `waiting`: behind another of its journey; "
        "`dead`: every attempt failed, replay or skip it; `skipped`: given up by hand."
    )
    attempts: int
    due_at: datetime | None
    tried_at: datetime | None = Field(description="The last attempt.")
    ended_at: datetime | None
    status: int | None = Field(description="What the endpoint last answered.")
    error: str | None = Field(
        description="Why it did not: `not-reached`, `address-refused`, `tls`, `timeout`, `broken-off`; or "
        "`rewound`: the event is not in the log any more."
    )
    milliseconds: int | None = Field(description="How long the last attempt took.")


class Counts(BaseModel):
    """How many deliveries are in which state."""

    waiting: int = 0
    pending: int = 0
    dead: int = 0


PAGE = """
    SELECT number, event_id, nullif(journey_id, %(no_journey)s) AS journey_id, position, state, attempts,
           CASE WHEN state = 'pending' THEN due_at END AS due_at, tried_at, ended_at,
           status, error, milliseconds
      FROM webhook_delivery
     WHERE webhook = %(webhook)s AND number < %(before)s
       AND (%(state)s::text IS NULL OR state = %(state)s)
       AND (%(journey)s::uuid IS NULL OR journey_id = %(journey)s)
     ORDER BY number DESC LIMIT %(limit)s
    """
REPLAYED = """
    UPDATE webhook_delivery
       SET state = 'pending', attempts = 0, due_at = clock_timestamp(), ended_at = NULL
     WHERE webhook = %(webhook)s AND state = 'dead' AND position > %(behind)s
       AND (%(numbers)s::bigint[] IS NULL OR number = ANY(%(numbers)s))
    RETURNING number
    """
SKIPPED = """
    UPDATE webhook_delivery SET state = 'skipped', ended_at = clock_timestamp()
     WHERE webhook = %(webhook)s AND state = 'dead' AND number = ANY(%(numbers)s)
    RETURNING number, journey_id
    """
RECORDED = "SELECT recorded_at FROM log JOIN event USING (journey_id, version) WHERE position = %s"
END = "SELECT coalesce(max(position), 0) FROM log"
PRUNE = """
    DELETE FROM webhook_delivery WHERE (webhook, number) IN (
        SELECT webhook, number FROM webhook_delivery
         WHERE ended_at < now() - %s * interval '1 day' AND state IN ('delivered', 'skipped') LIMIT %s)
    """


class Asked(NamedTuple):
    """Which deliveries: of one subscription, from below a number, and of a state or journey, where given."""

    webhook: UUID
    before: int
    limit: int
    state: State | None = None
    journey: UUID | None = None


def page(connection: Connection[Any], asked: Asked) -> list[Delivery]:
    """The newest first."""
    with connection.cursor(row_factory=class_row(Delivery)) as cursor:
        return cursor.execute(PAGE, {**asked._asdict(), "no_journey": NO_JOURNEY}).fetchall()


def replay(
    connection: Connection[Any], webhook: UUID, numbers: Sequence[int] | None, *, behind: int = 0
) -> list[int]:
    """Begin anew with these dead letters (None: with all) that stand behind a position; those that were. The
    caller holds the subscription.
    """
    asked = {"webhook": webhook, "numbers": None if numbers is None else list(numbers), "behind": behind}
    return sorted(number for (number,) in connection.execute(REPLAYED, asked))


def skip(connection: Connection[Any], webhook: UUID, numbers: Sequence[int]) -> list[int]:
    """Give these dead letters up; those that were. The caller holds the subscription."""
    rows = connection.execute(SKIPPED, {"webhook": webhook, "numbers": list(numbers)}).fetchall()
    free(connection, webhook, [journey_id for _, journey_id in rows])
    return sorted(number for number, _ in rows)


def position_at(connection: Connection[Any], time: datetime) -> int:
    """A position that everything recorded since stands behind, and little else."""
    [(high,)] = connection.execute(END).fetchall()
    low, since = 0, time - MARGIN
    while low < high:
        middle = (low + high + 1) // 2
        row = connection.execute(RECORDED, (middle,)).fetchone()
        if row is not None and row[0] < since:
            low = middle
        else:
            high = middle - 1
    return low


def prune(connection: Connection[Any], days: int) -> int:
    """Forget what ended so many days ago; how many. Dead letters stay until somebody decides on them."""
    forgotten = 0
    while True:
        found = connection.execute(PRUNE, (days, AT_ONCE)).rowcount
        forgotten += found
        if found < AT_ONCE:
            return forgotten
