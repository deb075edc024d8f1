"""What is decided while a delivery is under way: the receiver decides it before it answers, so that nothing
is left to chance; and what was decided between planning and sending.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Thread

import pytest

from journey.api.access import keys
from journey.api.access.keys import Grant
from journey.api.access.table import Role
from journey.bench.receiver import TAKEN, Received, Receiver, Reply
from journey.domain.consent.commands import RefuseConsent
from journey.domain.custody import ErasureBasis, RequestErasure, RestrictionGround, RestrictProcessing
from journey.domain.episode import OpenJourney
from journey.domain.identity import Demographics
from journey.feed.envelope import Payload
from journey.privacy.erasing import erase
from journey.projections import READ_MODELS
from journey.store.identifiers import uuid7
from journey.webhooks import registry
from journey.webhooks.registry import Webhook
from journey.worker import Worker
from tests.privacy.test_erasing import OFFICER
from tests.waiting import until
from tests.webhooks.delivering import SWIFT, Inbox, World, signed, world

TEAM = Grant(teams=("ward 3",))
PATIENT = replace(SWIFT, timeout=10)
"""Whoever decides may take their time."""


@pytest.fixture
def here(database_url: str) -> Iterator[World]:
    with world(database_url, TEAM) as found:
        yield found


def once(here: World, decide: Callable[[], object], then: Reply = TAKEN) -> None:
    """Decided while the first message is under way, which is answered so; all others are taken."""

    def answer(_: Received) -> Reply:
        if len(here.inbox.got) > 1:
            return TAKEN
        decide()
        return then

    here.inbox.answers = answer


def opened(here: World, many: int = 1) -> None:
    """Journeys that are the key's."""
    for _ in range(many):
        known = Demographics(family="Ekström")
        here.tell(uuid7(), OpenJourney(patient_id=uuid7(), team="ward 3", patient=known))
    here.log()


def done(here: World) -> None:
    until(lambda: here.inbox.taken and here.states().keys() == {"delivered"})


def test_what_is_under_way_at_a_pause_ends_and_is_on_record(here: World) -> None:
    opened(here, 40)
    webhook = here.subscribed()
    once(here, lambda: here.paused(webhook))
    with here.delivering(PATIENT):
        until(lambda: here.rows("SELECT 1 FROM webhook WHERE worker IS NULL AND lease > 0"))
        assert here.states()["delivered"] == len(here.inbox.got)
        assert here.states()["pending"] > 0
        here.enabled(webhook)
        done(here)
    assert set(here.inbox.ids.values()) == {1}
    assert here.inbox.numbers == list(range(1, here.now(webhook).next_number))


def test_what_is_under_way_when_its_subscription_is_deleted_leaves_nothing_behind(here: World) -> None:
    opened(here, 4)
    webhook = here.subscribed()
    once(here, lambda: here.deleted(webhook))
    with here.delivering():
        until(lambda: here.inbox.got and not here.rows("SELECT 1 FROM webhook"))
        assert not here.states()
        before = len(here.inbox.got)
        here.subscribed()
        done(here)
    assert len(here.inbox.got) - before >= sum(here.states().values())


def test_a_secret_that_holds_no_more_is_not_signed_with_again(here: World) -> None:
    opened(here)
    webhook = here.subscribed()

    def answer(request: Received) -> Reply:
        if len(here.inbox.got) == 1:
            here.rotated(webhook, 0)
        [secret] = here.secrets(webhook)
        return TAKEN if signed(secret, request) else Reply(401)

    here.inbox.answers = answer
    with here.delivering():
        done(here)
    assert len(here.inbox.got) == len(here.inbox.taken) + 1


def test_put_back_under_way_all_comes_again_in_order_under_dense_numbers(here: World) -> None:
    here.journeys(3, events=4)
    keys.change(here.url, here.owner, Role.INTEGRATOR, None, Grant())
    webhook = here.subscribed()
    once(here, lambda: here.rewound(webhook, 0))
    with here.delivering():
        until(lambda: here.now(webhook).position == 12)
        done(here)
    assert here.inbox.in_order
    assert len(here.inbox.ids) == 12
    assert here.inbox.numbers == list(range(1, here.now(webhook).next_number))
    assert here.now(webhook).next_number > 13


@pytest.mark.parametrize("decide", ["replayed", "skipped"])
def test_what_is_on_its_last_attempt_is_no_dead_letter_yet(here: World, decide: str) -> None:
    opened(here)
    webhook = here.subscribed()
    decided: list[list[int]] = []

    def answer(_: Received) -> Reply:
        decided.append(here.replayed(webhook) if decide == "replayed" else here.skipped(webhook, [1]))
        return Reply(500)

    here.inbox.answers = answer
    with here.delivering():
        until(lambda: here.states()["dead"] == 1)
    assert decided == [[]] * 5


def test_two_who_replay_the_same_dead_letter_at_once_replay_it_once(here: World) -> None:
    opened(here)
    webhook = here.subscribed()
    here.planned(webhook)
    here.rows("UPDATE webhook_delivery SET state = 'dead' RETURNING 1")
    with here.connection() as holding, ThreadPoolExecutor(2) as pool:
        with holding.transaction():
            holding.execute("SELECT FROM webhook FOR UPDATE")
            both = [pool.submit(here.replayed, webhook) for _ in range(2)]
            until(lambda: here.rows(WAITING) == [(2,)])
        answers = sorted(each.result() for each in both)
    dead = here.now(webhook).next_number - 1
    assert answers == [[], list(range(1, dead + 1))]


WAITING = (
    "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
)


def test_a_replay_waits_for_the_turn_that_lets_a_letter_die(here: World) -> None:
    """Whoever asks while the outcome is being written sees the dead letter, and does not miss it."""
    opened(here)
    webhook = here.subscribed()
    here.planned(webhook)
    with here.connection() as turn, ThreadPoolExecutor(1) as pool:
        with turn.transaction():
            turn.execute("SELECT FROM webhook FOR UPDATE")
            turn.execute("UPDATE webhook_delivery SET state = 'dead' WHERE number = 1")
            asked = pool.submit(here.replayed, webhook)
            until(lambda: here.rows(WAITING) == [(1,)])
        assert asked.result() == [1]


def test_a_key_that_is_revoked_under_way_suspends_and_nothing_is_lost(here: World) -> None:
    opened(here, 200)
    webhook = here.subscribed()
    once(here, here.revoked)
    with here.delivering(PATIENT):
        until(lambda: here.now(webhook).state == "suspended")
        until(lambda: here.rows("SELECT 1 FROM webhook WHERE worker IS NULL"))
    assert here.now(webhook).reason == "owner-revoked"
    assert here.states()["delivered"] == len(here.inbox.got) < 200


def narrowed(here: World) -> None:
    keys.change(here.url, here.owner, Role.INTEGRATOR, None, Grant(teams=("ward 9",)))


def test_rights_that_are_narrowed_under_way_hold_from_the_next_attempt_on(here: World) -> None:
    opened(here)
    here.subscribed()
    once(here, lambda: narrowed(here), Reply(500))
    with here.delivering():
        done(here)
    assert "subject" in here.inbox.got[0].body.decode()
    assert all(each.keys() == {"specversion", "id", "source", "type"} for each in here.inbox.bodies)


def restrict(here: World) -> None:
    [(journey_id,)] = here.rows("SELECT DISTINCT journey_id FROM event")
    ground = next(iter(RestrictionGround))
    here.tell(journey_id, RestrictProcessing(ground=ground, reason="she asks for it"))
    here.log()


def refuse(here: World) -> None:
    [(journey_id,)] = here.rows("SELECT DISTINCT journey_id FROM event")
    here.tell(journey_id, RefuseConsent(consent_id=uuid7(), reason="not now"))
    here.log()


def erased(here: World) -> None:
    [(journey_id, patient)] = here.rows("SELECT journey_id, data->>'patient_id' FROM event WHERE version = 1")
    here.tell(journey_id, RequestErasure(erasure_id=uuid7(), basis=ErasureBasis.OBJECTION, reason="a letter"))
    with Worker(here.url):
        models = [model.name for model in READ_MODELS]
        erase(here.store, patient, OFFICER, years_kept=0, models=models)


def withheld(told: dict[str, object]) -> bool:
    return told["type"] == "withheld" and "data" not in told


def thin(told: dict[str, object]) -> bool:
    return str(told["dataschema"]).endswith("/thin")


def nameless(told: dict[str, object]) -> bool:
    return "Ekström" not in str(told)


DECISIONS = pytest.mark.parametrize(
    ("decide", "is_right"), [(restrict, withheld), (refuse, thin), (erased, nameless)]
)
Decide = Callable[[World], None]
IsRight = Callable[[dict[str, object]], bool]


def wanted_whole(here: World) -> Webhook:
    opened(here)
    return here.subscribed(payload=Payload.FULL)


@DECISIONS
def test_what_is_decided_under_way_holds_from_the_next_attempt_on(
    here: World, decide: Decide, is_right: IsRight
) -> None:
    wanted_whole(here)
    once(here, lambda: decide(here), Reply(500))
    with here.delivering():
        done(here)
    assert not is_right(here.inbox.bodies[0]) or len(here.inbox.got) > 1
    assert all(map(is_right, here.inbox.bodies))


@DECISIONS
def test_what_is_decided_between_planning_and_sending_holds(
    here: World, decide: Decide, is_right: IsRight
) -> None:
    here.planned(wanted_whole(here))
    decide(here)
    with here.delivering():
        done(here)
    assert all(map(is_right, here.inbox.bodies))


def test_whom_it_is_changed_to_under_way_gets_what_was_not_taken(here: World) -> None:
    opened(here, 3)
    webhook = here.subscribed()
    other = Inbox()
    with Receiver(other) as receiver:

        def change() -> None:
            said = ("", webhook.filter, Payload.THIN, "Other", None, "TREAT", webhook.basis)
            wanted = registry.Wanted(receiver.url, *said)
            with here.connection() as connection:
                registry.change(connection, here.owner, webhook.id, wanted)

        def answer(_: Received) -> Reply:
            if len(here.inbox.got) == 1:
                deciding = Thread(target=change)
                deciding.start()
                deciding.join()
            return Reply(500)

        here.inbox.answers = answer
        with here.delivering():
            until(lambda: other.taken and here.states().keys() == {"delivered"})
    assert other.numbers == list(range(1, here.now(webhook).next_number))
    told = here.rows("SELECT positions FROM disclosure WHERE recipient = 'Other'")
    assert sorted(each for (positions,) in told for each in positions) == [
        position for (position,) in here.rows("SELECT position FROM log ORDER BY position")
    ]
