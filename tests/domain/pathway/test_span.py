"""Spans of time, counted on a calendar: elapsed hours, days of a place, business days and their holidays."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from journey.domain.pathway.span import Calendar, Span, part_of
from journey.pathways import public_holidays

NEW_YORK = Calendar(ZoneInfo("America/New_York"), lambda year: public_holidays("US", year))
LONDON = Calendar(ZoneInfo("Europe/London"), lambda year: public_holidays("GB-ENG", year))


def local(calendar: Calendar, text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=calendar.zone)


def due(calendar: Calendar, start: str, span: str) -> str:
    end = calendar.after(local(calendar, start), Span.read(span))
    return end.astimezone(calendar.zone).strftime("%Y-%m-%d %H:%M:%S")


@pytest.mark.parametrize(
    ("start", "span", "end"),
    [
        ("2026-03-02T10:00", "15min", "2026-03-02 10:15:00"),
        ("2026-03-02T10:00", "2d", "2026-03-04 23:59:59"),
        ("2026-03-02T23:59", "0d", "2026-03-02 23:59:59"),
        ("2026-03-02T10:00", "18w", "2026-07-06 23:59:59"),
        ("2026-01-31T10:00", "1mo", "2026-02-28 23:59:59"),
        ("2026-11-30T10:00", "3mo", "2027-02-28 23:59:59"),
        ("2026-03-06T10:00", "1bd", "2026-03-09 23:59:59"),  # a Friday
        ("2026-03-07T10:00", "1bd", "2026-03-09 23:59:59"),  # a Saturday is no business day
        ("2026-03-07T10:00", "0bd", "2026-03-09 23:59:59"),
        ("2026-05-22T16:00", "2bd", "2026-05-27 23:59:59"),  # Friday before Memorial Day: Wednesday
        ("2026-07-02T16:00", "1bd", "2026-07-06 23:59:59"),  # 4 July is a Saturday, kept on Friday
    ],
)
def test_a_span_ends(start: str, span: str, end: str) -> None:
    assert due(NEW_YORK, start, span) == end


def test_hours_are_elapsed_time_across_a_change_of_the_clocks() -> None:
    assert due(NEW_YORK, "2026-03-06T10:00", "72h") == "2026-03-09 11:00:00"
    assert due(NEW_YORK, "2026-10-30T10:00", "72h") == "2026-11-02 09:00:00"


def test_days_are_days_of_the_place_whatever_day_it_is_elsewhere() -> None:
    late = datetime(2026, 3, 3, 2, 0, tzinfo=UTC)  # still Monday the 2nd in New York
    assert NEW_YORK.after(late, Span.read("1d")) == datetime(2026, 3, 4, 4, 59, 59, tzinfo=UTC)


def test_a_part_of_a_country_has_its_own_holidays() -> None:
    scotland = Calendar(ZoneInfo("Europe/London"), lambda year: public_holidays("GB-SCT", year))
    assert not LONDON.works_on(date(2026, 4, 6))  # Easter Monday
    assert scotland.works_on(date(2026, 4, 6))


@pytest.mark.parametrize("text", ["", "2", "d", "2 days", "-1d", "1.5h", "99999d", 3, None, "2D"])
def test_what_is_no_span_is_said_to_be_none(text: object) -> None:
    with pytest.raises(ValueError, match="15min, 72h, 14d, 2bd, 18w or 3mo"):
        Span.read(text)


def test_a_span_is_written_as_it_is_read() -> None:
    assert str(Span.read("2 bd")) == "2bd"


def test_a_part_of_the_time_between_two_moments() -> None:
    start, end = datetime(2026, 3, 2, tzinfo=UTC), datetime(2026, 3, 12, tzinfo=UTC)
    assert part_of(start, end, 80) == datetime(2026, 3, 10, tzinfo=UTC)


HAVANA = Calendar(ZoneInfo("America/Havana"))


@pytest.mark.parametrize("day", ["2026-03-07", "2026-10-31", "2026-07-01"])
def test_a_day_is_over_when_the_next_one_begins_also_where_clocks_change_at_midnight(day: str) -> None:
    over = HAVANA.after(local(HAVANA, f"{day}T12:00"), Span.read("0d"))
    second = timedelta(seconds=1)
    assert [str(HAVANA.day_of(over + late)) == day for late in (0 * second, second)] == [True, False]


@pytest.mark.parametrize("count", [0, 1, 4, 5, 6, 7, 10, 11, 99, 251, 999])
def test_many_business_days_are_as_many_as_if_they_were_counted_one_by_one(count: int) -> None:
    for number in range(21):  # from every day of three weeks, with Christmas among them
        day, left = date(2025, 12, 15) + timedelta(days=number), count
        start = datetime(day.year, day.month, day.day, 12, tzinfo=LONDON.zone)
        while left or not LONDON.works_on(day):
            day += timedelta(days=1)
            left -= left > 0 and LONDON.works_on(day)
        assert LONDON.day_of(LONDON.after(start, Span(count, "bd"))) == day


@pytest.mark.parametrize(
    ("zone", "written"),
    [
        ("America/New_York", "2026-05-22T00:00-04:00"),
        ("America/New_York", "2026-05-22T00:00Z"),
        ("Pacific/Honolulu", "2026-05-22T00:00Z"),
        ("Europe/London", "2026-05-22T00:00Z"),
        ("Europe/London", "2026-05-22T00:00+01:00"),
        ("Pacific/Auckland", "2026-12-22T00:00Z"),
        ("Pacific/Auckland", "2026-12-22T00:00+13:00"),
    ],
)
def test_a_day_is_that_day_whether_its_own_midnight_or_that_of_greenwich_is_written(
    zone: str, written: str
) -> None:
    calendar = Calendar(ZoneInfo(zone))
    begins = calendar.first_of(datetime.fromisoformat(written)).astimezone(calendar.zone)
    assert begins.isoformat()[:19] == f"{written[:10]}T00:00:00"
