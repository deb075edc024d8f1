from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import pytest
from pydantic import ValidationError

from journey.domain.identity import AssignIdentifier, Identifier
from journey.domain.intake import CaptureIntakeItem, StartIntake
from journey.domain.visit import BookVisit
from journey.domain.visit.events import Appointment

VISIT = UUID(int=1)


def test_what_the_database_cannot_keep_is_no_command() -> None:
    with pytest.raises(ValidationError, match="item: a NUL character"):
        CaptureIntakeItem(item="allergies\0")
    with pytest.raises(ValidationError, match="required: a NUL character"):
        StartIntake.model_validate({"channel": "phone", "required": ["a", "b\0"]})
    with pytest.raises(ValidationError, match=r"identifier\.value: a NUL character"):
        AssignIdentifier(identifier=Identifier(system="here", value="\0"))


@pytest.mark.parametrize(
    "start",
    [
        datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14))),
        datetime(1799, 12, 31, tzinfo=UTC),
        datetime(2300, 1, 1, tzinfo=UTC),
        datetime.max.replace(tzinfo=UTC),
    ],
)
def test_a_time_that_nobody_can_reckon_with_is_no_command(start: datetime) -> None:
    with pytest.raises(ValidationError, match=r"appointment\.start: the year should be"):
        BookVisit(visit_id=VISIT, appointment=Appointment(start=start))
    with pytest.raises(ValidationError, match="occurred_at: the year should be"):
        BookVisit(visit_id=VISIT, appointment=Appointment(), occurred_at=start)
