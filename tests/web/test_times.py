"""Times as people read and write them: in their own zone, and never two ways."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from journey.web.display import Display, shown_as
from journey.web.times import NoSuchTime, at, day, instant, period, picker, until, when, written

LONDON, YORK, TEHRAN = (ZoneInfo(name) for name in ("Europe/London", "America/New_York", "Asia/Tehran"))


@pytest.fixture
def london() -> Iterator[None]:
    with shown_as(Display("auto", LONDON, LONDON)):
        yield


@pytest.mark.usefixtures("london")
def test_a_time_says_by_which_clock_it_is() -> None:
    assert at("2026-03-29T00:59:00Z") == "29 Mar 2026, 00:59 GMT"
    assert at("2026-03-29T01:00:00Z") == "29 Mar 2026, 02:00 BST"
    assert [at(f"2026-10-25T{hour}:30:00Z")[-9:] for hour in ("00", "01")] == ["01:30 BST", "01:30 GMT"]


def test_a_clock_without_a_name_is_told_by_its_distance() -> None:
    with shown_as(Display("auto", TEHRAN, TEHRAN)):
        assert at("2026-01-01T00:00:00Z") == "1 Jan 2026, 03:30 UTC+03:30"


@pytest.mark.usefixtures("london")
def test_beside_a_time_is_the_exact_instant() -> None:
    assert when("2026-07-01T09:00:00.123456Z") == (
        '<time datetime="2026-07-01T09:00:00.123456Z" title="2026-07-01 10:00:00.123456+01:00">'
        "1 Jul 2026, 10:00 BST</time>"
    )
    assert 'title="1 Jul 2026, 10:00 BST (2026-07-01 10:00:00+01:00)">in 1 h 00 min<' in until(
        "2026-07-01T09:00:00Z", datetime(2026, 7, 1, 8, tzinfo=UTC)
    )


def test_a_day_is_the_one_of_the_place_and_a_date_is_the_same_everywhere() -> None:
    with shown_as(Display("auto", YORK, LONDON)):
        assert day("2026-07-01T03:00:00Z") == "30 Jun 2026"
        assert day("2026-07-01") == "1 Jul 2026"
        assert period("2026-06-30T23:00:00Z") == "1 Jul 2026", "all of the clinic's first of July"
        assert period("2026-07-01T00:00:00Z") == "1 Jul 2026", "a day that another system named in UTC"


@pytest.mark.usefixtures("london")
@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("2026-07-01T10:00", "2026-07-01T09:00:00Z"),
        ("2026-01-01T10:00:30", "2026-01-01T10:00:30Z"),
        ("2026-07-01", "2026-06-30T23:00:00Z"),
        ("2026-10-25T01:30+01:00", "2026-10-25T01:30+01:00"),
        ("2026-07-01T10:00Z", "2026-07-01T10:00Z"),
        ("2026-13-01T10:00", "2026-13-01T10:00"),
        ("soon", "soon"),
        ("", ""),
    ],
)
def test_what_is_written_is_local_unless_it_says_more(said: str, told: str) -> None:
    assert instant(said) == told


@pytest.mark.usefixtures("london")
def test_an_hour_that_there_was_not_is_no_time() -> None:
    assert instant("2026-03-29T00:59") == "2026-03-29T00:59:00Z"
    with pytest.raises(NoSuchTime) as refused:
        instant("2026-03-29T01:30")
    assert refused.value.problem["detail"] == (
        "The clocks went forward: there was no 01:30 that day. Choose another time."
    )
    assert instant("2026-03-29T02:00") == "2026-03-29T01:00:00Z"


@pytest.mark.usefixtures("london")
def test_an_hour_that_was_twice_is_asked_about() -> None:
    with pytest.raises(NoSuchTime) as refused:
        instant("2026-10-25T01:30")
    assert refused.value.problem["detail"] == (
        "The clocks went back: 01:30 was twice. Write +01:00 behind it for the first (BST), "
        "+00:00 for the second (GMT)."
    )
    assert [picker(said) for said in ("2026-10-25T01:30", "2026-10-25T02:30", "")] == [
        "text",
        "datetime-local",
        "datetime-local",
    ]


@pytest.mark.parametrize("zone", [LONDON, YORK, TEHRAN, ZoneInfo("Australia/Lord_Howe")])
def test_what_stands_in_a_field_is_read_as_it_was(zone: ZoneInfo) -> None:
    """Around each change of the clocks, every half hour is told from every other."""
    changes = (datetime(2026, month, 1, tzinfo=UTC) for month in (3, 4, 10, 11))
    every = [each + timedelta(minutes=30) * step for each in changes for step in range(30 * 48)]
    with shown_as(Display("auto", zone, zone)):
        assert [datetime.fromisoformat(instant(written(each.isoformat()))) for each in every] == every


@pytest.mark.parametrize(
    ("zone", "local", "ever"),
    [
        (TEHRAN, "0001-01-01T00:00", "9999-12-31T23:59:59Z"),
        (YORK, "9999-12-31T23:59", "0001-01-01T00:00:00Z"),
    ],
)
def test_the_ends_of_the_calendar_are_shown_as_they_are(zone: ZoneInfo, local: str, ever: str) -> None:
    """Other systems write 9999-12-31 for what has no end."""
    with shown_as(Display("auto", zone, zone)):
        assert at(ever).endswith(" UTC")
        assert day(ever) == period(ever)
        assert (instant(ever), written(ever), picker(written(ever))) == (ever, ever, "text")
        assert written(local) == local
        with pytest.raises(NoSuchTime, match="invalid") as refused:
            instant(local)
        assert "does not reach so far" in str(refused.value.problem["detail"])
