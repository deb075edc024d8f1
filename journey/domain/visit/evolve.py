"""What is true of the visits after an event. Total: history is never refused."""

from typing import assert_never, cast
from uuid import UUID

from journey.domain.codes import STAYS, VisitStatus
from journey.domain.event import Fact
from journey.domain.visit import events as happened
from journey.domain.visit.state import AHEAD, HERE, PASSED, TRANSITIONS, FollowUp, NoShow, Visit, Visits


def evolve(visits: Visits, event: happened.VisitEvent, fact: Fact) -> Visits:
    """The visits after this event. A visit first heard of in the middle is there all the same."""
    known = visits.get(event.visit_id)
    visit = _changed(known or Visit(event.visit_id, VisitStatus.PROPOSED, fact), event, fact)
    _, target = TRANSITIONS[type(event)]
    status = _implied(known, event) if target is None else cast(VisitStatus, target)
    if status is not visit.status and visit.status not in PASSED.get(status, frozenset()):
        back = status in HERE and not visit.is_here
        visit = visit._replace(status=status, since=fact, ended=None if back else visit.ended)
    if visit.no_show is not None and visit.status is not VisitStatus.NO_SHOW:
        visit = visit._replace(no_show=None)
    return visits.having(event.visit_id, visit)


def _implied(known: Visit | None, event: happened.VisitEvent) -> VisitStatus:
    """Whoever is moved is here, and what is changed was booked, even where we missed that being said."""
    if isinstance(event, happened.PatientMoved | happened.EncounterClassChanged):
        return VisitStatus.IN_PROGRESS if known is None or known.status in AHEAD else known.status
    return VisitStatus.BOOKED if known is None else known.status


def _changed(visit: Visit, event: happened.VisitEvent, fact: Fact) -> Visit:
    match event:
        case happened.VisitRequested() | happened.VisitBooked() | happened.VisitChanged():
            return _agreed(visit, event.appointment)
        case happened.VisitRescheduled():
            return visit._replace(
                start=event.start,
                end=event.end,
                initiator=event.initiator,
                reason=event.reason,
                communicated=event.communicated,
                told_by=None,
                joined=frozenset(),
                failed=None,
            )
        case happened.AppointmentCommunicated():
            return visit._replace(communicated=True, told_by=event.channel)
        case happened.VisitCancelled():
            return visit._replace(initiator=event.initiator, reason=event.reason)
        case happened.VisitEnteredInError():
            return visit._replace(reason=event.reason)
        case happened.NoShowRecorded():
            return _missed(visit, event)
        case happened.TelehealthJoined():
            return _overridden(visit, event)._replace(joined=visit.joined | {event.who}, failed=None)
        case happened.TelehealthFailed():
            return visit._replace(joined=frozenset(), failed=event.reason)
        case happened.FollowUpOrdered():
            known = visit.follow_ups.get(event.follow_up_id)
            ordered = FollowUp(known.ordered if known else fact, event.service, event.due, event.ordered_by)
            return visit._replace(follow_ups={**visit.follow_ups, event.follow_up_id: ordered})
        case happened.FollowUpDropped():
            dropped = (visit.follow_ups.get(event.follow_up_id) or FollowUp(fact))._replace(
                dropped=event.reason
            )
            return visit._replace(follow_ups={**visit.follow_ups, event.follow_up_id: dropped})
        case happened.PatientArrived():
            return _overridden(_at(visit, event), event)
        case happened.PatientCheckedIn():
            return _overridden(visit, event)
        case happened.EncounterClassChanged():
            admitted = visit.admitted if event.encounter_class in STAYS else None
            return _at(visit, event)._replace(admitted=admitted)
        case happened.VisitStarted():
            return _overridden(_at(visit, event), event)._replace(begun=visit.begun or fact)
        case happened.PatientAdmitted():
            here = _overridden(_at(visit, event), event)
            return here._replace(begun=visit.begun or fact, admitted=visit.admitted or fact)
        case happened.PatientMoved():
            return visit._replace(location=event.location)
        case happened.VisitCompleted():
            return visit._replace(ended=fact)
        case (
            happened.VisitWaitlisted()
            | happened.NoShowReversed()
            | happened.LeaveStarted()
            | happened.LeaveEnded()
            | happened.PatientLeftUnseen()
        ):
            return visit
        case _:
            assert_never(event)


def _agreed(visit: Visit, agreed: happened.Appointment) -> Visit:
    """What an appointment says overrides; what it leaves out stays."""
    service = agreed.service and (agreed.service.display or agreed.service.code)
    return visit._replace(
        start=agreed.start or visit.start,
        end=agreed.end or visit.end,
        service=service or visit.service,
        coded=agreed.service or visit.coded,
        encounter_class=agreed.encounter_class or visit.encounter_class,
        location=agreed.location or visit.location,
        participants=agreed.participants or visit.participants,
        comment=agreed.comment or visit.comment,
        authorization_id=agreed.authorization_id or visit.authorization_id,
        authorization_required=visit.authorization_required
        if agreed.authorization_required is None
        else agreed.authorization_required,
        authorization_units=agreed.authorization_units or visit.authorization_units,
        referral_id=agreed.referral_id or visit.referral_id,
        follow_up_id=agreed.follow_up_id or visit.follow_up_id,
        interpreter=agreed.interpreter or visit.interpreter,
        transport=agreed.transport or visit.transport,
        first_activity=visit.first_activity if agreed.first_activity is None else agreed.first_activity,
        communicated=visit.communicated if agreed.communicated is None else agreed.communicated,
    )


def _missed(visit: Visit, event: happened.NoShowRecorded) -> Visit:
    """What somebody saw is not made a proposal again by a clock."""
    if event.proposed and visit.is_missed:
        return visit
    return visit._replace(no_show=NoShow(event.source, event.proposed))


def _overridden(
    visit: Visit,
    event: happened.PatientArrived
    | happened.PatientCheckedIn
    | happened.VisitStarted
    | happened.TelehealthJoined
    | happened.PatientAdmitted,
) -> Visit:
    """Why it goes ahead unauthorized holds for the rest of the visit."""
    if event.override_reason is None:
        return visit
    return visit._replace(override_reason=event.override_reason)


def _at(
    visit: Visit,
    event: happened.PatientArrived
    | happened.VisitStarted
    | happened.PatientAdmitted
    | happened.EncounterClassChanged,
) -> Visit:
    if event.encounter_class is None and event.location is None:
        return visit
    return visit._replace(
        encounter_class=event.encounter_class or visit.encounter_class,
        location=event.location or visit.location,
    )


def departed(visits: Visits, visit_id: UUID, fact: Fact) -> Visits:
    """The visits after the patient was discharged from this one."""
    visit = visits.get(visit_id) or Visit(visit_id, VisitStatus.PROPOSED, fact)
    return visits.having(visit_id, visit._replace(status=VisitStatus.FINISHED, since=fact, ended=fact))
