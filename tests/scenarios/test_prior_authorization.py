"""What the payer says before a service is given, and what is done about it."""

import pytest

from tests.scenarios.story import Document, Story, codes, names
from tests.served import Api, number

pytestmark = pytest.mark.database

AUTHORIZATION = {"authorization_id": number(0xA1)}
THERAPY = {"system": "cpt", "code": "97110", "display": "Therapeutic exercise"}


@pytest.fixture
def story(api: Api) -> Story:
    return Story(api, api.opened(occurred_at="2025-03-03T14:00:00Z"))


def asked_for(quantity: int) -> Document:
    return {"payer": "acme", "items": [{"sequence": 1, "service": THERAPY, "quantity": quantity}]}


def status(story: Story, at: str) -> str:
    (found,) = story.stands(as_of=at)["open"]["authorizations"]
    word: str = found["status"]
    return word


def attended(story: Story, number_of: int) -> str:
    """A visit under the authorization, from the arrival to its end."""
    visit, day = {"visit_id": number(0xF0 + number_of)}, f"2025-04-{number_of:02}"
    appointment = {"start": f"{day}T09:00:00Z", "service": THERAPY, **AUTHORIZATION}
    story.told("book-visit", "2025-03-20T09:00:00Z", **visit, appointment=appointment)
    story.told("record-arrival", f"{day}T08:50:00Z", **visit)
    story.told("start-visit", f"{day}T09:00:00Z", **visit)
    story.told("complete-visit", f"{day}T09:45:00Z", **visit)
    return visit["visit_id"]


# --- Asked for more, given less


def test_a_modified_approval_is_used_up_and_the_visit_after_it_does_not_begin(story: Story) -> None:
    """The payer takes its time, asks for a document, and authorizes six visits of the twelve asked for.
    Each visit that is completed uses one; the seventh may be booked and does not begin without a reason.
    """
    story.told("submit-authorization", "2025-03-04T14:00:00Z", **AUTHORIZATION, request=asked_for(12))
    story.told("pend-authorization", "2025-03-05T14:00:00Z", **AUTHORIZATION)
    assert status(story, "2025-03-05T15:00:00Z") == "pended"
    what = {"system": "loinc", "code": "18776-5", "display": "Plan of care"}
    due = {"what": what, "due": "2025-03-12T14:00:00Z"}
    story.told("request-authorization-information", "2025-03-06T14:00:00Z", **AUTHORIZATION, **due)
    (step,) = story.stands(as_of="2025-03-07T14:00:00Z")["next"]
    assert (step["step"], step["due"]) == ("submit-authorization-information", "2025-03-12T14:00:00Z")
    sent = {"documents": ["DOC-1"]}
    story.told("submit-authorization-information", "2025-03-08T14:00:00Z", **AUTHORIZATION, **sent)
    assert status(story, "2025-03-08T15:00:00Z") == "pended"

    modified = {"sequence": 1, "action": "A6", "authorized": {"quantity": 6}}
    decided = {"lines": [modified], "number": "AUTH-77", "valid_until": "2025-06-30"}
    story.told("decide-authorization", "2025-03-10T14:00:00Z", **AUTHORIZATION, **decided)
    assert names(story.stands(as_of="2025-03-10T15:00:00Z")["next"]) == ["review-authorization-decision"]
    story.told("review-authorization-decision", "2025-03-11T14:00:00Z", **AUTHORIZATION, reviewed_by="Ms Ali")
    assert story.stands(as_of="2025-03-11T15:00:00Z")["blocked_by"] == []

    for each in range(1, 7):
        attended(story, each)
    seventh = {"visit_id": number(0xF7)}
    appointment = {"start": "2025-04-07T09:00:00Z", "service": THERAPY, **AUTHORIZATION}
    story.told("book-visit", "2025-04-06T12:00:00Z", **seventh, appointment=appointment)
    blocked = story.stands(as_of="2025-04-06T13:00:00Z")["blocked_by"]
    assert [(each["code"], each["subject_id"]) for each in blocked] == [
        ("visit-needs-authorization", seventh["visit_id"])
    ]
    refused = story.refused("record-arrival", "2025-04-07T08:50:00Z", **seventh)
    assert (refused["code"], codes(refused)) == ("authorization-needed", ["authorization-used-up"])

    reason = "the patient pays for this one"
    story.told("record-arrival", "2025-04-07T08:50:00Z", **seventh, override_reason=reason)
    (arrived,) = (each for each in story.recorded("visit.arrived") if "override_reason" in each["data"])
    assert arrived["data"]["override_reason"] == reason


def test_a_visit_that_turns_out_not_to_have_been_gives_its_unit_back(story: Story) -> None:
    """What a visit used is not counted down anywhere: it follows from the visits, and so does its return."""
    story.told("submit-authorization", "2025-03-04T14:00:00Z", **AUTHORIZATION, request=asked_for(1))
    lines = [{"sequence": 1, "action": "A1"}]
    story.told("decide-authorization", "2025-03-10T14:00:00Z", **AUTHORIZATION, lines=lines)
    attended(story, 1)
    second = {"visit_id": number(0xF2)}
    appointment = {"start": "2025-04-02T09:00:00Z", "service": THERAPY, **AUTHORIZATION}
    story.told("book-visit", "2025-04-01T12:00:00Z", **second, appointment=appointment)
    assert codes(story.refused("record-arrival", "2025-04-02T08:50:00Z", **second)) == [
        "authorization-used-up"
    ]

    (arrived,) = story.recorded("visit.arrived")
    void = {"event_id": arrived["event_id"], "reason": "another patient's arrival", "dependants": "void"}
    story.told("void-event", "2025-04-02T08:55:00Z", **void)
    story.told("record-arrival", "2025-04-02T08:56:00Z", **second)


# --- Denied


def test_a_denial_takes_no_update_and_an_appeal_of_the_new_request_overturns_it(story: Story) -> None:
    """A payer does not look at an update of what it has denied. A new request names the one it stands in for;
    when that is denied too, an appeal goes up one level at a time, and what is overturned is authorized.
    """
    story.told("submit-authorization", "2025-03-04T14:00:00Z", **AUTHORIZATION, request=asked_for(6))
    unexplained = {"lines": [{"sequence": 1, "action": "A3"}]}
    no_reason = story.refused("decide-authorization", "2025-03-06T14:00:00Z", **AUTHORIZATION, **unexplained)
    assert no_reason["code"] == "decision-unclear"
    denied = {"lines": [{"sequence": 1, "action": "A3", "note": "not medically necessary"}]}
    story.told("decide-authorization", "2025-03-06T14:00:00Z", **AUTHORIZATION, **denied)

    fewer = {"changed": [{"sequence": 1, "service": THERAPY, "quantity": 4}]}
    refused = story.refused("update-authorization", "2025-03-07T14:00:00Z", **AUTHORIZATION, **fewer)
    assert refused["code"] == "denied-takes-no-update"

    anew = {"authorization_id": number(0xA2)}
    named = {"supersedes": AUTHORIZATION["authorization_id"]}
    story.told("submit-authorization", "2025-03-08T14:00:00Z", **anew, **named, request=asked_for(4))
    (open_now,) = story.stands(as_of="2025-03-08T15:00:00Z")["open"]["authorizations"]
    assert (open_now["id"], open_now["status"]) == (anew["authorization_id"], "submitted")

    deadline = {"appeal_by": "2025-05-14T14:00:00Z"}
    story.told("decide-authorization", "2025-03-10T14:00:00Z", **anew, **denied, **deadline)
    stands = story.stands(as_of="2025-03-11T14:00:00Z")
    assert names(stands["next"]) == ["review-authorization-decision", "appeal-authorization"]
    assert codes({"blockers": stands["blocked_by"]}) == ["authorization-denied"]
    jump = story.refused("appeal-authorization", "2025-03-12T14:00:00Z", **anew, level="external-review")
    assert jump["code"] == "appeal-out-of-turn"
    story.told("appeal-authorization", "2025-03-12T14:00:00Z", **anew, level="redetermination")
    assert status(story, "2025-03-13T14:00:00Z") == "appealed"
    overturned = {"outcome": "overturned", "number": "AUTH-78"}
    story.told("decide-authorization-appeal", "2025-04-01T14:00:00Z", **anew, **overturned)

    stands = story.stands(as_of="2025-04-01T15:00:00Z")
    assert (stands["blocked_by"], stands["next"], stands["open"]["authorizations"]) == ([], [], [])
    visit = {"visit_id": number(0xF8)}
    appointment = {"start": "2025-04-08T09:00:00Z", "service": THERAPY, "authorization_required": True}
    story.told("book-visit", "2025-04-02T09:00:00Z", **visit, appointment=appointment)
    story.told("record-arrival", "2025-04-08T08:50:00Z", **visit)
