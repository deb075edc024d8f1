"""A handoff to a team that is not there."""

import pytest

from tests.scenarios.story import Story, names
from tests.served import Api, number

pytestmark = pytest.mark.database

HANDOFF = {"handoff_id": number(0xD1)}
OFFER = {
    "kind": "service",
    "from_team": "ward 3",
    "from_person": "Dr Osei",
    "to_team": "intensive care",
    "severity": "unstable",
    "summary": "day two after bowel surgery, lactate rising",
    "contingencies": [{"if_happens": "pressure falls", "then_do": "give fluids, call the surgeon"}],
    "ladder": ["intensivist on call", "medical director"],
}


@pytest.fixture
def story(api: Api) -> Story:
    story = Story(api, api.opened(occurred_at="2025-03-03T09:00:00Z"))
    story.told("offer-handoff", "2025-03-03T20:00:00Z", **HANDOFF, offer=OFFER)
    return story


def handoff(story: Story, at: str) -> tuple[str, str, str]:
    """Where the handoff is, who is asked, and who is accountable meanwhile."""
    stands = story.stands(as_of=at)
    (found,) = stands["open"]["handoffs"]
    return found["status"], found["who"], stands["responsible"]["team"]


def test_a_handoff_that_nobody_accepts_climbs_the_ladder_until_somebody_does(story: Story) -> None:
    """Whoever takes over an unstable patient has fifteen minutes. After that the next name on the ladder is
    asked, one level at a time. The sender is accountable until somebody accepts, and only the one who did
    reads it back.
    """
    early = story.refused("expire-handoff", "2025-03-03T20:10:00Z", **HANDOFF)
    assert early["code"] == "handoff-not-due"
    assert story.stands(as_of="2025-03-03T20:15:00Z")["overdue"] == []
    late = story.stands(as_of="2025-03-03T20:16:00Z")["overdue"]
    assert [(each["step"], each["owner"]) for each in late] == [("accept-handoff", "intensive care")]

    story.told("expire-handoff", "2025-03-03T20:16:00Z", **HANDOFF)
    assert handoff(story, "2025-03-03T20:16:30Z") == ("expired", "intensive care", "ward 3")
    skipped = story.refused("escalate-handoff", "2025-03-03T20:17:00Z", **HANDOFF, level=2)
    assert skipped["code"] == "not-possible-now"
    story.told("escalate-handoff", "2025-03-03T20:17:00Z", **HANDOFF, level=1)
    assert handoff(story, "2025-03-03T20:18:00Z") == ("escalated", "intensivist on call", "ward 3")

    story.told("expire-handoff", "2025-03-03T20:33:00Z", **HANDOFF)
    story.told("escalate-handoff", "2025-03-03T20:34:00Z", **HANDOFF, level=2)
    assert handoff(story, "2025-03-03T20:35:00Z") == ("escalated", "medical director", "ward 3")
    ended = story.refused("escalate-handoff", "2025-03-03T20:36:00Z", **HANDOFF, level=3)
    assert ended["code"] == "ladder-ends"

    story.told("accept-handoff", "2025-03-03T20:40:00Z", **HANDOFF, accepted_by="Dr Nkemelu")
    assert handoff(story, "2025-03-03T20:41:00Z") == ("accepted", "Dr Nkemelu", "medical director")
    read_back = {"text": "unstable, fluids if the pressure falls"}
    other = story.refused(
        "synthesise-handoff", "2025-03-03T20:42:00Z", **HANDOFF, synthesised_by="Dr Osei", **read_back
    )
    assert other["code"] == "not-the-acceptor"
    unread = story.refused("complete-handoff", "2025-03-03T20:43:00Z", **HANDOFF)
    assert unread["code"] == "not-read-back"
    story.told(
        "synthesise-handoff", "2025-03-03T20:44:00Z", **HANDOFF, synthesised_by="Dr Nkemelu", **read_back
    )
    story.told("complete-handoff", "2025-03-03T20:45:00Z", **HANDOFF)
    stands = story.stands(as_of="2025-03-03T20:46:00Z")
    assert (stands["open"]["handoffs"], stands["responsible"]["person"]) == ([], "Dr Nkemelu")


def test_whoever_declines_says_why_and_the_sender_stays_accountable(story: Story) -> None:
    """No answer moves responsibility but yes."""
    no_reason = story.api.post(f"{story.journey}/decline-handoff", HANDOFF)
    assert no_reason.status_code == 422
    story.told("decline-handoff", "2025-03-03T20:05:00Z", **HANDOFF, reason="no bed")
    assert handoff(story, "2025-03-03T20:06:00Z") == ("declined", "intensive care", "ward 3")
    assert names(story.stands(as_of="2025-03-03T20:06:00Z")["next"]) == ["escalate-handoff"]
    own = story.refused("accept-handoff", "2025-03-03T20:07:00Z", **HANDOFF, accepted_by="Dr Osei")
    assert own["code"] == "not-possible-now"
