"""A day is written as one."""

from datetime import date

import pytest
from pydantic import TypeAdapter, ValidationError

from journey.domain.day import Day

DAY: TypeAdapter[date] = TypeAdapter(Day)


def test_a_day_is_a_date() -> None:
    assert DAY.validate_python("2026-03-01") == DAY.validate_json('"2026-03-01"') == date(2026, 3, 1)


@pytest.mark.parametrize("given", [0, 86_400, 1.0, "86400", " 20260301 ", True])
def test_a_number_is_none(given: object) -> None:
    with pytest.raises(ValidationError, match="a day is written as 2026-03-01"):
        DAY.validate_python(given)
