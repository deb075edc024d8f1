"""What is kept from whom: the labels of a thing stick to all that is recorded on it."""

from dataclasses import replace

from journey.domain.correction import EventCorrected, EventVoided, History
from journey.domain.event import Event
from journey.domain.journey import fold
from journey.domain.labels import hidden, labelled, of_journey, shown
from tests.domain.told import (
    OTHER_VISIT,
    VISIT,
    activated,
    arrived,
    booked,
    cancelled,
    opened,
)
from tests.spec import JOURNEY, Given, given

PART_2, PSY = "42CFRPart2", "PSY"
elsewhere = booked.model_copy(update={"visit_id": OTHER_VISIT})


def told(*events: Event, **labels: Event) -> Given:
    """These happened, and these of them bear that label."""
    history = given(*events).history
    marks = {PART_2: labels.get("part_2"), PSY: labels.get("psy"), "N": labels.get("normal")}
    recorded = []
    for each in history.recorded:
        borne = tuple(label for label, event in marks.items() if event == each.event)
        context = each.context.model_copy(update={"labels": borne})
        recorded.append(replace(each, context_json=context.model_dump_json(exclude_none=True)))
    return Given(History(tuple(recorded)))


def left(journey: Given, *cleared: str) -> tuple[Event, ...]:
    return tuple(each.event for each in shown(journey.history.recorded, frozenset(cleared)))


def test_most_journeys_bear_none() -> None:
    journey = given(opened, activated, booked)
    assert labelled(journey.history.recorded) == {}
    assert left(journey) == (opened, activated, booked)


def test_all_that_is_recorded_on_a_labelled_thing_bears_its_label() -> None:
    journey = told(opened, booked, elsewhere, cancelled, psy=booked)
    assert left(journey) == (opened, elsewhere)
    assert left(journey, PSY) == (opened, booked, elsewhere, cancelled)
    assert of_journey(journey.history.recorded) == {PSY}


def test_a_label_told_late_covers_what_was_told_before() -> None:
    assert left(told(opened, booked, arrived, part_2=arrived)) == (opened,)


def test_a_journey_that_was_opened_with_a_label_bears_it_whole() -> None:
    journey = told(opened, booked, elsewhere, part_2=opened)
    assert left(journey) == ()
    assert left(journey, PSY) == ()
    assert left(journey, PART_2) == (opened, booked, elsewhere)


def test_every_label_of_an_event_has_to_be_cleared() -> None:
    journey = told(opened, booked, arrived, psy=booked, part_2=arrived)
    assert left(journey, PSY) == left(journey, PART_2) == (opened,)
    assert left(journey, PSY, PART_2) == (opened, booked, arrived)


def test_ordinary_confidentiality_keeps_nothing_back() -> None:
    assert left(told(opened, booked, normal=booked)) == (opened, booked)


def test_nobody_hides_anything_from_who_sees_all() -> None:
    journey = told(opened, booked, psy=opened, part_2=booked)
    assert hidden(journey.history.recorded, None) == frozenset()


def test_what_corrects_a_labelled_event_bears_its_label() -> None:
    base = told(opened, booked, psy=booked)
    corrected = EventCorrected(
        corrects=base.id_of(booked), of=booked.stored_as, data=booked.model_dump(mode="json"), reason="typed"
    )
    void = EventVoided(voids=base.id_of(booked), of=booked.stored_as, reason="another patient's")
    for said in (corrected, void):
        assert left(base.recording([said], base.next_moment)) == (opened,)


def test_a_labelled_correction_labels_what_it_corrects() -> None:
    base = given(opened, booked, elsewhere)
    corrected = EventCorrected(
        corrects=base.id_of(booked),
        of=booked.stored_as,
        data=booked.model_dump(mode="json"),
        reason="typed",
    )
    journey = base.recording([corrected], base.next_moment)
    *before, last = journey.history.recorded
    context = last.context.model_copy(update={"labels": (PART_2,)})
    labelled_too = replace(last, context_json=context.model_dump_json(exclude_none=True))
    history = History((*before, labelled_too))
    assert left(Given(history)) == (opened, elsewhere)
    seen = fold(shown(history.effective, frozenset()), JOURNEY)
    assert {visit.visit_id for visit in seen.visits} == {OTHER_VISIT}
    assert VISIT in {visit.visit_id for visit in fold(history.effective, JOURNEY).visits}
