"""Attendance: a no-show that was none undoes nothing on a pathway."""

from datetime import datetime

import pytest

from journey.domain.enrolment import PathwayAssigned
from journey.domain.event import Event
from journey.domain.pathway import Pathways
from journey.domain.pathway.definition import Definition
from journey.domain.standing import standing
from journey.domain.visit import NoShowReversed, PatientArrived, VisitRescheduled
from tests.domain.told import OTHER_VISIT, VISIT, arrived, booked, no_show, opened
from tests.spec import at, given

WAY = Definition.model_validate(
    {
        "id": "first-seen",
        "version": "1.0.0",
        "title": "A first appointment",
        "calendar": {"zone": "UTC"},
        "stages": [{"id": "referred", "entered_by": ["start"]}],
        "milestones": [{"id": "booked", "reached_by": "visit.booked", "undone_by": "visit.no_show"}],
    }
)
PATHWAYS = Pathways([WAY])
again = NoShowReversed(visit_id=VISIT, reason="was in the other waiting room")
moved = VisitRescheduled(visit_id=VISIT, start=at(18))
BEFORE = ((opened, at(8)), (PathwayAssigned(pathway="first-seen", version="1.0.0"), at(9)), (booked, at(10)))


def is_booked(*told: tuple[Event, datetime]) -> bool:
    reached = standing(given(*BEFORE, *told).journey, PATHWAYS).reached
    return "booked" in [each.milestone for each in reached]


@pytest.mark.parametrize(
    ("told", "stands"),
    [
        ([(no_show, at(13))], True),
        ([(no_show, at(13)), (again, at(14))], False),
        ([(arrived, at(12)), (no_show, at(13))], False),
        ([(no_show, at(13)), (arrived, at(14))], False),
        ([(no_show, at(13)), (PatientArrived(visit_id=OTHER_VISIT), at(14))], True),
        ([(no_show, at(13)), (moved, at(14)), (arrived, at(18))], True),
        ([(arrived, at(12)), (moved, at(14)), (no_show, at(19))], True),
        ([(no_show, at(13)), (again, at(14)), (no_show, at(15))], True),
    ],
    ids=[
        "nobody came",
        "reversed",
        "had come before",
        "came late",
        "came to another visit",
        "came to the next time",
        "missed the next time",
        "missed after all",
    ],
)
def test_a_no_show_stands_unless_it_was_reversed_or_the_patient_came(
    told: list[tuple[Event, datetime]], stands: bool
) -> None:
    assert is_booked(*told) is not stands
