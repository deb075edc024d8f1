"""Whatever a definition that ships asks for can happen: each milestone, each branch, each part of a clock."""

from collections.abc import Iterator

import pytest

from journey.domain.event import Event
from journey.domain.pathway.clocks import ClockState
from journey.domain.pathway.definition import ClockDefinition, Definition, MilestoneDefinition
from journey.domain.pathway.plan import Plan
from journey.domain.pathway.trigger import Condition, Trigger, Triggers
from tests.pathways.walk import PLANS, began, heard_by, holding, walked

MILESTONES = [
    pytest.param(plan, milestone, id=f"{name}-{milestone.id}")
    for name, plan in PLANS.items()
    for milestone in plan.definition.every_milestone()
]
CLOCKS = [
    pytest.param(plan, clock, id=f"{name}-{clock.id}")
    for name, plan in PLANS.items()
    for clock in plan.definition.clocks
]


def there(definition: Definition, milestone: MilestoneDefinition) -> Iterator[Event]:
    """What makes the milestone one that is owed."""
    yield from began(definition)
    for branch in definition.branches:
        if milestone in branch.milestones:
            yield from holding(branch.when)
    if milestone.applies_when is not None:
        yield from holding(milestone.applies_when)


@pytest.mark.parametrize(("plan", "milestone"), MILESTONES)
def test_each_milestone_is_reached_by_each_of_its_triggers(
    plan: Plan, milestone: MilestoneDefinition
) -> None:
    before = list(there(plan.definition, milestone))
    listening: tuple[Condition | Trigger, ...] = (
        (milestone.reached_by,) if isinstance(milestone.reached_by, Condition) else milestone.reached_by
    )
    for each in listening:
        told = holding(each) if isinstance(each, Condition) else heard_by(each, 2)
        reached = walked(plan, *before, *told).reached
        assert milestone.id in [one.milestone for one in reached], each


@pytest.mark.parametrize(("plan", "milestone"), MILESTONES)
def test_each_milestone_is_owed_until_then_with_its_owner(plan: Plan, milestone: MilestoneDefinition) -> None:
    stands = walked(plan, *there(plan.definition, milestone))
    said = {each.milestone for each in stands.reached} | {each.milestone for each in stands.waived}
    if milestone.id in said:
        return  # what begins the pathway, or makes it apply, reaches or spares it at once
    (step,) = [each for each in (*stands.next, *stands.later) if each.step == milestone.id]
    assert step.owner
    assert step.title


@pytest.mark.parametrize("plan", PLANS.values(), ids=PLANS)
def test_each_stage_is_entered(plan: Plan) -> None:
    entered = set()
    for stage in plan.definition.stages:
        for name in stage.entered_by:
            told = began(plan.definition)
            for milestone in plan.definition.every_milestone():
                if milestone.id == name:
                    told = [*there(plan.definition, milestone), *_reaching(milestone)]
            found = walked(plan, *told).stage
            assert found is not None
            entered.add(found[0])
    assert entered == {stage.id for stage in plan.definition.stages}


def _reaching(milestone: MilestoneDefinition) -> list[Event]:
    if isinstance(milestone.reached_by, Condition):
        return list(holding(milestone.reached_by))
    return list(heard_by(milestone.reached_by[0], 2))


def states(plan: Plan, clock: ClockDefinition, *told: Triggers | None) -> list[ClockState]:
    """The runs of a clock after these, the first of each."""
    events = began(plan.definition)
    if clock.applies_when is not None:
        events += holding(clock.applies_when)
    if not isinstance(clock.start, str):
        events += heard_by(clock.start[0])
    for number, triggers in enumerate(told, 3):
        events += heard_by(triggers[0], number) if triggers else ()
    return [each.state for each in walked(plan, *events).clocks if each.clock == clock.id]


@pytest.mark.parametrize(("plan", "clock"), CLOCKS)
def test_each_clock_is_started_and_stopped(plan: Plan, clock: ClockDefinition) -> None:
    assert states(plan, clock)[-1] is ClockState.RUNNING
    for each in clock.stop:
        assert states(plan, clock, (each,))[-1] is ClockState.STOPPED


@pytest.mark.parametrize(("plan", "clock"), CLOCKS)
def test_each_clock_is_nullified_and_begun_anew_as_it_says(plan: Plan, clock: ClockDefinition) -> None:
    for each in clock.nullify or ():
        assert states(plan, clock, (each,))[-1] is ClockState.NULLIFIED
    if clock.restart is not None:
        undone = ClockState.NULLIFIED if clock.nullify else ClockState.RESTARTED
        for after in clock.restart.after:
            assert states(plan, clock, (after,), clock.restart.on) == [undone, ClockState.RUNNING], after


@pytest.mark.parametrize("plan", PLANS.values(), ids=PLANS)
def test_each_blocker_stands_and_goes(plan: Plan) -> None:
    for blocker in plan.definition.blockers:
        for until in blocker.until:
            since = [*began(plan.definition), *heard_by(blocker.since[0])]
            assert blocker.id in [each.code for each in walked(plan, *since).blockers]
            after = walked(plan, *since, *heard_by(until, 2))
            assert blocker.id not in [each.code for each in after.blockers]


@pytest.mark.parametrize("plan", PLANS.values(), ids=PLANS)
def test_after_its_end_nothing_is_owed(plan: Plan) -> None:
    for end in plan.definition.ends or ():
        stands = walked(plan, *began(plan.definition), *heard_by(end))
        assert stands.ended is not None
        assert (stands.next, stands.later) == ((), ())
