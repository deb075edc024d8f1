"""A place in the log, as a cursor says it: the position, the event that stands there, and its epoch.

So a cursor of another log is noticed, and one from before a restore is told from where to read again. It is
made of what the log itself holds: a rebuild, an upgrade or another process changes nothing about it.
"""

import re
from typing import NamedTuple
from uuid import UUID

from journey.cursors import cursor, position
from journey.store.epoch import Line

SCOPE = "log"
CURSOR = re.compile(r"\d{1,18} [0-9a-f]{12} [0-9a-f]{12}")
LONGEST_CURSOR = 200
TAIL = 12
"""Digits of an id that a cursor holds."""

AT = "SELECT event_id FROM log JOIN event USING (journey_id, version) WHERE position = %s"
"""Finds what `at` wants to know of a position."""

NOBODY = UUID(int=0).hex[-TAIL:]


class Place(NamedTuple):
    """Up to where somebody has read. Event and epoch by the last digits of their ids."""

    position: int
    event: str
    epoch: str

    def cursor(self) -> str:
        return cursor(SCOPE, " ".join(map(str, self)))


BEGINNING = Place(0, NOBODY, NOBODY)


def told(after: str | None) -> Place:
    """Where a follower has got to. Raises ForeignCursor where the cursor is of another list."""
    if not after:
        return BEGINNING
    text, event, epoch = position(SCOPE, after, CURSOR).split()
    return Place(int(text), event, epoch)


def at(line: Line, where: int, event_id: UUID | None) -> Place:
    """The place at a position of the log, by the event that stands there: what AT finds, if anything."""
    if not where:
        return BEGINNING
    return Place(where, event_id.hex[-TAIL:] if event_id else NOBODY, line.given_in(where).hex[-TAIL:])


def in_common(line: Line, place: Place, there: Place) -> int:
    """Up to where the log is the one that was read to `place`: less than its position where the log was put
    back. `there` is what stands at that position now.
    """
    common = line.in_common(place.position, place.epoch)
    if common == place.position and there.event != place.event:
        return 0
    return common
