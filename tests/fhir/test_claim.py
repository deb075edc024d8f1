"""Claim: a prior authorization as it is asked for."""

import pytest

from journey.domain.authorization import (
    AuthorizationInformationSubmitted,
    AuthorizationRequest,
    AuthorizationRequestPrepared,
    AuthorizationStatus,
    AuthorizationUnit,
    AuthorizationUpdateSubmitted,
)
from journey.fhir import claim, claimresponse
from journey.fhir.x12 import (
    INFO_CANCELLED,
)
from tests.domain.told import opened
from tests.fhir.authorized import (
    COVERAGE,
    EARLIER,
    ID,
    LEADING_TO,
    S,
    approved,
    asked,
    submitted,
)
from tests.fhir.telling import one, texts, told_as
from tests.spec import at, given


@pytest.mark.parametrize("status", AuthorizationStatus)
def test_every_status_of_an_authorization_is_told(status: AuthorizationStatus) -> None:
    events, asking, answer = LEADING_TO[status]
    told = given(opened, *events)
    assert told.journey.authorizations.by_id[ID].status is status
    assert [each["status"] for each in told_as("Claim", told)] == ([asking] if asking else [])
    assert [each["outcome"] for each in told_as("ClaimResponse", told)] == ([answer] if answer else [])
    assert status in claim.STATUS
    assert status in claimresponse.OUTCOME


@pytest.mark.parametrize("status", [S.CANCELLED, S.REVOKED])
def test_what_may_not_be_used_any_more_reads_as_cancelled(status: AuthorizationStatus) -> None:
    assert one("ClaimResponse", given(opened, *LEADING_TO[status][0]))["status"] == "cancelled"


def test_a_claim_says_what_is_asked_for() -> None:
    body = one("Claim", given(opened, (submitted, at(9))))
    assert body["use"] == "preauthorization"
    assert body["created"] == "2026-03-02T09:00:00.000000Z"
    assert body["insurer"]["display"] == "Acme Health"
    assert body["provider"]["identifier"]["value"] == "1234567893"
    assert texts(body, "priority", "coding", "code") == ["stat"]
    assert texts(body, "extension", "valueCodeableConcept", "coding", "code") == ["U"]
    assert texts(body, "identifier", "value") == ["TRN-1", f"urn:uuid:{ID}"]
    assert texts(body, "insurance", "coverage", "reference") == [f"Coverage/{COVERAGE}"]
    assert texts(body, "diagnosis", "diagnosisCodeableConcept", "coding", "code") == ["M17.11"]
    assert texts(body, "careTeam", "provider", "display") == ["dr-no"]
    knee, therapy = body["item"]
    assert texts(knee, "modifier", "coding", "code") == ["RT"]
    assert knee["diagnosisSequence"] == therapy["diagnosisSequence"] == [1]
    assert knee["careTeamSequence"] == therapy["careTeamSequence"] == [1]
    assert "quantity" not in knee
    assert (therapy["quantity"]["value"], therapy["quantity"]["code"]) == (12, "VS")
    assert therapy["servicedPeriod"] == {"start": "2026-04-01", "end": "2026-09-30"}


@pytest.mark.parametrize("unit", AuthorizationUnit)
def test_every_unit_has_a_code(unit: AuthorizationUnit) -> None:
    told = claim.quantity(3, unit)
    assert told is not None
    assert told["code"] in {"UN", "VS", "DA", "HR", "MJ", "MO"}


def test_a_claim_of_which_nothing_is_known_says_so() -> None:
    empty = AuthorizationRequestPrepared(authorization_id=ID, request=AuthorizationRequest())
    body = one("Claim", given(opened, empty))
    assert texts(body, "provider", "extension", "valueCode") == ["unknown"]
    assert texts(body, "insurance", "coverage", "extension", "valueCode") == ["unknown"]


def test_an_item_that_is_taken_out_says_so_where_nobody_may_overlook_it() -> None:
    out = AuthorizationUpdateSubmitted(authorization_id=ID, cancelled=(2,), reason="not needed")
    knee, therapy = one("Claim", given(opened, submitted, approved, out))["item"]
    assert "modifierExtension" not in knee
    assert therapy["modifierExtension"] == [{"url": INFO_CANCELLED, "valueBoolean": True}]


def test_what_was_sent_afterwards_and_what_it_is_in_place_of_is_told() -> None:
    again = submitted.model_copy(update={"supersedes": EARLIER})
    sent = AuthorizationInformationSubmitted(authorization_id=ID, documents=("note-1",))
    body = one("Claim", given(opened, again, asked, sent))
    assert texts(body, "related", "claim", "reference") == [f"Claim/{EARLIER}"]
    assert texts(body, "supportingInfo", "valueReference", "identifier", "value") == ["note-1"]
