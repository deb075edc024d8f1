"""Undoing: what names a thing undoes only what that thing reached; and what stands again, or not any more."""

from typing import Any

import pytest

from journey.domain.result import ResultReceived
from journey.domain.standing import standing
from journey.domain.treatment import RttStatusRecorded
from tests.domain.pathway.test_course import ASSIGNED, milestones, names, reached, stands
from tests.domain.told import OTHER_VISIT, VISIT, booked, cancelled, no_show, opened, started
from tests.spec import Told, at, given
from tests.ways import definition, pathways

MET = milestones(
    {
        "id": "met",
        "reached_by": "visit.booked",
        "undone_by": ["visit.cancelled", "visit.no_show", "rtt.status_recorded"],
    }
)
other = booked.model_copy(update={"visit_id": OTHER_VISIT})
other_cancelled = cancelled.model_copy(update={"visit_id": OTHER_VISIT})
BOTH: list[Told] = [(booked, at(9)), (other, at(10))]


def test_another_visit_that_is_cancelled_leaves_the_booking_of_this_one() -> None:
    assert reached(stands(*BOTH, (other_cancelled, at(11)), **MET))["met"] == at(9)


def test_where_the_first_visit_is_cancelled_the_other_one_counts() -> None:
    assert reached(stands(*BOTH, (cancelled, at(11)), **MET))["met"] == at(10)


def test_where_all_are_cancelled_none_counts() -> None:
    gone = stands(*BOTH, (cancelled, at(11)), (other_cancelled, at(12)), **MET)
    assert names(gone.next) == ["met"]


def test_what_names_no_thing_undoes_whatever_was_before() -> None:
    code = (RttStatusRecorded(code="33"), at(11))
    assert names(stands(*BOTH, code, **MET).next) == ["met"]
    assert reached(stands(*BOTH, code, (other, at(12)), **MET))["met"] == at(12)


def test_a_blocker_that_counts_counts_anew_after_what_ended_it() -> None:
    twice: list[dict[str, Any]] = [
        {
            "id": "missed-twice",
            "since": {"event": "visit.no_show", "count": 2},
            "until": "visit.started",
            "what": "missed twice",
        }
    ]

    def blocked(*told: Told) -> bool:
        return "missed-twice" in [each.code for each in stands(*told, blockers=twice).blocked_by]

    came = started.model_copy(update={"visit_id": OTHER_VISIT})
    missed: list[Told] = [(booked, at(9)), (no_show, at(10)), (no_show, at(11)), (came, at(12))]
    assert blocked(*missed[:3])
    assert not blocked(*missed, (no_show, at(13)))
    assert blocked(*missed, (no_show, at(13)), (no_show, at(14)))


@pytest.mark.parametrize("order", [("rtt.status_recorded", "result.received"), ("result.received",) * 2])
def test_of_several_ways_the_one_counts_that_was_complete_first(order: tuple[str, str]) -> None:
    either = {"id": "met", "reached_by": {"any": [{"all": list(order)}, "visit.cancelled"]}}
    told: list[Told] = [(booked, at(9)), (_result(), at(10)), (cancelled, at(11))]
    late = (RttStatusRecorded(code="20"), at(12))
    expected = at(10) if order[0] == order[1] else at(11)
    assert reached(stands(*told, late, **milestones(either)))["met"] == expected


def _result() -> ResultReceived:
    return ResultReceived.model_construct(result_id=VISIT)


def test_what_stands_in_the_way_names_the_event_that_put_it_there_and_so_do_start_and_end() -> None:
    stuck = [{"id": "missed", "since": "visit.no_show", "until": "visit.started", "what": "missed"}]
    way = pathways(definition(version="3.0.0", blockers=stuck, ends="visit.cancelled"))
    told = given(opened, ASSIGNED, (booked, at(9)), (no_show, at(10)))
    why = standing(told.journey, way).why
    assert why["blocked_by.missed"] == (told.id_of(no_show),)
    assert why["pathway.started_at"] == (told.id_of(booked),)
    after = told.recording([cancelled], at(11))
    why = standing(after.journey, way).why
    assert why["pathway.ended_at"] == (after.id_of(cancelled),)
    assert "blocked_by.missed" not in why
