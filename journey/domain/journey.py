"""The journey: the aggregate that composes the rooms. Rules that span rooms stand here and nowhere else.

State is folded in the order in which things *happened*; a command is judged by what had happened when it
occurred. So a late report is judged by its own time, and changes what is true now by being folded in.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, fields, replace
from datetime import datetime
from operator import attrgetter
from types import MappingProxyType, ModuleType
from typing import Any, NamedTuple, get_args
from uuid import UUID

from journey.domain import (
    authorization,
    barrier,
    careplan,
    communication,
    consent,
    correction,
    coverage,
    custody,
    discharge,
    enrolment,
    episode,
    handoff,
    identity,
    intake,
    merge,
    referral,
    result,
    rules,
    task,
    transfer,
    treatment,
    visit,
)
from journey.domain.authorization import Authorizations
from journey.domain.barrier import Barriers
from journey.domain.careplan import CarePlan
from journey.domain.communication import Communications
from journey.domain.consent import Consents
from journey.domain.consequence import carry_over
from journey.domain.correction import CorrectionCommand, CorrectionEvent, History
from journey.domain.coverage import Coverages
from journey.domain.custody import Custody
from journey.domain.discharge import Discharges
from journey.domain.enrolment import Enrolment
from journey.domain.episode import Episode
from journey.domain.event import Blocker, Command, Event, Recorded, Refused
from journey.domain.handoff import Handoffs
from journey.domain.identity import Identity
from journey.domain.intake import Intake
from journey.domain.merge import MergeCommand, Merges
from journey.domain.opening import open_journey
from journey.domain.pathway import Pathways
from journey.domain.referral import Referrals
from journey.domain.result import Results
from journey.domain.room import Answers, Step, Transitions
from journey.domain.task import Tasks
from journey.domain.transfer import Transfers
from journey.domain.treatment import Treatments
from journey.domain.visit import Visits


class Room(NamedTuple):
    """What happens in a room, what may be asked of it, its two functions, and what may follow what."""

    events: Any
    commands: Any
    evolve: Callable[..., Any]
    decide: Callable[..., Iterator[Event]]
    transitions: Transitions = MappingProxyType({})


def _room(module: ModuleType, name: str) -> Room:
    """The room in this module, whose unions bear its name."""
    return Room(
        getattr(module, f"{name}Event"),
        getattr(module, f"{name}Command"),
        module.evolve,
        module.decide,
        getattr(module, "TRANSITIONS", MappingProxyType({})),
    )


ROOMS = {
    "episode": _room(episode, "Episode"),
    "identity": _room(identity, "Identity"),
    "merges": _room(merge, "Merge"),
    "intake": _room(intake, "Intake"),
    "consents": _room(consent, "Consent"),
    "coverages": _room(coverage, "Coverage"),
    "authorizations": _room(authorization, "Authorization"),
    "referrals": _room(referral, "Referral"),
    "visits": _room(visit, "Visit"),
    "barriers": _room(barrier, "Barrier"),
    "communications": _room(communication, "Communication"),
    "treatments": _room(treatment, "Treatment"),
    "handoffs": _room(handoff, "Handoff"),
    "transfers": _room(transfer, "Transfer"),
    "discharges": _room(discharge, "Discharge"),
    "results": _room(result, "Result"),
    "tasks": _room(task, "Task"),
    "careplan": _room(careplan, "CarePlan"),
    "enrolment": _room(enrolment, "Enrolment"),
    "custody": _room(custody, "Custody"),
    "correction": Room(CorrectionEvent, CorrectionCommand, lambda state, *_: state, correction.decide),
}
"""Every room, by its field of the journey's state. A correction has none: History leaves out what is void."""

ROOM_OF_EVENT: dict[type[Event], str] = {
    event: name for name, room in ROOMS.items() for event in get_args(room.events)
}
_ROOM_OF_COMMAND: dict[type[Command], str] = {
    command: name for name, room in ROOMS.items() for command in get_args(room.commands)
}
EVENT_TYPES = tuple(ROOM_OF_EVENT)
"""Everything that can be recorded on a journey."""

COMMANDS: dict[str, type[Command]] = {command.name(): command for command in _ROOM_OF_COMMAND}
"""Every command that an open journey takes, by its name outside."""

# --- State

FOR_THE_LIVING = (Referrals, Visits)
"""The rooms whose next steps nobody owes to the dead. What is booked is still to be cancelled."""


@dataclass(frozen=True, slots=True)
class Journey:
    """Everything that a rule or the patient's standing reads."""

    journey_id: UUID
    version: int
    episode: Episode = Episode()
    identity: Identity = Identity()
    merges: Merges = Merges()
    intake: Intake = Intake()
    consents: Consents = Consents()
    coverages: Coverages = Coverages()
    authorizations: Authorizations = Authorizations()
    referrals: Referrals = Referrals()
    visits: Visits = Visits()
    barriers: Barriers = Barriers()
    communications: Communications = Communications()
    treatments: Treatments = Treatments()
    handoffs: Handoffs = Handoffs()
    transfers: Transfers = Transfers()
    discharges: Discharges = Discharges()
    results: Results = Results()
    tasks: Tasks = Tasks()
    careplan: CarePlan = CarePlan()
    enrolment: Enrolment = Enrolment()
    custody: Custody = Custody()
    recorded: tuple[Recorded, ...] = ()
    """Everything that holds, in the order in which it happened: what a pathway listens to."""

    def rooms(self) -> tuple[Answers, ...]:
        """The rooms that may have something to say of it. Most have seen nothing yet."""
        there: tuple[Answers, ...] = ANSWERING(self)
        return tuple(room for room, unseen in zip(there, UNSEEN, strict=True) if room is not unseen)

    @property
    def has_died(self) -> bool:
        """The patient, in a stay or elsewhere."""
        return self.identity.demographics.deceased_at is not None or any(
            each.has_died for each in self.discharges
        )

    def steps(self) -> Iterator[Step]:
        """What comes next. Who has died is referred nowhere, and comes to no visit."""
        nobody = FOR_THE_LIVING if self.has_died else ()
        for room in self.rooms():
            if not isinstance(room, nobody):
                yield from room.steps()

    def left_open(self) -> tuple[Blocker, ...]:
        """What a close would leave undone, itemised."""
        return tuple(blocker for room in self.rooms() for blocker in room.left_open())

    def holds(self, visit_id: UUID) -> tuple[Blocker, ...]:
        """What keeps the patient from leaving this stay, itemised."""
        return tuple(blocker for room in self.rooms() for blocker in room.holds(visit_id))


ANSWERING = attrgetter(
    "intake",
    "consents",
    "coverages",
    "authorizations",
    "referrals",
    "visits",
    "barriers",
    "communications",
    "treatments",
    "handoffs",
    "transfers",
    "discharges",
    "results",
    "tasks",
    "careplan",
)
"""The rooms that are asked where the patient stands, in the order of care."""

UNSEEN: tuple[Answers, ...] = ANSWERING(Journey(UUID(int=0), 0))

NONE_INSTALLED = Pathways()

STATES = tuple(each.name for each in fields(Journey) if each.name in ROOMS)
"""The rooms that have a state."""


class NoSuchJourney(Refused):
    """No journey has this id."""


# --- evolve


def evolve(journey: Journey, recorded: Iterable[Recorded]) -> Journey:
    """What is true after these events, which happened in this order after all that was folded before.

    Never refuses.
    """
    rooms, version = {room: getattr(journey, room) for room in STATES}, journey.version
    told = tuple(recorded)
    for each in told:
        version = max(version, each.version)
        _apply(rooms, each)
    return Journey(journey.journey_id, version, **rooms, recorded=(*journey.recorded, *told))


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
    room = ROOM_OF_EVENT[type(event)]
    rooms[room] = ROOMS[room].evolve(rooms[room], event, fact)
    carry_over(rooms, room, recorded, fact)


# --- decide


def decide(history: History, command: Command, pathways: Pathways = NONE_INSTALLED) -> Iterator[Event]:
    """What happens if this is done at its time, where these pathways are installed.

    Yields nothing when it has already happened.
    """
    if isinstance(command, episode.OpenJourney):
        yield from open_journey(history, command)
        return
    if not history.recorded:
        raise NoSuchJourney("No journey has this id.")
    if isinstance(command, CorrectionCommand):
        yield from correction.decide(history, command)
        return
    if isinstance(command, MergeCommand):
        yield from merge.decide(history, command)
        return
    first = history.recorded[0]
    start, told = history.remembered(history.until(command.reaches))
    journey = replace(evolve(start or Journey(first.journey_id, 0), told), version=history.version)
    history.memory[:] = [journey]
    if isinstance(command, episode.CloseJourney):
        rules.refuse_close(journey, fold(history.effective, first.journey_id), command)
    events = tuple(_in_room(journey, command, pathways))
    if command.reported:
        events = tuple(event for event in events if not history.tells(event, command.occurred_at))
    if not events:
        return
    rules.refuse(journey, command, _ROOM_OF_COMMAND[type(command)])
    yield from rules.beginning_care(journey, command, events)
    yield from events


def _in_room(journey: Journey, command: Command, pathways: Pathways) -> Iterator[Event]:
    """The room's own decision, with what it has to know of the others."""
    room = _ROOM_OF_COMMAND[type(command)]
    look = rules.LOOKS_ROUND.get(room)
    known = {} if look is None else look(journey, command, pathways)
    yield from ROOMS[room].decide(getattr(journey, room), command, **known)
