"""How patients leave a pathway: after each ordinary ending, nothing is owed that nobody would do any more."""

from uuid import UUID

import pytest

from journey.domain.authorization import AuthorizationCancelled, Urgency
from journey.domain.codes import EncounterClass
from journey.domain.discharge import PatientDischarged
from journey.domain.event import Coded, Event
from journey.domain.identity import Demographics, DemographicsChanged
from journey.domain.referral import ReferralLoopClosed
from journey.domain.treatment import RttStatusRecorded
from journey.domain.visit import (
    Appointment,
    PatientArrived,
    PatientLeftUnseen,
    VisitBooked,
    VisitCancelled,
)
from journey.pathways import installed
from tests.pathways.test_standards import (
    CANCER,
    LATER,
    PA,
    REFERRAL,
    RTT,
    SENT,
    TCM,
    VISIT,
    first,
    left,
    received,
    runs,
    stands,
    submitted,
    treated,
)
from tests.spec import Told, at

died = DemographicsChanged(demographics=Demographics(deceased_at=at(9, day=9)))
died_here = PatientDischarged(visit_id=VISIT, disposition=Coded(system="nubc", code="20"))
EMERGENCY = PatientArrived(visit_id=VISIT, encounter_class=EncounterClass.EMERGENCY)
SEPSIS = "inpatient-sepsis", "1.0.0"
BEGUN: dict[tuple[str, str], list[Told]] = {
    CANCER: [(received, at(9))],
    RTT: [(received, at(9))],
    PA: [SENT],
    TCM: [(left, at(9))],
    SEPSIS: [(EMERGENCY, at(9))],
}


def owed(pathway: tuple[str, str], *told: Told) -> set[str]:
    """What of the pathway itself is to be done."""
    plan = installed().plan(*pathway)
    assert plan is not None
    stood = stands(pathway, *BEGUN[pathway], *told)
    return {each.step for each in (*stood.next, *stood.later)} & {
        each.id for each in plan.definition.every_milestone()
    }


@pytest.mark.parametrize("end", [died, died_here])
@pytest.mark.parametrize("pathway", BEGUN, ids=lambda pathway: pathway[0])
def test_nothing_is_owed_to_who_has_died_and_no_target_runs_on(pathway: tuple[str, str], end: Event) -> None:
    assert owed(pathway)
    assert owed(pathway, (end, at(9, day=9))) == set()
    stood = stands(pathway, *BEGUN[pathway], (end, at(9, day=9)))
    assert not [each for each in stood.clocks if each.target and each.state == "running"]


@pytest.mark.parametrize("code", ["31", "32", "34", "35", "36"])
def test_who_leaves_the_cancer_pathway_is_not_asked_to_come(code: str) -> None:
    still = {"told"} - ({"told"} if code in {"35", "36"} else set())
    assert owed(CANCER, (RttStatusRecorded(code=code), at(9, day=9))) == still


def test_a_patient_who_declines_ends_the_28_days_too() -> None:
    found = runs(CANCER, "fds28", (received, at(9)), (RttStatusRecorded(code="35"), at(9, day=9)))
    assert [each.state for each in found] == ["stopped"]


def test_what_was_to_come_before_a_treatment_is_not_asked_for_after_it() -> None:
    assert owed(RTT, (treated, at(9, day=9))) == set()


def test_a_closed_loop_owes_no_imaging() -> None:
    assert owed(PA, (ReferralLoopClosed(referral_id=REFERRAL, reviewed_by="dr"), at(9, day=9))) == set()


def test_a_request_that_is_cancelled_is_to_be_submitted_anew() -> None:
    gone = AuthorizationCancelled(authorization_id=UUID(int=8), reason="withdrawn")
    told: list[Told] = [(submitted(Urgency.STANDARD), at(15))]
    assert "pa-submitted" not in owed(PA, *told)
    assert "pa-submitted" in owed(PA, *told, (gone, at(9, day=1)))


def test_who_leaves_the_emergency_department_unseen_is_owed_nothing_there() -> None:
    assert owed(SEPSIS, (PatientLeftUnseen(visit_id=VISIT), at(10))) == set()


def test_an_appointment_of_another_kind_that_is_cancelled_undoes_nothing() -> None:
    other = VisitBooked(visit_id=LATER, appointment=Appointment(start=at(9, day=20)))
    gone = VisitCancelled(visit_id=LATER, initiator="patient")
    for pathway in (RTT, CANCER, PA):
        told: list[Told] = [(first(), at(10)), (other, at(11)), (gone, at(12))]
        booked = {"first-booked", "imaging-booked"}
        assert not owed(pathway, *told) & booked
        assert owed(pathway) & booked
