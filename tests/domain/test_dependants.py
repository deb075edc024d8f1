"""Dependants: what was possible only because of something else, in every room."""

import pytest

from journey.domain import careplan, discharge, intake, result
from journey.domain.authorization import (
    AuthorizationUnitsConsumed,
    AuthorizationUnitsRestored,
    ReviewAction,
)
from journey.domain.correction import CorrectEvent, VoidEvent
from journey.domain.dependants import NEEDS, TABLES, OthersDependOnIt
from journey.domain.event import Event, identifying
from journey.domain.journey import Journey
from journey.domain.room import Things
from journey.domain.visit import PatientAdmitted
from tests.domain.test_authorization import approved, consumed, decides, line, restored, submitted
from tests.domain.told import opened
from tests.example import filled
from tests.spec import JOURNEY, Given, given

WRONG = "another patient"
ROOTS: dict[type[Event], type[Event]] = {
    intake.IntakeItemCaptured: intake.IntakeStarted,
    intake.IntakeInformationRequested: intake.IntakeStarted,
    intake.IntakeCompleted: intake.IntakeStarted,
    intake.IntakeAbandoned: intake.IntakeStarted,
    intake.IntakeRejected: intake.IntakeStarted,
    intake.IntakeInformationReceived: intake.IntakeInformationRequested,
    result.ResultReviewed: result.ResultReceived,
    careplan.GoalStatusChanged: careplan.CarePlanUpdated,
    discharge.PatientDischarged: PatientAdmitted,
    discharge.DischargeBarrierCleared: discharge.DischargeBarrierRaised,
    discharge.ChecklistItemWaived: discharge.DischargePlanned,
    discharge.DischargeSummaryAcknowledged: discharge.DischargeSummarySent,
    discharge.FollowUpVisitCompleted: discharge.FollowUpBooked,
    discharge.TransitionClosed: discharge.PatientDischarged,
    discharge.DischargeClosed: discharge.PatientDischarged,
    AuthorizationUnitsRestored: AuthorizationUnitsConsumed,
}
"""What each of those that no table speaks of hangs on."""


def chain(event: type[Event]) -> list[type[Event]]:
    """What comes before it, and itself."""
    return [*(chain(ROOTS[event]) if event in ROOTS else []), event]


def hanging(told: Given, root: Event) -> list[str]:
    """What hangs on this."""
    void = VoidEvent(event_id=told.id_of(root), reason=WRONG)
    with pytest.raises(OthersDependOnIt) as refused:
        told.when(void).decided()
    return [each.what.partition(" ")[0] for each in refused.value.blockers]


@pytest.mark.parametrize("event", NEEDS, ids=lambda event: event.stored_as)
def test_what_no_table_speaks_of_hangs_on_what_it_needs(event: type[Event]) -> None:
    told = given(opened, *(filled(each) for each in chain(event)))
    assert event.stored_as in hanging(told, filled(ROOTS[event]))


@pytest.mark.parametrize("event", TABLES, ids=lambda event: event.stored_as)
def test_what_has_a_status_says_what_it_is_about(event: type[Event]) -> None:
    room, _ = TABLES[event]
    subject = getattr(Journey(JOURNEY, 0), room)
    assert identifying(event) if isinstance(subject, Things) else hasattr(subject, "status")


# --- Units of an authorization

EIGHT = consumed.model_copy(update={"quantity": 8})
GRANTED = given(opened, submitted, approved, EIGHT, restored)


def test_units_are_used_of_what_was_granted() -> None:
    assert hanging(GRANTED, approved) == ["authorization.units_consumed", "authorization.units_restored"]


def test_fewer_are_not_granted_than_are_used() -> None:
    fewer = decides(line(1, ReviewAction.MODIFIED, 6)).model_dump(mode="json", include={"lines"})
    correct = CorrectEvent(event_id=GRANTED.id_of(approved), data=fewer, reason=WRONG)
    GRANTED.when(correct).then_refused(OthersDependOnIt, blockers=["depends-on-it", "depends-on-it"])


def test_as_many_are_granted_as_are_used() -> None:
    enough = decides(line(1, ReviewAction.MODIFIED, 8)).model_dump(mode="json", include={"lines"})
    correct = CorrectEvent(event_id=GRANTED.id_of(approved), data=enough, reason=WRONG)
    assert len(GRANTED.when(correct).decided()) == 1


def test_what_was_used_without_being_granted_hangs_on_nothing() -> None:
    told = given(opened, submitted, consumed)
    void = VoidEvent(event_id=told.id_of(submitted), reason=WRONG)
    assert len(told.when(void).decided()) == 1
