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
from typing import IO, Any
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

LISTED = {"README.txt", "timeline.html", "checkpoint.note", "keys.json"}
LISTED |= {"events.ndjson", "accesses.ndjson", "proofs.json"}
Json = dict[str, Any]
Head = tuple[int, bytes]
Key = tuple[str, bytes, bytes]


def require(so: bool, what: str) -> None:
    if not so:
        raise ValueError(what)


def load(text: bytes | str) -> Any:
    def once(pairs: list[tuple[str, Any]]) -> Json:
        require(len(dict(pairs)) == len(pairs), "a name is given twice")
        return dict(pairs)

    return json.loads(text if isinstance(text, str) else text.decode(), object_pairs_hook=once)


def canonical(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def raw(text: str) -> bytes:
    return b64decode(text, validate=True)


def digest(*parts: bytes) -> bytes:
    return sha256(b"".join(parts)).digest()


def key_of(verifier: str) -> Key:
    name, key_id, encoded = verifier.split("+", 2)
    require(
        digest(name.encode(), b"\n", raw(encoded))[:4].hex() == key_id and raw(encoded)[:1] == b"\1", "key"
    )
    return name, bytes.fromhex(key_id), raw(encoded)[1:]


def signed(note: str, keys: list[Key], by: int = 1) -> str:
    """The text of a note that so many of these keys have signed."""
    head, _, tail = note.rpartition("\n\n")
    for line in tail.removesuffix("\n").split("\n"):
        dash, name, signature = line.split(" ")
        require(dash == "—", "a signature begins with a dash")
        for public in [key[2] for key in keys if key[:2] == (name, raw(signature)[:4])]:
            Ed25519PublicKey.from_public_bytes(public).verify(raw(signature)[4:], f"{head}\n".encode())
            by -= 1
    require(by <= 0, "nobody who is known has signed")
    return f"{head}\n"


def introduced(listed: list[Json]) -> list[Key]:
    found: list[Key] = []
    for each in listed:
        two = [*found[-1:], key_of(each["verifier"])]
        text = signed(each["introduction"], two, by=len(two))
        require(text == f"journey/key-introduction/v1\n{each['verifier']}\n", "introduction")
        found.append(two[-1])
    return found


def checkpoint(note: str, keys: list[Key]) -> Json:
    origin, size, root, accesses, journeys, *_ = signed(note, keys).split("\n")
    trail = accesses.removeprefix("access ").split(" ")
    heads = {"events": (int(size), raw(root)), "accesses": (int(trail[0]), raw(trail[1]))}
    return {"origin": origin, "journeys": raw(journeys.removeprefix("journeys ")), **heads}


def root_of(begin: int, end: int, leaves: dict[int, bytes], rest: Iterator[bytes]) -> bytes:
    if not leaves:
        return next(rest)
    if end - begin == 1:
        return leaves[begin]
    middle = begin + (1 << ((end - begin - 1).bit_length() - 1))
    left = root_of(begin, middle, {at: leaves[at] for at in leaves if at < middle}, rest)
    return digest(b"\1", left, root_of(middle, end, {at: leaves[at] for at in leaves if at >= middle}, rest))


def check_included(lines: list[Json], proof: Json, head: Head) -> None:
    positions, rest = [line["position"] for line in lines], map(raw, proof["hashes"])
    require(positions == sorted({each for each in positions if 1 <= each <= head[0]}), "positions")
    leaves = {line["position"] - 1: raw(line["leaf"]) for line in lines}
    root = root_of(0, head[0], leaves, rest) if head[0] else digest()
    require((proof["size"], root, next(rest, None)) == (*head, None), "the lines are not in the tree")


def check_grown(first: Head, second: Head, proof: list[bytes]) -> None:
    """RFC 9162 section 2.1.4.2."""
    low, high, made = first[0] - 1, second[0] - 1, proof
    if first[0] in {0, second[0]}:
        return require(not proof and first in {second, (0, digest())}, "growth")
    while low & 1:
        low, high = low >> 1, high >> 1
    old, *made = [first[1], *proof] if low == 0 else proof
    new = old
    for each in made:
        if low & 1 or low == high:
            old, new = digest(b"\1", each, old), digest(b"\1", each, new)
            while low and not low & 1:
                low, high = low >> 1, high >> 1
        else:
            new = digest(b"\1", new, each)
        low, high = low >> 1, high >> 1
    return require((high, old, new) == (0, first[1], second[1]), "it is not the beginning of the other")


def check_whole(proof: Json, lines: list[Json], root: bytes) -> None:
    require([line["stored"]["version"] for line in lines] == list(range(1, proof["events"] + 1)), "versions")
    chain, key = bytes(32), digest(UUID(proof["journey_id"]).bytes)
    for line in lines:
        chain = digest(chain, raw(line["leaf"]))
    found = digest(b"\2", key, len(lines).to_bytes(8, "big"), chain)
    for depth, each in reversed(list(enumerate(map(raw, proof["beside"])))):
        is_right = key[depth // 8] >> (7 - depth % 8) & 1
        found = digest(b"\3", each, found) if is_right else digest(b"\3", found, each)
    require(bool(lines) and found == root, "these are not all events of the journey")


def check_read(line: Json) -> None:
    stored, how, said = line["stored"], line["how"], load(line["stored"]["data"])
    require(stored["data"].startswith('{"sealed":"') is (how in {"opened", "erased"}), "how")
    require(("key" in line) is (how == "opened"), "a key where none belongs, or none where one does")
    box = b"" if how == "plain" else raw(said.pop("sealed"))
    if how == "opened":
        key, ids = raw(line["key"]), [UUID(stored[name]).bytes for name in ("journey_id", "event_id")]
        require(digest(key) == box[-32:], "it was sealed with another key")
        about = ids[0] + stored["version"].to_bytes(8, "big") + ids[1] + stored["type"].encode()
        said |= load(AESGCM(key).decrypt(box[:12], box[12:-32], about))
    require(canonical(line["read"]["data"]) == canonical(said), "what happened")
    require(canonical(line["read"]["context"]) == canonical(load(stored["context"])), "who did it")


def check(file: str | IO[bytes]) -> None:
    """Raises anything at all where the file is not sound."""
    with zipfile.ZipFile(file) as packed:
        names = packed.namelist()
        require(set(names) - {"manifest.note"} == {*LISTED, "manifest.json"}, "files")
        require(len(names) == len(set(names)), "a file is there twice")
        files = {name: packed.read(name) for name in names}
    manifest, proofs = load(files["manifest.json"]), load(files["proofs.json"])
    keys = introduced(load(files["keys.json"])["keys"])
    now = checkpoint(files["checkpoint.note"].decode(), keys)
    trees = {
        tree: [load(line) for line in files[f"{tree}.ndjson"].split(b"\n")[:-1]]
        for tree in ("events", "accesses")
    }
    for tree, lines in trees.items():
        for line in lines:
            require(digest(b"\0", canonical(line["stored"])) == raw(line["leaf"]), "leaf")
        check_included(lines, proofs[tree], now[tree])
    of_journey: dict[str, list[Json]] = {each["journey_id"]: [] for each in manifest["journeys"]}
    for line in trees["events"]:
        check_read(line)
        of_journey[line["stored"]["journey_id"]].append(line)
    require(sorted(of_journey) == sorted(each["journey_id"] for each in proofs["journeys"]), "journeys")
    for proof in proofs["journeys"]:
        check_whole(proof, of_journey[proof["journey_id"]], now["journeys"])
    for earlier in proofs["earlier"]:
        then = checkpoint(earlier["note"], keys)
        require(then["origin"] == now["origin"], "another ledger")
        for tree in trees:
            check_grown(then[tree], now[tree], [raw(each) for each in earlier[tree]])
    digests = {name: sha256(files[name]).hexdigest() for name in LISTED}
    require((manifest["format"], manifest["files"]) == ("journey/evidence/v1", digests), "digests")
    if "manifest.note" in files:
        text = signed(files["manifest.note"].decode(), keys)
        require(text == f"journey/evidence/v1\n{digest(files['manifest.json']).hex()}\n", "signature")


if __name__ == "__main__":
    check(sys.argv[1])
    sys.stdout.write("The file is sound.\n")
