"""What is true of the visits of a journey: only what a rule or the patient's standing reads."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from journey.domain.codes import STAYS, EncounterClass, VisitStatus
from journey.domain.event import Event, Fact
from journey.domain.place import Location
from journey.domain.visit import events as happened

AHEAD = frozenset({VisitStatus.PROPOSED, VisitStatus.WAITLIST, VisitStatus.BOOKED})
HERE = frozenset({VisitStatus.ARRIVED, VisitStatus.CHECKED_IN, VisitStatus.IN_PROGRESS, VisitStatus.ON_LEAVE})
OPEN = AHEAD | HERE

S = VisitStatus
TRANSITIONS: dict[type[Event], tuple[frozenset[VisitStatus | None], VisitStatus | None]] = {
    happened.VisitRequested: (frozenset({None}), S.PROPOSED),
    happened.VisitWaitlisted: (frozenset({S.PROPOSED}), S.WAITLIST),
    happened.VisitBooked: (frozenset({None, S.PROPOSED, S.WAITLIST}), S.BOOKED),
    happened.VisitRescheduled: (frozenset({S.BOOKED, S.NO_SHOW}), S.BOOKED),
    happened.VisitChanged: (AHEAD, None),
    happened.VisitCancelled: (AHEAD, S.CANCELLED),
    happened.VisitEnteredInError: (AHEAD | {S.CANCELLED, S.NO_SHOW}, S.ENTERED_IN_ERROR),
    happened.NoShowRecorded: (frozenset({S.BOOKED}), S.NO_SHOW),
    happened.NoShowReversed: (frozenset({S.NO_SHOW}), S.BOOKED),
    happened.PatientArrived: (frozenset({None, S.BOOKED, S.NO_SHOW}), S.ARRIVED),
    happened.PatientCheckedIn: (frozenset({S.ARRIVED}), S.CHECKED_IN),
    happened.VisitStarted: (frozenset({S.ARRIVED, S.CHECKED_IN}), S.IN_PROGRESS),
    happened.PatientAdmitted: (frozenset({None, S.BOOKED}) | HERE, S.IN_PROGRESS),
    happened.EncounterClassChanged: (HERE, None),
    happened.PatientMoved: (HERE, None),
    happened.LeaveStarted: (frozenset({S.IN_PROGRESS}), S.ON_LEAVE),
    happened.LeaveEnded: (frozenset({S.ON_LEAVE}), S.IN_PROGRESS),
    happened.PatientLeftUnseen: (frozenset({S.ARRIVED, S.CHECKED_IN}), S.LEFT_UNSEEN),
    happened.VisitCompleted: (frozenset({S.IN_PROGRESS}), S.FINISHED),
}
"""For each event: the statuses it may follow (None: no visit yet) and the one it leads to (None: as is)."""

PASSED: dict[VisitStatus | None, frozenset[VisitStatus]] = {
    S.PROPOSED: OPEN | {S.FINISHED, S.LEFT_UNSEEN},
    **dict.fromkeys((S.WAITLIST, S.BOOKED, S.NO_SHOW), HERE | {S.FINISHED, S.LEFT_UNSEEN}),
    **dict.fromkeys((S.ARRIVED, S.CHECKED_IN), frozenset({S.CHECKED_IN, S.IN_PROGRESS, S.ON_LEAVE})),
}
"""Where a visit that is further along is not taken back to: whoever has come is not on a waiting list."""


class Visit(NamedTuple):
    """One visit. `since` is the event that gave it its status."""

    visit_id: UUID
    status: VisitStatus
    since: Fact
    encounter_class: EncounterClass | None = None
    start: datetime | None = None
    end: datetime | None = None
    service: str | None = None
    location: Location | None = None
    participants: tuple[str, ...] = ()
    comment: str | None = None
    begun: Fact | None = None
    admitted: Fact | None = None
    ended: Fact | None = None

    @property
    def is_stay(self) -> bool:
        """Whether the patient has a bed in it."""
        return self.admitted is not None or self.encounter_class in STAYS

    @property
    def is_here(self) -> bool:
        return self.status in HERE

    @property
    def is_open(self) -> bool:
        return self.status in OPEN


@dataclass(frozen=True, slots=True)
class Visits:
    """Every visit of the journey."""

    by_id: Mapping[UUID, Visit] = field(default_factory=dict)

    def __iter__(self) -> Iterator[Visit]:
        return iter(self.by_id.values())

    def get(self, visit_id: UUID) -> Visit | None:
        return self.by_id.get(visit_id)

    def having(self, visit: Visit) -> "Visits":
        return Visits({**self.by_id, visit.visit_id: visit})

    def stay(self, *, besides: UUID) -> Visit | None:
        """The other stay that the patient is in, if any."""
        return next(
            (each for each in self if each.is_here and each.is_stay and each.visit_id != besides), None
        )
