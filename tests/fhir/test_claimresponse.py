"""ClaimResponse: what the payer says of a prior authorization, item by item."""

from datetime import date

import pytest

from journey.domain.authorization import (
    AuthorizationDecided,
    AuthorizationExtended,
    AuthorizedItem,
    LineDecision,
    ReviewAction,
)
from journey.domain.correction import VoidEvent
from journey.domain.event import Coded
from journey.fhir.x12 import (
    ADMINISTRATION_REFERENCE,
    ERROR_FOLLOW_UP,
    ERROR_PATH,
    ITEM_DETAIL,
    ITEM_PERIOD,
    REVIEW_ACTION,
    REVIEW_ACTION_CODE,
)
from tests.domain.told import opened
from tests.fhir.authorized import (
    EARLIER,
    ID,
    A,
    acknowledged,
    approved,
    decided,
    pended,
    prepared,
    returned,
    submitted,
)
from tests.fhir.telling import one, statuses, texts, told_as
from tests.fhir.validating import Json
from tests.spec import at, given


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
    answered = one("ClaimResponse", given(opened, submitted, acknowledged, approved))["item"]
    assert not any(extended(each, ADMINISTRATION_REFERENCE) for each in answered)


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


def test_an_answer_that_turns_out_to_be_to_what_was_replaced_is_gone_with_a_version() -> None:
    told = given(opened, (submitted, at(9)), (approved, at(12)))
    instead = submitted.model_copy(update={"authorization_id": EARLIER, "supersedes": ID, "trace": None})
    late = given(*((each.event, each.occurred_at) for each in told.history.recorded), (instead, at(10)))
    assert statuses("ClaimResponse", ID, late) == ["active", None]
