"""Handover: a handoff as the Task of taking the patient over, with what I-PASS asks for."""

import re
from uuid import UUID

import pytest

from journey.domain import handoff as room
from journey.domain.event import Event
from journey.domain.handoff import (
    Contingency,
    HandoffAccepted,
    HandoffAction,
    HandoffActionDone,
    HandoffCompleted,
    HandoffDeclined,
    HandoffDrafted,
    HandoffEscalated,
    HandoffExpired,
    HandoffKind,
    HandoffOffer,
    HandoffOffered,
    HandoffQuestionAnswered,
    HandoffQuestionAsked,
    HandoffReturned,
    HandoffStatus,
    HandoffSynthesised,
    HandoffWithdrawn,
    IllnessSeverity,
)
from journey.fhir.handover import STATUS
from tests.domain.told import opened
from tests.fhir.telling import one, statuses, texts, told_as
from tests.fhir.validating import Json
from tests.spec import JOURNEY, at, given

ID, ACTION, QUESTION = UUID(int=50), UUID(int=51), UUID(int=52)
OFFER = HandoffOffer(
    kind=HandoffKind.SHIFT,
    from_team="day",
    from_person="dr-day",
    to_team="night",
    to_person="dr-night",
    severity=IllnessSeverity.WATCHER,
    summary="Pneumonia, day 2",
    actions=(HandoffAction(action_id=ACTION, what="Repeat lactate", owner="nurse-1", due=at(20)),),
    contingencies=(Contingency(if_happens="the fever rises", then_do="draw cultures"),),
    pending_results=("CT of the chest",),
)
offered = HandoffOffered(handoff_id=ID, offer=OFFER, accept_due=at(12))
accepted = HandoffAccepted(handoff_id=ID, accepted_by="dr-night", team="night")
read_back = HandoffSynthesised(handoff_id=ID, synthesised_by="dr-night", text="Lactate at eight.")
declined = HandoffDeclined(handoff_id=ID, reason="busy")
expired = HandoffExpired(handoff_id=ID)
escalated = HandoffEscalated(handoff_id=ID, level=1, to="chief", accept_due=at(13))
S = HandoffStatus
LEADING_TO: dict[HandoffStatus, tuple[Event, ...]] = {
    S.DRAFT: (HandoffDrafted(handoff_id=ID, offer=OFFER),),
    S.OFFERED: (offered,),
    S.DECLINED: (offered, declined),
    S.EXPIRED: (offered, expired),
    S.ESCALATED: (offered, expired, escalated),
    S.ACCEPTED: (offered, accepted),
    S.SYNTHESISED: (offered, accepted, read_back),
    S.RETURNED: (offered, accepted, HandoffReturned(handoff_id=ID, reason="wrong ward")),
    S.COMPLETED: (offered, accepted, read_back, HandoffCompleted(handoff_id=ID)),
    S.WITHDRAWN: (offered, HandoffWithdrawn(handoff_id=ID, reason="discharged")),
}
CROSSWALK = {
    row[0]: row[1:]
    for line in (room.__doc__ or "").splitlines()
    if re.match(r"\| [a-z]+ \|", line) and (row := [each.strip() for each in line.strip(" |").split("|")])
}
"""What the room says of itself: Task.status, and Task.businessStatus where there is one."""


def told_of(body: Json, word: str) -> list[object]:
    """The inputs and outputs under this word."""
    parts = [*body.get("input", ()), *body.get("output", ())]
    return [each["valueString"] for each in parts if each["type"]["text"] == word]


@pytest.mark.parametrize("status", HandoffStatus)
def test_every_status_of_a_handoff_is_told_as_its_room_says(status: HandoffStatus) -> None:
    told = given(opened, *LEADING_TO[status])
    assert told.journey.handoffs.by_id[ID].status is status
    body = one("Task", told)
    expected, *business = CROSSWALK[status]
    assert body["status"] == expected == STATUS[status][0]
    assert texts(body, "businessStatus", "coding", "code") == [each for each in business if each]
    assert ("statusReason" in body) is (status in {S.DECLINED, S.RETURNED, S.WITHDRAWN})


def test_an_offer_says_from_whom_to_whom_and_until_when() -> None:
    body = one("Task", given(opened, offered))
    assert body["focus"]["reference"] == f"EpisodeOfCare/{JOURNEY}"
    assert body["requester"] == {"type": "Organization", "display": "day"}
    assert body["owner"] == {"type": "Organization", "display": "night"}
    assert body["restriction"]["period"] == {"end": "2026-03-02T12:00:00.000000Z"}
    assert texts(body, "restriction", "recipient", "display") == ["night", "dr-night"]


def test_what_the_receiver_must_know_is_the_input() -> None:
    body = one("Task", given(opened, offered))
    assert texts(body, "input", "valueCodeableConcept", "coding", "code") == ["watcher"]
    assert told_of(body, "Patient summary") == ["Pneumonia, day 2"]
    assert told_of(body, "Contingency") == ["If the fever rises: draw cultures"]
    assert told_of(body, "Pending result") == ["CT of the chest"]
    assert told_of(body, "Action") == ["Repeat lactate; nurse-1; by 2026-03-02T20:00:00.000000Z"]
    done = one("Task", given(opened, offered, HandoffActionDone(handoff_id=ID, action_id=ACTION)))
    assert told_of(done, "Action") == ["Repeat lactate; nurse-1; by 2026-03-02T20:00:00.000000Z; done"]


def test_whoever_accepts_owns_it_and_what_they_read_back_is_the_output() -> None:
    body = one("Task", given(opened, (offered, at(9)), (accepted, at(10)), (read_back, at(11))))
    assert texts(body, "output", "valueReference", "display") == ["dr-night"]
    assert told_of(body, "Read-back") == ["Lactate at eight."]
    assert "period" not in body["restriction"]
    assert body["executionPeriod"] == {"start": "2026-03-02T10:00:00.000000Z"}


def test_once_it_is_escalated_the_next_one_is_asked_as_well() -> None:
    body = one("Task", given(opened, *LEADING_TO[S.ESCALATED]))
    assert body["owner"]["display"] == "chief"
    assert texts(body, "restriction", "recipient", "display") == ["night", "dr-night", "chief"]


def test_what_is_returned_is_asked_of_who_had_handed_over() -> None:
    body = one("Task", given(opened, *LEADING_TO[S.RETURNED]))
    assert (body["requester"]["display"], body["owner"]["display"]) == ("night", "day")


def test_questions_and_answers_are_notes() -> None:
    question = HandoffQuestionAsked(handoff_id=ID, question_id=QUESTION, question="Allergies?")
    answer = HandoffQuestionAnswered(handoff_id=ID, question_id=QUESTION, answer="None known")
    body = one("Task", given(opened, offered, question, answer))
    assert texts(body, "note", "text") == ["Question: Allergies?\nAnswer: None known"]


def test_each_version_reads_as_it_was() -> None:
    told = given(opened, *LEADING_TO[S.COMPLETED])
    assert statuses("Task", ID, told) == ["requested", "accepted", "in-progress", "completed"]


def test_what_another_handoff_says_of_the_same_id_is_not_this_ones() -> None:
    other = HandoffOffered(handoff_id=UUID(int=53), offer=OFFER.model_copy(update={"actions": ()}))
    done = HandoffActionDone(handoff_id=UUID(int=53), action_id=ID)
    told = given(opened, (other, at(8)), (done, at(8, 30)), (offered, at(9)))
    mine = next(each for each in told_as("Task", told) if each["id"] == str(ID))
    assert mine["authoredOn"] == mine["lastModified"] == "2026-03-02T09:00:00.000000Z"
