"""The notary: what it signs is the log and the trail as they are stored, and it is anchored outside."""

import json
import shutil
from collections.abc import Sequence
from functools import partial
from itertools import pairwise
from pathlib import Path
from threading import Thread
from typing import LiteralString

import psycopg
import pytest
import rfc8785
from psycopg.sql import SQL, Identifier
from structlog.testing import capture_logs

from journey.ledger.anchor import Anchored, Folder, Last, Unreadable
from journey.ledger.completeness import Head, Placed, key_of, part_of
from journey.ledger.leaves import AccessRow, DisclosureRow, EventRow, leaf
from journey.ledger.merkle import Frontier, Unproven, leaf_hash
from journey.ledger.notary import Notary, notarize
from journey.ledger.note import BadNote, Verifier, opened
from journey.ledger.proving import complete, grown, included, proven
from journey.ledger.seal import NoKey, Seal, introduced
from journey.ledger.seals import KeyOfAnother, OtherKey, Place, Seals, origin_id
from journey.ledger.verify import verify
from journey.store.identifiers import uuid7
from tests.ledger.told import ACCESS_ROWS, DISCLOSURE_ROWS, EVENT_ROWS, Ledger, told
from tests.waiting import until

FORGET = "DELETE FROM ledger_key WHERE number = 2 RETURNING introduced_at"
STRANGE = """
    INSERT INTO event (journey_id, version, event_id, type, schema_version, occurred_at, occurred_precision,
                       context, data)
    VALUES (gen_random_uuid(), 1, gen_random_uuid(), 'x', 1, %s, 'instant', '{}', '{}')
    """


@pytest.fixture
def ledger(database_url: str, tmp_path: Path) -> Ledger:
    return told(database_url, tmp_path)


def root_of(leaves: list[bytes]) -> bytes:
    tree = Frontier()
    for each in leaves:
        list(tree.append(each))
    return tree.root


def anchored(ledger: Ledger) -> list[Anchored]:
    with ledger.connect() as connection:
        return list(ledger.place.anchors(origin_id(connection)).kept())


def test_a_leaf_is_the_stored_row_in_its_canonical_form(ledger: Ledger) -> None:
    ledger.looked(3, [uuid7(), uuid7()])
    ledger.disclosed()
    ledger.notarize()
    rows: list[tuple[EventRow | AccessRow | DisclosureRow, bytes]] = [
        *((EventRow(*row[:-1]), row[-1]) for row in ledger.rows(EVENT_ROWS)),
        *((AccessRow(*row[:-1]), row[-1]) for row in ledger.rows(ACCESS_ROWS)),
        *((DisclosureRow(*row[:-1]), row[-1]) for row in ledger.rows(DISCLOSURE_ROWS)),
    ]
    assert {type(row) for row, _ in rows} == {EventRow, AccessRow, DisclosureRow}
    for row, stored in rows:
        assert leaf(row) == stored
        assert rfc8785.dumps(json.loads(row.canonical())) == row.canonical()
        assert leaf_hash(row.canonical()) == stored


@pytest.mark.parametrize(
    "setting",
    [
        "DateStyle TO 'German, DMY'",
        "TimeZone TO 'Asia/Kathmandu'",
        "bytea_output TO 'escape'",
        "standard_conforming_strings TO off",
        "search_path TO shadow, public",
        "search_path TO pg_catalog",
    ],
)
def test_no_setting_of_the_database_makes_another_leaf(ledger: Ledger, setting: LiteralString) -> None:
    with ledger.connect() as connection:
        connection.execute("CREATE SCHEMA shadow")
        connection.execute("CREATE FUNCTION shadow.instant(timestamptz) RETURNS text RETURN 'never'")
        connection.execute("CREATE FUNCTION shadow.to_json(text) RETURNS json RETURN '1'::json")
        connection.execute(SQL("SET {}").format(SQL(setting)))
        [(count,)] = connection.execute("""
            SELECT count(*) FROM public.log JOIN public.event USING (journey_id, version)
             WHERE leaf = public.event_leaf(event)
            """).fetchall()
    assert count == len(ledger.rows("SELECT FROM log")) > 0


@pytest.mark.parametrize("at", ["infinity", "-infinity", "0044-03-15 BC", "12000-01-01"])
def test_there_is_no_event_at_a_time_that_a_leaf_cannot_tell(ledger: Ledger, at: str) -> None:
    with ledger.connect() as connection, pytest.raises(psycopg.errors.CheckViolation):
        connection.execute(STRANGE, (at,))


def test_a_checkpoint_signs_both_trees_and_all_journeys(ledger: Ledger) -> None:
    ledger.looked(5)
    statement = ledger.notarize()
    rows = ledger.rows("SELECT leaf, journey_id FROM log ORDER BY position")
    assert statement.events == (len(rows), root_of([row[0] for row in rows]))
    accesses = [row[0] for row in ledger.rows("SELECT leaf FROM access_log ORDER BY position")]
    assert statement.accesses == (5, root_of(accesses))
    journeys = {journey_id for _, journey_id in rows}
    heads = [
        Placed(key_of(each), Head().grown(row[0] for row in rows if row[1] == each)) for each in journeys
    ]
    assert statement.journeys == part_of(sorted(heads), 0).hash
    [(number, epoch)] = ledger.rows("SELECT number, id FROM store_epoch")
    assert statement.epoch == (number, epoch)
    assert statement.origin == f"journey/{epoch}"


def test_checkpoints_come_only_with_something_new(ledger: Ledger) -> None:
    first = ledger.notarize()
    assert ledger.notarize() == first
    ledger.looked(1)
    second = ledger.notarize()
    assert second.events == first.events
    assert second.accesses.size == 1
    assert [each.checkpoint for each in anchored(ledger)] == [None, 1, 2]


def test_each_tree_is_the_beginning_of_the_next_and_every_leaf_is_proven(
    database_url: str, tmp_path: Path
) -> None:
    ledger = told(database_url, tmp_path, journeys=4, turns=300)
    for seed in range(3):
        ledger.notarize()
        ledger.looked(seed)
        told(database_url, tmp_path, journeys=2, turns=150, seed=seed + 1)
    last = ledger.notarize()
    statements = ledger.statements()
    assert last.events.size > 256, "some nodes are kept"
    leaves = [leaf for (leaf,) in ledger.rows("SELECT leaf FROM log ORDER BY position")]
    with ledger.connect() as connection:
        for one, two in pairwise(statements):
            proven(connection, grown("event", one.events, two.events)).verify()
            if one.accesses.size:
                proven(connection, grown("access", one.accesses, two.accesses)).verify()
        for statement in (statements[0], last):
            for index in range(0, statement.events.size, 7):
                found = proven(connection, included("event", index, *statement.events))
                assert found.leaf == leaves[index]
        for index in range(last.accesses.size):
            proven(connection, included("access", index, *last.accesses)).verify()


def test_all_events_of_a_journey_are_proven_to_be_all(ledger: Ledger) -> None:
    statement = ledger.notarize()
    events = ledger.rows("SELECT journey_id, count(*) FROM event GROUP BY journey_id")
    with ledger.connect() as connection:
        for journey_id, count in events:
            assert proven(connection, complete(journey_id, statement.journeys)).head.events == count
        for _ in range(20):
            assert proven(connection, complete(uuid7(), statement.journeys)).head == Head()


def test_a_notary_that_starts_anew_goes_on_where_the_last_one_was(ledger: Ledger) -> None:
    notary = Notary(ledger.url, ledger.place)
    notary.start()
    until(lambda: ledger.rows("SELECT FROM ledger_checkpoint"))
    notary.stop()
    told(ledger.url, Path("unused"), journeys=1, turns=5, seed=9)
    ledger.looked(2)
    notary = Notary(ledger.url, ledger.place)
    notary.start()
    until(lambda: len(ledger.rows("SELECT FROM ledger_checkpoint")) == 2)
    notary.stop()
    first, second = ledger.statements()
    assert first.events.size < second.events.size
    assert [each.checkpoint for each in anchored(ledger)] == [None, 1, 2]


def test_a_checkpoint_is_waited_for_where_a_notary_is_at_work(ledger: Ledger) -> None:
    notary = Notary(ledger.url, ledger.place)
    notary.start()
    try:
        notarize(ledger.url, ledger.place)
        assert ledger.statements()[-1].events.size == ledger.rows("SELECT max(position) FROM log")[0][0]
    finally:
        notary.stop()


def test_a_key_follows_another_that_introduces_it_while_the_notary_works(ledger: Ledger) -> None:
    first = ledger.notarize()
    with ledger.connect() as connection:
        new = Seals(connection, ledger.place).rotate()
    ledger.looked(1)
    ledger.notarize()
    keys = ledger.rows("SELECT verifier, introduction FROM ledger_key ORDER BY number")
    one, two = (Verifier.read(verifier) for verifier, _ in keys)
    assert two == new
    assert introduced(keys[0][1], None) == one
    assert introduced(keys[1][1], one) == two
    with pytest.raises(BadNote):
        introduced(keys[1][1], Seal.made("somebody/else").verifier)
    notes = [note for (note,) in ledger.rows("SELECT note FROM ledger_checkpoint ORDER BY number")]
    assert [opened(note, keys)[1] for note, keys in zip(notes, ([one], [two]), strict=True)] == [
        (one,),
        (two,),
    ]
    assert first.origin == two.name
    assert [(each.key, each.checkpoint) for each in anchored(ledger)] == [
        (1, None),
        (2, None),
        (None, 1),
        (None, 2),
    ]


def test_nobody_signs_with_a_key_of_their_own(ledger: Ledger, tmp_path: Path) -> None:
    ledger.notarize()
    ledger.looked(1)
    with pytest.raises(OtherKey, match="JOURNEY_LEDGER_KEY_FILE"):
        notarize(ledger.url, Place(tmp_path / "elsewhere"))
    Seal.made("somebody/else").write(tmp_path / "key")
    with pytest.raises(OtherKey):
        notarize(ledger.url, Place(tmp_path, key=tmp_path / "key"))
    assert len(ledger.statements()) == 1


def test_every_key_is_read_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "key"
    for _ in range(50):  # some have a plus in their base64
        seal = Seal.made("clinic.example/journey")
        seal.write(path)
        read = Seal.read(path)
        assert read is not None
        assert str(read) == str(seal)


@pytest.mark.parametrize(
    "line", ["", "PRIVATE+KEY+", "PRIVATE+KEY+a+00000000+AQ==", "PRIVATE+KEY+a+b", "\xff", "a+b+c"]
)
def test_what_is_no_key_is_refused(tmp_path: Path, line: str) -> None:
    path = tmp_path / "key"
    path.write_bytes(line.encode("latin-1"))
    with pytest.raises(NoKey, match="PRIVATE"):
        Seal.read(path)


def test_a_key_file_is_for_its_owner_alone_and_survives_a_rotation_cut_short(ledger: Ledger) -> None:
    ledger.notarize()
    [(first,)] = ledger.rows("SELECT id FROM store_epoch")
    path = ledger.place.key_file(first)
    assert path.stat().st_mode & 0o777 == 0o600
    old = path.read_text()
    with ledger.connect() as connection:
        Seals(connection, ledger.place).rotate()
    path.rename(path.with_name("key.next"))  # as a crash right after the key was introduced leaves it
    path.write_text(old)
    ledger.looked(1)
    assert ledger.notarize().accesses.size == 1


def test_a_database_that_was_put_back_to_before_a_rotation_learns_the_key_anew(ledger: Ledger) -> None:
    ledger.notarize()
    with ledger.connect() as connection:
        Seals(connection, ledger.place).rotate()
        ledger.looked(1)
        ledger.notarize()
        connection.execute("ALTER TABLE ledger_key DISABLE TRIGGER USER")
        [(introduced_at,)] = connection.execute(FORGET).fetchall()
    ledger.looked(1)
    ledger.notarize()
    assert ledger.rows("SELECT introduced_at FROM ledger_key WHERE number = 2") == [(introduced_at,)]
    assert not verify(ledger.url, ledger.place, lambda *_: None).findings


def test_a_line_that_a_crash_cut_off_is_no_anchor_and_no_obstacle(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    one = Anchored(at="2026-03-01T00:00:00.000000Z", checkpoint=1, note="one")
    folder.keep(one)
    with (tmp_path / "2026-03-01.jsonl").open("a") as file:
        file.write('{"at": "2026')
    assert list(folder.kept()) == [one]
    two = one.model_copy(update={"checkpoint": 2})
    folder.keep(two)
    assert list(folder.kept()) == [one, two]
    assert folder.last() == Last(0, 2)
    (tmp_path / "2026-03-02.jsonl").touch()
    assert folder.last() == Last(0, 2)
    (tmp_path / "2026-03-02.jsonl").write_text("no anchor\n")
    with pytest.raises(Unreadable, match=r"2026-03-02\.jsonl:1"):
        folder.last()


def test_anchors_stay_in_order_though_the_clock_is_put_back(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    days = ("2026-03-05", "2026-03-01", "2026-03-04", "2026-03-06")
    told = [
        Anchored(at=f"{day}T00:00:00.000000Z", checkpoint=number, note="…")
        for number, day in enumerate(days, 1)
    ]
    for number, each in enumerate(told, start=1):
        folder.keep(each)
        assert folder.last() == Last(0, number)
    assert list(folder.kept()) == told


def test_a_key_is_anchored_once_though_days_went_by(ledger: Ledger) -> None:
    ledger.notarize()
    with ledger.connect() as connection:
        Seals(connection, ledger.place).rotate()
        folder = ledger.place.anchors(origin_id(connection))
    ledger.looked(1)
    ledger.notarize()
    later = Anchored(at="2099-01-01T00:00:00.000000Z", checkpoint=2, note=anchored(ledger)[-1].note)
    folder.keep(later)
    ledger.looked(1)
    ledger.notarize()
    assert [each.key for each in anchored(ledger) if each.key] == [1, 2]
    assert not verify(ledger.url, ledger.place, lambda *_: None).findings


def test_who_lost_the_lead_cuts_nothing_off_that_another_wrote(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    some = [Anchored(at="2026-03-01T00:00:00.000000Z", checkpoint=n, note=f"{n}" * 500) for n in range(1, 81)]

    def keep(half: Sequence[Anchored]) -> None:
        for each in half:
            folder.keep(each)

    halves = [Thread(target=keep, args=(half,)) for half in (some[::2], some[1::2])]
    for each in halves:
        each.start()
    for each in halves:
        each.join()
    assert sorted(folder.kept(), key=lambda each: each.checkpoint or 0) == some


def test_anchors_that_were_taken_away_are_all_kept_again(ledger: Ledger) -> None:
    notary = Notary(ledger.url, ledger.place)
    notary.start()
    until(lambda: ledger.rows("SELECT FROM ledger_checkpoint") and anchored(ledger)[1:])
    with ledger.connect() as connection:
        kept = ledger.place.anchors(origin_id(connection))
    assert isinstance(kept, Folder)
    shutil.rmtree(kept.path)
    ledger.looked(1)
    until(lambda: [each.checkpoint for each in kept.kept()] == [None, 1, 2])
    notary.stop()


def test_the_notary_goes_on_without_anchors_and_says_so_once(
    ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("journey.ledger.notary.EVERY", 0.01)
    (tmp_path / "file").touch()
    place = ledger.place._replace(anchored=tmp_path / "file" / "anchors")
    notary = Notary(ledger.url, place)

    def signed(number: int) -> bool:
        return len(ledger.rows("SELECT FROM ledger_checkpoint")) == number

    with capture_logs() as said:
        notary.start()
        for number in range(1, 5):
            until(partial(signed, number))
            ledger.looked(1)
        (tmp_path / "file").unlink()
        until((tmp_path / "file" / "anchors").exists)
        notary.stop()
    assert [each["event"] for each in said] == ["notary.waits", "notary.leading"]
    assert str(tmp_path / "file") in said[0]["trouble"]
    kept = [each.checkpoint for each in Folder(tmp_path / "file" / "anchors").kept()]
    assert kept == [None, *range(1, len(ledger.statements()) + 1)]


def test_a_key_of_another_ledger_signs_nothing(ledger: Ledger, tmp_path: Path) -> None:
    Seal.made("clinic.example/one").write(tmp_path / "key")
    place = ledger.place._replace(key=tmp_path / "key")
    with pytest.raises(KeyOfAnother, match="JOURNEY_LEDGER_ORIGIN"):
        notarize(ledger.url, place)
    notarize(ledger.url, place._replace(origin="clinic.example/one"))
    assert ledger.statements()[-1].origin == "clinic.example/one"


def test_a_checkpoint_that_somebody_altered_is_not_built_upon(ledger: Ledger) -> None:
    ledger.notarize()
    ledger.looked(1)
    with ledger.connect() as connection:
        connection.execute("ALTER TABLE ledger_checkpoint DISABLE TRIGGER USER")
        connection.execute("UPDATE ledger_checkpoint SET edge = '{}'")
    with pytest.raises(Unproven, match="altered"):
        notarize(ledger.url, ledger.place)


@pytest.mark.parametrize(
    "table", ["log", "access_log", "ledger_key", "ledger_checkpoint", "ledger_node", "access_event"]
)
def test_the_database_itself_refuses_changes(ledger: Ledger, table: str) -> None:
    with ledger.connect() as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(SQL("DELETE FROM {}").format(Identifier(table)))
