"""What happens to a visit if this is done now. Yields nothing when it has already happened."""

from collections.abc import Iterator
from typing import cast

from journey.domain.codes import EncounterClass, VisitStatus
from journey.domain.event import Command, Event, Refused
from journey.domain.room import NotPossibleNow, listed
from journey.domain.visit import commands as ask
from journey.domain.visit import events as happened
from journey.domain.visit.evolve import evolve
from journey.domain.visit.state import TRANSITIONS, Visit, Visits


class UnknownVisit(Refused):
    """No visit of this journey has this id."""


class AlreadyInHospital(Refused):
    """One stay at a time."""


class EndsByDischarge(Refused):
    """A stay ends by a discharge, with a disposition."""


CARRIES_OUT: dict[type[Command], type[Event]] = {
    ask.RequestVisit: happened.VisitRequested,
    ask.WaitlistVisit: happened.VisitWaitlisted,
    ask.BookVisit: happened.VisitBooked,
    ask.RescheduleVisit: happened.VisitRescheduled,
    ask.ChangeVisit: happened.VisitChanged,
    ask.CancelVisit: happened.VisitCancelled,
    ask.RemoveVisit: happened.VisitEnteredInError,
    ask.RecordNoShow: happened.NoShowRecorded,
    ask.ReverseNoShow: happened.NoShowReversed,
    ask.RecordArrival: happened.PatientArrived,
    ask.CheckIn: happened.PatientCheckedIn,
    ask.StartVisit: happened.VisitStarted,
    ask.AdmitPatient: happened.PatientAdmitted,
    ask.ChangeClass: happened.EncounterClassChanged,
    ask.MovePatient: happened.PatientMoved,
    ask.StartLeave: happened.LeaveStarted,
    ask.EndLeave: happened.LeaveEnded,
    ask.RecordLeftUnseen: happened.PatientLeftUnseen,
    ask.CompleteVisit: happened.VisitCompleted,
}

RECURS = (happened.PatientMoved, happened.EncounterClassChanged)
"""What may happen again without another status in between."""


def decide(visits: Visits, command: ask.VisitCommand) -> Iterator[happened.VisitEvent]:
    """The event that carries the command out on the visits as they stood when it occurred."""
    event = cast(happened.VisitEvent, CARRIES_OUT[type(command)](**command.facts()))
    visit = visits.get(command.visit_id)
    if visit is not None and _has_happened(visits, visit, event, reported=command.reported):
        return
    if not command.reported:
        _refuse_out_of_order(visit, command, type(event))
        _refuse_second_stay(visits, visit, event)
        if isinstance(command, ask.CompleteVisit) and visit is not None and visit.is_stay:
            raise EndsByDischarge("A hospital stay ends by discharge-patient, which asks for a disposition.")
    yield event


def _has_happened(visits: Visits, visit: Visit, event: happened.VisitEvent, *, reported: bool) -> bool:
    """Whether all that the event says of the visit is true already, whichever event made it so.

    A report of the status or place that the visit has is another fact all the same: what came between
    may yet be reported, or be undone. And nobody can ask for a wait or a no-show of who has come.
    """
    after = evolve(visits, event, visit.since).by_id[visit.visit_id]
    if after._replace(since=visit.since, ended=visit.ended) != visit:
        return False
    _, target = TRANSITIONS[type(event)]
    if reported:
        return target is not visit.status and not isinstance(event, RECURS)
    return target is visit.status or target not in {VisitStatus.WAITLIST, VisitStatus.NO_SHOW}


def _refuse_out_of_order(visit: Visit | None, command: ask.VisitCommand, event: type[Event]) -> None:
    sources, _ = TRANSITIONS[event]
    if visit is None:
        if None not in sources:
            raise UnknownVisit("No visit of this journey has this id; book or request it first.")
    elif visit.status not in sources and not _needs_no_arrival(visit, command):
        raise NotPossibleNow(
            f"The visit is {visit.status}; {command.name()} is possible when it is "
            f"{listed(sources)}. Another system's report of it is recorded with reported: true."
        )


def _needs_no_arrival(visit: Visit, command: ask.VisitCommand) -> bool:
    """A virtual visit starts from its booking: nobody arrives."""
    return (
        isinstance(command, ask.StartVisit)
        and visit.status is VisitStatus.BOOKED
        and EncounterClass.VIRTUAL in (visit.encounter_class, command.encounter_class)
    )


def _refuse_second_stay(visits: Visits, visit: Visit | None, event: happened.VisitEvent) -> None:
    other = visits.stay(besides=event.visit_id)
    if other is None or (visit is not None and visit.is_here and visit.is_stay):
        return
    after = evolve(visits, event, other.since).by_id[event.visit_id]
    if after.is_here and after.is_stay:
        raise AlreadyInHospital("The patient is in another stay; discharge it, or record this as a move.")
