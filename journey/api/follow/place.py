"""A follower's place, held to the log as it is now: one that was put back is said to have been."""

from journey.api.problems import Problem
from journey.api.reads import Reads
from journey.feed.place import AT, BEGINNING, Place, in_common, told
from journey.feed.place import at as place_at
from journey.store.epoch import IDENTITY, SELECT_LAST, SELECT_LINE, Line, line

NOW = "now"
"""Stands for the cursor at the end of the log."""


async def line_of(reads: Reads) -> Line:
    return line(await reads.rows(SELECT_LINE))


async def place_after(reads: Reads, now: Line, after: str | None) -> Place:
    """Where somebody who says this has got to. Raises ForeignCursor."""
    return await at(reads, now, now.head) if after == NOW else told(after)


async def refuse_rewound(reads: Reads, now: Line, place: Place) -> None:
    """Raises Problem where the log is not, up to the place, what it was."""
    common = in_common(now, place, await at(reads, now, place.position))
    if common == place.position:
        return
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
    return place_at(now, where, rows[0][0] if rows else None)
