"""The master key is turned over: what it wrapped is wrapped anew, and read as before."""

from base64 import b64encode
from contextlib import closing
from pathlib import Path
from zoneinfo import ZoneInfo

import psycopg
import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from journey.api.problems import problem_of
from journey.domain.task import RequestTask
from journey.ingest.attempts import note_in
from journey.ingest.files import Found
from journey.ingest.handling import By, Handling
from journey.ingest.hl7v2.inbox import message_key
from journey.ingest.hl7v2.ingest import ingest
from journey.privacy.rotating import Rotated, rotate
from journey.store.boxes import Box
from journey.store.identifiers import uuid7
from journey.store.store import Store
from journey.store.vault import CannotBeOpened, vault
from journey.webhooks import registry
from tests.store.asked import CONTEXT, opened
from tests.webhooks.delivering import world

pytestmark = pytest.mark.database


@pytest.fixture
def keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of a site of its own; the vault is read from it again after each change."""
    path = tmp_path / "master.key"
    monkeypatch.setenv("JOURNEY_MASTER_KEY_FILE", str(path))
    return path


def held(path: Path, *keys: bytes) -> None:
    path.write_text("".join(f"{b64encode(key).decode()}\n" for key in keys))
    vault.cache_clear()


def test_after_a_rotation_the_old_key_is_needed_no_more(database_url: str, keys: Path) -> None:
    old, new = AESGCM.generate_key(256), AESGCM.generate_key(256)
    try:
        held(keys, old)
        with closing(Store(database_url)) as store, psycopg.connect(database_url, autocommit=True) as by:
            first = opened(store)
            before = store.load(first).recorded
            held(keys, new)
            with pytest.raises(CannotBeOpened, match="not at hand"):
                rotate(by)
            held(keys, new, old)
            second = opened(store)
            said: list[tuple[int, int]] = []
            assert rotate(by, lambda *far: said.append(far)) == Rotated(1, 1)
            assert said == [(2, 2)]
            assert rotate(by) == Rotated(0, 2)
            held(keys, new)
            assert store.load(first).recorded == before
            assert store.load(second).recorded
    finally:
        vault.cache_clear()


def test_the_secrets_of_webhooks_are_wrapped_anew(database_url: str, keys: Path) -> None:
    old, new = AESGCM.generate_key(256), AESGCM.generate_key(256)
    try:
        held(keys, old)
        with world(database_url) as here, here.connection() as by:
            webhook = here.subscribed()
            here.rotated(webhook)
            both = registry.secrets(by, webhook.id)
            held(keys, new, old)
            assert rotate(by) == Rotated(2, 0)
            held(keys, new)
            assert registry.secrets(by, webhook.id) == both
            assert len(both) == 2
    finally:
        vault.cache_clear()


def test_a_key_that_is_not_at_hand_is_a_problem_with_a_name(database_url: str, keys: Path) -> None:
    try:
        held(keys, AESGCM.generate_key(256))
        with closing(Store(database_url)) as store:
            journey_id = opened(store)
            told = RequestTask(task_id=uuid7(), what="her dog bit the nurse", team="ward 3")
            store.handle(journey_id, told, CONTEXT)
            held(keys, AESGCM.generate_key(256))
            with pytest.raises(CannotBeOpened) as raised:
                store.load(journey_id)
        assert problem_of(raised.value).code == "key-missing"
        assert "not at hand" in problem_of(raised.value).detail
    finally:
        vault.cache_clear()


def test_what_a_message_was_corrected_to_is_wrapped_anew(database_url: str, keys: Path) -> None:
    old, new = AESGCM.generate_key(256), AESGCM.generate_key(256)
    try:
        held(keys, old)
        with closing(Store(database_url)) as store, psycopg.connect(database_url, autocommit=True) as by:
            ingest(store, [Found(b"no message", "adt", 1)], zone=ZoneInfo("UTC"))
            key = message_key(b"no message")
            by_somebody = By("key-1", CONTEXT.actor, ZoneInfo("UTC"))
            Handling(store, by_somebody).correct(key, "none either", "in haste")
            held(keys, new, old)
            assert rotate(by) == Rotated(2, 0)
            held(keys, new)
            [kept] = by.execute("SELECT said FROM inbox_attempt WHERE said <> ''").fetchall()
            note = note_in(key, Box(kept[0], None), None)
            assert note is not None
            assert note.text == "none either"
    finally:
        vault.cache_clear()
