"""Claims: what is asked of a payer, changed, taken back and asked once more; and by when it is answered."""

from datetime import UTC, datetime
from typing import Any

import pytest

from journey.ingest.aside import Unapplied
from tests.ingest.fhir.pas.payer import (
    HCPCS,
    X12,
    Story,
    answer,
    bundle,
    changed,
    claim,
    concept,
    extension,
    item,
    response,
    update,
)

TWO = claim(item(1), item(2, "97140"))
OUT: dict[str, Any] = {
    "modifierExtension": [
        {
            "url": "http://hl7.org/fhir/us/davinci-pas/StructureDefinition/modifierextension-infoCancelled",
            "valueBoolean": True,
        }
    ]
}


def refused(*documents: Any) -> tuple[str, str]:
    with pytest.raises(Unapplied) as problem:
        Story().hears(*documents)
    return problem.value.code, problem.value.sentence


# --- What is asked for


def test_what_is_counted_is_told_by_x12_by_word_or_by_ucum() -> None:
    for unit in ({"code": "VS"}, {"unit": "visits"}, {"unit": "Visit"}):
        quantity = {"value": 6, **unit}
        one = Story().hears(claim(item(1, quantity=quantity))).one
        assert (one.request.items[0].quantity, one.request.items[0].unit) == (6, "visits")
    for code, unit_ in (("UN", "units"), ("h", "hours"), ("d", "days"), ("MJ", "minutes"), ("mo", "months")):
        one = Story().hears(claim(item(1, quantity={"value": 6.0, "code": code}))).one
        assert one.request.items[0].unit == unit_


@pytest.mark.parametrize(
    "quantity", [{"value": 1.5}, {"value": 0}, {"value": True}, {"value": "6"}, {"value": 1e12}]
)
def test_a_quantity_is_a_whole_number(quantity: Any) -> None:
    code, sentence = refused(claim(item(1, quantity=quantity)))
    assert (code, sentence) == (
        "bad-value",
        "Claim.item[0].quantity.value: it should be a whole number from 1 to 999999999.",
    )


def test_a_measure_that_is_no_count_is_not_taken_for_one() -> None:
    assert refused(claim(item(1, quantity={"value": 300, "unit": "mg"})))[0] == "unknown-code"


def test_an_item_without_a_procedure_asks_for_a_kind_of_service() -> None:
    absent = concept("not-applicable", "http://terminology.hl7.org/CodeSystem/data-absent-reason")
    told = claim(changed(item(1, category=concept("42", f"{X12}1365")), "productOrService", to=absent))
    assert Story().hears(told).one.request.items[0].service.code == "42"
    assert refused(claim(changed(item(1), "productOrService", to=absent)))[0] == "missing-element"


def test_two_items_have_two_sequences() -> None:
    assert refused(claim(item(1), item(1)))[0] == "bad-value"


def test_who_does_it_is_the_one_of_the_care_team_that_the_item_names() -> None:
    role = {
        "resourceType": "PractitionerRole",
        "id": "r",
        "practitioner": {"reference": "Practitioner/p"},
        "organization": {"reference": "Organization/o"},
    }
    person = {
        "resourceType": "Practitioner",
        "id": "p",
        "identifier": [
            {"system": "x", "value": "1"},
            {"system": "http://hl7.org/fhir/sid/us-npi", "value": "12"},
        ],
    }
    team = [
        {"sequence": 1, "provider": {"display": "another"}},
        {"sequence": 2, "provider": {"reference": "PractitionerRole/r"}},
    ]
    told = claim(item(1, careTeamSequence=[2]), careTeam=team)
    assert Story().hears(bundle(told, role, person)).one.request.items[0].performer == "12"


def test_a_draft_is_prepared_and_a_withdrawn_request_cancelled() -> None:
    story = Story().hears(claim(status="draft"))
    assert story.status == "draft"
    assert story.hears(claim()).status == "submitted"
    assert story.hears(claim(status="cancelled")).status == "cancelled"
    assert Story().hears(claim(status="cancelled")).status == "cancelled"


def test_another_use_of_a_claim_is_no_authorization() -> None:
    assert Story().hears(claim(use="claim")).events == ()


def test_a_request_that_was_returned_is_sent_again() -> None:
    error = {"code": concept("T4", f"{X12}901")}
    story = Story().hears(claim(), response(outcome="error", error=[error], item=[]))
    assert story.status == "returned"
    story.hears(claim(item(1, "97112"), at="2026-03-03T09:00:00Z"))
    assert (story.status, story.one.request.items[0].service.code) == ("submitted", "97112")
    assert story.hears(response(answer(1, "A1"), at="2026-03-03T10:00:00Z")).status == "approved"


# --- Updates


def test_an_update_changes_adds_and_cancels_what_is_marked() -> None:
    told = update(
        item(1, quantity={"value": 8}, mode="changed"),
        item(2, "97140", "3", "changed", **OUT),
        item(3, mode="added"),
    )
    story = Story().hears(TWO, told)
    event = story.events[-1].model_dump()
    assert [each["sequence"] for each in event["changed"]] == [1]
    assert [each["sequence"] for each in event["added"]] == [3]
    assert event["cancelled"] == (2,)
    assert (story.one.trace, set(story.one.earlier)) == ("T-2", {"T-1"})


def test_an_update_of_an_update_says_only_what_is_new() -> None:
    first = update(item(1), item(2, "97140", "3", "changed", **OUT))
    then = update(
        item(1, quantity={"value": 2}, mode="changed"),
        item(2, "97140", "3", **OUT),
        number="T-3",
        of="T-2",
        at="2026-03-01T11:00:00Z",
    )
    story = Story().hears(TWO, first, then)
    assert story.events[-1].model_dump()["cancelled"] == ()
    assert (story.one.trace, story.actions) == ("T-3", {1: None, 2: "C"})


def test_the_request_that_an_update_carries_along_does_not_undo_it() -> None:
    told = update(item(1), item(2, "97140", "3", "changed", **OUT))
    story = Story().hears(TWO, told)
    before = story.events
    assert story.hears(bundle(told, TWO), TWO).events == before
    assert story.one.trace == "T-2"


def test_the_answer_to_what_was_replaced_changes_nothing() -> None:
    story = Story().hears(TWO, update(item(1), item(2, "97140", mode="changed")))
    assert (
        story.hears(response(answer(1, "A3"), answer(2, "A3"), at="2026-03-01T11:00:00Z")).status
        == "submitted"
    )
    told = response(answer(1, "A1"), answer(2, "A1"), to="T-2", at="2026-03-01T12:00:00Z")
    assert story.hears(told).status == "approved"


@pytest.mark.parametrize(
    "told",
    [
        update(item(1, certification="3", mode="changed", **OUT), item(2, "97140", "3", "changed", **OUT)),
        update(extension=[extension("certificationType", valueCodeableConcept=concept("3", f"{X12}1322"))]),
    ],
)
def test_a_request_of_which_nothing_is_left_is_cancelled(told: Any) -> None:
    assert Story().hears(TWO, told).status == "cancelled"


def test_an_update_waits_for_what_it_changes() -> None:
    assert refused(update(item(1, mode="changed")))[0] == "awaits-reference"


def test_a_mark_that_is_unknown_is_not_guessed() -> None:
    with pytest.raises(Unapplied, match="infoChanged should be changed or added"):
        Story().hears(TWO, update(item(1, mode="replaced")))


@pytest.mark.parametrize("kind", ["S", "4"])
def test_a_revision_by_the_payers_number_updates_what_goes_by_it(kind: str) -> None:
    revised = item(1, certification=kind, quantity={"value": 12})
    revised["extension"].append(extension("authorizationNumber", valueString="A-7"))
    told = claim(revised, number="T-9", at="2026-03-03T09:00:00Z")
    story = Story().hears(claim(), response(answer(1, "A1", "A-7")))
    authorization = story.authorization_id
    story.hears(told)
    story.authorization_id = authorization
    assert (story.status, story.one.trace) == ("submitted", "T-9")
    assert refused(told)[0] == "awaits-reference"


def test_in_place_of_a_denied_request_there_is_another() -> None:
    story = Story().hears(claim(), response(answer(1, "A3")))
    denied = story.authorization_id
    story.hears(update(item(1), at="2026-03-03T09:00:00Z"))
    assert (story.status, story.one.supersedes) == ("submitted", denied)
    assert story.authorization_id != denied


def test_a_renewal_leaves_what_was_approved_as_it_is() -> None:
    story = Story().hears(claim(), response(answer(1, "A1")))
    story.hears(update(item(1, certification="R"), at="2026-03-03T09:00:00Z"))
    assert (story.status, story.one.supersedes) == ("submitted", None)
    assert [str(each.status) for each in story.told.journey.authorizations] == ["approved", "submitted"]


def test_an_update_of_the_documents_alone_is_another_submission() -> None:
    changed_ = {"sequence": 1, "extension": [extension("infoChanged", valueCode="added")]}
    story = Story().hears(claim(), update(item(1), supportingInfo=[changed_]))
    assert (story.one.trace, set(story.one.earlier)) == ("T-2", {"T-1"})


# --- Appeals


def appeal(kind: str = "2", **more: Any) -> Any:
    return update(item(1, certification=kind), **{"at": "2026-03-03T09:00:00Z", **more})


@pytest.mark.parametrize("kind", ["1", "2", "N"])
def test_an_appeal_is_one_level_higher_and_counts_once(kind: str) -> None:
    story = Story().hears(claim(), response(answer(1, "A3", reason="0W")), appeal(kind))
    assert (story.status, story.one.appeals) == ("appealed", ("redetermination",))
    before = story.events
    assert story.hears(appeal(kind)).events == before


@pytest.mark.parametrize(
    ("action", "status"), [("A1", "approved"), ("A3", "denied"), ("A4", "appealed"), ("CT", "contact-payer")]
)
def test_an_appeal_is_decided_by_the_next_answer(action: str, status: str) -> None:
    story = Story().hears(claim(), response(answer(1, "A3")), appeal())
    told = response(answer(1, action), to="T-2", at="2026-03-09T09:00:00Z")
    assert story.hears(told).status == status
    before = story.events
    assert story.hears(appeal(), told).events == before


# --- Urgency, and by when it is answered


def level(code: str) -> Any:
    return [extension("levelOfServiceCode", valueCodeableConcept=concept(code, f"{X12}1338"))]


@pytest.mark.parametrize(
    ("more", "urgency"),
    [
        ({}, "standard"),
        ({"extension": level("U")}, "expedited"),
        ({"extension": level("03")}, "expedited"),
        ({"extension": level("E"), "priority": concept("stat")}, "standard"),
        ({"priority": concept("stat")}, "expedited"),
        ({"priority": concept("normal")}, "standard"),
        ({"priority": concept("deferred")}, "standard"),
    ],
)
def test_how_urgent_it_is(more: Any, urgency: str) -> None:
    assert Story().hears(claim(**more)).one.request.urgency == urgency


@pytest.mark.parametrize("more", [{"extension": level("Q")}, {"priority": concept("asap")}])
def test_an_urgency_that_is_unknown_is_not_guessed(more: Any) -> None:
    assert refused(claim(**more))[0] == "unknown-code"


FILING = "https://codesystem.x12.org/005010/1032"
SOPT = "https://nahdo.org/sopt"
STANDARD, EXPEDITED = datetime(2026, 3, 8, 9, tzinfo=UTC), datetime(2026, 3, 4, 9, tzinfo=UTC)


def covered(told: Any, *kinds: Any) -> Any:
    """The same, asked for under a Coverage of these types."""
    cover = {
        "resourceType": "Coverage",
        "id": "c",
        "type": {"coding": [dict(zip(("system", "code"), each, strict=True)) for each in kinds]},
    }
    insurance = [{"sequence": 1, "focal": True, "coverage": {"reference": "Coverage/c"}}]
    return bundle({**told, "insurance": insurance}, cover)


@pytest.mark.parametrize(
    ("system", "code", "due"),
    [
        (FILING, "16", STANDARD),  # Medicare Advantage
        (FILING, "MC", STANDARD),  # Medicaid
        (SOPT, "11", STANDARD),  # Medicare, managed
        (SOPT, "111", STANDARD),
        (SOPT, "21", STANDARD),  # Medicaid
        (SOPT, "23", STANDARD),  # CHIP
        (FILING, "MB", None),  # Medicare, fee for service
        (SOPT, "121", None),
        (FILING, "CI", None),  # commercial
        (SOPT, "512", None),
        (SOPT, "81", None),  # self-pay
        ("http://terminology.hl7.org/CodeSystem/v3-ActCode", "WCBPOL", None),
        (
            "http://terminology.hl7.org/CodeSystem/v3-ActCode",
            "MCPOL",
            None,
        ),  # managed care, of whom is not said
        (FILING, "ZZ", None),
        ("a-payers-own", "16", None),
    ],
)
def test_the_deadline_follows_the_line_of_business(system: str, code: str, due: datetime | None) -> None:
    assert Story().hears(covered(claim(), (system, code))).one.due == due


def test_an_urgent_request_is_answered_within_three_days() -> None:
    assert Story().hears(covered(claim(extension=level("U")), (FILING, "MC"))).one.due == EXPEDITED


def test_no_rule_holds_before_its_day_nor_for_drugs() -> None:
    earlier = claim(at="2025-12-31T23:59:59Z")
    assert Story().hears(covered(earlier, (FILING, "MC"))).one.due is None
    drug = changed(item(1), "productOrService", to=concept("0777-3105-02", "http://hl7.org/fhir/sid/ndc"))
    assert Story().hears(covered(claim(drug), (FILING, "MC"))).one.due is None
    assert Story().hears(covered(claim(drug, item(2)), (FILING, "MC"))).one.due == STANDARD


def test_a_deadline_stays_when_the_payer_takes_its_time_and_an_update_sets_it_anew() -> None:
    story = Story().hears(covered(claim(), (FILING, "MC")), response(answer(1, "A4")))
    assert (story.status, story.one.due) == ("pended", STANDARD)
    story.hears(covered(update(item(1, HCPCS, mode="changed"), at="2026-03-03T09:00:00Z"), (FILING, "MC")))
    assert story.one.due == datetime(2026, 3, 10, 9, tzinfo=UTC)
