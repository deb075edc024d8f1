"""The map of journeys: the same root however it grew, and proofs of all that there is, or of nothing."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journey.ledger.completeness import (
    BUCKET,
    NOTHING,
    Completeness,
    Head,
    Parts,
    Placed,
    beside,
    bucket_of,
    key_of,
    part_of,
    verify_head,
)
from journey.ledger.merkle import Unproven
from tests.spec import STABLE

IDS = st.integers(1, 1 << 20).map(lambda number: UUID(int=number))
SOME = st.lists(IDS, unique=True, max_size=40)


def head(journey_id: UUID) -> Head:
    return Head().grown([journey_id.bytes * 2] * (journey_id.int % 3 + 1))


def placed(journeys: list[UUID]) -> list[Placed]:
    return sorted(Placed(key_of(each), head(each)) for each in journeys)


@STABLE
@given(SOME)
def test_the_root_is_that_of_all_journeys_whichever_came_first(journeys: list[UUID]) -> None:
    grown = Parts(BUCKET, {})
    for number, _ in enumerate(journeys, start=1):
        there = placed(journeys[:number])
        bucket = bucket_of(key_of(journeys[number - 1]))
        within = [each for each in there if bucket_of(each.key) == bucket]
        grown.put({bucket: part_of(within, BUCKET)})
    assert grown.root == part_of(placed(journeys), 0).hash


@STABLE
@given(SOME, IDS)
def test_a_journey_is_proven_whole_or_not_there(journeys: list[UUID], asked: UUID) -> None:
    there = placed(journeys)
    root = part_of(there, 0).hash
    proof = beside(key_of(asked), there, 0)
    claim = head(asked) if asked in journeys else Head()
    verify_head(asked, claim, proof, root)
    events, chain = head(asked)
    for lie in (Head(events + 1, chain), Head(events, NOTHING), Head() if asked in journeys else head(asked)):
        with pytest.raises(Unproven):
            verify_head(asked, lie, proof, root)


@STABLE
@given(st.lists(IDS, unique=True, min_size=2, max_size=20), st.data())
def test_a_proof_that_was_tampered_with_does_not_hold(journeys: list[UUID], data: st.DataObject) -> None:
    there = placed(journeys)
    root = part_of(there, 0).hash
    proof = beside(key_of(journeys[0]), there, 0)
    which = data.draw(st.integers(0, len(proof.beside) - 1))
    other = bytes(each ^ 1 for each in proof.beside[which])
    for wrong in (
        proof._replace(beside=(*proof.beside[:which], other, *proof.beside[which + 1 :])),
        proof._replace(beside=proof.beside[:-1]),
        proof._replace(beside=(*proof.beside, NOTHING)),
        proof._replace(beside=(NOTHING,) * 300),
        proof._replace(found=None),
    ):
        with pytest.raises(Unproven):
            verify_head(journeys[0], head(journeys[0]), wrong, root)


def test_another_journey_shows_that_there_is_none_only_where_that_one_would_stand() -> None:
    one, other = (
        UUID(int=1),
        next(UUID(int=n) for n in range(2, 99) if key_of(UUID(int=n))[0] >> 7 != key_of(UUID(int=1))[0] >> 7),
    )
    there = placed([one, other])
    elsewhere = beside(key_of(other), there, 0)
    with pytest.raises(Unproven):
        verify_head(one, Head(), elsewhere, part_of(there, 0).hash)


@STABLE
@given(st.lists(IDS, unique=True, min_size=1, max_size=40), st.integers(0, 64))
def test_what_stands_there_cannot_be_read_as_another_journey(journeys: list[UUID], cut: int) -> None:
    there = placed(journeys)
    for each in journeys:
        proof = beside(key_of(each), there, 0)
        assert proof.found is not None
        said = proof.found.key + proof.found.head.events.to_bytes(8) + proof.found.head.chain
        forged = Placed(said[:cut], Head(int.from_bytes(said[cut : cut + 8]), said[cut + 8 :]))
        if forged != proof.found:
            with pytest.raises(Unproven):
                verify_head(each, Head(), proof._replace(found=forged), part_of(there, 0).hash)


@pytest.mark.parametrize("events", [-1, 1 << 63, 1 << 64])
def test_no_journey_has_such_a_number_of_events(events: int) -> None:
    forged = Head(events, NOTHING)
    proof = Completeness((), Placed(key_of(UUID(int=1)), forged))
    with pytest.raises(Unproven):
        verify_head(UUID(int=1), forged, proof, NOTHING)
