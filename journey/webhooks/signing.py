"""Signing: how a receiver knows who sent a message, and that nobody changed it (Standard Webhooks 1.0, `v1`).

HMAC-SHA256 over id, time and body. While a secret is exchanged for another, each message bears a signature
of both, so that the receiver may change over when it likes.
"""

import hmac
import secrets
from base64 import b64encode
from collections.abc import Sequence
from hashlib import sha256

SECRET_BYTES = 32
"""Between the 24 and 64 of the standard."""

PREFIX = "whsec_"


def new_secret() -> bytes:
    return secrets.token_bytes(SECRET_BYTES)


def shown(secret: bytes) -> str:
    """The secret as its holder is given it."""
    return PREFIX + b64encode(secret).decode()


def signature(secret: bytes, message_id: str, at: int, body: bytes) -> str:
    """`at` in whole seconds since 1970."""
    signed = hmac.digest(secret, f"{message_id}.{at}.".encode() + body, sha256)
    return f"v1,{b64encode(signed).decode()}"


def headers(holding: Sequence[bytes], message_id: str, at: int, body: bytes) -> dict[str, str]:
    """What goes along with the body, signed with every secret that holds."""
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(at),
        "webhook-signature": " ".join(signature(each, message_id, at, body) for each in holding),
    }
