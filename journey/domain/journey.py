"""The journey: the aggregate that composes the rooms. Rules that span rooms stand here and nowhere else.

State is folded in the order in which things *happened*; a command is judged by what had happened when it
occurred. So a late report is judged by its own time, and changes what is true now by being folded in.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, get_args
from uuid import UUID

from journey.domain import correction, discharge, episode, identity, intake, result, visit
from journey.domain.codes import JourneyStatus
from journey.domain.correction import CorrectionCommand, CorrectionEvent, History
from journey.domain.discharge import Discharges
from journey.domain.discharge.events import PatientDischarged
from journey.domain.discharge.evolve import returned
from journey.domain.episode import Episode
from journey.domain.event import Blocker, Command, Event, Recorded, Refused
from journey.domain.identity import Identity
from journey.domain.intake import Intake
from journey.domain.result import Results
from journey.domain.visit import Visits
from journey.domain.visit import events as visits_event
from journey.domain.visit.evolve import departed

ROOMS = {
    "episode": (episode.EpisodeEvent, episode.EpisodeCommand),
    "identity": (identity.IdentityEvent, identity.IdentityCommand),
    "intake": (intake.IntakeEvent, intake.IntakeCommand),
    "visits": (visit.VisitEvent, visit.VisitCommand),
    "discharges": (discharge.DischargeEvent, discharge.DischargeCommand),
    "results": (result.ResultEvent, result.ResultCommand),
    "correction": (CorrectionEvent, CorrectionCommand),
}
"""Every room: its field of the state, what happens in it, and what may be asked of it."""

_ROOM_OF_EVENT: dict[type[Event], str] = {
    event: room for room, (events, _) in ROOMS.items() for event in get_args(events)
}
_ROOM_OF_COMMAND: dict[type[Command], str] = {
    command: room for room, (_, commands) in ROOMS.items() for command in get_args(commands)
}
EVENT_TYPES = tuple(_ROOM_OF_EVENT)
"""Everything that can be recorded on a journey."""

COMMANDS: dict[str, type[Command]] = {command.name(): command for command in _ROOM_OF_COMMAND}
"""Every command that an open journey takes, by its name outside."""

_EVOLVE: dict[str, Callable[..., Any]] = {
    "episode": episode.evolve,
    "identity": identity.evolve,
    "intake": intake.evolve,
    "visits": visit.evolve,
    "discharges": discharge.evolve,
    "results": result.evolve,
}

BEGINS_CARE = (
    visits_event.PatientArrived,
    visits_event.VisitStarted,
    visits_event.PatientAdmitted,
)
IN_CARE = (*BEGINS_CARE, visits_event.PatientMoved)

RESTING = frozenset({JourneyStatus.PLANNED, JourneyStatus.WAITLIST, JourneyStatus.ONHOLD})

PAPERWORK = (
    episode.ReopenJourney,
    episode.RemoveJourney,
    discharge.SendDischargeSummary,
    discharge.CloseDischarge,
)
"""What is done about a journey that is over."""

# --- State


@dataclass(frozen=True, slots=True)
class Journey:
    """Everything that a rule or the patient's standing reads."""

    journey_id: UUID
    version: int
    episode: Episode = Episode()
    identity: Identity = Identity()
    intake: Intake = Intake()
    visits: Visits = Visits()
    discharges: Discharges = Discharges()
    results: Results = Results()

    def left_open(self) -> tuple[Blocker, ...]:
        """What a close would leave undone, itemised."""
        visits = tuple(
            Blocker(code="open-visit", what=f"a visit is {each.status}", subject_id=each.visit_id)
            for each in self.visits
            if each.is_open
        )
        unreviewed = tuple(
            Blocker(code="unreviewed-result", what="a result is not reviewed", subject_id=key)
            for key, _ in self.results.unreviewed()
        )
        intake_open = (Blocker(code="open-intake", what="the intake is not finished"),)
        return (*(intake_open if self.intake.is_open else ()), *visits, *unreviewed)


class NoSuchJourney(Refused):
    """No journey has this id."""


class AlreadyOpened(Refused):
    """The journey is there, for another patient."""


class JourneyIsOver(Refused):
    """A finished journey takes late facts, results, identity, paperwork and corrections only."""


class JourneyIsOnHold(Refused):
    """Care rests."""


class StillOpen(Refused):
    """Something is not finished."""


# --- evolve


def evolve(journey: Journey, recorded: Iterable[Recorded]) -> Journey:
    """What is true after these events, which happened in this order after all that was folded before.

    Never refuses.
    """
    rooms, version = {room: getattr(journey, room) for room in _EVOLVE}, journey.version
    for each in recorded:
        version = max(version, each.version)
        _apply(rooms, each)
    return Journey(journey.journey_id, version, **rooms)


def fold(recorded: Iterable[Recorded], journey_id: UUID, version: int = 0) -> Journey:
    """The state after these events, which are in the order in which they happened."""
    return evolve(Journey(journey_id, version), recorded)


def journey_at(
    history: History, *, as_of: datetime | None = None, as_known_at: datetime | None = None
) -> Journey | None:
    """The state of the world at `as_of` as it was known at `as_known_at`; None where it was not there yet."""
    known = history if as_known_at is None else history.known_at(as_known_at)
    recorded = known.effective if as_of is None else known.until(as_of)
    if not recorded or (as_of is not None and all(each.reaches > as_of for each in recorded)):
        return None
    return fold(recorded, recorded[0].journey_id, known.version)


def _apply(rooms: dict[str, Any], recorded: Recorded) -> None:
    event, fact = recorded.event, recorded.fact
    room = _ROOM_OF_EVENT[type(event)]
    rooms[room] = _EVOLVE[room](rooms[room], event, fact)
    if room == "visits":
        rooms["discharges"] = _returned(rooms["visits"], rooms["discharges"], event.visit_id)  # type: ignore[attr-defined]  # every event of the room names one
        rooms["episode"] = _in_care(rooms["episode"], recorded)
    elif isinstance(event, PatientDischarged):
        rooms["visits"] = departed(rooms["visits"], event.visit_id, fact)
    elif isinstance(event, episode.JourneyOpened):
        rooms["identity"] = rooms["identity"]._replace(patient_id=event.patient_id)


def _in_care(now: Episode, recorded: Recorded) -> Episode:
    """Whoever is here is in care, though the plan or the hold that this ends was told only later."""
    if now.status is JourneyStatus.ACTIVE:
        return now
    resting = BEGINS_CARE if now.status is JourneyStatus.ONHOLD else IN_CARE
    if now.status not in RESTING or not isinstance(recorded.event, resting):
        return now
    return now._replace(status=JourneyStatus.ACTIVE, since=recorded.fact)


def _returned(visits: Visits, discharges: Discharges, visit_id: UUID) -> Discharges:
    """Whoever is in the visit again has not departed from it."""
    if visit_id not in discharges.by_visit or discharges.of(visit_id).departed is None:
        return discharges
    now = visits.get(visit_id)
    is_back = now is not None and now.is_here
    return returned(discharges, visit_id) if is_back else discharges


# --- decide


def open_journey(history: History, command: episode.OpenJourney) -> Iterator[Event]:
    """The first events of a journey; nothing when it is open for this patient already."""
    if history.recorded:
        opening = history.recorded[0].event
        if isinstance(opening, episode.JourneyOpened) and opening.patient_id == command.patient_id:
            return
        raise AlreadyOpened("This journey was opened for another patient; open a new one.")
    yield episode.JourneyOpened(
        patient_id=command.patient_id,
        status=command.status,
        concern=command.concern,
        continues=command.continues,
    )
    for identifier in command.identifiers:
        yield identity.IdentifierAssigned(identifier=identifier)
    if command.patient != identity.Demographics():
        yield identity.DemographicsChanged(demographics=command.patient)
    if command.team is not None:
        yield episode.OwnerAssigned(team=command.team, person=command.person)


def decide(history: History, command: Command) -> Iterator[Event]:
    """What happens if this is done at its time. Yields nothing when it has already happened."""
    if isinstance(command, episode.OpenJourney):
        yield from open_journey(history, command)
        return
    if not history.recorded:
        raise NoSuchJourney("No journey has this id.")
    if isinstance(command, CorrectionCommand):
        yield from correction.decide(history, command)
        return
    first = history.recorded[0]
    journey = fold(history.until(command.reaches), first.journey_id, history.version)
    if isinstance(command, episode.CloseJourney):
        _refuse_close(journey, fold(history.effective, first.journey_id), command)
    events = tuple(_in_room(journey, command))
    if command.reported:
        events = tuple(event for event in events if not history.tells(event, command.occurred_at))
    if not events:
        return
    _refuse_when_over(journey, command)
    yield from _beginning_care(journey, command, events)
    yield from events


def _in_room(journey: Journey, command: Command) -> Iterator[Event]:
    match _ROOM_OF_COMMAND[type(command)]:
        case "episode":
            yield from episode.decide(journey.episode, command, left_open=journey.left_open())  # type: ignore[arg-type]  # the room's commands, by the table
        case "identity":
            yield from identity.decide(journey.identity, command)  # type: ignore[arg-type]  # as above
        case "intake":
            yield from intake.decide(journey.intake, command)  # type: ignore[arg-type]  # as above
        case "visits":
            yield from visit.decide(journey.visits, command)  # type: ignore[arg-type]  # as above
        case "discharges":
            at = journey.visits.get(command.visit_id)  # type: ignore[attr-defined]  # every command of the room names one
            yield from discharge.decide(journey.discharges, command, here=at is not None and at.is_here)  # type: ignore[arg-type]  # as above
        case _:
            yield from result.decide(journey.results, command)  # type: ignore[arg-type]  # as above


def _refuse_close(journey: Journey, today: Journey, command: episode.CloseJourney) -> None:
    """Neither what was open then nor what is open today may be left without a word."""
    left_open = tuple(dict.fromkeys((*journey.left_open(), *today.left_open())))
    if left_open and not journey.episode.is_over and not (command.override_reason or command.reported):
        raise StillOpen("What is listed is open; finish it, or give an override_reason.", blockers=left_open)


def _refuse_when_over(journey: Journey, command: Command) -> None:
    if not journey.episode.is_over or isinstance(command, PAPERWORK):
        return
    if _ROOM_OF_COMMAND[type(command)] in {"identity", "results"} or _still_reported(journey, command):
        return
    raise JourneyIsOver(
        f"The journey was {journey.episode.status} by then; reopen it, or open one that continues it."
    )


def _still_reported(journey: Journey, command: Command) -> bool:
    """Another system's report of a visit that an override left open."""
    visit_id = getattr(command, "visit_id", None)
    left = None if visit_id is None else journey.visits.get(visit_id)
    return command.reported and left is not None and left.is_open


def _beginning_care(journey: Journey, command: Command, events: tuple[Event, ...]) -> Iterator[Event]:
    """Whoever is here is in care; on hold, nothing begins but what another system says did begin."""
    status = journey.episode.status
    if status in {JourneyStatus.PLANNED, JourneyStatus.WAITLIST}:
        if any(isinstance(event, IN_CARE) for event in events):
            yield episode.JourneyActivated()
    elif status is JourneyStatus.ONHOLD and any(isinstance(event, BEGINS_CARE) for event in events):
        if not command.reported:
            raise JourneyIsOnHold("Care rests on this journey; resume-journey comes first.")
        yield episode.JourneyResumed()
