"""What holds of the answer on any pathway, for any journey, at any moment."""

from collections.abc import Iterator
from datetime import datetime
from itertools import pairwise
from uuid import UUID

from hypothesis import given as on
from hypothesis import settings
from hypothesis import strategies as st

from journey.domain.correction import in_order
from journey.domain.enrolment import PathwayAssigned
from journey.domain.journey import Journey, evolve, fold, journey_at
from journey.domain.pathway import Pathways
from journey.domain.pathway.clocks import ClockState
from journey.domain.pathway.conformance import conformance
from journey.domain.pathway.course import Course, course
from journey.domain.standing import Standing, standing
from journey.pathways import installed, public_holidays
from tests.domain.pathway.any_way import TIMES, definitions, journeys
from tests.domain.told import opened
from tests.pathways.walk import PLANS
from tests.spec import JOURNEY, STABLE, Given, at

END = at(0, day=5)
WAYS = st.builds(
    lambda one, other: Pathways([one, other], public_holidays), definitions("3.0.0"), definitions("4.0.0")
)


def on_the_way(journey: Journey, pathways: Pathways) -> Course | None:
    enrolment = journey.enrolment
    plan = pathways.plan(enrolment.pathway, enrolment.version) if enrolment.pathway else None
    return None if plan is None else course(plan, enrolment, journey.recorded)


def named(stood: Standing) -> Iterator[UUID]:
    for reached in stood.reached:
        yield reached.event_id
    for waived in stood.waived:
        yield from waived.event_ids
    for step in (*stood.next, *stood.later):
        yield step.event_id
    for clock in stood.clocks:
        yield from clock.event_ids
    for ids in stood.why.values():
        yield from ids


def holds(journey: Journey, pathways: Pathways, now: datetime) -> None:
    stood = standing(journey, pathways).at(now)
    assert set(named(stood)) <= {each.event_id for each in journey.recorded}
    owed = (*stood.next, *stood.later)
    assert all(step in owed for step in (*stood.overdue, *stood.at_risk))
    assert not {step.step for step in stood.overdue if step in stood.at_risk}
    on_it = on_the_way(journey, pathways)
    if on_it is None or on_it.stage is None:
        return
    parts = [
        [each.milestone for each in on_it.reached],
        [each.milestone for each in on_it.waived],
        [each.step for each in on_it.next],
        [each.step for each in on_it.later],
    ]
    every = [name for part in parts for name in part]
    assert len(every) == len(set(every)), parts
    plan = pathways.plan(journey.enrolment.pathway or "", journey.enrolment.version)
    assert plan is not None
    if on_it.ended is None:
        assert {each.id for each in plan.definition.milestones} <= set(every)
    for clock in plan.definition.clocks:
        runs = [each for each in on_it.clocks if each.clock == clock.id]
        assert all(each.stopped_at is None or each.stopped_at >= each.started_at for each in runs)
        assert all(one.stopped_at is not None for one in runs[:-1])
        for one, another in pairwise(runs):
            assert one.stopped_at is not None
            assert one.stopped_at <= another.started_at, (one, another)
        if runs:
            assert (runs[-1].stopped_at is None) is (runs[-1].state is ClockState.RUNNING)
    conformance(plan, journey.enrolment, journey.recorded)


@settings(STABLE, max_examples=25)
@on(WAYS, journeys(opened), st.lists(TIMES, min_size=2, max_size=2))
def test_the_answer_holds_together_on_any_pathway(
    pathways: Pathways, told: Given, times: list[datetime]
) -> None:
    for moment in (None, *times):
        for known in (None, *times):
            journey = journey_at(told.history, as_of=moment, as_known_at=known)
            if journey is not None:
                for now in (*times, END):
                    holds(journey, pathways, now)


@STABLE
@on(
    st.sampled_from(sorted(PLANS)).flatmap(
        lambda name: journeys(
            opened,
            PathwayAssigned(pathway=name, version=PLANS[name].definition.version),
        )
    )
)
def test_the_answer_holds_together_on_what_ships(told: Given) -> None:
    holds(told.journey, installed(), END)


@settings(STABLE, max_examples=25)
@on(WAYS, journeys(opened), st.integers(1, 5))
def test_folding_in_steps_answers_as_folding_at_once(pathways: Pathways, told: Given, size: int) -> None:
    effective = sorted(told.history.effective, key=in_order)
    stepwise = Journey(JOURNEY, 0)
    for place in range(0, len(effective), size):
        stepwise = evolve(stepwise, effective[place : place + size])
    assert standing(stepwise, pathways) == standing(fold(effective, JOURNEY), pathways)
