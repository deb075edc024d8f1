"""What is known to the day only: what may have followed it counts, and nothing ends before it began."""

from datetime import timedelta
from typing import Any

from journey.domain.event import Coded, Precision
from journey.domain.standing import Standing
from journey.domain.treatment import TreatmentGiven
from journey.domain.visit import VisitCompleted
from tests.domain.pathway.test_course import milestones, names, reached, stands
from tests.domain.told import VISIT, booked
from tests.spec import Told, at

GIVEN = TreatmentGiven(treatment_id=VISIT, code=Coded(system="atc", code="J01"))
WAIT: dict[str, Any] = {"id": "wait", "stop": "treatment.given", "target": "2d"}
THAT_DAY: Told = (booked, at(0), Precision.DAY)


def wait(stood: Standing) -> list[tuple[Any, ...]]:
    return [(each.state, each.started_at, each.stopped_at) for each in stood.clocks]


def test_what_happens_on_the_day_of_a_start_that_is_known_to_the_day_counts() -> None:
    way = milestones({"id": "met", "reached_by": "treatment.given"})
    stood = stands(THAT_DAY, (GIVEN, at(15)), (VisitCompleted(visit_id=VISIT), at(9, day=2)), **way)
    assert reached(stood)["met"] == at(15)
    assert names(stands((GIVEN, at(15, day=-1)), THAT_DAY, **way).next) == ["met"]


def test_a_clock_that_begins_on_a_day_is_stopped_on_that_day() -> None:
    late: Told = (VisitCompleted(visit_id=VISIT), at(9, day=2))
    for start in ("start", "visit.booked"):
        clock = {**WAIT, "start": start}
        assert wait(stands(THAT_DAY, (GIVEN, at(15)), late, clocks=[clock])) == [("stopped", at(0), at(15))]


def test_a_clock_that_stops_on_a_day_stops_no_earlier_than_it_began() -> None:
    stood = stands((booked, at(9)), (GIVEN, at(0), Precision.DAY), clocks=[WAIT])
    assert wait(stood) == [("stopped", at(9), at(9))]


def test_a_run_begins_no_earlier_than_the_one_before_was_over() -> None:
    clock = {**WAIT, "start": "visit.booked"}
    stood = stands((booked, at(9, day=-3)), (GIVEN, at(15)), THAT_DAY, clocks=[clock])
    assert wait(stood) == [("stopped", at(9, day=-3), at(15)), ("running", at(15), None)]


def test_what_is_due_counts_from_the_day_that_was_meant() -> None:
    seen = {"id": "seen", "reached_by": "visit.completed", "due": {"within": "1d"}}
    way = {"calendar": {"zone": "America/New_York"}, "clocks": [WAIT], **milestones(seen)}
    stood = stands(THAT_DAY, **way)
    (step,) = [each for each in stood.next if each.step == "seen"]
    assert step.due == at(23 + 5, 59, day=1) + timedelta(seconds=59)
    assert [each.due for each in stood.clocks] == [at(23 + 5, 59, day=2) + timedelta(seconds=59)]
