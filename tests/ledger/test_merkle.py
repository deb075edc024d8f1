"""The tree: the known roots, proofs that hold, and 518 of others that hold or do not."""

import json
from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journey.ledger.merkle import (
    EMPTY,
    Frontier,
    Hash,
    Part,
    Unproven,
    consistency,
    inclusion,
    leaf_hash,
    node_hash,
    root_of,
    verify_consistency,
    verify_inclusion,
    verify_inclusion_in,
    verify_part,
)
from tests.spec import STABLE

VECTORS = Path(__file__).parents[3] / "shared" / "data" / "vectors" / "merkle"
KINDS = ("inclusion", "consistency", "subtreeinclusion", "subtreeconsistency")


class Grown:
    """A tree, and every node that it has."""

    def __init__(self, leaves: list[bytes]) -> None:
        self.frontier = Frontier()
        self.nodes: dict[tuple[int, int], Hash] = {}
        self.roots = [EMPTY]
        for leaf in leaves:
            for level, number, made in self.frontier.append(leaf_hash(leaf)):
                self.nodes[level, number] = made
            self.roots.append(self.frontier.root)

    def read(self, level: int, index: int) -> Hash:
        return self.nodes[level, index]


def grown(size: int) -> Grown:
    return Grown([str(number).encode() for number in range(size)])


def test_the_known_roots() -> None:
    path = VECTORS / "rfc6962_known_roots.json"
    if not path.exists():
        pytest.skip(f"no vectors: {path.name} is not there")
    known = json.loads(path.read_text())
    tree = Grown([bytes.fromhex(each) for each in known["leaf_inputs_hex"]])
    roots = known["roots_by_tree_size_hex"]
    by_size = roots if isinstance(roots, list) else [roots[str(size)] for size in range(9)]
    assert [root.hex() for root in tree.roots] == by_size
    assert [tree.nodes[0, number].hex() for number in range(8)] == known["leaf_hashes_hex"]


def vectors() -> Iterator[tuple[str, dict[str, Any]]]:
    for kind in KINDS:
        for path in sorted((VECTORS / kind).rglob("*.json")):
            yield kind, json.loads(path.read_text())


def holds(kind: str, case: dict[str, Any]) -> bool:
    proof = [b64decode(each) for each in case["proof"] or ()]
    hashes = {name: b64decode(case[name] or "") for name in case if name.startswith(("root", "leafHash"))}
    try:
        match kind:
            case "inclusion":
                verify_inclusion(case["leafIdx"], case["treeSize"], hashes["leafHash"], proof, hashes["root"])
            case "consistency":
                verify_consistency(case["size1"], case["size2"], hashes["root1"], proof, hashes["root2"])
            case "subtreeinclusion":
                part = Part(case["start"], case["end"])
                verify_inclusion_in(part, case["leafIdx"], hashes["leafHash"], proof, hashes["root"])
            case _:
                part = Part(case["start"], case["end"])
                verify_part(part, case["size"], hashes["root1"], proof, hashes["root2"])
    except Unproven:
        return False
    return True


def test_the_proofs_of_others_hold_or_do_not_as_they_say() -> None:
    found = list(vectors())
    if not found:
        pytest.skip("no vectors of other implementations are there")
    assert len(found) == 518
    wrong = [(kind, case) for kind, case in found if holds(kind, case) is case["wantErr"]]
    assert wrong == []


@STABLE
@given(st.integers(1, 300), st.data())
def test_every_leaf_is_proven_and_nothing_else_is(size: int, data: st.DataObject) -> None:
    tree = grown(size)
    index = data.draw(st.integers(0, size - 1))
    proof = inclusion(index, size, tree.read)
    verify_inclusion(index, size, tree.nodes[0, index], proof, tree.roots[size])
    with pytest.raises(Unproven):
        verify_inclusion(index, size, leaf_hash(b"another"), proof, tree.roots[size])
    with pytest.raises(Unproven):
        verify_inclusion(index, size, tree.nodes[0, index], (*proof, EMPTY), tree.roots[size])


@STABLE
@given(st.integers(1, 300), st.data())
def test_a_tree_is_the_beginning_of_what_it_grows_into(second: int, data: st.DataObject) -> None:
    tree = grown(second)
    first = data.draw(st.integers(1, second))
    proof = consistency(first, second, tree.read)
    verify_consistency(first, second, tree.roots[first], proof, tree.roots[second])
    if first < second:
        with pytest.raises(Unproven):
            verify_consistency(first, second, leaf_hash(b"forked"), proof, tree.roots[second])


def test_what_is_of_another_length_is_no_hash() -> None:
    tree = grown(3)
    halves = tree.nodes[0, 0] + tree.nodes[0, 1]
    assert node_hash(halves[:40], halves[40:]) == tree.roots[2], "the same bytes, taken apart elsewhere"
    with pytest.raises(Unproven):
        verify_part(Part(0, 1), 2, halves[:40], (halves[40:],), tree.roots[2])


@STABLE
@given(st.integers(0, 300), st.integers(0, 40))
def test_a_tree_goes_on_from_its_edge(size: int, more: int) -> None:
    whole, begun = grown(size + more), grown(size)
    again = Frontier(size, begun.frontier.edge)
    for number in range(size, size + more):
        list(again.append(leaf_hash(str(number).encode())))
    assert again.root == whole.frontier.root == root_of(size + more, whole.read)


def test_an_edge_that_is_of_another_size() -> None:
    with pytest.raises(ValueError, match="a hash for each bit"):
        Frontier(3, [EMPTY])


@pytest.mark.parametrize(("index", "size"), [(0, 0), (3, 3), (-1, 3)])
def test_there_is_no_proof_of_what_is_not_there(index: int, size: int) -> None:
    with pytest.raises(ValueError, match="no such leaf or tree"):
        inclusion(index, size, grown(3).read)
