"""Verifying: no false alarm, whatever befalls a store in service; and it goes on where it was."""

import shutil
from contextlib import closing
from pathlib import Path
from threading import Thread

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journey.domain.custody import ErasureBasis
from journey.domain.episode import OpenJourney
from journey.domain.event import Actor
from journey.domain.identity import ChangeDemographics, Demographics
from journey.embedded import Cluster
from journey.ledger.anchor import Folder
from journey.ledger.merkle import Frontier, leaf_hash
from journey.ledger.notary import Notary, notarize
from journey.ledger.note import Verifier
from journey.ledger.seal import Seal
from journey.ledger.seals import Place, Seals, origin_id
from journey.ledger.verify import verify
from journey.ledger.verifying import notes, pages
from journey.ledger.verifying.finding import Kind
from journey.ledger.verifying.growth import Growth
from journey.ledger.verifying.keys import NothingToTrust
from journey.privacy.asking import request
from journey.privacy.erasing import erase
from journey.projections import READ_MODELS
from journey.projections.rebuild import rebuild
from journey.projections.status import PatientStatus
from journey.store.identifiers import uuid7
from journey.store.sequencer import drain
from journey.store.store import Store
from journey.worker import Worker
from tests.ledger.altered import alter, database, found, of_kind, superuser, verified
from tests.ledger.told import Ledger, told
from tests.projections.told import tell
from tests.store.asked import CONTEXT
from tests.waiting import until


def more(ledger: Ledger, seed: int) -> None:
    told(ledger.url, ledger.place.home, journeys=1, turns=10, seed=seed)
    ledger.looked(1)


def folder(ledger: Ledger) -> Path:
    with ledger.connect() as connection:
        kept = ledger.place.anchors(origin_id(connection))
    assert isinstance(kept, Folder)
    return kept.path


# --- No false alarm


def test_what_is_whole_is_told_as_far_as_it_reaches(ledger: Ledger) -> None:
    told(ledger.url, ledger.place.home, journeys=1, turns=0)
    result = verified(ledger)
    [(events, records)] = ledger.rows("SELECT (SELECT count(*) FROM log), (SELECT count(*) FROM access_log)")
    assert not result.findings
    assert (result.events, result.accesses, result.checkpoint) == (events, records, 4)
    assert (result.unsigned, result.anchored, result.last_anchored) == (1, 4, 4)


def test_an_empty_store_is_whole(database_url: str, tmp_path: Path) -> None:
    assert not found(Ledger(database_url, Place(tmp_path)))


def test_what_waits_for_its_position_is_no_finding(ledger: Ledger) -> None:
    with closing(Store(ledger.url)) as store:
        tell(store, journeys=2, turns=5, seed=9)
    ledger.looked(2)
    assert ledger.rows("SELECT FROM pending"), "nobody has sequenced it"
    assert not found(ledger)


def test_a_notary_that_dies_before_it_anchors_leaves_no_finding(ledger: Ledger) -> None:
    [day] = folder(ledger).glob("2*.jsonl")
    lines = day.read_bytes().splitlines(keepends=True)
    day.write_bytes(b"".join(lines[:-2]) + lines[-2][:50])
    assert not found(ledger)
    more(ledger, 7)
    ledger.notarize()
    assert not found(ledger)


def test_a_notary_that_dies_before_its_first_anchor_leaves_no_finding(ledger: Ledger) -> None:
    shutil.rmtree(folder(ledger))
    assert not found(ledger)


def test_notaries_that_take_turns_leave_no_finding(ledger: Ledger) -> None:
    for seed in (5, 6):
        notary = Notary(ledger.url, ledger.place)
        notary.start()
        more(ledger, seed)
        notary.stop()
    assert not found(ledger)


def test_a_copy_or_a_restore_that_lost_nothing_is_no_finding(ledger: Ledger) -> None:
    drain(ledger.url)
    assert ledger.rows("SELECT max(number) FROM store_epoch") == [(2,)], "another database, another epoch"
    assert not found(ledger)
    more(ledger, 5)
    assert ledger.notarize().epoch.number == 2
    assert not found(ledger)


def test_a_change_of_keys_is_no_finding(ledger: Ledger) -> None:
    for seed in (5, 6):
        with ledger.connect() as connection:
            Seals(connection, ledger.place).rotate()
        assert not found(ledger)
        more(ledger, seed)
        ledger.notarize()
        result = verified(ledger)
        assert not result.findings
    assert len(result.keys) == 3


def test_an_erasure_and_a_rebuild_are_no_finding(database_url: str, tmp_path: Path) -> None:
    ledger, patient_id, journey_id = Ledger(database_url, Place(tmp_path)), uuid7(), uuid7()
    with closing(Store(database_url)) as store, Worker(database_url, appended=store.appended):
        store.handle(journey_id, OpenJourney(patient_id=patient_id), CONTEXT)
        named = Demographics(family="Ekström", given=("Åsa",))
        store.handle(journey_id, ChangeDemographics(demographics=named), CONTEXT)
        until(lambda: ledger.rows("SELECT FROM log WHERE version = 2"))
        notarize(ledger.url, ledger.place)
        request(store, patient_id, ErasureBasis.OBJECTION, "her own letter", CONTEXT)
        officer = CONTEXT.model_copy(update={"actor": Actor(id="officer-2", kind="human")})
        models = [model.name for model in READ_MODELS]
        assert erase(store, patient_id, officer, years_kept=0, models=models).journeys == 1
        assert not found(ledger)
        notarize(ledger.url, ledger.place)
        rebuild(database_url, PatientStatus())
    assert ledger.rows("SELECT family FROM patient_status") == [(None,)]
    assert not found(ledger)


def test_whoever_writes_meanwhile_does_not_disturb(ledger: Ledger) -> None:
    def write() -> None:
        for seed in range(5, 9):
            more(ledger, seed)

    notary, writing = Notary(ledger.url, ledger.place), Thread(target=write)
    notary.start()
    writing.start()
    results = [verified(ledger)]
    while writing.is_alive():
        results.append(verified(ledger))
    writing.join()
    notary.stop()
    assert not [list(each.findings) for each in results if each.findings]
    assert verified(ledger).events > results[0].events


# --- Loss, and whom to trust


def test_a_backup_that_was_put_back_is_told_with_the_epoch_that_began(
    cluster: Cluster, database_url: str, tmp_path: Path
) -> None:
    before = told(database_url, tmp_path / "home")
    size = before.notarize().events.size
    with database(cluster, before.url.rpartition("/")[2].partition("?")[0]) as backup:
        more(before, 5)
        last = before.notarize().events.size
        after = Ledger(cluster.url(backup), before.place)
        truncated = of_kind(found(after), Kind.TRUNCATED)
        assert (truncated.first, truncated.last) == (size + 1, last)
        drain(after.url)
        again = of_kind(found(after), Kind.TRUNCATED)
        assert f"The epoch 2 began after position {size}" in again.sentence
        for seed in range(6, 9):
            more(after, seed)
        after.notarize()
        forked = of_kind(found(after), Kind.FORKED)
        assert (forked.first, forked.last) == (size + 1, last)
        assert f"The epoch 2 began after position {size}" in forked.sentence


def test_without_anything_outside_the_database_nothing_is_verified(ledger: Ledger, tmp_path: Path) -> None:
    with pytest.raises(NothingToTrust, match="JOURNEY_ANCHORS"):
        verified(Ledger(ledger.url, Place(tmp_path / "nothing")))


def test_the_first_key_may_be_named(ledger: Ledger, tmp_path: Path) -> None:
    [(key,)] = ledger.rows("SELECT verifier FROM ledger_key")
    nowhere = Place(tmp_path / "nothing")
    assert not verify(ledger.url, nowhere, lambda _done, _all: None, first=Verifier.read(key)).findings
    other = Seal.made(Verifier.read(key).name).verifier
    result = verify(ledger.url, ledger.place, lambda _done, _all: None, first=other)
    assert of_kind(list(result.findings), Kind.WRONG_KEY).first == 1


# --- Going on


def test_it_goes_on_where_it_ended(ledger: Ledger) -> None:
    assert verified(ledger, whole=False).since == 0
    assert verified(ledger, whole=False).events == 0
    more(ledger, 5)
    size = ledger.statements()[-1].events.size
    last = ledger.notarize()
    result = verified(ledger, whole=False)
    assert not result.findings
    assert (result.since, result.checkpoint) == (4, 5)
    assert (result.events, result.accesses) == (last.events.size - size, 1)
    assert result.whole_at == verified(ledger, whole=False).whole_at


def test_going_on_sees_what_is_new_and_a_whole_one_sees_all(ledger: Ledger) -> None:
    assert not found(ledger)
    alter(
        ledger,
        "UPDATE event SET type = type || ' ' WHERE event_id = (SELECT min(event_id::text)::uuid FROM event)",
    )
    assert not found(ledger, whole=False)
    assert of_kind(found(ledger), Kind.EDITED).table == "event"
    more(ledger, 5)
    size = ledger.notarize().events.size
    with superuser(ledger) as connection:
        connection.execute("UPDATE log SET leaf = sha256('x') WHERE position = %s", (size,))
    assert of_kind(found(ledger, whole=False), Kind.EDITED).first == size


def test_going_on_sees_an_earlier_leaf_of_a_journey_that_goes_on(ledger: Ledger) -> None:
    assert not found(ledger)
    [(journey_id, version)] = ledger.rows("""
        SELECT journey_id, max(version) FROM log GROUP BY journey_id ORDER BY 2 DESC LIMIT 1
        """)
    with superuser(ledger) as connection:
        connection.execute(
            "UPDATE log SET leaf = sha256('x') WHERE journey_id = %s AND version = 1", (journey_id,)
        )
        connection.execute(
            "INSERT INTO event SELECT journey_id, version + 1, gen_random_uuid(), type, schema_version,"
            " occurred_at, occurred_precision, recorded_at, context, data FROM event"
            " WHERE journey_id = %s AND version = %s",
            (journey_id, version),
        )
        connection.execute(
            "INSERT INTO pending (journey_id, first_version, last_version) VALUES (%s, %s, %s)",
            (journey_id, version + 1, version + 1),
        )
    ledger.notarize()
    findings = found(ledger, whole=False)
    assert any("--all" in each.sentence for each in findings)


def test_what_was_verified_once_is_a_witness_itself(ledger: Ledger) -> None:
    assert not found(ledger)
    shutil.rmtree(folder(ledger))
    with superuser(ledger) as connection:
        connection.execute("DELETE FROM ledger_checkpoint WHERE number = 4")
    forked = of_kind(found(ledger, whole=False), Kind.FORKED)
    assert (forked.table, forked.first) == ("ledger_checkpoint", 4)


def test_a_verification_that_was_broken_off_goes_on(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notes, "SAVED", 0.0)
    monkeypatch.setattr(pages, "AT_ONCE", 10)
    size = ledger.statements()[1].events.size

    class BrokenOff(Exception):
        """Ctrl-C."""

    def told(done: int, _all: int) -> None:
        if done > size + 20:
            raise BrokenOff

    with pytest.raises(BrokenOff):
        verify(ledger.url, ledger.place, told)
    result = verified(ledger, whole=False)
    assert list(result.findings) == []
    assert result.since > 0
    assert result.events < ledger.statements()[-1].events.size
    assert verified(ledger, whole=False).events == 0


# --- The tree


@given(st.lists(st.integers(0, 70), min_size=1, max_size=6), st.integers(0, 50))
def test_a_tree_that_grows_by_pages_is_the_tree(counts: list[int], begin: int) -> None:
    leaves = [leaf_hash(str(number).encode()) for number in range(begin + sum(counts))]
    edges: list[tuple[bytes, ...]] = [()]
    nodes, frontier = [], Frontier()
    for each in leaves:
        nodes += [node for node in frontier.append(each) if node.level == 3]
        edges.append(frontier.edge)
    growth, made, size = Growth(begin, edges[begin]), [], begin
    for count in counts:
        growth.add(leaves[size : size + count])
        made += [node for node in growth.complete(3) if node.level == 3]
        for at in range(size, size + count + 1):
            assert tuple(growth.edge_at(at)) == edges[at]
        size += count
    assert growth.root_at(size) == frontier.root
    assert made == [node for node in nodes if node.number + 1 << 3 > begin]
