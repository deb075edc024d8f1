"""Tampering: a database administrator with every right alters something, and it is found and named."""

from pathlib import Path
from typing import LiteralString

import pytest

from journey.ledger.notary import notarize
from journey.ledger.seals import Place, origin_id
from journey.ledger.verifying.finding import Finding, Kind
from journey.ledger.verifying.keys import NoLedger, NothingToTrust
from tests.ledger.altered import alter, found, of_kind, superuser, verified
from tests.ledger.told import Ledger


def tampered(ledger: Ledger, *statements: LiteralString) -> list[Finding]:
    alter(ledger, *statements)
    return found(ledger)


EDIT = """
    UPDATE event SET data = (data::text || ' ')::json
     WHERE (journey_id, version) = (SELECT journey_id, version FROM log WHERE position = 7)
    """
LEAF = """
    UPDATE log SET leaf = event_leaf(event) FROM event
     WHERE (event.journey_id, event.version) = (log.journey_id, log.version) AND leaf <> event_leaf(event)
    """
DELETE = """
    DELETE FROM event WHERE (journey_id, version) = (SELECT journey_id, version FROM log WHERE position = 7)
    """
DELETE_POSITION = "DELETE FROM log WHERE position = 7"
EDIT_RECORD = """
    UPDATE access_event SET name = 'nobody'
     WHERE access_id = (SELECT access_id FROM access_log WHERE position = 4)
    """
DELETE_RECORD = """
    DELETE FROM access_event WHERE access_id = (SELECT access_id FROM access_log WHERE position = 4)
    """
SWAP: tuple[LiteralString, ...] = (
    "UPDATE log SET position = 1000 WHERE position = 3",
    "UPDATE log SET position = 3 WHERE position = 5",
    "UPDATE log SET position = 5 WHERE position = 1000",
)
SWAP_RECORDS: tuple[LiteralString, ...] = (
    "UPDATE access_log SET position = 1000 WHERE position = 4",
    "UPDATE access_log SET position = 4 WHERE position = 5",
    "UPDATE access_log SET position = 5 WHERE position = 1000",
)

Altered = tuple[Kind, str, int, tuple[LiteralString, ...]]
IN_ONE_PLACE: dict[str, Altered] = {
    "a byte of an event": (Kind.EDITED, "event", 7, (EDIT,)),
    "a leaf": (Kind.EDITED, "event", 7, ("UPDATE log SET leaf = sha256('x') WHERE position = 7",)),
    "an event": (Kind.DELETED, "event", 7, (DELETE,)),
    "an event and its position": (Kind.DELETED, "log", 7, (DELETE, DELETE_POSITION)),
    "a position": (Kind.DELETED, "log", 7, (DELETE_POSITION,)),
    "two positions": (Kind.REORDERED, "log", 3, SWAP),
    "a record of the trail": (Kind.EDITED, "access_event", 4, (EDIT_RECORD,)),
    "a record of the trail, gone": (Kind.DELETED, "access_event", 4, (DELETE_RECORD,)),
    "a disclosure": (Kind.EDITED, "disclosure", 13, ("UPDATE disclosure SET recipient = 'nobody'",)),
    "a disclosure, gone": (Kind.DELETED, "access_event", 13, ("DELETE FROM disclosure",)),
    "two records of the trail": (Kind.REORDERED, "access_log", 4, SWAP_RECORDS),
}


@pytest.mark.parametrize("what", IN_ONE_PLACE)
def test_what_is_altered_in_one_place_is_named_with_its_position(ledger: Ledger, what: str) -> None:
    kind, table, position, statements = IN_ONE_PLACE[what]
    first = tampered(ledger, *statements)[0]
    assert (first.kind, first.table, first.first, first.last) == (kind, table, position, position), first


def test_an_event_that_is_altered_with_its_leaf_is_narrowed_down_to_its_journey(ledger: Ledger) -> None:
    [(journey_id, among)] = ledger.rows("""
        SELECT journey_id, array_agg(position) FROM log
         WHERE journey_id = (SELECT journey_id FROM log WHERE position = 7) GROUP BY journey_id
        """)
    [first] = tampered(ledger, EDIT, LEAF)
    assert (first.kind, first.journey_id) == (Kind.EDITED, str(journey_id))
    assert first.first is not None
    assert first.last is not None
    assert first.first <= 7 <= first.last
    assert {first.first, first.last} <= set(among)


FORGE = """
    INSERT INTO event (journey_id, version, event_id, type, schema_version, occurred_at, occurred_precision,
                       context, data)
    SELECT '01900000-0000-7000-8000-000000000001', 1, gen_random_uuid(), type, schema_version, occurred_at,
           occurred_precision, context, data
      FROM event LIMIT 1
    """
MAKE_ROOM: tuple[LiteralString, ...] = (
    "UPDATE log SET position = position + 1000 WHERE position >= 7",
    "UPDATE log SET position = position - 999 WHERE position >= 1000",
)
TAKE_UP = """
    INSERT INTO log (position, journey_id, version, leaf)
    SELECT 7, journey_id, version, event_leaf(event)
      FROM event WHERE journey_id = '01900000-0000-7000-8000-000000000001'
    """
CLOSE_UP: tuple[LiteralString, ...] = (
    "UPDATE log SET position = position + 1000 WHERE position > 7",
    "UPDATE log SET position = position - 1001 WHERE position > 1000",
)
NEWEST = """
    WITH gone AS (DELETE FROM log WHERE position > (SELECT max(position) - 5 FROM log)
                  RETURNING journey_id, version)
    DELETE FROM event USING gone
     WHERE (event.journey_id, event.version) = (gone.journey_id, gone.version)
    """


def test_an_event_that_is_slipped_in_is_named(ledger: Ledger) -> None:
    first = tampered(ledger, FORGE, *MAKE_ROOM, TAKE_UP)[0]
    assert (first.kind, first.first, first.last) == (Kind.INSERTED, 7, 7)
    assert first.journey_id == "01900000-0000-7000-8000-000000000001"


def test_an_event_outside_the_log_is_named(ledger: Ledger) -> None:
    [one] = tampered(ledger, FORGE)
    assert (one.kind, one.table) == (Kind.INSERTED, "event")
    assert one.journey_id == "01900000-0000-7000-8000-000000000001"


def test_a_record_outside_the_trail_is_named_whatever_is_said_to_wait(ledger: Ledger) -> None:
    alter(
        ledger,
        "INSERT INTO access_event (access_id, kind, outcome) VALUES (gen_random_uuid(), 'read', 'done')",
        "INSERT INTO access_pending (accesses) VALUES (ARRAY[NULL]::uuid[])",
        "INSERT INTO access_pending (accesses) SELECT ARRAY[access_id] FROM access_log LIMIT 1",
    )
    assert of_kind(found(ledger), Kind.INSERTED).table == "access_event"


def test_an_event_that_is_taken_out_without_a_trace_is_a_gap_in_its_journey(ledger: Ledger) -> None:
    [(journey_id, after)] = ledger.rows("""
        SELECT journey_id, (SELECT min(position) FROM log AS later
                             WHERE later.journey_id = log.journey_id AND later.position > 7)
          FROM log WHERE position = 7
        """)
    findings = tampered(ledger, DELETE, DELETE_POSITION, *CLOSE_UP)
    gap = of_kind(findings, Kind.VERSION_GAP)
    assert (gap.journey_id, gap.first) == (str(journey_id), after - 1)


def test_the_last_event_of_a_journey_that_is_taken_out_without_a_trace_is_missed(ledger: Ledger) -> None:
    [(position, journey_id)] = ledger.rows("""
        SELECT max(position), journey_id FROM log GROUP BY journey_id ORDER BY 1 LIMIT 1
        """)
    with superuser(ledger) as connection:
        connection.execute(
            "DELETE FROM event WHERE (journey_id, version) ="
            " (SELECT journey_id, version FROM log WHERE position = %s)",
            (position,),
        )
        connection.execute("DELETE FROM log WHERE position = %s", (position,))
        connection.execute("UPDATE log SET position = position + 1000 WHERE position > %s", (position,))
        connection.execute("UPDATE log SET position = position - 1001 WHERE position > 1000")
    first = found(ledger)[0]
    assert (first.kind, first.journey_id) == (Kind.DELETED, str(journey_id))
    assert first.first is not None
    assert first.first <= position <= (first.last or 0)


def test_a_version_that_is_left_out_is_named(ledger: Ledger) -> None:
    [(journey_id, position)] = ledger.rows("""
        SELECT DISTINCT ON (journey_id) journey_id, position FROM log
         ORDER BY journey_id, version DESC LIMIT 1
        """)
    with superuser(ledger) as connection:
        for table in ("event", "log"):
            connection.execute(
                f"UPDATE {table} SET version = version + 1 WHERE (journey_id, version) ="  # noqa: S608 - our own words
                f" (SELECT journey_id, max(version) FROM {table} WHERE journey_id = %s GROUP BY 1)",
                (journey_id,),
            )
    gap = of_kind(found(ledger), Kind.VERSION_GAP)
    assert (gap.journey_id, gap.first) == (str(journey_id), position)


def test_the_newest_events_are_missed(ledger: Ledger) -> None:
    last = ledger.statements()[-1]
    truncated = of_kind(tampered(ledger, NEWEST), Kind.TRUNCATED)
    assert (truncated.first, truncated.last) == (last.events.size - 4, last.events.size)


def test_the_newest_events_are_missed_when_their_checkpoints_are_gone_as_well(ledger: Ledger) -> None:
    *_, before, last = ledger.statements()
    findings = tampered(
        ledger, NEWEST, "DELETE FROM ledger_checkpoint WHERE size > (SELECT count(*) FROM log)"
    )
    truncated = of_kind(findings, Kind.TRUNCATED)
    assert before.events.size < last.events.size - 5
    assert (truncated.first, truncated.last) == (last.events.size - 4, last.events.size)


@pytest.mark.parametrize("number", [2, 4])
def test_a_checkpoint_that_is_gone_is_missed(ledger: Ledger, number: int) -> None:
    with superuser(ledger) as connection:
        connection.execute("DELETE FROM ledger_checkpoint WHERE number = %s", (number,))
    gone = of_kind(found(ledger), Kind.DELETED)
    assert (gone.table, gone.first) == ("ledger_checkpoint", number)


def test_everything_gone_is_everything_missed(ledger: Ledger) -> None:
    last = ledger.statements()[-1]
    with superuser(ledger) as connection:
        connection.execute("TRUNCATE event, log, ledger_checkpoint, ledger_key, ledger_node, ledger_journey")
    truncated = of_kind(found(ledger), Kind.TRUNCATED)
    assert (truncated.first, truncated.last) == (1, last.events.size)


def test_a_store_that_claims_to_be_another_or_none_is_not_believed(ledger: Ledger) -> None:
    alter(ledger, "UPDATE store_epoch SET id = gen_random_uuid()")
    with pytest.raises(NothingToTrust):
        found(ledger)
    alter(ledger, "DELETE FROM store_epoch")
    with pytest.raises(NoLedger, match="JOURNEY_ANCHORS"):
        found(ledger)
    [anchors] = ledger.place.home.glob("*/anchors")
    named = ledger._replace(place=ledger.place._replace(anchored=anchors))
    assert of_kind(found(named), Kind.EDITED).table == "ledger_checkpoint"


AGAIN = """
    INSERT INTO access_pending (accesses) SELECT array_agg(access_id ORDER BY at, access_id) FROM access_event
    """


def signed_again(ledger: Ledger, place: Place, *, with_its_own_key: bool) -> list[Finding]:
    """What is found where the thorough made everything anew as the notary does, and signed it."""
    with superuser(ledger) as connection:
        connection.execute(EDIT)
        connection.execute(LEAF)
        connection.execute(
            "TRUNCATE ledger_checkpoint, ledger_node, ledger_journey, ledger_bucket, access_log"
        )
        if with_its_own_key:
            connection.execute("TRUNCATE ledger_key")
        connection.execute(AGAIN)
    notarize(ledger.url, place)
    return found(ledger)


def test_what_is_signed_again_with_another_key_is_found(
    ledger: Ledger, original: Ledger, tmp_path: Path
) -> None:
    findings = signed_again(ledger, Place(tmp_path / "theirs"), with_its_own_key=True)
    wrong = of_kind(findings, Kind.WRONG_KEY)
    assert wrong.first == 1
    forked = of_kind(findings, Kind.FORKED)
    assert (forked.table, forked.first) == ("log", 1)
    assert 7 <= (forked.last or 0) == original.statements()[0].events.size


def test_what_is_signed_again_with_the_very_key_is_found_by_the_anchors(
    ledger: Ledger, original: Ledger, tmp_path: Path
) -> None:
    with ledger.connect() as connection:
        key = ledger.place.key_file(origin_id(connection))
    findings = signed_again(ledger, Place(tmp_path / "theirs", key=key), with_its_own_key=False)
    forked = of_kind(findings, Kind.FORKED)
    assert (forked.table, forked.first) == ("log", 1)
    assert 7 <= (forked.last or 0) == original.statements()[0].events.size


def test_nothing_is_found_where_nothing_is_altered(ledger: Ledger) -> None:
    assert not verified(ledger).findings
