"""Readmission: back in hospital within thirty days, and not as planned."""

from datetime import datetime

import pytest

from journey.domain.codes import EncounterClass
from journey.domain.correction import CancelAdmission
from journey.domain.discharge import PatientDischarged
from journey.domain.event import Coded, Event
from journey.domain.readmission import READMISSION
from journey.domain.standing import standing
from journey.domain.visit import Appointment, PatientAdmitted, VisitBooked
from tests.domain.told import OTHER_VISIT, VISIT, admitted, arrived, discharged, opened, started
from tests.spec import Given, at, given

again = PatientAdmitted(visit_id=OTHER_VISIT)


def readmitted(told: Given) -> list[datetime]:
    return [each.at for each in standing(told.journey).reached if each.milestone == READMISSION]


def back(moment: datetime, *before: Event, left: PatientDischarged = discharged) -> Given:
    """Home at noon of day 0, and in bed again at that time."""
    return given((opened, at(8)), (admitted, at(9)), (left, at(12)), *before, (again, moment))


@pytest.mark.parametrize(
    ("moment", "counts"),
    [
        (at(13), True),
        (at(9, day=29), True),
        (at(23, 59, day=30), True),
        (at(0, 1, day=31), False),
        (at(9, day=31), False),
    ],
    ids=["the same day", "day 29", "day 30", "day 31 early", "day 31"],
)
def test_day_thirty_counts_and_day_thirty_one_does_not(moment: datetime, *, counts: bool) -> None:
    assert readmitted(back(moment)) == ([moment] if counts else [])


def test_who_was_expected_is_not_readmitted() -> None:
    expected = VisitBooked(visit_id=OTHER_VISIT, appointment=Appointment(start=at(8, day=10)))
    assert readmitted(back(at(9, day=10), expected)) == []


def test_who_was_to_come_back_is_not_readmitted() -> None:
    planned = PatientDischarged(visit_id=VISIT, disposition=Coded(system="nubc", code="81"))
    assert readmitted(back(at(9, day=10), left=planned)) == []


def test_who_is_observed_is_not_admitted() -> None:
    observed = again.model_copy(update={"encounter_class": EncounterClass.OBSERVATION})
    told = given((opened, at(8)), (admitted, at(9)), (discharged, at(12)), (observed, at(9, day=3)))
    assert readmitted(told) == []


def test_the_end_of_an_outpatient_visit_is_no_end_of_a_stay() -> None:
    told = given(opened, arrived, (started, at(9)), (discharged, at(12)), (again, at(9, day=3)))
    assert readmitted(told) == []


def test_who_is_still_in_the_first_stay_is_not_readmitted() -> None:
    assert readmitted(given((opened, at(8)), (admitted, at(9)), (again, at(10)))) == []


def test_an_admission_that_was_cancelled_is_none() -> None:
    told = back(at(9, day=3)).when(CancelAdmission(visit_id=OTHER_VISIT)).done()
    assert readmitted(told) == []


def test_a_discharge_told_late_makes_it_one() -> None:
    told = given((opened, at(8)), (admitted, at(9)), (again, at(9, day=3)), (discharged, at(12)))
    assert readmitted(told) == [at(9, day=3)]
