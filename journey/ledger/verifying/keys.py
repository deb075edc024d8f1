"""Keys: whose signatures count. Each is introduced by the one before; the first is anchored, or named."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from psycopg import Connection

from journey.ledger.anchor import Anchored
from journey.ledger.leaves import instant
from journey.ledger.note import SIGNATURE, BadNote, Verifier, decoded
from journey.ledger.seal import introduced
from journey.ledger.verifying.finding import Finding, Findings, Kind

STORED = "SELECT number, verifier, introduction, introduced_at FROM ledger_key ORDER BY number"

Known = tuple[Verifier, ...]


class Introduction(NamedTuple):
    """As the database keeps it."""

    number: int
    verifier: str
    note: str
    at: datetime


class NothingToTrust(Exception):
    """There is nothing outside the database to hold it against: no anchors, and no key here. Set
    JOURNEY_ANCHORS to the folder of the anchors, or name the ledger's first key with --key.
    """

    def __init__(self) -> None:
        super().__init__(" ".join(str(NothingToTrust.__doc__).split()))


class NoLedger(Exception):
    """The database has no ledger, though anchors of others are kept here. If it was one of these, set
    JOURNEY_ANCHORS to the folder of its anchors.
    """

    def __init__(self) -> None:
        super().__init__(" ".join(str(NoLedger.__doc__).split()))


def anchored(kept: Iterable[Anchored], first: Verifier | None, findings: Findings) -> list[Verifier]:
    """Those whose introductions are kept outside, from the first on."""
    known = [] if first is None else [first]
    for place, each in enumerate(kept):
        try:
            new = introduced(each.note, known[-1] if known and place else None)
        except BadNote:
            new = None
        if new is None or (place == 0 and first not in {None, new}):
            said = f"The key {each.key} that is anchored is not introduced by the one before"
            _tell(findings, Kind.WRONG_KEY, each.key or 0, f"{said}, or is not the first one named.")
        elif new not in known:
            known.append(new)
    return known


def stored(
    connection: Connection[Any], kept: Iterable[Anchored], known: Sequence[Verifier], findings: Findings
) -> Known:
    """All whose signatures count: those, and who is introduced by them in the database. Raises
    NothingToTrust.
    """
    rows = [Introduction(*row) for row in connection.execute(STORED)]
    if rows and not known:
        raise NothingToTrust
    keys, notes, before = list(known), {each.key: each for each in kept}, None
    for place, each in enumerate(rows, start=1):
        before = _held(each, place, before, keys, notes.pop(each.number, None), findings)
        if before is not None and before not in keys:
            keys.append(before)
    for number in notes:
        _tell(findings, Kind.DELETED, number or 0, f"The key {number}, which is anchored, is gone.")
    return tuple(keys)


def _held(  # noqa: PLR0917 - a key, and what it is held to
    stored: Introduction,
    place: int,
    before: Verifier | None,
    known: Sequence[Verifier],
    anchored: Anchored | None,
    findings: Findings,
) -> Verifier | None:
    """The key, where it counts."""
    try:
        new = Verifier.read(stored.verifier)
        is_introduced = introduced(stored.note, before) == new
    except BadNote:
        new, is_introduced = None, False
    in_order = stored.number == place
    is_ours = new in known or before in known
    if anchored is not None and anchored.note == stored.note:
        is_introduced = is_introduced and anchored.at == instant(stored.at)
    if in_order and is_introduced and is_ours:
        return new
    is_altered = anchored is not None or not in_order or new in known
    kind = Kind.EDITED if is_altered else Kind.WRONG_KEY
    _tell(findings, kind, stored.number, f"The key {stored.number} is not as it was introduced.")
    return new if new in known else None


def names_one(note: str, known: Iterable[Verifier]) -> bool:
    """Whether a note has a signature that claims to be of a known key."""
    ids = {(each.name, each.key_id) for each in known}
    for name, encoded in SIGNATURE.findall(note):
        try:
            if (name, decoded(encoded)[:4]) in ids:
                return True
        except BadNote:
            continue
    return False


def _tell(findings: Findings, kind: Kind, number: int, sentence: str) -> None:
    findings.add(Finding(kind, "ledger_key", number, number, sentence))
