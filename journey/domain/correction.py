"""Correction: what was recorded is never changed; another event says that it does not hold.

    recorded -> voided -> reinstated -> voided …

A void is about what we *know*, not about what happened: it takes its target out of the order of events
whatever moment is asked about, but only for readers who know of the void.

FHIR: entered-in-error, Provenance.  HL7 v2: ADT^A11, A12, A13.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from itertools import dropwhile, takewhile
from typing import assert_never
from uuid import UUID

from pydantic import Field

from journey.domain.discharge.events import PatientDischarged
from journey.domain.event import Command, Event, Recorded, Refused
from journey.domain.place import Location
from journey.domain.visit.events import PatientAdmitted, PatientMoved, VisitStarted

# --- Events


class EventVoided(Event, stored_as="correction.voided"):
    """That event does not hold: it was recorded in error, or undone."""

    voids: UUID
    of: str
    reason: str


class EventReinstated(Event, stored_as="correction.reinstated"):
    """The voided event holds after all."""

    reinstates: UUID
    of: str
    reason: str


CorrectionEvent = EventVoided | EventReinstated
CORRECTIONS: frozenset[type[Event]] = frozenset((EventVoided, EventReinstated))
"""Asked of every event of every history, where isinstance() of a pydantic class takes seven times as long."""

# --- Commands


class VoidEvent(Command):
    """Say that an event does not hold."""

    event_id: UUID
    reason: str = Field(min_length=1)


class ReinstateEvent(Command):
    """Say that a voided event holds after all."""

    event_id: UUID
    reason: str = Field(min_length=1)


class CancelAdmission(Command):
    """The patient was not admitted or registered (ADT^A11)."""

    visit_id: UUID
    reason: str = Field(default="admission cancelled", min_length=1)


class CancelMove(Command):
    """The patient was not moved there (ADT^A12)."""

    visit_id: UUID
    location: Location | None = Field(default=None, description="Where to; the latest move if left out.")
    reason: str = Field(default="transfer cancelled", min_length=1)


class CancelDischarge(Command):
    """The patient has not left (ADT^A13)."""

    visit_id: UUID
    reason: str = Field(default="discharge cancelled", min_length=1)


CorrectionCommand = VoidEvent | ReinstateEvent | CancelAdmission | CancelMove | CancelDischarge

# --- State


@dataclass(frozen=True)
class History:
    """Everything recorded on a journey, in the order of versions."""

    recorded: tuple[Recorded, ...] = ()

    @property
    def version(self) -> int:
        return self.recorded[-1].version if self.recorded else 0

    def known_at(self, moment: datetime) -> "History":
        """What was recorded by then."""
        return History(tuple(each for each in self.recorded if each.recorded_at <= moment))

    @cached_property
    def voided(self) -> frozenset[UUID]:
        """The events that do not hold. The latest word on each counts."""
        out: set[UUID] = set()
        for correction in (each.event for each in self.recorded if type(each.event) in CORRECTIONS):
            match correction:
                case EventVoided(voids=target):
                    out.add(target)
                case EventReinstated(reinstates=target):
                    out.discard(target)
                case _:
                    pass
        return frozenset(out)

    @cached_property
    def effective(self) -> tuple[Recorded, ...]:
        """What holds, in the order in which it happened; what opened the journey stands first."""
        voided = self.voided
        holding = [each for each in self.recorded if type(each.event) not in CORRECTIONS]
        if voided:
            holding = [each for each in holding if each.event_id not in voided]
        holding.sort(key=in_order)
        return tuple(holding)

    def tells(self, event: Event, occurred_at: datetime | None) -> bool:
        """Whether exactly this is recorded of exactly that time."""
        return any(each.occurred_at == occurred_at and each.event == event for each in self.effective)

    def until(self, moment: datetime) -> tuple[Recorded, ...]:
        """What holds and had happened by then, with the opening whenever that was recorded."""
        return tuple(each for each in self.effective if each.version == 1 or each.reaches <= moment)


def in_order(recorded: Recorded) -> tuple[bool, datetime, datetime, int]:
    """By what happened; ties by what was recorded."""
    return (recorded.version != 1, recorded.reaches, recorded.recorded_at, recorded.version)


class UnknownEvent(Refused):
    """No event of this journey has this id."""


class NotVoidable(Refused):
    """Some events are undone in another way."""


class NothingToCancel(Refused):
    """What is to be cancelled has not been recorded."""


# --- evolve: a void changes no state of its own; History leaves its target out.

# --- decide


def decide(history: History, command: CorrectionCommand) -> Iterator[CorrectionEvent]:
    """The void or reinstatement, judged by all that is recorded. Nothing when it holds already."""
    match command:
        case VoidEvent():
            yield from _void(history, command)
        case ReinstateEvent():
            target = _event(history, command.event_id)
            if isinstance(target.event, EventVoided | EventReinstated):
                raise NotVoidable("A correction is not reinstated; name the event that it voided.")
            if target.event_id in history.voided:
                yield EventReinstated(
                    reinstates=target.event_id, of=target.event.stored_as, reason=command.reason
                )
        case CancelAdmission():
            yield from _cancel(history, command, (PatientAdmitted, VisitStarted))
        case CancelMove():
            yield from _cancel(history, command, (PatientMoved,))
        case CancelDischarge():
            yield from _cancel(history, command, (PatientDischarged,))
        case _:
            assert_never(command)


def _event(history: History, event_id: UUID) -> Recorded:
    for each in history.recorded:
        if each.event_id == event_id:
            return each
    raise UnknownEvent("No event of this journey has this id; its history lists them.")


def _void(history: History, command: VoidEvent) -> Iterator[EventVoided]:
    target = _event(history, command.event_id)
    if isinstance(target.event, EventVoided | EventReinstated):
        raise NotVoidable("A correction is not voided; reinstate-event or void-event its target instead.")
    if target.version == 1:
        raise NotVoidable("The opening is not voided; remove-journey marks the whole as entered in error.")
    if target.event_id not in history.voided:
        yield EventVoided(voids=target.event_id, of=target.event.stored_as, reason=command.reason)


def _cancel(
    history: History,
    command: CancelAdmission | CancelMove | CancelDischarge,
    types: tuple[type[Event], ...],
) -> Iterator[EventVoided]:
    """Void the latest such event at the visit that had begun by then, however often it was reported.

    Quiet when it is voided already.
    """
    told = sorted(
        (
            each
            for each in history.recorded
            if isinstance(each.event, types)
            and getattr(each.event, "visit_id", None) == command.visit_id
            and each.occurred_at <= command.reaches
        ),
        key=in_order,
        reverse=True,
    )
    if isinstance(command, CancelMove) and command.location is not None:
        told = list(dropwhile(lambda each: _place(each.event) != command.location, told))
    if not told:
        raise NothingToCancel(f"{command.name()} came before what it cancels; record that first.")
    latest = told[0].event
    for each in takewhile(lambda each: _is_same(each.event, latest), told):
        if each.event_id not in history.voided:
            yield EventVoided(voids=each.event_id, of=each.event.stored_as, reason=command.reason)


def _place(event: Event) -> Location | None:
    return event.location if isinstance(event, PatientMoved) else None


def _is_same(event: Event, other: Event) -> bool:
    """Whether both report one thing: an admission, a departure, a move to one place."""
    return type(event) is type(other) and _place(event) == _place(other)
