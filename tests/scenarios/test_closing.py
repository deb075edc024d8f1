"""A journey is closed while the payer has not answered."""

import pytest

from tests.scenarios.story import Story, codes, names
from tests.served import Api, number

pytestmark = pytest.mark.database

AUTHORIZATION = {"authorization_id": number(0xC1)}
MRI = {"system": "cpt", "code": "72148", "display": "MRI of the lumbar spine"}


@pytest.fixture
def story(api: Api) -> Story:
    return Story(api, api.opened(occurred_at="2025-03-03T09:00:00Z"))


def test_a_journey_with_an_open_authorization_is_closed_with_a_reason_only(story: Story) -> None:
    """A close is refused while something is open, and the refusal names each thing with its id. Whoever
    closes all the same says why, and that is kept; nothing is owed on the journey afterwards.
    """
    request = {"payer": "acme", "items": [{"sequence": 1, "service": MRI}]}
    story.told("submit-authorization", "2025-03-03T10:00:00Z", **AUTHORIZATION, request=request)
    story.told("pend-authorization", "2025-03-03T11:00:00Z", **AUTHORIZATION, due="2025-03-10T11:00:00Z")

    refused = story.refused("close-journey", "2025-03-20T09:00:00Z")
    assert refused["code"] == "still-open"
    assert [(each["code"], each["subject_id"]) for each in refused["blockers"]] == [
        ("open-authorization", AUTHORIZATION["authorization_id"])
    ]
    still = story.stands(as_of="2025-03-20T09:00:00Z")
    assert (still["status"], names(still["overdue"])) == ("active", ["decide-authorization"])

    reason = "the patient has moved abroad"
    closed = story.told("close-journey", "2025-03-20T09:05:00Z", override_reason=reason)
    stands = story.stands(as_of="2025-04-20T09:00:00Z")
    assert (stands["status"], stands["next"], stands["overdue"]) == ("finished", [], [])
    assert stands["blocked_by"] == []
    (event,) = story.recorded("journey.closed")
    assert event["event_id"] == closed["events"][0]["event_id"]
    assert event["data"]["override_reason"] == reason
    assert codes({"blockers": event["data"]["left_open"]}) == ["open-authorization"]


def test_a_journey_with_nothing_open_is_closed_without_a_word(story: Story) -> None:
    """What is asked for again before a close is what is open, and nothing else."""
    request = {"items": [{"sequence": 1, "service": MRI}]}
    story.told("submit-authorization", "2025-03-03T10:00:00Z", **AUTHORIZATION, request=request)
    lines = [{"sequence": 1, "action": "A1"}]
    story.told("decide-authorization", "2025-03-04T10:00:00Z", **AUTHORIZATION, lines=lines)

    story.told("close-journey", "2025-03-05T09:00:00Z")
    (event,) = story.recorded("journey.closed")
    assert event["data"].get("left_open", []) == []


def test_a_late_word_reaches_a_closed_journey_and_a_new_wish_does_not(story: Story) -> None:
    """What happened before the close may still be told; what is wanted after it is another journey's."""
    story.told("close-journey", "2025-03-05T09:00:00Z")

    seen = {"visit_id": number(0xC2), "encounter_class": "AMB"}
    story.told("record-arrival", "2025-03-04T09:00:00Z", **seen)
    story.told("start-visit", "2025-03-04T09:10:00Z", visit_id=number(0xC2))
    story.told("complete-visit", "2025-03-04T09:40:00Z", visit_id=number(0xC2))
    reached = [each["milestone"] for each in story.stands(as_of="2025-03-06T09:00:00Z")["reached"]]
    assert "visit-ended" in reached

    late = story.refused("book-visit", "2025-03-06T09:00:00Z", visit_id=number(0xC3), appointment={})
    assert late["code"] == "journey-is-over"
