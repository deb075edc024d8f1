"""Flow: the way that a journey took along its pathway, as figures over many journeys are made of it.

The patient is in one stage at a time, the one that the answer to "where do they stand" named at that moment:
the latest, in the order of the definition, that was entered and not undone. An undone entry leads back, and
what is entered again is a stay of its own. Derived from what holds now: what is told late is in its place.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import lru_cache
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

from journey.domain.attendance import AGREED, CAME
from journey.domain.enrolment import MilestoneAttested, MilestoneReopened
from journey.domain.event import EVENTS, Event, Fact
from journey.domain.pathway.clocks import Clock
from journey.domain.pathway.course import Following
from journey.domain.pathway.definition import START, Definition
from journey.domain.pathway.plan import Plan, triggers
from journey.domain.visit.events import NoShowRecorded, NoShowReversed


class StageStay(NamedTuple):
    """A stage from its entry until another was entered, or the pathway ended. `place`: in the definition."""

    stage: str
    place: int
    entered_at: datetime
    left_at: datetime | None = None


class MilestonePassed(NamedTuple):
    """A milestone that was reached, if only until it was undone. `place`: in the definition."""

    milestone: str
    place: int
    reached_at: datetime | None
    counted_from: datetime
    due: datetime | None = None
    undone: int = 0
    undone_at: datetime | None = None


class Flow(NamedTuple):
    """All of it, in the order of time."""

    began: Fact
    stays: tuple[StageStay, ...]
    milestones: tuple[MilestonePassed, ...]
    clocks: tuple[Clock, ...]


class Moment(NamedTuple):
    """From when on the patient is in a stage, by its place in the definition."""

    at: datetime
    stage: int


class Undoing(NamedTuple):
    """A milestone that was reached, and when it was not any more."""

    milestone: str
    at: datetime


def flow(on_it: Following) -> Flow:
    """The way of a journey since its pathway has begun."""
    whole = on_it.whole
    if _undoing(on_it.plan).isdisjoint(type(each.event) for each in on_it.recorded):
        moments, undone = list(_followed(on_it)), list[Undoing]()
    else:
        moments, undone = _retraced(on_it)
    return Flow(
        on_it.start.recorded.fact,
        tuple(_stays(on_it.plan.definition, moments, whole.ended)),
        tuple(_milestones(on_it, undone)),
        whole.clocks,
    )


# --- Where nothing is undone, the stages follow from what was reached


def _followed(on_it: Following) -> Iterator[Moment]:
    """Each stage from its first entry, those out of order being passed over."""
    start = on_it.start.place
    entries = [
        (start if name == START else max(start, on_it.reached[name].place), number)
        for number, stage in enumerate(on_it.plan.definition.stages)
        for name in stage.entered_by
        if name == START or name in on_it.reached
    ]
    here = -1
    for place, together in groupby(sorted([(start, 0), *entries]), key=itemgetter(0)):
        furthest = max(number for _, number in together)
        if furthest > here:
            here = furthest
            yield Moment(on_it.recorded[place].occurred_at, here)


# --- Where something may have been, it is looked at event by event


def _retraced(on_it: Following) -> tuple[list[Moment], list[Undoing]]:
    """Where the journey stood after each event that a milestone may listen to."""
    numbers = {stage.id: number for number, stage in enumerate(on_it.plan.definition.stages)}
    start, listened = on_it.start.place, _listened(on_it.plan)
    moments: list[Moment] = []
    undone: list[Undoing] = []
    reached: set[str] = set()
    for place in range(start, len(on_it.recorded)):
        if place > start and type(on_it.recorded[place].event) not in listened:
            continue
        then, at = on_it.until(place), on_it.recorded[place].occurred_at
        moments.append(Moment(at, numbers[then.stage[0]]))
        undone += [Undoing(each, at) for each in sorted(reached - then.reached.keys())]
        reached = set(then.reached)
    return moments, undone


@lru_cache(maxsize=200)
def _undoing(plan: Plan) -> frozenset[type[Event]]:
    """The events after which what was reached may not be, or be reached anew."""
    every = plan.definition.every_milestone()
    undone = {kind for each in every for kind in _kinds(each.undone_by)}
    latest = {kind for each in every if each.repeat == "latest" for kind in _kinds(each.reached_by)}
    return frozenset({MilestoneReopened} | undone | latest)


@lru_cache(maxsize=200)
def _listened(plan: Plan) -> frozenset[type[Event]]:
    """The events that may change what is reached."""
    definition = plan.definition
    return _undoing(plan) | {MilestoneAttested} | set(_kinds((definition.milestones, definition.branches)))


@lru_cache(maxsize=200)
def matters(plan: Plan) -> frozenset[type[Event]]:
    """The events that may change any of it; what is decided about the pathway itself is not among them."""
    heard = {*_kinds(plan.definition)}
    heard |= {
        EVENTS[each.event] for one in triggers(plan.definition) for each in one.of if each.event in EVENTS
    }
    return frozenset(heard | CAME | AGREED | {NoShowReversed} if NoShowRecorded in heard else heard)


def _kinds(part: object) -> Iterator[type[Event]]:
    return (EVENTS[trigger.event] for trigger in triggers(part) if trigger.event in EVENTS)


# --- As rows


def _stays(definition: Definition, moments: Sequence[Moment], ended: Fact | None) -> Iterator[StageStay]:
    """One after the other; what is known to the day only is never before what it follows."""
    here: Moment | None = None
    for each in moments:
        if here is None:
            here = each
        elif each.stage != here.stage:
            if ended is not None and each.at > ended.at:
                break
            left = Moment(max(each.at, here.at), each.stage)
            yield _stay(definition, here, left.at)
            here = left
    if here is not None:
        yield _stay(definition, here, ended and max(ended.at, here.at))


def _stay(definition: Definition, here: Moment, left_at: datetime | None) -> StageStay:
    return StageStay(definition.stages[here.stage].id, here.stage, here.at, left_at)


def _milestones(on_it: Following, undone: Sequence[Undoing]) -> Iterator[MilestonePassed]:
    for place, each in enumerate(on_it.milestones):
        times = [undoing.at for undoing in undone if undoing.milestone == each.id]
        hit = on_it.reached.get(each.id)
        if hit is None and not times:
            continue
        base, due = on_it.due(each)
        yield MilestonePassed(
            milestone=each.id,
            place=place,
            reached_at=hit and hit.recorded.occurred_at,
            counted_from=base.recorded.occurred_at,
            due=due,
            undone=len(times),
            undone_at=times[-1] if times else None,
        )
