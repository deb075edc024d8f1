"""The page says what there is: every topic, in the words of the code, and every extension."""

from pathlib import Path

from journey.api.fhir import subscription
from journey.domain.event import EVENTS
from journey.fhir.every import KINDS
from journey.subscriptions.topics import CANONICAL, EVERY, NOT_TOLD, TOPICS

PAGE = (Path(__file__).parents[2] / "docs" / "fhir-subscriptions.md").read_text()


def test_every_topic_is_on_the_page() -> None:
    rows = [line for line in PAGE.splitlines() if line.startswith("| `") and line.count("|") == 4]
    assert [f"| `{each.name}` | {each.about} | `{each.focus}` |" for each in EVERY] == rows
    assert CANONICAL in PAGE
    assert all(f"`{name}`" in PAGE for each in EVERY for name in each.filters)
    assert all(f"`{each.removeprefix(CANONICAL)}`" in PAGE for each in NOT_TOLD)


def test_every_extension_is_on_the_page() -> None:
    for each in (subscription.HEARTBEAT, subscription.MOST, subscription.CONTENT, subscription.FILTER):
        assert each.rpartition("/")[2] in PAGE
    assert all(f"`{each}`" in PAGE for each in (subscription.RECIPIENT, subscription.PURPOSE))


def test_every_topic_is_of_events_and_resources_that_there_are() -> None:
    assert len(TOPICS) == len(EVERY)
    for each in EVERY:
        assert each.focus in KINDS
        assert each.types
        assert set(each.types) <= EVENTS.keys()
        if each.names is not None:
            assert all(each.names in EVENTS[name].model_fields for name in each.types)
