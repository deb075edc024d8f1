"""Sealed: an event's stored text, whose personal fields are one ciphertext in its first member.

    {"sealed": "<nonce, AES-256-GCM, digest of the key; base64>", "visit_id": …, "reason": "[erased]"}

All else stays JSON that SQL reads. Opened, the personal fields stand behind the others: of two members of a
name, the last one counts. Bound to its journey, version, id and type, a ciphertext is of use nowhere else.

Each event has a key of its own, made of the journey's: to show somebody outside what one event says, and that
it is what was stored, its key is given away and opens nothing else. The digest settles which key that is, as
AES-GCM alone does not (two keys may open one ciphertext, each to a text of its own).
"""

from binascii import a2b_base64, b2a_base64
from hashlib import blake2b, sha256
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pydantic_core import to_json

from journey.domain.event import Recorded
from journey.domain.parting import parted
from journey.store.vault import CannotBeOpened, sealed, unsealed, vault

MEMBER = "sealed"
BEGINS = f'{{"{MEMBER}":"'
START = len(BEGINS)
DIGEST = 32
"""Bytes of the digest of an event's key."""


def stored_text(each: Recorded) -> str:
    """The event as it is stored: sealed with the journey's key, or without what is personal where that is
    destroyed.
    """
    event = each.event
    if each.key is None:
        return event.__pydantic_serializer__.to_json(event, exclude_none=True).decode()
    lasting, personal = parted(event)
    text = to_json(lasting).decode()
    if not personal or not each.key:
        return text
    bound = about(each.journey_id, each.version, each.event_id, event.stored_as)
    key = event_key(each.key, bound)
    box = sealed(AESGCM(key), to_json(personal), bound) + sha256(key).digest()
    written = b2a_base64(box, newline=False).decode()
    return f'{BEGINS}{written}",{text[1:]}' if lasting else f'{BEGINS}{written}"}}'


def opened_text(text: str, key: bytes | None, about: bytes) -> str:
    """What was stored as this text, which begins with BEGINS: all of it, or what lasts where the key is
    destroyed. Raises CannotBeOpened.
    """
    if not key:
        if key is None:
            raise CannotBeOpened("The data key of a journey is missing.")
        return text
    end = text.index('"', START)
    box = a2b_base64(text[START:end])[:-DIGEST]
    personal = unsealed(AESGCM(event_key(key, about)), box, about).decode()
    lasting = text[end + 2 : -1]
    return f"{{{lasting},{personal[1:]}" if lasting else personal


def event_key(key: bytes, about: bytes) -> bytes:
    """The event's own key, from the journey's wrapped one. Raises CannotBeOpened."""
    return blake2b(about, key=vault().key(key), digest_size=32).digest()


def about(journey_id: UUID, version: int, event_id: UUID, stored_as: str) -> bytes:
    """What a ciphertext is bound to."""
    return ((journey_id.int << 64 | version) << 128 | event_id.int).to_bytes(40) + stored_as.encode()
