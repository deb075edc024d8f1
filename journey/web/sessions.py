"""Sessions: who is signed in at a browser.

The browser holds a secret; the database holds its digest, and the key or token of the API, sealed with the
secret. Who reads the database signs in as nobody. A session ends when it is signed out of, when nobody has
used it for a while, and in any case after some hours.
"""

from datetime import datetime
from hashlib import sha256
from hmac import compare_digest
from secrets import token_bytes, token_hex, token_urlsafe
from typing import NamedTuple, Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pydantic import TypeAdapter

SECRET_BYTES = 32
NONCE_BYTES = 12

BEGIN = """
    INSERT INTO console_session (digest, sealed, ends_at)
    VALUES (%s, %s, least(clock_timestamp() + make_interval(hours => %s), %s))
    RETURNING ends_at
    """
USE = """
    UPDATE console_session SET used_at = clock_timestamp()
     WHERE digest = %s AND ends_at > clock_timestamp()
       AND used_at > clock_timestamp() - make_interval(mins => %s)
    RETURNING sealed, ends_at
    """
LOOK = """
    SELECT sealed, ends_at FROM console_session
     WHERE digest = %s AND ends_at > clock_timestamp()
       AND used_at > clock_timestamp() - make_interval(mins => %s)
    """
"""What a page asks by itself is not somebody's use of it: a screen that is left alone is signed out."""

RENEW = """
    UPDATE console_session SET renewed_at = clock_timestamp()
     WHERE digest = %s AND coalesce(renewed_at < clock_timestamp() - interval '30 seconds', true)
    RETURNING 1
    """
"""Whoever gets a row asks the issuer, and nobody beside them: a token that renews is good for once."""

RELIEVED = """
    UPDATE console_session SET ends_at = least(ends_at, clock_timestamp() + interval '1 minute')
     WHERE digest = %s
    RETURNING 1
    """
"""The session before goes on for those of its requests that are under way."""

END = """
    UPDATE console_session SET sealed = %s, ends_at = least(ends_at, clock_timestamp())
     WHERE digest = %s
    RETURNING 1
    """
"""It signs nobody in any more, and holds no token."""

ENDED = "SELECT sealed, ends_at FROM console_session WHERE digest = %s"
FORGET = """
    WITH over AS (
        DELETE FROM console_kept WHERE ends_at <= clock_timestamp()
    )
    DELETE FROM console_session WHERE ends_at < clock_timestamp() - interval '1 hour' RETURNING 1
    """
"""One that is over is known a while longer: what its forms send is kept for whoever typed it. What nobody
came back for goes as well.
"""


class Held(NamedTuple):
    """What a session is made of: a key or token of the API; of a token, until when it holds, and what renews
    it. `id`: whose it is. `csrf` stands in every form that the session makes, and stays when it is renewed.
    `id_token`: what the issuer knows the sign-in by.
    """

    token: str
    refresh: str | None = None
    until: datetime | None = None
    id: str = ""
    csrf: str = ""
    id_token: str | None = None

    def with_csrf(self) -> Self:
        return self if self.csrf else self._replace(csrf=token_hex(SECRET_BYTES))

    def over(self) -> "Held":
        """Whose it was, and which forms it made: nothing to ask the API with."""
        return Held("", id=self.id, csrf=self.csrf)


HELD = TypeAdapter(Held)


class Session(NamedTuple):
    """One that holds."""

    secret: str
    held: Held
    ends_at: datetime

    @property
    def csrf(self) -> str:
        return self.held.csrf

    def made(self, csrf: str) -> bool:
        """Whether a form is from here."""
        return compare_digest(self.csrf.encode(), csrf.encode())


class Sealed(NamedTuple):
    """Something as it is stored, and the secret that opens it."""

    secret: str
    digest: bytes
    sealed: bytes


def sealed(told: bytes, secret: str = "") -> Sealed:
    """Under a secret that nobody had before, where none is given."""
    secret, nonce = secret or token_urlsafe(SECRET_BYTES), token_bytes(NONCE_BYTES)
    return Sealed(secret, digest(secret), nonce + AESGCM(_key(secret)).encrypt(nonce, told, None))


def unsealed(secret: str, stored: bytes) -> bytes | None:
    """None where the secret is not its own."""
    try:
        return AESGCM(_key(secret)).decrypt(stored[:NONCE_BYTES], stored[NONCE_BYTES:], None)
    except InvalidTag:
        return None


def opened(secret: str, stored: bytes, ends_at: datetime) -> Session | None:
    """None where the secret is not its own."""
    told = unsealed(secret, stored)
    return None if told is None else Session(secret, HELD.validate_json(told), ends_at)


def digest(secret: str) -> bytes:
    return sha256(b"session" + secret.encode()).digest()


def _key(secret: str) -> bytes:
    return sha256(b"seal" + secret.encode()).digest()
