"""Sessions: who is signed in at a browser.

The browser holds a secret; the database holds its digest, and the key or token of the API, sealed with the
secret. Who reads the database signs in as nobody. A session ends when it is signed out of, when nobody has
used it for a while, and in any case after some hours.
"""

from datetime import datetime
from hashlib import sha256
from hmac import compare_digest
from secrets import token_bytes, token_urlsafe
from typing import NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

SECRET_BYTES = 32
NONCE_BYTES = 12

BEGIN = """
    INSERT INTO console_session (digest, sealed, ends_at)
    VALUES (%s, %s, clock_timestamp() + make_interval(hours => %s))
    RETURNING ends_at
    """
USE = """
    UPDATE console_session SET used_at = clock_timestamp()
     WHERE digest = %s AND ends_at > clock_timestamp()
       AND used_at > clock_timestamp() - make_interval(mins => %s)
    RETURNING sealed, ends_at
    """
END = "DELETE FROM console_session WHERE digest = %s"
FORGET = """
    DELETE FROM console_session
     WHERE ends_at < clock_timestamp() OR used_at < clock_timestamp() - make_interval(mins => %s)
    """


class Session(NamedTuple):
    """One that holds. `csrf` stands in every form that it made."""

    secret: str
    token: str
    ends_at: datetime

    @property
    def csrf(self) -> str:
        return sha256(b"csrf" + self.secret.encode()).hexdigest()

    def made(self, csrf: str) -> bool:
        """Whether a form is from here."""
        return compare_digest(self.csrf.encode(), csrf.encode())


class Sealed(NamedTuple):
    """A new session as it is stored."""

    secret: str
    digest: bytes
    sealed: bytes


def sealed(token: str) -> Sealed:
    secret, nonce = token_urlsafe(SECRET_BYTES), token_bytes(NONCE_BYTES)
    return Sealed(secret, digest(secret), nonce + AESGCM(_key(secret)).encrypt(nonce, token.encode(), None))


def opened(secret: str, stored: bytes, ends_at: datetime) -> Session | None:
    """None where the secret is not its own."""
    try:
        token = AESGCM(_key(secret)).decrypt(stored[:NONCE_BYTES], stored[NONCE_BYTES:], None)
    except InvalidTag:
        return None
    return Session(secret, token.decode(), ends_at)


def digest(secret: str) -> bytes:
    return sha256(b"session" + secret.encode()).digest()


def _key(secret: str) -> bytes:
    return sha256(b"seal" + secret.encode()).digest()
