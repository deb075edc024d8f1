"""Appointments: what was agreed and told, who did not come, sessions from afar, and what is ordered next."""

from uuid import UUID

import pytest

from journey.domain.codes import Channel, EncounterClass, Initiator, VisitStatus
from journey.domain.episode import CloseJourney
from journey.domain.event import Coded
from journey.domain.room import NotPossibleNow, UnknownSubject
from journey.domain.rules import JourneyIsOnHold, StillOpen
from journey.domain.standing import standing
from journey.domain.visit import (
    Appointment,
    AppointmentCommunicated,
    Attendee,
    BookVisit,
    CancelVisit,
    ChangeVisit,
    CheckIn,
    CommunicateAppointment,
    CompleteVisit,
    DropFollowUp,
    EndsBeforeItStarts,
    FollowUpDropped,
    FollowUpOrdered,
    JoinTelehealth,
    NoShowRecorded,
    NoShowReversed,
    NoShowSource,
    NotMissed,
    NotVirtual,
    OrderFollowUp,
    PatientArrived,
    PatientLeftUnseen,
    RecordArrival,
    RecordNoShow,
    RecordTelehealthFailure,
    RemoveVisit,
    RescheduleVisit,
    ReverseNoShow,
    TelehealthFailed,
    TelehealthJoined,
    Visit,
    VisitBooked,
    VisitCancelled,
    VisitEnteredInError,
    VisitRescheduled,
    VisitStarted,
)
from journey.domain.visit.state import NO_SHOW_GRACE
from tests.domain.cases import Case
from tests.domain.told import (
    OTHER_VISIT,
    TEN,
    VISIT,
    activated,
    arrived,
    booked,
    checked_in,
    completed,
    no_show,
    on_hold,
    opened,
    planned,
    requested,
    started,
)
from tests.spec import Given, at, given

AGAIN = UUID(int=44)
REASONS = "http://terminology.hl7.org/CodeSystem/appointment-cancellation-reason"
online = VisitBooked(
    visit_id=VISIT, appointment=Appointment(start=at(10), end=at(11), encounter_class=EncounterClass.VIRTUAL)
)
told = AppointmentCommunicated(visit_id=VISIT, channel=Channel.PHONE)
patient_in = TelehealthJoined(visit_id=VISIT, who=Attendee.PATIENT)
clinician_in = TelehealthJoined(visit_id=VISIT, who=Attendee.CLINICIAN)
failed = TelehealthFailed(visit_id=VISIT, reason="no sound")
ordered = FollowUpOrdered(visit_id=VISIT, follow_up_id=AGAIN, due=at(9, day=14), ordered_by="dr-1")
dropped = FollowUpDropped(visit_id=VISIT, follow_up_id=AGAIN, reason="seen elsewhere")
proposal = NoShowRecorded(visit_id=VISIT, source=NoShowSource.TIMER, proposed=True)
confirmed = NoShowRecorded(visit_id=VISIT, source=NoShowSource.HUMAN)
by_the_clock = RecordNoShow(visit_id=VISIT, source=NoShowSource.TIMER, proposed=True)
patient_joins = JoinTelehealth(visit_id=VISIT, who=Attendee.PATIENT)
clinician_joins = JoinTelehealth(visit_id=VISIT, who=Attendee.CLINICIAN)

CASES = [
    Case(
        CommunicateAppointment(visit_id=VISIT, channel=Channel.PHONE),
        given(opened, booked),
        [told],
        given(opened, requested),
        NotPossibleNow,
    ),
    Case(
        clinician_joins,
        given(opened, online, patient_in),
        [clinician_in, started],
        given(opened, booked),
        NotVirtual,
    ),
    Case(
        RecordTelehealthFailure(visit_id=VISIT, reason="no sound"),
        given(opened, online, patient_in),
        [failed],
        given(opened, booked),
        NotVirtual,
    ),
    Case(
        OrderFollowUp(visit_id=VISIT, follow_up_id=AGAIN, due=at(9, day=14), ordered_by="dr-1"),
        given(opened, arrived, started),
        [ordered],
        given(opened, booked),
        NotPossibleNow,
    ),
    Case(
        DropFollowUp(visit_id=VISIT, follow_up_id=AGAIN, reason="seen elsewhere"),
        given(opened, arrived, started, completed, ordered),
        [dropped],
        given(opened, arrived, started),
        UnknownSubject,
    ),
]


def visit_after(recorded: Given) -> Visit:
    visit = recorded.journey.visits.get(VISIT)
    assert visit is not None
    return visit


def next_steps(recorded: Given) -> list[str]:
    return [each.step for each in standing(recorded.journey).next]


# --- What is agreed


def test_an_appointment_says_what_the_patient_needs_and_what_it_is_for() -> None:
    agreed = Appointment(
        start=at(10),
        referral_id=UUID(int=50),
        interpreter="ps",
        transport="wheelchair taxi",
        first_activity=True,
        communicated=False,
    )
    asked = given(opened, requested).when(BookVisit(visit_id=VISIT, appointment=agreed)).done()
    changed = asked.when(
        ChangeVisit(visit_id=VISIT, appointment=Appointment(interpreter="fa", first_activity=False))
    ).done()
    visit = visit_after(changed)
    assert (visit.referral_id, visit.interpreter, visit.transport) == (UUID(int=50), "fa", "wheelchair taxi")
    assert (visit.first_activity, visit.communicated) == (False, False)


def test_another_time_has_to_be_told_again() -> None:
    moved = VisitRescheduled(visit_id=VISIT, start=at(15))
    assert visit_after(given(opened, booked, told)).communicated is True
    assert visit_after(given(opened, booked, told, moved)).communicated is None
    on_the_phone = moved.model_copy(update={"communicated": True})
    assert visit_after(given(opened, booked, on_the_phone)).communicated is True


def test_who_moved_it_and_why_is_kept() -> None:
    ill = Coded(system=REASONS, code="prov-unavail")
    moved = given(opened, booked).when(
        RescheduleVisit(visit_id=VISIT, start=at(15), initiator=Initiator.PROVIDER, reason=ill)
    )
    visit = visit_after(moved.done())
    assert (visit.initiator, visit.reason, visit.is_missed) == (Initiator.PROVIDER, ill, False)


def test_what_the_provider_cancelled_is_no_no_show() -> None:
    called_off = VisitCancelled(visit_id=VISIT, initiator=Initiator.PROVIDER)
    given(opened, booked, called_off).when(RecordNoShow(visit_id=VISIT)).then_refused(NotPossibleNow)
    assert not visit_after(given(opened, booked, called_off)).is_missed


def test_another_time_ends_after_it_starts() -> None:
    with pytest.raises(ValueError, match="cannot end before it starts"):
        RescheduleVisit(visit_id=VISIT, start=at(10), end=at(9))


def test_a_new_end_is_not_before_the_start_that_was_agreed() -> None:
    early = ChangeVisit(visit_id=VISIT, appointment=Appointment(end=at(9)))
    given(opened, booked).when(early).then_refused(EndsBeforeItStarts)
    (event,) = given(opened, booked).when(early.model_copy(update={"reported": True})).decided()
    assert event.model_dump()["appointment"]["end"] == at(9)


# --- No-shows


def test_a_clock_proposes_and_somebody_confirms() -> None:
    proposed = given(opened, booked).when(by_the_clock, at=at(10, 30)).then(proposal)
    assert not visit_after(proposed).is_missed
    assert next_steps(proposed) == ["record-no-show"]
    sure = proposed.when(RecordNoShow(visit_id=VISIT, source=NoShowSource.HUMAN)).then(confirmed)
    assert visit_after(sure).is_missed
    assert next_steps(sure) == ["reschedule-visit"]
    sure.when(by_the_clock).then_nothing()


def test_somebody_overrules_the_clock() -> None:
    overruled = given(opened, (booked, at(8)), (proposal, at(10, 30))).when(
        ReverseNoShow(visit_id=VISIT, reason="in the waiting room"), at=at(10, 40)
    )
    visit = visit_after(overruled.done())
    assert (visit.status, visit.no_show) == (VisitStatus.BOOKED, None)


def test_the_clock_waits_for_the_patient() -> None:
    here = given(opened, booked)
    here.when(by_the_clock, at=at(10, 29)).then_refused(NotMissed)
    here.when(RecordNoShow(visit_id=VISIT, source=NoShowSource.HUMAN), at=at(10, 29)).then(confirmed)


def test_no_clock_calls_who_could_not_get_in_a_no_show() -> None:
    for event in (failed, patient_in):
        given(opened, online, event).when(by_the_clock, at=at(10, 40)).then_refused(NotMissed)


def test_who_was_there_at_twenty_five_past_was_never_missed() -> None:
    """Told too late for the clock: what is known of the time decides, not the order of telling."""
    missed = given(opened, (booked, at(8))).when(by_the_clock, at=at(10, 30)).then(proposal)
    assert standing(missed.journey).next[0].step == "record-no-show"
    arrives = RecordArrival(visit_id=VISIT)
    late = missed.when(arrives, at=at(10, 24)).then(arrived)
    late = late.when(CheckIn(visit_id=VISIT), at=at(10, 25)).then(checked_in)
    visit = visit_after(late)
    assert (visit.status, visit.no_show) == (VisitStatus.CHECKED_IN, None)
    now = standing(late.journey).at(at(12))
    assert (now.overdue, [each.step for each in now.next]) == ((), ["start-visit"])
    late.when(ReverseNoShow(visit_id=VISIT, reason="was at the desk"), at=at(10, 45)).then_nothing()
    then = late.journey_at(at(10, 20)).visits.get(VISIT)
    assert then is not None
    assert then.status is VisitStatus.BOOKED


def test_nobody_is_missed_who_has_come() -> None:
    given(opened, (booked, at(8)), (arrived, at(10, 20))).when(by_the_clock, at=at(10, 30)).then_refused(
        NotPossibleNow
    )


@pytest.mark.parametrize(
    ("command", "event", "status"),
    [
        (RecordArrival(visit_id=VISIT), PatientArrived(visit_id=VISIT), VisitStatus.ARRIVED),
        (
            RescheduleVisit(visit_id=VISIT, start=at(15)),
            VisitRescheduled(visit_id=VISIT, start=at(15)),
            VisitStatus.BOOKED,
        ),
        (CancelVisit(visit_id=VISIT), VisitCancelled(visit_id=VISIT), VisitStatus.CANCELLED),
        (
            RemoveVisit(visit_id=VISIT),
            VisitEnteredInError(visit_id=VISIT),
            VisitStatus.ENTERED_IN_ERROR,
        ),
        (
            ReverseNoShow(visit_id=VISIT, reason="wrong patient"),
            NoShowReversed(visit_id=VISIT, reason="wrong patient"),
            VisitStatus.BOOKED,
        ),
    ],
    ids=lambda value: value.name() if hasattr(value, "name") and callable(value.name) else "",
)
def test_a_no_show_is_not_the_end(command: RecordArrival, event: PatientArrived, status: VisitStatus) -> None:
    after = given(opened, booked, no_show).when(command).then(event)
    assert (visit_after(after).status, visit_after(after).is_missed) == (status, False)


# --- From afar


def test_a_virtual_visit_starts_when_both_have_joined_whoever_is_first() -> None:
    waiting = given(opened, online).when(clinician_joins).then(clinician_in)
    assert visit_after(waiting).status is VisitStatus.BOOKED
    begun = waiting.when(patient_joins).then(patient_in, started)
    assert visit_after(begun).status is VisitStatus.IN_PROGRESS


def test_a_session_begins_the_care_that_was_planned() -> None:
    given(planned, online, patient_in).when(clinician_joins).then(activated, clinician_in, started)


def test_a_visit_ends_after_it_has_begun() -> None:
    told = given(opened, (arrived, at(9)), (started, at(10)))
    told.when(CompleteVisit(visit_id=VISIT), at=at(9, 30)).then_refused(NotPossibleNow)


def test_an_interpreter_starts_nothing() -> None:
    joins = JoinTelehealth(visit_id=VISIT, who=Attendee.INTERPRETER)
    given(opened, online, patient_in).when(joins).then(
        TelehealthJoined(visit_id=VISIT, who=Attendee.INTERPRETER)
    )


def test_a_virtual_visit_is_joined_and_that_is_due_when_its_time_comes() -> None:
    (step,) = standing(given(opened, online).journey).next
    assert (step.step, step.due) == ("join-telehealth", at(10) + NO_SHOW_GRACE)


def test_a_session_that_failed_stands_in_the_way_until_it_is_joined_again() -> None:
    broken = given(opened, online, patient_in, clinician_in, started, failed)
    assert "telehealth-failed" in [each.code for each in standing(broken.journey).blocked_by]
    back = broken.when(patient_joins).then(patient_in)
    assert visit_after(back).failed is None
    assert visit_after(back).status is VisitStatus.IN_PROGRESS


def test_a_session_that_never_began_is_given_another_time() -> None:
    moved = given(opened, online, failed).when(RescheduleVisit(visit_id=VISIT, start=at(15))).done()
    assert (visit_after(moved).failed, visit_after(moved).joined) == (None, frozenset())


def test_who_joins_late_was_no_no_show() -> None:
    late = given(opened, online, clinician_in, no_show).when(patient_joins).then(patient_in, started)
    assert visit_after(late).status is VisitStatus.IN_PROGRESS


def test_no_session_starts_while_care_rests() -> None:
    given(opened, online, clinician_in, on_hold).when(patient_joins).then_refused(JourneyIsOnHold)


def test_a_session_that_another_system_reports_has_begun() -> None:
    reported = JoinTelehealth(visit_id=VISIT, who=Attendee.PATIENT, reported=True)
    given(opened, booked, clinician_in).when(reported).then(patient_in, started)
    assert started == VisitStarted(visit_id=VISIT)


# --- What is ordered next


def test_a_follow_up_is_open_until_it_is_booked() -> None:
    seen = given(opened, arrived, started, ordered, completed)
    (step,) = standing(seen.journey).next
    assert (step.step, step.subject_id, step.due) == ("book-visit", AGAIN, at(9, day=14))
    seen.when(CloseJourney()).then_refused(StillOpen, blockers=["open-follow-up"])
    next_one = VisitBooked(visit_id=OTHER_VISIT, appointment=Appointment(follow_up_id=AGAIN))
    made = given(*seen.events, next_one)
    assert next_steps(made) == ["record-arrival"]
    lost = given(*made.events, VisitCancelled(visit_id=OTHER_VISIT))
    assert next_steps(lost) == ["book-visit"]


def test_a_follow_up_may_be_dropped_and_ordered_again() -> None:
    not_needed = given(opened, arrived, started, completed, ordered, dropped)
    assert next_steps(not_needed) == []
    order = OrderFollowUp(visit_id=VISIT, follow_up_id=AGAIN, due=at(9, day=14), ordered_by="dr-1")
    assert next_steps(not_needed.when(order).then(ordered)) == ["book-visit"]


def test_a_follow_up_may_be_moved() -> None:
    later = OrderFollowUp(visit_id=VISIT, follow_up_id=AGAIN, due=at(9, day=21), ordered_by="dr-1")
    moved = given(opened, arrived, started, completed, ordered).when(later).done()
    (step,) = standing(moved.journey).next
    assert step.due == at(9, day=21)


def test_the_time_agreed_is_still_the_time() -> None:
    assert visit_after(given(opened, booked)).start == TEN.start


def test_a_follow_up_of_a_visit_that_was_left_is_dropped() -> None:
    left = PatientLeftUnseen(visit_id=VISIT)
    drop = DropFollowUp(visit_id=VISIT, follow_up_id=AGAIN, reason="seen elsewhere")
    told = given(opened, booked, arrived, ordered, left).when(drop).done()
    assert told.journey.left_open() == ()
