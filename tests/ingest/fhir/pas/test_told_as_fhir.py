"""What is told as FHIR here, and read again elsewhere, says the same there."""

from collections.abc import Sequence

import pytest

from journey.domain.authorization import AuthorizationCancelled, AuthorizationRevoked, ReviewAction
from journey.domain.event import Event
from journey.fhir.chart import Chart
from journey.fhir.claim import CLAIM
from journey.fhir.claimresponse import CLAIM_RESPONSE
from journey.fhir.task import TASK
from tests.domain import test_authorization as room
from tests.domain.told import opened
from tests.ingest.fhir.pas.payer import Story
from tests.spec import given

A = ReviewAction
CERTIFIED, OTHER = room.line(1, A.CERTIFIED), {A.PARTLY_CERTIFIED: 2, A.MODIFIED: 3}

HISTORIES: dict[str, Sequence[Event]] = {
    "submitted": [room.submitted],
    "acknowledged": [room.submitted, room.acknowledged],
    "pended": [room.submitted, room.pended],
    "information-requested": [room.submitted, room.asked],
    "information-sent": [room.submitted, room.asked, room.sent],
    "returned": [room.submitted, room.returned],
    "updated": [room.submitted, room.updated],
    "denied": [room.submitted, room.denied],
    "modified": [room.submitted, room.modified],
    "overturned": [room.submitted, room.denied, room.appealed, room.overturned],
    "upheld": [room.submitted, room.denied, room.appealed, room.upheld],
    "in-part": [room.both_submitted, room.decides(CERTIFIED)],
    "cancelled": [room.submitted, AuthorizationCancelled(authorization_id=room.PA, reason="recovered")],
    "revoked": [
        room.submitted,
        room.approved,
        AuthorizationRevoked(authorization_id=room.PA, reason="coverage ended"),
    ],
    **{
        f"second-{action}": [
            room.both_submitted,
            room.decides(CERTIFIED, room.line(2, action, OTHER.get(action))),
        ]
        for action in A
    },
}


@pytest.mark.parametrize("name", HISTORIES)
def test_it_stands_there_as_it_stands_here(name: str) -> None:
    here = given(opened, *HISTORIES[name])
    chart = Chart(here.journey)
    there = Story()
    for kind in (CLAIM, TASK, CLAIM_RESPONSE):  # the question of a request that is pended stands in its Task
        for body in kind.made(chart):
            there.hears({"resourceType": kind.type, **body})
    assert there.status == room.status(here)
    before = there.events
    for body in CLAIM_RESPONSE.made(chart):
        assert there.hears({"resourceType": "ClaimResponse", **body}).events == before
