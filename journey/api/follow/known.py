"""Known: what is known of a journey when something of it goes out, which is whose it is, whether something of
it may be withheld, and what a filter asks.
"""

from collections.abc import Collection
from typing import Any, LiteralString, NamedTuple, Self
from uuid import UUID

from pydantic_core import from_json

from journey.api.access.withheld import BEARS
from journey.api.reads import Reads
from journey.domain.labels import NONE, Labels
from journey.feed import about
from journey.feed.about import NOTHING, About

OPENING: LiteralString = f"""
    SELECT journey_id, CASE type WHEN 'journey.opened' THEN (data->>'patient_id')::uuid END AS patient_id,
           context->>'labels' AS labels,
           EXISTS (SELECT FROM event WHERE event.journey_id = opening.journey_id AND {BEARS}) AS bears
      FROM event AS opening WHERE version = 1 AND journey_id
    """  # noqa: S608 - made of constants
"""Finds what `of` takes, for the journeys that are named next."""

OF_THESE = OPENING + "= ANY(%s)"


class Known(NamedTuple):
    """Of one journey. `labels`: those that it was opened with; `bears`: whether anything of it bears any."""

    patient_id: UUID | None = None
    labels: Labels = NONE
    bears: bool = False
    about: About = NOTHING

    @classmethod
    def of(cls, patient_id: UUID | None, labels: str | None, bears: Any) -> Self:
        return cls(patient_id, frozenset(from_json(labels)) if labels else NONE, bool(bears))


async def known_of(
    reads: Reads, journeys: Collection[UUID], *, needs_about: bool = False
) -> dict[UUID, Known]:
    """What is known of these now; `about` them where a filter needs it."""
    if not journeys:
        return {}
    rows = await reads.rows(OF_THESE, (list(journeys),))
    known = {journey_id: Known.of(*row) for journey_id, *row in rows}
    if not needs_about:
        return known
    told = await about_of(reads, journeys)
    return {key: each._replace(about=told.get(key, NOTHING)) for key, each in known.items()}


async def about_of(reads: Reads, journeys: Collection[UUID]) -> dict[UUID, About]:
    return about.about(await reads.rows(about.SELECT, (list(journeys), about.TELLING)))
