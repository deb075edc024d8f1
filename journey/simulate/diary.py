"""The diary: when the clinic works, and which slots of whom are taken.

Everything is thought in the clinic's wall-clock time and given out in UTC.
"""

from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from journey.simulate.dice import Dice

SATURDAY = 5
CLOSED = {(1, 1), (12, 25), (12, 26)}
"""Days of the year on which only the emergency department and the wards work."""
OPENS, CLOSES = 8 * 60, 17 * 60  # minutes of the day
SLOT = 30  # minutes
SLOTS = tuple(start for start in range(OPENS, CLOSES, SLOT) if not 12 * 60 <= start < 13 * 60)
VISITS_A_DAY = 7
"""So few of a clinician's slots are planned for, that a wished day is mostly to be had."""
VISITS_A_PATIENT = 4
MONTH = 30.44  # days
DAY = timedelta(days=1)


class Slot(NamedTuple):
    """A time with somebody."""

    with_whom: str
    start: datetime
    end: datetime


class Diary:
    """One for the whole clinic. No two bookings of a clinician overlap: a slot is given out once."""

    def __init__(self, dice: Dice, zone: ZoneInfo, *, patients: int, months: int) -> None:
        self._dice = dice
        self._zone = zone
        self._staff = 2 + int(patients * VISITS_A_PATIENT / (months * 21 * VISITS_A_DAY * 3))
        self._taken: set[tuple[str, date, int]] = set()

    def at(self, day: date, minute: float) -> datetime:
        """That minute of the clinic's day, to the second."""
        midnight = datetime(day.year, day.month, day.day, tzinfo=self._zone)
        return (midnight + timedelta(seconds=round(60 * minute))).astimezone(UTC)

    def day_of(self, moment: datetime) -> date:
        """The clinic's calendar day."""
        return moment.astimezone(self._zone).date()

    def is_working_day(self, day: date) -> bool:
        return day.weekday() < SATURDAY and (day.month, day.day) not in CLOSED

    def working_day(self, day: date) -> date:
        """The day itself, or the next on which the clinic works."""
        while not self.is_working_day(day):
            day += DAY
        return day

    def in_hours(self, moment: datetime) -> datetime:
        """The moment itself while the clinic works; else some time in its next morning."""
        local = moment.astimezone(self._zone)
        minute = local.hour * 60 + local.minute
        day = local.date()
        if minute < CLOSES and self.is_working_day(day):
            return moment if minute >= OPENS else self.at(day, OPENS + self._dice.uniform(1, 90))
        return self.at(self.working_day(day + DAY), OPENS + self._dice.uniform(1, 90))

    def evening(self, moment: datetime) -> datetime:
        """After closing on the same day, when what was left is entered; never before the moment."""
        return max(self.at(self.day_of(moment), CLOSES + self._dice.uniform(30, 150)), moment)

    def morning(self, moment: datetime, *, first: float = 9 * 60, last: float = 16 * 60) -> datetime:
        """A time of the same day between two of its minutes, when patients are seen out."""
        return self.at(self.day_of(moment), self._dice.uniform(first, last))

    def book(self, team: str, after: datetime, days: float) -> Slot:
        """The free slot nearest to the wished number of days ahead, with somebody of the team."""
        start = self.day_of(after)
        day = self.working_day(start + timedelta(days=max(1, round(days))))
        while True:
            with_whom = f"{team}-{self._dice.whole(1, self._staff)}"
            first = self._dice.whole(0, len(SLOTS) - 1)
            for minute in (*SLOTS[first:], *SLOTS[:first]):
                if (with_whom, day, minute) not in self._taken:
                    self._taken.add((with_whom, day, minute))
                    return Slot(with_whom, self.at(day, minute), self.at(day, minute + SLOT))
            day = self.working_day(day + DAY)
