"""Readmission: back in hospital within thirty days of a discharge, and not as planned (CMS HRRP).

The day of the discharge is day 0: day 30 counts, day 31 does not. Days are counted between the dates of the
two events in UTC.
"""

from collections.abc import Iterator
from datetime import UTC, date, timedelta

from journey.domain.codes import EncounterClass, VisitStatus
from journey.domain.discharge import Discharges
from journey.domain.discharge.disposition import returns_as_planned
from journey.domain.event import Fact
from journey.domain.room import Milestone, milestone
from journey.domain.visit import Visit, Visits

WINDOW = timedelta(days=30)
READMISSION = "readmitted-within-30-days"
NEVER_WAS = frozenset({VisitStatus.CANCELLED, VisitStatus.ENTERED_IN_ERROR})


def readmissions(visits: Visits, discharges: Discharges) -> Iterator[Milestone]:
    """The stays of a journey that began so soon after another one had ended."""
    for stay in visits:
        admitted = stay.admitted
        if admitted is None or not _counts(stay):
            continue
        ended = _last_end(visits, discharges, stay, admitted)
        if ended is not None and _day(admitted) - _day(ended) <= WINDOW:
            yield from milestone(READMISSION, admitted, stay.visit_id)


def _counts(stay: Visit) -> bool:
    """What was booked was planned, and who is observed is not admitted."""
    observed = stay.encounter_class is EncounterClass.OBSERVATION
    return stay.start is None and not observed and stay.status not in NEVER_WAS


def _last_end(visits: Visits, discharges: Discharges, stay: Visit, admitted: Fact) -> Fact | None:
    """The end of the latest other stay before this one, where nobody planned to have the patient back."""
    before = [
        each
        for each in discharges
        if each.visit_id != stay.visit_id
        and each.departed is not None
        and each.departed.at <= admitted.at
        and (left := visits.get(each.visit_id)) is not None
        and left.is_stay
    ]
    latest = max(before, key=lambda each: each.departed.at if each.departed else admitted.at, default=None)
    if latest is None or returns_as_planned(latest.disposition):
        return None
    return latest.departed


def _day(fact: Fact) -> date:
    return fact.at.astimezone(UTC).date()
