"""What is delivered, in which order, under which numbers, and what becomes of what is not taken."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import pytest

from journey.bench.receiver import TAKEN, Received, Reply
from journey.feed.filter import Filter
from tests.waiting import until
from tests.webhooks.delivering import SWIFT, World, signed, world


@pytest.fixture
def here(database_url: str) -> Iterator[World]:
    with world(database_url) as found:
        yield found


def test_every_event_arrives_signed_in_the_order_of_its_journey_under_dense_numbers(here: World) -> None:
    here.journeys(20, events=5)
    webhook = here.subscribed()
    here.arrived(100)
    assert here.inbox.numbers == list(range(1, 101))
    assert here.inbox.in_order
    assert set(here.inbox.ids.values()) == {1}
    [secret] = here.secrets(webhook)
    assert all(signed(secret, each) for each in here.inbox.taken)
    assert {each["id"] for each in here.inbox.bodies} == set(here.inbox.ids)


def test_a_filter_leaves_out_and_numbers_stay_dense(here: World) -> None:
    here.journeys(5, events=3)
    here.subscribed(Filter(type=("journey.owner_assigned",)))
    here.arrived(10)
    assert here.inbox.numbers == list(range(1, 11))
    assert {each["type"] for each in here.inbox.bodies} == {"journey.owner_assigned"}
    assert here.states() == {"delivered": 10}


def test_other_journeys_flow_past_one_that_is_held_up(here: World) -> None:
    stuck, *_ = here.journeys(4, events=3)
    here.inbox.answers = lambda request: Reply(500) if str(stuck).encode() in request.body else TAKEN
    here.subscribed()
    with here.delivering():
        until(lambda: here.states() == {"delivered": 9, "dead": 1, "waiting": 2})
    refused = [each for each in here.inbox.got if str(stuck).encode() in each.body]
    assert len(refused) == 5
    assert len({each.headers["webhook-id"] for each in refused}) == 1
    assert len({each.headers["journey-delivery"] for each in refused}) == 1


def test_a_dead_letter_that_is_replayed_lets_its_journey_go_on_in_order(here: World) -> None:
    here.journeys(1, events=3)
    here.inbox.answers = lambda _: Reply(500)
    webhook = here.subscribed()
    with here.delivering():
        until(lambda: here.states()["dead"] == 1)
        here.inbox.answers = lambda _: TAKEN
        assert here.replayed(webhook) == [1]
        until(lambda: here.states() == {"delivered": 3})
    assert here.inbox.in_order
    assert here.inbox.numbers == [1, 2, 3]


def test_a_dead_letter_that_is_skipped_is_never_sent_and_its_journey_goes_on(here: World) -> None:
    here.journeys(1, events=2)
    here.inbox.answers = lambda request: Reply(400) if request.headers["journey-delivery"] == "1" else TAKEN
    webhook = here.subscribed()
    with here.delivering():
        until(lambda: here.states()["dead"] == 1)
        assert here.skipped(webhook, [1, 2]) == [1]
        until(lambda: here.states() == {"skipped": 1, "delivered": 1})
    assert here.inbox.numbers == [2]


def test_what_was_not_taken_is_sent_again_under_the_same_id_and_number(here: World) -> None:
    here.journeys(6)
    tries = Counter[str]()

    def answer(request: Received) -> Reply:
        tries[request.headers["webhook-id"]] += 1
        return (Reply(500), Reply(302), Reply(hangs_up=True), TAKEN)[tries[request.headers["webhook-id"]] - 1]

    here.inbox.answers = answer
    here.subscribed()
    here.arrived(6)
    assert here.inbox.numbers == [1, 2, 3, 4, 5, 6]
    by_id = {each.headers["webhook-id"]: each.headers["journey-delivery"] for each in here.inbox.got}
    assert all(
        by_id[each.headers["webhook-id"]] == each.headers["journey-delivery"] for each in here.inbox.got
    )


def test_gone_disables_and_enabling_goes_on_where_it_stopped(here: World) -> None:
    here.journeys(3)
    here.inbox.answers = lambda _: Reply(410)
    webhook = here.subscribed()
    with here.delivering():
        until(lambda: here.now(webhook).state == "disabled")
        assert here.now(webhook).reason == "gone"
        assert not here.inbox.taken
        here.inbox.answers = lambda _: TAKEN
        here.enabled(webhook)
        until(lambda: here.states() == {"delivered": 3})
    assert here.inbox.numbers == [1, 2, 3]


def test_an_endpoint_that_is_down_is_left_alone_and_nothing_dies_of_it(here: World) -> None:
    here.journeys(30)
    down = True
    here.inbox.answers = lambda _: Reply(503) if down else TAKEN
    webhook = here.subscribed()
    with here.delivering():
        until(lambda: here.now(webhook).down_since is not None)
        attempts = len(here.inbox.got)
        until(lambda: len(here.inbox.got) >= attempts + 6)
        assert not here.states()["dead"]
        down = False
        until(lambda: here.states() == {"delivered": 30})
    assert here.now(webhook).down_since is None


def test_an_endpoint_that_stays_down_suspends_the_subscription(here: World) -> None:
    here.journeys(10)
    here.inbox.answers = lambda _: Reply(500)
    webhook = here.subscribed()
    with here.delivering(replace(SWIFT, given_up=0.2)):
        until(lambda: here.now(webhook).state == "suspended")
    assert here.now(webhook).reason == "unreachable"
    assert not here.states()["dead"]


def test_who_asks_for_a_pause_gets_it(here: World) -> None:
    here.journeys(2)
    answers = iter([Reply(429, (("Retry-After", "99"),))])
    here.inbox.answers = lambda _: next(answers, TAKEN)
    here.subscribed()
    here.arrived(2)
    assert len(here.inbox.got) == 3


def test_an_owner_whose_key_was_revoked_sends_nothing(here: World) -> None:
    here.journeys(2)
    webhook = here.subscribed()
    here.revoked()
    with here.delivering():
        until(lambda: here.now(webhook).state == "suspended")
    assert here.now(webhook).reason == "owner-revoked"
    assert not here.inbox.got


def test_putting_it_back_sends_the_same_ids_under_new_numbers(here: World) -> None:
    here.journeys(2, events=2)
    webhook = here.subscribed()
    here.arrived(4)
    here.rewound(webhook, 2)
    with here.delivering():
        until(lambda: here.states() == {"delivered": 6})
    assert here.inbox.numbers == [1, 2, 3, 4, 5, 6]
    assert sorted(here.inbox.ids.values()) == [1, 1, 2, 2]
    assert here.inbox.in_order


def test_both_secrets_sign_while_they_are_exchanged(here: World) -> None:
    webhook = here.subscribed()
    [old] = here.secrets(webhook)
    here.rotated(webhook)
    new, former = here.secrets(webhook)
    assert former == old != new
    here.journeys(1)
    here.arrived(1)
    [request] = here.inbox.taken
    assert signed(new, request)
    assert signed(old, request)


def test_what_goes_out_is_accounted_for_once_before_it_leaves(here: World) -> None:
    here.journeys(3, events=2)
    failing = iter([Reply(500), Reply(500)])
    here.inbox.answers = lambda _: next(failing, TAKEN)
    webhook = here.subscribed()
    here.arrived(6)
    told = here.rows("SELECT recipient, reference, positions FROM disclosure")
    assert {(who, what) for who, what, _ in told} == {("Payer", str(webhook.id))}
    assert sorted(position for _, _, positions in told for position in positions) == [1, 2, 3, 4, 5, 6]


def test_secrets_are_not_in_the_database(here: World) -> None:
    webhook = here.subscribed()
    [secret] = here.secrets(webhook)
    [(stored,)] = here.rows("SELECT secret FROM webhook")
    assert secret not in stored


def test_a_slow_endpoint_is_given_up_on_in_time_and_tried_again(here: World) -> None:
    here.journeys(1)
    slow = iter([Reply(after=5)])
    here.inbox.answers = lambda _: next(slow, TAKEN)
    here.subscribed()
    here.arrived(1)
    assert len(here.inbox.got) == 2
    [(status, error)] = here.rows("SELECT status, error FROM webhook_delivery")
    assert (status, error) == (204, None)


def test_two_workers_share_and_one_goes_on_alone(here: World) -> None:
    """Each says that it lives a few times in a lease, however busy the machine is."""
    for _ in range(4):
        here.subscribed(position=0)
    with here.delivering():
        with here.delivering():
            until(lambda: len(here.rows("SELECT DISTINCT worker FROM webhook WHERE worker IS NOT NULL")) == 2)
            here.journeys(2)
        until(lambda: here.states() == {"delivered": 8})
