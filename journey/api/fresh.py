"""Reaching: what was recorded before a search is asked is in the index that it is answered from.

A write is answered when it is recorded, and the index learns of it from the log, within milliseconds as a
rule. A search waits for that. How far the index had come stands in the answer, as `meta.lastUpdated`.
"""

import asyncio
from datetime import datetime
from typing import NamedTuple

from journey.api.engine import Engine
from journey.projections.resources import FhirResources
from journey.projections.status import PatientStatus

MODELS = [FhirResources.name, PatientStatus.name]
"""What a search reads."""

PATIENCE = 1.0
"""Seconds that a search waits."""

FAR = 5000
"""Events behind from which on the index will not come so far in that time: it is answered as it is."""

SOON = 0.005
"""Seconds between looks, while the log does not grow."""

LAST = 2**63 - 1
LOOK = """
    SELECT head, reached, waiting,
           CASE WHEN reached < head OR waiting IS NOT NULL
                THEN (SELECT recorded_at FROM log JOIN event USING (journey_id, version)
                       WHERE position = reached)
                ELSE statement_timestamp() END
      FROM (SELECT coalesce((SELECT max(position) FROM log), 0) AS head,
                   (SELECT min(coalesce(position, 0))
                      FROM unnest(%s::text[]) AS asked (name) LEFT JOIN checkpoint USING (name)) AS reached,
                   (SELECT max(id) FROM pending WHERE id <= %s) AS waiting) AS now
    """
"""The last position, how far the models have come, what waits for a position, and until when the index knows
what was recorded; nothing, where it knows nothing yet.
"""


class Look(NamedTuple):
    """What LOOK finds."""

    head: int
    reached: int
    waiting: int | None
    known: datetime | None


async def reached(engine: Engine) -> datetime | None:
    """Until when the index knows what was recorded. Raises StoreUnavailable."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + PATIENCE
    last, goal = LAST, None
    while True:
        grown = engine.growth.next_one
        [row] = await engine.reads.rows(LOOK, (MODELS, last))
        head, position, waiting, known = Look(*row)
        if waiting is not None:
            last = waiting
        elif goal is None:
            goal = head
        is_there = goal is not None and position >= goal
        if is_there or head - position > FAR or loop.time() >= deadline or engine.growth.over:
            return known
        await engine.growth.wait(grown, SOON)
