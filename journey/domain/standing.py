"""Where a patient stands: stage, what was reached, what is next, what blocks it, who is responsible, and why.

One pure function of the journey's state. What is overdue is never stored: the steps carry their due times,
and `at` decides by the reader's clock.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from journey.domain.codes import EncounterClass, JourneyStatus, VisitStatus
from journey.domain.custody import Safekeeping
from journey.domain.enrolment import Enrolment
from journey.domain.event import Blocker, Fact, Frozen
from journey.domain.identity import Demographics, Identifier
from journey.domain.journey import NONE_INSTALLED, Journey
from journey.domain.pathway import Pathways
from journey.domain.pathway.clocks import Clock
from journey.domain.pathway.course import Course, Following, following
from journey.domain.pathway.plan import Plan
from journey.domain.readmission import readmissions
from journey.domain.room import Loop, Milestone, Step, Waived
from journey.domain.rules import unauthorized
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

    consents: tuple[Loop, ...] = ()
    authorizations: tuple[Loop, ...] = ()
    referrals: tuple[Loop, ...] = ()
    visits: tuple[OpenVisit, ...] = ()
    handoffs: tuple[Loop, ...] = ()
    transfers: tuple[Loop, ...] = ()
    barriers: tuple[Loop, ...] = ()


class Pathway(Frozen):
    """The pathway that the journey follows; `started_at` is missing until it has begun."""

    id: str
    version: str
    title: str | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None


class Standing(Frozen):
    """Where the patient stands, with the facts from which a reader's clock decides what is overdue."""

    journey_id: UUID
    version: int
    status: JourneyStatus
    patient: Patient
    custody: Safekeeping | None = None
    pathway: Pathway | None = None
    stage: str
    since: datetime
    reached: tuple[Milestone, ...]
    waived: tuple[Waived, ...] = ()
    next: tuple[Step, ...]
    later: tuple[Step, ...] = ()
    overdue: tuple[Step, ...] = ()
    at_risk: tuple[Step, ...] = ()
    blocked_by: tuple[Blocker, ...]
    responsible: Responsible | None
    clocks: tuple[Clock, ...] = ()
    open: Open
    why: dict[str, tuple[UUID, ...]]

    def at(self, now: datetime) -> "Standing":
        """The same, with what is overdue, at risk and breached at this moment."""
        steps = (*self.next, *self.later)
        overdue = tuple(step for step in steps if step.due is not None and step.due < now)
        in_time = (step for step in steps if step.due is None or step.due >= now)
        at_risk = tuple(step for step in in_time if step.warn_at is not None and step.warn_at < now)
        clocks = tuple(clock.at(now) for clock in self.clocks)
        return self.model_copy(update={"overdue": overdue, "at_risk": at_risk, "clocks": clocks})

    def calm_until(self, at: datetime) -> datetime | None:
        """The next moment at which the clock moves something in what it says at this one; None for never."""
        moments = [moment for step in (*self.next, *self.later) for moment in (step.due, step.warn_at)]
        moments += [clock.due for clock in self.clocks if clock.stopped_at is None]
        return min((each for each in moments if each is not None and each >= at), default=None)


class Way(NamedTuple):
    """The pathway that a journey follows, where it is installed, and the journey on it since it has begun."""

    plan: Plan | None = None
    on_it: Following | None = None


def way(journey: Journey, pathways: Pathways) -> Way:
    """Gone once for all that is asked of it."""
    enrolment = journey.enrolment
    plan = None if enrolment.pathway is None else pathways.plan(enrolment.pathway, enrolment.version)
    return Way() if plan is None else Way(plan, following(plan, enrolment, journey.recorded))


def standing(journey: Journey, pathways: Pathways = NONE_INSTALLED) -> Standing:
    """Where the patient of this journey stands, by the pathway it follows and by its rooms."""
    return stands(journey, way(journey, pathways))


def stands(journey: Journey, gone: Way) -> Standing:
    """The same, of which the way is gone already."""
    plan = gone.plan
    on_it = Course() if gone.on_it is None else gone.on_it.whole
    is_over = journey.episode.is_over
    stage, since = _stage(journey, on_it)
    steps = [*on_it.next, *journey.steps()]
    steps.sort(key=lambda step: (step.due is None, step.due or since.at))
    owner = journey.episode.owner
    return Standing(
        journey_id=journey.journey_id,
        version=journey.version,
        status=journey.episode.status,
        patient=Patient(
            patient_id=journey.identity.patient_id,
            identifiers=journey.identity.identifiers,
            demographics=journey.identity.demographics,
            links=(*journey.identity.links, *journey.merges.links(journey.identity.patient_id)),
        ),
        custody=Safekeeping.of(journey.custody),
        pathway=_pathway(journey.enrolment, plan, on_it),
        stage=stage,
        since=since.at,
        reached=tuple(sorted((*_reached(journey), *on_it.reached), key=lambda milestone: milestone.at)),
        waived=on_it.waived,
        next=() if is_over else tuple(steps),
        later=() if is_over else on_it.later,
        blocked_by=() if is_over else (*_blockers(journey, plan), *on_it.blockers),
        responsible=owner and Responsible(team=owner.team, person=owner.person, since=owner.since.at),
        clocks=on_it.clocks,
        open=Open(
            consents=tuple(journey.consents.loops()),
            authorizations=tuple(journey.authorizations.loops()),
            referrals=tuple(journey.referrals.loops()),
            visits=tuple(_open_visits(journey)),
            handoffs=tuple(journey.handoffs.loops()),
            transfers=tuple(journey.transfers.loops()),
            barriers=tuple(journey.barriers.loops()),
        ),
        why={name: tuple(fact.event_id for fact in facts) for name, facts in _why(journey, since, on_it)},
    )


def _why(journey: Journey, stage: Fact, on_it: Course) -> Iterator[tuple[str, tuple[Fact, ...]]]:
    """The events that decided what does not name its own."""
    episode, enrolment = journey.episode, journey.enrolment
    yield "status", () if episode.since is None else (episode.since,)
    yield "stage", (stage,)
    yield "responsible", () if episode.owner is None else (episode.owner.since,)
    if enrolment.assigned is not None:
        facts = (enrolment.assigned, enrolment.since or enrolment.assigned)
        yield "pathway", tuple(dict.fromkeys(facts))
    for name, fact in (("pathway.started_at", on_it.began), ("pathway.ended_at", on_it.ended)):
        if fact is not None:
            yield name, (fact,)
    if not episode.is_over:
        yield from ((f"blocked_by.{code}", (fact,)) for code, fact in on_it.stuck.items())


def _pathway(enrolment: Enrolment, plan: Plan | None, on_it: Course) -> Pathway | None:
    if enrolment.pathway is None or enrolment.version is None:
        return None
    return Pathway(
        id=enrolment.pathway,
        version=enrolment.version,
        title=plan and plan.definition.title,
        started_at=on_it.began and on_it.began.at,
        ended_at=on_it.ended and on_it.ended.at,
    )


def _stage(journey: Journey, on_it: Course) -> tuple[str, Fact]:
    """Where the patient is, in the pathway's words or the rooms', and the fact that put them there."""
    status = journey.episode.status
    since = journey.episode.since
    if since is None:
        raise ValueError("A journey that was never opened stands nowhere")
    if status not in UNDER_WAY:
        return status, since
    if on_it.stage is not None and on_it.ended is None:
        return on_it.stage
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
    yield from journey.episode.reached()
    yield from readmissions(journey.visits, journey.discharges)
    for room in journey.rooms():
        yield from room.reached()


def _blockers(journey: Journey, plan: Plan | None) -> Iterator[Blocker]:
    enrolment = journey.enrolment
    if enrolment.pathway is not None and plan is None:
        what = f"{enrolment.pathway} {enrolment.version} is not installed: what it asks for is not known"
        yield Blocker(code="pathway-not-installed", what=what)
    if plan is not None and enrolment.digest not in {None, plan.digest}:
        what = f"{enrolment.pathway} {enrolment.version} is not what it was when it was assigned"
        yield Blocker(code="pathway-altered", what=what)
    if journey.episode.owner is None:
        yield Blocker(code="no-owner", what="nobody is accountable: assign-owner")
    for room in journey.rooms():
        yield from room.blockers()
    yield from unauthorized(journey)


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
