"""A small pathway held against a hospital of thousands of cases, in agreement with what its log says."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest

from journey.domain.journey import Journey
from journey.domain.pathway import Pathways
from journey.domain.pathway.conformance import Conformance, conformance
from tests.pathways.eventlogs import Case, hospital, hospital_journey, needs_logs
from tests.ways import definition, pathways

pytestmark = needs_logs

CASES = 1000
FAILED = {"event": "assessment.recorded", "where": {"finding.code": "unsuccessful"}}
CURED = {"event": "assessment.recorded", "where": {"finding.code": "successful"}}
EXAMINED = {"event": "assessment.recorded", "where": {"kind.code": "examination"}}
MILESTONES: list[dict[str, Any]] = [
    {"id": "examined", "reached_by": EXAMINED},
    {
        "id": "diagnosed",
        "reached_by": "diagnosis.communicated",
        "requires": ["examined"],
        "undone_by": FAILED,
    },
    {"id": "treated", "reached_by": "treatment.given", "requires": ["diagnosed"], "undone_by": FAILED},
    {"id": "cured", "reached_by": CURED, "requires": ["treated"], "undone_by": FAILED},
    {"id": "discharged", "reached_by": "discharge.departed", "requires": ["cured"]},
]
WAY = definition(
    id="a-hospital",
    parameters={},
    starts="visit.arrived",
    stages=[{"id": "here", "entered_by": ["start"]}, {"id": "left", "entered_by": ["discharged"]}],
    milestones=MILESTONES,
)
REACHED_BY = {
    "examined": {"Examination", "Expert Examination", "Thorough Examination"},
    "diagnosed": {"Diagnosis"},
    "treated": {"Treatment"},
    "cured": {"Treatment successful"},
    "discharged": {"Discharge"},
}
REQUIRES = {"diagnosed": "examined", "treated": "diagnosed", "cured": "treated", "discharged": "cured"}
AGAIN = {"diagnosed", "treated", "cured"}


@pytest.fixture(scope="module")
def installed() -> Pathways:
    return pathways(WAY)


@pytest.fixture(scope="module")
def cases() -> dict[str, Case]:
    return hospital(CASES)


@pytest.fixture(scope="module")
def journeys(cases: dict[str, Case], installed: Pathways) -> dict[str, Journey]:
    return {name: hospital_journey(case, installed) for name, case in cases.items()}


def firsts(case: Case) -> dict[str, tuple[int, datetime]]:
    """Of each milestone: the row that reached it since the last failure, straight from the log."""
    failed = max((at for at, row in enumerate(case) if row.activity == "Treatment unsuccessful"), default=-1)
    found: dict[str, tuple[int, datetime]] = {}
    for milestone, activities in REACHED_BY.items():
        for at, row in enumerate(case):
            if row.activity in activities and at > (failed if milestone in AGAIN else -1):
                found[milestone] = (at, row.at)
                break
    return found


def left(case: Case) -> Iterator[tuple[str, str]]:
    found = firsts(case)
    for milestone in REACHED_BY:
        required = REQUIRES.get(milestone)
        if milestone not in found:
            if "discharged" in found:
                yield "missing", milestone
        elif required and (required not in found or found[required][0] > found[milestone][0]):
            yield "out-of-order", milestone


def held(journey: Journey, installed: Pathways) -> Conformance:
    plan = installed.plan("a-hospital", None)
    assert plan is not None
    found = conformance(plan, journey.enrolment, journey.recorded)
    assert found is not None
    return found


def test_cases_leave_the_pathway_where_the_log_says(
    cases: dict[str, Case], journeys: dict[str, Journey], installed: Pathways
) -> None:
    assert len(journeys) == CASES
    for name, journey in journeys.items():
        found = held(journey, installed)
        assert [(str(each.kind), each.milestone) for each in found.deviations] == sorted(
            left(cases[name]), key=lambda each: each[0] == "missing"
        ), name


def test_how_many_follow_it_is_what_the_log_says(
    cases: dict[str, Case], journeys: dict[str, Journey], installed: Pathways
) -> None:
    fits = Counter(held(journey, installed).fits for journey in journeys.values())
    by_log = Counter("discharged" in firsts(case) and not list(left(case)) for case in cases.values())
    assert fits == by_log
    assert min(fits[True], fits[False]) > CASES / 100, "the log has both kinds"
