"""Seals in use: which key signs now, how one follows another, and where the files of a ledger are."""

from contextlib import suppress
from itertools import takewhile
from pathlib import Path
from typing import Any, NamedTuple, Self
from uuid import UUID

from psycopg import Connection

from journey.ledger.anchor import Anchored, Anchors, Folder
from journey.ledger.note import BadNote, Verifier
from journey.ledger.seal import Seal, introduced
from journey.settings import Settings

ROTATING = 0x4A_0006
"""Advisory lock of who changes the key."""

ORIGIN = "SELECT id FROM store_epoch ORDER BY number LIMIT 1"
KEY = "SELECT verifier FROM ledger_key ORDER BY number DESC LIMIT 1"
INTRODUCE = """
    INSERT INTO ledger_key (number, verifier, introduction, introduced_at)
    SELECT coalesce(max(number), 0) + 1, %s, %s, coalesce(%s::timestamptz, clock_timestamp()) FROM ledger_key
    """


class OtherKey(Exception):
    """The ledger is signed with another key than the one here: set JOURNEY_LEDGER_KEY_FILE to the file of
    that key on every machine that runs a worker.
    """

    def __init__(self) -> None:
        super().__init__(" ".join(str(self.__doc__).split()))


class KeyOfAnother(OtherKey):
    """The key's name is not this ledger's: name a file for a key of its own in JOURNEY_LEDGER_KEY_FILE, or,
    if the key was made for this ledger, the key's name in JOURNEY_LEDGER_ORIGIN.
    """


class Place(NamedTuple):
    """Where the ledgers' files are. Each has a folder of its own, unless the settings name one."""

    home: Path
    key: Path | None = None
    anchored: Path | None = None
    origin: str | None = None

    @classmethod
    def of(cls, settings: Settings) -> Self:
        return cls(
            settings.home / "ledger", settings.ledger_key_file, settings.anchors, settings.ledger_origin
        )

    def key_file(self, ledger: UUID) -> Path:
        return self.key or self.home / str(ledger) / "key"

    def anchors(self, ledger: UUID) -> Anchors:
        return Folder(self.anchored or self.home / str(ledger) / "anchors")


def origin_id(connection: Connection[Any]) -> UUID:
    """What the ledger is known by, whatever became of its database: the id of its first epoch."""
    [(first,)] = connection.execute(ORIGIN).fetchall()
    return UUID(str(first))


class Seals:
    """The key in use, as the database and the file agree on it."""

    def __init__(self, connection: Connection[Any], place: Place) -> None:
        self._connection = connection
        self._place = place
        self._seal: Seal | None = None

    def in_use(self) -> Seal:
        """The key to sign with; made, where the ledger has none yet, and in a transaction of the caller's.
        Raises OtherKey, NoKey, Unreadable and OSError.
        """
        known = self._connection.execute(KEY).fetchone()
        if known is None:  # nobody else makes one meanwhile
            self._connection.execute("SELECT pg_advisory_xact_lock(%s)", (ROTATING,))
            known = self._connection.execute(KEY).fetchone()
        if self._seal is None or known is None or known[0] != str(self._seal.verifier):
            self._seal = self._found(known[0]) if known is not None else self._first()
        return self._seal

    def rotate(self) -> Verifier:
        """Another key, from the next checkpoint on; the one before introduces it.

        It is on disk before anything says that it is the one, so that no crash loses it. The notary, which
        may be at work, follows by itself. Raises OtherKey, NoKey and OSError.
        """
        with self._connection.transaction():
            self._connection.execute("SELECT pg_advisory_xact_lock(%s)", (ROTATING,))
            before = self.in_use()
            seal = Seal.made(before.verifier.name)
            seal.write(_following(self._file))
            self._introduce(seal, before)
        self._seal = self._found(str(seal.verifier))
        return seal.verifier

    def _first(self) -> Seal:
        origin = self._place.origin or f"journey/{origin_id(self._connection)}"
        seal = Seal.read(self._file)
        if seal is None:
            seal = Seal.made(origin)
            seal.write(self._file)
        if seal.verifier.name != origin:
            raise KeyOfAnother
        self._introduce(seal, None)
        return seal

    def _found(self, verifier: str) -> Seal:
        following = _following(self._file)
        seal = Seal.read(following)
        if seal is not None and str(seal.verifier) == verifier:
            with suppress(FileNotFoundError):  # somebody else was at it, too
                following.replace(self._file)
            return seal
        seal = Seal.read(self._file)
        if seal is None:
            raise OtherKey
        if str(seal.verifier) != verifier:
            self._put_back(Verifier.read(verifier), seal.verifier)
        return seal

    def _put_back(self, last: Verifier, ours: Verifier) -> None:
        """A database that was put back knows nothing of keys since; how they were introduced is anchored."""
        since = list[tuple[Verifier, Anchored]]()
        anchors = self._place.anchors(origin_id(self._connection))
        for each in takewhile(lambda each: each.key is not None, anchors.kept()):
            with suppress(BadNote):
                before, last = last, introduced(each.note, last)
                since += [(last, each)] if last != before else []
        if last != ours:
            raise OtherKey
        for verifier, each in since:
            self._connection.execute(INTRODUCE, (str(verifier), each.note, each.at))

    def _introduce(self, seal: Seal, before: Seal | None) -> None:
        self._connection.execute(INTRODUCE, (str(seal.verifier), seal.introduced_by(before), None))

    @property
    def _file(self) -> Path:
        return self._place.key_file(origin_id(self._connection))


def _following(path: Path) -> Path:
    return path.with_name(f"{path.name}.next")
