"""Notes: a text and who signed it (C2SP signed-note, Ed25519), and checkpoints of a log (tlog-checkpoint).

A key has a name and four bytes of an id, and is given to those who verify as `<name>+<id>+<base64>`. Keys
that nobody asked about are passed over: a key is changed by signing with both for a while.
"""

import re
from base64 import b64decode, b64encode
from binascii import Error
from collections.abc import Iterable
from hashlib import sha256
from typing import NamedTuple, Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from journey.ledger.merkle import EMPTY, Hash

ED25519 = b"\1"
"""The type of the signature, in a key's id and in what is given to those who verify."""

NAME = re.compile(r"[^\s+]+")
SIGNATURE = re.compile(r"— ([^\s+]+) ([A-Za-z0-9+/=]+)")
SIZE = re.compile(r"0|[1-9][0-9]{0,18}")
LARGEST = 100_000
"""Characters of a note that is looked at."""


class BadNote(Exception):
    """It is no signed note, or nobody whose key is known has signed it, or a signature does not fit."""

    def __init__(self) -> None:
        super().__init__(BadNote.__doc__)


class Verifier(NamedTuple):
    """The public half of a key."""

    name: str
    key_id: bytes
    public: bytes

    @classmethod
    def of(cls, name: str, public: bytes) -> Self:
        return cls(name, sha256(name.encode() + b"\n" + ED25519 + public).digest()[:4], public)

    @classmethod
    def read(cls, text: str) -> Self:
        """From `<name>+<id>+<base64>`. Raises BadNote."""
        name, _, rest = text.strip().partition("+")
        key_id, _, encoded = rest.partition("+")
        material = decoded(encoded)
        found = cls.of(name, material[1:])
        if not NAME.fullmatch(name) or material[:1] != ED25519 or found.key_id.hex() != key_id:
            raise BadNote
        return found

    def __str__(self) -> str:
        return f"{self.name}+{self.key_id.hex()}+{b64encode(ED25519 + self.public).decode()}"

    def verify(self, text: str, signature: bytes) -> None:
        """Raises BadNote."""
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, text.encode())
        except (InvalidSignature, ValueError):
            raise BadNote from None


class Signer:
    """The private half of a key."""

    def __init__(self, name: str, private: bytes) -> None:
        if not NAME.fullmatch(name):
            raise ValueError("the name of a key has no space and no plus in it")
        self.private = private
        self._key = Ed25519PrivateKey.from_private_bytes(private)
        self.verifier = Verifier.of(name, self._key.public_key().public_bytes_raw())

    def line(self, text: str) -> str:
        """The signature of a text, as a line of its note."""
        signed = self.verifier.key_id + self._key.sign(text.encode())
        return f"— {self.verifier.name} {b64encode(signed).decode()}\n"


class Checkpoint(NamedTuple):
    """How large a log is, and the root of its tree at that size."""

    origin: str
    size: int
    root: Hash
    more: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        return "".join(
            f"{line}\n" for line in (self.origin, self.size, b64encode(self.root).decode(), *self.more)
        )

    @classmethod
    def read(cls, text: str) -> Self:
        """Raises BadNote."""
        origin, size, root, *more = [*text.removesuffix("\n").split("\n"), "", "", ""][: text.count("\n") + 3]
        lines = [each for each in more if each]
        found = cls(origin, int(size) if SIZE.fullmatch(size) else -1, decoded(root), tuple(lines))
        if not origin or found.size < 0 or len(found.root) != len(EMPTY) or found.text != text:
            raise BadNote
        return found


def signed(text: str, signers: Iterable[Signer]) -> str:
    """The note."""
    return text + "\n" + "".join(signer.line(text) for signer in signers)


def opened(note: str, known: Iterable[Verifier]) -> tuple[str, tuple[Verifier, ...]]:
    """The text of a note, and those of the known keys that signed it. Raises BadNote."""
    head, separator, tail = note[: LARGEST + 1].rpartition("\n\n")
    text, lines = f"{head}\n", tail.removesuffix("\n").split("\n")
    if not separator or len(note) > LARGEST or any(each < " " and each != "\n" for each in note):
        raise BadNote
    keys = {(key.name, key.key_id): key for key in known}
    found: list[Verifier] = []
    for line in lines:
        name, encoded = _parts(line)
        key = keys.get((name, encoded[:4]))
        if key is not None:
            key.verify(text, encoded[4:])
            found.append(key)
    if not found:
        raise BadNote
    return text, tuple(found)


def _parts(line: str) -> tuple[str, bytes]:
    parts = SIGNATURE.fullmatch(line)
    if parts is None:
        raise BadNote
    return parts[1], decoded(parts[2])


def decoded(text: str) -> bytes:
    try:
        return b64decode(text, validate=True)
    except (Error, ValueError):
        raise BadNote from None
