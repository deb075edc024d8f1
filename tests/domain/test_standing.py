"""Where a patient stands, as told by what was recorded, and as read at a moment."""

from datetime import timedelta
from itertools import chain
from uuid import UUID

import pytest

from journey.domain.codes import Channel, ChecklistItem, EncounterClass
from journey.domain.correction import EventVoided
from journey.domain.discharge import (
    DischargeClosed,
    DischargePlanned,
    DischargeSummarySent,
    MedicallyReady,
)
from journey.domain.episode import OwnerAssigned
from journey.domain.intake import (
    IntakeCompleted,
    IntakeInformationReceived,
    IntakeInformationRequested,
    IntakeStarted,
)
from journey.domain.journey import UNSEEN
from journey.domain.result import ResultReceived, ResultReviewed
from journey.domain.room import Answers
from journey.domain.standing import Standing, standing
from journey.domain.visit import Appointment, VisitBooked
from journey.domain.visit.state import NO_SHOW_GRACE
from tests.domain.told import (
    OTHER_VISIT,
    VISIT,
    activated,
    admitted,
    arrived,
    booked,
    called_off,
    closed,
    completed,
    discharged,
    no_show,
    on_hold,
    on_leave,
    opened,
    planned,
    requested,
    started,
)
from tests.spec import Told, at, given

QUESTION, REPORT = UUID(int=20), UUID(int=21)
intake = IntakeStarted(channel=Channel.PHONE, required=("consent",))
asked = IntakeInformationRequested(request_id=QUESTION, what="the letter", due=at(20))
owned = OwnerAssigned(team="cardiology", person="nurse-1")
plan = DischargePlanned(
    visit_id=VISIT, expected_at=at(12, day=1), checklist=(ChecklistItem.TRANSPORT_ARRANGED,)
)
report = ResultReceived(result_id=REPORT)
emergency = started.model_copy(update={"encounter_class": EncounterClass.EMERGENCY})


def stands(*told: Told) -> Standing:
    return standing(given(*told).journey)


@pytest.mark.parametrize(
    ("told", "stage", "put_there_by"),
    [
        ([planned], "planned", planned),
        ([planned, intake], "intake", intake),
        ([planned, intake, IntakeCompleted()], "planned", planned),
        ([planned, booked], "visit-booked", booked),
        ([opened], "in-care", opened),
        ([opened, booked, arrived], "arrived", arrived),
        ([opened, booked, arrived, started], "in-visit", started),
        ([opened, arrived, emergency], "in-emergency", emergency),
        ([opened, admitted], "in-hospital", admitted),
        ([opened, admitted, on_leave], "on-leave", on_leave),
        ([opened, admitted, discharged], "after-discharge", discharged),
        ([opened, arrived, started, completed], "in-care", completed),
        ([opened, on_hold], "onhold", on_hold),
        ([opened, closed], "finished", closed),
        ([opened, called_off], "cancelled", called_off),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_stage_and_the_event_that_put_the_patient_there(
    told: list[Told], stage: str, put_there_by: Told
) -> None:
    story = given(*told)
    now = standing(story.journey)
    assert now.stage == stage
    assert not isinstance(put_there_by, tuple)
    assert now.why["stage"] == (story.id_of(put_there_by),)


@pytest.mark.parametrize(
    ("told", "steps"),
    [
        ([planned, intake], ["complete-intake"]),
        ([planned, intake, asked], ["receive-intake-information", "complete-intake"]),
        (
            [planned, intake, asked, IntakeInformationReceived(request_id=QUESTION)],
            ["complete-intake"],
        ),
        ([opened, requested], ["book-visit"]),
        ([opened, booked], ["record-arrival"]),
        ([opened, booked, arrived], ["start-visit"]),
        ([opened, arrived, started], ["complete-visit"]),
        ([opened, arrived, started, completed], []),
        ([opened, booked, no_show], ["reschedule-visit"]),
        ([opened, admitted], []),
        ([opened, admitted, plan], ["discharge-patient"]),
        ([opened, admitted, plan, discharged], ["send-discharge-summary"]),
        ([opened, admitted, discharged, DischargeSummarySent(visit_id=VISIT, recipient="GP")], []),
        ([opened, admitted, discharged, DischargeClosed(visit_id=VISIT)], []),
        ([opened, report], ["review-result"]),
        ([opened, report, ResultReviewed(result_id=REPORT, reviewed_by="clinician-1")], []),
        ([opened, booked, closed], []),
    ],
)
def test_what_comes_next(told: list[Told], steps: list[str]) -> None:
    assert [step.step for step in stands(*told).next] == steps


def test_a_booked_patient_is_missed_once_the_grace_is_over() -> None:
    now = stands(opened, booked)
    due = at(10) + NO_SHOW_GRACE
    assert [step.due for step in now.next] == [due]
    assert now.at(due).overdue == ()
    assert [step.step for step in now.at(due + timedelta(microseconds=1)).overdue] == ["record-arrival"]


def test_what_is_due_soon_is_at_risk_until_it_is_overdue() -> None:
    now = stands(opened, admitted, plan)
    assert now.at(at(11)).at_risk == ()
    assert [step.step for step in now.at(at(13)).at_risk] == ["discharge-patient"]
    late = now.at(at(13, day=1))
    assert late.at_risk == ()
    assert [step.step for step in late.overdue] == ["discharge-patient"]


def test_what_is_due_first_comes_first_and_what_is_not_due_last() -> None:
    later = VisitBooked(visit_id=OTHER_VISIT, appointment=Appointment(start=at(9, day=2)))
    now = stands(planned, intake, later, booked)
    assert [step.subject_id for step in now.next] == [VISIT, OTHER_VISIT, None]


def test_what_stands_in_the_way_is_itemised() -> None:
    now = stands(planned, intake, asked)
    assert [each.code for each in now.blocked_by] == ["no-owner", "intake-item", "intake-information"]
    stay = stands(opened, owned, admitted, plan)
    assert [(each.code, each.subject_id) for each in stay.blocked_by] == [("discharge-checklist", VISIT)]
    assert stands(opened, closed).blocked_by == ()


def test_who_is_responsible_since_when_and_why() -> None:
    story = given((opened, at(8)), (owned, at(9)))
    now = standing(story.journey)
    assert now.responsible is not None
    assert (now.responsible.team, now.responsible.person, now.responsible.since) == (
        "cardiology",
        "nurse-1",
        at(9),
    )
    assert now.why["responsible"] == (story.id_of(owned),)


def test_what_was_reached_is_told_in_order_with_its_event() -> None:
    ready = MedicallyReady(visit_id=VISIT)
    story = given(
        (opened, at(8)), (admitted, at(9)), (discharged, at(12, day=2)), (ready, at(8, day=2)), (plan, at(10))
    )
    reached = standing(story.journey).reached
    assert [each.milestone for each in reached] == [
        "journey-opened",
        "visit-started",
        "admitted",
        "discharge-planned",
        "medically-ready",
        "visit-ended",
        "departed",
    ]
    assert reached[4].event_id == story.id_of(ready)


def test_what_was_voided_was_never_reached() -> None:
    story = given(opened, admitted, discharged)
    undone = EventVoided(voids=story.id_of(discharged), of=discharged.stored_as, reason="still here")
    now = stands(opened, admitted, discharged, undone)
    assert now.stage == "in-hospital"
    assert "departed" not in [each.milestone for each in now.reached]


def test_the_loops_that_are_open_are_listed_with_their_place_and_time() -> None:
    [visit] = stands(opened, activated, booked).open.visits
    assert (visit.visit_id, visit.status, visit.start, visit.service) == (VISIT, "booked", at(10), "ORTHO")
    assert stands(opened, arrived, started, completed).open.visits == ()


@pytest.mark.parametrize("room", UNSEEN, ids=lambda room: type(room).__name__)
def test_a_room_that_has_seen_nothing_has_nothing_to_say(room: Answers) -> None:
    said = (room.reached(), room.steps(), room.blockers(), room.loops(), room.left_open(), room.holds(VISIT))
    assert [*chain.from_iterable(said)] == []
