"""Stored: whether a line of an evidence pack says what was stored, to the letter."""

import json
from binascii import Error as NotBase64
from binascii import a2b_base64
from hashlib import sha256
from typing import Any
from uuid import UUID

import rfc8785
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from journey import jsontext
from journey.evidence.form import AccessLine, EventLine, How, StoredEvent
from journey.evidence.reading import Unsound
from journey.ledger.leaves import AccessRow
from journey.ledger.merkle import Hash, leaf_hash
from journey.store.sealed import BEGINS, DIGEST, MEMBER, about
from journey.store.vault import NONCE

Json = dict[str, Any]


def check_event(line: EventLine, where: str) -> None:
    _check_leaf(line.stored.model_dump(), line.leaf, where)
    if not _same(_json(line.stored.context, where), line.read.context):
        raise Unsound(f"{where}: who did it and why does not read as it was stored.")
    if not _same(_data(line, where), line.read.data):
        raise Unsound(f"{where}: what happened does not read as it was stored.")


def check_access(line: AccessLine, where: str) -> None:
    if set(line.stored) != set(AccessRow._fields):
        raise Unsound(f"{where}: it has not the fields of a record of the trail.")
    _check_leaf(line.stored, line.leaf, where)


def _check_leaf(stored: Json, leaf: Hash, where: str) -> None:
    try:
        canonical = rfc8785.dumps(stored)
    except (rfc8785.CanonicalizationError, RecursionError):
        canonical = b""
    if leaf_hash(canonical) != leaf:
        raise Unsound(f"{where}: what is said to be stored is not what its leaf was made of.")


def _data(line: EventLine, where: str) -> Json:
    """What the stored text says, opened with the key."""
    said = _json(line.stored.data, where)
    is_sealed = line.stored.data.startswith(BEGINS)
    if is_sealed is (line.how is How.PLAIN) or (line.key is None) is (line.how is How.OPENED):
        raise Unsound(f"{where}: it is said to be {line.how}, and is not.")
    if not is_sealed:
        return said
    box = said.pop(MEMBER)
    return said if line.key is None else {**said, **_json(_opened(line.stored, box, line.key, where), where)}


def _opened(stored: StoredEvent, box: str, key: bytes, where: str) -> str:
    """The key is the one that it was sealed with: no other has this digest."""
    bound = about(UUID(stored.journey_id), stored.version, UUID(stored.event_id), stored.type)
    try:
        sealed = a2b_base64(box)
        plain = AESGCM(key).decrypt(sealed[:NONCE], sealed[NONCE:-DIGEST], bound)
        if sha256(key).digest() == sealed[-DIGEST:]:
            return plain.decode()
    except (NotBase64, InvalidTag, ValueError):
        pass
    raise Unsound(f"{where}: its key does not open what is stored.")


def _json(text: str, where: str) -> Json:
    try:
        value, faults = jsontext.read(text.encode())
    except ValueError:
        value, faults = None, []
    if faults or not isinstance(value, dict):
        raise Unsound(f"{where}: what is stored is not JSON.")
    return value


def _same(one: Json, other: Json) -> bool:
    """To the letter: for Python, 1 is True."""
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)
