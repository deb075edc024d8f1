"""After the discharge: the summary, the follow-up, the call at home, and the end of it."""

from uuid import UUID

import pytest

from journey.domain.codes import Channel, ChecklistItem, Disposition
from journey.domain.correction import CancelDischarge
from journey.domain.discharge import (
    AcknowledgeDischargeSummary,
    BookFollowUp,
    CloseTransition,
    CompleteFollowUp,
    Complexity,
    DischargePlanned,
    DischargeSummaryAcknowledged,
    DischargeSummarySent,
    FollowUpBooked,
    FollowUpVisitCompleted,
    MedicationsReconciled,
    NoStayToLeave,
    NotDeparted,
    NothingOwed,
    PatientDischarged,
    PostDischargeContactAttempted,
    PostDischargeContactMade,
    ReconcileMedications,
    RecordPostDischargeAttempt,
    RecordPostDischargeContact,
    SendDischargeSummary,
    SummaryNotSent,
    TransitionClosed,
    TransitionOutcome,
    TransitionUnfinished,
    UnknownFollowUp,
    Unreached,
)
from journey.domain.discharge.disposition import coded
from journey.domain.episode import CloseJourney
from journey.domain.event import Event
from journey.domain.identity import Demographics, DemographicsChanged
from journey.domain.rules import JourneyIsOver, StillOpen
from journey.domain.standing import standing
from journey.domain.visit import Appointment, RecordArrival, VisitBooked
from tests.domain.cases import Case
from tests.domain.told import HOME, OTHER_VISIT, VISIT, admitted, booked, closed, discharged, opened
from tests.spec import Given, at, given

SEEN, FIRST, SECOND = UUID(int=41), UUID(int=42), UUID(int=43)
sent = DischargeSummarySent(visit_id=VISIT, recipient="gp-1")
acknowledged = DischargeSummaryAcknowledged(visit_id=VISIT, recipient="gp-1")
follow_up = FollowUpBooked(visit_id=VISIT, follow_up_id=SEEN, with_whom="gp-1", start=at(9, day=6))
was_seen = FollowUpVisitCompleted(visit_id=VISIT, follow_up_id=SEEN, complexity=Complexity.HIGH)
reconciled = MedicationsReconciled(visit_id=VISIT, reconciled_by="pharmacist-1")
attempted = PostDischargeContactAttempted(
    visit_id=VISIT, contact_id=FIRST, outcome=Unreached.NO_ANSWER, channel=Channel.PHONE
)
again = attempted.model_copy(update={"contact_id": SECOND})
reached = PostDischargeContactMade(visit_id=VISIT, contact_id=SECOND, channel=Channel.PHONE)
ended = TransitionClosed(visit_id=VISIT, outcome=TransitionOutcome.COMPLETED)
died = PatientDischarged(visit_id=VISIT, disposition=coded(Disposition.EXPIRED))
at_home = given(opened, admitted, discharged)
attempt = RecordPostDischargeAttempt(
    visit_id=VISIT, contact_id=FIRST, outcome=Unreached.NO_ANSWER, channel=Channel.PHONE
)

CASES = [
    Case(
        AcknowledgeDischargeSummary(visit_id=VISIT, recipient="gp-1"),
        given(opened, admitted, discharged, sent),
        [acknowledged],
        at_home,
        SummaryNotSent,
    ),
    Case(
        BookFollowUp(visit_id=VISIT, follow_up_id=SEEN, with_whom="gp-1", start=at(9, day=6)),
        given(opened, admitted),
        [follow_up],
        given(opened, booked),
        NoStayToLeave,
    ),
    Case(
        ReconcileMedications(visit_id=VISIT, reconciled_by="pharmacist-1"),
        at_home,
        [reconciled],
        given(opened, admitted, died),
        NothingOwed,
    ),
    Case(attempt, at_home, [attempted], given(opened, admitted), NotDeparted),
    Case(
        RecordPostDischargeContact(visit_id=VISIT, contact_id=SECOND, channel=Channel.PHONE),
        at_home,
        [reached],
        given(opened, admitted, died),
        NothingOwed,
    ),
    Case(
        CompleteFollowUp(visit_id=VISIT, follow_up_id=SEEN, complexity=Complexity.HIGH),
        given(opened, admitted, follow_up, discharged),
        [was_seen],
        at_home,
        UnknownFollowUp,
    ),
    Case(
        CloseTransition(visit_id=VISIT),
        given(opened, admitted, follow_up, discharged, reached, was_seen),
        [ended],
        given(opened, admitted, follow_up, discharged, attempted),
        TransitionUnfinished,
        ["post-discharge-contact", "follow-up"],
    ),
]


def next_steps(told: Given) -> list[str]:
    return [each.step for each in standing(told.journey).next]


def test_who_is_at_home_is_looked_after_until_all_is_done() -> None:
    home = given(opened, admitted, follow_up, discharged, sent)
    assert sorted(next_steps(home)) == [
        "complete-follow-up",
        "reconcile-medications",
        "record-post-discharge-contact",
    ]
    done = given(opened, admitted, follow_up, discharged, sent, reached, reconciled, was_seen)
    assert next_steps(done) == ["close-transition"]
    assert next_steps(given(*done.events, ended)) == []


def test_medications_are_reconciled_no_later_than_the_patient_is_seen() -> None:
    (due,) = (
        each.due
        for each in standing(given(opened, admitted, follow_up, discharged).journey).next
        if each.step == "reconcile-medications"
    )
    assert due == follow_up.start


def test_nothing_more_is_asked_for_where_nobody_follows_up() -> None:
    assert next_steps(given(opened, admitted, discharged, sent)) == []


def test_what_is_done_settles_the_checklist() -> None:
    owed = DischargePlanned(
        visit_id=VISIT,
        checklist=(
            ChecklistItem.MEDICATIONS_RECONCILED,
            ChecklistItem.FOLLOW_UP_BOOKED,
            ChecklistItem.SUMMARY_PREPARED,
        ),
    )
    prepared = given(opened, admitted, owed, reconciled, follow_up, sent)
    assert prepared.journey.discharges.of(VISIT).blockers() == ()


def test_every_attempt_counts_and_none_twice() -> None:
    tried = given(opened, admitted, discharged, attempted)
    tried.when(attempt).then_nothing()
    second = attempt.model_copy(update={"contact_id": SECOND})
    assert tried.when(second).then(again).journey.discharges.of(VISIT).attempts == 2


@pytest.mark.parametrize(
    ("told", "outcome", "left"),
    [
        ([attempted], TransitionOutcome.UNREACHED, ["post-discharge-contact"]),
        ([attempted, follow_up], TransitionOutcome.UNREACHED, ["post-discharge-contact"]),
        ([attempted, again, follow_up], TransitionOutcome.COMPLETED, ["follow-up"]),
    ],
)
def test_out_of_reach_is_who_was_tried_twice(
    told: list[PostDischargeContactAttempted], outcome: TransitionOutcome, left: list[str]
) -> None:
    given(opened, admitted, discharged, *told).when(
        CloseTransition(visit_id=VISIT, outcome=outcome)
    ).then_refused(TransitionUnfinished, blockers=left)


@pytest.mark.parametrize(
    ("told", "outcome"),
    [
        ([attempted, again, follow_up], TransitionOutcome.UNREACHED),
        ([follow_up], TransitionOutcome.READMITTED),
        ([follow_up], TransitionOutcome.DIED),
        ([], TransitionOutcome.DECLINED),
    ],
)
def test_what_ends_the_time_at_home(
    told: list[PostDischargeContactAttempted], outcome: TransitionOutcome
) -> None:
    given(opened, admitted, discharged, *told).when(CloseTransition(visit_id=VISIT, outcome=outcome)).then(
        TransitionClosed(visit_id=VISIT, outcome=outcome)
    )


def test_who_has_died_is_owed_nothing() -> None:
    told = given(opened, admitted, follow_up, attempted, died)
    assert next_steps(told) == []
    assert told.journey.left_open() == ()
    told.when(CompleteFollowUp(visit_id=VISIT, follow_up_id=SEEN)).then_refused(NothingOwed)


def test_a_death_that_was_recorded_wrongly_brings_the_follow_up_back() -> None:
    told = given(opened, admitted, follow_up, (died, at(12)))
    alive = told.when(CancelDischarge(visit_id=VISIT)).done().recording([discharged], at(14))
    assert "complete-follow-up" in next_steps(alive)


def test_a_summary_for_the_dead_arrives_too() -> None:
    given(opened, admitted, died, sent).when(
        AcknowledgeDischargeSummary(visit_id=VISIT, recipient="gp-1")
    ).then(acknowledged)


def test_what_another_system_reports_of_the_time_at_home_is_recorded() -> None:
    given(opened, admitted).when(
        CompleteFollowUp(visit_id=VISIT, follow_up_id=SEEN, complexity=Complexity.HIGH, reported=True)
    ).then(was_seen)


def test_somebody_at_home_keeps_the_journey_open() -> None:
    given(opened, admitted, follow_up, discharged).when(CloseJourney()).then_refused(
        StillOpen, blockers=["open-transition"]
    )


@pytest.mark.parametrize(
    ("command", "event"),
    [
        (SendDischargeSummary(visit_id=VISIT, recipient="gp-1"), sent),
        (attempt, attempted),
        (RecordPostDischargeContact(visit_id=VISIT, contact_id=SECOND, channel=Channel.PHONE), reached),
        (ReconcileMedications(visit_id=VISIT, reconciled_by="pharmacist-1"), reconciled),
        (CompleteFollowUp(visit_id=VISIT, follow_up_id=SEEN, complexity=Complexity.HIGH), was_seen),
        (
            CloseTransition(visit_id=VISIT, outcome=TransitionOutcome.DECLINED),
            TransitionClosed(visit_id=VISIT, outcome=TransitionOutcome.DECLINED),
        ),
    ],
    ids=lambda value: value.name() if hasattr(value, "name") else "",
)
def test_the_month_at_home_may_outlast_the_journey(
    command: SendDischargeSummary, event: DischargeSummarySent
) -> None:
    given(opened, admitted, follow_up, discharged, closed).when(command).then(event)


def test_a_journey_that_is_over_plans_no_more() -> None:
    over = given(opened, admitted, discharged, closed)
    over.when(RecordArrival(visit_id=UUID(int=99))).then_refused(JourneyIsOver)
    assert over.journey.discharges.of(VISIT).disposition == HOME


def test_a_departure_taken_back_opens_the_time_at_home_again() -> None:
    over = given(opened, admitted, follow_up, (discharged, at(12)), reached, was_seen, ended)
    back = over.when(CancelDischarge(visit_id=VISIT)).done()
    assert back.recording([discharged], at(20)).journey.discharges.of(VISIT).departed is not None


@pytest.mark.parametrize(
    "death",
    [(died,), (DemographicsChanged(demographics=Demographics(deceased_at=at(12))),)],
    ids=["in the stay", "elsewhere"],
)
def test_who_has_died_comes_to_no_visit(death: tuple[Event, ...]) -> None:
    """It is still booked: somebody has to give the slot to others before the journey is closed."""
    ahead = VisitBooked(visit_id=OTHER_VISIT, appointment=Appointment(start=at(9, day=3)))
    told = given(opened, admitted, ahead, *death)
    assert "record-arrival" not in next_steps(told)
    assert standing(told.journey).at(at(9, day=30)).overdue == ()
    assert "open-visit" in [each.code for each in told.journey.left_open()]
