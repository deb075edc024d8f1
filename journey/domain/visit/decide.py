"""What happens to a visit if this is done now. Yields nothing when it has already happened."""

from collections.abc import Iterator
from datetime import timedelta
from typing import cast

from journey.domain.codes import EncounterClass, VisitStatus
from journey.domain.event import Command, Event, Refused
from journey.domain.room import SOME_TIME, NotPossibleNow, UnknownSubject, listed
from journey.domain.visit import commands as ask
from journey.domain.visit import events as happened
from journey.domain.visit.evolve import evolve
from journey.domain.visit.state import NO_SHOW_GRACE, TRANSITIONS, Visit, Visits


class UnknownVisit(Refused):
    """No visit of this journey has this id."""


class AlreadyInHospital(Refused):
    """One stay at a time."""


class NotVirtual(Refused):
    """Only a virtual visit is joined from afar."""


class NotMissed(Refused):
    """A clock alone does not make this a no-show."""


class EndsBeforeItStarts(Refused):
    """An appointment ends after it starts."""


class EndsByDischarge(Refused):
    """A stay ends by a discharge, with a disposition."""


CARRIES_OUT: dict[type[Command], type[Event]] = {
    ask.RequestVisit: happened.VisitRequested,
    ask.WaitlistVisit: happened.VisitWaitlisted,
    ask.BookVisit: happened.VisitBooked,
    ask.RescheduleVisit: happened.VisitRescheduled,
    ask.ChangeVisit: happened.VisitChanged,
    ask.CommunicateAppointment: happened.AppointmentCommunicated,
    ask.CancelVisit: happened.VisitCancelled,
    ask.RemoveVisit: happened.VisitEnteredInError,
    ask.RecordNoShow: happened.NoShowRecorded,
    ask.ReverseNoShow: happened.NoShowReversed,
    ask.RecordArrival: happened.PatientArrived,
    ask.CheckIn: happened.PatientCheckedIn,
    ask.StartVisit: happened.VisitStarted,
    ask.JoinTelehealth: happened.TelehealthJoined,
    ask.RecordTelehealthFailure: happened.TelehealthFailed,
    ask.AdmitPatient: happened.PatientAdmitted,
    ask.ChangeClass: happened.EncounterClassChanged,
    ask.MovePatient: happened.PatientMoved,
    ask.StartLeave: happened.LeaveStarted,
    ask.EndLeave: happened.LeaveEnded,
    ask.RecordLeftUnseen: happened.PatientLeftUnseen,
    ask.CompleteVisit: happened.VisitCompleted,
    ask.OrderFollowUp: happened.FollowUpOrdered,
    ask.DropFollowUp: happened.FollowUpDropped,
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
        if visit is not None:
            _refuse_what_is_not_so(visit, command)
        _refuse_an_end_before_the_start(visits, event)
    yield event
    if isinstance(event, happened.TelehealthJoined):
        yield from _started_together(visits, event)


def _started_together(visits: Visits, event: happened.TelehealthJoined) -> Iterator[happened.VisitEvent]:
    known = visits.get(event.visit_id)
    there = frozenset({event.who}) if known is None else known.joined | {event.who}
    begun = known is not None and known.begun is not None
    if there >= {happened.Attendee.PATIENT, happened.Attendee.CLINICIAN} and not begun:
        yield happened.VisitStarted(visit_id=event.visit_id, override_reason=event.override_reason)


def _refuse_what_is_not_so(visit: Visit, command: ask.VisitCommand) -> None:
    """What the status allows, and the kind of visit or the time does not."""
    match command:
        case ask.CompleteVisit() if visit.is_stay:
            raise EndsByDischarge("A hospital stay ends by discharge-patient, which asks for a disposition.")
        case ask.JoinTelehealth() | ask.RecordTelehealthFailure() if not visit.is_virtual:
            raise NotVirtual("The visit is not a virtual one; change-visit makes it one (class VR).")
        case ask.RecordNoShow(source=happened.NoShowSource.TIMER):
            if visit.start and command.reaches < visit.start + NO_SHOW_GRACE:
                minutes = NO_SHOW_GRACE // timedelta(minutes=1)
                raise NotMissed(f"The patient is expected until {minutes} minutes after the start.")
            if happened.Attendee.PATIENT in visit.joined or visit.failed is not None:
                raise NotMissed("The patient was in the session or could not get in; somebody has to decide.")
        case ask.DropFollowUp() if command.follow_up_id not in visit.follow_ups:
            raise UnknownSubject("No follow-up of this visit has this id; order-follow-up comes first.")
        case _:
            pass


def _refuse_an_end_before_the_start(visits: Visits, event: happened.VisitEvent) -> None:
    if not isinstance(event, happened.VisitBooked | happened.VisitChanged):
        return
    after = evolve(visits, event, SOME_TIME).by_id[event.visit_id]
    if after.start and after.end and after.end < after.start:
        raise EndsBeforeItStarts("The appointment would end before it starts; give its start and its end.")


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
