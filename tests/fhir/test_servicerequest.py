"""ServiceRequest: what a referral asks for, and Task: how far it got."""

import re
from datetime import date
from uuid import UUID

import pytest

from journey.domain import referral as room
from journey.domain.codes import Priority
from journey.domain.event import Coded, Event
from journey.domain.referral import (
    ReferralAccepted,
    ReferralAppointmentNotified,
    ReferralCancellationRequested,
    ReferralCancelled,
    ReferralDeclined,
    ReferralDrafted,
    ReferralExpired,
    ReferralInformationRequested,
    ReferralInterimReportReceived,
    ReferralKind,
    ReferralLoopClosed,
    ReferralNoShowNotified,
    ReferralOrder,
    ReferralOutcomeReceived,
    ReferralReceiptConfirmed,
    ReferralSent,
    ReferralStatus,
    ReferralTriaged,
)
from journey.fhir import fulfilment, servicerequest
from tests.domain.told import opened
from tests.fhir.telling import one, statuses, texts
from tests.spec import PATIENT, at, given

ID = UUID(int=30)
AUTHORIZATION = UUID(int=31)
ORDER = ReferralOrder(
    number="ORD-7",
    service=Coded(system="CPT", code="93306", display="Echocardiography"),
    specialty=Coded(system="http://nucc.org/provider-taxonomy", code="207RC0000X"),
    reason=Coded(system="ICD-10-CM", code="I50.9"),
    priority=Priority.URGENT,
    requester="1234567893",
    performer="cardiology",
    documents=("letter-1",),
    authorization_id=AUTHORIZATION,
    visits=3,
    valid_from=date(2026, 3, 1),
    valid_until=date(2026, 6, 1),
)
BARE = ReferralOrder()
sent = ReferralSent(referral_id=ID, order=ORDER)
received = ReferralReceiptConfirmed(referral_id=ID)
accepted = ReferralAccepted(referral_id=ID, owner="cardiology", expected_by=at(9, day=7))
scheduled = ReferralAppointmentNotified(referral_id=ID, start=at(9, day=3))
outcome = ReferralOutcomeReceived(referral_id=ID, report="report-9")
S = ReferralStatus
LEADING_TO: dict[ReferralStatus, tuple[Event, ...]] = {
    S.DRAFT: (ReferralDrafted(referral_id=ID, order=ORDER),),
    S.SENT: (sent,),
    S.RECEIVED: (sent, received),
    S.INFORMATION_REQUESTED: (sent, ReferralInformationRequested(referral_id=ID, what="the last ECG")),
    S.ACCEPTED: (sent, accepted),
    S.DECLINED: (sent, ReferralDeclined(referral_id=ID, reason=Coded(system="x", code="full"))),
    S.SCHEDULED: (sent, accepted, scheduled),
    S.NO_SHOW: (sent, accepted, scheduled, ReferralNoShowNotified(referral_id=ID)),
    S.IN_PROGRESS: (sent, accepted, ReferralInterimReportReceived(referral_id=ID, report="report-8")),
    S.CANCELLATION_REQUESTED: (
        sent,
        accepted,
        scheduled,
        ReferralCancellationRequested(referral_id=ID, reason="moved"),
    ),
    S.OUTCOME_RECEIVED: (sent, accepted, outcome),
    S.CLOSED: (sent, accepted, outcome, ReferralLoopClosed(referral_id=ID, reviewed_by="dr-no")),
    S.CANCELLED: (sent, ReferralCancelled(referral_id=ID, reason="moved")),
    S.EXPIRED: (sent, ReferralExpired(referral_id=ID, reason="unreachable")),
}
CROSSWALK = {
    row[0]: row[2:]
    for line in (room.__doc__ or "").splitlines()
    if re.match(r"\| [a-z-]+ \|", line) and (row := [each.strip() for each in line.strip(" |").split("|")])
}
"""What the room says of itself: the request's status, the task's, and its business status."""


@pytest.mark.parametrize("status", ReferralStatus)
def test_every_status_of_a_referral_is_told_as_its_room_says(status: ReferralStatus) -> None:
    told = given(opened, *LEADING_TO[status])
    assert told.journey.referrals.by_id[ID].status is status
    asked, fulfils, *business = CROSSWALK[status]
    assert one("ServiceRequest", told)["status"] == asked == servicerequest.STATUS[status]
    task = one("Task", told)
    assert task["status"] == fulfils == fulfilment.STATUS[status][0]
    assert texts(task, "businessStatus", "coding", "code") == [each for each in business if each]


def test_a_request_says_what_is_asked_for() -> None:
    body = one("ServiceRequest", given(opened, (sent, at(9))))
    assert body["intent"] == "order"
    assert body["priority"] == "urgent"
    assert body["code"]["coding"][0]["system"] == "http://www.ama-assn.org/go/cpt"
    assert texts(body, "identifier", "value") == ["ORD-7", f"urn:uuid:{ID}"]
    assert body["requester"]["identifier"]["system"] == "http://hl7.org/fhir/sid/us-npi"
    assert body["performer"] == [{"display": "cardiology"}]
    assert body["occurrencePeriod"] == {"start": "2026-03-01", "end": "2026-06-01"}
    assert body["quantityQuantity"]["value"] == 3
    assert body["authoredOn"] == "2026-03-02T09:00:00.000000Z"
    assert texts(body, "reasonCode", "coding", "code") == ["I50.9"]
    assert texts(body, "insurance", "reference") == [f"ClaimResponse/{AUTHORIZATION}"]
    assert texts(body, "supportingInfo", "identifier", "value") == ["letter-1"]


def test_a_request_of_which_nothing_is_known_is_a_referral() -> None:
    body = one("ServiceRequest", given(opened, ReferralSent(referral_id=ID, order=BARE)))
    assert texts(body, "code", "coding", "display") == ["Patient referral"]


def test_who_refers_themselves_is_the_requester() -> None:
    order = ReferralOrder(kind=ReferralKind.SELF)
    body = one("ServiceRequest", given(opened, ReferralSent(referral_id=ID, order=order)))
    assert body["requester"]["reference"] == f"Patient/{PATIENT}"


def test_a_window_that_ends_before_it_begins_has_no_end() -> None:
    order = ReferralOrder(valid_from=date(2026, 6, 1), valid_until=date(2026, 3, 1))
    body = one("ServiceRequest", given(opened, ReferralSent(referral_id=ID, order=order)))
    assert body["occurrencePeriod"] == {"start": "2026-06-01"}


def test_triage_changes_how_soon() -> None:
    triaged = ReferralTriaged(referral_id=ID, priority=Priority.STAT)
    told = given(opened, sent, triaged)
    assert one("ServiceRequest", told)["priority"] == one("Task", told)["priority"] == "stat"


def test_the_task_fulfils_the_request_and_says_by_when_by_whom_and_why_not() -> None:
    task = one("Task", given(opened, (sent, at(9)), (accepted, at(10))))
    assert task["focus"]["reference"] == f"ServiceRequest/{ID}"
    assert texts(task, "code", "coding", "code") == ["fulfill"]
    assert task["owner"] == {"display": "cardiology"}
    assert task["restriction"] == {
        "repetitions": 3,
        "period": {"end": "2026-03-09T09:00:00.000000Z"},
    }
    assert task["executionPeriod"] == {"start": "2026-03-02T10:00:00.000000Z"}
    declined = one("Task", given(opened, *LEADING_TO[S.DECLINED]))
    assert texts(declined, "statusReason", "coding", "code") == ["full"]
    done = one("Task", given(opened, sent, accepted, outcome))
    assert texts(done, "output", "valueString") == ["report-9"]


def test_each_version_reads_as_it_was() -> None:
    told = given(opened, sent, received, accepted, outcome)
    assert statuses("Task", ID, told) == ["requested", "received", "accepted", "completed"]
    assert statuses("ServiceRequest", ID, told) == ["active", "active", "active", "completed"]
