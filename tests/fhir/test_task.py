"""Task: what somebody is asked to do: a task, a transfer, and what a payer asks to be sent."""

from uuid import UUID

import pytest

from journey.domain.authorization import (
    AuthorizationCancelled,
    AuthorizationInformationRequested,
    AuthorizationInformationSubmitted,
    AuthorizationPended,
    AuthorizationRequest,
    AuthorizationStatus,
    AuthorizationSubmitted,
)
from journey.domain.codes import Priority
from journey.domain.event import Coded, Event
from journey.domain.referral import ReferralOrder, ReferralSent
from journey.domain.task import (
    TaskAccepted,
    TaskCancelled,
    TaskCompleted,
    TaskFailed,
    TaskPutOnHold,
    TaskReassigned,
    TaskRejected,
    TaskRequested,
    TaskStarted,
    TaskStatus,
)
from journey.domain.transfer import (
    JourneyTransferAccepted,
    JourneyTransferCompleted,
    JourneyTransferDeclined,
    JourneyTransferInitiated,
    JourneyTransferWithdrawn,
    TransferStatus,
)
from journey.fhir.every import KINDS
from journey.fhir.index import entry
from journey.fhir.task import ASKED, TASK_STATUS, TRANSFER_STATUS
from tests.domain.told import VISIT, opened
from tests.fhir.telling import every_version, one, statuses, texts
from tests.spec import JOURNEY, at, given

ID = UUID(int=40)
asked = TaskRequested(
    task_id=ID,
    what="Call the pharmacy",
    team="ward-a",
    person="nurse-7",
    due=at(12),
    priority=Priority.ASAP,
    about=VISIT,
)
accepted = TaskAccepted(task_id=ID, accepted_by="nurse-7")
started = TaskStarted(task_id=ID)
T = TaskStatus
TASKS: dict[TaskStatus, tuple[Event, ...]] = {
    T.REQUESTED: (asked,),
    T.ACCEPTED: (asked, accepted),
    T.REJECTED: (asked, TaskRejected(task_id=ID, reason="not ours")),
    T.IN_PROGRESS: (asked, started),
    T.ON_HOLD: (asked, started, TaskPutOnHold(task_id=ID, reason="closed today")),
    T.COMPLETED: (asked, TaskCompleted(task_id=ID, outcome="renewed")),
    T.FAILED: (asked, started, TaskFailed(task_id=ID, reason="out of stock")),
    T.CANCELLED: (asked, TaskCancelled(task_id=ID, reason="not needed")),
}


@pytest.mark.parametrize("status", TaskStatus)
def test_every_status_of_a_task_is_told(status: TaskStatus) -> None:
    told = given(opened, *TASKS[status])
    assert told.journey.tasks.by_id[ID].status is status
    body = one("Task", told)
    assert body["status"] == TASK_STATUS[status] == status.value
    assert ("statusReason" in body) is (status in {T.REJECTED, T.ON_HOLD, T.FAILED, T.CANCELLED})


def test_a_task_says_who_does_what_by_when() -> None:
    body = one("Task", given(opened, asked))
    assert body["description"] == "Call the pharmacy"
    assert body["priority"] == "asap"
    assert body["owner"] == {"type": "Organization", "display": "ward-a"}
    assert body["restriction"] == {
        "period": {"end": "2026-03-02T12:00:00.000000Z"},
        "recipient": [{"type": "Practitioner", "display": "nurse-7"}],
    }
    assert body["focus"]["identifier"]["value"] == f"urn:uuid:{VISIT}"
    assert entry(KINDS["Task"], body).owner == "ward-a"


def test_a_task_without_a_team_is_the_persons() -> None:
    alone = TaskReassigned(task_id=ID, person="nurse-8", reason="on leave")
    body = one("Task", given(opened, asked, alone))
    assert body["owner"] == {"type": "Practitioner", "display": "nurse-8"}
    assert "statusReason" not in body


def test_what_came_of_a_task_is_its_output() -> None:
    assert texts(one("Task", given(opened, *TASKS[T.COMPLETED])), "output", "valueString") == ["renewed"]


def test_a_task_is_as_old_as_its_asking_and_as_new_as_its_last_event() -> None:
    body = one("Task", given(opened, (asked, at(9)), (started, at(10))))
    assert body["authoredOn"] == "2026-03-02T09:00:00.000000Z"
    assert body["lastModified"] == "2026-03-02T10:00:00.000000Z"


# --- transfers

initiated = JourneyTransferInitiated(
    transfer_id=ID, to_facility="St. Elsewhere", to_team="icu", reason="no bed here", due=at(12)
)
taken = JourneyTransferAccepted(transfer_id=ID, team="icu-2", person="dr-no")
X = TransferStatus
TRANSFERS: dict[TransferStatus, tuple[tuple[Event, ...], str]] = {
    X.INITIATED: ((initiated,), "requested"),
    X.ACCEPTED: ((initiated, taken), "accepted"),
    X.DECLINED: ((initiated, JourneyTransferDeclined(transfer_id=ID, reason="full")), "rejected"),
    X.WITHDRAWN: ((initiated, JourneyTransferWithdrawn(transfer_id=ID, reason="better")), "cancelled"),
    X.COMPLETED: ((initiated, taken, JourneyTransferCompleted(transfer_id=ID)), "completed"),
}


@pytest.mark.parametrize("status", TransferStatus)
def test_every_status_of_a_transfer_is_told(status: TransferStatus) -> None:
    events, expected = TRANSFERS[status]
    told = given(opened, *events)
    assert told.journey.transfers.by_id[ID].status is status
    assert one("Task", told)["status"] == expected == TRANSFER_STATUS[status]


def test_a_transfer_is_asked_of_the_team_there_and_then_owned_by_who_accepts() -> None:
    before = one("Task", given(opened, initiated))
    assert before["focus"]["reference"] == f"EpisodeOfCare/{JOURNEY}"
    assert before["owner"]["display"] == "icu"
    assert texts(before, "restriction", "recipient", "display") == ["St. Elsewhere"]
    assert before["restriction"]["period"] == {"end": "2026-03-02T12:00:00.000000Z"}
    assert before["reasonCode"] == {"text": "no bed here"}
    after = one("Task", given(opened, initiated, (taken, at(13))))
    assert after["owner"]["display"] == "icu-2"
    assert texts(after, "restriction", "recipient", "display") == ["St. Elsewhere", "dr-no"]
    assert after["executionPeriod"] == {"start": "2026-03-02T13:00:00.000000Z"}


# --- what a payer asks for

submitted = AuthorizationSubmitted(
    authorization_id=ID, request=AuthorizationRequest(payer="Acme Health", requester="1234567893")
)
wanted = AuthorizationInformationRequested(
    authorization_id=ID, what=Coded(system="LOINC", code="11506-3", display="Progress note"), due=at(12)
)
provided = AuthorizationInformationSubmitted(authorization_id=ID, documents=("note-1",))


def test_what_a_payer_asks_for_is_a_task_with_what_is_needed() -> None:
    told = given(opened, submitted, wanted)
    body = one("Task", told)
    assert body["status"] == "requested"
    assert texts(body, "code", "coding", "code") == ["attachment-request-code"]
    assert body["reasonReference"]["reference"] == f"Claim/{ID}"
    assert body["requester"]["display"] == "Acme Health"
    assert body["owner"]["identifier"]["value"] == "1234567893"
    assert texts(body, "input", "valueCodeableConcept", "coding", "code") == ["11506-3"]
    assert body["restriction"]["period"] == {"end": "2026-03-02T12:00:00.000000Z"}


def test_it_was_written_when_the_payer_asked_and_not_when_it_was_asked() -> None:
    told = given(opened, submitted, (wanted, at(10)), (provided, at(11)), (wanted, at(13)))
    authored = [each.body and each.body["authoredOn"] for each in every_version("Task", ID, told)]
    assert authored == [f"2026-03-02T{hour}:00:00.000000Z" for hour in (10, 10, 13)]


def test_what_was_sent_completes_it_and_another_question_asks_again() -> None:
    body = one("Task", given(opened, submitted, wanted, provided))
    assert body["status"] == "completed"
    assert texts(body, "output", "valueReference", "identifier", "value") == ["note-1"]
    told = given(opened, submitted, wanted, provided, wanted, AuthorizationPended(authorization_id=ID))
    assert statuses("Task", ID, told) == ["requested", "completed", "requested", "requested"]
    assert [each.number for each in every_version("Task", ID, told)] == [3, 4, 5, 6]


def test_of_a_request_that_is_not_wanted_any_more_nothing_is_asked() -> None:
    told = given(opened, submitted, wanted, AuthorizationCancelled(authorization_id=ID, reason="moved"))
    assert one("Task", told)["status"] == "cancelled"


@pytest.mark.parametrize("status", AuthorizationStatus)
def test_every_status_of_an_authorization_says_whether_the_payer_still_waits(
    status: AuthorizationStatus,
) -> None:
    waits = {"submitted", "acknowledged", "pended", "information-requested", "contact-payer", "appealed"}
    assert ASKED[status] == ("requested" if status in waits else "cancelled")


def test_things_of_two_rooms_under_one_id_are_one_task() -> None:
    told = given(opened, asked, ReferralSent(referral_id=ID, order=ReferralOrder()))
    assert texts(one("Task", told), "code", "coding", "code") == ["fulfill"]
