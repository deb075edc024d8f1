"""A resource at the journey it is about: what its commands need beside its own elements, and how what it
says is held against what it said before.

A resource is a snapshot. What it says again is no news; what it says otherwise corrects what it said.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar
from uuid import UUID

from pydantic_core import to_jsonable_python

from journey.domain.correction import CorrectEvent, Dependants, History, VoidEvent
from journey.domain.discharge import DischargePatient, PatientDischarged
from journey.domain.event import Command, Event, Recorded
from journey.domain.journey import Journey, fold
from journey.domain.visit import (
    PatientAdmitted,
    PatientArrived,
    Visit,
    VisitBooked,
    VisitCompleted,
    VisitStarted,
)
from journey.domain.visit.decide import CARRIES_OUT
from journey.ingest.fhir.moment import Moment
from journey.ingest.fhir.naming import Came
from journey.ingest.fhir.resource import Resource

C = TypeVar("C", bound=Command)

SAYS: Mapping[type[Command], type[Event]] = {**CARRIES_OUT, DischargePatient: PatientDischarged}
ONCE = (VisitBooked, PatientArrived, VisitStarted, PatientAdmitted, VisitCompleted, PatientDischarged)
"""What happens once in a visit: said otherwise, it is corrected."""

ENDS = (VisitCompleted, PatientDischarged)
"""What does not hold once the sender says that the visit goes on."""

OTHERWISE = "the sender says otherwise now"


@dataclass(frozen=True)
class Telling:
    """What one resource says of one patient, and the journey as it is recorded."""

    came: Came
    resource: Resource
    journey_id: UUID
    history: History
    thing_id: UUID
    """Of the visit, the referral … that the resource is."""
    name: str
    """What its events say they come from."""
    is_old: bool = False
    """A later version of it was taken before this one."""
    linked: Mapping[str, UUID] = field(default_factory=dict)
    """What it refers to on the same journey, by kind."""

    def asks(self, command: type[C], at: Moment | None = None, **facts: Any) -> C:
        """The command, as what another system says happened at this time; else when the resource was changed,
        else now.
        """
        moment = at or self.resource.updated
        if moment is None:
            return command(**facts, reported=True)
        return command(**facts, occurred_at=moment.at, occurred_precision=moment.precision, reported=True)

    @cached_property
    def journey(self) -> Journey:
        return fold(self.history.effective, self.journey_id, self.history.version)

    @property
    def visit(self) -> Visit | None:
        """The visit that it is, where anybody has told of it: looking for its name is cheaper than a fold."""
        told = (getattr(each.event, "visit_id", None) for each in self.history.recorded)
        return self.journey.visits.get(self.thing_id) if self.thing_id in told else None

    @cached_property
    def said(self) -> tuple[Recorded, ...]:
        """What the resource has said before, as it reads now, where that holds."""
        if not self.name:
            return ()
        quoted = f'"{self.name}"'
        return tuple(
            each for each in self.history.effective if quoted in each.context_json and self._ours(each)
        )

    def _ours(self, recorded: Recorded) -> bool:
        source = recorded.context.source
        return (source.channel, source.system, source.message_id) == ("fhir", self.came.source, self.name)

    def has_said(self, *kinds: type[Event]) -> bool:
        return any(isinstance(each.event, kinds) for each in self.said)

    def news(self, wanted: Iterable[Command]) -> Iterator[Command]:
        """What differs from what it said before of this visit, all of which it says again."""
        left = list(self.said)
        for command in wanted:
            event = SAYS[type(command)](**command.facts())
            same = [each for each in left if type(each.event) is type(event)]
            known = next((each for each in same if _is(each, event, command)), None)
            if known is not None:
                left.remove(known)
            elif not same or not isinstance(event, ONCE):
                yield command
            elif not self.is_old:
                left.remove(same[0])
                yield _corrected(same[0], event, command)
        if not self.is_old:
            yield from (_void(each) for each in left if isinstance(each.event, ENDS))


def _is(said: Recorded, event: Event, command: Command) -> bool:
    at = command.occurred_at
    same_time = at is None or (at, command.occurred_precision) == (said.occurred_at, said.occurred_precision)
    return said.event == event and same_time


def _corrected(said: Recorded, event: Event, command: Command) -> CorrectEvent:
    data = {
        name: to_jsonable_python(value)
        for name, value in event
        if value != getattr(said.event, name) and name != "left_open"
    }
    return CorrectEvent(
        event_id=said.event_id,
        data=data,
        happened_at=command.occurred_at,
        happened_precision=command.occurred_precision if command.occurred_at else None,
        reason=OTHERWISE,
        dependants=Dependants.KEEP,
        reported=True,
    )


def _void(said: Recorded) -> VoidEvent:
    return VoidEvent(event_id=said.event_id, reason=OTHERWISE, dependants=Dependants.KEEP, reported=True)


def in_time(commands: Iterable[Command]) -> list[Command]:
    """In the order in which it happened; what names no time is last."""
    listed = list(commands)
    timed = sorted((each for each in listed if each.occurred_at), key=lambda each: each.reaches)
    return [*timed, *(each for each in listed if not each.occurred_at)]
