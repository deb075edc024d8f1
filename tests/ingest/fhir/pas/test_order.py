"""In whatever order a payer and those who ask it are heard, and how often, the same is true in the end."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from journey.ingest.aside import Unapplied
from journey.ingest.fhir.resource import Json
from tests.ingest.fhir.pas.payer import Story, answer, claim, item, response, task, update
from tests.spec import STABLE

QUESTION = {**task(), "authoredOn": "2026-03-01T09:40:00Z"}
HEARD: tuple[Json, ...] = (
    claim(item(1), item(2)),
    response(answer(1, "A4"), answer(2, "A4"), at="2026-03-01T09:30:00Z"),
    QUESTION,
    {**QUESTION, "status": "completed", "lastModified": "2026-03-01T09:50:00Z"},
    update(item(1), item(2, mode="changed", quantity={"value": 3})),
    response(answer(1, "A1", "A-7"), answer(2, "A3"), to="T-2", at="2026-03-02T09:00:00Z"),
    update(
        item(1, certification="2"),
        item(2, certification="2"),
        number="T-3",
        of="T-2",
        at="2026-03-03T09:00:00Z",
    ),
    response(answer(1, "A1", "A-7"), answer(2, "A1", "A-7"), to="T-3", at="2026-03-04T09:00:00Z"),
)


def told(documents: list[Json]) -> Story:
    """What waits for another is tried again after each."""
    story = Story()
    waiting: list[Json] = []
    for document in documents:
        left = [*waiting, document]
        waiting = [each for each in left if _waits(story, each)]
        while len(waiting) < len(left):
            left, waiting = waiting, [each for each in waiting if _waits(story, each)]
    assert waiting == []
    return story


def _waits(story: Story, document: Json) -> bool:
    try:
        story.hears(document)
    except Unapplied as problem:
        return problem.code == "awaits-reference"
    return False


def stands(story: Story) -> Any:
    (one,) = story.told.journey.authorizations
    return one.status, one.trace, one.number, one.appeals, story.actions


@STABLE
@given(st.permutations(HEARD), st.lists(st.sampled_from(HEARD), max_size=3))
def test_the_order_changes_nothing_and_nothing_counts_twice(order: list[Json], again: list[Json]) -> None:
    story = told(order)
    assert stands(story) == stands(told(list(HEARD)))
    before = story.events
    for each in again:
        story.hears(each)
    assert story.events == before
