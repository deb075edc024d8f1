"""Chart: a journey as resources are made of it: its state, and what was said of each of its things."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from typing import NamedTuple, TypeVar
from uuid import UUID

from journey.domain.episode import Episode
from journey.domain.event import Event, Fact, Recorded, identifying
from journey.domain.journey import ROOM_OF_EVENT, Journey, evolve
from journey.domain.rules import IN_CARE
from journey.fhir.course import Course, courses
from journey.fhir.data import Json, span

E = TypeVar("E", bound=Event)

HERE = frozenset(IN_CARE)
RESPONSIBLE = frozenset({"episode", "handoffs", "transfers"})


class Since(NamedTuple):
    """How the journey as a whole was, and with which event that began."""

    episode: Episode
    by: Recorded


@dataclass(frozen=True)
class Chart:
    """`journey` is folded from what holds and from what whoever asks may see."""

    journey: Journey

    @property
    def journey_id(self) -> UUID:
        return self.journey.journey_id

    @property
    def patient_id(self) -> UUID | None:
        """The journey's own patient, also where that record was merged into another."""
        return self.journey.identity.patient_id

    @cached_property
    def _of(self) -> Mapping[UUID, tuple[Recorded, ...]]:
        found: dict[UUID, list[Recorded]] = {}
        for each in self.journey.recorded:
            for id_ in about(each.event):
                found.setdefault(id_, []).append(each)
        return {id_: tuple(events) for id_, events in found.items()}

    @cached_property
    def stations(self) -> tuple[Since, ...]:
        """How the journey as a whole was, step by step: visits move its status, and handoffs its owner."""
        journey, passed = Journey(self.journey_id, 0), list[Since]()
        for each in self.journey.recorded:
            kind = type(each.event)
            if ROOM_OF_EVENT[kind] in RESPONSIBLE or kind in HERE:
                before, journey = journey.episode, evolve(journey, (each,))
                if journey.episode is not before:
                    passed.append(Since(journey.episode, each))
        return tuple(passed)

    @cached_property
    def courses(self) -> Mapping[UUID, Course]:
        """What each visit was, step by step."""
        return courses(self.journey)

    def of(self, thing: UUID) -> tuple[Recorded, ...]:
        """What holds of a visit, a referral …, in the order in which it happened."""
        return self._of.get(thing, ())

    def told(self, thing: UUID, room: str) -> tuple[Recorded, ...]:
        """The same, without what other rooms, or other things of the room, say of it."""
        named = ((each, type(each.event)) for each in self.of(thing))
        return tuple(
            each
            for each, kind in named
            if ROOM_OF_EVENT[kind] == room and getattr(each.event, identifying(kind)[0]) == thing
        )

    @cached_property
    def _by_id(self) -> Mapping[UUID, Recorded]:
        return {each.event_id: each for each in self.journey.recorded}

    def by(self, fact: Fact | None) -> Recorded | None:
        """The event that made it so."""
        return None if fact is None else self._by_id.get(fact.event_id)

    def span(self, begun: Fact | None, ended: Fact | None) -> Json | None:
        """From when until when something was so, each as exactly as it is known."""
        first, last = self.by(begun), self.by(ended)
        return None if first is None else span(first, last)

    def last(self, thing: UUID, kind: type[E]) -> tuple[E, Recorded] | None:
        """The last event of this kind about it."""
        for each in reversed(self.of(thing)):
            if isinstance(each.event, kind):
                return each.event, each
        return None


@cache
def _ids(kind: type[Event]) -> tuple[str, ...]:
    return tuple(name for name in kind.model_fields if name.endswith("_id"))


def about(event: Event) -> frozenset[UUID]:
    """The ids of the things that an event names."""
    named = (getattr(event, name) for name in _ids(type(event)))
    return frozenset(each for each in named if isinstance(each, UUID))
