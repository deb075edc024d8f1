"""What is kept of deliveries, for how long, and what putting a subscription back makes of it."""

from collections.abc import Iterator

import pytest

from journey.bench.receiver import TAKEN, Reply
from journey.domain.custody import ErasureBasis, RequestErasure
from journey.domain.episode import OpenJourney
from journey.domain.identity import Demographics
from journey.feed.envelope import Payload
from journey.privacy.erasing import erase
from journey.projections import READ_MODELS
from journey.store.identifiers import uuid7
from journey.webhooks import history
from journey.webhooks.history import Asked
from journey.worker import Worker
from tests.privacy.test_erasing import OFFICER
from tests.waiting import until
from tests.webhooks.delivering import World, world

AGO = "UPDATE webhook_delivery SET ended_at = now() - interval '%s day' WHERE number <= %s RETURNING 1"


@pytest.fixture
def here(database_url: str) -> Iterator[World]:
    with world(database_url) as found:
        yield found


def kept(here: World) -> list[int]:
    return [number for (number,) in here.rows("SELECT number FROM webhook_delivery ORDER BY number")]


def test_what_ended_long_ago_is_forgotten_and_nothing_else(
    here: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "AT_ONCE", 2)
    stuck, *_ = here.journeys(6)
    here.inbox.answers = lambda request: Reply(400) if str(stuck).encode() in request.body else TAKEN
    webhook = here.subscribed()
    with here.delivering():
        until(lambda: here.states() == {"delivered": 5, "dead": 1})
    [(dead,)] = here.rows("SELECT number FROM webhook_delivery WHERE state = 'dead'")
    here.rows(AGO % (31, 6))
    here.rows(AGO % (29, 3))
    with here.connection() as connection:
        assert history.prune(connection, 30) == 3 - (dead > 3)
        shown = history.page(connection, Asked(webhook.id, 1 << 62, 100))
    assert [each.number for each in shown] == sorted({1, 2, 3, dead}, reverse=True)
    assert here.states()["dead"] == 1
    here.journeys(1)
    here.arrived(6)
    assert max(here.inbox.numbers) == 7


def test_the_worker_forgets_by_the_days_that_are_set(here: World) -> None:
    here.journeys(2)
    here.subscribed()
    here.arrived(2)
    here.rows(AGO % (31, 1))
    with here.delivering():
        until(lambda: kept(here) == [2])


def test_put_back_before_a_journey_that_was_erased_it_comes_without_what_was_personal(here: World) -> None:
    journey, patient = uuid7(), uuid7()
    here.tell(journey, OpenJourney(patient_id=patient, patient=Demographics(family="Ekström")))
    here.journeys(2)
    webhook = here.subscribed(payload=Payload.FULL)
    here.arrived(len(here.rows("SELECT FROM log")))
    assert any("Ekström" in each.body.decode() for each in here.inbox.taken)
    here.tell(journey, RequestErasure(erasure_id=uuid7(), basis=ErasureBasis.OBJECTION, reason="a letter"))
    with Worker(here.url):
        erase(here.store, patient, OFFICER, years_kept=0, models=[each.name for each in READ_MODELS])
    before = len(here.inbox.taken)
    here.rewound(webhook, 0)
    events = len(here.rows("SELECT FROM log"))
    with here.delivering():
        until(lambda: here.now(webhook).position == events and here.states().keys() == {"delivered"})
    again = here.inbox.taken[before:]
    assert {str(journey)} < {each["subject"] for each in here.inbox.bodies[before:]}
    assert len(again) == events
    assert not any("Ekström" in each.body.decode() for each in again)
    assert here.inbox.numbers == list(range(1, here.now(webhook).next_number))
