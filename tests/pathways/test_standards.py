"""What the standards say of times, told on the pathways that ship."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from journey.domain.authorization import (
    AuthorizationDecided,
    AuthorizationDecisionExtended,
    AuthorizationRequest,
    AuthorizationSubmitted,
    LineDecision,
    ReviewAction,
    Urgency,
)
from journey.domain.codes import EncounterClass
from journey.domain.coverage import CoverageRecorded, LineOfBusiness
from journey.domain.discharge import (
    PatientDischarged,
    PostDischargeContactAttempted,
    PostDischargeContactMade,
)
from journey.domain.discharge.events import Unreached
from journey.domain.enrolment import PathwayAssigned
from journey.domain.event import Coded, Event
from journey.domain.handoff import (
    HandoffCompleted,
    HandoffKind,
    HandoffOffer,
    HandoffOffered,
    IllnessSeverity,
)
from journey.domain.identity import Demographics, DemographicsChanged
from journey.domain.pathway.clocks import Clock
from journey.domain.referral import ReferralOrder, ReferralReceiptConfirmed, ReferralSent
from journey.domain.standing import Standing, standing
from journey.domain.treatment import (
    DecisionKind,
    DecisionMade,
    DiagnosisCommunicated,
    DiagnosisOutcome,
    RttStatusRecorded,
    TreatmentGiven,
)
from journey.domain.visit import (
    Appointment,
    AppointmentCommunicated,
    NoShowRecorded,
    PatientAdmitted,
    VisitBooked,
    VisitCancelled,
    VisitEnteredInError,
    VisitRescheduled,
    VisitStarted,
)
from journey.pathways import installed
from tests.domain.told import HOME, opened
from tests.spec import Told, at, given

REFERRAL, VISIT, LATER = UUID(int=3), UUID(int=10), UUID(int=11)
CANCER = "nhs-62-day-cancer", "12.1.0"
RTT = "nhs-rtt-18-week", "1.0.0"
PA = "us-specialty-referral-with-prior-auth", "1.0.0"
TCM = "us-discharge-tcm", "1.0.0"

received = ReferralReceiptConfirmed(referral_id=REFERRAL)
missed = NoShowRecorded(visit_id=VISIT)
again = VisitRescheduled(visit_id=VISIT, start=at(9, day=30))
upgraded = DecisionMade(kind=DecisionKind.UPGRADE)
to_treat = DecisionMade(kind=DecisionKind.TO_TREAT)
treated = TreatmentGiven(
    treatment_id=UUID(int=5), code=Coded(system="opcs", code="B27"), first=True, definitive=True
)
ruled_out = DiagnosisCommunicated(outcome=DiagnosisOutcome.RULED_OUT)


def first(**said: bool) -> VisitBooked:
    return VisitBooked(visit_id=VISIT, appointment=Appointment(start=at(9, day=9), **said))


def stands(pathway: tuple[str, str], *told: Told, **parameters: str) -> Standing:
    name, version = pathway
    assigned = PathwayAssigned(pathway=name, version=version, parameters=parameters)
    return standing(given(opened, assigned, *told).journey, installed())


def runs(pathway: tuple[str, str], name: str, *told: Told) -> list[Clock]:
    return [each for each in stands(pathway, *told).clocks if each.clock == name]


def due(stood: Standing, name: str) -> datetime | None:
    (step,) = [each for each in (*stood.next, *stood.later) if each.step == name]
    return step.due


def end_of(day: date, hours: int = 0) -> datetime:
    """The last second of a day in London, or so many hours west of it."""
    return datetime(day.year, day.month, day.day, 23, 59, 59, tzinfo=UTC) + timedelta(hours=hours)


# --- NHS cancer


def test_the_cancer_clocks_count_from_the_receipt_which_is_day_zero() -> None:
    stood = stands(CANCER, (received, at(9)))
    targets = {each.clock: (each.target, each.due and each.due.date()) for each in stood.clocks}
    assert targets == {"fds28": ("28d", date(2026, 3, 30)), "usc62": ("62d", date(2026, 5, 3))}
    assert due(stood, "told") == datetime(2026, 3, 30, 22, 59, 59, tzinfo=UTC)  # in summer time


MISSED_AND_TOLD: list[list[Told]] = [
    [(first(first_activity=True, communicated=True), at(9, day=1)), (missed, at(9, day=9))],
    [
        (first(first_activity=True), at(9, day=1)),
        (AppointmentCommunicated(visit_id=VISIT), at(9, day=2)),
        (missed, at(9, day=9)),
    ],
    [(first(), at(9, day=1)), (RttStatusRecorded(code="33", communicated=True), at(9, day=9))],
]
NOT_SO: list[list[Told]] = [
    [(first(first_activity=True, communicated=False), at(9, day=1)), (missed, at(9, day=9))],
    [(first(first_activity=False, communicated=True), at(9, day=1)), (missed, at(9, day=9))],
    [(first(), at(9, day=1)), (RttStatusRecorded(code="33", communicated=False), at(9, day=9))],
    [
        (first(first_activity=True, communicated=True), at(9, day=1)),
        (NoShowRecorded(visit_id=VISIT, proposed=True), at(9, day=9)),
    ],
]


@pytest.mark.parametrize("story", MISSED_AND_TOLD)
@pytest.mark.parametrize("name", ["fds28", "usc62"])
def test_a_missed_first_appointment_begins_the_wait_anew_when_it_is_booked_again(
    story: list[Told], name: str
) -> None:
    (still,) = runs(CANCER, name, (received, at(9)), *story)
    assert still.state == "running"
    before, anew = runs(CANCER, name, (received, at(9)), *story, (again, at(9, day=12)))
    assert (before.state, anew.state, anew.started_at) == ("restarted", "running", at(9, day=12))
    told = stands(CANCER, (received, at(9)), *story, (again, at(9, day=12)))
    assert due(told, "told") == datetime(2026, 4, 11, 22, 59, 59, tzinfo=UTC)


@pytest.mark.parametrize("story", NOT_SO)
def test_any_other_missed_appointment_does_not(story: list[Told]) -> None:
    assert len(runs(CANCER, "usc62", (received, at(9)), *story, (again, at(9, day=12)))) == 1


def test_an_upgrade_begins_the_62_days_and_has_no_28() -> None:
    stood = stands(CANCER, (received, at(9)), (upgraded, at(9, day=20)))
    running = [each for each in stood.clocks if each.state == "running"]
    assert [(each.clock, each.started_at) for each in running] == [("usc62", at(9, day=20))]
    assert due(stood, "fdt") == running[0].due
    assert due(stood, "told") is None
    (alone,) = runs(CANCER, "usc62", (upgraded, at(9, day=20)))
    assert alone.started_at == at(9, day=20)


def test_cancer_that_is_ruled_out_ends_the_wait() -> None:
    stood = stands(CANCER, (received, at(9)), (ruled_out, at(9, day=20)))
    assert {each.state for each in stood.clocks} == {"stopped"}
    assert {"fdt", "mdt", "dtt"} <= {each.milestone for each in stood.waived}
    assert stood.stage == "treated"


def test_the_31_days_count_from_the_decision_to_treat() -> None:
    (clock,) = runs(CANCER, "dtt31", (received, at(9)), (to_treat, at(9, day=30)), (treated, at(9, day=62)))
    assert clock.at(at(9, day=90)).breached is True
    (whole,) = runs(CANCER, "usc62", (received, at(9)), (to_treat, at(9, day=30)), (treated, at(9, day=62)))
    assert whole.at(at(9, day=90)).breached is False


# --- NHS referral to treatment


@pytest.mark.parametrize("story", MISSED_AND_TOLD)
def test_a_missed_first_appointment_nullifies_the_wait_until_it_is_booked_again(story: list[Told]) -> None:
    (undone,) = runs(RTT, "rtt", (received, at(9)), *story)
    assert undone.state == "nullified"
    assert due(stands(RTT, (received, at(9)), *story), "clock-stopped") is None
    _, anew = runs(RTT, "rtt", (received, at(9)), *story, (again, at(9, day=12)))
    assert (anew.state, anew.started_at) == ("running", at(9, day=12))
    assert due(stands(RTT, (received, at(9)), *story, (again, at(9, day=12))), "clock-stopped") == anew.due


@pytest.mark.parametrize("pathway", [RTT, CANCER])
@pytest.mark.parametrize("story", [*MISSED_AND_TOLD, *NOT_SO[:3]])
def test_who_missed_the_first_appointment_is_booked_again_and_then_seen(
    pathway: tuple[str, str], story: list[Told]
) -> None:
    missing = stands(pathway, (received, at(9)), *story)
    assert "first-booked" in [each.step for each in missing.next]
    moved = stands(pathway, (received, at(9)), *story, (again, at(9, day=12)))
    assert "first-booked" in [each.milestone for each in moved.reached]
    assert "first-seen" in [each.step for each in moved.next]


@pytest.mark.parametrize(
    ("pathway", "booked"), [(RTT, "first-booked"), (CANCER, "first-booked"), (PA, "imaging-booked")]
)
@pytest.mark.parametrize("gone", [VisitCancelled(visit_id=VISIT), VisitEnteredInError(visit_id=VISIT)])
def test_what_is_booked_no_more_is_booked_again(
    pathway: tuple[str, str], booked: str, gone: VisitCancelled | VisitEnteredInError
) -> None:
    told: list[Told] = [SENT, (received, at(10)), (first(), at(11))]
    assert booked in [each.milestone for each in stands(pathway, *told).reached]
    undone = stands(pathway, *told, (gone, at(9, day=5)))
    assert booked in [each.step for each in (*undone.next, *undone.later)]


@pytest.mark.parametrize("story", NOT_SO)
def test_any_other_missed_appointment_leaves_the_wait_as_it_is(story: list[Told]) -> None:
    (clock,) = runs(RTT, "rtt", (received, at(9)), *story, (again, at(9, day=12)))
    assert clock.started_at == at(9)


def test_an_appointment_that_is_cancelled_after_the_first_was_kept_reopens_nothing() -> None:
    seen: list[Told] = [(received, at(8)), (first(), at(9)), (VisitStarted(visit_id=VISIT), at(9, day=9))]
    other = VisitBooked(visit_id=LATER, appointment=Appointment(start=at(9, day=20)))
    stood = stands(RTT, *seen, (other, at(12, day=9)), (NoShowRecorded(visit_id=LATER), at(9, day=20)))
    assert "first-booked" not in [each.step for each in stood.next]


# --- Prior authorization

SENT: Told = (ReferralSent(referral_id=REFERRAL, order=ReferralOrder()), at(9))


def covered(line: LineOfBusiness) -> Told:
    return (CoverageRecorded(coverage_id=UUID(int=7), payer="a payer", line_of_business=line), at(9))


def submitted(urgency: Urgency) -> AuthorizationSubmitted:
    return AuthorizationSubmitted(authorization_id=UUID(int=8), request=AuthorizationRequest(urgency=urgency))


def decided(action: ReviewAction) -> AuthorizationDecided:
    return AuthorizationDecided(
        authorization_id=UUID(int=8), lines=(LineDecision(sequence=1, action=action),)
    )


@pytest.mark.parametrize(
    ("line", "runs_at_all"),
    [
        (LineOfBusiness.MEDICARE_ADVANTAGE, True),
        (LineOfBusiness.MEDICAID, True),
        (LineOfBusiness.CHIP, True),
        (LineOfBusiness.COMMERCIAL, False),
        (LineOfBusiness.SELF_PAY, False),
    ],
)
def test_the_payer_has_a_time_where_the_federal_rule_holds(line: LineOfBusiness, runs_at_all: bool) -> None:
    told = (SENT, covered(line), (submitted(Urgency.STANDARD), at(9, day=1)))
    found = runs(PA, "pa-decision", *told)
    assert [each.target for each in found] == (["7d"] if runs_at_all else [])
    assert due(stands(PA, *told), "pa-decided") == (found[0].due if runs_at_all else None)


@pytest.mark.parametrize(
    ("passed", "breached"),
    [(timedelta(hours=71, minutes=59), False), (timedelta(hours=72, minutes=1), True)],
)
def test_an_expedited_request_is_decided_in_72_hours_also_across_a_change_to_summer_time(
    passed: timedelta, breached: bool
) -> None:
    start = datetime(2026, 3, 7, 15, 0, tzinfo=UTC)  # clocks go forward in New York on the 8th
    told: list[Any] = [
        SENT,
        covered(LineOfBusiness.MEDICAID),
        (submitted(Urgency.EXPEDITED), start),
        (decided(ReviewAction.CERTIFIED), start + passed),
    ]
    (clock,) = runs(PA, "pa-decision", *told)
    assert clock.at(start).breached is breached


def test_an_extension_gives_the_payer_fourteen_days_and_moves_what_is_due() -> None:
    extended = AuthorizationDecisionExtended(authorization_id=UUID(int=8), due=at(9, day=21))
    stood = stands(
        PA,
        SENT,
        covered(LineOfBusiness.CHIP),
        (submitted(Urgency.STANDARD), at(15)),
        (extended, at(15, day=5)),
    )
    (clock,) = [each for each in stood.clocks if each.clock == "pa-decision"]
    assert clock.target == "7d + 14d"
    assert clock.due == datetime(2026, 3, 24, 3, 59, 59, tzinfo=UTC)  # 21 days on, in New York
    assert due(stood, "pa-decided") == clock.due


def test_what_is_pended_is_not_decided_and_a_denial_asks_for_what_comes_next() -> None:
    told: list[Told] = [SENT, covered(LineOfBusiness.MEDICAID), (submitted(Urgency.STANDARD), at(15))]
    pended = stands(PA, *told, (decided(ReviewAction.PENDED), at(16)))
    assert "pa-decided" in [each.step for each in (*pended.next, *pended.later)]
    denied = stands(PA, *told, (decided(ReviewAction.NOT_CERTIFIED), at(15, day=2)))
    assert "payer-refused" in [each.code for each in denied.blocked_by]
    assert due(denied, "appeal-or-alternative") == datetime(2026, 3, 12, 3, 59, 59, tzinfo=UTC)


def test_who_does_not_come_is_booked_again() -> None:
    told: list[Told] = [SENT, (first(), at(10)), (missed, at(9, day=9))]
    assert "imaging-booked" in [each.step for each in (*stands(PA, *told).next, *stands(PA, *told).later)]
    twice = stands(PA, *told, (again, at(10, day=9)), (missed, at(9, day=30)))
    assert "missed-twice" in [each.code for each in twice.blocked_by]


# --- Transition of care

left = PatientDischarged(visit_id=VISIT, disposition=HOME)
FRIDAY = datetime(2026, 5, 22, 20, 0, tzinfo=UTC)  # before Memorial Day
DAYLIGHT = 4


def test_two_business_days_after_the_friday_before_a_monday_holiday_are_wednesday() -> None:
    stood = stands(TCM, (left, FRIDAY))
    assert due(stood, "contact-2bd") == end_of(date(2026, 5, 27), DAYLIGHT)


@pytest.mark.parametrize(("said", "day"), [({}, 5), ({"mdm": "moderate"}, 5), ({"mdm": "high"}, -2)])
def test_the_visit_is_due_by_the_complexity_of_the_decisions(said: dict[str, str], day: int) -> None:
    stood = stands(TCM, (left, FRIDAY), **said)
    assert (
        due(stood, "visit")
        == due(stood, "med-rec")
        == end_of(date(2026, 5, 31) + timedelta(days=day), DAYLIGHT)
    )


def test_the_period_ends_with_day_29() -> None:
    (clock,) = runs(TCM, "tcm-period", (left, FRIDAY))
    assert clock.due == end_of(date(2026, 6, 20), DAYLIGHT)


def test_two_attempts_are_documented_and_go_on() -> None:
    def attempt(number: int) -> PostDischargeContactAttempted:
        return PostDischargeContactAttempted(
            visit_id=VISIT, contact_id=UUID(int=number), outcome=Unreached.NO_ANSWER
        )

    hour = timedelta(hours=1)
    once = stands(TCM, (left, FRIDAY), (attempt(1), FRIDAY + hour))
    assert due(once, "attempts-2") == end_of(date(2026, 5, 27), DAYLIGHT)
    twice = stands(TCM, (left, FRIDAY), (attempt(1), FRIDAY + hour), (attempt(2), FRIDAY + 2 * hour))
    assert "attempts-2" in [each.milestone for each in twice.reached]
    assert "contact-2bd" in [each.step for each in twice.next]
    made = PostDischargeContactMade(visit_id=VISIT, contact_id=UUID(int=3))
    spoken = stands(TCM, (left, FRIDAY), (attempt(1), FRIDAY + hour), (made, FRIDAY + 2 * hour))
    assert spoken.stage == "contacted"


@pytest.mark.parametrize(
    ("kind", "counts"), [(HandoffKind.DISCHARGE_TO_PCP, True), (HandoffKind.SHIFT, False)]
)
def test_a_handoff_to_primary_care_is_one_of_that_kind(kind: HandoffKind, counts: bool) -> None:
    offer = HandoffOffer(kind=kind, from_team="ward", to_team="clinic", severity=IllnessSeverity.STABLE)
    told: list[Told] = [
        (HandoffOffered(handoff_id=UUID(int=6), offer=offer), FRIDAY - timedelta(hours=2)),
        (left, FRIDAY),
        (HandoffCompleted(handoff_id=UUID(int=6)), FRIDAY + timedelta(hours=2)),
    ]
    assert ("handoff-pcp" in [each.milestone for each in stands(TCM, *told).reached]) is counts


@pytest.mark.parametrize(
    ("code", "begins"), [("home", True), ("alt-home", True), ("01", True), ("aadvice", False), ("exp", False)]
)
def test_it_begins_for_who_goes_home(code: str, begins: bool) -> None:
    gone = PatientDischarged(visit_id=VISIT, disposition=Coded(system="nubc", code=code))
    pathway = stands(TCM, (gone, FRIDAY)).pathway
    assert pathway is not None
    assert (pathway.started_at == FRIDAY) is begins


@pytest.mark.parametrize(
    ("event", "ends"),
    [
        (PatientAdmitted(visit_id=LATER, encounter_class=EncounterClass.INPATIENT), True),
        (PatientAdmitted(visit_id=LATER, encounter_class=EncounterClass.OBSERVATION), False),
        (DemographicsChanged(demographics=Demographics(deceased_at=FRIDAY)), True),
        (DemographicsChanged(demographics=Demographics(phone="+1 555 0100")), False),
    ],
)
def test_who_is_readmitted_or_dies_leaves_it(event: Event, ends: bool) -> None:
    stood = stands(TCM, (left, FRIDAY), (event, FRIDAY + timedelta(days=9)))
    assert stood.pathway is not None
    assert (stood.pathway.ended_at is not None) is ends
    (period,) = [each for each in stood.clocks if each.clock == "tcm-period"]
    assert (period.state == "stopped") is ends
    assert ("visit" not in [each.step for each in stood.next]) is ends
