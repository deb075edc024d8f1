"""A referral that another service does not take, and one that nobody can call off alone."""

import pytest

from tests.scenarios.story import Story, codes, names
from tests.served import Api, number

pytestmark = pytest.mark.database

REFERRAL = {"referral_id": number(0xB1)}
ORDER = {
    "service": {"system": "snomed", "code": "183519002", "display": "Referral to cardiology"},
    "performer": "heart clinic",
}


@pytest.fixture
def story(api: Api) -> Story:
    story = Story(api, api.opened(occurred_at="2025-03-03T09:00:00Z"))
    story.told("send-referral", "2025-03-03T10:00:00Z", **REFERRAL, order=ORDER)
    story.told("confirm-referral-receipt", "2025-03-04T09:00:00Z", **REFERRAL)
    return story


def loop(story: Story, at: str) -> tuple[str, str | None]:
    """Where the loop is, and who has it."""
    (found,) = story.stands(as_of=at)["open"]["referrals"]
    return found["status"], found["who"]


def test_a_declined_referral_goes_elsewhere_and_is_open_until_its_outcome_is_reviewed(story: Story) -> None:
    """A decline says why, and who finds another service. A report that comes back does not close the loop:
    a clinician's review of it does.
    """
    full = {"system": "urn:site:decline", "code": "capacity", "display": "no capacity"}
    unowned = story.refused("decline-referral", "2025-03-05T09:00:00Z", **REFERRAL, reason=full)
    assert unowned["code"] == "nobody-reroutes"
    owned = {"reason": full, "reroute_owner": "Ms Baker"}
    story.told("decline-referral", "2025-03-05T09:00:00Z", **REFERRAL, **owned)
    assert loop(story, "2025-03-05T10:00:00Z") == ("declined", "Ms Baker")
    (step,) = story.stands(as_of="2025-03-05T10:00:00Z")["next"]
    assert (step["step"], step["owner"]) == ("reroute-referral", "Ms Baker")

    story.told("reroute-referral", "2025-03-06T09:00:00Z", **REFERRAL, performer="county cardiology")
    assert loop(story, "2025-03-06T10:00:00Z") == ("sent", "county cardiology")
    story.told("confirm-referral-receipt", "2025-03-07T09:00:00Z", **REFERRAL)
    story.told("accept-referral", "2025-03-08T09:00:00Z", **REFERRAL, owner="Dr Lind")
    story.told("notify-referral-appointment", "2025-03-09T09:00:00Z", **REFERRAL)
    story.told("receive-referral-outcome", "2025-03-20T09:00:00Z", **REFERRAL, report="DOC-9")

    stands = story.stands(as_of="2025-03-20T10:00:00Z")
    assert loop(story, "2025-03-20T10:00:00Z") == ("outcome-received", "Dr Lind")
    assert names(stands["next"]) == ["close-referral"]
    assert codes(story.refused("close-journey", "2025-03-20T10:00:00Z")) == ["open-referral"]

    informed = "2025-03-21T08:30:00Z"
    seen = {"reviewed_by": "Dr Osei", "patient_informed_at": informed}
    story.told("close-referral", "2025-03-21T09:00:00Z", **REFERRAL, **seen)
    assert story.stands(as_of="2025-03-21T10:00:00Z")["open"]["referrals"] == []
    story.told("close-journey", "2025-03-21T10:00:00Z")


def test_what_is_in_progress_elsewhere_is_not_called_off_but_asked_to_stop(story: Story) -> None:
    """Once another service works on it, whoever placed it can only ask for an end; that service may refuse,
    and then the work goes on and the loop stays open.
    """
    story.told("accept-referral", "2025-03-05T09:00:00Z", **REFERRAL, owner="Dr Lind")
    story.told("notify-referral-appointment", "2025-03-06T09:00:00Z", **REFERRAL)
    story.told("receive-interim-report", "2025-03-10T09:00:00Z", **REFERRAL, report="DOC-3")

    reason = "the patient feels better"
    refused = story.refused("cancel-referral", "2025-03-11T09:00:00Z", **REFERRAL, reason=reason)
    assert refused["code"] == "not-possible-now"
    assert "in-progress" in refused["detail"]
    story.told("request-referral-cancellation", "2025-03-11T09:05:00Z", **REFERRAL, reason=reason)
    assert loop(story, "2025-03-11T10:00:00Z")[0] == "cancellation-requested"

    why = "the angiogram is on Friday"
    story.told("refuse-referral-cancellation", "2025-03-12T09:00:00Z", **REFERRAL, reason=why)
    assert loop(story, "2025-03-12T10:00:00Z") == ("in-progress", "Dr Lind")
    assert names(story.stands(as_of="2025-03-12T10:00:00Z")["next"]) == ["receive-referral-outcome"]
    assert [each["type"] for each in story.events()][-2:] == [
        "referral.cancellation_requested",
        "referral.cancellation_refused",
    ]


def test_what_nobody_works_on_yet_is_called_off_at_once(story: Story) -> None:
    """Until then a cancellation needs nobody's leave."""
    story.told("cancel-referral", "2025-03-05T09:00:00Z", **REFERRAL, reason="sent twice")
    assert story.stands(as_of="2025-03-05T10:00:00Z")["open"]["referrals"] == []
