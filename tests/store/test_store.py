from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import count
from threading import Event as Signal
from threading import Thread

import pytest

from journey.domain.codes import VisitStatus
from journey.domain.episode import OpenJourney
from journey.domain.event import Precision, Refused
from journey.domain.journey import fold
from journey.domain.visit import CompleteVisit, StartVisit
from journey.store.deciding import CLOCK_SKEW, OccursInTheFuture
from journey.store.errors import Contended, KeyReused, StaleVersion, StoreUnavailable
from journey.store.identifiers import uuid7
from journey.store.store import Store
from tests.store.asked import CONTEXT, counted, meanwhile, opened, owned_by, versions

# --- Appending


def test_versions_are_counted_from_one_without_a_gap(store: Store) -> None:
    journey_id = uuid7()
    first = store.handle(journey_id, OpenJourney(patient_id=uuid7(), team="east"), CONTEXT)
    assert [(each.type, each.version) for each in first.events] == [
        ("journey.opened", 1),
        ("journey.owner_assigned", 2),
    ]
    second = store.handle(journey_id, owned_by("west"), CONTEXT)
    assert (first.version, second.version) == (2, 3)
    assert versions(store, journey_id) == [1, 2, 3]


def test_what_is_loaded_is_what_was_answered(store: Store) -> None:
    journey_id = uuid7()
    at = datetime(2026, 3, 1, 8, 15, 0, 250, tzinfo=UTC)
    answer = store.handle(journey_id, OpenJourney(patient_id=uuid7(), occurred_at=at), CONTEXT)
    [recorded] = store.load(journey_id).recorded
    assert [recorded.event_id] == [each.event_id for each in answer.events]
    assert recorded.occurred_at == at
    assert recorded.context == CONTEXT
    assert abs(datetime.now(UTC) - recorded.recorded_at) < timedelta(minutes=1)


def test_what_is_known_of_today_only_as_today_comes_before_what_is_done_next(store: Store) -> None:
    journey_id, visit_id = opened(store), uuid7()
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    store.handle(
        journey_id,
        StartVisit(visit_id=visit_id, occurred_at=today, occurred_precision=Precision.DAY, reported=True),
        CONTEXT,
    )
    store.handle(journey_id, CompleteVisit(visit_id=visit_id), CONTEXT)
    visit = fold(store.load(journey_id).effective, journey_id).visits.get(visit_id)
    assert visit is not None
    assert visit.status is VisitStatus.FINISHED


def test_nothing_to_do_appends_nothing(store: Store, database_url: str) -> None:
    journey_id = opened(store)
    store.handle(journey_id, owned_by("east"), CONTEXT)
    again = store.handle(journey_id, owned_by("east"), CONTEXT)
    assert (again.version, again.events) == (2, ())
    assert counted(database_url, "event") == counted(database_url, "pending") + 0 == 2


def test_a_refusal_appends_nothing(store: Store, database_url: str) -> None:
    with pytest.raises(Refused):
        store.handle(uuid7(), owned_by("east"), CONTEXT, idempotency_key="k")
    assert counted(database_url, "event") == counted(database_url, "idempotency") == 0


def test_each_append_wakes_the_sequencer_nearby(store: Store) -> None:
    journey_id = opened(store)
    store.appended.clear()
    store.handle(journey_id, owned_by("east"), CONTEXT)
    assert store.appended.is_set()


def test_what_lies_in_the_future_is_refused_beyond_the_skew_of_clocks(store: Store) -> None:
    journey_id, now = opened(store), datetime.now(UTC)
    command = owned_by("east").model_copy(update={"occurred_at": now + CLOCK_SKEW + timedelta(seconds=30)})
    with pytest.raises(OccursInTheFuture):
        store.handle(journey_id, command, CONTEXT)
    a_little = command.model_copy(update={"occurred_at": now + CLOCK_SKEW - timedelta(seconds=30)})
    assert store.handle(journey_id, a_little, CONTEXT).version == 2


def test_what_names_no_time_comes_last_though_another_clock_is_ahead(store: Store) -> None:
    journey_id, ahead = opened(store), datetime.now(UTC) + CLOCK_SKEW / 2
    store.handle(journey_id, owned_by("east").model_copy(update={"occurred_at": ahead}), CONTEXT)
    store.handle(journey_id, owned_by("west"), CONTEXT)
    history = store.load(journey_id)
    owner = fold(history.effective, journey_id).episode.owner
    assert owner is not None
    assert owner.team == "west"


# --- Versions


def test_a_stale_version_is_told_with_the_actual_one(store: Store) -> None:
    journey_id = opened(store)
    store.handle(journey_id, owned_by("east"), CONTEXT, expected_version=1)
    with pytest.raises(StaleVersion, match="at version 2, not 1") as stale:
        store.handle(journey_id, owned_by("west"), CONTEXT, expected_version=1)
    assert stale.value.actual == 2
    assert versions(store, journey_id) == [1, 2]


def test_a_version_that_becomes_stale_while_deciding_is_told_too(
    store: Store, elsewhere: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    journey_id = opened(store)
    meanwhile(monkeypatch, store, lambda: elsewhere.handle(journey_id, owned_by("north"), CONTEXT))
    with pytest.raises(StaleVersion):
        store.handle(journey_id, owned_by("east"), CONTEXT, expected_version=1)
    assert versions(store, journey_id) == [1, 2]


def test_without_a_version_it_is_decided_anew_when_somebody_else_was_first(
    store: Store, elsewhere: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    journey_id = opened(store)
    meanwhile(monkeypatch, store, lambda: elsewhere.handle(journey_id, owned_by("east"), CONTEXT))
    assert store.handle(journey_id, owned_by("east"), CONTEXT).events == ()
    assert versions(store, journey_id) == [1, 2]


def test_who_never_gets_a_turn_is_told_so(
    store: Store, elsewhere: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    journey_id, teams = opened(store), count()
    meanwhile(
        monkeypatch,
        store,
        lambda: elsewhere.handle(journey_id, owned_by(f"team-{next(teams)}"), CONTEXT),
        times=99,
    )
    with pytest.raises(Contended, match="try again"):
        store.handle(journey_id, owned_by("late"), CONTEXT)


def test_all_of_many_writers_to_one_journey_get_their_turn(store: Store) -> None:
    journey_id = opened(store)
    with ThreadPoolExecutor(8) as pool:
        answers = list(
            pool.map(lambda n: store.handle(journey_id, owned_by(f"team-{n}"), CONTEXT), range(40))
        )
    assert sorted(each.version for each in answers) == list(range(2, 42))
    assert versions(store, journey_id) == list(range(1, 42))


# --- Idempotency keys


def test_a_key_answers_the_same_whatever_happened_since(store: Store) -> None:
    journey_id = opened(store)
    first = store.handle(journey_id, owned_by("east"), CONTEXT, idempotency_key="k")
    store.handle(journey_id, owned_by("west"), CONTEXT)
    assert store.handle(journey_id, owned_by("east"), CONTEXT, idempotency_key="k") == first
    assert versions(store, journey_id) == [1, 2, 3]


def test_a_key_for_another_body_is_refused(store: Store) -> None:
    journey_id = opened(store)
    store.handle(journey_id, owned_by("east"), CONTEXT, idempotency_key="k")
    with pytest.raises(KeyReused, match="new key"):
        store.handle(journey_id, owned_by("west"), CONTEXT, idempotency_key="k")


def test_a_key_belongs_to_one_journey(store: Store) -> None:
    answers = [
        store.handle(opened(store), owned_by(team), CONTEXT, idempotency_key="k") for team in ("east", "west")
    ]
    assert [each.version for each in answers] == [2, 2]


def test_nothing_to_do_is_remembered_with_its_version(store: Store) -> None:
    journey_id = opened(store)
    store.handle(journey_id, owned_by("east"), CONTEXT)
    nothing = store.handle(journey_id, owned_by("east"), CONTEXT, idempotency_key="k")
    store.handle(journey_id, owned_by("west"), CONTEXT)
    again = store.handle(journey_id, owned_by("east"), CONTEXT, idempotency_key="k")
    assert again == nothing
    assert (nothing.version, nothing.events) == (2, ())


def test_a_journey_is_opened_once_under_its_key(store: Store) -> None:
    journey_id, opening = uuid7(), OpenJourney(patient_id=uuid7(), team="east")
    answers = [store.handle(journey_id, opening, CONTEXT, idempotency_key="k") for _ in range(3)]
    assert answers[0].version == 2
    assert answers[0] == answers[1] == answers[2]


def test_one_key_used_by_many_at_once_acts_once(store: Store, database_url: str) -> None:
    journey_id = opened(store)
    with ThreadPoolExecutor(8) as pool:
        answers = list(
            pool.map(
                lambda _: store.handle(journey_id, owned_by("east"), CONTEXT, idempotency_key="k"), range(8)
            )
        )
    assert len(Counter(answers)) == 1
    assert answers[0].version == 2
    assert counted(database_url, "event") == 2


def test_a_request_that_overtakes_itself_is_answered_and_not_called_stale(
    store: Store, elsewhere: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    journey_id = opened(store)

    def ask(of: Store) -> object:
        return of.handle(journey_id, owned_by("east"), CONTEXT, expected_version=1, idempotency_key="k")

    meanwhile(monkeypatch, store, lambda: ask(elsewhere))
    assert ask(store) == ask(elsewhere)
    assert versions(store, journey_id) == [1, 2]


# --- Too many at once


def test_an_exhausted_pool_says_so_before_anybody_gives_back(database_url: str) -> None:
    store = Store(database_url, pool_size=1, timeout=0.2)
    journey_id, taken, enough = opened(store), Signal(), Signal()

    def hold() -> None:
        with store.datastore.connection():
            taken.set()
            enough.wait()

    holder = Thread(target=hold)
    holder.start()
    taken.wait()
    with pytest.raises(StoreUnavailable, match=r"too busy .* nothing was recorded"):
        store.handle(journey_id, owned_by("east"), CONTEXT)
    enough.set()
    holder.join()
    assert store.handle(journey_id, owned_by("east"), CONTEXT).version == 2
    store.close()
    with pytest.raises(StoreUnavailable):
        store.load(journey_id)
