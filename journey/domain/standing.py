"""Where a patient stands: stage, what was reached, what is next, what blocks it, who is responsible, and why.

One pure function of the journey's state. What is overdue is never stored: the steps carry their due times,
and `at` decides by the reader's clock.
"""

from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

from journey.domain.codes import EncounterClass, JourneyStatus, VisitStatus
from journey.domain.event import Blocker, Fact, Frozen
from journey.domain.identity import Demographics, Identifier
from journey.domain.journey import Journey
from journey.domain.room import Loop, Milestone, Step, milestone
from journey.domain.visit import Visit

UNDER_WAY = frozenset({JourneyStatus.PLANNED, JourneyStatus.WAITLIST, JourneyStatus.ACTIVE})
"""The statuses in which something goes on that says more than the status does."""


class Patient(Frozen):
    """Whose journey it is."""

    patient_id: UUID | None
    identifiers: tuple[Identifier, ...]
    demographics: Demographics
    links: tuple[tuple[UUID, str], ...] = ()


class OpenVisit(Frozen):
    """A visit that lies ahead or is going on."""

    visit_id: UUID
    status: VisitStatus
    since: datetime
    event_id: UUID
    encounter_class: EncounterClass | None = None
    start: datetime | None = None
    service: str | None = None
    location: str | None = None


class Responsible(Frozen):
    """Who is accountable."""

    team: str
    person: str | None = None
    since: datetime


class Open(Frozen):
    """The loops that are not closed yet, by room."""

    referrals: tuple[Loop, ...] = ()
    visits: tuple[OpenVisit, ...] = ()


class Standing(Frozen):
    """Where the patient stands, with the facts from which a reader's clock decides what is overdue."""

    journey_id: UUID
    version: int
    status: JourneyStatus
    patient: Patient
    stage: str
    since: datetime
    reached: tuple[Milestone, ...]
    next: tuple[Step, ...]
    overdue: tuple[Step, ...] = ()
    at_risk: tuple[Step, ...] = ()
    blocked_by: tuple[Blocker, ...]
    responsible: Responsible | None
    open: Open
    why: dict[str, tuple[UUID, ...]]

    def at(self, now: datetime) -> "Standing":
        """The same, with what is overdue and at risk at this moment."""
        overdue = tuple(step for step in self.next if step.due is not None and step.due < now)
        at_risk = tuple(
            step
            for step in self.next
            if step.warn_at is not None and step.warn_at < now and step not in overdue
        )
        return self.model_copy(update={"overdue": overdue, "at_risk": at_risk})


def standing(journey: Journey) -> Standing:
    """Where the patient of this journey stands."""
    stage, since = _stage(journey)
    rooms = journey.rooms()
    steps = sorted(
        (step for room in rooms for step in room.steps()),
        key=lambda step: (step.due is None, step.due or since.at),
    )
    owner = journey.episode.owner
    return Standing(
        journey_id=journey.journey_id,
        version=journey.version,
        status=journey.episode.status,
        patient=Patient(
            patient_id=journey.identity.patient_id,
            identifiers=journey.identity.identifiers,
            demographics=journey.identity.demographics,
            links=journey.identity.links,
        ),
        stage=stage,
        since=since.at,
        reached=tuple(sorted(_reached(journey), key=lambda milestone: milestone.at)),
        next=() if journey.episode.is_over else tuple(steps),
        blocked_by=() if journey.episode.is_over else tuple(_blockers(journey)),
        responsible=owner and Responsible(team=owner.team, person=owner.person, since=owner.since.at),
        open=Open(referrals=tuple(journey.referrals.loops()), visits=tuple(_open_visits(journey))),
        why={
            "status": () if journey.episode.since is None else (journey.episode.since.event_id,),
            "stage": (since.event_id,),
            "responsible": () if owner is None else (owner.since.event_id,),
        },
    )


def _stage(journey: Journey) -> tuple[str, Fact]:
    """The word for where the patient is, and the fact that put them there."""
    status = journey.episode.status
    since = journey.episode.since
    if since is None:
        raise ValueError("A journey that was never opened stands nowhere")
    if status not in UNDER_WAY:
        return status, since
    here = [visit for visit in journey.visits if visit.is_here]
    if here:
        visit = max(here, key=lambda each: (each.is_stay, each.since.at))
        return _presence(visit), visit.since
    if journey.intake.is_open and journey.intake.since is not None:
        return "intake", journey.intake.since
    booked = [visit for visit in journey.visits if visit.status is VisitStatus.BOOKED]
    if booked:
        return "visit-booked", min(booked, key=lambda each: each.start or each.since.at).since
    if status is not JourneyStatus.ACTIVE:
        return status, since
    departures = [each.departed for each in journey.discharges if each.departed and not each.closed]
    if departures:
        return "after-discharge", max(departures, key=lambda fact: fact.at)
    return "in-care", max((since, *_ends(journey)), key=lambda fact: fact.at)


def _presence(visit: Visit) -> str:
    if visit.status in {VisitStatus.ARRIVED, VisitStatus.CHECKED_IN}:
        return "arrived"
    if visit.status is VisitStatus.ON_LEAVE:
        return "on-leave"
    if visit.is_stay:
        return "in-hospital"
    return "in-emergency" if visit.encounter_class is EncounterClass.EMERGENCY else "in-visit"


def _ends(journey: Journey) -> Iterator[Fact]:
    return (visit.ended for visit in journey.visits if visit.ended is not None)


def _reached(journey: Journey) -> Iterator[Milestone]:
    yield from milestone("journey-opened", journey.episode.opened)
    for room in journey.rooms():
        yield from room.reached()


def _blockers(journey: Journey) -> Iterator[Blocker]:
    if journey.episode.owner is None:
        yield Blocker(code="no-owner", what="nobody is accountable: assign-owner")
    for room in journey.rooms():
        yield from room.blockers()


def _open_visits(journey: Journey) -> Iterator[OpenVisit]:
    for visit in journey.visits:
        if visit.is_open:
            yield OpenVisit(
                visit_id=visit.visit_id,
                status=visit.status,
                since=visit.since.at,
                event_id=visit.since.event_id,
                encounter_class=visit.encounter_class,
                start=visit.start,
                service=visit.service,
                location=str(visit.location) if visit.location else None,
            )
