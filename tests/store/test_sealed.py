"""What is personal is nowhere to be read in what is stored, and is read again by who has the key."""

import stat
from base64 import b64encode
from binascii import a2b_base64
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic_core import from_json

from journey.domain.correction import EventVoided
from journey.domain.event import Event, Precision, Recorded
from journey.domain.identity import ChangeDemographics, Demographics
from journey.domain.journey import EVENT_TYPES
from journey.domain.parting import told
from journey.domain.personal import ERASED
from journey.settings import Settings
from journey.store.identifiers import uuid7
from journey.store.mapper import recorded, stored
from journey.store.sealed import about, event_key
from journey.store.store import Store
from journey.store.vault import (
    DESTROYED,
    CannotBeOpened,
    MasterKeys,
    NoMasterKey,
    Vault,
    master_keys,
    unsealed,
    vault,
)
from tests.domain.anything import models
from tests.example import filled
from tests.store.asked import CONTEXT, opened

AT = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


def sealed(event: Event) -> Recorded:
    context = CONTEXT.model_dump_json(exclude_none=True)
    return Recorded(uuid7(), 7, uuid7(), event, AT, Precision.INSTANT, AT, context, key=vault().fresh())


@pytest.mark.parametrize("event", EVENT_TYPES, ids=lambda event: event.stored_as)
def test_what_is_personal_is_not_in_the_row_and_is_read_from_it(event: type[Event]) -> None:
    each = sealed(filled(event))
    row = stored(each)
    assert not [text for _, text in told(each.event) if f'"{text}"' in row.state]
    assert recorded(row) == each


@settings(max_examples=50)
@given(st.sampled_from(EVENT_TYPES).flatmap(models))
def test_whatever_is_sealed_is_read_again(event: Event) -> None:
    each = sealed(event)
    assert recorded(stored(each)) == each


def test_with_its_key_destroyed_an_event_reads_as_erased_and_more_is_not_written() -> None:
    each = sealed(EventVoided(voids=UUID(int=1), of="visit.booked", reason="the wrong Mrs Ekström"))
    gone = recorded(stored(each)._replace(key=DESTROYED))
    assert gone.event == each.event.model_copy(update={"reason": ERASED})
    assert "Ekström" not in stored(replace(each, key=DESTROYED)).state


def test_the_key_of_one_event_opens_no_other_and_is_known_by_its_digest() -> None:
    one = sealed(filled(EventVoided))
    other = replace(one, event_id=uuid7())
    bound = [about(each.journey_id, 7, each.event_id, "correction.voided") for each in (one, other)]
    keys = [event_key(one.key or b"", each) for each in bound]
    boxes = [a2b_base64(from_json(stored(each).state)["sealed"]) for each in (one, other)]
    assert [box[-32:] for box in boxes] == [sha256(key).digest() for key in keys]
    assert unsealed(AESGCM(keys[0]), boxes[0][:-32], bound[0])
    with pytest.raises(CannotBeOpened):
        unsealed(AESGCM(keys[0]), boxes[1][:-32], bound[1])


def test_a_key_that_is_not_there_is_no_erasure() -> None:
    row = stored(sealed(filled(EventVoided)))
    with pytest.raises(CannotBeOpened, match="missing"):
        recorded(row._replace(key=None))


@pytest.mark.parametrize(
    "moved",
    [
        {"originator_id": UUID(int=9)},
        {"originator_version": 8},
        {"event_id": UUID(int=9)},
        {"topic": "correction.reinstated"},
    ],
    ids=str,
)
def test_a_ciphertext_is_of_use_in_its_own_row_alone(moved: dict[str, Any]) -> None:
    with pytest.raises(CannotBeOpened):
        recorded(stored(sealed(filled(EventVoided)))._replace(**moved))


def test_a_bit_that_was_turned_shows() -> None:
    row = stored(sealed(filled(EventVoided)))
    at = 30
    turned = "A" if row.state[at] != "A" else "B"
    with pytest.raises(CannotBeOpened):
        recorded(row._replace(state=row.state[:at] + turned + row.state[at + 1 :]))


def test_the_key_of_another_journey_opens_nothing() -> None:
    with pytest.raises(CannotBeOpened):
        recorded(stored(sealed(filled(EventVoided)))._replace(key=vault().fresh()))


def test_a_journey_has_one_key_from_its_first_event_on(store: Store, database_url: str) -> None:
    journey_id = opened(store)
    store.handle(journey_id, ChangeDemographics(demographics=Demographics(family="Ekström")), CONTEXT)
    with psycopg.connect(database_url) as connection:
        [(wrapped,)] = connection.execute("SELECT wrapped FROM data_key").fetchall()
        rows = connection.execute("SELECT row_to_json(event)::text FROM event").fetchall()
    assert {each.key for each in store.load(journey_id).recorded} == {wrapped}
    assert not [row for (row,) in rows if "Ekstr" in row]


def test_what_was_destroyed_never_comes_back(store: Store, database_url: str) -> None:
    opened(store)
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("UPDATE data_key SET wrapped = '', destroyed_at = now()")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("UPDATE data_key SET wrapped = 'again', destroyed_at = NULL")


KEYS = [bytes([number]) * 32 for number in range(3)]


def test_any_master_key_at_hand_opens_and_the_first_wraps() -> None:
    old = MasterKeys(KEYS[:1])
    wrapped = old.wrap(b"a data key")
    both = MasterKeys([KEYS[1], KEYS[0]])
    assert both.unwrap(wrapped) == b"a data key"
    assert not both.is_current(wrapped)
    assert both.is_current(both.wrap(b"a data key"))
    with pytest.raises(CannotBeOpened, match="not at hand"):
        MasterKeys(KEYS[2:]).unwrap(wrapped)


def test_a_key_wrapped_anew_opens_what_the_one_before_sealed() -> None:
    each = Vault(MasterKeys(KEYS[:1])).fresh()
    turning = Vault(MasterKeys(KEYS[1::-1]))
    again = turning.rewrapped(each)
    assert again != each
    assert Vault(MasterKeys(KEYS[1:2])).key(again) == turning.key(each)


def test_the_embedded_database_has_a_key_of_its_own_made_for_its_owner_alone(tmp_path: Path) -> None:
    settings = Settings.load(home=tmp_path / "home", master_key_file=None)
    [key] = master_keys(settings)
    path = tmp_path / "home" / "master.key"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [len(key), master_keys(settings)] == [32, (key,)]
    assert [each.name for each in path.parent.iterdir()] == ["master.key"]


def test_another_database_is_told_its_key() -> None:
    with pytest.raises(NoMasterKey, match="JOURNEY_MASTER_KEY_FILE should name a file"):
        master_keys(Settings.load(database_url="postgresql://db/journey", master_key_file=None))


@pytest.mark.parametrize("text", ["", "not base64!", b64encode(b"short").decode()])
def test_a_file_without_a_key_is_said(tmp_path: Path, text: str) -> None:
    path = tmp_path / "master.key"
    path.write_text(text)
    with pytest.raises(NoMasterKey, match="each 32 bytes in base64"):
        master_keys(Settings.load(master_key_file=path))


def test_several_keys_stand_a_line_each(tmp_path: Path) -> None:
    path = tmp_path / "master.key"
    path.write_text("".join(f"{b64encode(key).decode()}\n" for key in KEYS))
    assert master_keys(Settings.load(master_key_file=path)) == tuple(KEYS)
