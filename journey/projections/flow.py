"""Flow: how long were patients in each stage, when was what reached, which clocks were kept?
Asked by whoever plans, of all journeys of a pathway together.
"""

from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

from journey.domain.codes import JourneyStatus
from journey.domain.journey import Journey
from journey.domain.pathway.clocks import ClockState
from journey.domain.pathway.flow import Flow, flow, matters
from journey.domain.pathway.plan import Plan
from journey.domain.standing import Way
from journey.projections.listed import Row, replaced, short
from journey.projections.model import Change, Write

TABLES = ("flow_stage", "flow_milestone", "flow_clock")


class Rows(NamedTuple):
    """What a journey has in each of the tables, in their order."""

    stages: tuple[Row, ...] = ()
    milestones: tuple[Row, ...] = ()
    clocks: tuple[Row, ...] = ()


def flowing(change: Change, gone: Way) -> Iterator[Write]:
    """What the change writes: the journey's rows made anew, where anything happened that they are made of."""
    before = change.before
    if before is not None and _is_as_before(before, change.journey, gone.plan):
        return
    for table, rows in zip(TABLES, _rows(change.journey, gone), strict=True):
        yield from replaced(table, change, rows)


def _is_as_before(before: Journey, journey: Journey, plan: Plan | None) -> bool:
    """Whether it has only gone on, with nothing that the pathway listens to."""
    same = before.enrolment is journey.enrolment and before.episode is journey.episode
    known = len(before.recorded)
    if not same or not 0 < known <= len(journey.recorded):
        return False
    if journey.recorded[known - 1] is not before.recorded[-1]:  # folded anew
        return False
    return plan is None or matters(plan).isdisjoint(type(each.event) for each in journey.recorded[known:])


def _rows(journey: Journey, gone: Way) -> Rows:
    """None where no pathway is followed, and none of a journey that was entered in error."""
    enrolment, episode = journey.enrolment, journey.episode
    if gone.on_it is None or episode.status is JourneyStatus.ENTERED_IN_ERROR:
        return Rows()
    way = flow(gone.on_it)
    common = {
        "pathway": enrolment.pathway,
        "version": enrolment.version,
        "team": short(episode.owner and episode.owner.team),
    }
    return Rows(
        tuple({**common, **row} for row in _stages(way, journey)),
        tuple({**common, **row} for row in _milestones(way)),
        tuple({**common, **row} for row in _clocks(way, journey)),
    )


def _stages(way: Flow, journey: Journey) -> Iterator[Row]:
    """Whoever's journey is over is in no stage any more."""
    over = journey.episode.since if journey.episode.is_over else None
    times = Counter[str]()
    for place, each in enumerate(way.stays, 1):
        times[each.stage] += 1
        left_at = each.left_at or (over and max(over.at, each.entered_at))
        yield {
            "place": place,
            "stage": each.stage,
            "number": each.place,
            "nth": times[each.stage],
            "entered_at": each.entered_at,
            "left_at": left_at,
        }


def _milestones(way: Flow) -> Iterator[Row]:
    """Each with the one that was reached right before it."""
    reached = sorted(
        (each.reached_at, each.place, each.milestone) for each in way.milestones if each.reached_at
    )
    earlier = {later: (name, at) for (at, _, name), (_, _, later) in pairwise(reached)}
    for each in way.milestones:
        name, at = earlier.get(each.milestone, (None, None))
        yield {
            "milestone": each.milestone,
            "number": each.place,
            "began_at": way.began.at,
            "reached_at": each.reached_at,
            "due": each.due,
            "late": each.reached_at > each.due if each.reached_at and each.due else None,
            "counted_from": each.counted_from,
            "undone": each.undone,
            "undone_at": each.undone_at,
            "earlier": name,
            "earlier_at": at,
        }


def _clocks(way: Flow, journey: Journey) -> Iterator[Row]:
    for each in way.clocks:
        unfinished = journey.episode.is_over and each.state is ClockState.RUNNING
        yield {
            "clock": each.clock,
            "run": each.run,
            "state": "unfinished" if unfinished else each.state,
            "started_at": each.started_at,
            "stopped_at": each.stopped_at,
            "due": each.due,
            "standard": each.standard,
        }
