"""What is true of the visits of a journey: only what a rule or the patient's standing reads."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import NamedTuple
from uuid import UUID

from journey.domain.codes import STAYS, Channel, EncounterClass, Initiator, VisitStatus
from journey.domain.event import Blocker, Coded, Fact
from journey.domain.place import Location
from journey.domain.room import Milestone, Step, Things, Transitions, milestone, step
from journey.domain.visit import events as happened
from journey.domain.visit.events import Attendee, NoShowSource

AHEAD = frozenset({VisitStatus.PROPOSED, VisitStatus.WAITLIST, VisitStatus.BOOKED})
HERE = frozenset({VisitStatus.ARRIVED, VisitStatus.CHECKED_IN, VisitStatus.IN_PROGRESS, VisitStatus.ON_LEAVE})
OPEN = AHEAD | HERE

NO_SHOW_GRACE = timedelta(minutes=30)
"""How long after its start a booked visit is expected before the patient is missed."""

S = VisitStatus
IN_SESSION = frozenset({S.BOOKED, S.ARRIVED, S.CHECKED_IN, S.IN_PROGRESS})
TRANSITIONS: Transitions = {
    happened.VisitRequested: (frozenset({None}), S.PROPOSED),
    happened.VisitWaitlisted: (frozenset({S.PROPOSED}), S.WAITLIST),
    happened.VisitBooked: (frozenset({None, S.PROPOSED, S.WAITLIST}), S.BOOKED),
    happened.VisitRescheduled: (frozenset({S.BOOKED, S.NO_SHOW}), S.BOOKED),
    happened.VisitChanged: (AHEAD, None),
    happened.AppointmentCommunicated: (frozenset({S.BOOKED, S.NO_SHOW}), None),
    happened.VisitCancelled: (AHEAD | {S.NO_SHOW}, S.CANCELLED),
    happened.VisitEnteredInError: (AHEAD | {S.CANCELLED, S.NO_SHOW, S.LEFT_UNSEEN}, S.ENTERED_IN_ERROR),
    happened.NoShowRecorded: (frozenset({S.BOOKED, S.NO_SHOW}), S.NO_SHOW),
    happened.NoShowReversed: (frozenset({S.NO_SHOW}), S.BOOKED),
    happened.PatientArrived: (frozenset({None, S.BOOKED, S.NO_SHOW}), S.ARRIVED),
    happened.PatientCheckedIn: (frozenset({S.ARRIVED}), S.CHECKED_IN),
    happened.VisitStarted: (frozenset({S.ARRIVED, S.CHECKED_IN}), S.IN_PROGRESS),
    happened.TelehealthJoined: (IN_SESSION | {S.NO_SHOW}, None),
    happened.TelehealthFailed: (IN_SESSION, None),
    happened.PatientAdmitted: (frozenset({None, S.BOOKED}) | HERE, S.IN_PROGRESS),
    happened.EncounterClassChanged: (HERE, None),
    happened.PatientMoved: (HERE, None),
    happened.LeaveStarted: (frozenset({S.IN_PROGRESS}), S.ON_LEAVE),
    happened.LeaveEnded: (frozenset({S.ON_LEAVE}), S.IN_PROGRESS),
    happened.PatientLeftUnseen: (frozenset({S.ARRIVED, S.CHECKED_IN}), S.LEFT_UNSEEN),
    happened.VisitCompleted: (frozenset({S.IN_PROGRESS}), S.FINISHED),
    happened.FollowUpOrdered: (HERE | {S.FINISHED}, None),
    happened.FollowUpDropped: (frozenset(S), None),
}
PASSED: dict[VisitStatus | None, frozenset[VisitStatus]] = {
    S.PROPOSED: OPEN | {S.FINISHED, S.LEFT_UNSEEN},
    **dict.fromkeys((S.WAITLIST, S.BOOKED, S.NO_SHOW), HERE | {S.FINISHED, S.LEFT_UNSEEN}),
    **dict.fromkeys((S.ARRIVED, S.CHECKED_IN), frozenset({S.CHECKED_IN, S.IN_PROGRESS, S.ON_LEAVE})),
}
"""Where a visit that is further along is not taken back to: whoever has come is not on a waiting list."""

NEXT = {
    S.PROPOSED: "book-visit",
    S.WAITLIST: "book-visit",
    S.BOOKED: "record-arrival",
    S.ARRIVED: "start-visit",
    S.CHECKED_IN: "start-visit",
    S.NO_SHOW: "reschedule-visit",
}


class NoShow(NamedTuple):
    """Who said that the patient did not come, and whether that is only a proposal."""

    source: NoShowSource | None
    proposed: bool


class FollowUp(NamedTuple):
    """What was ordered at a visit; `dropped` says why it need not be."""

    ordered: Fact
    service: Coded | None = None
    due: datetime | None = None
    ordered_by: str | None = None
    dropped: str | None = None


class Visit(NamedTuple):
    """One visit. `since` is the event that gave it its status."""

    visit_id: UUID
    status: VisitStatus
    since: Fact
    encounter_class: EncounterClass | None = None
    start: datetime | None = None
    end: datetime | None = None
    service: str | None = None
    coded: Coded | None = None
    location: Location | None = None
    participants: tuple[str, ...] = ()
    comment: str | None = None
    begun: Fact | None = None
    admitted: Fact | None = None
    ended: Fact | None = None
    authorization_id: UUID | None = None
    authorization_required: bool | None = None
    authorization_units: int | None = None
    override_reason: str | None = None
    referral_id: UUID | None = None
    follow_up_id: UUID | None = None
    interpreter: str | None = None
    transport: str | None = None
    first_activity: bool | None = None
    communicated: bool | None = None
    told_by: Channel | None = None
    initiator: Initiator | None = None
    reason: Coded | None = None
    no_show: NoShow | None = None
    joined: frozenset[Attendee] = frozenset()
    failed: str | None = None
    follow_ups: Mapping[UUID, FollowUp] = MappingProxyType({})

    @property
    def is_missed(self) -> bool:
        """The patient did not come, and that is more than a proposal."""
        return self.no_show is not None and not self.no_show.proposed

    @property
    def is_virtual(self) -> bool:
        return self.encounter_class is EncounterClass.VIRTUAL

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
class Visits(Things[Visit]):
    """Every visit of the journey."""

    def stay(self, *, besides: UUID) -> Visit | None:
        """The other stay that the patient is in, if any."""
        return next(
            (each for each in self if each.is_here and each.is_stay and each.visit_id != besides), None
        )

    def left_open(self) -> Iterator[Blocker]:
        for each in self:
            if each.is_open:
                yield Blocker(code="open-visit", what=f"a visit is {each.status}", subject_id=each.visit_id)
        for key, _ in self.unbooked():
            yield Blocker(code="open-follow-up", what="a follow-up is ordered, not booked", subject_id=key)

    def unbooked(self) -> Iterator[tuple[UUID, FollowUp]]:
        """The follow-ups that were ordered, and that no visit is booked for."""
        ordered = [each for visit in self if visit.follow_ups for each in visit.follow_ups.items()]
        if not ordered:
            return
        booked = {each.follow_up_id for each in self if each.status not in {S.CANCELLED, S.ENTERED_IN_ERROR}}
        yield from ((key, each) for key, each in ordered if each.dropped is None and key not in booked)

    def reached(self) -> Iterator[Milestone]:
        for each in self:
            yield from milestone("visit-started", each.begun, each.visit_id)
            yield from milestone("admitted", each.admitted, each.visit_id)
            yield from milestone("visit-ended", each.ended, each.visit_id)

    def steps(self) -> Iterator[Step]:
        for each in self:
            name = _next(each)
            if name is not None:
                expected = name in {"record-arrival", "join-telehealth"} and each.start
                due = expected + NO_SHOW_GRACE if expected else None
                yield Step(step=name, subject_id=each.visit_id, due=due, event_id=each.since.event_id)
        for key, follow_up in self.unbooked():
            yield step("book-visit", follow_up.ordered, follow_up.due, key)

    def blockers(self) -> Iterator[Blocker]:
        for each in self:
            if each.failed is not None and each.status in IN_SESSION:
                what = "the connection failed: join-telehealth again, or reschedule-visit"
                yield Blocker(code="telehealth-failed", what=what, subject_id=each.visit_id)


def _next(visit: Visit) -> str | None:
    """What is done about a visit next."""
    if visit.status is S.IN_PROGRESS:
        return None if visit.is_stay else "complete-visit"
    if visit.status is S.BOOKED and visit.is_virtual:
        return "join-telehealth"
    if visit.no_show is not None and visit.no_show.proposed:
        return "record-no-show"
    return NEXT.get(visit.status)
