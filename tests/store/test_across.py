"""Across journeys: both patients hear of a merge, or neither; two at once make no circle."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from uuid import UUID

import psycopg
import pytest

from journey.domain.codes import LinkType
from journey.domain.correction import ReattributeEvent
from journey.domain.episode import JourneyOpened, OpenJourney
from journey.domain.event import Refused
from journey.domain.identity import ChangeDemographics, Demographics, LinkPatient
from journey.domain.journey import fold
from journey.domain.merge import (
    MergePatient,
    NoSuchPatient,
    NotMerged,
    NotThisPatient,
    RecordedSinceTheMerge,
    RetiredPatient,
    UnmergePatient,
)
from journey.domain.standing import standing
from journey.projections.patient_identity import PatientIdentity
from journey.projections.projector import Projector
from journey.store import across
from journey.store.errors import StaleVersion, StoreUnavailable
from journey.store.identifiers import uuid7
from journey.store.sequencer import drain
from journey.store.store import Store
from tests.store.asked import CONTEXT

MOVED = ChangeDemographics(
    demographics=Demographics(address="4 Mill Lane"), occurred_at=datetime(2026, 3, 1, 9, tzinfo=UTC)
)


def patient(store: Store, journeys: int = 1) -> tuple[UUID, list[UUID]]:
    """A patient, and so many journeys of theirs."""
    patient_id, ids = uuid7(), [uuid7() for _ in range(journeys)]
    for journey_id in ids:
        opening = OpenJourney(patient_id=patient_id, occurred_at=datetime(2026, 3, 1, 8, tzinfo=UTC))
        store.handle(journey_id, opening, CONTEXT)
    return patient_id, ids


def merge(store: Store, survivor: UUID, retired: UUID, key: str | None = None) -> int:
    """The number of journeys on which it was recorded."""
    command = MergePatient(survivor=survivor, retired=retired)
    told = across.merge(store, command, CONTEXT, idempotency_key=key)
    return sum(bool(each.events) for each in told)


def unmerge(store: Store, survivor: UUID, retired: UUID) -> int:
    command = UnmergePatient(survivor=survivor, retired=retired, reason="two people", keep_rest=True)
    return sum(bool(each.events) for each in across.merge(store, command, CONTEXT))


def links(store: Store, journey_id: UUID) -> list[LinkType]:
    state = fold(store.load(journey_id).effective, journey_id)
    return [LinkType(link) for _, link in standing(state).patient.links]


def same(url: str, patient_id: UUID) -> set[UUID]:
    drain(url)
    Projector(url, PatientIdentity()).catch_up()
    with psycopg.connect(url) as connection:
        return {row[0] for row in connection.execute("SELECT same_person(%s)", (patient_id,))}


def test_every_journey_of_both_hears_of_it(store: Store) -> None:
    (one, ones), (two, twos) = patient(store, 2), patient(store, 3)
    assert merge(store, one, two) == 5
    assert [links(store, each) for each in ones] == [[LinkType.REPLACES]] * 2
    assert [links(store, each) for each in twos] == [[LinkType.REPLACED_BY]] * 3
    assert merge(store, one, two) == 0
    assert unmerge(store, one, two) == 5
    assert unmerge(store, one, two) == 0
    assert [links(store, each) for each in (*ones, *twos)] == [[]] * 5


def test_none_hears_of_what_one_refuses(store: Store) -> None:
    (one, ones), (two, _), (three, threes) = patient(store), patient(store), patient(store, 2)
    merge(store, two, one)
    for survivor, retired in ((three, one), (one, three)):
        with pytest.raises(RetiredPatient, match=str(two)):
            merge(store, survivor, retired)
    assert [links(store, each) for each in (*ones, *threes)] == [[LinkType.REPLACED_BY], [], []]


def test_a_patient_of_whom_nothing_is_known_is_not_merged(store: Store) -> None:
    one, ones = patient(store)
    with pytest.raises(NoSuchPatient):
        merge(store, one, uuid7())
    assert links(store, ones[0]) == []


def test_what_was_never_merged_is_not_unmerged(store: Store) -> None:
    (one, _), (two, _) = patient(store), patient(store)
    with pytest.raises(NotMerged):
        unmerge(store, one, two)


def test_a_journey_that_was_opened_since_stands_in_nobodys_way(store: Store) -> None:
    (one, ones), (two, _) = patient(store), patient(store)
    merge(store, one, two)
    later = uuid7()
    store.handle(later, OpenJourney(patient_id=one), CONTEXT)
    assert unmerge(store, one, two) == 2
    assert [links(store, each) for each in (*ones, later)] == [[], []]


def test_what_came_since_is_listed_for_both(store: Store) -> None:
    (one, ones), (two, twos) = patient(store), patient(store)
    merge(store, one, two)
    since = [store.handle(each, MOVED, CONTEXT).events[0].event_id for each in (*ones, *twos)]
    command = UnmergePatient(survivor=one, retired=two, reason="two people")
    with pytest.raises(RecordedSinceTheMerge) as refused:
        across.merge(store, command, CONTEXT)
    assert [each.subject_id for each in refused.value.blockers] == since
    across.merge(store, command.model_copy(update={"keep": tuple(since)}), CONTEXT)
    assert links(store, ones[0]) == links(store, twos[0]) == []


def test_two_merges_at_once_make_no_circle(store: Store) -> None:
    for _ in range(5):
        patients = [patient(store) for _ in range(3)]
        pairs = [(0, 1), (1, 2), (2, 0)]

        def merged(pair: tuple[int, int], patients: list[tuple[UUID, list[UUID]]] = patients) -> bool:
            try:
                merge(store, patients[pair[0]][0], patients[pair[1]][0])
            except RetiredPatient:
                return False
            return True

        with ThreadPoolExecutor(3) as threads:
            done = list(threads.map(merged, pairs))
        assert not all(done)
        survivors = [ids for _, ids in patients if LinkType.REPLACED_BY not in links(store, ids[0])]
        assert len(survivors) == 3 - sum(done)


# --- Chains


def test_a_chain_leads_to_its_root_and_back(store: Store, database_url: str) -> None:
    (a, _), (b, _), (c, _) = (patient(store) for _ in range(3))
    merge(store, b, a)
    merge(store, c, b)
    assert same(database_url, a) == same(database_url, b) == same(database_url, c) == {a, b, c}
    unmerge(store, c, b)
    assert (same(database_url, a), same(database_url, c)) == ({a, b}, {c})
    merge(store, c, b)
    assert same(database_url, a) == {a, b, c}


def test_the_latest_word_counts_in_one_batch_too(store: Store, database_url: str) -> None:
    (a, _), (b, _), (c, _) = (patient(store) for _ in range(3))
    merge(store, b, a)
    unmerge(store, b, a)
    merge(store, c, a)
    assert (same(database_url, a), same(database_url, b)) == ({a, c}, {b})


# --- By way of one journey


def test_who_tells_one_journey_tells_all(store: Store) -> None:
    (one, ones), (two, twos) = patient(store), patient(store)
    command = MergePatient(survivor=one, retired=two)
    with pytest.raises(StaleVersion):
        across.handle(store, ones[0], command, CONTEXT, expected_version=7)
    with pytest.raises(NotThisPatient):
        across.handle(store, patient(store)[1][0], command, CONTEXT)
    first = across.handle(store, ones[0], command, CONTEXT, idempotency_key="k")
    assert (first.journey_id, len(first.events)) == (ones[0], 1)
    assert links(store, twos[0]) == [LinkType.REPLACED_BY]
    unmerge(store, one, two)
    assert across.handle(store, ones[0], command, CONTEXT, idempotency_key="k") == first
    assert links(store, twos[0]) == [], "a request repeated does nothing again"
    store.handle(ones[0], LinkPatient(other_patient_id=two), CONTEXT)


def test_the_same_merge_asked_again_by_its_key_is_not_done_again(store: Store) -> None:
    (one, ones), (two, _) = patient(store), patient(store)
    merge(store, one, two, "k")
    unmerge(store, one, two)
    assert merge(store, one, two, "k") == 2
    assert links(store, ones[0]) == []


def test_while_others_merge_one_waits_and_then_gives_up(
    store: Store, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (one, _), (two, _) = patient(store), patient(store)
    monkeypatch.setattr(across, "TAKE_TURN", across.TAKE_TURN.replace("5s", "50ms"))
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", (across.LOCK,))
        with pytest.raises(StoreUnavailable):
            merge(store, one, two)


# --- Reattribution


def test_a_fact_is_told_where_it_belongs(store: Store) -> None:
    (_, ones), (two, twos) = patient(store), patient(store)
    [wrong] = store.handle(ones[0], MOVED, CONTEXT).events
    command = ReattributeEvent(
        event_id=wrong.event_id, to_patient_id=two, to_journey_id=twos[0], reason="their twin's"
    )
    for _ in range(2):
        across.handle(store, ones[0], command, CONTEXT)

    assert fold(store.load(ones[0]).effective, ones[0]).identity.demographics == Demographics()
    opening, fact = store.load(twos[0]).recorded
    assert isinstance(opening.event, JourneyOpened)
    assert (fact.occurred_at, fact.event.stored_as) == (MOVED.occurred_at, "identity.demographics_changed")
    assert fact.context.attributed_from == wrong.event_id
    assert fact.context.actor == CONTEXT.actor


def test_a_fact_is_told_on_a_journey_of_that_patient_alone(store: Store) -> None:
    (_, ones), (two, _), (_, threes) = patient(store), patient(store), patient(store)
    [wrong] = store.handle(ones[0], MOVED, CONTEXT).events
    for elsewhere in (threes[0], uuid7()):
        command = ReattributeEvent(
            event_id=wrong.event_id, to_patient_id=two, to_journey_id=elsewhere, reason="their twin's"
        )
        with pytest.raises(across.NotTheirJourney):
            across.handle(store, ones[0], command, CONTEXT)
    nothing = ReattributeEvent(event_id=uuid7(), to_patient_id=two, to_journey_id=threes[0], reason="?")
    with pytest.raises(Refused):
        across.handle(store, ones[0], nothing, CONTEXT)
    assert len(store.load(ones[0]).recorded) == 2
    assert len(store.load(threes[0]).recorded) == 1
