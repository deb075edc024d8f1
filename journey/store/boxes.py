"""Boxes: how a message lies in the inbox, by the key of the journey that it led to, where there is one.

Whoever destroys that key has made the message unreadable, wherever a copy of its row lies. What led nowhere
is sealed by the master key.
"""

from typing import Any, NamedTuple
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from psycopg import Connection

from journey.store.sealed import event_key
from journey.store.vault import CannotBeOpened, sealed, unsealed, vault

KEY = "SELECT wrapped FROM data_key WHERE journey_id = %s"


class Box(NamedTuple):
    """A message as it is stored, and whose key opens it."""

    raw: bytes
    sealed_for: UUID | None


def boxed(connection: Connection[Any], name: bytes, raw: bytes, journey_id: UUID | None) -> Box:
    """Nothing, where the journey's key is destroyed."""
    row = journey_id and connection.execute(KEY, (journey_id,)).fetchone()
    return box(name, raw, journey_id, row[0] if row else None)


def box(name: bytes, raw: bytes, journey_id: UUID | None, wrapped: bytes | None) -> Box:
    """By the journey's key, wrapped: empty where it is destroyed, None where there is none."""
    if wrapped is None:
        return Box(vault().kms.wrap(raw), None)
    return Box(sealed(_cipher(name, wrapped), raw, name) if wrapped else b"", journey_id)


def unboxed(name: bytes, box: Box, wrapped: bytes | None) -> bytes:
    """The message. Raises CannotBeOpened, where the journey's key is destroyed, too."""
    if box.sealed_for is None:
        return vault().kms.unwrap(box.raw)
    if not wrapped:
        raise CannotBeOpened("The data key of a message's journey is destroyed or missing.")
    return unsealed(_cipher(name, wrapped), box.raw, name)


def _cipher(name: bytes, wrapped: bytes) -> AESGCM:
    return AESGCM(event_key(wrapped, b"inbox " + name))
