"""Claim and ClaimResponse: a prior authorization as it is asked for, and what the payer says of it."""

from datetime import date
from uuid import UUID

import pytest

from journey.domain.authorization import (
    AppealLevel,
    AuthorizationAcknowledged,
    AuthorizationAppealed,
    AuthorizationCancelled,
    AuthorizationDecided,
    AuthorizationExtended,
    AuthorizationInformationRequested,
    AuthorizationInformationSubmitted,
    AuthorizationItem,
    AuthorizationPended,
    AuthorizationRequest,
    AuthorizationRequestPrepared,
    AuthorizationRequirementDetermined,
    AuthorizationReturned,
    AuthorizationRevoked,
    AuthorizationStatus,
    AuthorizationSubmitted,
    AuthorizationUnit,
    AuthorizationUpdateSubmitted,
    AuthorizedItem,
    LineDecision,
    RequestFault,
    RequirementSource,
    ReviewAction,
    Urgency,
)
from journey.domain.correction import VoidEvent
from journey.domain.event import Coded, Event
from journey.fhir import claim, claimresponse
from journey.fhir.x12 import (
    ADMINISTRATION_REFERENCE,
    ERROR_FOLLOW_UP,
    ERROR_PATH,
    INFO_CANCELLED,
    ITEM_DETAIL,
    ITEM_PERIOD,
    REVIEW_ACTION,
    REVIEW_ACTION_CODE,
)
from tests.domain.told import opened
from tests.fhir.telling import Json, one, statuses, texts, told_as
from tests.spec import at, given

ID, COVERAGE, EARLIER = UUID(int=70), UUID(int=71), UUID(int=72)
KNEE = Coded(system="CPT", code="27447", display="Total knee arthroplasty")
THERAPY = Coded(system="CPT", code="97110")
ARTHROSIS = Coded(system="ICD-10-CM", code="M17.11")
REQUEST = AuthorizationRequest(
    payer="Acme Health",
    plan="Gold",
    coverage_id=COVERAGE,
    urgency=Urgency.EXPEDITED,
    level_of_service=Coded(system="https://codesystem.x12.org/005010/1338", code="U"),
    requester="1234567893",
    items=(
        AuthorizationItem(
            sequence=1, service=KNEE, modifiers=("RT",), diagnoses=(ARTHROSIS,), performer="dr-no"
        ),
        AuthorizationItem(
            sequence=2,
            service=THERAPY,
            diagnoses=(ARTHROSIS,),
            quantity=12,
            valid_from=date(2026, 4, 1),
            valid_until=date(2026, 9, 30),
            performer="dr-no",
        ),
    ),
)
prepared = AuthorizationRequestPrepared(authorization_id=ID, request=REQUEST)
submitted = AuthorizationSubmitted(authorization_id=ID, trace="TRN-1", request=REQUEST)
acknowledged = AuthorizationAcknowledged(authorization_id=ID, reference="PEND-1")
pended = AuthorizationPended(authorization_id=ID)
asked = AuthorizationInformationRequested(authorization_id=ID, what=Coded(system="LOINC", code="11506-3"))
FAULT = RequestFault(
    reason=Coded(system="https://codesystem.x12.org/005010/901", code="T4"),
    where="Claim.provider",
    follow_up=Coded(system="https://codesystem.x12.org/005010/889", code="C"),
)
returned = AuthorizationReturned(authorization_id=ID, faults=(FAULT,))


def needed(*, required: bool) -> AuthorizationRequirementDetermined:
    return AuthorizationRequirementDetermined(
        authorization_id=ID, service=KNEE, required=required, source=RequirementSource.CRD
    )


def decided(*actions: ReviewAction, **more: object) -> AuthorizationDecided:
    """The payer's answer to each item in turn."""
    lines = tuple(LineDecision(sequence=number, action=each) for number, each in enumerate(actions, start=1))
    return AuthorizationDecided.model_validate({"authorization_id": ID, "lines": lines, **more})


A = ReviewAction
approved = decided(A.CERTIFIED, A.CERTIFIED, number="AUTH-1")
denied = decided(A.NOT_CERTIFIED, A.NOT_CERTIFIED)
S = AuthorizationStatus
LEADING_TO: dict[AuthorizationStatus, tuple[tuple[Event, ...], str | None, str | None]] = {
    S.REQUIRED: ((needed(required=True),), None, None),
    S.NOT_REQUIRED: ((needed(required=False),), None, None),
    S.DRAFT: ((prepared,), "draft", None),
    S.SUBMITTED: ((submitted,), "active", None),
    S.ACKNOWLEDGED: ((submitted, acknowledged), "active", "queued"),
    S.RETURNED: ((submitted, returned), "active", "error"),
    S.PENDED: ((submitted, pended), "active", "partial"),
    S.INFORMATION_REQUESTED: ((submitted, asked), "active", "partial"),
    S.CONTACT_PAYER: ((submitted, decided(A.CONTACT_PAYER, A.CERTIFIED)), "active", "partial"),
    S.APPROVED: ((submitted, approved), "active", "complete"),
    S.PARTIALLY_APPROVED: ((submitted, decided(A.CERTIFIED, A.NOT_CERTIFIED)), "active", "complete"),
    S.MODIFIED: ((submitted, decided(A.CERTIFIED, A.MODIFIED)), "active", "complete"),
    S.DENIED: ((submitted, denied), "active", "complete"),
    S.APPEALED: (
        (submitted, denied, AuthorizationAppealed(authorization_id=ID, level=AppealLevel.REDETERMINATION)),
        "active",
        "partial",
    ),
    S.CANCELLED: (
        (submitted, approved, AuthorizationCancelled(authorization_id=ID, reason="moved")),
        "cancelled",
        "complete",
    ),
    S.REVOKED: (
        (submitted, approved, AuthorizationRevoked(authorization_id=ID, reason="lapsed")),
        "active",
        "complete",
    ),
}


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


# --- what the payer says


def review(item: Json) -> Json:
    """The parts of the review action, by their addresses."""
    (extension,) = item["adjudication"][0]["extension"]
    assert extension["url"] == REVIEW_ACTION
    return {each["url"]: each for each in extension["extension"]}


def extended(item: Json, url: str) -> list[Json]:
    return [each for each in item.get("extension", ()) if each["url"] == url]


@pytest.mark.parametrize("action", ReviewAction)
def test_every_action_of_a_payer_is_a_review_action(action: ReviewAction) -> None:
    first, _ = one("ClaimResponse", given(opened, submitted, decided(action, A.CERTIFIED)))["item"]
    assert texts(review(first)[REVIEW_ACTION_CODE], "valueCodeableConcept", "coding", "code") == [action]


def test_a_decision_says_what_is_granted_under_which_number_until_when() -> None:
    lines = (
        LineDecision(sequence=1, action=A.CERTIFIED, number="AUTH-1A"),
        LineDecision(
            sequence=2,
            action=A.PARTLY_CERTIFIED,
            authorized=AuthorizedItem(quantity=6),
            reason=Coded(system="https://codesystem.x12.org/external/886", code="0Y"),
            note="Six now, six after a report.",
        ),
    )
    answer = AuthorizationDecided(
        authorization_id=ID,
        lines=lines,
        number="AUTH-1",
        valid_from=date(2026, 4, 1),
        valid_until=date(2026, 6, 30),
    )
    body = one("ClaimResponse", given(opened, submitted, (answer, at(15))))
    assert body["created"] == "2026-03-02T15:00:00.000000Z"
    assert body["request"]["reference"] == f"Claim/{ID}"
    assert body["preAuthRef"] == "AUTH-1"
    assert body["preAuthPeriod"] == {"start": "2026-04-01", "end": "2026-06-30"}
    knee, therapy = body["item"]
    assert review(knee)["number"]["valueString"] == "AUTH-1A"
    assert review(therapy)["number"]["valueString"] == "AUTH-1"
    assert texts(review(therapy)["reasonCode"], "valueCodeableConcept", "coding", "code") == ["0Y"]
    (period,) = extended(therapy, ITEM_PERIOD)
    assert period["valuePeriod"] == {"start": "2026-04-01", "end": "2026-06-30"}
    (detail,) = extended(therapy, ITEM_DETAIL)
    assert texts(detail, "extension", "valueQuantity", "value") == [6]
    assert body["processNote"] == [{"number": 1, "type": "print", "text": "Six now, six after a report."}]
    assert therapy["noteNumber"] == [1]
    assert "noteNumber" not in knee


def test_items_with_windows_of_their_own_have_no_window_together() -> None:
    lines = (
        LineDecision(sequence=1, action=A.MODIFIED, authorized=AuthorizedItem(valid_until=date(2026, 5, 1))),
        LineDecision(sequence=2, action=A.CERTIFIED),
    )
    told = given(opened, submitted, AuthorizationDecided(authorization_id=ID, lines=lines))
    assert "preAuthPeriod" not in one("ClaimResponse", told)
    longer = AuthorizationExtended(
        authorization_id=ID, valid_from=date(2026, 4, 1), valid_until=date(2026, 12, 31)
    )
    body = one("ClaimResponse", given(*told.events, longer))
    assert body["preAuthPeriod"] == {"start": "2026-04-01", "end": "2026-12-31"}


def test_what_the_payer_takes_its_time_over_is_pended_item_by_item_under_its_number() -> None:
    body = one("ClaimResponse", given(opened, submitted, acknowledged, pended))
    for each in body["item"]:
        assert texts(review(each)[REVIEW_ACTION_CODE], "valueCodeableConcept", "coding", "code") == ["A4"]
        assert extended(each, ADMINISTRATION_REFERENCE)[0]["valueString"] == "PEND-1"
    assert "item" not in one("ClaimResponse", given(opened, submitted, acknowledged))


def test_what_could_not_be_processed_says_why_until_it_is_sent_again() -> None:
    told = given(opened, submitted, returned)
    (error,) = one("ClaimResponse", told)["error"]
    assert texts(error, "code", "coding", "code") == ["T4"]
    assert extended(error, ERROR_PATH)[0]["valueString"] == "Claim.provider"
    (what_now,) = extended(error, ERROR_FOLLOW_UP)
    assert texts(what_now, "valueCodeableConcept", "coding", "code") == ["C"]
    again = submitted.model_copy(update={"trace": "TRN-2"})
    assert "error" not in one("ClaimResponse", given(*told.events, again))


def test_an_answer_to_what_was_replaced_is_no_answer() -> None:
    again = submitted.model_copy(update={"trace": "TRN-2"})
    late = returned.model_copy(update={"trace": "TRN-1"})
    assert told_as("ClaimResponse", given(opened, submitted, again, late)) == []


def test_a_decision_that_is_struck_out_leaves_the_request() -> None:
    told = given(opened, submitted, approved)
    undone = told.when(VoidEvent(event_id=told.id_of(approved), reason="another patient's")).done()
    assert statuses("ClaimResponse", ID, undone) == ["active", None]
    assert statuses("Claim", ID, undone) == ["active", "active", "active"]


def test_each_version_reads_as_it_was() -> None:
    told = given(opened, prepared, submitted, acknowledged, approved)
    assert statuses("Claim", ID, told) == ["draft", "active", "active", "active"]
    assert statuses("ClaimResponse", ID, told) == ["active", "active"]
