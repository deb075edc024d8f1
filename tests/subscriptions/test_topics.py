"""What the topics are about, over all that happens in a simulated clinic."""

from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import UUID

import pytest

from journey.audit.disclosures import Basis
from journey.delivery.follower import Clearance
from journey.domain.event import Recorded
from journey.feed.envelope import Payload
from journey.feed.filter import EVERYTHING
from journey.subscriptions.focusing import Telling, of_journey
from journey.subscriptions.notification import Focus
from journey.subscriptions.terms import Content
from journey.subscriptions.topics import EVERY, Topic
from journey.webhooks.subscription import Subscription
from tests.fhir.test_simulated import clinic
from tests.fhir.validating import assert_valid

NOW = datetime(2030, 1, 1, tzinfo=UTC)
OF = Subscription(
    id=UUID(int=1),
    owner="owner",
    endpoint="https://payer.example/",
    wanted=EVERYTHING,
    payload=Payload.FULL,
    recipient="Payer",
    recipient_address=None,
    purpose="TREAT",
    basis=Basis.TREATMENT,
    state="active",
    secrets=(),
    position=0,
    epoch=0,
    next_number=1,
    trips=0,
    shut_until=None,
    down_since=None,
    kind="fhir",
)


def told(topic: Topic, content: Content) -> Iterator[tuple[Recorded, Focus | None]]:
    """Each event of the topic, and what it is about, where it may be told."""
    telling = Telling(OF, Clearance(None, None, None), topic, content, NOW)
    for history in clinic():
        wanted = [each for each in history.recorded if each.event.stored_as in topic.types]
        if wanted:
            found = of_journey(telling, history, wanted)
            yield from ((each, found.get(each.event_id)) for each in wanted)


@pytest.mark.parametrize("topic", EVERY, ids=lambda topic: topic.name)
def test_every_topic_is_told_of_resources_that_there_are(topic: Topic) -> None:
    focuses = [focus for _, focus in told(topic, Content.FULL)]
    there = [each for each in focuses if each is not None]
    assert there
    assert {each.type for each in there} == {topic.focus}
    bodies = {each.id: each.body for each in there if each.body is not None}
    assert bodies
    assert_valid(*bodies.values())
    assert all(body["id"] == id_ for id_, body in bodies.items())
    assert len(there) * 2 > len(focuses), "most of what a topic tells of is there"


def test_only_full_resources_have_a_body() -> None:
    topic = EVERY[0]
    assert all(each.body is None for _, each in told(topic, Content.ID_ONLY) if each is not None)
