"""Discharge: leaving hospital, from the plan to the papers."""

from uuid import UUID

import pytest

from journey.domain.codes import UB04_DISPOSITION, UB04_OF_DISPOSITION, ChecklistItem, Disposition
from journey.domain.correction import CancelDischarge, VoidEvent
from journey.domain.discharge import (
    ChangeExpectedDischarge,
    ChecklistItemCompleted,
    ChecklistItemWaived,
    ClearDischargeBarrier,
    CloseDischarge,
    CompleteChecklistItem,
    DischargeBarrierCleared,
    DischargeBarrierRaised,
    DischargeBlocked,
    DischargeClosed,
    DischargeOrdered,
    DischargePatient,
    DischargePlanned,
    DischargeSummarySent,
    DispositionSet,
    ExpectedDischargeChanged,
    MarkMedicallyReady,
    MedicallyReady,
    MedicalReadinessWithdrawn,
    NoDisposition,
    NoStayToLeave,
    NotDeparted,
    NotOnChecklist,
    OrderDischarge,
    PatientDischarged,
    PlanDischarge,
    RaiseDischargeBarrier,
    RecordElopement,
    SendDischargeSummary,
    SetDisposition,
    UnknownBarrier,
    UnknownDisposition,
    WaiveChecklistItem,
    WithdrawMedicalReadiness,
)
from journey.domain.discharge.disposition import coded, meaning, returns_as_planned, ub04
from journey.domain.event import Blocker, Coded
from journey.domain.standing import standing
from journey.domain.visit import CompleteVisit
from tests.domain import test_aftercare
from tests.domain.cases import Case
from tests.domain.told import HOME, VISIT, admitted, arrived, booked, completed, discharged, opened, started
from tests.spec import at, given

BARRIER = UUID(int=40)
NO_LIFT = Coded(system="http://hl7.org/fhir/sid/icd-10-cm", code="Z59.82", display="no transport home")
TAUGHT, BOOKED_AFTER = ChecklistItem.INSTRUCTIONS_TAUGHT_BACK, ChecklistItem.FOLLOW_UP_BOOKED
FRIDAY = at(11, day=4)
EXPIRED = Coded(system="http://terminology.hl7.org/CodeSystem/discharge-disposition", code="exp")

plan = PlanDischarge(visit_id=VISIT, expected_at=FRIDAY, checklist=(TAUGHT,))
planned = DischargePlanned(visit_id=VISIT, expected_at=FRIDAY, checklist=(TAUGHT,))
raised = DischargeBarrierRaised(visit_id=VISIT, barrier_id=BARRIER, barrier=NO_LIFT)
cleared = DischargeBarrierCleared(visit_id=VISIT, barrier_id=BARRIER)
taught = ChecklistItemCompleted(visit_id=VISIT, item=TAUGHT)
waived = ChecklistItemWaived(visit_id=VISIT, item=TAUGHT, reason="nurse herself")
sent = DischargeSummarySent(visit_id=VISIT, recipient="gp-1")
home_set = DispositionSet(visit_id=VISIT, disposition=HOME)
gone = PatientDischarged(visit_id=VISIT, disposition=coded(Disposition.AGAINST_ADVICE), eloped=True)
go_home = DischargePatient(visit_id=VISIT, disposition=Disposition.HOME)

CASES = [
    Case(plan, given(opened, admitted), [planned], given(opened, booked), NoStayToLeave),
    Case(
        ChangeExpectedDischarge(visit_id=VISIT, expected_at=FRIDAY),
        given(opened, admitted),
        [ExpectedDischargeChanged(visit_id=VISIT, expected_at=FRIDAY)],
        given(opened, booked),
        NoStayToLeave,
        quiet=given(opened, admitted, planned),
    ),
    Case(
        MarkMedicallyReady(visit_id=VISIT),
        given(opened, admitted),
        [MedicallyReady(visit_id=VISIT)],
        given(opened, admitted, discharged),
        NoStayToLeave,
    ),
    Case(
        RaiseDischargeBarrier(visit_id=VISIT, barrier_id=BARRIER, barrier=NO_LIFT),
        given(opened, admitted),
        [raised],
        given(opened),
        NoStayToLeave,
        quiet=given(opened, admitted, raised, cleared),
    ),
    Case(
        ClearDischargeBarrier(visit_id=VISIT, barrier_id=BARRIER),
        given(opened, admitted, raised),
        [cleared],
        given(opened, admitted),
        UnknownBarrier,
    ),
    Case(
        CompleteChecklistItem(visit_id=VISIT, item=TAUGHT),
        given(opened, admitted, planned),
        [taught],
        given(opened, booked),
        NoStayToLeave,
        quiet=given(opened, admitted, planned, waived),
    ),
    Case(
        WaiveChecklistItem(visit_id=VISIT, item=TAUGHT, reason="nurse herself"),
        given(opened, admitted, planned),
        [waived],
        given(opened, admitted),
        NotOnChecklist,
        quiet=given(opened, admitted, planned, taught),
    ),
    Case(
        go_home,
        given(opened, admitted, planned, taught, raised, cleared),
        [discharged],
        given(opened, admitted, planned, raised),
        DischargeBlocked,
        ["discharge-checklist", "discharge-barrier"],
    ),
    Case(
        SendDischargeSummary(visit_id=VISIT, recipient="gp-1"),
        given(opened, admitted, discharged),
        [sent],
        given(opened, booked),
        NoStayToLeave,
    ),
    Case(
        CloseDischarge(visit_id=VISIT),
        given(opened, admitted, discharged),
        [DischargeClosed(visit_id=VISIT)],
        given(opened, admitted),
        NotDeparted,
    ),
    Case(
        OrderDischarge(visit_id=VISIT, ordered_by="dr-1"),
        given(opened, admitted),
        [DischargeOrdered(visit_id=VISIT, ordered_by="dr-1")],
        given(opened, booked),
        NoStayToLeave,
    ),
    Case(
        SetDisposition(visit_id=VISIT, disposition=Disposition.HOME),
        given(opened, admitted),
        [home_set],
        given(opened, booked),
        NoStayToLeave,
    ),
    Case(
        RecordElopement(visit_id=VISIT),
        given(opened, admitted),
        [gone],
        given(opened, booked),
        NoStayToLeave,
    ),
    Case(
        WithdrawMedicalReadiness(visit_id=VISIT, reason="fever"),
        given(opened, admitted, MedicallyReady(visit_id=VISIT)),
        [MedicalReadinessWithdrawn(visit_id=VISIT, reason="fever")],
        given(opened, admitted, MedicallyReady(visit_id=VISIT), discharged),
        NoStayToLeave,
        quiet=given(opened, admitted),
    ),
    *test_aftercare.CASES,
]


# --- Planning


def test_another_checklist_is_another_plan() -> None:
    both = PlanDischarge(visit_id=VISIT, expected_at=FRIDAY, checklist=(TAUGHT, BOOKED_AFTER))
    given(opened, admitted, planned).when(both).then(
        DischargePlanned(visit_id=VISIT, expected_at=FRIDAY, checklist=(TAUGHT, BOOKED_AFTER))
    )


def test_what_was_done_before_the_plan_is_done() -> None:
    given(opened, admitted, taught, planned).when(go_home).then(discharged)


def test_an_expected_day_can_be_taken_back() -> None:
    given(opened, admitted, planned).when(ChangeExpectedDischarge(visit_id=VISIT)).then(
        ExpectedDischargeChanged(visit_id=VISIT, expected_at=None)
    )


def test_the_summary_goes_to_everyone_who_is_to_have_it() -> None:
    given(opened, admitted, discharged, sent).when(
        SendDischargeSummary(visit_id=VISIT, recipient="nursing-home")
    ).then(DischargeSummarySent(visit_id=VISIT, recipient="nursing-home"))


# --- Leaving


def test_a_discharge_says_where_the_patient_goes() -> None:
    given(opened, admitted).when(DischargePatient(visit_id=VISIT)).then_refused(NoDisposition)


def test_nobody_leaves_a_visit_they_are_not_in() -> None:
    given(opened, booked).when(go_home).then_refused(NoStayToLeave)


def test_an_outpatient_may_be_discharged() -> None:
    given(opened, arrived, started).when(go_home).then(discharged)


def test_an_override_records_what_it_left_undone() -> None:
    left = Blocker(code="discharge-checklist", what="instructions-taught-back is not done", subject_id=VISIT)
    hurried = DischargePatient(visit_id=VISIT, disposition=Disposition.HOME, override_reason="bed needed")
    given(opened, admitted, planned).when(hurried).then(
        PatientDischarged(visit_id=VISIT, disposition=HOME, override_reason="bed needed", left_open=(left,))
    )


@pytest.mark.parametrize(
    "disposition",
    [Disposition.EXPIRED, Disposition.AGAINST_ADVICE, Coded(system="nubc", code="7")],
    ids=["expired", "against-advice", "ub04-7"],
)
def test_who_dies_or_leaves_against_advice_is_not_kept_by_a_checklist(
    disposition: Disposition | Coded,
) -> None:
    (event,) = (
        given(opened, admitted, planned)
        .when(DischargePatient(visit_id=VISIT, disposition=disposition))
        .decided()
    )
    assert isinstance(event, PatientDischarged)
    assert [blocker.code for blocker in event.left_open] == ["discharge-checklist"]


@pytest.mark.parametrize(
    ("system", "code", "word"),
    [
        ("nubc", "01", Disposition.HOME),
        ("nubc", "1", Disposition.HOME),
        ("nubc", "07", Disposition.AGAINST_ADVICE),
        ("nubc", "41", Disposition.EXPIRED),
        ("nubc", "30", None),
        ("nubc", "06", Disposition.HOME),
        ("nubc", "81", Disposition.HOME),
        ("http://terminology.hl7.org/CodeSystem/v2-0112", "07", Disposition.AGAINST_ADVICE),
        ("local", "07", None),
        (EXPIRED.system, "exp", Disposition.EXPIRED),
        (EXPIRED.system, "01", None),
    ],
)
def test_a_disposition_is_read_in_its_own_code_system(
    system: str, code: str, word: Disposition | None
) -> None:
    assert meaning(Coded(system=system, code=code)) is word


def test_a_departure_that_another_system_reports_needs_no_stay() -> None:
    told = given(opened).when(DischargePatient(visit_id=VISIT, reported=True)).done()
    visit = told.journey.visits.get(VISIT)
    assert visit is not None
    assert visit.status == "finished"


def test_a_departure_reported_of_another_time_is_recorded_too() -> None:
    report = DischargePatient(visit_id=VISIT, disposition=Disposition.HOME, reported=True)
    given(opened, admitted, (discharged, at(12))).when(report, at=at(13)).then(discharged)
    given(opened, admitted, (discharged, at(12))).when(report, at=at(12)).then_nothing()


def test_who_came_back_to_the_visit_leaves_it_again() -> None:
    back = given(opened, admitted, planned, taught, discharged, admitted)
    back.when(go_home).then(discharged)


@pytest.mark.parametrize(
    ("disposition", "names"),
    [
        (Coded(system="nubc", code="99"), "NUBC"),
        (Coded(system="nubc", code="30"), "still here"),
        (Coded(system=EXPIRED.system, code="01"), "alt-home"),
    ],
)
@pytest.mark.parametrize("asks", [DischargePatient, SetDisposition])
def test_a_code_that_its_system_does_not_have_is_refused(
    disposition: Coded, names: str, asks: type[DischargePatient | SetDisposition]
) -> None:
    here = given(opened, admitted)
    here.when(asks(visit_id=VISIT, disposition=disposition)).then_refused(UnknownDisposition)
    with pytest.raises(UnknownDisposition, match=names):
        here.when(asks(visit_id=VISIT, disposition=disposition)).decided()
    (told,) = here.when(asks(visit_id=VISIT, disposition=disposition, reported=True)).decided()
    assert told.model_dump()["disposition"]["code"] == disposition.code


def test_a_code_of_a_system_that_only_others_know_is_recorded() -> None:
    ours = Coded(system="local", code="99")
    given(opened, admitted).when(DischargePatient(visit_id=VISIT, disposition=ours)).then(
        PatientDischarged(visit_id=VISIT, disposition=ours)
    )


def test_every_word_has_a_code_that_means_it_or_is_the_nearest() -> None:
    assert set(UB04_OF_DISPOSITION) == set(Disposition)
    nearest = {word for word, code in UB04_OF_DISPOSITION.items() if UB04_DISPOSITION[code] is not word}
    assert nearest == {Disposition.ALTERNATIVE_HOME}


@pytest.mark.parametrize(
    ("disposition", "code"),
    [
        (Disposition.SKILLED_NURSING, "03"),
        (Coded(system="nubc", code="6"), "06"),
        (HOME, "01"),
        (Coded(system="local", code="6"), None),
        (None, None),
    ],
)
def test_a_disposition_has_a_code_for_the_bill(
    disposition: Disposition | Coded | None, code: str | None
) -> None:
    assert ub04(disposition) == code


def test_some_codes_say_that_the_patient_will_come_back() -> None:
    assert returns_as_planned(Coded(system="nubc", code="81"))
    assert not returns_as_planned(Coded(system="nubc", code="01"))
    assert not returns_as_planned(HOME)
    assert not returns_as_planned(None)


def test_where_to_was_settled_before_the_patient_leaves() -> None:
    given(opened, admitted, home_set).when(DischargePatient(visit_id=VISIT)).then(discharged)


def test_what_is_said_at_the_door_counts_more_than_what_was_settled() -> None:
    given(opened, admitted, home_set).when(
        DischargePatient(visit_id=VISIT, disposition=Disposition.HOSPICE)
    ).then(PatientDischarged(visit_id=VISIT, disposition=coded(Disposition.HOSPICE)))


def test_who_is_gone_unnoticed_is_asked_nothing_and_what_was_open_is_recorded() -> None:
    (event,) = given(opened, admitted, planned, raised).when(RecordElopement(visit_id=VISIT)).decided()
    assert isinstance(event, PatientDischarged)
    assert [each.code for each in event.left_open] == ["discharge-checklist", "discharge-barrier"]
    assert meaning(event.disposition) is Disposition.AGAINST_ADVICE


def test_who_was_gone_and_is_found_is_in_the_stay_again() -> None:
    found = given(opened, admitted, planned, gone).when(CancelDischarge(visit_id=VISIT)).done()
    now = found.journey.discharges.of(VISIT)
    assert (now.departed, now.eloped, now.is_open) == (None, False, True)


def test_a_report_of_the_departure_does_not_undo_that_nobody_saw_it() -> None:
    report = DischargePatient(visit_id=VISIT, reported=True)
    told = given(opened, admitted, (gone, at(12))).when(report, at=at(13)).done()
    assert told.journey.discharges.of(VISIT).eloped


def test_a_discharge_against_advice_skips_the_checklist_and_says_so() -> None:
    left = DischargePatient(visit_id=VISIT, disposition=Disposition.AGAINST_ADVICE)
    after = given(opened, admitted, planned, raised).when(left).done()
    (event,) = after.events[-1:]
    assert isinstance(event, PatientDischarged)
    assert [each.code for each in event.left_open] == ["discharge-checklist", "discharge-barrier"]
    assert event.override_reason is None
    steps = [each.step for each in standing(after.journey).next]
    assert steps == ["send-discharge-summary"], "the next clinician is told all the same"


def test_ready_departed_and_closed_are_three_moments() -> None:
    told = given(
        opened,
        admitted,
        (MedicallyReady(visit_id=VISIT), at(9)),
        (DischargeOrdered(visit_id=VISIT, ordered_by="dr-1"), at(10)),
        (discharged, at(15)),
        (DischargeClosed(visit_id=VISIT), at(9, day=5)),
    )
    reached = {each.milestone: each.at for each in standing(told.journey).reached}
    assert reached["medically-ready"] == at(9)
    assert reached["discharge-ordered"] == at(10)
    assert reached["departed"] == at(15)
    assert reached["discharge-closed"] == at(9, day=5)


def test_who_is_well_enough_again_is_ready_since_then() -> None:
    told = given(
        opened,
        admitted,
        (MedicallyReady(visit_id=VISIT), at(9)),
        (MedicalReadinessWithdrawn(visit_id=VISIT, reason="fever"), at(10)),
    )
    assert told.journey.discharges.of(VISIT).ready is None
    again = told.when(MarkMedicallyReady(visit_id=VISIT), at=at(12)).then(MedicallyReady(visit_id=VISIT))
    assert [each.at for each in standing(again.journey).reached if each.milestone == "medically-ready"] == [
        at(12)
    ]


def test_who_has_left_is_not_discharged_elsewhere_in_silence() -> None:
    told = given(opened, admitted, discharged)
    told.when(DischargePatient(visit_id=VISIT)).then_nothing()
    told.when(DischargePatient(visit_id=VISIT, disposition=Disposition.REHABILITATION)).then_refused(
        NoStayToLeave
    )


def test_a_discharge_that_was_planned_stands_in_nobodys_way_once_the_visit_ended_otherwise() -> None:
    here = given(opened, arrived, started).when(PlanDischarge(visit_id=VISIT)).done()
    assert "discharge-patient" in [each.step for each in standing(here.journey).next]
    over = here.when(CompleteVisit(visit_id=VISIT)).done()
    answer = standing(over.journey)
    assert (answer.next, [each.code for each in answer.blocked_by]) == ((), ["no-owner"])
    back = over.when(VoidEvent(event_id=over.id_of(completed), reason="still here")).done()
    assert "discharge-patient" in [each.step for each in standing(back.journey).next]


def test_what_keeps_the_patient_turns_out_to_be_something_else() -> None:
    stairs = Coded(system="local", code="stairs")
    raised_as = DischargeBarrierRaised(visit_id=VISIT, barrier_id=BARRIER, barrier=stairs)
    other = RaiseDischargeBarrier(visit_id=VISIT, barrier_id=BARRIER, barrier=stairs)
    given(opened, admitted, raised).when(other).then(raised_as)
