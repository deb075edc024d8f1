"""An independent checker: written from docs/evidence.md alone, with nothing of Journey in it.

`python checker.py FILE` says whether the file is sound. The tests hold it and `journey audit check` to the
same verdicts.
"""

import json
import sys
import zipfile
from base64 import b64decode
from collections.abc import Iterator
from hashlib import sha256
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

FILES = {"README.txt", "checkpoint.note", "keys.json", "events.ndjson", "accesses.ndjson", "proofs.json"}
FILES |= {"timeline.html"}
Json = dict[str, Any]


def require(so: bool, what: str) -> None:
    if not so:
        raise ValueError(what)


def once(pairs: list[tuple[str, Any]]) -> Json:
    require(len(dict(pairs)) == len(pairs), "a name is given twice")
    return dict(pairs)


def load(text: bytes | str) -> Any:
    return json.loads(text if isinstance(text, str) else text.decode(), object_pairs_hook=once)


def canonical(value: Any) -> bytes:
    """RFC 8785, for objects of texts, whole numbers and lists."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def raw(text: str) -> bytes:
    return b64decode(text, validate=True)


def node(left: bytes, right: bytes) -> bytes:
    return sha256(b"\1" + left + right).digest()


def split(count: int) -> int:
    return int(1 << ((count - 1).bit_length() - 1))


# --- Signatures


def verifier(text: str) -> tuple[str, bytes, bytes]:
    name, key_id, encoded = text.split("+", 2)
    material = raw(encoded)
    require(
        material[:1] == b"\1" and sha256(name.encode() + b"\n" + material).digest()[:4].hex() == key_id, "key"
    )
    return name, material[1:], bytes.fromhex(key_id)


def signed(note: str, keys: list[tuple[str, bytes, bytes]]) -> tuple[str, int]:
    """The text of a note, and how many of these keys have signed it."""
    head, _, tail = note.rpartition("\n\n")
    count = 0
    for line in tail.removesuffix("\n").split("\n"):
        dash, name, encoded = line.split(" ")
        require(dash == "—", "signature")
        for known, public, key_id in keys:
            if (known, key_id) == (name, raw(encoded)[:4]):
                Ed25519PublicKey.from_public_bytes(public).verify(raw(encoded)[4:], head.encode() + b"\n")
                count += 1
    return head + "\n", count


def keys_of(listed: list[Json]) -> list[tuple[str, bytes, bytes]]:
    found: list[tuple[str, bytes, bytes]] = []
    for each in listed:
        trusted = [*found[-1:], verifier(each["verifier"])]
        text, count = signed(each["introduction"], trusted)
        require(text == f"journey/key-introduction/v1\n{each['verifier']}\n", "introduction")
        require(count == len(trusted), "introduction is not signed by both")
        found.append(trusted[-1])
    return found


def checkpoint(note: str, keys: list[tuple[str, bytes, bytes]]) -> Json:
    text, count = signed(note, keys)
    require(count > 0, "nobody who is known has signed the checkpoint")
    origin, size, root, *more = text.rstrip("\n").split("\n")
    said = dict(line.split(" ", 1) for line in more)
    access_size, access_root = said["access"].split(" ")
    return {
        "origin": origin,
        "events": (int(size), raw(root)),
        "accesses": (int(access_size), raw(access_root)),
        "journeys": raw(said["journeys"]),
    }


# --- Trees


def root_of(begin: int, end: int, leaves: dict[int, bytes], rest: Iterator[bytes]) -> bytes:
    if not any(begin <= index < end for index in leaves):
        return next(rest)
    if end - begin == 1:
        return leaves[begin]
    middle = begin + split(end - begin)
    inside = {index: leaf for index, leaf in leaves.items() if begin <= index < end}
    return node(root_of(begin, middle, inside, rest), root_of(middle, end, inside, rest))


def check_inclusion(lines: list[Json], proof: Json, head: tuple[int, bytes]) -> None:
    positions = [line["position"] for line in lines]
    require(positions == sorted(set(positions)), "the order of the log")
    require(all(1 <= each <= head[0] for each in positions), "a position outside of the log")
    rest = iter([raw(each) for each in proof["hashes"]])
    leaves = {line["position"] - 1: raw(line["leaf"]) for line in lines}
    root = root_of(0, head[0], leaves, rest) if head[0] else sha256().digest()
    require(proof["size"] == head[0] and root == head[1] and next(rest, None) is None, "inclusion")


def check_consistency(first: tuple[int, bytes], second: tuple[int, bytes], proof: list[bytes]) -> None:
    """RFC 9162 section 2.1.4.2."""
    if first[0] == 0 or first[0] == second[0]:
        require(not proof and (first == second or first == (0, sha256().digest())), "consistency")
        return
    require(first[0] < second[0], "consistency")
    low, high = first[0] - 1, second[0] - 1
    while low & 1:
        low, high = low >> 1, high >> 1
    rest = iter([first[1], *proof] if first[0] & (first[0] - 1) == 0 else proof)
    old = new = next(rest)
    for each in rest:
        require(high > 0, "consistency")
        if low & 1 or low == high:
            old, new = node(each, old), node(each, new)
            while low and not low & 1:
                low, high = low >> 1, high >> 1
        else:
            new = node(new, each)
        low, high = low >> 1, high >> 1
    require(high == 0 and (old, new) == (first[1], second[1]), "consistency")


def check_journey(proof: Json, lines: list[Json], root: bytes) -> None:
    require([line["stored"]["version"] for line in lines] == list(range(1, proof["events"] + 1)), "versions")
    chain, key = bytes(32), sha256(UUID(proof["journey_id"]).bytes).digest()
    for line in lines:
        chain = sha256(chain + raw(line["leaf"])).digest()
    found = sha256(b"\2" + key + len(lines).to_bytes(8, "big") + chain).digest()
    for depth, each in reversed(list(enumerate(map(raw, proof["beside"])))):
        right = key[depth // 8] >> (7 - depth % 8) & 1
        found = sha256(b"\3" + (each + found if right else found + each)).digest()
    require(bool(lines) and found == root, "these are not all events of the journey")


# --- Lines


def check_line(line: Json) -> None:
    require(sha256(b"\0" + canonical(line["stored"])).digest() == raw(line["leaf"]), "leaf")


def check_event(line: Json) -> None:
    check_line(line)
    stored, how = line["stored"], line["how"]
    said = load(stored["data"])
    require(stored["data"].startswith('{"sealed":"') is (how != "plain"), "how")
    require(("key" in line) is (how == "opened"), "a key where none belongs, or none where one does")
    if how != "plain":
        box = raw(said.pop("sealed"))
    if how == "opened":
        key = raw(line["key"])
        require(sha256(key).digest() == box[-32:], "another key")
        bound = UUID(stored["journey_id"]).bytes + stored["version"].to_bytes(8, "big")
        bound += UUID(stored["event_id"]).bytes + stored["type"].encode()
        said |= load(AESGCM(key).decrypt(box[:12], box[12:-32], bound))
    require(canonical(line["read"]["data"]) == canonical(said), "what happened")
    require(canonical(line["read"]["context"]) == canonical(load(stored["context"])), "who did it")


def check(file: Any) -> None:
    """Raises anything at all where the file is not sound."""
    with zipfile.ZipFile(file) as packed:
        names = packed.namelist()
        require(len(names) == len(set(names)), "a file is there twice")
        require(set(names) - {"manifest.note"} == FILES | {"manifest.json"}, "files")
        files = {name: packed.read(name) for name in names}
    manifest, proofs = load(files["manifest.json"]), load(files["proofs.json"])
    keys = keys_of(load(files["keys.json"])["keys"])
    now = checkpoint(files["checkpoint.note"].decode(), keys)
    events, accesses = (
        [load(line) for line in files[name].split(b"\n")[:-1]]
        for name in ("events.ndjson", "accesses.ndjson")
    )
    for line in events:
        check_event(line)
    for line in accesses:
        check_line(line)
    check_inclusion(events, proofs["events"], now["events"])
    check_inclusion(accesses, proofs["accesses"], now["accesses"])
    ids = sorted({line["stored"]["journey_id"] for line in events})
    require(ids == sorted(each["journey_id"] for each in proofs["journeys"]), "journeys")
    require(ids == sorted(each["journey_id"] for each in manifest["journeys"]), "journeys")
    for proof in proofs["journeys"]:
        lines = [line for line in events if line["stored"]["journey_id"] == proof["journey_id"]]
        check_journey(proof, lines, now["journeys"])
    for earlier in proofs["earlier"]:
        then = checkpoint(earlier["note"], keys)
        require(then["origin"] == now["origin"], "another ledger")
        for tree in ("events", "accesses"):
            check_consistency(then[tree], now[tree], [raw(each) for each in earlier[tree]])
    digests = {name: sha256(files[name]).hexdigest() for name in FILES}
    require(manifest["format"] == "journey/evidence/v1" and manifest["files"] == digests, "digests")
    if "manifest.note" in files:
        text, count = signed(files["manifest.note"].decode(), keys)
        digest = sha256(files["manifest.json"]).hexdigest()
        require(count > 0 and text == f"journey/evidence/v1\n{digest}\n", "signature of the manifest")


if __name__ == "__main__":
    check(sys.argv[1])
    sys.stdout.write("The file is sound.\n")
