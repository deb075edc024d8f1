"""The way that a journey took: stages one after the other, what was undone, what was entered again."""

from datetime import datetime
from typing import Any

from journey.domain.correction import EventVoided
from journey.domain.enrolment import MilestoneAttested, MilestoneReopened, PathwayAssigned
from journey.domain.event import Precision
from journey.domain.pathway.course import following
from journey.domain.pathway.flow import Flow, flow
from journey.domain.standing import standing
from journey.domain.treatment import DecisionMade, DiagnosisCommunicated
from tests.domain.told import arrived, booked, cancelled, completed, opened, started
from tests.spec import Told, at, given
from tests.ways import definition, pathways

ASSIGNED = PathwayAssigned(pathway="a-way", version="3.0.0")
told_them = DiagnosisCommunicated(outcome="confirmed")
SEEN = [(booked, at(9)), (arrived, at(10)), (started, at(11)), (completed, at(12))]
THREE = {
    "stages": [
        {"id": "waiting", "entered_by": ["start"]},
        {"id": "here", "entered_by": ["come"]},
        {"id": "known", "entered_by": ["told"]},
    ],
    "milestones": [
        {"id": "come", "reached_by": "visit.arrived", "due": {"within": "90min"}},
        {"id": "told", "reached_by": "diagnosis.communicated", "undone_by": "decision.made"},
    ],
}
Stay = tuple[str, datetime, datetime | None]


def went(*told: Told, **changed: Any) -> Flow | None:
    """The way, which ends where the patient stands."""
    installed = pathways(definition(**{"version": "3.0.0", **THREE, **changed}))
    journey = given(opened, ASSIGNED, *told).journey
    plan = installed.plan("a-way", "3.0.0")
    assert plan is not None
    on_it = following(plan, journey.enrolment, journey.recorded)
    found = None if on_it is None else flow(on_it)
    stood = standing(journey, installed)
    if found and stood.pathway and stood.pathway.ended_at is None:
        assert found.stays[-1].stage == stood.stage
    return found


def stays(*told: Told, **changed: Any) -> list[Stay]:
    found = went(*told, **changed)
    return [(each.stage, each.entered_at, each.left_at) for each in found.stays] if found else []


def test_a_stage_lasts_until_the_next_is_entered() -> None:
    assert stays(*SEEN, (told_them, at(13))) == [
        ("waiting", at(9), at(10)),
        ("here", at(10), at(13)),
        ("known", at(13), None),
    ]


def test_before_the_start_there_is_no_way() -> None:
    assert went((told_them, at(9))) is None


def test_what_is_told_late_is_in_its_place() -> None:
    assert stays((booked, at(9)), (told_them, at(13)), (arrived, at(10))) == stays(
        (booked, at(9)), (arrived, at(10)), (told_them, at(13))
    )


def test_what_comes_after_a_later_stage_is_no_way_back() -> None:
    assert stays((booked, at(9)), (told_them, at(10)), (arrived, at(11))) == [
        ("waiting", at(9), at(10)),
        ("known", at(10), None),
    ]


def test_what_is_undone_leads_back_and_what_is_reached_again_is_another_stay() -> None:
    decided = DecisionMade(kind="to-treat")
    told = [(booked, at(9)), (told_them, at(10)), (decided, at(11)), (told_them, at(12)), (decided, at(13))]
    assert stays(*told) == [
        ("waiting", at(9), at(10)),
        ("known", at(10), at(11)),
        ("waiting", at(11), at(12)),
        ("known", at(12), at(13)),
        ("waiting", at(13), None),
    ]
    found = went(*told)
    assert found is not None
    [passed] = found.milestones
    assert (passed.reached_at, passed.undone, passed.undone_at) == (None, 2, at(13))


def test_what_a_person_reopens_is_undone() -> None:
    reopened = MilestoneReopened(milestone="told", reason="another diagnosis")
    assert stays((booked, at(9)), (told_them, at(10)), (reopened, at(11))) == [
        ("waiting", at(9), at(10)),
        ("known", at(10), at(11)),
        ("waiting", at(11), None),
    ]


def test_what_is_said_again_after_it_was_reopened_was_undone_all_the_same() -> None:
    reopened = MilestoneReopened(milestone="told", reason="another diagnosis")
    attested = MilestoneAttested(milestone="told", evidence="letter")
    twice = [(booked, at(9)), (attested, at(10)), (reopened, at(11)), (attested, at(12))]
    assert stays(*twice) == [
        ("waiting", at(9), at(10)),
        ("known", at(10), at(11)),
        ("waiting", at(11), at(12)),
        ("known", at(12), None),
    ]
    for first in (attested, told_them):
        found = went(twice[0], (first, at(10)), *twice[2:])
        assert found is not None
        [passed] = found.milestones
        assert (passed.reached_at, passed.undone, passed.undone_at) == (at(12), 1, at(11))


def test_a_voided_entry_was_none() -> None:
    arrival = given(opened, ASSIGNED, *SEEN[:2]).history.recorded[-1].event_id
    voided = EventVoided(voids=arrival, of="visit.arrived", reason="somebody else")
    assert stays(*SEEN[:2], (voided, at(14))) == [("waiting", at(9), None)]


def test_with_the_pathway_ends_the_stage() -> None:
    ending = {"ends": "visit.cancelled"}
    assert stays((booked, at(9)), (cancelled, at(10)), **ending) == [("waiting", at(9), at(10))]
    assert stays((booked, at(9)), (cancelled, at(10)), (told_them, at(11)), **ending) == [
        ("waiting", at(9), at(10))
    ]


def test_what_is_known_to_the_day_only_is_not_before_what_it_follows() -> None:
    found = stays((booked, at(9)), (told_them, at(0), Precision.DAY))
    assert found == [("waiting", at(9), at(9)), ("known", at(9), None)]


def test_milestones_have_their_due_time_though_they_are_reached() -> None:
    found = went((booked, at(9)), (arrived, at(11)))
    assert found is not None
    [come] = found.milestones
    assert (come.reached_at, come.counted_from, come.due) == (at(11), at(9), at(10, 30))
