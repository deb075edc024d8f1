"""Clocks: times that somebody measures, each with its runs.

A clock runs from a start to a stop. What nullifies it undoes the run as if it had never begun; after a stop,
another start begins another run. NHS waiting times do not pause, and so no clock does. With the pathway ends
what has a target, for nothing is owed any more; what only measures goes on.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from journey.domain.event import Event, Frozen
from journey.domain.pathway.definition import ClockDefinition, Part, Percent
from journey.domain.pathway.plan import Heard, Hit, Plan, chosen
from journey.domain.pathway.span import part_of


class ClockState(StrEnum):
    """What became of a run."""

    RUNNING = "running"
    STOPPED = "stopped"
    NULLIFIED = "nullified"
    RESTARTED = "restarted"


class Clock(Frozen):
    """One run of a clock. What depends on the time that it is now is filled in when it is read."""

    clock: str
    title: str
    run: int
    state: ClockState
    started_at: datetime
    stopped_at: datetime | None = None
    target: str | None = None
    due: datetime | None = None
    warn_at: datetime | None = None
    standard: float | None = None
    breached: bool | None = None
    event_ids: tuple[UUID, ...]

    def at(self, now: datetime) -> "Clock":
        """The same, with whether its target is breached at this moment."""
        if self.due is None or self.state not in {ClockState.RUNNING, ClockState.STOPPED}:
            return self
        return self.model_copy(update={"breached": (self.stopped_at or now) > self.due})


class Role(StrEnum):
    """What an event does to a clock. Of one event, the earlier role counts first."""

    NULLIFY = "1"
    STOP = "2"
    EXTEND = "3"
    LEADS_TO_RESTART = "4"
    RESTART = "5"
    START = "6"


class Run(NamedTuple):
    """One run while it is being followed. What is known to the day only ends no earlier than it began."""

    started: Hit
    since: datetime
    ended: Hit | None = None
    until: datetime | None = None
    state: ClockState = ClockState.RUNNING
    extended: Hit | None = None

    @property
    def is_running(self) -> bool:
        return self.state is ClockState.RUNNING

    def over(self, hit: Hit, state: ClockState) -> "Run":
        return self._replace(ended=hit, until=max(self.since, hit.recorded.occurred_at), state=state)


Runs = Sequence[tuple[ClockDefinition, Sequence[Run]]]


def runs(plan: Plan, heard: Heard, start: Hit, end: Hit | None) -> Runs:
    """The runs of every clock that applies, in the order of the definition."""
    return [
        (clock, _runs(clock, heard, start, end))
        for clock in plan.definition.clocks
        if clock.applies_when is None or heard.holds(clock.applies_when) is not None
    ]


def clocks(plan: Plan, found: Runs, parameters: Mapping[str, str]) -> Iterator[Clock]:
    """Every run, as it is read."""
    for definition, of_it in found:
        for number, run in enumerate(of_it, 1):
            yield _clock(definition, plan, number, run, parameters)


def latest(
    plan: Plan, found: Runs, parameters: Mapping[str, str]
) -> Mapping[str, tuple[Hit, datetime | None]]:
    """From where the latest run of each clock counts, and until when; one that was nullified does not."""
    return {
        clock.id: (of_it[-1].started, _due(clock, plan, of_it[-1], parameters)[0])
        for clock, of_it in found
        if of_it and of_it[-1].state is not ClockState.NULLIFIED
    }


def _runs(clock: ClockDefinition, heard: Heard, start: Hit, end: Hit | None) -> Sequence[Run]:
    ends = end if clock.target is not None else None
    found: list[Run] = []
    is_led = False
    for place, role, hit in sorted(_heard_by(clock, heard, start)):
        if ends is not None and place > ends.place:
            break
        if not (found and found[-1].is_running):
            undone = bool(found) and found[-1].state is ClockState.NULLIFIED
            is_led = is_led or (undone and role is Role.LEADS_TO_RESTART)
            if role is Role.START or (undone and is_led and role is Role.RESTART):
                found.append(_begun(hit, found))
                is_led = False
            continue
        match role:
            case Role.NULLIFY:
                is_led = False
                found[-1] = found[-1].over(hit, ClockState.NULLIFIED)
            case Role.STOP:
                found[-1] = found[-1].over(hit, ClockState.STOPPED)
            case Role.EXTEND:
                found[-1] = found[-1]._replace(extended=found[-1].extended or hit)
            case Role.LEADS_TO_RESTART:
                is_led = True
            case Role.RESTART if is_led:
                found[-1] = found[-1].over(hit, ClockState.RESTARTED)
                found.append(_begun(hit, found))
                is_led = False
            case _:
                pass
    if ends is not None and found and found[-1].is_running:
        found[-1] = found[-1].over(ends, ClockState.STOPPED)
    return found


def _begun(hit: Hit, before: Sequence[Run]) -> Run:
    """A run that begins with this, and not before the one before is over."""
    at = hit.recorded.occurred_at
    over = before[-1].until if before else None
    return Run(hit, at if over is None else max(at, over))


def _heard_by(clock: ClockDefinition, heard: Heard, start: Hit) -> Iterator[tuple[int, Role, Hit]]:
    """Everything that does something to the clock, with its place."""
    before = heard.begins(start) - 1
    listening = {
        Role.NULLIFY: clock.nullify,
        Role.STOP: clock.stop,
        Role.EXTEND: clock.extend and clock.extend.when,
        Role.LEADS_TO_RESTART: clock.restart and clock.restart.after,
        Role.RESTART: clock.restart and clock.restart.on,
        Role.START: None if isinstance(clock.start, str) else clock.start,
    }
    for role, triggers in listening.items():
        hits = heard.hits(triggers, before) if triggers else ()
        for number, hit in enumerate(hits):
            yield _place(heard, hit) if role is Role.START and not number else hit.place, role, hit
    if isinstance(clock.start, str):
        yield _place(heard, start), Role.START, start


def _place(heard: Heard, first: Hit) -> int:
    """Where the first start counts: before all that may have followed it."""
    began = heard.begins(first)
    return first.place if began == first.place else began - 1


def _clock(
    definition: ClockDefinition, plan: Plan, number: int, run: Run, parameters: Mapping[str, str]
) -> Clock:
    due, target = _due(definition, plan, run, parameters)
    hits = [hit for hit in (run.started, run.extended, run.ended) if hit is not None]
    return Clock(
        clock=definition.id,
        title=definition.title or definition.id,
        run=number,
        state=run.state,
        started_at=run.since,
        stopped_at=run.until,
        target=target,
        due=due,
        warn_at=warning(plan, plan.counted_from(run.started.recorded), due, definition.warn_at),
        standard=definition.standard,
        event_ids=tuple(hit.recorded.event_id for hit in hits),
    )


def _due(
    definition: ClockDefinition, plan: Plan, run: Run, parameters: Mapping[str, str]
) -> tuple[datetime | None, str | None]:
    event: Event = run.started.recorded.event
    target = definition.target
    span = None if target is None else chosen(target, event, parameters)
    if span is None:
        return None, None
    due = plan.calendar.after(plan.counted_from(run.started.recorded), span)
    if run.extended is None or definition.extend is None:
        return due, str(span)
    return plan.calendar.after(due, definition.extend.by), f"{span} + {definition.extend.by}"


def warning(plan: Plan, start: datetime, due: datetime | None, part: Part | None) -> datetime | None:
    """From when on it is at risk; None where nothing is said."""
    if part is None or due is None:
        return None
    if isinstance(part, Percent):
        return part_of(start, due, part.value)
    return plan.calendar.after(start, part)
