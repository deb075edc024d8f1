"""Spans of time as people agree on them, counted on a calendar with a zone and holidays.

Minutes and hours are elapsed time, whatever clocks do meanwhile: 72 hours are 72 hours across a change to
summer time. Days, business days, weeks and months are counted on the calendar of the place; the day that
they are counted from is day 0, and what is due on a day may be done until that day ends there.
"""

import re
from calendar import monthrange
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import PlainSerializer, PlainValidator

WRITTEN = re.compile(r"(\d{1,4}) ?(min|h|d|bd|w|mo)")
SECOND = timedelta(seconds=1)
WEEKEND = frozenset({5, 6})
WEEK = 7 - len(WEEKEND)


@dataclass(frozen=True, slots=True)
class Span:
    """So many of a unit: `15min`, `72h`, `14d`, `2bd` (business days), `18w`, `3mo`."""

    count: int
    unit: str

    @classmethod
    def read(cls, text: Any) -> "Span":
        """Raises ValueError with a sentence that says how a span is written."""
        found = WRITTEN.fullmatch(text) if isinstance(text, str) else None
        if found is None:
            raise ValueError("a span of time is a number and a unit: 15min, 72h, 14d, 2bd, 18w or 3mo")
        return cls(int(found[1]), found[2])

    def __str__(self) -> str:
        return f"{self.count}{self.unit}"


WrittenSpan = Annotated[
    Span,
    PlainValidator(
        lambda value: value if isinstance(value, Span) else Span.read(value), json_schema_input_type=str
    ),
    PlainSerializer(str, return_type=str),
]
"""As a field of a definition."""


def _no_holidays(_: int) -> frozenset[date]:
    return frozenset()


@dataclass(frozen=True)
class Calendar:
    """Where days begin and end, and on which of them people work. `holidays` gives those of a year."""

    zone: ZoneInfo = ZoneInfo("UTC")
    holidays: Callable[[int], frozenset[date]] = _no_holidays

    def day_of(self, moment: datetime) -> date:
        """The day that it is there at that moment."""
        return moment.astimezone(self.zone).date()

    def works_on(self, day: date) -> bool:
        return day.weekday() not in WEEKEND and day not in self.holidays(day.year)

    def first_of(self, period: datetime) -> datetime:
        """Where a period that is known to the day, or less exactly, begins here.

        Whoever wrote it may have meant their own midnight or that of Greenwich; half a day on, it is that day
        in either, from Hawaii to New Zealand.
        """
        return self._begin_of(self.day_of(period + timedelta(hours=10, minutes=30)))

    def after(self, moment: datetime, span: Span) -> datetime:
        """The last moment of the span that begins at this one."""
        match span.unit:
            case "min":
                return moment.astimezone(UTC) + timedelta(minutes=span.count)
            case "h":
                return moment.astimezone(UTC) + timedelta(hours=span.count)
            case "d":
                return self._end_of(self.day_of(moment) + timedelta(days=span.count))
            case "w":
                return self._end_of(self.day_of(moment) + timedelta(weeks=span.count))
            case "bd":
                return self._end_of(self._business_days(self.day_of(moment), span.count))
            case _:
                return self._end_of(_months(self.day_of(moment), span.count))

    def _begin_of(self, day: date) -> datetime:
        return datetime.combine(day, time.min, self.zone).astimezone(UTC)

    def _end_of(self, day: date) -> datetime:
        """Its last second, of which there are two where clocks go back at midnight."""
        return self._begin_of(day + timedelta(days=1)) - SECOND

    def _business_days(self, day: date, count: int) -> date:
        while count > WEEK:  # whole weeks at once: the days of many years would be counted one by one
            then = day + timedelta(weeks=(count - 1) // WEEK)
            count = (count - 1) % WEEK + 1 + self._kept_between(day, then)
            day = then
        while count or not self.works_on(day):
            day += timedelta(days=1)
            count -= count > 0 and self.works_on(day)
        return day

    def _kept_between(self, day: date, then: date) -> int:
        """The holidays of these weeks that are no days of a weekend."""
        return sum(
            day < holiday <= then and holiday.weekday() not in WEEKEND
            for year in range(day.year, then.year + 1)
            for holiday in self.holidays(year)
        )


def _months(day: date, count: int) -> date:
    """The same day of a later month, or the last one that the month has."""
    years, month = divmod(day.month - 1 + count, 12)
    year = day.year + years
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def part_of(start: datetime, end: datetime, percent: int) -> datetime:
    """The moment at which so much of the time between two has passed."""
    return start + (end - start) * percent / 100
