"""Whatever is done to a file of evidence, both checkers notice, and ours says what is wrong."""

import json
import re
from base64 import b64encode
from collections.abc import Callable
from hashlib import sha256
from io import BytesIO
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DataObject as Data

from journey.evidence import form
from journey.evidence.checking import checked
from journey.evidence.inclusion import beside, root_from, together
from journey.evidence.reading import Unsound
from journey.ledger.merkle import Frontier, Unproven, leaf_hash
from journey.ledger.proving import proven
from journey.ledger.seal import Seal
from tests.evidence.checker import canonical, check
from tests.evidence.conftest import Case
from tests.evidence.test_evidence import files
from tests.spec import STABLE

pytestmark = pytest.mark.database

Files = dict[str, bytes]
Forgery = Callable[[Files], None]


def packed(contents: Files) -> bytes:
    file = BytesIO()
    with ZipFile(file, "w", ZIP_DEFLATED) as made:
        for name, content in contents.items():
            made.writestr(name, content)
    return file.getvalue()


def forged(evidence: bytes, forgery: Forgery) -> bytes:
    """Changed by somebody who knows the format: the digests are made anew, the signature is left out."""
    contents = files(evidence)
    del contents["manifest.note"]
    forgery(contents)
    manifest = json.loads(contents["manifest.json"])
    there = set(manifest["files"]) & set(contents)
    manifest["files"] = {name: sha256(contents[name]).hexdigest() for name in there}
    contents["manifest.json"] = canonical(manifest)
    return packed(contents)


def is_sound(evidence: bytes) -> bool:
    """By both, which have to agree."""
    try:
        checked(BytesIO(evidence))
    except Unsound:
        ours = False
    else:
        ours = True
    try:
        check(BytesIO(evidence))
    except Exception:  # noqa: BLE001 - whatever it stumbles over
        theirs = False
    else:
        theirs = True
    assert ours == theirs
    return ours


def on_line(
    change: Callable[[dict[str, Any]], None], name: str = "events.ndjson", number: int = 4
) -> Forgery:
    def forgery(contents: Files) -> None:
        lines = contents[name].splitlines()
        line = json.loads(lines[number])
        change(line)
        lines[number] = canonical(line)
        contents[name] = b"".join(each + b"\n" for each in lines)

    return forgery


def opened(change: Callable[[dict[str, Any]], None]) -> Forgery:
    """On the first line whose event was opened."""

    def forgery(contents: Files) -> None:
        told = [json.loads(line)["how"] for line in contents["events.ndjson"].splitlines()]
        on_line(change, number=told.index("opened"))(contents)

    return forgery


def proofs(change: Callable[[dict[str, Any]], None]) -> Forgery:
    def forgery(contents: Files) -> None:
        said = json.loads(contents["proofs.json"])
        change(said)
        contents["proofs.json"] = canonical(said)

    return forgery


def without_line(number: int) -> Forgery:
    def forgery(contents: Files) -> None:
        lines = contents["events.ndjson"].splitlines(keepends=True)
        del lines[number]
        contents["events.ndjson"] = b"".join(lines)

    return forgery


def without_last_event(contents: Files) -> None:
    """Of a journey, with the number of its events made to fit."""
    lines = [json.loads(line) for line in contents["events.ndjson"].splitlines()]
    journey = lines[-1]["stored"]["journey_id"]
    without_line(-1)(contents)
    for name, listed in (("proofs.json", "journeys"), ("manifest.json", "journeys")):
        said = json.loads(contents[name])
        for each in said[listed]:
            each["events"] -= each["journey_id"] == journey
        contents[name] = canonical(said)


def other_row(line: dict[str, Any]) -> None:
    """With a leaf that fits it."""
    line["stored"]["recorded_at"] = "2020-01-01T00:00:00.000000Z"
    line["leaf"] = b64encode(leaf_hash(canonical(line["stored"]))).decode()


def other_key(line: dict[str, Any]) -> None:
    line["key"] = b64encode(bytes(32)).decode()


def as_plain(line: dict[str, Any]) -> None:
    del line["key"]
    line["how"] = "plain"


def words(line: dict[str, Any]) -> None:
    said = line["read"]["data"]
    said[next(iter(said))] = "something else"


def signed_by_another(contents: Files) -> None:
    """A ledger of somebody else's under the same name."""
    text = contents["checkpoint.note"].decode().rpartition("\n\n")[0] + "\n"
    seal = Seal.made(text.partition("\n")[0])
    contents["checkpoint.note"] = (text + "\n" + seal.line(text)).encode()


def introduced_by_nobody(contents: Files) -> None:
    keys = json.loads(contents["keys.json"])
    seal = Seal.made("another")
    made = {"number": 2, "verifier": str(seal.verifier), "introduction": seal.introduced_by(None)}
    keys["keys"].append(made)
    contents["keys.json"] = canonical(keys)


def swapped(one: str, other: str) -> Forgery:
    def forgery(contents: Files) -> None:
        contents[one], contents[other] = contents[other], contents[one]

    return forgery


def reversed_lines(contents: Files) -> None:
    contents["events.ndjson"] = b"".join(reversed(contents["events.ndjson"].splitlines(keepends=True)))


def twice(contents: Files) -> None:
    contents["events.ndjson"] = contents["events.ndjson"].replace(b"{", b'{"position":1,', 1)


def no_timeline(contents: Files) -> None:
    del contents["timeline.html"]


def evil(contents: Files) -> None:
    contents["../../evil"] = b""


def nobody_looked(contents: Files) -> None:
    contents["accesses.ndjson"] = b""


def one_hash_more(said: dict[str, Any]) -> None:
    said["earlier"][1]["events"].append(NO_HASH)


LOOKED = "accesses.ndjson"
NO_HASH = b64encode(bytes(32)).decode()
FORGERIES: list[tuple[str, Forgery]] = [
    (
        r"events.ndjson line 5: what is said to be stored",
        on_line(lambda line: line["stored"].update(version=9)),
    ),
    (r"events.ndjson: the lines do not lead to the root", on_line(other_row)),
    (r"events.ndjson line 5: who did it", on_line(lambda line: line["read"]["context"].update(purpose="X"))),
    (r"events.ndjson line \d+: what happened does not read", opened(words)),
    (r"events.ndjson line \d+: its key does not open", opened(other_key)),
    (r"events.ndjson line \d+: it is said to be plain", opened(as_plain)),
    (
        r"events.ndjson line 5: stored.version has not",
        on_line(lambda line: line["stored"].update(version=True)),
    ),
    (r"events.ndjson line 1: it is given more than once", twice),
    (r"events.ndjson: the lines are not in the order", reversed_lines),
    (r"events.ndjson: the lines do not lead", without_line(4)),
    (r"events.ndjson: the lines do not lead", without_last_event),
    (r"accesses.ndjson line 1: what is", on_line(lambda line: line["stored"].update(name=""), LOOKED, 0)),
    (r"accesses.ndjson: the lines do not lead", nobody_looked),
    (r"events.ndjson line 1: stored.context has not", swapped("events.ndjson", LOOKED)),
    (
        r"journey .*: these are not all of its events",
        proofs(lambda said: said["journeys"][0]["beside"].pop()),
    ),
    (r"are not of the journeys", proofs(lambda said: said["journeys"].pop())),
    (r"checkpoint of \d+ events is not continued", proofs(one_hash_more)),
    (r"proofs.json: no key that is trusted", proofs(lambda said: said["earlier"][1].update(note="x"))),
    (r"proofs.json: events.hashes.0 has not", proofs(lambda said: said["events"]["hashes"].insert(0, "!"))),
    (r"checkpoint.note: no key that is trusted", signed_by_another),
    (r"keys.json: key 2 was not introduced", introduced_by_nobody),
    (r"timeline.html is missing", no_timeline),
    (r"one that does not belong", evil),
]


@pytest.mark.parametrize(
    ("says", "forgery"), FORGERIES, ids=lambda given: given if isinstance(given, str) else ""
)
def test_a_forgery_is_named(evidence: bytes, says: str, forgery: Forgery) -> None:
    made = forged(evidence, forgery)
    assert not is_sound(made)
    with pytest.raises(Unsound, match=says):
        checked(BytesIO(made))


def test_an_event_that_is_left_out_is_missed_though_all_others_are_proven(case: Case) -> None:
    """Whoever has the ledger at hand makes the proofs anew for the events that are left."""
    journey_id, patient = next(iter(case.patients.items()))
    whole, _ = case.made(patient)

    def fewer(contents: Files) -> None:
        without_last_event(contents)
        kept = [json.loads(line)["position"] - 1 for line in contents["events.ndjson"].splitlines()]
        said = json.loads(contents["proofs.json"])
        with case.ledger.connect() as connection:
            hashes = proven(connection, together("event", kept, said["events"]["size"]))
        said["events"]["hashes"] = [b64encode(each).decode() for each in hashes]
        contents["proofs.json"] = canonical(said)

    made = forged(whole, fewer)
    assert not is_sound(made)
    with pytest.raises(Unsound, match=f"journey {journey_id}: these are not all of its events"):
        checked(BytesIO(made))


def test_what_the_proofs_do_not_reach_rests_on_the_signature(evidence: bytes) -> None:
    """Who takes the signature away is not believed more than who gave the file."""
    contents = files(evidence)
    contents["timeline.html"] += b"<p>All was well.</p>"
    with pytest.raises(Unsound, match=r"timeline.html: it was changed since the manifest was made"):
        checked(BytesIO(packed(contents)))
    manifest = json.loads(contents["manifest.json"])
    manifest["files"]["timeline.html"] = sha256(contents["timeline.html"]).hexdigest()
    contents["manifest.json"] = canonical(manifest)
    assert not is_sound(packed(contents))
    with pytest.raises(Unsound, match="the manifest was changed since it was signed"):
        checked(BytesIO(packed(contents)))
    del contents["manifest.note"]
    assert is_sound(packed(contents))
    assert not checked(BytesIO(packed(contents))).manifest_signed


def test_what_is_larger_than_it_says_is_not_unpacked(
    evidence: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(form, "LARGEST", 1000)
    with pytest.raises(Unsound, match="larger than an evidence pack may be"):
        checked(BytesIO(evidence))


@settings(STABLE, max_examples=150)
@given(data=st.data())
def test_bytes_that_are_changed_cut_or_put_in_are_noticed_or_say_nothing(evidence: bytes, data: Data) -> None:
    """What a ZIP says twice, or of its making, may change without anything of the contents changing."""
    at = data.draw(st.integers(0, len(evidence) - 1))
    match data.draw(st.sampled_from(["flip", "cut", "insert"])):
        case "flip":
            changed = bytes([evidence[at] ^ 1 << data.draw(st.integers(0, 7))])
            made = evidence[:at] + changed + evidence[at + 1 :]
        case "cut":
            made = evidence[:at]
        case _:
            made = evidence[:at] + data.draw(st.binary(min_size=1, max_size=9)) + evidence[at:]
    if is_sound(made):
        assert files(made) == files(evidence)


@settings(STABLE, max_examples=150)
@given(data=st.data())
def test_bytes_of_any_file_in_it_are_noticed(evidence: bytes, data: Data) -> None:
    contents = files(evidence)
    name = data.draw(st.sampled_from(sorted(contents)))
    at = data.draw(st.integers(0, len(contents[name]) - 1))
    changed = contents[name][:at] + data.draw(st.binary(max_size=3)) + contents[name][at + 1 :]
    assert is_sound(packed(contents | {name: changed})) is (changed == contents[name])


@settings(STABLE, max_examples=100)
@given(data=st.data())
def test_bytes_of_what_is_proven_are_noticed_without_any_digest(evidence: bytes, data: Data) -> None:
    name = data.draw(st.sampled_from(["events.ndjson", "accesses.ndjson", "proofs.json", "checkpoint.note"]))
    content = files(evidence)[name]
    at = data.draw(st.integers(0, len(content) - 1))
    changed = content[:at] + bytes([content[at] ^ 1 << data.draw(st.integers(0, 6))]) + content[at + 1 :]
    made = forged(evidence, lambda contents: contents.update({name: changed}))
    if is_sound(made):
        assert _says(name, changed) == _says(name, content)


def _says(name: str, content: bytes) -> Any:
    """Base64 has bits that say nothing, JSON has spaces that do."""
    text = re.sub(rb"[A-Za-z0-9+/]=", b"=", content)
    return [json.loads(line) for line in text.splitlines()] if name.endswith("ndjson") else text


@settings(STABLE, max_examples=100)
@given(st.binary(max_size=200))
def test_anything_else_is_no_evidence(garbage: bytes) -> None:
    with pytest.raises(Unsound):
        checked(BytesIO(garbage))


@given(st.lists(st.binary(max_size=3), min_size=1, max_size=40), st.data())
def test_many_leaves_are_proven_at_once_and_no_others(leaves: list[bytes], data: Data) -> None:
    """The hashes are read off a tree that grew."""
    frontier, nodes = Frontier(), dict[tuple[int, int], bytes]()
    hashes = [leaf_hash(each) for each in leaves]
    for each in hashes:
        nodes.update({(level, number): made for level, number, made in frontier.append(each)})
    some = sorted(data.draw(st.sets(st.integers(0, len(leaves) - 1))))
    proof = beside(some, len(leaves), lambda level, number: nodes[level, number])
    assert root_from({each: hashes[each] for each in some}, len(leaves), proof) == frontier.root
    assert len(proof) <= max(1, len(some) * (len(leaves) - 1).bit_length())
    if some:
        assert root_from({each: bytes(32) for each in some}, len(leaves), proof) != frontier.root
    for wrong in ((*proof, bytes(32)), proof[:-1], (*proof[:-1], b"")):
        if wrong != proof:
            with pytest.raises(Unproven):
                root_from({each: hashes[each] for each in some}, len(leaves), wrong)
