"""The sepsis pathway held against 750 real cases, in agreement with what the log itself says."""

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from statistics import quantiles

import pytest

from journey.domain.journey import Journey
from journey.domain.pathway.conformance import Conformance, conformance
from journey.domain.standing import standing
from journey.pathways import installed
from tests.pathways.eventlogs import Case, needs_logs, sepsis, sepsis_journey

pytestmark = needs_logs

Cases = dict[str, Case]
Journeys = dict[str, Journey]

ACTIVITY: dict[str, tuple[str, ...]] = {
    "triage": ("ER Triage",),
    "sepsis-triage": ("ER Sepsis Triage",),
    "leucocytes": ("Leucocytes",),
    "crp": ("CRP",),
    "lactate": ("LacticAcid",),
    "fluids": ("IV Liquid",),
    "antibiotics": ("IV Antibiotics",),
    "admitted": ("Admission NC", "Admission IC"),
    "released": ("Release A", "Release B", "Release C", "Release D", "Release E"),
}
MINUTES: dict[str, tuple[str, int]] = {
    "triage": ("start", 15),
    "sepsis-triage": ("start", 30),
    "leucocytes": ("sepsis-triage", 180),
    "crp": ("sepsis-triage", 180),
    "lactate": ("sepsis-triage", 180),
    "fluids": ("sepsis-triage", 180),
    "antibiotics": ("sepsis-triage", 60),
    "admitted": ("antibiotics", 360),
}
REQUIRES = {
    "fluids": "sepsis-triage",
    "antibiotics": "sepsis-triage",
    "admitted": "antibiotics",
    "released": "admitted",
}


@pytest.fixture(scope="module")
def cases() -> Cases:
    return sepsis()


@pytest.fixture(scope="module")
def journeys(cases: Cases) -> Journeys:
    return {name: sepsis_journey(case, installed()) for name, case in cases.items()}


def firsts(case: Case) -> dict[str, tuple[int, datetime]]:
    """Of each milestone: the row that reached it, and when, straight from the log."""
    start = next(at for at, row in enumerate(case) if row.activity == "ER Registration")
    found = {"start": (start, case[start].at)}
    for milestone, activities in ACTIVITY.items():
        for at, row in enumerate(case):
            if at >= start and row.activity in activities:
                found[milestone] = (at, row.at)
                break
    return found


def left(case: Case) -> Iterator[tuple[str, str]]:
    """Where the case leaves the pathway, by the log alone."""
    found = firsts(case)
    for milestone in ACTIVITY:
        if milestone not in found:
            if "released" in found:
                yield "missing", milestone
            continue
        place, at = found[milestone]
        required = REQUIRES.get(milestone)
        if required and (required not in found or found[required][0] > place):
            yield "out-of-order", milestone
        after, minutes = MINUTES.get(milestone, ("never", 0))
        if after in found and at > found[after][1] + timedelta(minutes=minutes):
            yield "late", milestone


def held(journey: Journey) -> Conformance:
    plan = installed().plan("inpatient-sepsis", None)
    assert plan is not None
    found = conformance(plan, journey.enrolment, journey.recorded)
    assert found is not None
    return found


def test_every_case_is_told_whole(cases: Cases, journeys: Journeys) -> None:
    assert len(journeys) == 750
    told = sum(len(journey.recorded) for journey in journeys.values())
    assert told >= sum(map(len, cases.values()))


def test_milestones_are_reached_when_the_log_says(cases: Cases, journeys: Journeys) -> None:
    for name, journey in journeys.items():
        stood = standing(journey, installed())
        reached = {each.milestone: each.at for each in stood.reached if each.milestone in ACTIVITY}
        expected = {
            milestone: at for milestone, (_, at) in firsts(cases[name]).items() if milestone != "start"
        }
        assert reached == expected, name


def test_cases_leave_the_pathway_where_the_log_says(cases: Cases, journeys: Journeys) -> None:
    for name, journey in journeys.items():
        found = [(str(each.kind), each.milestone) for each in held(journey).deviations]
        of_the_log = [each for each in found if each[1] in ACTIVITY]
        assert sorted(of_the_log) == sorted(left(cases[name])), name


def test_how_many_follow_it_and_where_the_others_leave_it(journeys: Journeys) -> None:
    held_against = {name: held(journey) for name, journey in journeys.items()}
    complete = sum(each.complete for each in held_against.values())
    assert complete == 559
    assert sum(each.fits for each in held_against.values()) == 101
    first = Counter(
        (str(each.deviations[0].kind), each.deviations[0].milestone)
        for each in held_against.values()
        if each.deviations
    )
    assert first.most_common(5) == [
        (("late", "triage"), 188),
        (("late", "antibiotics"), 174),
        (("late", "fluids"), 59),
        (("out-of-order", "admitted"), 49),
        (("late", "sepsis-triage"), 39),
    ]


@pytest.mark.parametrize("milestone", ["antibiotics", "released"])
def test_the_times_to_a_milestone_are_those_of_the_log(
    milestone: str, cases: Cases, journeys: Journeys
) -> None:
    def by_pathway(name: str) -> Iterator[float]:
        stood = standing(journeys[name], installed())
        assert stood.pathway is not None
        assert stood.pathway.started_at is not None
        for each in stood.reached:
            if each.milestone == milestone:
                yield (each.at - stood.pathway.started_at).total_seconds()

    def by_log(name: str) -> Iterator[float]:
        found = firsts(cases[name])
        if milestone in found:
            yield (found[milestone][1] - found["start"][1]).total_seconds()

    assert percentiles(by_pathway, cases) == percentiles(by_log, cases)


def percentiles(times: Callable[[str], Iterator[float]], cases: Cases) -> list[float]:
    found = [seconds for name in cases for seconds in times(name)]
    assert found
    return quantiles(found, n=20)


def test_the_clocks_measure_the_same(cases: Cases, journeys: Journeys) -> None:
    for name, journey in journeys.items():
        clock = next(
            each for each in standing(journey, installed()).clocks if each.clock == "door-to-antibiotics"
        )
        found = firsts(cases[name])
        given = found.get("antibiotics")
        assert (clock.started_at, clock.stopped_at) == (found["start"][1], given and given[1]), name
