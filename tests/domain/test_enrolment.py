"""Enrolment: the pathway that the journey follows, and what was decided about its milestones."""

import pytest

from journey.domain.enrolment import (
    AssignPathway,
    AttestMilestone,
    ChangePathwayVersion,
    EndPathway,
    MilestoneAttested,
    MilestoneReopened,
    MilestoneWaived,
    NoPathway,
    PathwayAssigned,
    PathwayEnded,
    PathwayVersionChanged,
    ReopenMilestone,
    UnknownMilestone,
    UnknownParameter,
    UnknownPathway,
    WaiveMilestone,
)
from journey.domain.pathway import Pathways
from journey.domain.standing import Standing, standing
from tests.domain.cases import Case
from tests.domain.told import arrived, booked, closed, completed, opened, started
from tests.spec import Given, Told, given
from tests.ways import PATHWAYS, WAY

first = PATHWAYS.get(WAY, "1.0.0")
second = PATHWAYS.get(WAY, "2.0.0")
assert first is not None
assert second is not None
assigned = PathwayAssigned(pathway=WAY, version="1.0.0", digest=PATHWAYS.digest(first))
changed = PathwayVersionChanged(
    version="2.0.0", digest=PATHWAYS.digest(second), mapping={"seen": "met"}, dropped=("told",)
)
ended = PathwayEnded(reason="moved to another clinic")
attested = MilestoneAttested(milestone="told", evidence="letter of 3 May")
waived = MilestoneWaived(milestone="told", reason="the patient asked not to be told")
reopened = MilestoneReopened(milestone="told", reason="asked again")
assign = AssignPathway(pathway=WAY, version="1.0.0")
change = ChangePathwayVersion(version="2.0.0", mapping={"seen": "met"})

CASES = [
    Case(assign, given(opened), [assigned]),
    Case(change, given(opened, assigned), [changed], given(opened), NoPathway),
    Case(
        EndPathway(reason="moved to another clinic"),
        given(opened, assigned),
        [ended],
        quiet=given(opened),
    ),
    Case(
        AttestMilestone(milestone="told", evidence="letter of 3 May"),
        given(opened, assigned),
        [attested],
        given(opened),
        NoPathway,
    ),
    Case(
        WaiveMilestone(milestone="told", reason="the patient asked not to be told"),
        given(opened, assigned),
        [waived],
        given(opened),
        NoPathway,
    ),
    Case(
        ReopenMilestone(milestone="told", reason="asked again"),
        given(opened, assigned, waived),
        [reopened],
        given(opened),
        NoPathway,
    ),
]


def stands(*told: Told) -> Standing:
    return standing(given(*told).journey, PATHWAYS)


def steps(stood: Standing) -> list[str]:
    return [step.step for step in (*stood.next, *stood.later)]


def test_the_latest_version_is_meant_where_none_is_named() -> None:
    told = given(opened).when(AssignPathway(pathway=WAY)).done()
    assert told.journey.enrolment.version == "2.0.0"


def test_a_version_that_is_not_there_is_refused_with_those_that_are() -> None:
    with pytest.raises(UnknownPathway, match=r"1\.0\.0, 2\.0\.0"):
        given(opened).when(AssignPathway(pathway=WAY, version="3.0")).decided()


def test_a_parameter_is_one_of_the_words_that_the_pathway_knows() -> None:
    given(opened).when(AssignPathway(pathway=WAY, version="1.0.0", parameters={"pace": "quick"})).then(
        assigned.model_copy(update={"parameters": {"pace": "quick"}})
    )
    odd = AssignPathway(pathway=WAY, version="1.0.0", parameters={"pace": "reckless"})
    given(opened).when(odd).then_refused(UnknownParameter)
    given(opened).when(odd.model_copy(update={"parameters": {"tempo": "quick"}})).then_refused(
        UnknownParameter
    )


def test_a_milestone_that_the_pathway_does_not_have_is_refused() -> None:
    told = given(opened, assigned)
    told.when(WaiveMilestone(milestone="sung", reason="-")).then_refused(UnknownMilestone)
    told.when(ChangePathwayVersion(version="2.0.0", mapping={"seen": "sung"})).then_refused(UnknownMilestone)
    told.when(ChangePathwayVersion(version="2.0.0", mapping={"sung": "met"})).then_refused(UnknownMilestone)


def test_what_another_version_drops_is_waived_never_forgotten() -> None:
    stood = stands(opened, assigned, booked, changed)
    assert [each.milestone for each in stood.waived] == ["told"]
    assert stood.pathway is not None
    assert stood.pathway.version == "2.0.0"


def test_a_waiver_moves_with_the_name_of_its_milestone() -> None:
    seen_waived = MilestoneWaived(milestone="seen", reason="seen elsewhere")
    stood = stands(opened, assigned, booked, seen_waived, changed)
    assert {each.milestone: each.why for each in stood.waived}["met"] == "seen elsewhere"


def test_a_waived_milestone_is_not_owed_until_it_is_reopened() -> None:
    assert "told" not in steps(stands(opened, assigned, booked, waived))
    assert "told" in steps(stands(opened, assigned, booked, waived, reopened))


def test_an_attested_milestone_is_reached_until_it_is_reopened() -> None:
    reached = stands(opened, assigned, booked, attested)
    assert "told" in [each.milestone for each in reached.reached]
    assert "told" in steps(stands(opened, assigned, booked, attested, reopened))


def test_a_pathway_that_is_not_installed_is_said_and_stops_nothing() -> None:
    stood = standing(given(opened, assigned, booked).journey, Pathways())
    assert "pathway-not-installed" in [each.code for each in stood.blocked_by]
    assert stood.stage == "visit-booked"


def test_a_definition_that_was_altered_under_its_version_is_said() -> None:
    other = assigned.model_copy(update={"digest": "another"})
    assert "pathway-altered" in [each.code for each in stands(opened, other, booked).blocked_by]


def test_after_its_end_the_rooms_say_where_the_patient_is() -> None:
    stood = stands(opened, assigned, booked, ended)
    assert (stood.pathway, stood.stage) == (None, "visit-booked")


def test_a_pathway_begins_with_the_event_that_starts_it() -> None:
    assert stands(opened, assigned).stage == "in-care"
    assert stands(opened, assigned, booked).stage == "booked"
    assert stands(opened, booked, assigned).stage == "booked"


def test_a_journey_that_is_over_owes_nothing() -> None:
    over: Given = given(opened, assigned, booked, arrived, started, completed, closed)
    stood = standing(over.journey, PATHWAYS)
    assert (stood.next, stood.later, stood.blocked_by) == ((), (), ())
    assert "seen" in [each.milestone for each in stood.reached]


def test_assigned_again_it_stays_in_its_version_though_a_later_one_is_installed() -> None:
    given(opened, assigned).when(AssignPathway(pathway=WAY)).then_nothing()


def test_assigned_in_another_version_it_goes_on_in_that_and_forgets_no_milestone() -> None:
    after = given(opened, assigned, booked).when(AssignPathway(pathway=WAY, version="2.0.0")).done()
    assert [type(each) for each in after.events[3:]] == [PathwayVersionChanged]
    stood = standing(after.journey, PATHWAYS)
    assert {each.milestone for each in stood.waived} == {"seen", "told"}


def test_what_a_version_has_again_is_owed_again_as_it_was_decided() -> None:
    back = PathwayVersionChanged(version="1.0.0")
    assert "told" in steps(stands(opened, assigned, booked, changed, back))
    again = stands(opened, assigned, booked, attested, changed, back)
    assert "told" in [each.milestone for each in again.reached]


def test_other_parameters_begin_nothing_anew_and_are_named_beside_the_assignment() -> None:
    quick = assigned.model_copy(update={"parameters": {"pace": "quick"}})
    told = given(opened, assigned, quick, booked)
    (at_first, now) = (told.id_of(assigned), told.id_of(quick))
    assert standing(told.journey, PATHWAYS).why["pathway"] == (at_first, now)
    assert told.journey.enrolment.assigned == told.history.recorded[1].fact
