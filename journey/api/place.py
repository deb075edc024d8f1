"""A place in the log, as a cursor says it: the position, the event that stands there, and its epoch.

So a cursor of another log is noticed, and one from before a restore is told from where to read again.
"""

import re
from typing import NamedTuple
from uuid import UUID

from journey.api.cursors import cursor, position
from journey.api.problems import Problem
from journey.api.reads import Reads
from journey.store.epoch import IDENTITY, SELECT_LAST, SELECT_LINE, Line, line

SCOPE = "log"
CURSOR = re.compile(r"\d{1,18} [0-9a-f]{12} [0-9a-f]{12}")
TAIL = 12
"""Digits of an id that a cursor holds."""

AT = "SELECT event_id FROM log JOIN event USING (journey_id, version) WHERE position = %s"
NOBODY = UUID(int=0).hex[-TAIL:]


class Place(NamedTuple):
    """Up to where somebody has read. Event and epoch by the last digits of their ids."""

    position: int
    event: str
    epoch: str

    def cursor(self) -> str:
        return cursor(SCOPE, " ".join(map(str, self)))


BEGINNING = Place(0, NOBODY, NOBODY)


async def line_of(reads: Reads) -> Line:
    return line(await reads.rows(SELECT_LINE))


def told(after: str | None) -> Place:
    """Where a follower has got to. Raises Problem where the cursor is of another list."""
    if not after:
        return BEGINNING
    text, event, epoch = position(SCOPE, after, CURSOR).split()
    return Place(int(text), event, epoch)


async def refuse_rewound(reads: Reads, now: Line, place: Place) -> None:
    """Raises Problem where the log is not, up to the place, what it was."""
    common = now.in_common(place.position, place.epoch)
    if common == place.position:
        if (await at(reads, now, place.position)).event == place.event:
            return
        common = 0
    if now.epochs and await reads.rows(SELECT_LAST) != await reads.rows(IDENTITY):
        raise Problem(
            "store-unavailable", "The log is being taken up after a restore; try again in a moment."
        )
    raise Problem(
        "store-rewound",
        f"The log was put back to an earlier state. Undo what you took from it after position {common}, "
        "and go on with the cursor in `next`.",
        position=common,
        epoch=now.now and now.now.number,
        next=(await at(reads, now, common)).cursor(),
    )


async def at(reads: Reads, now: Line, where: int) -> Place:
    """The place at a position of the log."""
    if not where:
        return BEGINNING
    rows = await reads.rows(AT, (where,))
    event = rows[0][0].hex[-TAIL:] if rows else NOBODY
    return Place(where, event, now.given_in(where).hex[-TAIL:])
