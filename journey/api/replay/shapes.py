"""What is answered of a journey's past: steps, differences and reasons, each with the events as recorded."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field
from pydantic_core import to_jsonable_python

from journey.api.envelope import RecordedEvent, WithheldEvent, envelope, withheld_event
from journey.api.history import Reading
from journey.domain.correction import EventReattributed, EventVoided, History
from journey.domain.event import Recorded
from journey.domain.replay import Axis, Between, Change, Reason, Step, about

STRIKES = (EventVoided, EventReattributed)
Row = dict[str, Any]


class FieldChange(BaseModel):
    """One value that is another since; null where nothing is said."""

    path: str = Field(description="`stage`, `open.referrals.<id>.status`, `rooms.visits.<id>.start` …")
    before: Any
    after: Any


class ReplayStep(BaseModel):
    """One event, and what it changed; of one that is withheld, neither."""

    event: RecordedEvent | WithheldEvent
    reading: Reading | None = Field(description="How it should read; null where nothing was corrected.")
    changes: tuple[FieldChange, ...]


class ReplayPage(BaseModel):
    """A page of steps."""

    journey_id: UUID
    axis: Axis
    version: int = Field(description="The version up to which this replay goes, on all of its pages.")
    steps: tuple[ReplayStep, ...]
    next: str | None = Field(description="Where the next page begins; null on the last.")


class ReplayMoment(BaseModel):
    """One of two moments, and whether the journey was there and known by then."""

    as_of: datetime
    as_known_at: datetime
    there: bool


class BeforeAndAfter(BaseModel):
    """Whether it was so at the one moment, and at the other."""

    before: bool
    after: bool


class EventBetween(BaseModel):
    """An event that is not the same at both moments. Of one that is withheld: whether it was known."""

    event: RecordedEvent | WithheldEvent
    known: BeforeAndAfter = Field(description="It was recorded by then.")
    holds: BeforeAndAfter | None = Field(description="It had happened by then, and was not void.")
    reads_otherwise: bool | None = Field(description="It was corrected in between.")


class ReplayDifference(BaseModel):
    """What is answered otherwise at the later moment, and a page of the events that lie between."""

    journey_id: UUID
    before: ReplayMoment
    after: ReplayMoment
    changes: tuple[FieldChange, ...]
    events: tuple[EventBetween, ...]
    next: str | None = Field(description="Where the next page of events begins; null on the last.")


class AnsweredValue(BaseModel):
    """One value of the answer."""

    path: str
    value: Any


class ReplayReason(BaseModel):
    """An event that decided what is answered, as it was first recorded, and what was said of it since."""

    event: RecordedEvent
    reading: Reading | None = Field(description="How it should read; null where nothing was corrected.")
    decides: tuple[str, ...] = Field(description="The paths that it decides.")
    corrections: tuple[RecordedEvent, ...]


class ReplayWhy(BaseModel):
    """Why it is so: what is answered, what decided it, and the event since which it is answered so."""

    journey_id: UUID
    of: str
    as_of: datetime
    as_known_at: datetime
    values: tuple[AnsweredValue, ...]
    decided_by: tuple[ReplayReason, ...]
    answered_since: RecordedEvent | None = Field(
        description="The event with whose recording this last came to be answered otherwise."
    )
    complete: bool = Field(
        description="False where the journey is so long that only its last part was looked through."
    )
    withheld: bool = Field(description="Something is recorded that is left out: you are not cleared for it.")


class Teller:
    """Says events of one history as they go out, each with what was said of it; what is hidden, without."""

    def __init__(self, history: History, hidden: frozenset[UUID] = frozenset()) -> None:
        self._hidden = hidden
        self._first = {each.event_id: each for each in history.recorded}
        self._readings = {each.event_id: each for each in history.readings}
        self._corrected = {target: each.event_id for target, each in history.said.corrects.items()}
        self._voided = _voided(history)

    def event(self, event_id: UUID) -> Row:
        """The fields of RecordedEvent, or of WithheldEvent."""
        each = self._first[event_id]
        if event_id in self._hidden:
            return withheld_event(each)
        return envelope(each, self._voided.get(event_id), self._corrected.get(event_id))

    def step(self, step: Step) -> Row:
        """The fields of ReplayStep."""
        told = told_changes(step.changes or ())
        return {**self._with_reading(step.recorded.event_id), "changes": told}

    def between(self, each: Between) -> Row:
        """The fields of EventBetween."""
        withheld = each.recorded.event_id in self._hidden
        return {
            "event": self.event(each.recorded.event_id),
            "known": _pair(each.known),
            "holds": None if withheld else _pair(each.holds),
            "reads_otherwise": None if withheld else each.reads_otherwise,
        }

    def reason(self, reason: Reason) -> Row:
        """The fields of ReplayReason."""
        return {
            **self._with_reading(reason.recorded.event_id),
            "decides": reason.decides,
            "corrections": [self.event(each.event_id) for each in reason.corrections],
        }

    def _with_reading(self, event_id: UUID) -> Row:
        read = self._readings[event_id] if event_id in self._corrected else None
        is_told = read is not None and event_id not in self._hidden
        return {"event": self.event(event_id), "reading": _reading(read) if is_told and read else None}


def told_changes(changes: Iterable[Change]) -> list[Row]:
    """The fields of FieldChange, of each."""
    return [each._asdict() for each in changes]


def told_values(values: Mapping[str, Any]) -> list[Row]:
    """The fields of AnsweredValue, of each."""
    return [{"path": path, "value": value} for path, value in values.items()]


def _reading(read: Recorded) -> Row:
    return {
        "occurred_at": read.occurred_at,
        "occurred_precision": read.occurred_precision,
        "data": to_jsonable_python(read.event, exclude_none=True),
    }


def _pair(told: tuple[bool, bool]) -> Row:
    return dict(zip(("before", "after"), told, strict=True))


def _voided(history: History) -> dict[UUID, UUID]:
    """Of each event that does not hold, the one that says so."""
    last = ((about(each.event), each) for each in history.corrections if type(each.event) in STRIKES)
    by_target = {target: each.event_id for target, each in last if target is not None}
    return {target: event_id for target, event_id in by_target.items() if target in history.voided}
