"""FHIR times: date, dateTime and instant (R4 2.24.0.1), each as exact as it was written."""

import re
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from journey.domain.event import Precision

YEARS = range(1800, 2300)
"""Nothing else is the year of a patient's journey; 9999 and the like stand for no time at all."""

_SHAPE = re.compile(
    r"(\d{4})(?:-(\d{2})(?:-(\d{2})(?:T(\d{2}):(\d{2})(?::(\d{2})(?:\.(\d+))?)?(Z|[+-]\d{2}:\d{2})?)?)?)?",
    re.ASCII,
)
_LEAP_SECOND = 60
_FARTHEST = timedelta(hours=14)


class BadMoment(ValueError):
    """Said of a text that is no FHIR time. The sentence quotes nothing from it."""


class Moment(NamedTuple):
    """A period in the world: where it begins, in UTC, and the word for how long it is."""

    at: datetime
    precision: Precision


def moment(text: str, zone: ZoneInfo) -> Moment:
    """The time meant. A day, month or year is one of `zone`, as is a time without an offset, which FHIR
    forbids and senders write. Raises BadMoment.
    """
    shape = _SHAPE.fullmatch(text.strip())
    if shape is None:
        raise BadMoment("it is not written as 2026-03-01T09:00:00Z, or as its beginning up to the day")
    year, month, day, hour, minute, second, fraction, offset = shape.groups()
    if int(year) not in YEARS:
        raise BadMoment("nothing here happens in that year")
    is_leap = second is not None and int(second) == _LEAP_SECOND
    try:
        wall = (
            datetime(  # noqa: DTZ001 - its zone is given below
                int(year),
                int(month or 1),
                int(day or 1),
                int(hour or 0),
                int(minute or 0),
                int(second or 0) - is_leap,
            )
            + timedelta(seconds=is_leap, microseconds=int((fraction or "0")[:6].ljust(6, "0")))
        )
        if offset in {None, "Z"}:
            at = wall.replace(tzinfo=UTC if offset else zone).astimezone(UTC)
        else:
            at = datetime.fromisoformat(f"{wall.isoformat()}{offset}").astimezone(UTC)
            if abs(at.replace(tzinfo=None) - wall) > _FARTHEST:
                raise BadMoment("no place on earth is so far from Greenwich")
    except (ValueError, OverflowError) as problem:
        if isinstance(problem, BadMoment):
            raise
        raise BadMoment("it has the shape of a time, but no calendar or clock shows it") from None
    return Moment(at, _precision(month, day, hour, second))


def _precision(month: str | None, day: str | None, hour: str | None, second: str | None) -> Precision:
    if month is None:
        return Precision.YEAR
    if day is None:
        return Precision.MONTH
    if hour is None:
        return Precision.DAY
    return Precision.INSTANT if second is not None else Precision.MINUTE
