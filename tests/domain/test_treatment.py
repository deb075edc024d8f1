"""Treatment: what is found, decided and given."""

from uuid import UUID

import pytest
from pydantic import ValidationError

from journey.domain.correction import VoidEvent
from journey.domain.episode import CloseJourney
from journey.domain.event import Coded, Event, Precision
from journey.domain.rtt import IN_WORDS, RTT_LABELS, RttCode
from journey.domain.rules import JourneyIsOver
from journey.domain.standing import standing
from journey.domain.treatment import (
    AssessmentRecorded,
    CommunicateDiagnosis,
    DecisionInitiator,
    DecisionKind,
    DecisionMade,
    DeclineTreatment,
    DiagnosisCommunicated,
    DiagnosisOutcome,
    RecordAssessment,
    RecordDecision,
    RecordRttStatus,
    RecordTreatment,
    RttStatusRecorded,
    TreatmentDeclined,
    TreatmentGiven,
)
from tests.domain.cases import Case
from tests.domain.told import closed, opened
from tests.spec import Given, at, given

ASSESSMENT, DRUG, OPERATION = UUID(int=30), UUID(int=31), UUID(int=32)
THERAPY = Coded(system="local", code="conservative-therapy")
SEPSIS = Coded(system="local", code="sepsis-triage")
RED = Coded(system="local", code="red-flag")
INFUSION = Coded(system="http://snomed.info/sct", code="14152002")
RESECTION = Coded(system="http://snomed.info/sct", code="23968004", display="Colectomy")
CANCER = Coded(system="http://hl7.org/fhir/sid/icd-10", code="C18.9")

assessed = AssessmentRecorded(assessment_id=ASSESSMENT, kind=THERAPY, weeks=6)
told_yes = DiagnosisCommunicated(outcome=DiagnosisOutcome.CONFIRMED, diagnosis=CANCER)
told_no = DiagnosisCommunicated(outcome=DiagnosisOutcome.RULED_OUT)
told_perhaps = DiagnosisCommunicated(outcome=DiagnosisOutcome.UNCERTAIN)
to_treat = DecisionMade(kind=DecisionKind.TO_TREAT, decided_by="dr-1")
not_to_treat = DecisionMade(kind=DecisionKind.NOT_TO_TREAT)
mdt = DecisionMade(kind=DecisionKind.MDT)
upgrade = DecisionMade(kind=DecisionKind.UPGRADE)
drug = TreatmentGiven(treatment_id=DRUG, code=INFUSION)
operation = TreatmentGiven(treatment_id=OPERATION, code=RESECTION, definitive=True, first=True)
declined = TreatmentDeclined(code=RESECTION, reason="wants another opinion")
missed = RttStatusRecorded(code=RttCode.FIRST_ACTIVITY_NOT_ATTENDED, communicated=True, first_activity=True)
further = RttStatusRecorded(code=RttCode.SUBSEQUENT_ACTIVITY)

record_treatment = RecordTreatment(treatment_id=OPERATION, code=RESECTION, definitive=True, first=True)
record_further = RecordRttStatus(code=RttCode.SUBSEQUENT_ACTIVITY)

CASES = [
    Case(RecordAssessment(assessment_id=ASSESSMENT, kind=THERAPY, weeks=6), given(opened), [assessed]),
    Case(
        CommunicateDiagnosis(outcome=DiagnosisOutcome.CONFIRMED, diagnosis=CANCER, occurred_at=at(12)),
        given(opened),
        [told_yes],
    ),
    Case(
        RecordDecision(kind=DecisionKind.TO_TREAT, decided_by="dr-1", occurred_at=at(12)),
        given(opened),
        [to_treat],
    ),
    Case(record_treatment, given(opened), [operation], given(opened, closed), JourneyIsOver),
    Case(
        DeclineTreatment(code=RESECTION, reason="wants another opinion", occurred_at=at(12)),
        given(opened, to_treat),
        [declined],
    ),
    Case(
        RecordRttStatus(
            code=RttCode.FIRST_ACTIVITY_NOT_ATTENDED,
            communicated=True,
            first_activity=True,
            occurred_at=at(12),
        ),
        given(opened),
        [missed],
    ),
]


def reached(told: Given) -> dict[str, tuple[int, UUID | None]]:
    """The hour at which each milestone was reached, and what it is about."""
    room = told.journey.treatments
    return {each.milestone: (each.at.hour, each.subject_id) for each in room.reached()}


def awaited(told: Given) -> list[str]:
    return [step.step for step in standing(told.journey).next]


# --- What is the same, and what is another fact


def test_the_same_assessment_at_another_time_is_no_other() -> None:
    given(opened, (assessed, at(9))).when(
        RecordAssessment(assessment_id=ASSESSMENT, kind=THERAPY, weeks=6), at=at(10)
    ).then_nothing()


def test_an_assessment_that_says_something_else_corrects_it() -> None:
    longer = RecordAssessment(assessment_id=ASSESSMENT, kind=THERAPY, weeks=8)
    told = given(opened, assessed).when(longer).then(assessed.model_copy(update={"weeks": 8}))
    assert told.journey.treatments.assessments[ASSESSMENT].weeks == 8


def test_a_finding_added_later_corrects_the_assessment() -> None:
    found = RecordAssessment(assessment_id=ASSESSMENT, kind=SEPSIS, finding=RED)
    triaged = AssessmentRecorded(assessment_id=ASSESSMENT, kind=SEPSIS)
    given(opened, triaged).when(found).then(triaged.model_copy(update={"finding": RED}))


def test_an_rtt_status_recorded_again_at_another_time_is_another_activity() -> None:
    once = given((opened, at(8)), (further, at(9)))
    twice = once.when(record_further, at=at(10)).then(further)
    twice.when(record_further, at=at(9)).then_nothing()
    twice.when(record_further, at=at(10)).then_nothing()
    assert [moment for moment, _ in twice.journey.treatments.told] == [at(9), at(10)]


def test_two_statuses_of_one_moment_are_each_told_once() -> None:
    told = given((opened, at(8)), (further, at(9)), (missed, at(9)))
    told.when(record_further, at=at(9)).then_nothing()


def test_an_rtt_status_of_a_day_is_told_once_though_others_came_that_day() -> None:
    told = given((opened, at(8)), (further, at(0, day=1), Precision.DAY), (missed, at(9, day=2)))
    again = RecordRttStatus(
        code=RttCode.SUBSEQUENT_ACTIVITY, occurred_at=at(0, day=1), occurred_precision=Precision.DAY
    )
    told.when(again).then_nothing()


def test_the_same_code_that_says_more_is_another_fact() -> None:
    said = RttStatusRecorded(code=RttCode.FIRST_ACTIVITY_NOT_ATTENDED)
    more = RecordRttStatus(
        code=RttCode.FIRST_ACTIVITY_NOT_ATTENDED, communicated=True, first_activity=True, occurred_at=at(9)
    )
    given((opened, at(8)), (said, at(9))).when(more).then(missed)


def test_each_meeting_decides_for_itself() -> None:
    first = given((opened, at(8)), (mdt, at(9)))
    first.when(RecordDecision(kind=DecisionKind.MDT), at=at(9, day=7)).then(mdt)


def test_who_wished_a_decision_is_part_of_it() -> None:
    wished = RecordDecision(
        kind=DecisionKind.ACTIVE_MONITORING, initiated_by=DecisionInitiator.PATIENT, occurred_at=at(9)
    )
    monitoring = DecisionMade(kind=DecisionKind.ACTIVE_MONITORING)
    given((opened, at(8)), (monitoring, at(9))).when(wished).then(
        monitoring.model_copy(update={"initiated_by": DecisionInitiator.PATIENT})
    )


def test_a_treatment_told_again_later_is_no_other() -> None:
    given(opened, (operation, at(9))).when(record_treatment, at=at(11)).then_nothing()


def test_a_status_told_late_stands_where_it_happened() -> None:
    told = given((opened, at(8)), (missed, at(12)))
    late = told.when(record_further, at=at(10)).then(further)
    assert [event for _, event in late.journey.treatments.told] == [further, missed]


# --- Milestones


def test_the_first_of_each_is_reached() -> None:
    told = given(
        (opened, at(8)),
        *((each, at(9 + number)) for number, each in enumerate([told_yes, mdt, to_treat, drug, operation])),
        (told_no, at(18)),
    )
    assert reached(told) == {
        "diagnosis-communicated": (9, None),
        "decision-made": (10, None),
        "treatment-given": (12, DRUG),
        "first-definitive-treatment": (13, OPERATION),
    }


def test_what_is_uncertain_is_no_diagnosis() -> None:
    told = given((opened, at(8)), (told_perhaps, at(9)))
    assert reached(told) == {}
    assert reached(told.recording([told_no], at(10))) == {"diagnosis-communicated": (10, None)}


def test_an_upgrade_decides_how_soon_and_not_what() -> None:
    assert reached(given(opened, upgrade)) == {}
    assert awaited(given((opened, at(8)), (to_treat, at(9)), (upgrade, at(10)))) == ["record-treatment"]


@pytest.mark.parametrize("flags", [{"definitive": True}, {"first": True}, {}])
def test_only_a_treatment_that_is_first_and_definitive_is_the_first_definitive_one(
    flags: dict[str, bool],
) -> None:
    treatment = TreatmentGiven(treatment_id=DRUG, code=INFUSION, **flags)
    assert set(reached(given(opened, treatment))) == {"treatment-given"}


def test_a_treatment_told_late_was_the_first() -> None:
    told = given((opened, at(8)), (operation, at(12))).when(
        RecordTreatment(treatment_id=DRUG, code=INFUSION), at=at(10)
    )
    assert reached(told.then(drug))["treatment-given"] == (10, DRUG)


def test_a_treatment_that_turns_out_not_to_be_definitive_does_not_count_as_such() -> None:
    told = given((opened, at(8)), (operation, at(9)))
    palliative = RecordTreatment(treatment_id=OPERATION, code=RESECTION)
    after = told.when(palliative, at=at(10)).then(TreatmentGiven(treatment_id=OPERATION, code=RESECTION))
    assert set(reached(after)) == {"treatment-given"}


@pytest.mark.parametrize("event", [told_yes, to_treat, drug, operation])
def test_what_is_voided_was_not_reached(event: Event) -> None:
    told = given(opened, event)
    assert reached(told)
    assert reached(told.when(VoidEvent(event_id=told.id_of(event), reason="wrong patient")).done()) == {}


def test_the_next_one_is_the_first_when_the_first_is_voided() -> None:
    told = given((opened, at(8)), (told_no, at(9)), (told_yes, at(10)))
    voided = told.when(VoidEvent(event_id=told.id_of(told_no), reason="another patient")).done()
    assert reached(voided) == {"diagnosis-communicated": (10, None)}


# --- What comes next


def test_a_decision_to_treat_waits_for_its_treatment() -> None:
    told = given(opened, to_treat)
    (step,) = standing(told.journey).next
    assert (step.step, step.event_id) == ("record-treatment", told.id_of(to_treat))


@pytest.mark.parametrize(
    "after",
    [
        drug,
        declined,
        not_to_treat,
        DecisionMade(kind=DecisionKind.ACTIVE_MONITORING),
        DecisionMade(kind=DecisionKind.WATCHFUL_WAITING),
    ],
)
def test_a_decision_to_treat_waits_no_longer_after(after: Event) -> None:
    assert awaited(given(opened, to_treat, after)) == []


@pytest.mark.parametrize("after", [mdt, told_yes, further, assessed])
def test_a_decision_to_treat_waits_in_spite_of(after: Event) -> None:
    assert awaited(given(opened, to_treat, after)) == ["record-treatment"]


def test_a_decision_told_late_had_its_treatment() -> None:
    told = given((opened, at(8)), (drug, at(12)))
    late = told.when(RecordDecision(kind=DecisionKind.TO_TREAT, decided_by="dr-1"), at=at(10)).then(to_treat)
    assert awaited(late) == []


def test_the_decision_waits_again_when_the_treatment_is_voided() -> None:
    told = given((opened, at(8)), (to_treat, at(9)), (drug, at(10)))
    voided = told.when(VoidEvent(event_id=told.id_of(drug), reason="not given")).done()
    assert awaited(voided) == ["record-treatment"]


def test_nothing_of_it_keeps_a_journey_open() -> None:
    given(opened, assessed, to_treat, declined, missed).when(CloseJourney()).then(closed)


# --- The words


def test_every_code_has_its_words() -> None:
    assert set(RTT_LABELS) == set(RttCode)
    assert [code for code in RttCode if f"{code}: " not in IN_WORDS] == []


@pytest.mark.parametrize("code", ["13", "3", "", 30, "treated"])
def test_an_unknown_code_is_refused_with_those_that_there_are(code: object) -> None:
    with pytest.raises(ValidationError, match=r"'10', '11', '12'.*'98' or '99'"):
        RecordRttStatus.model_validate({"code": code})


def test_nobody_had_less_than_no_therapy() -> None:
    with pytest.raises(ValidationError, match="weeks"):
        RecordAssessment(assessment_id=ASSESSMENT, kind=THERAPY, weeks=-1)


def test_who_declines_says_why() -> None:
    with pytest.raises(ValidationError, match="reason"):
        DeclineTreatment(reason="")
