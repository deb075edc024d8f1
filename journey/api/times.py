"""Times: which time or day is asked about, as people write them; others are slips of the pen."""

import re
from datetime import date, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, TypeAdapter, ValidationError

from journey.domain.event import Moment
from journey.domain.storable import EARLIEST, LATEST

DAY = re.compile(r"\d{4}-\d\d-\d\d")


def _reckonable(value: Any) -> Any:
    """What is asked is reckoned with: some days on, some weeks back, in another zone."""
    if not EARLIEST.year <= value.year < LATEST.year:
        raise ValueError(f"the year should be from {EARLIEST.year} to {LATEST.year - 1}")
    return value


def _in_words(value: Any) -> Any:
    """A bare number would be read as seconds since 1970."""
    if isinstance(value, str) and not DAY.fullmatch(value):
        raise ValueError("a day is written as 2026-03-01")
    return value


Time = Annotated[Moment, AfterValidator(_reckonable)]
Day = Annotated[date, BeforeValidator(_in_words), AfterValidator(_reckonable)]
TIME: TypeAdapter[datetime] = TypeAdapter(Time)
A_DAY: TypeAdapter[date] = TypeAdapter(Day)


def _either(value: Any) -> Any:
    """One complaint, where a union would make one for each."""
    kind: TypeAdapter[Any] = A_DAY if isinstance(value, str) and DAY.fullmatch(value) else TIME
    try:
        return kind.validate_python(value)
    except ValidationError as error:
        raise ValueError(str(error.errors()[0]["msg"]).removeprefix("Value error, ")) from None


TimeOrDay = Annotated[datetime | date, BeforeValidator(_either)]
