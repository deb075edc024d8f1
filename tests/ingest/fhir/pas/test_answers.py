"""ClaimResponses and Tasks: what a payer answers, item by item, and what it asks for."""

from typing import Any

import pytest

from journey.ingest.aside import Unapplied
from tests.ingest.fhir.pas.payer import (
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
    review,
    task,
    update,
)

TWO = claim(item(1, quantity={"value": 12}), item(2, "97140"))
LESS = extension(
    "itemAuthorizedDetail", extension=[{"url": "quantity", "valueQuantity": {"value": 3, "unit": "visits"}}]
)
DAYS = extension("itemPreAuthPeriod", valuePeriod={"start": "2026-03-05", "end": "2026-06-05"})


def other(sequence: int, action: str = "A1", **more: Any) -> Any:
    return {
        "itemSequence": [sequence],
        "productOrService": concept("97112"),
        "quantity": {"value": 5},
        "adjudication": [review(action)],
        **more,
    }


def heard(*items: Any, **more: Any) -> Story:
    return Story().hears(TWO, response(*items, **more))


def refused(*items: Any, **more: Any) -> tuple[str, str]:
    with pytest.raises(Unapplied) as problem:
        heard(*items, **more)
    return problem.value.code, problem.value.sentence


@pytest.mark.parametrize(
    ("first", "second", "status"),
    [
        (answer(1, "A1"), answer(2, "A1"), "approved"),
        (answer(1, "A1"), answer(2, "A2", extension=[LESS]), "partially-approved"),
        (answer(1, "A1"), answer(2, "A3", reason="0W"), "partially-approved"),
        (answer(1, "A3"), answer(2, "A3"), "denied"),
        (answer(1, "A4"), answer(2, "A4"), "pended"),
        (answer(1, "A1"), answer(2, "A4"), "pended"),
        (answer(1, "A3"), answer(2, "A4"), "pended"),
        (answer(1, "A1"), answer(2, "A6", extension=[LESS]), "modified"),
        (answer(1, "A1"), answer(2, "C"), "approved"),
        (answer(1, "C"), answer(2, "C"), "cancelled"),
        (answer(1, "CT"), answer(2, "A1"), "contact-payer"),
        (answer(1, "NA"), answer(2, "NA"), "not-required"),
        (answer(1, "A1"), answer(2, "NA"), "approved"),
    ],
)
@pytest.mark.parametrize("outcome", ["complete", "partial"])
def test_the_review_actions_decide_whatever_the_outcome_says(
    first: Any, second: Any, status: str, outcome: str
) -> None:
    assert heard(first, second, outcome=outcome).status == status


def test_what_is_authorized_instead_is_the_added_item_linked_to_it() -> None:
    story = heard(
        answer(1, "A6"),
        answer(2, "A1"),
        addItem=[other(1, servicedPeriod={"start": "2026-03-05", "end": "2026-04-05"})],
    )
    grant = story.one.lines[1].grant
    assert grant is not None
    assert grant.service is not None
    assert (grant.service.code, grant.quantity, str(grant.valid_until)) == ("97112", 5, "2026-04-05")
    assert (story.status, story.actions) == ("modified", {1: "A6", 2: "A1"})


def test_what_nobody_asked_for_is_an_item_of_its_own() -> None:
    story = heard(answer(1, "A1"), answer(2, "A1"), addItem=[other(3)])
    assert story.actions == {1: "A1", 2: "A1", 3: "A1"}


@pytest.mark.parametrize("action", ["A2", "A6"])
def test_a_part_or_something_else_is_not_taken_for_all(action: str) -> None:
    code, sentence = refused(answer(1, action), answer(2, "A1"))
    assert code == "missing-element"
    assert sentence == "ClaimResponse.item[0]: ClaimResponse.addItem should say what is authorized of it."


@pytest.mark.parametrize("action", ["A3", "A4", "C"])
def test_what_is_authorized_in_place_of_a_denied_item_is_not_lost(action: str) -> None:
    code, sentence = refused(answer(1, action), answer(2, "A1"), addItem=[other(1)])
    assert (code, sentence.partition(":")[0]) == ("bad-value", "ClaimResponse.addItem[0]")
    assert heard(answer(1, action), answer(2, "A1"), addItem=[other(1, "A3")]).actions[1] == action


def test_one_item_is_authorized_in_place_of_another() -> None:
    assert refused(answer(1, "A6"), addItem=[other(1), other(1)])[0] == "too-fine"


@pytest.mark.parametrize("code", ["A5", "A7", "a1", "XX"])
def test_an_action_that_is_unknown_is_not_guessed(code: str) -> None:
    told = refused(answer(1, code), answer(2, "A1"))
    assert told[0] == "unknown-code"
    assert told[1].endswith(f"valueCodeableConcept.coding[0].code: {X12}306 has no such code here.")
    assert code not in told[1].replace(X12, "")


def test_an_action_of_another_system_is_not_taken_for_x12s() -> None:
    way = ("adjudication", 0, "extension", 0, "extension", 0, "valueCodeableConcept", "coding", 0, "system")
    assert refused(changed(answer(1, "A1"), *way, to="a-payers-own"))[0] == "unknown-code"


def test_an_item_without_a_review_action_is_no_decision() -> None:
    assert (
        refused({"itemSequence": 1, "adjudication": [{"category": concept("submitted")}]})[0]
        == "missing-element"
    )
    assert refused(item=[])[0] == "missing-element"


def test_two_actions_that_contradict_each_other_decide_nothing() -> None:
    both = {"itemSequence": 1, "adjudication": [review("A1"), review("A3")]}
    assert refused(both)[1] == "ClaimResponse.item[0]: two review actions contradict each other."


def test_the_number_is_the_whole_requests_where_the_items_share_it() -> None:
    one = heard(answer(1, "A1", "A-7"), answer(2, "A1", "A-7")).one
    assert one.decision is not None
    assert (one.number, {each.number for each in one.decision.lines}) == ("A-7", {None})
    one = heard(answer(1, "A1", "A-7"), answer(2, "A1", "A-8"), preAuthRef="A-0").one
    assert one.decision is not None
    assert (one.number, [each.number for each in one.decision.lines]) == ("A-0", ["A-7", "A-8"])


def test_the_number_is_that_of_what_is_granted_where_the_rest_was_denied() -> None:
    refused_as = extension("administrationReferenceNumber", valueString="D-1")
    one = heard(answer(1, "A1", "A-7"), answer(2, "A3", extension=[refused_as])).one
    assert one.decision is not None
    assert (one.number, [each.number for each in one.decision.lines]) == ("A-7", [None, "D-1"])


def test_a_denial_says_why_in_the_payers_code_and_words() -> None:
    notes = [{"number": 1, "text": "not shown to be needed"}, {"number": 2, "text": "of something else"}]
    one = heard(answer(1, "A3", reason="0W", noteNumber=[1]), answer(2, "A1"), processNote=notes).one
    assert one.decision is not None
    denied = one.decision.lines[0]
    assert denied.reason is not None
    assert (denied.reason.code, denied.note) == ("0W", "not shown to be needed")
    letter = heard(answer(1, "A3"), answer(2, "A1"), disposition="see the letter").one.decision
    assert letter is not None
    assert [each.note for each in letter.lines] == ["see the letter", None]


def test_the_days_are_the_items_else_the_whole_answers() -> None:
    period = {"start": "2026-03-03", "end": "2026-09-03"}
    one = heard(answer(1, "A1", extension=[DAYS]), answer(2, "A1"), preAuthPeriod=period).one
    ends = {number: str(line.grant and line.grant.valid_until) for number, line in one.lines.items()}
    assert ends == {1: "2026-06-05", 2: "2026-09-03"}


def test_what_is_pended_again_after_it_was_decided_is_open_again() -> None:
    story = heard(answer(1, "A1"), answer(2, "A1"))
    assert (
        story.hears(response(answer(1, "A4"), answer(2, "A1"), at="2026-03-04T09:00:00Z")).status == "pended"
    )


def test_queued_is_a_receipt() -> None:
    assert heard(outcome="queued", item=[], preAuthRef="P-1").status == "acknowledged"


def test_an_answer_is_found_by_its_trace_where_it_names_no_request() -> None:
    told = changed(response(answer(1, "A1"), answer(2, "A1")), "request", to=...)
    assert Story().hears(TWO, told).status == "approved"
    with pytest.raises(Unapplied, match="not come yet"):
        Story().hears(told)


def test_an_answer_that_is_withdrawn_is_revoked_whether_it_was_heard_before_or_not() -> None:
    told = response(answer(1, "A1"), answer(2, "A1"))
    story = Story().hears(TWO, told, {**told, "status": "cancelled"})
    assert story.status == "revoked"
    before = story.events
    assert story.hears({**told, "status": "cancelled"}).events == before
    assert Story().hears(TWO, {**told, "status": "cancelled"}).status == "revoked"
    denied = response(answer(1, "A3"), answer(2, "A3"), status="cancelled")
    assert Story().hears(TWO, denied).status == "denied"


def test_what_the_payer_still_waits_for_stays_asked_when_it_says_that_it_waits() -> None:
    later = response(answer(1, "A4", reason="0V"), answer(2, "A4"))
    assert Story().hears(TWO, task(), later).status == "information-requested"


@pytest.mark.parametrize("outcome", ["", "done"])
def test_an_outcome_that_is_unknown_is_refused(outcome: str) -> None:
    assert refused(answer(1, "A1"), outcome=outcome)[0] == "bad-value"


def test_a_denial_that_comes_after_its_appeal_decides_no_appeal() -> None:
    again = update(item(1, certification="2"), item(2, certification="2"), at="2026-03-03T09:00:00Z")
    denied = response(answer(1, "A3"), answer(2, "A3"))
    assert Story().hears(TWO, again, denied).status == "appealed"


def test_an_error_says_what_is_wrong() -> None:
    assert refused(outcome="error", item=[])[0] == "missing-element"
    assert refused(outcome="error", item=[], error=[{}])[0] == "missing-element"


# --- What the payer asks for


def test_the_payer_asks_for_an_attachment_until_a_day() -> None:
    told = task(restriction={"period": {"end": "2026-03-09T00:00:00Z"}})
    story = Story().hears(TWO, told)
    assert (story.status, story.one.asked and story.one.asked.code) == ("information-requested", "18776-5")
    assert str(story.one.asked_by) == "2026-03-09 00:00:00+00:00"


def test_what_was_sent_lets_the_payer_go_on() -> None:
    sent: Any = {
        "lastModified": "2026-03-02T09:00:00Z",
        "output": [{"valueReference": {"reference": "DocumentReference/9"}}],
    }
    story = Story().hears(TWO, task(), task(status="completed", **sent))
    assert [each.stored_as for each in story.events[-2:]] == [
        "authorization.information_requested",
        "authorization.information_submitted",
    ]
    assert story.status == "pended"


def test_answers_are_asked_for_by_a_questionnaire() -> None:
    kind = concept("questionnaire-context", "http://hl7.org/fhir/us/davinci-pas/CodeSystem/PASTempCodes")
    told = task("attachment-request-questionnaire", input=[{"type": kind, "valueString": "c-1"}])
    one = Story().hears(TWO, told).one
    assert one.asked is not None
    assert (one.asked.system, one.asked.code) == ("http://loinc.org", "102089-0")


def test_a_question_that_is_taken_back_lets_the_payer_go_on() -> None:
    assert (
        Story().hears(TWO, task(), task(status="cancelled", lastModified="2026-03-02T09:00:00Z")).status
        == "pended"
    )
    assert Story().hears(TWO, task(status="cancelled")).status == "submitted"


def test_a_pended_answer_that_comes_once_more_forgets_no_question() -> None:
    pended = response(answer(1, "A4"), answer(2, "A4"), at="2026-03-01T11:00:00Z")
    story = Story().hears(TWO, pended, task())
    assert story.hears(pended).status == "information-requested"


def test_a_question_without_what_is_needed_asks_for_nothing() -> None:
    with pytest.raises(Unapplied, match="it says what is needed"):
        Story().hears(TWO, task(input=[]))


def test_a_pended_answer_may_ask_for_a_report() -> None:
    asked = {"resourceType": "CommunicationRequest", "id": "q", "category": [concept("15", f"{X12}755")]}
    told = response(
        answer(1, "A4"), answer(2, "A4"), communicationRequest=[{"reference": "CommunicationRequest/q"}]
    )
    story = Story().hears(TWO, bundle(told, asked))
    assert (story.status, story.one.asked and story.one.asked.code) == ("information-requested", "15")
    with pytest.raises(Unapplied, match="did not come with it"):
        Story().hears(TWO, told)
