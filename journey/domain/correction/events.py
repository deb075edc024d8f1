"""What was said of what is recorded."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import AwareDatetime

from journey.domain.event import Event, Frozen, Precision
from journey.domain.personal import Personal


class EventVoided(Event, stored_as="correction.voided"):
    """That event does not hold: it was recorded in error, or undone, or hung on one that was."""

    voids: UUID
    of: str
    reason: Personal
    because_of: UUID | None = None


class EventReattributed(EventVoided, stored_as="correction.reattributed"):
    """That event is about another patient and does not hold here, but on that journey, if one is named."""

    to_patient_id: UUID
    to_journey_id: UUID | None = None


class EventReinstated(Event, stored_as="correction.reinstated"):
    """The event holds after all, as it was first recorded, or as it read when another one took it along."""

    reinstates: UUID
    of: str
    reason: Personal
    because_of: UUID | None = None


class EventCorrected(Event, stored_as="correction.corrected"):
    """That event should read otherwise: `data` is all that it says, `happened_at` when it happened. What is
    left out is as it was first recorded.
    """

    corrects: UUID
    of: str
    data: dict[str, Any] | None = None
    data_version: int = 1
    happened_at: AwareDatetime | None = None
    happened_precision: Precision | None = None
    reason: Personal

    def __hash__(self) -> int:
        return hash((self.corrects, self.happened_at, self.reason))

    @property
    def time(self) -> tuple[datetime, Precision] | None:
        """When the event happened, if that was corrected."""
        if self.happened_at is None:
            return None
        return self.happened_at, self.happened_precision or Precision.INSTANT


class Change(Frozen):
    """A time in the answer that is another one since; None where there is none."""

    what: str
    subject_id: UUID | None = None
    before: AwareDatetime | None = None
    after: AwareDatetime | None = None


class TimelineRecomputed(Event, stored_as="correction.timeline_recomputed"):
    """What was told late or corrected has moved what was reached and what is due: from when on, and how."""

    since: AwareDatetime
    changes: tuple[Change, ...]


CorrectionEvent = EventVoided | EventReinstated | EventCorrected | EventReattributed | TimelineRecomputed
CORRECTIONS: frozenset[type[Event]] = frozenset(
    (EventVoided, EventReinstated, EventCorrected, EventReattributed, TimelineRecomputed)
)
"""Asked of every event of every history, where isinstance() of a pydantic class takes seven times as long."""
