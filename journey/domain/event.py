"""What every room shares: events, commands, refusals, and the envelope an event is recorded in.

An *event* is a fact in the past tense; a *command* asks for one; a *refusal* says why not. The envelope
(who, when, which version) stands apart from the fact, so that rules and their tests never see it.
Times follow CloudEvents: `occurred_at` is when it happened, `recorded_at` when the store learned of it.
"""

import re
from calendar import isleap, monthrange
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache
from typing import Annotated, Any, ClassVar, Literal, NamedTuple, Self
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, StrictBool, model_validator

from journey.domain.personal import Personal
from journey.domain.storable import unstorable

BARE_NUMBER = re.compile(r"[+-]?[0-9.]+")
WORDS = re.compile(r"(?<!^)(?=[A-Z])")


class Precision(StrEnum):
    """How exactly a time is known. The time itself is the start of the period that the word names."""

    INSTANT = "instant"
    MINUTE = "minute"
    HOUR = "hour"
    DAY = "day"
    MONTH = "month"
    YEAR = "year"
    UNKNOWN = "unknown"


def latest(at: datetime, precision: Precision) -> datetime:
    """The last microsecond of the period that `at` and `precision` name.

    Ordering uses it: what is only known to have happened "that day" sorts at the day's end. A day of
    slack finds the right month or year whatever zone the period's start was read in.
    """
    match precision:
        case Precision.INSTANT | Precision.UNKNOWN:
            return at
        case Precision.MINUTE:
            length = timedelta(minutes=1)
        case Precision.HOUR:
            length = timedelta(hours=1)
        case Precision.DAY:
            length = timedelta(days=1)
        case Precision.MONTH:
            inside = at + timedelta(days=1)
            length = timedelta(days=monthrange(inside.year, inside.month)[1])
        case Precision.YEAR:
            length = timedelta(days=366 if isleap((at + timedelta(days=1)).year) else 365)
    return at + length - timedelta(microseconds=1)


Upcast = Callable[[dict[str, Any]], dict[str, Any]]


class Event(BaseModel):
    """A fact, in the past tense. Stored under `stored_as`, never under a module path: rename it freely.

    A change of shape is an entry in `upcasts`: step n turns the stored data of version n into version n + 1.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    stored_as: ClassVar[str]
    undone_by: ClassVar[str] = "void-event"
    """The command that says it does not hold."""
    upcasts: ClassVar[tuple[Upcast, ...]] = ()

    @classmethod
    def __pydantic_init_subclass__(cls, stored_as: str = "", **kwargs: Any) -> None:
        super().__pydantic_init_subclass__(**kwargs)
        if not stored_as:
            raise TypeError(f"{cls.__name__} needs a name on disk: class {cls.__name__}(Event, stored_as=…)")
        if stored_as in EVENTS:
            raise TypeError(f"{stored_as!r} already names {EVENTS[stored_as].__name__} on disk")
        cls.stored_as = stored_as
        EVENTS[stored_as] = cls

    def __init_subclass__(cls, **_: Any) -> None:
        super().__init_subclass__()

    @classmethod
    def schema_version(cls) -> int:
        """The version of the shape that is written today, from 1."""
        return len(cls.upcasts) + 1


EVENTS: dict[str, type[Event]] = {}
"""Every event by its name on disk."""


@cache
def identifying(event: type[Event]) -> tuple[str, ...]:
    """The fields that say what it is about: first the thing whose status it changes."""
    fields = event.model_fields.items()
    return tuple(name for name, field in fields if name.endswith("_id") and field.is_required())


def _in_words(value: Any) -> Any:
    """A bare number would be read as seconds or milliseconds since 1970, whichever it looks like."""
    if isinstance(value, int | float) or (isinstance(value, str) and BARE_NUMBER.fullmatch(value.strip())):
        raise ValueError("a time is written as 2026-03-01T09:00:00Z")
    return value


Moment = Annotated[AwareDatetime, BeforeValidator(_in_words)]
"""A time as it is asked for: RFC 3339 with an offset."""


class Command(BaseModel):
    """A wish that something be recorded: the body of an HTTP request and the input of `decide`."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    occurred_at: Moment | None = Field(
        default=None, description="When it happened; now, where it is left out."
    )
    occurred_precision: Precision = Field(
        default=Precision.INSTANT, description="How exactly `occurred_at` is known."
    )
    reported: StrictBool = Field(
        default=False,
        description="Another system reports what already happened there: it is recorded even where the "
        "order of things would forbid asking for it.",
    )

    @model_validator(mode="after")
    def _can_be_kept(self) -> Self:
        for complaint in unstorable(self):
            raise ValueError(complaint)
        return self

    @classmethod
    def name(cls) -> str:
        """The command's name outside: `BookVisit` is `book-visit`."""
        return WORDS.sub("-", cls.__name__).lower()

    def facts(self) -> dict[str, Any]:
        """Its own fields, as the event that carries it out takes them."""
        return {
            name: getattr(self, name) for name in type(self).model_fields if name not in Command.model_fields
        }

    @property
    def reaches(self) -> datetime:
        """The end of the period in which it happened: what came later is not yet true for it."""
        if self.occurred_at is None:
            raise ValueError("A command is given its time before it is decided")
        return latest(self.occurred_at, self.occurred_precision)


class Blocker(BaseModel):
    """One thing that stands in the way, precise enough to act on."""

    model_config = ConfigDict(frozen=True)

    code: str
    what: Personal
    subject_id: UUID | None = None


class Refused(Exception):
    """A rule forbids it. The message is a sentence for the person who asked."""

    def __init__(self, sentence: str, *, blockers: Sequence[Blocker] = (), field: str = "") -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.blockers = tuple(blockers)
        self.field = field
        """Of the command, where one is to blame: its path, `data.appointment.start`."""

    @property
    def code(self) -> str:
        """Stable, for programs: `NotOpen` is `not-open`."""
        return WORDS.sub("-", type(self).__name__).lower()


class Frozen(BaseModel):
    """A value that crosses a wire or a disk inside an event, a command or an answer."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Coded(Frozen):
    """A code with its system (FHIR Coding): never a bare string."""

    system: str = Field(description="Canonical URI or well-known short name of the code system.")
    code: str
    display: str | None = None
    version: str | None = None


class Actor(Frozen):
    """Who did it."""

    id: str
    kind: Literal["human", "system", "device", "patient"]
    role: str | None = None
    team: str | None = None


class Source(Frozen):
    """Where it came from: the system, the channel, and that channel's own id of the message."""

    system: str
    channel: str
    message_id: str | None = None


class Context(Frozen):
    """What a writer brings along to the envelope: who, why, from where, caused by what, taken from what."""

    actor: Actor
    purpose: str = Field(default="TREAT", description="Purpose of use (HL7 v3 ActReason).")
    source: Source
    correlation_id: UUID | None = None
    causation_id: UUID | None = None
    attributed_from: UUID | None = None
    traceparent: str | None = None
    labels: tuple[str, ...] = ()


class Fact(NamedTuple):
    """Which event made something true, and when that was: the `why` and the `since` of an answer."""

    event_id: UUID
    at: datetime


@dataclass(slots=True)
class Recorded:
    """An event in its envelope, as it is stored. Read only, though Python is not told so: folding a journey
    makes one for each of its events, and a frozen class takes three times as long to make.
    """

    journey_id: UUID
    version: int
    event_id: UUID
    event: Event
    occurred_at: datetime
    occurred_precision: Precision
    recorded_at: datetime
    context_json: str
    position: int | None = None
    key: bytes | None = field(default=None, compare=False, repr=False)
    """The journey's data key, wrapped; empty once it is destroyed, None where it never had one."""

    @property
    def fact(self) -> Fact:
        return Fact(self.event_id, self.occurred_at)

    @property
    def reaches(self) -> datetime:
        """Where it sorts in the order of what happened: as late as it can have been.

        That is the end of the period that its time names; but nothing happened after it was recorded, so
        that what is known of today only as "today" comes before what is done next.
        """
        if self.occurred_precision is Precision.INSTANT:
            return self.occurred_at
        end = latest(self.occurred_at, self.occurred_precision)
        return end if end <= self.recorded_at else max(self.occurred_at, self.recorded_at)

    @property
    def context(self) -> Context:
        """Who, why and from where; read when asked for, because folding does not need it."""
        return Context.model_validate_json(self.context_json)
