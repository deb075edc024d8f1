from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journey.ingest.hl7v2.timestamp import BadTimestamp, Timestamp, parse_timestamp

LONDON = ZoneInfo("Europe/London")
NEW_YORK = ZoneInfo("America/New_York")
NO_TIME = "A time is digits, perhaps a fraction and an offset; this text of length {} is not."
NOT_SHOWN = "This has the shape of a time, but no calendar or clock shows it."
ZONES = st.sampled_from([LONDON, NEW_YORK, ZoneInfo("Asia/Kolkata"), ZoneInfo("Pacific/Apia")])


def read(text: str, zone: ZoneInfo = LONDON) -> tuple[str, str]:
    time = parse_timestamp(text, zone)
    assert time is not None
    assert time.at.tzinfo is UTC
    return time.at.isoformat(), time.precision


@pytest.mark.parametrize(
    ("text", "at", "precision"),
    [
        ("2024", "2024-01-01T00:00:00+00:00", "year"),
        ("202403", "2024-03-01T00:00:00+00:00", "month"),
        ("20240301", "2024-03-01T00:00:00+00:00", "day"),
        ("2024030114", "2024-03-01T14:00:00+00:00", "hour"),
        ("202403011430", "2024-03-01T14:30:00+00:00", "minute"),
        ("20240301143015", "2024-03-01T14:30:15+00:00", "instant"),
        ("20240301143015.2", "2024-03-01T14:30:15.200000+00:00", "instant"),
        ("20240301143015.2345", "2024-03-01T14:30:15.234500+00:00", "instant"),
        ("20240301143015.2345678", "2024-03-01T14:30:15.234567+00:00", "instant"),
        (" 20240301143015 ", "2024-03-01T14:30:15+00:00", "instant"),
    ],
)
def test_a_time_is_as_precise_as_it_was_sent(text: str, at: str, precision: str) -> None:
    assert read(text) == (at, precision)


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("20240701143015+0215", "2024-07-01T12:15:15+00:00"),
        ("202407011430-0500", "2024-07-01T19:30:00+00:00"),
        ("20240701143015.5-0000", "2024-07-01T14:30:15.500000+00:00"),
        ("20240701+1400", "2024-06-30T10:00:00+00:00"),
        ("2024-0500", "2024-01-01T05:00:00+00:00"),
    ],
)
def test_an_offset_that_is_sent_wins_over_the_feeds_zone(text: str, at: str) -> None:
    assert read(text, NEW_YORK)[0] == at


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("20240115120000", "2024-01-15T17:00:00+00:00"),
        ("20240715120000", "2024-07-15T16:00:00+00:00"),
        ("20240715", "2024-07-15T04:00:00+00:00"),
        ("202407", "2024-07-01T04:00:00+00:00"),
    ],
)
def test_without_an_offset_a_time_is_the_feeds_wall_clock(text: str, at: str) -> None:
    assert read(text, NEW_YORK)[0] == at


def test_a_wall_time_that_happens_twice_is_its_first_occurrence() -> None:
    assert read("20241103013000", NEW_YORK)[0] == "2024-11-03T05:30:00+00:00"
    assert read("20241027013000", LONDON)[0] == "2024-10-27T00:30:00+00:00"


def test_a_wall_time_that_never_happens_is_read_with_the_offset_from_before_the_change() -> None:
    assert read("20240310023000", NEW_YORK)[0] == "2024-03-10T07:30:00+00:00"
    assert read("20240331013000", LONDON)[0] == "2024-03-31T01:30:00+00:00"


def test_a_leap_second_is_the_first_of_the_next_minute() -> None:
    assert read("20161231235960+0000") == ("2017-01-01T00:00:00+00:00", "instant")


@pytest.mark.parametrize("text", ["", "  ", '""', "0000", "00000000", "00000000000000", "00000000+0000"])
def test_no_time_is_no_time(text: str) -> None:
    assert parse_timestamp(text, LONDON) is None


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (
            "March 1 2024",
            NO_TIME.format(12),
        ),
        ("2024-03-01", NO_TIME.format(10)),
        (
            "20240301T1430",
            NO_TIME.format(13),
        ),
        (
            "20240301143015+01",
            NO_TIME.format(17),
        ),
        ("٢٠٢٤", NO_TIME.format(4)),
        ("202403011", "A time has 4, 6, 8, 10, 12 or 14 digits; this one has 9."),
        ("202403011430.5", "Only a time to the second can have a fraction."),
        ("20241301", NOT_SHOWN),
        ("20230229", NOT_SHOWN),
        ("2024030124", NOT_SHOWN),
        ("20240301143061", NOT_SHOWN),
        ("20240301143015+1401", NOT_SHOWN),
        ("20240301143015-0060", NOT_SHOWN),
        ("00010101+1400", NOT_SHOWN),
        ("99991231235960", NOT_SHOWN),
    ],
)
def test_what_is_no_time_is_refused_by_its_shape_alone(text: str, reason: str) -> None:
    with pytest.raises(BadTimestamp) as refusal:
        parse_timestamp(text, LONDON)
    assert str(refusal.value) == reason


@given(st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1)), ZONES)  # noqa: DTZ001  a wall clock has no zone
def test_a_wall_clock_comes_back_from_the_moment_it_was_read_as(wall: datetime, zone: ZoneInfo) -> None:
    time = parse_timestamp(f"{wall:%Y%m%d%H%M%S.%f}", zone)

    skipped = wall != wall.replace(tzinfo=zone).astimezone(UTC).astimezone(zone).replace(tzinfo=None)
    assert time is not None
    if not skipped:
        assert time.at.astimezone(zone).replace(tzinfo=None) == wall


@given(st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1)), ZONES)  # noqa: DTZ001  a wall clock has no zone
def test_a_shorter_time_never_begins_after_a_longer_one(wall: datetime, zone: ZoneInfo) -> None:
    digits = f"{wall:%Y%m%d%H%M%S}"
    times = [parse_timestamp(digits[:length], zone) for length in (4, 6, 8, 10, 12, 14)]

    begun = [time.at for time in times if time]
    an_hour = timedelta(hours=1)  # a clock change may fall inside the period
    assert len(begun) == len(times)
    assert all(shorter <= longer + an_hour for shorter, longer in pairwise(begun))


@given(st.text(alphabet="0123456789.+-T:Z ٢\n\0") | st.text(), ZONES)
def test_any_text_is_a_time_or_none_or_refused_without_quoting_it(text: str, zone: ZoneInfo) -> None:
    match outcome(text, zone):
        case Timestamp(at=at):
            assert at.tzinfo is UTC
        case str(reason):
            assert len(text.strip()) < 6 or text.strip() not in reason


def outcome(text: str, zone: ZoneInfo) -> Timestamp | str | None:
    try:
        return parse_timestamp(text, zone)
    except BadTimestamp as refusal:
        return str(refusal)
