"""What is withheld: which events bear labels that the caller is not cleared for."""

from collections.abc import Collection
from uuid import UUID

from journey.api.access.looks import read
from journey.api.reads import Reads
from journey.domain import labels
from journey.domain.labels import Labels

LABELLED = """
    SELECT DISTINCT journey_id FROM event
     WHERE journey_id = ANY(%s)
       AND (context::text LIKE '%%"labels":["%%' OR type = 'custody.processing_restricted')
    """


async def withheld(reads: Reads, journeys: Collection[UUID], cleared: Labels | None) -> frozenset[UUID]:
    """The events of these journeys that are kept from who is cleared for these labels; None: for all."""
    if cleared is None or not journeys:
        return frozenset()
    found: set[UUID] = set()
    for (journey_id,) in await reads.rows(LABELLED, (list(journeys),)):
        found |= labels.hidden((await read(reads, journey_id)).recorded, cleared)
    return frozenset(found)
