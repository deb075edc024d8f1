"""Clocks: times that somebody measures, each with its runs.

A clock runs from a start to a stop. What nullifies it undoes the run as if it had never begun; after a stop,
another start begins another run. NHS waiting times do not pause, and so no clock does.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from journey.domain.event import Event, Frozen
from journey.domain.pathway.definition import ClockDefinition, Part, Percent
from journey.domain.pathway.plan import NOWHERE, Heard, Hit, Plan, chosen
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
    """One run while it is being followed."""

    started: Hit
    ended: Hit | None = None
    state: ClockState = ClockState.RUNNING
    extended: Hit | None = None


def clocks(plan: Plan, heard: Heard, start: Hit, parameters: Mapping[str, str]) -> Iterator[Clock]:
    """Every run of every clock that applies, in the order of the definition."""
    for definition in _applying(plan, heard):
        for number, run in enumerate(_runs(definition, heard, start), 1):
            yield _clock(definition, plan, number, run, parameters)


def _applying(plan: Plan, heard: Heard) -> Iterator[ClockDefinition]:
    for definition in plan.definition.clocks:
        if definition.applies_when is None or heard.holds(definition.applies_when) is not None:
            yield definition


def latest(
    plan: Plan, heard: Heard, start: Hit, parameters: Mapping[str, str]
) -> Mapping[str, tuple[Hit, datetime | None]]:
    """From where the latest run of each clock counts, and until when; one that was nullified does not."""
    found = {each.id: (each, run) for each in _applying(plan, heard) for run in _runs(each, heard, start)}
    return {
        name: (run.started, _due(each, plan, run, parameters)[0])
        for name, (each, run) in found.items()
        if run.state is not ClockState.NULLIFIED
    }


def _runs(clock: ClockDefinition, heard: Heard, start: Hit) -> list[Run]:
    runs: list[Run] = []
    is_led = False
    for _, role, hit in sorted(_heard_by(clock, heard, start)):
        running = bool(runs) and runs[-1].state is ClockState.RUNNING
        if not running:
            undone = bool(runs) and runs[-1].state is ClockState.NULLIFIED
            is_led = is_led or (undone and role is Role.LEADS_TO_RESTART)
            if role is Role.START or (undone and is_led and role is Role.RESTART):
                runs.append(Run(hit))
                is_led = False
            continue
        match role:
            case Role.NULLIFY:
                is_led = False
                runs[-1] = runs[-1]._replace(ended=hit, state=ClockState.NULLIFIED)
            case Role.STOP:
                runs[-1] = runs[-1]._replace(ended=hit, state=ClockState.STOPPED)
            case Role.EXTEND:
                runs[-1] = runs[-1]._replace(extended=runs[-1].extended or hit)
            case Role.LEADS_TO_RESTART:
                is_led = True
            case Role.RESTART if is_led:
                runs[-1] = runs[-1]._replace(ended=hit, state=ClockState.RESTARTED)
                runs.append(Run(hit))
                is_led = False
            case _:
                pass
    return runs


def _heard_by(clock: ClockDefinition, heard: Heard, start: Hit) -> Iterator[tuple[int, Role, Hit]]:
    """Everything that does something to the clock, with its place."""
    before = start.place - 1 if start.place > NOWHERE else NOWHERE
    listening = {
        Role.NULLIFY: clock.nullify,
        Role.STOP: clock.stop,
        Role.EXTEND: clock.extend and clock.extend.when,
        Role.LEADS_TO_RESTART: clock.restart and clock.restart.after,
        Role.RESTART: clock.restart and clock.restart.on,
        Role.START: None if isinstance(clock.start, str) else clock.start,
    }
    for role, triggers in listening.items():
        for hit in heard.hits(triggers, before) if triggers else ():
            yield hit.place, role, hit
    if isinstance(clock.start, str):
        yield start.place, Role.START, start


def _clock(
    definition: ClockDefinition, plan: Plan, number: int, run: Run, parameters: Mapping[str, str]
) -> Clock:
    started = run.started.recorded
    due, target = _due(definition, plan, run, parameters)
    hits = [hit for hit in (run.started, run.extended, run.ended) if hit is not None]
    return Clock(
        clock=definition.id,
        title=definition.title or definition.id,
        run=number,
        state=run.state,
        started_at=started.occurred_at,
        stopped_at=run.ended and run.ended.recorded.occurred_at,
        target=target,
        due=due,
        warn_at=warning(plan, started.occurred_at, due, definition.warn_at),
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
    due = plan.calendar.after(run.started.recorded.occurred_at, span)
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
