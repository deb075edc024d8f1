"""Replay: what each event changed, what lies between two moments, and why it is so."""

from datetime import date
from itertools import count
from typing import Any
from uuid import UUID

import pytest
from pydantic_core import to_jsonable_python

from journey.domain.correction import CorrectEvent, Dependants, History, VoidEvent
from journey.domain.decision import decide
from journey.domain.enrolment import PathwayAssigned
from journey.domain.episode import OwnerAssigned, OwnerUnassigned
from journey.domain.event import Event, Recorded, Refused
from journey.domain.journey import journey_at
from journey.domain.replay import NOTHING, Axis, Moment, Walk, between, changes, learnt, reasons, stood
from journey.domain.standing import standing
from journey.pathways import installed
from journey.simulate.clinic import simulate
from tests.domain.told import TEN, VISIT, arrived, booked, completed, moved, opened, started
from tests.replaying import it_comes_to_today, today
from tests.spec import CONTEXT, Given, at, given
from tests.ways import PATHWAYS, WAY

owned = OwnerAssigned(team="east")
nobody_left = OwnerUnassigned(reason="on leave")
CARE = given((opened, at(8)), (owned, at(8, 30)), (booked, at(9)), (arrived, at(10)), (started, at(11)))


def steps(told: Given, axis: Axis = Axis.KNOWN, hidden: frozenset[UUID] = frozenset()) -> dict[str, Any]:
    """Of each event by its name, the last of a name, what it changed."""
    return {
        step.recorded.event.stored_as: None
        if step.changes is None
        else {path: (before, after) for path, before, after in step.changes}
        for step in Walk(told.history, axis, PATHWAYS, hidden).steps()
    }


def voided(told: Given, event: Event, day: int = 1) -> Given:
    wrong = {"event_id": told.id_of(event), "reason": "another patient", "dependants": Dependants.KEEP}
    return told.when(VoidEvent(**wrong), at=at(8, day=day)).done()


def said(told: Given, event: str, of: str, axis: Axis = Axis.KNOWN) -> dict[str, Any]:
    """What the event changed at a path."""
    return {path: change for path, change in steps(told, axis)[event].items() if path.startswith(of)}


# --- Step by step


def test_a_step_says_field_by_field_what_its_event_changed() -> None:
    there, then = f"open.visits.{VISIT}", (CARE.id_of(booked), CARE.id_of(arrived))
    of_the_visit = said(CARE, "visit.arrived", "open")
    assert of_the_visit == {
        f"{there}.status": ("booked", "arrived"),
        f"{there}.since": (at(9), at(10)),
        f"{there}.event_id": then,
    }
    assert said(CARE, "visit.arrived", "s") == {
        "stage": ("visit-booked", "arrived"),
        "since": (at(9), at(10)),
    }
    assert said(CARE, "visit.arrived", "why") == {"why.stage": ((then[0],), (then[1],))}
    assert said(CARE, "journey.owner_assigned", "responsible") == {
        "responsible.team": (None, "east"),
        "responsible.since": (None, at(8, 30)),
    }
    assert said(CARE, "journey.owner_assigned", "blocked_by")["blocked_by.no-owner.code"] == (
        "no-owner",
        None,
    )


def test_what_is_in_a_list_is_named_by_what_it_is_and_not_by_its_place() -> None:
    other = UUID(int=99)
    first = booked.model_copy(
        update={"visit_id": other, "appointment": TEN.model_copy(update={"start": at(9, 5)})}
    )
    told = CARE.recording([first], at(9, 1))
    paths = set(steps(told)["visit.booked"])
    assert all(str(VISIT) not in path for path in paths), "an earlier one changes nothing of a later one"
    assert f"open.visits.{other}.status" in paths


def test_a_void_says_what_it_changed_back() -> None:
    told = voided(CARE, started)
    back = steps(told)["correction.voided"]
    assert back == {path: (after, before) for path, (before, after) in steps(CARE)["visit.started"].items()}
    assert "visit.started" in steps(told)
    assert "visit.started" not in steps(told, Axis.TRUE), "what is void did not happen"
    assert "correction.voided" not in steps(told, Axis.TRUE)


def test_a_correction_says_what_it_changed() -> None:
    wrong = {"event_id": CARE.id_of(owned), "data": {"team": "west"}, "reason": "a slip of the pen"}
    told = CARE.when(CorrectEvent(**wrong), at=at(12)).done()
    assert steps(told)["correction.corrected"] == {"responsible.team": ("east", "west")}
    assert said(told, "journey.owner_assigned", "responsible", Axis.TRUE)["responsible.team"] == (
        None,
        "west",
    )


def test_a_late_event_says_what_it_changed_and_has_its_place_where_it_happened() -> None:
    earlier = OwnerAssigned(team="west")
    told = CARE.recording([earlier], at(8, 10))
    assert steps(told)["journey.owner_assigned"] == {}, "who came later is responsible, as before"
    as_it_was = [step.recorded.event for step in Walk(told.history, Axis.TRUE, PATHWAYS).steps()]
    assert as_it_was == [opened, earlier, owned, booked, arrived, started]
    assert said(told, "journey.owner_assigned", "responsible", Axis.TRUE)["responsible.team"] == (
        "west",
        "east",
    )


def test_what_moves_times_is_told_as_changes_of_the_late_event_alone() -> None:
    care = given((opened, at(8)), (PathwayAssigned(pathway=WAY, version="1.0.0"), at(8, 30)), (booked, at(9)))
    told = (
        care.recording([arrived, started], at(10)).recording([completed], at(12)).recording([moved], at(11))
    )
    assert steps(told)["visit.completed"]["reached.seen.at"] == (None, at(12))
    it_comes_to_today(told.history, PATHWAYS)


def test_a_withheld_step_has_its_place_and_says_nothing() -> None:
    kept_back = frozenset({CARE.id_of(owned)})
    for axis in Axis:
        told = steps(CARE, axis, kept_back)
        assert told["journey.owner_assigned"] is None
        assert "responsible.team" not in {path for each in told.values() for path in each or ()}
        assert list(told) == list(steps(CARE, axis))


@pytest.mark.parametrize("axis", Axis)
def test_pages_say_together_what_the_whole_says(axis: Axis) -> None:
    walk = Walk(voided(CARE, booked).recording([moved], at(9, 30)).history, axis, PATHWAYS)
    whole = list(walk.steps())
    for size in (1, 2, 3):
        pages = [list(walk.steps(begin, begin + size)) for begin in range(0, len(whole), size)]
        assert [step for page in pages for step in page] == whole


# --- The whole


def simulated(patients: int) -> list[History]:
    """The journeys of a simulated clinic, as they would be recorded."""
    ids, found = count(1), dict[UUID, History]()
    for step in simulate(patients, seed=11, months=3, until=date(2026, 11, 1)):
        history = found.get(step.journey_id, History())
        at_, precision = step.command.occurred_at, step.command.occurred_precision
        assert at_ is not None
        try:
            events = tuple(decide(history, step.command, installed()))
        except Refused:
            continue
        told = (
            Recorded(
                step.journey_id,
                history.version + number,
                UUID(int=next(ids)),
                event,
                at_,
                precision,
                step.recorded_at,
                CONTEXT,
            )
            for number, event in enumerate(events, 1)
        )
        found[step.journey_id] = History((*history.recorded, *told))
    return [history for history in found.values() if history.recorded]


def test_all_steps_of_a_simulated_journey_come_to_where_it_stands() -> None:
    journeys = simulated(6)
    assert sum(history.version for history in journeys) > 100
    for history in journeys:
        it_comes_to_today(history, installed())


def test_nothing_in_a_standing_is_told_apart_by_its_place() -> None:
    """A number would stand where two are called alike, and one that goes would move the others."""
    for history in simulated(6):
        for step in Walk(history, Axis.KNOWN, installed()).steps():
            for path, *_ in step.changes or ():
                names = path.split(".")
                numbered = [name for name in names if name.isdigit()]
                assert names[0] in {"rooms", "clocks", "patient"} or not numbered, path


def test_everything_that_the_answer_says_has_a_path() -> None:
    """Each value of a standing as often as it is said; nothing is lost where two are called alike."""
    for history in simulated(2):
        journey = journey_at(history)
        assert journey is not None
        told = standing(journey, installed()).model_dump(mode="json", exclude={"journey_id", "version"})
        said = [path for path in today(history, installed()) if not path.startswith("rooms.")]
        assert len(said) == leaf_count(told)


def leaf_count(told: Any) -> int:
    match told:
        case dict():
            return sum(map(leaf_count, told.values()))
        case [*items] if any(isinstance(each, dict | list) for each in items):
            return sum(map(leaf_count, items))
        case None | []:
            return 0
    return 1


# --- Between two moments


def test_the_difference_between_two_moments_on_both_axes() -> None:
    told = voided(CARE.recording([completed], at(9, day=1)), arrived, day=2)
    before = stood(told.history, Moment(at(10, 30), at(23)), PATHWAYS)
    after = stood(told.history, Moment(at(12, day=1), at(23, day=3)), PATHWAYS)
    found = {path: (was, now) for path, was, now in changes(before.answer, after.answer)}
    assert found["stage"] == ("arrived", "in-care")
    events = {
        each.recorded.event.stored_as: (each.known, each.holds)
        for each in between(told.history, before, after)
    }
    assert events == {
        "visit.arrived": ((True, True), (True, False)),
        "visit.started": ((True, True), (False, True)),
        "visit.completed": ((False, True), (False, True)),
        "correction.voided": ((False, True), (False, False)),
    }


def test_what_reads_otherwise_lies_between() -> None:
    wrong = {"event_id": CARE.id_of(owned), "data": {"team": "west"}, "reason": "a slip of the pen"}
    told = CARE.when(CorrectEvent(**wrong), at=at(12)).done()
    before, after = (stood(told.history, Moment(at(23), known), PATHWAYS) for known in (at(11, 30), at(23)))
    corrected, correction = between(told.history, before, after)
    assert (corrected.recorded.event, corrected.reads_otherwise) == (owned, True)
    assert (correction.known, correction.holds) == ((False, True), (False, False))


def test_before_the_journey_was_there_nothing_is_answered() -> None:
    before = stood(CARE.history, Moment(at(7), at(23)), PATHWAYS)
    assert (before.answer, dict(before.holding)) == (NOTHING, {})
    after = stood(CARE.history, Moment(at(23), at(23)), PATHWAYS)
    assert {path for path, was, _ in changes(before.answer, after.answer) if was is None} == set(
        after.answer.leaves()
    )


def test_what_is_overdue_is_so_at_one_moment_and_not_at_another() -> None:
    care = given((opened, at(8)), (booked, at(9)))
    early, late = (stood(care.history, Moment(moment, at(23)), PATHWAYS) for moment in (at(10), at(11)))
    assert {path for path, *_ in changes(early.answer, late.answer)} >= {
        f"overdue.record-arrival.{VISIT}.step"
    }
    assert list(between(care.history, early, late)) == []


# --- Why


def why(told: Given, of: str) -> list[tuple[Event, tuple[str, ...]]]:
    """The events, and what each decides."""
    answered = stood(told.history, Moment(at(23, day=5), at(23, day=5)), PATHWAYS).answer
    walk = Walk(told.history, Axis.TRUE, PATHWAYS)
    return [(each.recorded.event, each.decides) for each in reasons(told.history, answered, of, walk)]


def test_why_names_the_event_that_decided_it() -> None:
    assert why(CARE, "stage") == [(started, ("stage",))]
    assert why(CARE, "responsible") == [(owned, ("responsible.team", "responsible.since"))]
    assert [event for event, _ in why(CARE, f"open.visits.{VISIT}.status")] == [started]
    assert [event for event, _ in why(CARE, f"next.complete-visit.{VISIT}")] == [started]


def test_why_finds_the_event_where_the_answer_names_none() -> None:
    assert why(CARE, f"rooms.visits.{VISIT}.start") == [(booked, (f"rooms.visits.{VISIT}.start",))]
    nobodys = CARE.recording([nobody_left], at(12))
    assert [event for event, _ in why(nobodys, "blocked_by.no-owner")] == [nobody_left]


def test_why_something_is_not_said_any_more() -> None:
    nobodys = CARE.recording([nobody_left], at(12))
    assert [event for event, _ in why(nobodys, "responsible")] == [nobody_left]
    assert why(CARE, "waived") == []


def test_why_names_the_corrections_of_what_decided_it() -> None:
    wrong = {"event_id": CARE.id_of(owned), "data": {"team": "west"}, "reason": "a slip of the pen"}
    told = CARE.when(CorrectEvent(**wrong), at=at(12)).done()
    answered = stood(told.history, Moment(at(23), at(23)), PATHWAYS).answer
    (reason,) = reasons(told.history, answered, "responsible.team", Walk(told.history, Axis.TRUE, PATHWAYS))
    assert reason.recorded.event == owned, "as it was first recorded"
    assert [each.event.stored_as for each in reason.corrections] == ["correction.corrected"]


def test_since_which_word_it_is_answered_so() -> None:
    """The visit is where it is since the arrival; that it is no further is known since the void."""
    told = voided(CARE, started)
    assert why(told, "stage") == [(arrived, ("stage",))]
    last = learnt(Walk(told.history, Axis.KNOWN, PATHWAYS), "stage")
    assert last is not None
    assert last.event.stored_as == "correction.voided"
    assert learnt(Walk(CARE.history, Axis.KNOWN, PATHWAYS), "waived") is None


def test_every_value_can_be_sent() -> None:
    for history in simulated(2):
        assert to_jsonable_python(today(history, installed()))
