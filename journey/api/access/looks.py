"""Looks: what is known of a journey that a request names, from the read model or else from its events."""

import asyncio
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from journey.api.reads import Reads, Rows
from journey.api.together import Together
from journey.domain import labels
from journey.domain.careteam import teams
from journey.domain.correction import History
from journey.domain.journey import journey_at
from journey.domain.labels import Labels
from journey.projections.audience import Audience
from journey.store.log import SELECT_WHOLE, parted

LOOK = """
    SELECT asked.journey_id, status.version, status.patient_id, status.teams, status.labels, status.audience,
           status.standing::text, status.calm_until,
           (SELECT max(version) FROM event WHERE event.journey_id = asked.journey_id)
      FROM unnest(%s::uuid[]) AS asked (journey_id)
           LEFT JOIN patient_status AS status ON status.journey_id = asked.journey_id
     ORDER BY status.audience
    """
"""Of a journey with labelled events the whole row comes first."""

FEW = 50
"""Events that are read in less time than it takes to ask a thread to."""


class Stored(NamedTuple):
    """Where the patient stands by the read model, and until when the clock moves nothing in it."""

    standing: str
    calm_until: datetime | None


class Known(NamedTuple):
    """What is known of a journey; `standings` are missing where the read model is behind."""

    version: int
    patient_id: UUID | None
    teams: frozenset[str]
    labels: Labels
    standings: dict[Audience, Stored]


class Looks:
    """Requests that look at the same time look together."""

    def __init__(self, reads: Reads) -> None:
        self.reads = reads
        self._looks = Together(self._rows)

    async def at(self, journey_id: UUID) -> Known | None:
        """None where there is no such journey. Raises StoreUnavailable."""
        rows = await self._looks.ask(journey_id)
        version, patient_id, at_work, borne, _, _, _, head = rows[0]
        if head is None:
            return None
        if version is not None and version >= head:
            standings = {Audience(row[4]): Stored(*row[5:7]) for row in rows}
            return Known(version, patient_id, frozenset(at_work), frozenset(borne), standings)
        return await self._from_its_events(journey_id)

    async def _from_its_events(self, journey_id: UUID) -> Known | None:
        history = await read(self.reads, journey_id)
        journey = await asyncio.to_thread(journey_at, history)
        if journey is None:
            return None
        borne = labels.of_journey(journey.recorded)
        return Known(history.version, journey.identity.patient_id, teams(journey), borne, {})

    async def _rows(self, asked: Sequence[UUID]) -> Sequence[list[tuple[Any, ...]]]:
        found: dict[UUID, list[tuple[Any, ...]]] = {journey_id: [] for journey_id in asked}
        for journey_id, *row in await self.reads.rows(LOOK, (list(found),)):
            found[journey_id].append(tuple(row))
        return [found[journey_id] for journey_id in asked]


async def read(reads: Reads, journey_id: UUID) -> History:
    """Everything recorded on a journey."""
    found = await read_all(reads, (journey_id,))
    return found.get(journey_id, History())


async def read_all(reads: Reads, journeys: Collection[UUID]) -> dict[UUID, History]:
    """Everything recorded on each of these journeys, by their ids."""
    rows = await reads.rows(SELECT_WHOLE, (list(journeys),), binary=True)
    return _histories(rows) if len(rows) <= FEW else await asyncio.to_thread(_histories, rows)


def _histories(rows: Rows) -> dict[UUID, History]:
    return dict(parted(rows))
