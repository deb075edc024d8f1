"""What is withheld: which events bear labels that the caller is not cleared for."""

from collections.abc import Collection
from typing import LiteralString
from uuid import UUID

from journey.api.access.looks import read_all
from journey.api.reads import Reads
from journey.domain import labels
from journey.domain.labels import Labels

BEARS: LiteralString = """
    (context::text LIKE '%%"labels":["%%' OR type = 'custody.processing_restricted')
    """
"""What makes that something of a journey may be withheld; an index of events says the same."""

LABELLED = "SELECT DISTINCT journey_id FROM event WHERE journey_id = ANY(%s) AND" + BEARS  # noqa: S608 - a constant


async def withheld(reads: Reads, journeys: Collection[UUID], cleared: Labels | None) -> frozenset[UUID]:
    """The events of these journeys that are kept from who is cleared for these labels; None: for all."""
    if cleared is None or not journeys:
        return frozenset()
    bearing = [journey_id for (journey_id,) in await reads.rows(LABELLED, (list(journeys),))]
    return await hidden_of(reads, bearing, cleared)


async def hidden_of(reads: Reads, bearing: Collection[UUID], cleared: Labels | None) -> frozenset[UUID]:
    """The same of journeys that are known to bear labels."""
    if cleared is None or not bearing:
        return frozenset()
    found = (await read_all(reads, bearing)).values()
    return frozenset().union(*(labels.hidden(each.recorded, cleared) for each in found))
