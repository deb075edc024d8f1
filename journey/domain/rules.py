"""The rules that span rooms: what one room must know of the others before something is done."""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from journey.domain import authorization, discharge, episode, referral, visit
from journey.domain.authorization import Use
from journey.domain.codes import EncounterClass, JourneyStatus, Priority, VisitStatus
from journey.domain.event import Blocker, Command, Event, Refused
from journey.domain.pathway import Pathways
from journey.domain.room import Things

if TYPE_CHECKING:
    from journey.domain.journey import Journey

BEGINS_CARE = (visit.PatientArrived, visit.VisitStarted, visit.PatientAdmitted)
IN_CARE = (
    *BEGINS_CARE,
    visit.PatientCheckedIn,
    visit.PatientMoved,
    visit.EncounterClassChanged,
    visit.LeaveStarted,
    visit.LeaveEnded,
)
"""What shows that the patient is here."""
BEGINS_VISIT = (
    visit.RecordArrival,
    visit.CheckIn,
    visit.StartVisit,
    visit.JoinTelehealth,
    visit.AdmitPatient,
)
CANNOT_WAIT = frozenset({Priority.ASAP, Priority.STAT})

PAPERWORK = (
    episode.ReopenJourney,
    episode.RemoveJourney,
    episode.LinkJourney,
    referral.ReceiveInterimReport,
    referral.ReceiveReferralOutcome,
    referral.CloseReferral,
    discharge.SendDischargeSummary,
    discharge.AcknowledgeDischargeSummary,
    discharge.BookFollowUp,
    discharge.ReconcileMedications,
    discharge.RecordPostDischargeAttempt,
    discharge.RecordPostDischargeContact,
    discharge.CompleteFollowUp,
    discharge.CloseTransition,
    discharge.CloseDischarge,
)
"""What is done about a journey that is over. Who was discharged is looked after for a month at home, which
often outlasts the journey."""

GOES_ON = frozenset(
    {"authorizations", "communications", "consents", "coverages", "custody", "identity", "results"}
)
"""The rooms in which things happen after a journey is over as before."""


class JourneyIsOver(Refused):
    """A finished journey takes late facts, results, identity, paperwork and corrections only."""


class JourneyIsOnHold(Refused):
    """Care rests."""


class StillOpen(Refused):
    """Something is not finished."""


class AuthorizationNeeded(Refused):
    """The payer has to authorize the visit before it begins."""


class IntakeComesFirst(Refused):
    """Others are asked when the intake is finished."""


# --- What a room is told of the others


def _of_the_episode(journey: "Journey", _: Command, __: Pathways) -> Mapping[str, Any]:
    return {"left_open": journey.left_open(), "journey_id": journey.journey_id}


def _of_the_stay(journey: "Journey", command: Command, _: Pathways) -> Mapping[str, Any]:
    visit_id: UUID = command.visit_id  # type: ignore[attr-defined]  # every command of the room names one
    stay = journey.visits.get(visit_id)
    return {"here": stay is not None and stay.is_here, "held_by": journey.holds(visit_id)}


def _of_what_is_installed(_: "Journey", __: Command, pathways: Pathways) -> Mapping[str, Any]:
    return {"pathways": pathways}


LOOKS_ROUND: dict[str, Callable[["Journey", Command, Pathways], Mapping[str, Any]]] = {
    "episode": _of_the_episode,
    "discharges": _of_the_stay,
    "enrolment": _of_what_is_installed,
}
"""What else the decision of a room is given."""

# --- What is refused whichever room is asked


def refuse(journey: "Journey", command: Command, room: str) -> None:
    """Refuse what another room stands against."""
    _refuse_when_over(journey, command, room)
    if not command.reported:
        _refuse_before_intake(journey, command)
        _refuse_unauthorized(journey, command)


def refuse_close(journey: "Journey", today: "Journey", command: episode.CloseJourney) -> None:
    """Neither what was open then nor what is open today may be left without a word."""
    left_open = tuple(dict.fromkeys((*journey.left_open(), *today.left_open())))
    listed = {each.subject_id for each in left_open}
    left_open += tuple(each for each in _care_since(today, command.reaches) if each.subject_id not in listed)
    if left_open and not journey.episode.is_over and not (command.override_reason or command.reported):
        raise StillOpen("What is listed is open; finish it, or give an override_reason.", blockers=left_open)


def _care_since(today: "Journey", moment: datetime) -> Iterator[Blocker]:
    """Whoever came after that was still in care."""
    came = (each for each in today.recorded if each.reaches > moment)
    visits = dict.fromkeys(each.event.visit_id for each in came if isinstance(each.event, BEGINS_CARE))
    for visit_id in visits:
        what = "the patient was here after that: close it as of later"
        yield Blocker(code="care-went-on", what=what, subject_id=visit_id)


def _refuse_when_over(journey: "Journey", command: Command, room: str) -> None:
    if not journey.episode.is_over or isinstance(command, PAPERWORK):
        return
    if room in GOES_ON or _still_reported(journey, command, room):
        return
    raise JourneyIsOver(
        f"The journey was {journey.episode.status} by then; reopen it, or open one that continues it."
    )


def _still_reported(journey: "Journey", command: Command, room: str) -> bool:
    """Another system's report of what an override left open: a visit, a referral, a handoff."""
    things = journey.visits if room == "discharges" else getattr(journey, room)
    named = next((name for name in type(command).model_fields if name.endswith("_id")), None)
    if not command.reported or named is None or not isinstance(things, Things):
        return False
    return bool(getattr(things.get(getattr(command, named)), "is_open", False))


def _refuse_before_intake(journey: "Journey", command: Command) -> None:
    """Nobody else is asked for anything while it is not known what for, unless it cannot wait."""
    intake = journey.intake
    if not intake.is_open or intake.priority in CANNOT_WAIT:
        return
    match command:
        case referral.SendReferral():
            sent = journey.referrals.get(command.referral_id)
            drafted = sent is not None and command.order == referral.ReferralOrder()
            order = sent.order if sent is not None and drafted else command.order
            waits = order.priority not in CANNOT_WAIT
        case authorization.SubmitAuthorization():
            known = journey.authorizations.get(command.authorization_id)
            drafted = known is not None and command.request == authorization.AuthorizationRequest()
            request = known.request if known is not None and drafted else command.request
            waits = request.urgency is authorization.Urgency.STANDARD
        case _:
            return
    if waits:
        missing = intake.lacks() or tuple(intake.left_open())
        raise IntakeComesFirst("The intake is not finished; complete-intake comes first.", blockers=missing)


def use_of(seen: visit.Visit, at: datetime, encounter_class: EncounterClass | None = None) -> Use:
    """What a visit asks of an authorization. An emergency needs none, unless it is said that it does."""
    required = seen.authorization_required
    if required is None and (encounter_class or seen.encounter_class) is EncounterClass.EMERGENCY:
        required = False
    return Use(
        seen.authorization_id,
        required,
        seen.coded,
        seen.authorization_units,
        seen.participants,
        at.astimezone(UTC).date(),
        seen.status is VisitStatus.FINISHED,
    )


def _refuse_unauthorized(journey: "Journey", command: Command) -> None:
    """A visit may be booked before the payer has authorized it, and is not begun."""
    if not isinstance(command, BEGINS_VISIT) or command.override_reason or command.occurred_at is None:
        return
    seen = journey.visits.get(command.visit_id)
    if seen is None or seen.override_reason:
        return
    use = use_of(seen, command.occurred_at, getattr(command, "encounter_class", None))
    blockers = authorization.lacks(journey.authorizations, use, besides=seen.visit_id)
    if blockers:
        raise AuthorizationNeeded(
            "The payer has not authorized the visit; do what is listed, or give an override_reason.",
            blockers=blockers,
        )


def unauthorized(journey: "Journey") -> Iterator[Blocker]:
    """The visits ahead that could not begin for want of an authorization, and a word on who may hold them.

    One after the other, so that of seven booked under six visits granted the last is pointed out.
    """
    granted = journey.authorizations
    for seen in sorted(journey.visits, key=lambda each: each.start or each.since.at):
        if not seen.is_open:
            continue
        use = use_of(seen, seen.start or seen.since.at)
        if not granted.needs(use):
            continue
        if not seen.is_here:
            lacking = authorization.lacks(granted, use)
            if lacking:
                what = "; ".join(each.what for each in lacking)
                yield Blocker(code="visit-needs-authorization", what=what, subject_id=seen.visit_id)
            else:
                granted = granted.using(seen.visit_id, use)
        yield from authorization.another_performs(granted, seen.visit_id, use)


def beginning_care(journey: "Journey", command: Command, events: tuple[Event, ...]) -> Iterator[Event]:
    """Whoever is here is in care; on hold, nothing begins but what another system says did begin."""
    status = journey.episode.status
    if status in {JourneyStatus.PLANNED, JourneyStatus.WAITLIST}:
        if any(isinstance(event, IN_CARE) for event in events):
            yield episode.JourneyActivated()
    elif status is JourneyStatus.ONHOLD and any(isinstance(event, BEGINS_CARE) for event in events):
        if not command.reported:
            raise JourneyIsOnHold("Care rests on this journey; resume-journey comes first.")
        yield episode.JourneyResumed()
