"""A patient who is missed by a clock, and had been there."""

import pytest

from journey.api.access.table import Role
from tests.scenarios.story import Document, Story, clock, names
from tests.served import Api, number

pytestmark = pytest.mark.database

VISIT = {"visit_id": number(0x71)}
REFERRAL = {"referral_id": number(0x72)}
AUTHORIZATION = {"authorization_id": number(0x73)}
MRI = {"system": "cpt", "code": "72148", "display": "MRI of the lumbar spine"}
NOW = "2025-03-12T13:35:00Z"


@pytest.fixture
def story(api: Api) -> Story:
    """A scan is booked for Wednesday at 13:00, two days after the last day on which it should have been."""
    story = Story(api, api.opened(occurred_at="2025-03-03T14:00:00Z"))
    pathway = "us-specialty-referral-with-prior-auth"
    story.told("assign-pathway", "2025-03-03T14:05:00Z", pathway=pathway)
    story.told("send-referral", "2025-03-03T15:00:00Z", **REFERRAL, order={"service": MRI})
    request = {"items": [{"sequence": 1, "service": MRI}]}
    story.told("submit-authorization", "2025-03-04T15:00:00Z", **AUTHORIZATION, request=request)
    lines = [{"sequence": 1, "action": "A1"}]
    story.told("decide-authorization", "2025-03-06T15:00:00Z", **AUTHORIZATION, lines=lines)
    appointment = {"start": "2025-03-12T13:00:00Z", "service": MRI, **AUTHORIZATION}
    story.told("book-visit", "2025-03-07T15:00:00Z", **VISIT, appointment=appointment)
    return story


def moved(story: Story) -> Document:
    """What those who follow the log are told to have moved: before and after."""
    asked = {
        "type": "correction.timeline_recomputed",
        "journey": story.journey.rpartition("/")[2],
        "wait": 5,
        "payload": "full",
    }
    answer = story.api.get("/v1/events", role=Role.INTEGRATOR, params=asked)
    assert answer.status_code == 200, answer.text
    (told,) = answer.json()["events"]
    return {each["what"]: (each.get("before"), each.get("after")) for each in told["data"]["changes"]}


def test_a_clock_alone_takes_nobody_for_missing_before_half_an_hour(story: Story) -> None:
    """A patient is expected until half an hour after the start; somebody who looked may say so earlier."""
    early = story.refused("record-no-show", "2025-03-12T13:29:00Z", **VISIT, source="timer")
    assert early["code"] == "not-missed"
    assert "record-arrival" not in names(story.stands(as_of="2025-03-12T13:30:00Z")["overdue"])
    assert "record-arrival" in names(story.stands(as_of="2025-03-12T13:31:00Z")["overdue"])


def test_an_arrival_that_is_told_late_takes_the_no_show_back(story: Story) -> None:
    """The timer says at half past that nobody came. Reception had checked the patient in five minutes before
    and tells it later: the no-show does not stand, what it had made overdue is not, and whoever follows the
    log hears what was moved.
    """
    story.told("record-no-show", "2025-03-12T13:30:00Z", **VISIT, source="timer")
    missed = story.stands(as_of=NOW)
    known_then = story.events()[-1]["recorded_at"]
    assert "reschedule-visit" in names(missed["next"])
    assert "imaging-booked" in names(missed["overdue"])
    assert missed["stage"] == "decided"

    story.told("record-arrival", "2025-03-12T13:20:00Z", **VISIT)
    story.told("check-in", "2025-03-12T13:25:00Z", **VISIT)
    there = story.stands(as_of=NOW)
    (visit,) = there["open"]["visits"]
    assert (visit["status"], visit["since"]) == ("checked-in", "2025-03-12T13:25:00Z")
    assert not {"imaging-booked", "record-arrival"} & set(names(there["overdue"]))
    assert "start-visit" in names(there["next"])
    assert there["stage"] == "booked"
    changes = moved(story)
    assert changes["imaging-booked reached"] == (None, "2025-03-07T15:00:00Z")
    assert changes["imaging-booked due"][1] is None
    assert "imaging-booked" in names(story.stands(as_of=NOW, as_known_at=known_then)["overdue"])

    story.told("start-visit", "2025-03-12T13:40:00Z", **VISIT)
    story.told("complete-visit", "2025-03-12T14:10:00Z", **VISIT)
    assert story.stands(as_of="2025-03-12T15:00:00Z")["stage"] == "done"


def test_a_no_show_that_somebody_reverses_leaves_the_booking(story: Story) -> None:
    """A reversal says why, and the visit is expected as before."""
    story.told("record-no-show", "2025-03-12T13:30:00Z", **VISIT, source="timer", proposed=True)
    assert "imaging-booked" not in names(story.stands(as_of=NOW)["overdue"])
    story.told("record-no-show", "2025-03-12T13:40:00Z", **VISIT, source="human")
    assert "imaging-booked" in names(story.stands(as_of="2025-03-12T13:45:00Z")["overdue"])

    reason = "was in the other waiting room"
    story.told("reverse-no-show", "2025-03-12T13:50:00Z", **VISIT, reason=reason)
    stands = story.stands(as_of="2025-03-12T13:51:00Z")
    assert (stands["stage"], stands["open"]["visits"][0]["status"]) == ("booked", "booked")
    assert "imaging-booked" not in names(stands["overdue"])
    assert moved(story)["imaging-booked reached"] == (None, "2025-03-07T15:00:00Z")


def test_who_was_there_keeps_the_wait_that_a_no_show_would_end(api: Api) -> None:
    """A first appointment that was missed though it had been told ends an eighteen-week wait; one that was
    missed by a clock alone, with the patient in the building, does not.
    """
    story = Story(api, api.opened(occurred_at="2025-03-03T09:00:00Z"))
    story.told("assign-pathway", "2025-03-03T09:00:00Z", pathway="nhs-rtt-18-week")
    story.told("send-referral", "2025-03-03T10:00:00Z", **REFERRAL)
    story.told("confirm-referral-receipt", "2025-03-03T11:00:00Z", **REFERRAL)
    first = {"start": "2025-04-10T09:00:00Z", "first_activity": True, "communicated": True}
    story.told("book-visit", "2025-03-05T11:00:00Z", **VISIT, appointment=first)
    story.told("record-no-show", "2025-04-10T09:30:00Z", **VISIT, source="timer")
    noon = "2025-04-10T12:00:00Z"
    assert [run["state"] for run in clock(story.stands(as_of=noon), "rtt")] == ["nullified"]
    story.told("record-arrival", "2025-04-10T09:25:00Z", **VISIT)
    assert [run["state"] for run in clock(story.stands(as_of=noon), "rtt")] == ["running"]
