"""SIGKILL at the worst moments, each on its own."""

from contextlib import closing
from typing import Any

import psycopg
import pytest

from journey.bench import recomputed
from journey.bench.checker import complaints, stored
from journey.projections import READ_MODELS
from journey.projections.parking import retry
from journey.projections.projector import Projector
from journey.projections.timeline import Timeline
from journey.store.sequencer import drain
from journey.store.store import Store
from journey.worker import Worker
from tests.crash import stopping
from tests.crash.stopping import come_to_its_point
from tests.store.asked import CONTEXT, counted, opened, owned_by
from tests.waiting import until

pytestmark = pytest.mark.crash


def sound(url: str) -> bool:
    """Everything recorded is in the log and in the read models, and nothing else is."""
    with psycopg.connect(url) as connection:
        holds = stored(connection)
        wrong = [*complaints([], [], holds._replace(log=[each._replace(request=None) for each in holds.log]))]
        return not [*wrong, *recomputed.complaints(connection)]


def filled(url: str) -> None:
    """Ten journeys of three events, in the log."""
    with closing(Store(url)) as store:
        for _ in range(10):
            journey_id = opened(store)
            for team in ("east", "west"):
                store.handle(journey_id, owned_by(team), CONTEXT)
    drain(url)


def caught_up(url: str) -> None:
    for model in READ_MODELS:
        Projector(url, model).catch_up()


@pytest.mark.parametrize("moment", [stopping.before_the_append, stopping.after_the_append])
def test_a_writer_killed_before_it_could_answer_is_asked_again(moment: Any, database_url: str) -> None:
    with closing(Store(database_url)) as store:
        journey_id = opened(store)
        with come_to_its_point(moment, database_url, journey_id):
            pass
        answer = store.handle(journey_id, owned_by("east"), CONTEXT, idempotency_key="k")
        assert (answer.version, len(answer.events)) == (2, 1)
        assert [each.version for each in store.load(journey_id).recorded] == [1, 2]
    assert drain(database_url) == 2
    caught_up(database_url)
    assert sound(database_url)


@pytest.mark.parametrize(
    "moment", [stopping.before_the_sequence_commits, stopping.after_the_sequence_commits]
)
def test_a_sequencer_killed_around_its_commit_moves_each_event_once(moment: Any, database_url: str) -> None:
    with closing(Store(database_url)) as store:
        journey_id = opened(store)
        store.handle(journey_id, owned_by("east"), CONTEXT)
        with come_to_its_point(moment, database_url):
            store.handle(journey_id, owned_by("west"), CONTEXT)
    drain(database_url)
    assert (counted(database_url, "log"), counted(database_url, "pending")) == (3, 0)
    caught_up(database_url)
    assert sound(database_url)


def test_a_worker_killed_before_it_could_wake_anybody_is_followed_by_one_that_looks(
    database_url: str,
) -> None:
    filled(database_url)
    with closing(Store(database_url)) as store:
        opened(store)
        with come_to_its_point(stopping.when_the_wake_up_has_come, database_url):
            until(lambda: counted(database_url, "pending") == 0)
    with Worker(database_url):
        until(lambda: sound(database_url))


@pytest.mark.parametrize("model", range(len(READ_MODELS)), ids=[model.name for model in READ_MODELS])
@pytest.mark.parametrize("moment", [stopping.before_the_checkpoint, stopping.before_the_projection_commits])
def test_a_projector_killed_between_rows_and_checkpoint_leaves_neither(
    moment: Any, model: int, database_url: str
) -> None:
    filled(database_url)
    with come_to_its_point(moment, database_url, model):
        pass
    until(lambda: nobody_else_is_there(database_url))
    assert counted(database_url, READ_MODELS[model].name) == counted(database_url, "checkpoint") == 0
    caught_up(database_url)
    assert sound(database_url)


def test_a_projector_killed_while_it_parks_has_parked_nobody(database_url: str) -> None:
    filled(database_url)
    with come_to_its_point(stopping.before_the_parking_commits, database_url):
        pass
    until(lambda: nobody_else_is_there(database_url))
    assert counted(database_url, "timeline") == counted(database_url, "parked_journey") == 0
    caught_up(database_url)
    assert sound(database_url)


def test_a_retry_killed_before_its_commit_leaves_what_waits_waiting(database_url: str) -> None:
    filled(database_url)
    Projector(database_url, stopping.Poisoned()).catch_up()
    assert (counted(database_url, "timeline"), counted(database_url, "parked_journey")) == (10, 10)
    with come_to_its_point(stopping.before_the_retry_commits, database_url):
        pass
    until(lambda: nobody_else_is_there(database_url))
    assert (counted(database_url, "timeline"), counted(database_url, "parked_journey")) == (10, 10)
    assert [well for _, well in retry(database_url, Timeline())] == [True] * 10
    caught_up(database_url)
    assert sound(database_url)


def nobody_else_is_there(url: str) -> bool:
    with psycopg.connect(url) as connection:
        others = connection.execute(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        return others.fetchone() == (0,)
