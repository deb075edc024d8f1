"""Days: a date is written as one. A number would be taken for seconds since 1970, and be one nobody meant."""

from datetime import date
from typing import Annotated

from pydantic import BeforeValidator

from journey.domain.event import BARE_NUMBER


def _written(value: object) -> object:
    if isinstance(value, int | float) or (isinstance(value, str) and BARE_NUMBER.fullmatch(value.strip())):
        raise ValueError("a day is written as 2026-03-01")
    return value


Day = Annotated[date, BeforeValidator(_written)]
