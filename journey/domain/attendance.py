"""Attendance: which of the recorded no-shows stand, for whoever counts by them.

One does not where it was reversed, nor where the patient turns out to have come, be it late or only told
late, before another time was agreed. It stays recorded, and what it undid or stopped on a pathway is as if it
had not been.
"""

from collections.abc import Iterable, Sequence
from uuid import UUID

from journey.domain.event import Event, Recorded
from journey.domain.visit.events import (
    NoShowRecorded,
    NoShowReversed,
    PatientAdmitted,
    PatientArrived,
    PatientCheckedIn,
    PatientLeftUnseen,
    VisitBooked,
    VisitCompleted,
    VisitRescheduled,
    VisitStarted,
)

CAME: frozenset[type[Event]] = frozenset(
    (PatientArrived, PatientCheckedIn, VisitStarted, PatientAdmitted, PatientLeftUnseen, VisitCompleted)
)
AGREED: frozenset[type[Event]] = frozenset((VisitBooked, VisitRescheduled))


def undoes_a_no_show(recorded: Sequence[Recorded], events: Iterable[Event]) -> bool:
    """Whether any of these may say that a no-show among what is recorded was none."""
    if not any(type(each) in CAME or type(each) is NoShowReversed for each in events):
        return False
    return any(type(each.event) is NoShowRecorded for each in recorded)


def mistaken_left_out(recorded: Sequence[Recorded]) -> Sequence[Recorded]:
    """The same events, which are in the order in which they happened, without the no-shows that were none."""
    if not any(type(each.event) is NoShowRecorded for each in recorded):
        return recorded
    missed: dict[UUID, set[UUID]] = {}
    came: set[UUID] = set()
    mistaken: set[UUID] = set()
    for each in recorded:
        event, kind = each.event, type(each.event)
        if isinstance(event, NoShowRecorded):
            if event.visit_id in came:
                mistaken.add(each.event_id)
            else:
                missed.setdefault(event.visit_id, set()).add(each.event_id)
        elif kind in CAME or kind is NoShowReversed:
            visit_id: UUID = event.visit_id  # type: ignore[attr-defined]  # every event of a visit names it
            mistaken |= missed.pop(visit_id, set())
            if kind in CAME:
                came.add(visit_id)
        elif kind in AGREED:
            visit_id = event.visit_id  # type: ignore[attr-defined]  # as above
            missed.pop(visit_id, None)
            came.discard(visit_id)
    return [each for each in recorded if each.event_id not in mistaken]
