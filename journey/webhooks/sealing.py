"""Sealing: signing secrets as they are stored, of no use without a master key (AES-256-GCM).

key's mark (8 bytes) | nonce (12) | sealed secret
"""

import os
from collections.abc import Sequence
from hashlib import sha256

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

MARK, NONCE = 8, 12


class UnknownMasterKey(Exception):
    """A secret was sealed with a master key that is not at hand: add it to the file of master keys."""

    def __init__(self) -> None:
        super().__init__(UnknownMasterKey.__doc__)


class Sealed:
    """Seals with the first of the master keys, and opens with whichever it was."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        self._first = _mark(keys[0])
        self._ciphers = {_mark(each): AESGCM(each) for each in keys}

    def seal(self, secret: bytes, about: str) -> bytes:
        nonce = os.urandom(NONCE)
        return self._first + nonce + self._ciphers[self._first].encrypt(nonce, secret, about.encode())

    def unseal(self, sealed: bytes, about: str) -> bytes:
        """Raises UnknownMasterKey, and cryptography's InvalidTag where it is another's, or was changed."""
        mark, nonce, secret = sealed[:MARK], sealed[MARK : MARK + NONCE], sealed[MARK + NONCE :]
        if mark not in self._ciphers:
            raise UnknownMasterKey
        return self._ciphers[mark].decrypt(nonce, secret, about.encode())


def _mark(key: bytes) -> bytes:
    return sha256(b"webhooks" + key).digest()[:MARK]
