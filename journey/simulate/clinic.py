"""The clinic: who comes when, and everything that is entered about them, in the order of entering it."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from heapq import heappop, heappush
from typing import NamedTuple
from zoneinfo import ZoneInfo

from journey.simulate.cases import EMERGENCY, Case
from journey.simulate.diary import MONTH, SLOTS, Diary
from journey.simulate.dice import Dice
from journey.simulate.pathways import WAYS, Way
from journey.simulate.people import Numbers, birth_date, invent
from journey.simulate.step import Step
from journey.simulate.story import Story

ZONE = ZoneInfo("America/New_York")
"""Where the clinic stands, unless told otherwise."""
MINUTES_A_DAY = 24 * 60
SHARE_IN_WAVE, WAVE = 0.22, 10  # days
"""So many of the emergencies come in a wave at the end: the wards are busy now."""
NIGHT_ENDS, NIGHT_SHARE = 7 * 60, 0.15


class Coming(NamedTuple):
    """A person's first appearance."""

    at: datetime
    case: Case
    way: Way


def simulate(patients: int, *, seed: int, months: int, until: date, zone: ZoneInfo = ZONE) -> Iterator[Step]:
    """What this many patients, new within the months before `until`, make the clinic enter before that day.

    In the order of entering, which is mostly that of happening. The same arguments give the same steps.
    """
    if months < 1:
        raise ValueError("A simulation is at least one month long")
    dice = Dice(seed)
    diary = Diary(dice, zone, patients=patients, months=months)
    numbers = Numbers()
    end = diary.at(until, 0)
    waiting: list[tuple[datetime, int, Step]] = []
    told = 0
    for coming in _arrivals(dice, diary, patients, until - timedelta(days=round(months * MONTH)), until):
        while waiting and waiting[0][0] < coming.at:
            yield heappop(waiting)[2]
        born = birth_date(dice, coming.case.ages, diary.day_of(coming.at))
        story = Story(invent(dice, numbers, born), dice, diary, numbers)
        coming.way(story, coming.at)
        for step in story.in_order():
            if step.recorded_at < end:
                told += 1
                heappush(waiting, (step.recorded_at, told, step))
    while waiting:
        yield heappop(waiting)[2]


def _arrivals(dice: Dice, diary: Diary, patients: int, first: date, last: date) -> list[Coming]:
    """Everybody, in order of arrival."""
    days = (last - first).days
    comings = []
    for _ in range(patients):
        case, way = dice.by_share(WAYS)
        day = first + timedelta(days=int(dice.random() * days))
        if case is EMERGENCY:
            if dice.seldom("in the wave", SHARE_IN_WAVE):
                day = last - timedelta(days=dice.whole(1, min(WAVE, days)))
            at = diary.at(day, _any_hour(dice))
        else:
            while not diary.is_working_day(day):
                day = first + timedelta(days=int(dice.random() * days))
            at = diary.at(day, dice.uniform(SLOTS[0], SLOTS[-1]))
        comings.append(Coming(at, case, way))
    return sorted(comings, key=lambda coming: coming.at)


def _any_hour(dice: Dice) -> float:
    """A minute of the day, seldom at night."""
    if dice.chance(NIGHT_SHARE):
        return dice.uniform(0, NIGHT_ENDS)
    return dice.uniform(NIGHT_ENDS, MINUTES_A_DAY - 1)
