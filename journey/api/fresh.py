"""Fresh: what was recorded before something is asked is in the read models that it is answered from.

A write is answered when it is recorded, and read models learn of it from the log, within milliseconds as a
rule. A FHIR search and a page of the console wait for that; any read does whose request says
`Cache-Control: no-cache` (RFC 9111, section 5.2.1.4), and is refused where that takes too long.
"""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from fastapi import Request

from journey.api.growth import Growth
from journey.api.reads import Reads
from journey.projections.patient_identity import PatientIdentity
from journey.projections.status import PatientStatus
from journey.projections.timeline import Timeline

MODELS = (PatientStatus.name, Timeline.name, PatientIdentity.name)
"""What is read from."""

PATIENCE = 1.0
"""Seconds that a read waits."""

FAR = 5000
"""Events behind from which on a read model will not come so far in that time."""

SOON, LATER = 0.005, 0.05
"""Seconds between the first two looks, and the longest between any two, while the log does not grow."""

NO_CACHE = "no-cache"
LAST = 2**63 - 1
LOOK = """
    SELECT head, reached, fails, waiting,
           CASE WHEN reached < head OR waiting IS NOT NULL
                THEN (SELECT recorded_at FROM log JOIN event USING (journey_id, version)
                       WHERE position = reached)
                ELSE statement_timestamp() END
      FROM (SELECT head, min(CASE WHEN position <= head THEN position ELSE 0 END) AS reached,
                   bool_or(last_error IS NOT NULL) AS fails,
                   (SELECT max(id) FROM pending WHERE id <= %s) AS waiting
              FROM (SELECT coalesce(max(position), 0) AS head FROM log) AS log,
                   unnest(%s::text[]) AS asked (name) LEFT JOIN checkpoint USING (name)
             GROUP BY head) AS now
    """
"""The last position, how far the models have come (one that is ahead of the log knows another, and nothing of
this), whether one of them fails, what waits for a position, and until when they know what was recorded;
nothing, where they know nothing yet.
"""


class Look(NamedTuple):
    """What LOOK finds."""

    head: int
    reached: int
    fails: bool
    waiting: int | None
    known: datetime | None


class Reach(NamedTuple):
    """How far read models have come: whether to where the log was, and until when they know what it says."""

    is_there: bool
    known: datetime | None


async def caught_up(
    reads: Reads, growth: Growth, models: Sequence[str] = MODELS, patience: float | None = None
) -> Reach:
    """Wait until these models have taken up what is recorded now, for so many seconds: not for a model that
    fails or is far behind. Raises StoreUnavailable, TooSlow, Overloaded.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + (PATIENCE if patience is None else patience)
    last, goal, pause = LAST, None, SOON
    while True:
        grown = growth.next_one
        [row] = await reads.rows(LOOK, (last, list(models)))
        look = Look(*row)
        if look.waiting is not None:
            last = look.waiting
        elif goal is None:
            goal = look.head
        is_there = goal is not None and look.reached >= goal
        in_vain = look.fails or look.head - look.reached > FAR or growth.over
        if is_there or in_vain or loop.time() >= deadline:
            return Reach(is_there, look.known)
        await growth.wait(grown, pause)
        pause = min(2 * pause, LATER)


def is_to_be(request: Request) -> bool:
    """Whether it wants nothing older than now."""
    said = ",".join(request.headers.getlist("cache-control"))
    return NO_CACHE in {each.strip().lower() for each in said.split(",")}
