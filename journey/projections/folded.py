"""Journeys kept folded while the log goes by, so that a batch folds its new events only.

An event that happened after all before it is one step; a late one, or a correction, folds its journey anew.
"""

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

from psycopg import Connection

from journey.domain.event import Recorded
from journey.domain.folding import Folded, anew
from journey.domain.journey import Journey
from journey.projections.model import KEPT, Change
from journey.store import log


def parted(batch: Sequence[Recorded]) -> dict[UUID, list[Recorded]]:
    """The events of each journey, in their order."""
    by_journey: dict[UUID, list[Recorded]] = {}
    for each in batch:
        by_journey.setdefault(each.journey_id, []).append(each)
    return by_journey


def unfolded(batch: Sequence[Recorded]) -> Iterator[Change]:
    """What the batch did to each of its journeys, for who does not ask where they stand."""
    return (_change(journey_id, events) for journey_id, events in parted(batch).items())


def _change(
    journey_id: UUID,
    events: Sequence[Recorded],
    state: Journey | None = None,
    before: Journey | None = None,
) -> Change:
    return Change(journey_id, tuple(events), events[-1].position or 0, state, before)


class FoldedJourneys:
    """The states of the journeys that the log spoke of lately."""

    def __init__(self, capacity: int = KEPT) -> None:
        self._capacity = capacity
        self._kept: OrderedDict[UUID, Folded] = OrderedDict()

    def forget(self) -> None:
        """Start over: what was folded has not been committed."""
        self._kept.clear()

    def changes(self, connection: Connection[Any], batch: Sequence[Recorded]) -> Iterator[Change]:
        """What the batch, which directly follows the one before, did to each of its journeys."""
        by_journey = parted(batch)
        before = dict(self._just_before(by_journey))
        others = [
            journey_id for journey_id, events in by_journey.items() if not self._follows(journey_id, events)
        ]
        until = batch[-1].position or 0
        for journey_id, history in log.histories(connection, others, until) if others else ():
            self._keep(journey_id, anew(history, journey_id))
        for journey_id, events in by_journey.items():
            yield _change(journey_id, events, self._kept[journey_id].journey, before.get(journey_id))
        while len(self._kept) > self._capacity:
            self._kept.popitem(last=False)

    def _just_before(self, by_journey: dict[UUID, list[Recorded]]) -> Iterator[tuple[UUID, Journey]]:
        """Where journeys stood right before: not where somebody else has projected something since."""
        for journey_id, events in by_journey.items():
            kept = self._kept.get(journey_id)
            if kept is not None and kept.journey.version + 1 == events[0].version:
                yield journey_id, kept.journey

    def _follows(self, journey_id: UUID, events: Sequence[Recorded]) -> bool:
        """Fold the events on top, if each of them happened after all before it."""
        kept = self._kept.get(journey_id) or Folded(Journey(journey_id, 0))
        if events[0].version != kept.journey.version + 1:
            return False
        further = kept.further(events)
        if further is None:
            return False
        self._keep(journey_id, further)
        return True

    def _keep(self, journey_id: UUID, kept: Folded) -> None:
        self._kept[journey_id] = kept
        self._kept.move_to_end(journey_id)
