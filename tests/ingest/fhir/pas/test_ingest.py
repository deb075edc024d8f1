"""Prior authorizations through the whole of it: from documents to what is recorded."""

import json
from typing import Any

import pytest

from tests.ingest.fhir.feeding import Feed, Json
from tests.ingest.fhir.pas.payer import (
    EXAMPLES,
    X12,
    answer,
    bundle,
    claim,
    concept,
    example,
    item,
    needs_examples,
    response,
    task,
    update,
)

CHANGED = "2026-03-05T09:00:00+00:00"
PATIENT = {"resourceType": "Patient", "id": "p", "identifier": [{"system": "a-clinic", "value": "1"}]}


def of_patient(body: Json) -> Json:
    return {**body, "patient": {"reference": "Patient/p"}}


ASKED = of_patient(claim(item(1), item(2)))
UPDATED = of_patient(update(item(1), item(2, mode="changed", quantity={"value": 3})))


def approved(to: str, **more: Any) -> Json:
    body = of_patient(response(answer(1, "A1", "A-7"), answer(2, "A1", "A-7"), to=to, **more))
    return {**body, "identifier": []}


def told(feed: Feed) -> list[str]:
    """What was told of authorizations."""
    return [name for name in feed.told() if name.startswith("authorization.")]


def status(feed: Feed) -> list[str]:
    return [str(each.status) for each in feed.only().authorizations]


def test_an_update_is_of_the_same_authorization_and_is_answered_by_its_reference_alone(feed: Feed) -> None:
    feed.take(bundle(PATIENT, ASKED), bundle(UPDATED, ASKED))
    assert status(feed) == ["submitted"]
    feed.take(approved("T-2"))
    assert status(feed) == ["approved"]
    assert told(feed) == [
        "authorization.submitted",
        "authorization.update_submitted",
        "authorization.decided",
    ]


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0), (2, 0, 1)])
def test_the_order_in_which_they_come_changes_nothing(feed: Feed, order: tuple[int, ...]) -> None:
    documents = [ASKED, UPDATED, approved("T-2")]
    feed.take(PATIENT, *(documents[each] for each in order))
    assert status(feed) == ["approved"]
    assert sorted(told(feed)) == [
        "authorization.decided",
        "authorization.submitted",
        "authorization.update_submitted",
    ]


def test_an_answer_waits_for_its_request_and_is_kept_with_the_reason(feed: Feed) -> None:
    counts = feed.take(PATIENT, approved("T-1"))
    assert counts.reasons["awaits-reference"] == 1
    feed.take(ASKED)
    assert status(feed) == ["approved"]


def test_a_code_that_is_unknown_is_parked_with_its_place(feed: Feed) -> None:
    feed.take(bundle(PATIENT, ASKED), of_patient(response(answer(1, "A5"), answer(2, "A1"))))
    (parked,) = [each for each in feed.inbox() if each["status"] == "parked"]
    assert parked["code"] == "unknown-code"
    assert parked["reason"].startswith("ClaimResponse.item[0].adjudication[0].extension[0]")


@pytest.mark.parametrize("step", [1, -1])
def test_what_comes_in_one_bundle_is_told_in_its_order_however_it_is_written(feed: Feed, step: int) -> None:
    asked = {**task(), "for": {"reference": "Patient/p"}}
    same_time = {**UPDATED, "created": ASKED["created"]}
    written = [approved("T-2"), asked, same_time, ASKED, PATIENT]
    feed.take(bundle(*written[::step]))
    assert {each["status"] for each in feed.inbox()} == {"applied"}
    assert status(feed) == ["approved"]
    assert sorted(told(feed)) == [
        "authorization.decided",
        "authorization.information_requested",
        "authorization.submitted",
        "authorization.update_submitted",
    ]


def test_what_was_said_in_error_is_struck_out(feed: Feed) -> None:
    said = {**approved("T-1"), "meta": {"lastUpdated": "2026-03-02T09:00:00Z"}}
    feed.take(bundle(PATIENT, ASKED), said)
    assert status(feed) == ["approved"]
    feed.take({**said, "status": "entered-in-error", "meta": {"lastUpdated": "2026-03-02T10:00:00Z"}})
    assert status(feed) == ["submitted"]


@needs_examples
def test_a_notification_of_the_examples_decides_what_was_pended(feed: Feed) -> None:
    feed.take(
        *map(
            example,
            [
                "Bundle-ReferralAuthorizationBundleExample",
                "Bundle-ReferralPendingAuthorizationResponseBundleExample",
            ],
        )
    )
    assert status(feed) == ["pended"]
    feed.take(example("Bundle-PASSubscriptionNotification"))
    assert status(feed) == ["approved"]


@needs_examples
def test_all_examples_at_once_lose_nothing_and_double_nothing(feed: Feed) -> None:
    documents = [json.loads(path.read_text()) for path in sorted(EXAMPLES.glob("*.json"))]
    feed.take(*documents)
    parked = {(each["trigger"], each["code"]) for each in feed.inbox() if each["status"] == "parked"}
    assert parked == {("Task", "two-patients")}, "it is for another patient than its request"
    before = feed.rows("SELECT count(*) FROM event")
    again = feed.take(*documents)
    assert again.applied == 0
    assert feed.rows("SELECT count(*) FROM event") == before


@pytest.mark.parametrize(
    ("kind", "payer", "line"),
    [
        (concept("16", f"{X12}1032"), "Medicare Plus", "MEDICARE-ADVANTAGE"),
        (concept("MCPOL", "http://terminology.hl7.org/CodeSystem/v3-ActCode"), "a plan", None),
        ({}, "Blue Shield", None),
        (concept("111", "https://nahdo.org/sopt"), "a plan", "MEDICARE-ADVANTAGE"),
        ({}, "Medicaid", "MEDICAID"),
    ],
)
def test_a_coverage_that_came_before_decides_by_when_a_request_is_answered(
    feed: Feed, kind: Json, payer: str, line: str | None
) -> None:
    cover = {
        "resourceType": "Coverage",
        "id": "c",
        "status": "active",
        "type": kind,
        "beneficiary": {"reference": "Patient/p"},
        "payor": [{"display": payer}],
    }
    request = {**ASKED, "insurance": [{"focal": True, "coverage": {"reference": "Coverage/c"}}]}
    feed.take(PATIENT, cover, request)
    (coverage,), (one,) = feed.only().coverages, feed.only().authorizations
    assert coverage.terms is not None
    assert (coverage.terms.line_of_business, one.request.coverage_id) == (line, coverage.coverage_id)
    assert (one.due is not None) == (line in {"MEDICARE-ADVANTAGE", "MEDICAID"})


def test_an_answer_that_was_changed_since_it_was_made_decides_when_it_was_changed(feed: Feed) -> None:
    pended = of_patient(response(answer(1, "A4"), answer(2, "A4")))
    decided = {**of_patient(response(answer(1, "A1"), answer(2, "A1"))), "meta": {"lastUpdated": CHANGED}}
    feed.take(bundle(PATIENT, ASKED), pended, decided)
    (one,) = feed.only().authorizations
    assert one.decided is not None
    assert (one.status, one.decided.at.isoformat()) == ("approved", CHANGED)
    assert one.since.at == one.decided.at
