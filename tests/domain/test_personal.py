"""Every text of every event is either marked as personal or named here, with the reason why it is not."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, get_args
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from journey.domain.correction import EventCorrected, History
from journey.domain.event import EVENTS, Event, Precision, Recorded
from journey.domain.identity import Demographics, DemographicsChanged
from journey.domain.journey import EVENT_TYPES, fold
from journey.domain.parting import parted, places, told
from journey.domain.personal import ERASED, Marked
from tests.domain.anything import models
from tests.example import filled

CODES = "a word of a list, a code of a code system, or what that system calls it"
PLACES = "an organization, a service or a place in it"
STAFF = "who works on it: they answer for what they did, whoever the patient is"
DEFINED = "a name out of a definition that is the same for every patient"
NOT_PERSONAL = {
    CODES: """
        Coded.system Coded.code Coded.display Coded.version Blocker.code Identifier.system Identifier.type
        AuthorizationItem.modifiers ConsentGranted.purposes ConsentGranted.labels ConsentGranted.version
        BarrierIdentified.blocks DemographicsChanged.cleared EventVoided.of EventReattributed.of
        EventReinstated.of EventCorrected.of NoteAdded.author_role Change.what
        SubjectErased.scope
        """,
    PLACES: """
        Location.point_of_care Location.room Location.bed Location.facility OwnerAssigned.team
        CoverageRecorded.payer CoverageRecorded.plan AuthorizationRequest.payer AuthorizationRequest.plan
        HandoffOffer.from_team HandoffOffer.to_team HandoffOffer.ladder HandoffAccepted.team
        HandoffEscalated.to HandoffReassigned.to_team JourneyTransferInitiated.to_facility
        JourneyTransferInitiated.to_team JourneyTransferAccepted.team TaskRequested.team TaskReassigned.team
        AssistanceRequested.provider AssistanceArranged.provider FinancialAidScreened.program
        """,
    STAFF: """
        JourneyReopened.authorised_by OwnerAssigned.person AuthorizationRequest.requester
        AuthorizationItem.performer AuthorizedItem.performer AuthorizationDecided.performer
        AuthorizationDecided.reviewer AuthorizationDecisionReviewed.reviewed_by
        AuthorizationAppealDecided.performer PeerToPeerScheduled.clinician ReferralOrder.requester
        ReferralOrder.performer ReferralTriaged.triaged_by ReferralAccepted.owner
        ReferralDeclined.reroute_owner ReferralRerouted.performer ReferralLoopClosed.reviewed_by
        Appointment.participants FollowUpOrdered.ordered_by BarrierIdentified.owner BarrierPlanMade.owner
        ResultRelayed.relayed_by DecisionMade.decided_by HandoffOffer.from_person HandoffOffer.to_person
        HandoffAction.owner HandoffViewed.viewed_by HandoffQuestionAsked.asked_by
        HandoffQuestionAnswered.answered_by HandoffAccepted.accepted_by HandoffSynthesised.synthesised_by
        HandoffDeclined.declined_by HandoffEscalated.escalated_by HandoffReassigned.to_person
        HandoffReturned.returned_by HandoffCompleted.completed_by HandoffActionDone.done_by
        HandoffActionTransferred.to JourneyTransferAccepted.person DischargeOrdered.ordered_by
        DischargeSummarySent.recipient DischargeSummaryAcknowledged.recipient FollowUpBooked.with_whom
        MedicationsReconciled.reconciled_by ResultReviewed.reviewed_by TaskRequested.person
        TaskAccepted.accepted_by TaskReassigned.person Activity.owner CarePlanReviewed.reviewed_by
        SubjectErased.requested_by SubjectErased.decided_by
        """,
    DEFINED: """
        IntakeStarted.required IntakeItemCaptured.item IntakeItemWaived.item IntakeException.item
        IntakeFormReceived.questionnaire MessageQueued.template MessageSent.template PathwayAssigned.pathway
        PathwayAssigned.version PathwayAssigned.digest PathwayAssigned.parameters
        PathwayVersionChanged.version PathwayVersionChanged.digest PathwayVersionChanged.mapping
        PathwayVersionChanged.dropped MilestoneAttested.milestone MilestoneWaived.milestone
        MilestoneReopened.milestone
        """,
}
AS_ITS_TARGET = {"EventCorrected.data"}
"""Parted as the event that it corrects."""


def texts(model: type[BaseModel]) -> Iterator[tuple[str, bool]]:
    """Every field with text in it, also of the models within, and whether it is marked."""
    for name, field in model.model_fields.items():
        for each in reached((field.annotation, *field.metadata)):
            if isinstance(each, type) and issubclass(each, BaseModel):
                yield from texts(each)
        if {str, Any} & set(reached((field.annotation,))):
            marked = any(isinstance(each, Marked) for each in reached((field.annotation, *field.metadata)))
            yield f"{model.__name__}.{name}", marked


def reached(annotations: tuple[Any, ...]) -> Iterator[Any]:
    for each in annotations:
        yield each
        yield from reached((*get_args(each), *getattr(each, "__metadata__", ())))


def test_every_text_is_marked_or_named_with_a_reason() -> None:
    found = {text: marked for event in EVENT_TYPES for text, marked in texts(event)}
    named = {each for those in NOT_PERSONAL.values() for each in those.split()} | AS_ITS_TARGET
    unmarked = {text for text, marked in found.items() if not marked}
    assert unmarked == named, "mark it (journey.domain.personal), or name it above under its reason"


@pytest.mark.parametrize("event", EVENT_TYPES, ids=lambda event: event.stored_as)
def test_an_erased_event_is_still_read_and_folded(event: type[Event]) -> None:
    whole = filled(event)
    erased = event.model_validate(parted(whole).lasting)
    at = datetime(2026, 3, 2, tzinfo=UTC)
    recorded = Recorded(UUID(int=1), 1, UUID(int=2), erased, at, Precision.INSTANT, at, "{}")
    fold(History((recorded,)).effective, UUID(int=1))
    kept = {text for _, text in told(erased)}
    assert kept <= {ERASED}
    assert not {text for _, text in told(whole)} & set(flat(parted(whole).lasting))


def flat(value: Any) -> Iterator[str]:
    match value:
        case str():
            yield value
        case dict():
            for each in value.values():
                yield from flat(each)
        case list():
            for each in value:
                yield from flat(each)
        case _:
            pass


@given(st.sampled_from(EVENT_TYPES).flatmap(models))
def test_the_two_parts_are_the_whole(event: Event) -> None:
    lasting, personal = parted(event)
    assert type(event).model_validate({**lasting, **personal}) == event


def test_a_correction_is_as_personal_as_what_it_corrects() -> None:
    event = EventCorrected(
        corrects=UUID(int=1),
        of=DemographicsChanged.stored_as,
        data={"demographics": {"family": "Ekström", "gender": "female"}},
        reason="a slip of the pen",
    )
    lasting, _ = parted(event)
    assert lasting["data"] == {"demographics": {"gender": "female"}}
    assert lasting["reason"] == ERASED
    assert "Ekström" in [text for _, text in told(event)]


def test_of_an_event_that_nobody_knows_all_is_personal() -> None:
    event = EventCorrected(corrects=UUID(int=1), of="tea.served", data={"leaf": "green"}, reason="r")
    assert "data" not in parted(event).lasting


def test_what_is_not_personal_stays() -> None:
    event = DemographicsChanged(
        demographics=Demographics(family="Ekström", given=("Åsa",)), cleared=("phone",)
    )
    assert parted(event).lasting == {"demographics": {}, "cleared": ["phone"]}
    assert set(places(DemographicsChanged)) == {"demographics"}


def test_no_event_has_a_field_of_the_name_that_sealing_takes() -> None:
    assert not [event for event in EVENTS.values() if "sealed" in event.model_fields]
