"""Vault: the data key of each journey, wrapped by the site's master key.

    master key --wraps--> the journey's data key --makes--> each event's key --seals--> its personal fields

A journey has a key of its own, made with its first event, so that no two writers ever make one for the same
person. Who erases a person destroys the keys of all of their journeys.
"""

import os
from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from collections.abc import Sequence
from functools import cache, lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from journey.settings import Settings, SettingsError, environment_name

BITS = 256
NONCE = 12
"""Bytes, drawn at random for each seal (NIST SP 800-38D section 8.2.2)."""

NAME = 8
"""Bytes of a master key's digest that stand before what it wrapped."""

KEPT = 8192
"""Opened data keys that a process keeps: as many journeys as are read together."""

DESTROYED = b""
"""Stands in place of a wrapped key that is no more."""


class NoMasterKey(SettingsError):
    """There is no master key, or it cannot be read."""


class CannotBeOpened(Exception):
    """What is sealed was not sealed here, or its key is not among the master keys."""


class Kms(Protocol):
    """Whoever holds the master key: a file, or a key management service."""

    def wrap(self, key: bytes) -> bytes:
        """The data key as it may be stored."""
        ...

    def unwrap(self, wrapped: bytes) -> bytes:
        """The data key. Raises CannotBeOpened."""
        ...

    def is_current(self, wrapped: bytes) -> bool:
        """Whether the key was wrapped by the master key that wraps today."""
        ...


class MasterKeys:
    """Master keys at hand: the first wraps, all of them unwrap."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        self._ciphers = {sha256(key).digest()[:NAME]: AESGCM(key) for key in keys}
        self._first = next(iter(self._ciphers))

    def wrap(self, key: bytes) -> bytes:
        return self._first + sealed(self._ciphers[self._first], key, b"")

    def unwrap(self, wrapped: bytes) -> bytes:
        cipher = self._ciphers.get(wrapped[:NAME])
        if cipher is None:
            raise CannotBeOpened("A data key was wrapped by a master key that is not at hand.")
        return unsealed(cipher, wrapped[NAME:], b"")

    def is_current(self, wrapped: bytes) -> bool:
        return wrapped[:NAME] == self._first


class Vault:
    """Makes data keys and opens them. What is opened is found again by its wrapped form alone, so that a key
    which was destroyed in the database is not found by anybody.
    """

    def __init__(self, kms: Kms) -> None:
        self.kms = kms
        self.key = lru_cache(maxsize=KEPT)(kms.unwrap)
        """The data key that was wrapped so. Raises CannotBeOpened."""

    def fresh(self) -> bytes:
        """A new data key, wrapped."""
        return self.kms.wrap(AESGCM.generate_key(BITS))

    def rewrapped(self, wrapped: bytes) -> bytes:
        """The same key, wrapped by today's master key."""
        return self.kms.wrap(self.kms.unwrap(wrapped))


def sealed(cipher: AESGCM, plain: bytes, about: bytes) -> bytes:
    """Encrypted, behind its nonce, and to be opened only with the same `about`."""
    nonce = os.urandom(NONCE)
    return nonce + cipher.encrypt(nonce, plain, about)


def unsealed(cipher: AESGCM, box: bytes, about: bytes) -> bytes:
    """What was sealed. Raises CannotBeOpened where a bit of it, or what it is about, is not what it was."""
    try:
        return cipher.decrypt(box[:NONCE], box[NONCE:], about)
    except (InvalidTag, ValueError):
        raise CannotBeOpened("What is sealed was changed, or moved to where it does not belong.") from None


@cache
def vault() -> Vault:
    """The site's. Raises NoMasterKey."""
    return Vault(MasterKeys(master_keys(Settings.load())))


def master_keys(settings: Settings) -> tuple[bytes, ...]:
    """From the file that is set; for the embedded database from one in JOURNEY_HOME that is made here."""
    path = settings.master_key_file
    if path is None:
        if settings.database_url is not None:
            raise NoMasterKey(
                f"{environment_name('master_key_file')} should name a file with the key that encrypts "
                "what is personal: 32 random bytes in base64, such as `openssl rand -base64 32` writes. "
                "Keep a copy apart from the database's: without it, nothing personal can be read again."
            )
        path = settings.home / "master.key"
        _make(path)
    try:
        keys = tuple(b64decode(line, validate=True) for line in path.read_text().split())
    except (OSError, NotBase64, ValueError):
        keys = ()
    if not keys or any(len(key) * 8 != BITS for key in keys):
        raise NoMasterKey(f"{path}: it should hold a key a line, each 32 bytes in base64, and be readable.")
    return keys


def _make(path: Path) -> None:
    """Whoever comes first makes it, whole, and readable by its owner alone."""
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(b64encode(AESGCM.generate_key(BITS)) + b"\n")
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
