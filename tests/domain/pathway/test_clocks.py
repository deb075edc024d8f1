"""Clocks: the sequences of codes that the standards document, and what may happen to a clock."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from journey.domain.codes import Priority
from journey.domain.enrolment import PathwayAssigned
from journey.domain.event import Coded
from journey.domain.pathway.clocks import Clock
from journey.domain.referral import ReferralOrder, ReferralReceiptConfirmed, ReferralSent
from journey.domain.standing import standing
from journey.domain.treatment import RttStatusRecorded, TreatmentGiven
from journey.domain.visit import VisitRescheduled
from tests.domain.told import VISIT, booked, no_show, opened
from tests.spec import Told, at, given
from tests.ways import definition, pathways

RTT = PathwayAssigned(pathway="nhs-rtt-18-week", version="1.0.0")
TICK = PathwayAssigned(pathway="a-way", version="3.0.0")


def rtt(code: str, day: int, **said: Any) -> Told:
    return (RttStatusRecorded(code=code, **said), at(9, day=day))


def clocks(*told: Told, assigned: PathwayAssigned = RTT, **changed: Any) -> list[Clock]:
    installed = pathways(definition(**{"version": "3.0.0", **changed}))
    return list(standing(given(opened, assigned, *told).journey, installed).clocks)


@pytest.mark.parametrize(
    ("codes", "runs"),
    [
        (["10"], ["running"]),
        (["10", "20", "30"], ["stopped"]),
        (["10", "20", "32", "11", "20", "30"], ["stopped", "stopped"]),
        (["10", "20", "31", "11"], ["stopped", "running"]),
        (["10", "21", "20", "34"], ["stopped"]),
        (["10", "20", "35"], ["stopped"]),
        (["10", "36"], ["stopped"]),
        (["10", "20", "30", "12", "30"], ["stopped", "stopped"]),
        (["10", "10", "20"], ["running"]),
        (["10", "90", "91", "92", "98", "99"], ["running"]),
        (["10", "30", "30"], ["stopped"]),
        (["20", "30"], []),
    ],
    ids="-".join,
)
def test_rtt_codes_make_these_runs(codes: list[str], runs: list[str]) -> None:
    found = clocks(*(rtt(code, day) for day, code in enumerate(codes, 1)))
    assert [clock.state for clock in found] == runs


def test_a_missed_first_appointment_nullifies_only_where_it_was_communicated() -> None:
    (kept,) = clocks(rtt("10", 1), rtt("33", 20, communicated=False))
    assert (kept.state, kept.started_at) == ("running", at(9, day=1))
    undone, anew = clocks(rtt("10", 1), rtt("33", 20, communicated=True), rtt("10", 25))
    assert (undone.state, anew.state, anew.started_at) == ("nullified", "running", at(9, day=25))


def test_a_nullified_run_is_never_breached() -> None:
    (undone,) = clocks(rtt("10", 1), rtt("33", 20, communicated=True))
    assert undone.at(at(9, day=900)).breached is None


def test_day_zero_is_the_receipt_and_the_last_day_counts_whole() -> None:
    (clock,) = clocks(rtt("10", 0))
    assert clock.due == datetime(2026, 7, 6, 22, 59, 59, tzinfo=UTC)  # 126 days on, in summer time
    second = timedelta(seconds=1)
    assert [clock.at(clock.due + late).breached for late in (-second, 0 * second, second)] == [
        False,
        False,
        True,
    ]


def test_each_run_names_the_events_that_decided_it() -> None:
    told = given(opened, RTT, rtt("10", 1), rtt("30", 9))
    (clock,) = standing(told.journey, pathways()).clocks
    assert clock.event_ids == tuple(each.event_id for each in told.history.recorded[-2:])


def test_a_start_that_is_told_late_moves_the_clock() -> None:
    (clock,) = clocks(rtt("10", 9), rtt("20", 10), rtt("10", 2))
    assert clock.started_at == at(9, day=2)


STOP = "treatment.given"
GIVEN = TreatmentGiven(treatment_id=UUID(int=5), code=Coded(system="atc", code="J01"))


@pytest.mark.parametrize(
    ("passed", "breached"),
    [(timedelta(hours=71, minutes=59), False), (timedelta(hours=72, minutes=1), True)],
)
def test_seventy_two_hours_are_hours_across_a_change_to_summer_time(
    passed: timedelta, breached: bool
) -> None:
    start = datetime(2026, 3, 28, 9, 0, tzinfo=UTC)  # clocks go forward in London on the 29th
    (clock,) = clocks(
        (booked, start),
        (GIVEN, start + passed),
        assigned=TICK,
        clocks=[{"id": "decision", "stop": STOP, "target": "72h"}],
    )
    assert clock.at(start).breached is breached


def test_an_extension_gives_more_time_once() -> None:
    extended = {"when": "visit.rescheduled", "by": "14d"}
    moved = VisitRescheduled(visit_id=VISIT, start=at(9, day=30))
    (clock,) = clocks(
        (booked, at(9)),
        (moved, at(9, day=1)),
        (moved, at(9, day=2)),
        assigned=TICK,
        clocks=[{"id": "decision", "stop": STOP, "target": "7d", "extend": extended}],
    )
    assert (clock.target, clock.due) == ("7d + 14d", datetime(2026, 3, 23, 23, 59, 59, tzinfo=UTC))


def test_a_clock_is_set_anew_when_what_was_missed_is_booked_again() -> None:
    restart = {"after": "visit.no_show", "on": "visit.rescheduled"}
    moved = VisitRescheduled(visit_id=VISIT, start=at(9, day=30))
    told = [(booked, at(9)), (moved, at(10)), (no_show, at(9, day=3)), (moved, at(9, day=5))]
    before, anew = clocks(
        *told, assigned=TICK, clocks=[{"id": "wait", "stop": STOP, "target": "62d", "restart": restart}]
    )
    assert (before.state, anew.state, anew.started_at) == ("restarted", "running", at(9, day=5))


def test_a_target_may_depend_on_what_started_the_clock() -> None:
    target = {"by": "order.priority", "cases": {"urgent": "72h", "routine": "7d"}}
    kinds = [{"id": "answer", "start": "referral.sent", "stop": "referral.accepted", "target": target}]
    said = {Priority.URGENT: "72h", Priority.ROUTINE: "7d", Priority.STAT: None}
    for priority, expected in said.items():
        sent = ReferralSent(referral_id=UUID(int=3), order=ReferralOrder(priority=priority))
        (clock,) = clocks(booked, sent, assigned=TICK, clocks=kinds)
        assert clock.target == expected


def test_a_clock_that_does_not_apply_is_not_there() -> None:
    kinds = [{"id": "answer", "stop": STOP, "applies_when": "referral.receipt_confirmed"}]
    assert clocks(booked, assigned=TICK, clocks=kinds) == []
    receipt = ReferralReceiptConfirmed(referral_id=UUID(int=3))
    assert len(clocks(booked, receipt, assigned=TICK, clocks=kinds)) == 1


def test_a_nullified_clock_begins_anew_when_what_was_missed_is_booked_again() -> None:
    told = [(booked, at(9)), (no_show, at(10, day=3)), (booked, at(9, day=5)), (GIVEN, at(9, day=9))]
    missed = {"restart": {"after": "visit.no_show", "on": "visit.booked"}, "nullify": "visit.no_show"}
    before, anew = clocks(*told, assigned=TICK, clocks=[{"id": "wait", "stop": STOP, **missed}])
    assert (before.state, before.stopped_at) == ("nullified", at(10, day=3))
    assert (anew.state, anew.started_at, anew.stopped_at) == ("stopped", at(9, day=5), at(9, day=9))


def test_what_is_missed_after_the_stop_begins_nothing() -> None:
    told = [(booked, at(9)), (GIVEN, at(9, day=2)), (no_show, at(10, day=3)), (booked, at(9, day=5))]
    missed = {"restart": {"after": "visit.no_show", "on": "visit.booked"}, "nullify": "visit.no_show"}
    (only,) = clocks(*told, assigned=TICK, clocks=[{"id": "wait", "stop": STOP, **missed}])
    assert only.state == "stopped"


def test_what_has_a_target_ends_with_the_pathway_and_what_only_measures_goes_on() -> None:
    wait = {"id": "wait", "stop": STOP, "target": "2d"}
    measured = {"id": "measured", "stop": STOP}
    told = [(booked, at(9)), (no_show, at(9, day=1)), (GIVEN, at(9, day=9))]
    one, other = clocks(*told, assigned=TICK, ends="visit.no_show", clocks=[wait, measured])
    assert (one.state, one.stopped_at) == ("stopped", at(9, day=1))
    assert (other.state, other.stopped_at) == ("stopped", at(9, day=9))
