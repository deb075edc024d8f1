"""Recomputed: what is told late or corrected says itself what it moved."""

from datetime import datetime, timedelta

from journey.domain.correction import (
    CorrectEvent,
    Dependants,
    EventVoided,
    NotCorrectable,
    NotVoidable,
    ReinstateEvent,
    TimelineRecomputed,
    VoidEvent,
)
from journey.domain.enrolment import PathwayAssigned
from journey.domain.episode import AssignOwner, OwnerAssigned
from journey.domain.event import Precision
from journey.domain.rtt import RttCode
from journey.domain.standing import standing
from journey.domain.treatment import RttStatusRecorded
from journey.domain.visit import CompleteVisit
from tests.domain.told import VISIT, arrived, booked, completed, opened, started
from tests.spec import Given, at, given
from tests.ways import PATHWAYS, WAY

WRONG = "another patient"
assigned = PathwayAssigned(pathway=WAY, version="1.0.0")
owned = OwnerAssigned(team="east")
CARE = given(
    (opened, at(8)),
    (assigned, at(8, 30)),
    (booked, at(9)),
    (arrived, at(10)),
    (started, at(11)),
    (owned, at(14)),
)
SINCE = at(15, day=1)
SEEN = CARE.when(CompleteVisit(visit_id=VISIT), at=SINCE).then(completed)


def moved(
    told: Given, command: VoidEvent | ReinstateEvent | CorrectEvent | CompleteVisit
) -> TimelineRecomputed:
    """The last of what the command leads to."""
    last = told.when(command, at=command.occurred_at).decided()[-1]
    assert isinstance(last, TimelineRecomputed)
    return last


def times(told: TimelineRecomputed) -> dict[str, tuple[datetime | None, datetime | None]]:
    return {each.what: (each.before, each.after) for each in told.changes}


def due(told: Given, step: str) -> datetime | None:
    answer = standing(told.journey, PATHWAYS)
    return next(each.due for each in (*answer.next, *answer.later) if each.step == step)


def test_what_is_told_late_says_what_it_moved() -> None:
    late = CompleteVisit(visit_id=VISIT, occurred_at=at(12))
    told = CARE.when(late).done()
    fact, recomputed = told.events[-2:]
    assert fact == completed
    assert isinstance(recomputed, TimelineRecomputed)
    assert recomputed.since == at(12)
    assert times(recomputed) == {
        "visit-ended reached": (None, at(12)),
        "seen reached": (None, at(12)),
        "seen due": (due(CARE, "seen"), None),
        "told due": (None, due(told, "told")),
    }


def test_a_change_names_what_it_is_about() -> None:
    told = moved(CARE, CompleteVisit(visit_id=VISIT, occurred_at=at(12)))
    assert {each.what: each.subject_id for each in told.changes} == {
        "visit-ended reached": VISIT,
        "seen reached": None,
        "seen due": None,
        "told due": None,
    }


def test_what_is_told_in_order_says_nothing_more() -> None:
    assert SEEN.events[-1] == completed


def test_what_moves_nothing_says_nothing_more() -> None:
    CARE.when(AssignOwner(team="west"), at=at(13)).then(OwnerAssigned(team="west"))
    CARE.when(VoidEvent(event_id=CARE.id_of(owned), reason=WRONG)).then(
        EventVoided(voids=CARE.id_of(owned), of="journey.owner_assigned", reason=WRONG)
    )


def test_without_a_pathway_nothing_is_measured() -> None:
    plain = given((opened, at(8)), (booked, at(9)), (arrived, at(10)), (started, at(11)), (owned, at(14)))
    plain.when(CompleteVisit(visit_id=VISIT), at=at(12)).then(completed)


def test_what_is_voided_takes_what_it_reached_along() -> None:
    void = VoidEvent(event_id=SEEN.id_of(completed), reason=WRONG)
    told = moved(SEEN, void)
    assert told.since == SINCE
    assert times(told)["seen reached"] == (SINCE, None)
    assert times(told)["told due"] == (due(SEEN, "told"), None)


def test_what_is_reinstated_brings_it_back() -> None:
    void = VoidEvent(event_id=SEEN.id_of(completed), reason=WRONG)
    gone = SEEN.when(void).done()
    there = moved(SEEN, void)
    back = moved(gone, ReinstateEvent(event_id=SEEN.id_of(completed), reason=WRONG))
    assert times(back) == {what: (after, before) for what, (before, after) in times(there).items()}


def test_a_corrected_time_moves_what_is_counted_from_it() -> None:
    earlier = CorrectEvent(event_id=SEEN.id_of(completed), happened_at=at(13), reason=WRONG)
    told = moved(SEEN, earlier)
    later = due(SEEN, "told")
    assert later is not None
    assert told.since == at(13)
    assert times(told) == {
        "visit-ended reached": (SINCE, at(13)),
        "seen reached": (SINCE, at(13)),
        "told due": (later, later - timedelta(days=1)),
    }


def test_a_clock_that_runs_since_another_time_says_so() -> None:
    waits = PathwayAssigned(pathway="nhs-rtt-18-week", version="1.0.0")
    referred = RttStatusRecorded(code=RttCode.FIRST_ACTIVITY)
    told = given((opened, at(8)), (waits, at(9)), (referred, at(10)), (owned, at(14)))
    week_before = at(10) - timedelta(days=7)
    earlier = CorrectEvent(event_id=told.id_of(referred), happened_at=week_before, reason=WRONG)
    changed = times(moved(told, earlier))
    assert changed["clock rtt run 1 started"] == (at(10), week_before)
    before, after = changed["clock rtt run 1 due"]
    assert before is not None
    assert after is not None
    assert before - after == timedelta(days=7)


def test_what_it_takes_along_is_told_in_the_same_word() -> None:
    gone = VoidEvent(event_id=SEEN.id_of(arrived), reason=WRONG, dependants=Dependants.VOID)
    told = SEEN.when(gone).decided()
    assert [type(each) for each in told] == [EventVoided, EventVoided, EventVoided, TimelineRecomputed]
    assert times(moved(SEEN, gone))["seen reached"] == (SINCE, None)


def test_it_changes_nothing_itself() -> None:
    told = CARE.when(CompleteVisit(visit_id=VISIT), at=at(12)).done()
    assert isinstance(told.events[-1], TimelineRecomputed)
    assert [each.event for each in told.history.effective] == [
        opened,
        assigned,
        booked,
        arrived,
        started,
        completed,
        owned,
    ]


def test_it_is_quiet_when_the_same_is_told_again() -> None:
    late = CompleteVisit(visit_id=VISIT, occurred_at=at(12))
    CARE.when(late).done().when(late).then_nothing()


def test_it_is_neither_voided_nor_corrected() -> None:
    told = CARE.when(CompleteVisit(visit_id=VISIT), at=at(12)).done()
    event_id = told.history.recorded[-1].event_id
    told.when(VoidEvent(event_id=event_id, reason=WRONG)).then_refused(NotVoidable)
    told.when(ReinstateEvent(event_id=event_id, reason=WRONG)).then_refused(NotVoidable)
    told.when(CorrectEvent(event_id=event_id, reason=WRONG)).then_refused(NotCorrectable)


def test_what_is_known_of_today_only_as_today_is_not_late() -> None:
    today = CompleteVisit(visit_id=VISIT, occurred_at=at(0), occurred_precision=Precision.DAY)
    CARE.when(today).then(completed)
