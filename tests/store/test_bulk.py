"""Many commands at once are what they are one after the other."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import psycopg
import pytest

from journey.domain.codes import JourneyStatus
from journey.domain.episode import OpenJourney
from journey.domain.event import Command, Refused
from journey.store import bulk
from journey.store.bulk import Answer, Answers, Asked, handle_all
from journey.store.errors import Contended, KeyReused, StoreUnavailable
from journey.store.identifiers import uuid7
from journey.store.store import Store
from tests.store.asked import CONTEXT, counted, meanwhile, opened, owned_by, versions

pytestmark = pytest.mark.database

OPENING = OpenJourney(patient_id=UUID(int=7), status=JourneyStatus.PLANNED)


def told(store: Store, journey_id: UUID, commands: Sequence[Command], first: int = 0) -> Answers:
    asked = [Asked(each, CONTEXT, f"key {number}") for number, each in enumerate(commands, first)]
    return handle_all(store, journey_id, asked)


def led(answers: Answers) -> list[Any]:
    """Versions, or what was raised, and whether it had been before."""
    return [
        ([event.version for event in each.appended.events], each.repeated)
        if isinstance(each, Answer)
        else type(each)
        for each in answers
    ]


def test_each_is_decided_on_top_of_those_before_it(store: Store, database_url: str) -> None:
    journey_id = uuid7()
    east, west = owned_by("east"), owned_by("west")
    answers = told(store, journey_id, [OPENING, east, east, west])
    assert led(answers) == [([1], False), ([2], False), ([], False), ([3], False)]
    assert versions(store, journey_id) == [1, 2, 3]
    assert (counted(database_url, "pending"), counted(database_url, "idempotency")) == (1, 4)
    again = told(store, journey_id, [OPENING, east, east, west, east])
    assert led(again) == [([1], True), ([2], True), ([], True), ([3], True), ([4], False)]
    assert [each.appended for each in again if isinstance(each, Answer)][:4] == [
        each.appended for each in answers if isinstance(each, Answer)
    ]


def test_what_is_refused_keeps_no_other_out(store: Store) -> None:
    journey_id = uuid7()
    refused, opened_, again = told(store, journey_id, [owned_by("east"), OPENING, owned_by("east")])
    assert isinstance(refused, Refused)
    assert refused.code == "no-such-journey"
    assert led([opened_, again]) == [([1], False), ([2], False)]
    assert led(told(store, journey_id, [owned_by("east")])) == [([], False)]


def test_a_key_is_taken_once(store: Store) -> None:
    journey_id = opened(store)
    one, other = Asked(owned_by("east"), CONTEXT, "k"), Asked(owned_by("west"), CONTEXT, "k")
    assert led(handle_all(store, journey_id, [one, other, one])) == [([2], False), KeyReused, ([2], True)]
    assert led(handle_all(store, journey_id, [other])) == [KeyReused]
    assert store.handle(journey_id, owned_by("east"), CONTEXT, idempotency_key="k").version == 2
    store.handle(journey_id, owned_by("west"), CONTEXT, idempotency_key="other")
    assert led(handle_all(store, journey_id, [other._replace(key="other")])) == [([3], True)]


def test_who_is_overtaken_decides_anew(
    store: Store, elsewhere: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    journey_id = opened(store)
    meanwhile(monkeypatch, store, lambda: elsewhere.handle(journey_id, owned_by("north"), CONTEXT))
    assert led(told(store, journey_id, [owned_by("north"), owned_by("east")])) == [([], False), ([3], False)]


def test_two_who_tell_the_same_at_once_tell_it_once(
    store: Store, elsewhere: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    journey_id = opened(store)
    commands = [owned_by("east"), owned_by("west")]
    meanwhile(monkeypatch, store, lambda: told(elsewhere, journey_id, commands))
    assert led(told(store, journey_id, commands)) == [([2], True), ([3], True)]
    assert versions(store, journey_id) == [1, 2, 3]


def test_who_is_always_overtaken_gives_up(
    store: Store, elsewhere: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    journey_id = opened(store)
    teams = iter(range(100))
    monkeypatch.setattr(bulk, "ATTEMPTS", 3)
    meanwhile(
        monkeypatch,
        store,
        lambda: elsewhere.handle(journey_id, owned_by(f"team {next(teams)}"), CONTEXT),
        times=3,
    )
    with pytest.raises(Contended):
        told(store, journey_id, [owned_by("east")])


def test_a_fault_is_the_answer_of_the_one_that_has_it(store: Store, database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute("ALTER TABLE event ADD CHECK (data->>'team' IS DISTINCT FROM 'cursed')")
    journey_id = opened(store)
    answers = told(store, journey_id, [owned_by("east"), owned_by("cursed"), owned_by("west")])
    assert led(answers) == [([2], False), psycopg.errors.CheckViolation, ([3], False)]


def test_a_database_that_is_gone_is_no_answer(store: Store) -> None:
    journey_id = opened(store)
    store.datastore.close()
    with pytest.raises(StoreUnavailable):
        told(store, journey_id, [owned_by("east")])
