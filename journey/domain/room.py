"""What the rooms share: what may follow what, and what each of them puts into the answer.

A room's *transitions* say for each of its events which statuses it may follow and which one it leads to. They
are the rule, the picture in the catalogue and the test at once.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Generic, Protocol, Self, TypeVar
from uuid import UUID

from journey.domain.event import Blocker, Command, Event, Fact, Frozen, Refused

Transitions = Mapping[type[Event], tuple[frozenset[StrEnum | None], StrEnum | None]]
"""For each event: the statuses it may follow (None: not there yet) and the one it leads to (None: as is)."""

Passed = Mapping[type[Event], frozenset[StrEnum]]
"""For each event: the statuses that are further along, and not taken back by what is told out of order."""


E = TypeVar("E", bound=Event)


SOME_TIME = Fact(UUID(int=0), datetime(2000, 1, 1, tzinfo=UTC))
"""Stands in for the fact to be, where only what an event changes is looked at."""


class NotPossibleNow(Refused):
    """The status does not allow it."""


class UnknownSubject(Refused):
    """The journey has nothing of this kind under this id."""


class Staged(Protocol):
    """Something with a status, and the event that gave it that status."""

    @property
    def status(self) -> StrEnum: ...
    @property
    def since(self) -> Fact: ...


def follow(
    transitions: Transitions,
    known: Staged | None,
    after: Callable[[E, Fact], Staged | None],
    event: E,
    command: Command,
    *,
    passed: Passed = MappingProxyType({}),
) -> Iterator[E]:
    """The event, where the status allows it; nothing where all that it says is so already.

    `after` is the thing as it would be: the room's evolve. Whatever an event says must show in the state, or
    a second one that says something else would pass for a repetition. `passed` says which statuses it leads
    back from no more: a report of it is kept all the same, and counts once what came first turns out void.
    """
    status = None if known is None else known.status
    too_late = status in passed.get(type(event), ())
    if known is not None and not too_late and after(event, known.since) == known:
        return
    refuse_out_of_order(transitions, type(event), status, command)
    yield event


def refuse_out_of_order(
    transitions: Transitions, event: type[Event], status: StrEnum | None, command: Command
) -> None:
    """Refuse what the status forbids, unless another system reports it."""
    sources, _ = transitions[event]
    if status in sources or command.reported:
        return
    thing = event.stored_as.partition(".")[0]
    if status is None:
        raise UnknownSubject(f"No {thing} of this journey has this id; its history lists them.")
    raise NotPossibleNow(
        f"The {thing} is {status}; {command.name()} is possible when it is {listed(sources)}. "
        "Another system's report of it is recorded with reported: true."
    )


def listed(statuses: frozenset[StrEnum | None]) -> str:
    """The statuses in words."""
    return " or ".join(sorted(status for status in statuses if status is not None)) or "not there yet"


# --- What a room puts into the answer


class Milestone(Frozen):
    """Something that has been reached, when, and by which event."""

    milestone: str
    at: datetime
    event_id: UUID
    subject_id: UUID | None = None


class Escalation(Frozen):
    """Who else is told of a step, from when on."""

    at: datetime
    to: str


class Step(Frozen):
    """Something that comes next, until when, who does it, and the event that it follows from."""

    step: str
    subject_id: UUID | None = None
    due: datetime | None = None
    warn_at: datetime | None = None
    owner: str | None = None
    event_id: UUID
    title: str | None = None
    waits_for: tuple[str, ...] = ()
    escalate: tuple[Escalation, ...] = ()


class Waived(Frozen):
    """A milestone that need not be reached: why, and by which events."""

    milestone: str
    why: str
    event_ids: tuple[UUID, ...] = ()


class Loop(Frozen):
    """Something begun and not yet finished: where it is, since when, and what it waits for."""

    id: UUID
    status: str
    since: datetime
    event_id: UUID
    what: str | None = None
    who: str | None = None
    due: datetime | None = None


def milestone(name: str, fact: Fact | None, subject_id: UUID | None = None) -> Iterator[Milestone]:
    """The milestone, if there is a fact that reached it."""
    if fact is not None:
        yield Milestone(milestone=name, at=fact.at, event_id=fact.event_id, subject_id=subject_id)


NOTICE = timedelta(days=1)
"""How long before its due time a step is at risk, where nothing else is said."""


def step(name: str, fact: Fact, due: datetime | None, subject_id: UUID) -> Step:
    """A step that is at risk a day before it is due."""
    return Step(
        step=name, subject_id=subject_id, due=due, warn_at=due and due - NOTICE, event_id=fact.event_id
    )


class Answers(Protocol):
    """What the state of any room can be asked for the journey's answer."""

    def left_open(self) -> Iterator[Blocker]:
        """What a close would leave undone."""

    def holds(self, visit_id: UUID) -> Iterator[Blocker]:
        """What keeps the patient from leaving this stay."""

    def reached(self) -> Iterator[Milestone]:
        """What has been reached."""

    def steps(self) -> Iterator[Step]:
        """What comes next, without regard to the time."""

    def blockers(self) -> Iterator[Blocker]:
        """What stands in the way of care."""

    def loops(self) -> Iterator[Loop]:
        """What is begun and not finished."""


class Silent:
    """A room that puts nothing into the answer, until it says otherwise."""

    __slots__ = ()

    def left_open(self) -> Iterator[Blocker]:
        return iter(())

    def holds(self, visit_id: UUID) -> Iterator[Blocker]:  # noqa: ARG002 - rooms that answer read it
        return iter(())

    def reached(self) -> Iterator[Milestone]:
        return iter(())

    def steps(self) -> Iterator[Step]:
        return iter(())

    def blockers(self) -> Iterator[Blocker]:
        return iter(())

    def loops(self) -> Iterator[Loop]:
        return iter(())


T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Things(Silent, Generic[T]):
    """Everything of one kind on the journey, by its id: the state of most rooms."""

    by_id: Mapping[UUID, T] = field(default_factory=dict)

    def __iter__(self) -> Iterator[T]:
        return iter(self.by_id.values())

    def get(self, key: UUID) -> T | None:
        return self.by_id.get(key)

    def having(self, key: UUID, thing: T) -> Self:
        """The same, and this under its id."""
        return type(self)({**self.by_id, key: thing})
