"""Seals: the key that signs checkpoints, kept in a file, never in the database.

The file holds one line, `PRIVATE+KEY+<name>+<id>+<base64>`, as the tools of golang.org/x/mod/sumdb/note write
it. The name of the key is the origin of the ledger. A key is introduced by a note that it signs, and that the
key before it signs, too: whoever knows the first knows them all.
"""

import os
from base64 import b64encode
from pathlib import Path
from typing import Self

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from journey.ledger.anchor import sync
from journey.ledger.note import ED25519, BadNote, Signer, Verifier, decoded, opened, signed

PREFIX = "PRIVATE+KEY+"
INTRODUCTION = "journey/key-introduction/v1"


class NoKey(Exception):
    """The file is no key: it should hold one line, `PRIVATE+KEY+<name>+<id>+<base64>`."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path}: {NoKey.__doc__}")


class Seal(Signer):
    """A signing key and its file."""

    @classmethod
    def made(cls, name: str) -> Self:
        return cls(name, Ed25519PrivateKey.generate().private_bytes_raw())

    @classmethod
    def read(cls, path: Path) -> Self | None:
        """None where there is no file. Raises NoKey and OSError."""
        try:
            line = path.read_text(encoding="utf-8").strip()
        except FileNotFoundError:
            return None
        except UnicodeDecodeError:
            raise NoKey(path) from None
        name, key_id, encoded = [*line.removeprefix(PREFIX).split("+", 2), "", ""][:3]
        try:
            material = decoded(encoded)
            found = cls(name, material[1:])
        except (BadNote, ValueError):
            raise NoKey(path) from None
        if not line.startswith(PREFIX) or material[:1] != ED25519 or found.verifier.key_id.hex() != key_id:
            raise NoKey(path)
        return found

    def write(self, path: Path) -> None:
        """Put it in the place of what is there, in one step, for the owner's eyes alone."""
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = path.with_name(f"{path.name}.new")
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(f"{self}\n")
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
        sync(path.parent)

    def introduced_by(self, before: "Seal | None") -> str:
        """The note that introduces it."""
        signers = (self,) if before is None else (before, self)
        return signed(f"{INTRODUCTION}\n{self.verifier}\n", signers)

    def __str__(self) -> str:
        name, key_id = self.verifier.name, self.verifier.key_id.hex()
        return f"{PREFIX}{name}+{key_id}+{b64encode(ED25519 + self.private).decode()}"


def introduced(note: str, known: Verifier | None) -> Verifier:
    """The key that a note introduces, on the word of the one before; the first on its own. Raises BadNote."""
    title, verifier, *_ = [*note.split("\n"), "", ""]
    if title != INTRODUCTION:
        raise BadNote
    new = Verifier.read(verifier)
    _, signers = opened(note, (new,) if known is None else (known, new))
    if set(signers) != ({new} if known is None else {known, new}):
        raise BadNote
    return new
