"""A visit and the payer's word: booked before it, not begun without it, and what it uses of it."""

from datetime import date, datetime
from uuid import UUID

import pytest

from journey.domain.authorization import (
    AppealAuthorization,
    AppealLevel,
    AppealOutcome,
    AuthorizationAppealDecided,
    AuthorizationRequest,
    AuthorizationRequirementDetermined,
    AuthorizationSubmitted,
    AuthorizationUnit,
    DecideAuthorizationAppeal,
    DeniedTakesNoUpdate,
    PendAuthorization,
    RequestAuthorizationInformation,
    RequirementSource,
    ReviewAction,
    SubmitAuthorization,
    SubmitAuthorizationInformation,
    UpdateAuthorization,
    Urgency,
)
from journey.domain.codes import Channel, EncounterClass, Priority
from journey.domain.correction import CancelDischarge, VoidEvent
from journey.domain.discharge import DischargePatient, PatientDischarged
from journey.domain.event import Coded, Command, Event
from journey.domain.intake import IntakeCompleted, IntakeStarted
from journey.domain.referral import ReferralDrafted, ReferralOrder, SendReferral
from journey.domain.rules import AuthorizationNeeded, IntakeComesFirst
from journey.domain.standing import standing
from journey.domain.visit import (
    AdmitPatient,
    Appointment,
    Attendee,
    BookVisit,
    ChangeVisit,
    CheckIn,
    CompleteVisit,
    JoinTelehealth,
    PatientAdmitted,
    PatientArrived,
    RecordArrival,
    StartVisit,
    VisitBooked,
    VisitCompleted,
    VisitStarted,
)
from tests.domain.test_authorization import (
    NOTES,
    OTHER,
    PA,
    PHYSIO,
    approved,
    blockers,
    decide,
    decides,
    denied,
    line,
    modified,
    pended,
    request,
    required,
    revoked,
    submitted,
)
from tests.domain.told import HOME, VISIT, arrived, booked, opened
from tests.spec import Given, Told, at, given

ORTHO = Coded(system="local", code="ORTHO")
A = ReviewAction
SESSION = Appointment(start=at(10), service=PHYSIO, authorization_id=PA)
session = VisitBooked(visit_id=VISIT, appointment=SESSION)
arrive = RecordArrival(visit_id=VISIT)
granted = given(opened, submitted, approved)


def number(visit: int) -> UUID:
    return UUID(int=1000 + visit)


def held(visit: int, start: datetime) -> tuple[Told, ...]:
    """A session from its booking to its end."""
    visit_id = number(visit)
    appointment = SESSION.model_copy(update={"start": start})
    return (
        (VisitBooked(visit_id=visit_id, appointment=appointment), start),
        (PatientArrived(visit_id=visit_id), start),
        (VisitStarted(visit_id=visit_id), start),
        (VisitCompleted(visit_id=visit_id), start),
    )


def used(told: Given, sequence: int = 1) -> int:
    authorizations = told.journey.authorizations
    return authorizations.consumed(authorizations.by_id[PA], sequence)


def six_held() -> Given:
    sessions = [each for visit in range(6) for each in held(visit, at(10, day=visit))]
    return given((opened, at(8)), (submitted, at(8, 1)), (modified, at(8, 2)), *sessions)


# --- Two stories told from end to end


def test_a_pended_request_is_cut_to_six_visits_and_the_seventh_is_not_begun() -> None:
    told = given(opened).when(SubmitAuthorization(authorization_id=PA, trace="T-1", request=request)).done()
    told = told.when(PendAuthorization(authorization_id=PA)).then(pended.model_copy(update={"due": None}))
    told = told.when(RequestAuthorizationInformation(authorization_id=PA, what=NOTES, due=at(17))).done()
    told = told.when(BookVisit(visit_id=number(0), appointment=SESSION)).done()
    told.when(RecordArrival(visit_id=number(0))).then_refused(
        AuthorizationNeeded, blockers=["authorization-undecided"]
    )
    told = told.when(SubmitAuthorizationInformation(authorization_id=PA, documents=("d-1",))).done()
    told = told.when(decide(line(1, A.MODIFIED, 6))).then(modified)
    for visit in range(6):
        if visit:
            told = told.when(BookVisit(visit_id=number(visit), appointment=SESSION)).done()
        told = told.when(RecordArrival(visit_id=number(visit))).done()
        told = told.when(StartVisit(visit_id=number(visit))).done()
        told = told.when(CompleteVisit(visit_id=number(visit))).done()
        assert used(told) == visit + 1
    told = told.when(BookVisit(visit_id=number(6), appointment=SESSION)).done()
    assert "visit-needs-authorization" in blockers(told)
    told.when(RecordArrival(visit_id=number(6))).then_refused(
        AuthorizationNeeded, blockers=["authorization-used-up"]
    )


def test_what_is_denied_is_asked_for_anew_and_granted_on_appeal() -> None:
    told = given(opened, submitted, session).when(decide(line(1, A.NOT_CERTIFIED))).then(denied)
    told.when(arrive).then_refused(AuthorizationNeeded, blockers=["authorization-denied"])
    told.when(UpdateAuthorization(authorization_id=PA, cancelled=(1,))).then_refused(DeniedTakesNoUpdate)
    anew = SubmitAuthorization(authorization_id=OTHER, trace="T-9", request=request, supersedes=PA)
    told = told.when(anew).then(
        AuthorizationSubmitted(authorization_id=OTHER, trace="T-9", request=request, supersedes=PA)
    )
    again = decide(line(1, A.NOT_CERTIFIED)).model_copy(update={"authorization_id": OTHER})
    told = told.when(again).done()
    told = told.when(AppealAuthorization(authorization_id=OTHER, level=AppealLevel.REDETERMINATION)).done()
    overturn = DecideAuthorizationAppeal(authorization_id=OTHER, outcome=AppealOutcome.OVERTURNED)
    told = told.when(overturn).then(
        AuthorizationAppealDecided(authorization_id=OTHER, outcome=AppealOutcome.OVERTURNED)
    )
    told = told.when(ChangeVisit(visit_id=VISIT, appointment=Appointment(authorization_id=OTHER))).done()
    told.when(arrive).then(arrived)


# --- Begun with the payer's word only


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ([], "authorization-missing"),
        ([required], "authorization-missing"),
        ([submitted], "authorization-undecided"),
        ([submitted, pended], "authorization-undecided"),
        ([submitted, denied], "authorization-denied"),
        ([submitted, approved, revoked], "authorization-ended"),
        (
            [submitted, decides(line(1, A.CERTIFIED)).model_copy(update={"valid_from": date(2026, 3, 3)})],
            "authorization-not-yet-valid",
        ),
        (
            [submitted, decides(line(1, A.CERTIFIED)).model_copy(update={"valid_until": date(2026, 3, 1)})],
            "authorization-expired",
        ),
    ],
)
def test_a_visit_is_booked_before_the_payers_word_and_not_begun_without_it(
    told: list[Event], why: str
) -> None:
    there = given(opened, *told).when(BookVisit(visit_id=VISIT, appointment=SESSION)).then(session)
    assert "visit-needs-authorization" in blockers(there)
    there.when(arrive).then_refused(AuthorizationNeeded, blockers=[why])
    there.when(AdmitPatient(visit_id=VISIT)).then_refused(AuthorizationNeeded, blockers=[why])


@pytest.mark.parametrize("command", [CheckIn(visit_id=VISIT), StartVisit(visit_id=VISIT)])
def test_who_was_reported_to_have_come_is_not_seen_without_it_either(command: Command) -> None:
    there = given(opened, submitted, session, arrived)
    there.when(command).then_refused(AuthorizationNeeded, blockers=["authorization-undecided"])


def test_a_reason_lets_it_go_ahead_is_recorded_and_holds_for_the_visit() -> None:
    there = given(opened, submitted, session)
    why = "the payer's line is down"
    here = there.when(RecordArrival(visit_id=VISIT, override_reason=why)).then(
        arrived.model_copy(update={"override_reason": why})
    )
    here.when(CheckIn(visit_id=VISIT)).done().when(StartVisit(visit_id=VISIT)).done()


def test_what_another_system_reports_is_recorded() -> None:
    there = given(opened, submitted, session)
    there.when(arrive.model_copy(update={"reported": True})).then(arrived)


def test_a_visit_that_needs_none_is_begun_without() -> None:
    given(opened, submitted, booked).when(arrive).then(arrived)


def test_a_service_that_needs_one_needs_it_in_every_visit_unless_the_visit_does_not() -> None:
    plain = SESSION.model_copy(update={"authorization_id": None})
    there = given(opened, required, VisitBooked(visit_id=VISIT, appointment=plain))
    there.when(arrive).then_refused(AuthorizationNeeded, blockers=["authorization-missing"])
    exempt = plain.model_copy(update={"authorization_required": False})
    given(opened, required, VisitBooked(visit_id=VISIT, appointment=exempt)).when(arrive).then(arrived)


def test_an_emergency_waits_for_no_payer() -> None:
    plain = Appointment(service=PHYSIO, encounter_class=EncounterClass.EMERGENCY)
    given(opened, required, VisitBooked(visit_id=VISIT, appointment=plain)).when(arrive).then(arrived)
    unclear = given(opened, required, VisitBooked(visit_id=VISIT, appointment=Appointment(service=PHYSIO)))
    unclear.when(arrive).then_refused(AuthorizationNeeded, blockers=["authorization-missing"])
    unclear.when(arrive.model_copy(update={"encounter_class": EncounterClass.EMERGENCY})).done()


def test_a_visit_that_names_none_may_use_the_one_for_its_service_and_counts() -> None:
    plain = Appointment(start=at(10), service=PHYSIO, authorization_required=True)
    told = given(opened, submitted, modified, VisitBooked(visit_id=VISIT, appointment=plain))
    told = told.when(arrive).then(arrived).when(StartVisit(visit_id=VISIT)).done()
    assert used(told.when(CompleteVisit(visit_id=VISIT)).done()) == 1


def session_of(visit: int) -> tuple[Told, ...]:
    """A session that names no authorization, of a service that needs one."""
    plain = Appointment(start=at(10, day=visit), service=PHYSIO, authorization_required=True)
    visit_id = number(visit)
    moment = at(10, day=visit)
    return (
        (VisitBooked(visit_id=visit_id, appointment=plain), moment),
        (PatientArrived(visit_id=visit_id), moment),
        (VisitStarted(visit_id=visit_id), moment),
        (VisitCompleted(visit_id=visit_id), moment),
    )


def test_of_two_authorizations_for_a_service_the_second_is_used_when_the_first_is_used_up() -> None:
    more = modified.model_copy(update={"authorization_id": OTHER, "lines": (line(1, A.MODIFIED, 2),)})
    asked = submitted.model_copy(update={"authorization_id": OTHER})
    sessions = [each for visit in range(8) for each in session_of(visit)]
    both = ((opened, at(8)), (submitted, at(8)), (modified, at(8)), (asked, at(8)), (more, at(8)))
    told = given(*both, *sessions)
    authorizations = told.journey.authorizations
    assert [authorizations.consumed(each, 1) for each in authorizations] == [6, 2]
    assert "authorization-exceeded" not in blockers(told)
    ninth = Appointment(start=at(10, day=9), service=PHYSIO, authorization_required=True)
    told = told.when(BookVisit(visit_id=VISIT, appointment=ninth)).done()
    told.when(arrive, at=at(10, day=9)).then_refused(AuthorizationNeeded, blockers=["authorization-used-up"])


def test_what_is_determined_only_after_the_visit_counts_the_visit_too() -> None:
    plain = VisitBooked(visit_id=VISIT, appointment=Appointment(start=at(10), service=PHYSIO))
    over = (arrived, VisitStarted(visit_id=VISIT), VisitCompleted(visit_id=VISIT))
    assert used(given(opened, plain, *over, required, submitted, modified)) == 1


def test_a_visit_that_needs_none_uses_none() -> None:
    plain = VisitBooked(visit_id=VISIT, appointment=Appointment(start=at(10), service=PHYSIO))
    over = (VisitStarted(visit_id=VISIT), VisitCompleted(visit_id=VISIT))
    assert used(given(opened, submitted, modified, plain, arrived, *over)) == 0


def test_another_service_than_the_authorized_one_is_not_covered() -> None:
    other = SESSION.model_copy(update={"service": Coded(system="cpt", code="99213")})
    there = given(opened, submitted, approved, VisitBooked(visit_id=VISIT, appointment=other))
    there.when(arrive).then_refused(AuthorizationNeeded, blockers=["authorization-other-service"])
    named_otherwise = SESSION.model_copy(update={"service": ORTHO})
    given(opened, submitted, approved, VisitBooked(visit_id=VISIT, appointment=named_otherwise)).when(
        arrive
    ).then(arrived)


def test_another_performer_is_a_word_of_warning_only() -> None:
    for_one = approved.model_copy(update={"performer": "pt-1"})
    by_other = SESSION.model_copy(update={"participants": ("pt-2",)})
    there = given(opened, submitted, for_one, VisitBooked(visit_id=VISIT, appointment=by_other))
    assert blockers(there) == ["authorization-other-provider"]
    there.when(arrive).then(arrived)
    same = SESSION.model_copy(update={"participants": ("pt-1", "pt-3")})
    assert blockers(given(opened, submitted, for_one, VisitBooked(visit_id=VISIT, appointment=same))) == []


def test_the_day_of_the_arrival_counts_and_not_the_day_of_the_booking() -> None:
    there = given(opened, submitted, approved, session)
    there.when(arrive, at=at(23, 59, day=29)).then(arrived)
    there.when(arrive, at=at(0, day=30)).then_refused(AuthorizationNeeded, blockers=["authorization-expired"])


# --- What visits use


def test_a_visit_under_way_keeps_its_part_from_the_next() -> None:
    one_left = given(
        opened,
        submitted,
        decides(line(1, A.MODIFIED, 1)),
        session,
        VisitBooked(visit_id=number(1), appointment=SESSION),
        arrived,
    )
    assert used(one_left) == 0
    one_left.when(CheckIn(visit_id=VISIT)).done()
    one_left.when(RecordArrival(visit_id=number(1))).then_refused(
        AuthorizationNeeded, blockers=["authorization-used-up"]
    )


def test_a_completion_that_is_voided_gives_its_part_back() -> None:
    told = six_held()
    assert used(told) == 6
    last = told.id_of(VisitCompleted(visit_id=number(5)))
    assert used(told.when(VoidEvent(event_id=last, reason="another patient")).done()) == 5


def test_a_visit_told_late_counts_as_of_its_own_time() -> None:
    told = six_held()
    more = VisitBooked(visit_id=number(7), appointment=SESSION)
    assert "authorization-exceeded" not in blockers(told)
    late = told.recording([more, VisitStarted(visit_id=number(7))], at(12))
    late = late.recording([VisitCompleted(visit_id=number(7))], at(13))
    assert used(late) == 7
    assert "authorization-exceeded" in blockers(late)


def test_an_authorization_told_late_is_used_by_the_visits_that_named_it() -> None:
    sessions = held(0, at(10))
    told = given((opened, at(8)), *sessions, (submitted, at(8, 1)), (modified, at(8, 2)))
    assert used(told) == 1
    assert used(given((opened, at(8)), *sessions, (submitted, at(15)), (modified, at(16)))) == 1


def test_a_stay_uses_it_by_its_discharge_and_not_when_that_is_cancelled() -> None:
    days = AuthorizationRequest(
        items=(request.items[0].model_copy(update={"unit": AuthorizationUnit.DAYS, "quantity": 5}),)
    )
    asked = AuthorizationSubmitted(authorization_id=PA, request=days)
    stay = VisitBooked(visit_id=VISIT, appointment=SESSION.model_copy(update={"authorization_units": 3}))
    told = given(
        opened,
        asked,
        approved,
        stay,
        PatientAdmitted(visit_id=VISIT),
        PatientDischarged(visit_id=VISIT, disposition=HOME),
    )
    assert used(told) == 3
    assert used(told.when(CancelDischarge(visit_id=VISIT)).done()) == 0


def test_visits_are_counted_one_by_one_whatever_their_length() -> None:
    long = SESSION.model_copy(update={"authorization_units": 4})
    over = (VisitStarted(visit_id=VISIT), VisitCompleted(visit_id=VISIT))
    told = given(opened, submitted, modified, VisitBooked(visit_id=VISIT, appointment=long), arrived, *over)
    assert used(told) == 1


def test_a_visit_that_turns_out_to_be_under_another_counts_there() -> None:
    elsewhere = submitted.model_copy(update={"authorization_id": OTHER})
    told = given(
        (opened, at(8)), (submitted, at(8, 1)), (modified, at(8, 2)), (elsewhere, at(8, 3)), *held(0, at(10))
    )
    change = ChangeVisit(visit_id=number(0), appointment=Appointment(authorization_id=OTHER), reported=True)
    assert used(told.when(change).done()) == 0


def test_of_seven_visits_booked_under_six_the_last_is_pointed_out() -> None:
    sessions = [
        VisitBooked(
            visit_id=number(visit), appointment=SESSION.model_copy(update={"start": at(10, day=7 - visit)})
        )
        for visit in range(7)
    ]
    told = given(opened, submitted, modified, *sessions)
    (last,) = [each for each in standing(told.journey).blocked_by if each.code == "visit-needs-authorization"]
    assert last.subject_id == number(0)


def test_nobody_joins_a_virtual_visit_that_is_not_authorized() -> None:
    virtual = SESSION.model_copy(update={"encounter_class": EncounterClass.VIRTUAL})
    there = given(opened, submitted, VisitBooked(visit_id=VISIT, appointment=virtual))
    there.when(JoinTelehealth(visit_id=VISIT, who=Attendee.PATIENT)).then_refused(
        AuthorizationNeeded, blockers=["authorization-undecided"]
    )
    there.when(StartVisit(visit_id=VISIT)).then_refused(
        AuthorizationNeeded, blockers=["authorization-undecided"]
    )


def test_whoever_came_unannounced_has_nothing_to_be_authorized() -> None:
    granted.when(RecordArrival(visit_id=VISIT)).then(arrived)


# --- The intake comes first


BEGUN = IntakeStarted(channel=Channel.PHONE, required=("reason",))
send = SendReferral(referral_id=UUID(int=30), order=ReferralOrder(service=PHYSIO))
submit = SubmitAuthorization(authorization_id=PA, trace="T-1", request=request)


@pytest.mark.parametrize("command", [send, submit])
def test_nobody_is_asked_while_the_intake_is_open(command: Command) -> None:
    there = given(opened, BEGUN)
    there.when(command).then_refused(IntakeComesFirst, blockers=["intake-item"])
    given(opened, IntakeStarted(channel=Channel.PHONE)).when(command).then_refused(
        IntakeComesFirst, blockers=["open-intake"]
    )
    assert there.when(command.model_copy(update={"reported": True})).decided()
    assert given(opened, BEGUN, IntakeCompleted()).when(command).decided()
    assert given(opened).when(command).decided()


@pytest.mark.parametrize("priority", [Priority.ASAP, Priority.STAT])
def test_what_cannot_wait_does_not_wait_for_the_intake(priority: Priority) -> None:
    given(opened, BEGUN.model_copy(update={"priority": priority})).when(send).done()
    urgent = ReferralOrder(service=PHYSIO, priority=priority)
    given(opened, BEGUN).when(SendReferral(referral_id=UUID(int=30), order=urgent)).done()
    drafted = ReferralDrafted(referral_id=UUID(int=30), order=urgent)
    given(opened, drafted, BEGUN).when(SendReferral(referral_id=UUID(int=30))).done()


def test_an_expedited_request_does_not_wait_for_the_intake() -> None:
    expedited = request.model_copy(update={"urgency": Urgency.EXPEDITED})
    given(opened, BEGUN).when(submit.model_copy(update={"request": expedited})).done()


def test_a_service_determined_after_the_booking_is_needed_all_the_same() -> None:
    plain = VisitBooked(visit_id=VISIT, appointment=Appointment(start=at(10), service=PHYSIO))
    by_rule = AuthorizationRequirementDetermined(
        authorization_id=PA, service=PHYSIO, required=True, source=RequirementSource.RULE
    )
    assert "visit-needs-authorization" in blockers(given(opened, plain, by_rule))
    (blocker,) = [
        each
        for each in standing(given(opened, plain, by_rule).journey).blocked_by
        if each.code == "visit-needs-authorization"
    ]
    assert blocker.subject_id == VISIT


def test_who_is_discharged_from_a_stay_under_an_authorization_leaves() -> None:
    told = given(opened, submitted, approved, session, PatientAdmitted(visit_id=VISIT))
    assert (
        used(told.when(DischargePatient(visit_id=VISIT, disposition="home", override_reason="x")).done()) == 1
    )
