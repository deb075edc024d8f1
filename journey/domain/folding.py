"""Folding: a journey kept folded, so that what happened after all before it is one more step."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple
from uuid import UUID

from journey.domain.correction import CORRECTIONS, History, in_order
from journey.domain.custody import SubjectErased
from journey.domain.event import Recorded
from journey.domain.journey import Journey, evolve, fold

REREAD = CORRECTIONS | {SubjectErased}
"""What changes how the events before it read."""

Order = tuple[bool, datetime, datetime, int]
BEFORE_ALL: Order = (False, datetime.min.replace(tzinfo=UTC), datetime.min.replace(tzinfo=UTC), 0)


class Folded(NamedTuple):
    """A journey's state, and where in the order of what happened it ends."""

    journey: Journey
    ends: Order = BEFORE_ALL

    def further(self, events: Sequence[Recorded]) -> "Folded | None":
        """The same with these events, which were recorded next; None where one of them is late, or a
        correction, and the journey has to be folded anew.
        """
        ends = self.ends
        for each in events:
            order = in_order(each)
            if order < ends or type(each.event) in REREAD:
                return None
            ends = order
        return Folded(evolve(self.journey, events), ends)


def anew(history: History, journey_id: UUID, until: datetime | None = None) -> Folded:
    """All that holds, or had happened by then, folded from the start."""
    holding = history.effective if until is None else history.until(until)
    return Folded(fold(holding, journey_id, history.version), in_order(holding[-1]))
