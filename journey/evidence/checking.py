"""Checking: whether a file proves what it says, with nothing at hand but the file and what one trusts.

The order is that of the argument: who signed the checkpoint; that each event is what was stored and says what
is read; that all of them are in the log, and are all of their journeys; who looked; what was there before.
What the proofs do not reach (the timeline, what was asked for) rests on the manifest, and on who signed that.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from hashlib import sha256
from itertools import dropwhile
from typing import IO, NamedTuple
from uuid import UUID

from journey.evidence import form
from journey.evidence.form import (
    AccessLine,
    Earlier,
    EventLine,
    How,
    Inclusion,
    KnownKey,
    Pack,
    Whole,
)
from journey.evidence.inclusion import root_from
from journey.evidence.reading import Unsound, opened
from journey.evidence.stored import check_access, check_event
from journey.ledger import note
from journey.ledger.checkpoint import Head, Statement
from journey.ledger.completeness import Completeness, Placed, key_of, verify_head
from journey.ledger.completeness import Head as JourneyHead
from journey.ledger.merkle import EMPTY, Hash, Unproven, verify_consistency
from journey.ledger.note import BadNote, Verifier
from journey.ledger.seal import introduced


class Trusted(NamedTuple):
    """What whoever checks has from elsewhere: a key, a checkpoint; else the file's first key counts."""

    key: Verifier | None = None
    checkpoint: str | None = None


NOTHING = Trusted()


class Sound(NamedTuple):
    """What the file proves."""

    origin: str
    at: str
    size: int
    journeys: int
    events: int
    opened: int
    erased: int
    accesses: int
    earlier: int
    key: str
    is_known: bool
    """Whether the key was named by whoever checks."""
    manifest_signed: bool
    since: int | None
    """The number of events of the checkpoint that whoever checks has, whose continuation this is."""


def checked(file: IO[bytes], trusted: Trusted = NOTHING) -> Sound:
    """What it proves. Raises Unsound."""
    files, pack = opened(file)
    keys = _keys(pack.keys.keys, trusted.key)
    said = _statement(form.CHECKPOINT, pack.checkpoint, keys)
    for number, line in enumerate(pack.events, 1):
        check_event(line, f"{form.EVENTS} line {number}")
    for number, access in enumerate(pack.accesses, 1):
        check_access(access, f"{form.ACCESSES} line {number}")
    _check_included(form.EVENTS, pack.events, pack.proofs.events, said.events)
    _check_included(form.ACCESSES, pack.accesses, pack.proofs.accesses, said.accesses)
    _check_whole(pack, said.journeys)
    listed = _listed(pack.keys.keys)
    notes = {each.note: _check_earlier(each, said, listed) for each in pack.proofs.earlier}
    earlier = [each for text, each in notes.items() if _is_signed(text, keys)]
    since = _since([*earlier, said], keys, trusted.checkpoint)
    _check_manifest(pack, files)
    is_signed = _check_signature(files, keys)
    how = [each.how for each in pack.events]
    return Sound(
        said.origin,
        said.text.rstrip("\n").rpartition("time ")[2],
        said.events.size,
        len(pack.proofs.journeys),
        len(pack.events),
        how.count(How.OPENED),
        how.count(How.ERASED),
        len(pack.accesses),
        len(earlier),
        str(keys[0]),
        trusted.key is not None,
        is_signed,
        since,
    )


def _keys(known: Sequence[KnownKey], named: Verifier | None) -> list[Verifier]:
    """Those that are trusted: the one that is named, or else the first, and all that followed it."""
    rest = list(dropwhile(lambda each: named is not None and each.verifier != str(named), known))
    if not rest:
        raise Unsound(f"{form.KEYS}: the key that you trust is not among the keys of this ledger.")
    found: list[Verifier] = []
    for each in rest:
        try:
            key = Verifier.read(each.verifier)
            is_trusted = (
                key == named
                if named and not found
                else introduced(each.introduction, found[-1] if found else None) == key
            )
        except BadNote:
            is_trusted = False
        if not is_trusted:
            raise Unsound(f"{form.KEYS}: key {each.number} was not introduced by the one before it.")
        found.append(key)
    return found


def _listed(known: Sequence[KnownKey]) -> list[Verifier]:
    """Those before the key that is named, too: they signed what is older, and that it goes on is proven."""
    try:
        return [Verifier.read(each.verifier) for each in known]
    except BadNote:
        raise Unsound(f"{form.KEYS}: one of them is no key.") from None


def _is_signed(text: str, keys: Sequence[Verifier]) -> bool:
    try:
        return bool(note.opened(text, keys))
    except BadNote:
        return False


def _statement(where: str, text: str, keys: Sequence[Verifier]) -> Statement:
    try:
        return Statement.read(note.opened(text, keys)[0])
    except BadNote:
        raise Unsound(f"{where}: no key that is trusted has signed it, or it was changed since.") from None


def _check_included(
    where: str, lines: Sequence[EventLine | AccessLine], proof: Inclusion, head: Head
) -> None:
    positions = [each.position for each in lines]
    if positions != sorted(set(positions)):
        raise Unsound(f"{where}: the lines are not in the order of the log.")
    try:
        root = root_from({each.position - 1: each.leaf for each in lines}, head.size, proof.hashes)
    except Unproven:
        root = b""
    if proof.size != head.size or root != head.root:
        raise Unsound(f"{where}: the lines do not lead to the root of the checkpoint.")


def _check_whole(pack: Pack, root: Hash) -> None:
    """That these are all events of their journeys."""
    of_journey = defaultdict[str, list[EventLine]](list)
    for each in pack.events:
        of_journey[each.stored.journey_id].append(each)
    proven = [each.journey_id for each in pack.proofs.journeys]
    said = [(str(each.journey_id), each.events) for each in pack.manifest.journeys]
    if sorted(of_journey) != sorted(proven) or sorted(said) != sorted(
        (journey_id, len(events)) for journey_id, events in of_journey.items()
    ):
        raise Unsound(f"{form.PROOFS}: they are not of the journeys whose events are there.")
    for whole in pack.proofs.journeys:
        _check_journey(whole, of_journey[whole.journey_id], root)


def _check_journey(whole: Whole, events: Sequence[EventLine], root: Hash) -> None:
    where = f"journey {whole.journey_id}"
    versions = [each.stored.version for each in events]
    if versions != list(range(1, whole.events + 1)):
        raise Unsound(f"{where}: its events are not version 1 to {whole.events}, each once.")
    journey_id = UUID(whole.journey_id)
    head = JourneyHead().grown(each.leaf for each in events)
    try:
        verify_head(journey_id, head, Completeness(whole.beside, Placed(key_of(journey_id), head)), root)
    except Unproven:
        raise Unsound(f"{where}: these are not all of its events.") from None


def _check_earlier(each: Earlier, now: Statement, keys: Sequence[Verifier]) -> Statement:
    said = _statement(form.PROOFS, each.note, keys)
    try:
        _check_grown(said.events, now.events, each.events)
        _check_grown(said.accesses, now.accesses, each.accesses)
    except Unproven:
        is_so = False
    else:
        is_so = said.origin == now.origin
    if not is_so:
        raise Unsound(
            f"{form.PROOFS}: the checkpoint of {said.events.size} events is not continued by this one."
        )
    return said


def _check_grown(first: Head, second: Head, proof: Sequence[Hash]) -> None:
    """Raises Unproven."""
    if first.size:
        verify_consistency(first.size, second.size, first.root, proof, second.root)
    elif first.root != EMPTY or proof:
        raise Unproven


def _since(earlier: Sequence[Statement], keys: Sequence[Verifier], text: str | None) -> int | None:
    if text is None:
        return None
    known = _statement("the checkpoint that you have", text, keys)
    if known not in earlier:
        raise Unsound(
            "The file does not prove that it continues the checkpoint that you have; "
            "have it made with --since and that checkpoint."
        )
    return known.events.size


def _check_manifest(pack: Pack, files: Mapping[str, bytes]) -> None:
    manifest = pack.manifest
    if set(manifest.files) != set(form.LISTED):
        raise Unsound(f"{form.MANIFEST}: it does not list the files that are there.")
    for name, digest in manifest.files.items():
        if sha256(files[name]).hexdigest() != digest:
            raise Unsound(f"{name}: it was changed since the manifest was made.")
    if (manifest.events, manifest.accesses) != (len(pack.events), len(pack.accesses)):
        raise Unsound(f"{form.MANIFEST}: it counts other events or accesses than are there.")


def _check_signature(files: Mapping[str, bytes], keys: Sequence[Verifier]) -> bool:
    """Whether there is one."""
    signature = files.get(form.SIGNATURE)
    if signature is None:
        return False
    try:
        said, _ = note.opened(signature.decode(), keys)
    except (BadNote, UnicodeDecodeError):
        said = ""
    if said != form.statement(files[form.MANIFEST]):
        raise Unsound(f"{form.SIGNATURE}: the manifest was changed since it was signed.")
    return True
