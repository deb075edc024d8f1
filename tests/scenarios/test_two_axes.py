"""When it was, and when it was known: the two times that any question may be asked of."""

import pytest

from tests.scenarios.story import Story, names
from tests.served import Api, number

pytestmark = pytest.mark.database

VISIT = {"visit_id": number(0x51)}
FOURTH, SIXTH = "2025-03-04T12:00:00Z", "2025-03-06T12:00:00Z"


@pytest.fixture
def story(api: Api) -> Story:
    story = Story(api, api.opened(occurred_at="2025-03-01T09:00:00Z"))
    story.told("admit-patient", "2025-03-01T10:00:00Z", **VISIT, location={"point_of_care": "Ward 3"})
    return story


def test_four_answers_to_one_question(story: Story) -> None:
    """Where was the patient then, and where did we think they were? What is told later changes what is known
    of a day that is over; what was known before can still be asked for.
    """
    wrong = story.told("move-patient", "2025-03-03T11:00:00Z", **VISIT, location={"point_of_care": "ICU"})
    second = story.told("move-patient", "2025-03-05T11:00:00Z", **VISIT, location={"point_of_care": "Ward 5"})
    before = story.recorded("visit.moved")[-1]["recorded_at"]
    (first_id,) = (each["event_id"] for each in wrong["events"])
    (second_id,) = (each["event_id"] for each in second["events"])
    story.told("void-event", "2025-03-07T08:00:00Z", event_id=first_id, reason="another patient's move")
    corrected = {"data": {"location": {"point_of_care": "Ward 9"}}, "reason": "a slip of the pen"}
    story.told("correct-event", "2025-03-07T08:05:00Z", event_id=second_id, **corrected)
    after = story.events()[-1]["recorded_at"]

    def place(as_of: str, as_known_at: str) -> str | None:
        (visit,) = story.stands(as_of=as_of, as_known_at=as_known_at)["open"]["visits"]
        where: str | None = visit["location"]
        return where

    assert [[place(day, known) for known in (before, after)] for day in (FOURTH, SIXTH)] == [
        ["ICU", "Ward 3"],
        ["Ward 5", "Ward 9"],
    ]


def test_what_was_overdue_is_asked_on_both_axes(story: Story) -> None:
    """What was overdue as far as anybody knew was not, once it is told that it had been done in time."""
    plan = {"checklist": [], "expected_at": "2025-03-05T12:00:00Z"}
    story.told("plan-discharge", "2025-03-02T08:00:00Z", **VISIT, **plan)
    before = story.events()[-1]["recorded_at"]
    story.told("discharge-patient", "2025-03-05T11:00:00Z", **VISIT, disposition="home")
    after = story.events()[-1]["recorded_at"]

    def overdue(as_of: str, as_known_at: str) -> list[str]:
        return names(story.stands(as_of=as_of, as_known_at=as_known_at)["overdue"])

    assert [[overdue(day, known) for known in (before, after)] for day in (FOURTH, SIXTH)] == [
        [[], []],
        [["discharge-patient"], ["send-discharge-summary"]],
    ]


def test_nothing_is_known_before_it_was_recorded(story: Story) -> None:
    """A journey that was opened for an earlier day was not known on that day."""
    answer = story.api.get(story.journey, params={"as_known_at": FOURTH})
    assert (answer.status_code, answer.json()["code"]) == (404, "not-there-yet")
    early = story.api.get(story.journey, params={"as_of": "2025-02-28T09:00:00Z"})
    assert (early.status_code, early.json()["code"]) == (404, "not-there-yet")
