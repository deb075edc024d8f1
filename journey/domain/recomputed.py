"""Recomputed: how the answer differs once something is known that happened earlier, or did not happen.

Who follows the log hears of an event when it is recorded. A late one, or a correction, moves what was reached
and what is due since: that is said in one event, so that nobody has to fold the journey to see it.
"""

from collections.abc import Iterator
from datetime import datetime
from itertools import zip_longest
from uuid import UUID

from journey.domain.attendance import undoes_a_no_show
from journey.domain.correction import CORRECTIONS, Change, History, TimelineRecomputed
from journey.domain.enrolment import PathwayAssigned
from journey.domain.event import Command, Event
from journey.domain.journey import fold
from journey.domain.pathway import Pathways
from journey.domain.pathway.clocks import ClockState
from journey.domain.standing import Standing, standing


def timeline(
    history: History, command: Command, events: tuple[Event, ...], pathways: Pathways
) -> Iterator[TimelineRecomputed]:
    """The difference that these events make to what is told already, on a journey that follows a pathway."""
    if not events or not _follows_a_pathway(history) or not _reaches_back(history, command, events):
        return
    after = history.with_told(events, command)
    since = _differs_since(history, after)
    changes = recomputed(_standing(history, pathways), _standing(after, pathways))
    if changes and since is not None:
        yield TimelineRecomputed(since=since, changes=changes)


def recomputed(before: Standing, after: Standing) -> tuple[Change, ...]:
    """What was reached, is due or is measured at another time, or not at all any more."""
    was, now = dict(_times(before)), dict(_times(after))
    return tuple(
        Change(what=what, subject_id=subject_id, before=was.get(key), after=now.get(key))
        for key in dict.fromkeys((*was, *now))
        if was.get(key) != now.get(key)
        for what, subject_id in (key,)
    )


def _follows_a_pathway(history: History) -> bool:
    """Whether it was ever assigned one. Asked first: most were not."""
    return any(type(each.event) is PathwayAssigned for each in history.recorded)


def _reaches_back(history: History, command: Command, events: tuple[Event, ...]) -> bool:
    """Whether this is about what lies before something that is told already."""
    return (
        command.reaches < history.effective[-1].reaches
        or any(type(each) in CORRECTIONS for each in events)
        or undoes_a_no_show(history.effective, events)
    )


def _differs_since(before: History, after: History) -> datetime | None:
    """When the first thing happened that is told otherwise."""
    for one, other in zip_longest(before.effective, after.effective):
        if one != other:
            return min(each.occurred_at for each in (one, other) if each is not None)
    return None


def _standing(history: History, pathways: Pathways) -> Standing:
    return standing(fold(history.effective, history.recorded[0].journey_id, history.version), pathways)


def _times(answer: Standing) -> Iterator[tuple[tuple[str, UUID | None], datetime]]:
    """Every time in the answer that follows from what happened, by what it is the time of."""
    for milestone in answer.reached:
        yield (f"{milestone.milestone} reached", milestone.subject_id), milestone.at
    for step in (*answer.next, *answer.later):
        if step.due is not None:
            yield (f"{step.step} due", step.subject_id), step.due
    for clock in answer.clocks:
        if clock.state is ClockState.NULLIFIED:
            continue
        name = f"clock {clock.clock} run {clock.run}"
        yield (f"{name} started", None), clock.started_at
        if clock.stopped_at is not None:
            yield (f"{name} stopped", None), clock.stopped_at
        if clock.due is not None:
            yield (f"{name} due", None), clock.due
