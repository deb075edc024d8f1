"""The rules that span rooms: what one room must know of the others before something is done."""

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any
from uuid import UUID

from journey.domain import discharge, episode, visit
from journey.domain.codes import JourneyStatus
from journey.domain.event import Command, Event, Refused
from journey.domain.pathway import Pathways

if TYPE_CHECKING:
    from journey.domain.journey import Journey

BEGINS_CARE = (visit.PatientArrived, visit.VisitStarted, visit.PatientAdmitted)
IN_CARE = (*BEGINS_CARE, visit.PatientMoved)

PAPERWORK = (
    episode.ReopenJourney,
    episode.RemoveJourney,
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

GOES_ON = frozenset({"identity", "results", "communications"})
"""The rooms in which things happen after a journey is over as before."""


class JourneyIsOver(Refused):
    """A finished journey takes late facts, results, identity, paperwork and corrections only."""


class JourneyIsOnHold(Refused):
    """Care rests."""


class StillOpen(Refused):
    """Something is not finished."""


# --- What a room is told of the others


def _of_the_episode(journey: "Journey", _: Command, __: Pathways) -> Mapping[str, Any]:
    return {"left_open": journey.left_open()}


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


def refuse_close(journey: "Journey", today: "Journey", command: episode.CloseJourney) -> None:
    """Neither what was open then nor what is open today may be left without a word."""
    left_open = tuple(dict.fromkeys((*journey.left_open(), *today.left_open())))
    if left_open and not journey.episode.is_over and not (command.override_reason or command.reported):
        raise StillOpen("What is listed is open; finish it, or give an override_reason.", blockers=left_open)


def _refuse_when_over(journey: "Journey", command: Command, room: str) -> None:
    if not journey.episode.is_over or isinstance(command, PAPERWORK):
        return
    if room in GOES_ON or _still_reported(journey, command):
        return
    raise JourneyIsOver(
        f"The journey was {journey.episode.status} by then; reopen it, or open one that continues it."
    )


def _still_reported(journey: "Journey", command: Command) -> bool:
    """Another system's report of a visit that an override left open."""
    visit_id = getattr(command, "visit_id", None)
    left = None if visit_id is None else journey.visits.get(visit_id)
    return command.reported and left is not None and left.is_open


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
