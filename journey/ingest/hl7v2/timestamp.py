"""HL7 times: TS and DTM, `YYYY[MM[DD[HH[MM[SS[.S[S[S[S]]]]]]]]][+/-ZZZZ]` (HL7 v2.5.1 2A.22).

A time is as precise as it was sent: it becomes the moment its period begins, in UTC, and the period's word.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Literal
from zoneinfo import ZoneInfo

from journey.ingest.hl7v2.er7 import NULL

Precision = Literal["instant", "minute", "hour", "day", "month", "year"]

_PRECISIONS: dict[int, Precision] = {
    4: "year",
    6: "month",
    8: "day",
    10: "hour",
    12: "minute",
    14: "instant",
}

_SHAPE = re.compile(r"([0-9]+)(?:\.([0-9]+))?([+-][0-9]{4})?")
_FARTHEST = timedelta(hours=14)
_HOUR = 60  # minutes
_LEAP_SECOND = 60


class BadTimestamp(ValueError):
    """Said of a text that is not an HL7 time. The sentence tells its shape and quotes nothing from it."""


@dataclass(frozen=True, slots=True)
class Timestamp:
    """A period in the world: where it begins, and how long it is by the word for its precision."""

    at: datetime
    """Aware, in UTC."""
    precision: Precision


def parse_timestamp(text: str, zone: ZoneInfo) -> Timestamp | None:
    """The time meant by `text`; None where it says none: empty, null, or all of it zeros from the year on.

    Without an offset it is the wall clock of `zone`, the feed's. A wall time that a clock change repeats is
    read as its first occurrence, one that the change skips with the offset from before it: 02:30 on the day
    that 02:00 becomes 03:00 is the moment that clocks show as 03:30. Second 60 is the next minute's first.
    Raises BadTimestamp where the text is none of this.
    """
    text = text.strip()
    if text in {"", NULL} or text.startswith("0000"):
        return None
    shape = _SHAPE.fullmatch(text)
    if shape is None:
        raise BadTimestamp(
            f"A time is digits, perhaps a fraction and an offset; this text of length {len(text)} is not."
        )
    digits, fraction, offset = shape.groups(default="")
    precision = _PRECISIONS.get(len(digits))
    if precision is None:
        raise BadTimestamp(f"A time has 4, 6, 8, 10, 12 or 14 digits; this one has {len(digits)}.")
    if fraction and precision != "instant":
        raise BadTimestamp("Only a time to the second can have a fraction.")
    try:
        wall = _wall(digits) + timedelta(microseconds=int(fraction[:6].ljust(6, "0")))
        at = wall.replace(tzinfo=_fixed(offset) if offset else zone).astimezone(UTC)
    except (ValueError, OverflowError):
        raise BadTimestamp("This has the shape of a time, but no calendar or clock shows it.") from None
    return Timestamp(at, precision)


def _wall(digits: str) -> datetime:
    """What a clock shows when the period begins."""
    full = digits + "YYYY0101000000"[len(digits) :]
    year, month, day = int(full[:4]), int(full[4:6]), int(full[6:8])
    hour, minute, second = int(full[8:10]), int(full[10:12]), int(full[12:])
    is_leap = second == _LEAP_SECOND
    return datetime(year, month, day, hour, minute, second - is_leap) + timedelta(seconds=is_leap)  # noqa: DTZ001  the caller gives the zone


def _fixed(offset: str) -> timezone:
    """`+HHMM` or `-HHMM`; nowhere on earth is farther than fourteen hours from Greenwich."""
    minutes = int(offset[3:])
    span = timedelta(hours=int(offset[1:3]), minutes=minutes)
    if span > _FARTHEST or minutes >= _HOUR:
        raise ValueError(offset)
    return timezone(-span if offset[0] == "-" else span)
