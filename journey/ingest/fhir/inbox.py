"""The inbox of FHIR: every resource that was taken, whole and sealed, with what became of it and why.

A resource is known by its content, its versionId and lastUpdated with it: the same again is a duplicate,
and one that was changed there and back is three versions.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, LiteralString
from uuid import UUID

from psycopg import Connection
from pydantic_core import from_json, to_json

from journey.ingest.attempts import (
    CAME,
    KEPT,
    Attempt,
    Hand,
    Kept,
    kept,
    noted,
    record,
    seal_anew,
)
from journey.ingest.fhir.item import IN_THE_INBOX, Item, Outcome, Sender
from journey.ingest.fhir.naming import Came
from journey.ingest.fhir.resource import TYPE
from journey.ingest.keys import Key
from journey.ingest.routing import connected
from journey.store.boxes import box
from journey.store.store import Store

SEEN = """
    UPDATE inbox SET seen = seen + 1 WHERE key = ANY(%s)
    RETURNING key, status, code, reason
    """
KEYS = "SELECT journey_id, wrapped FROM data_key WHERE journey_id = ANY(%s)"
LATEST = """
    SELECT sender, control_id, max(occurred_at) FROM inbox
     WHERE (sender, control_id) IN (SELECT * FROM unnest(%s::text[], %s::text[]))
       AND channel = 'fhir' AND status = 'applied'
     GROUP BY sender, control_id
    """
PUT = """
    INSERT INTO inbox (key, status, code, reason, places, channel, sender, control_id, trigger, occurred_at,
                       applied_at, journey_id, source, number, raw, sealed_for)
    VALUES (%(key)s, %(status)s, %(code)s, %(reason)s, %(places)s, 'fhir', %(sender)s,
            %(control_id)s, %(trigger)s, %(occurred_at)s,
            CASE %(status)s WHEN 'applied' THEN clock_timestamp() END, %(journey_id)s,
            %(source)s, %(number)s, %(raw)s, %(sealed_for)s)
    ON CONFLICT (key) DO UPDATE SET seen = inbox.seen + 1
    """
SETTLE = """
    UPDATE inbox
       SET status = %(status)s, code = %(code)s, reason = %(reason)s, places = %(places)s,
           control_id = coalesce(%(control_id)s, control_id), trigger = coalesce(%(trigger)s, trigger),
           occurred_at = coalesce(%(occurred_at)s, occurred_at), journey_id = %(journey_id)s,
           raw = CASE WHEN sealed_for IS NULL THEN %(raw)s ELSE raw END,
           sealed_for = coalesce(sealed_for, %(sealed_for)s), attempts = attempts + 1,
           corrected_by = coalesce(%(corrected_by)s, corrected_by),
           applied_at = CASE %(status)s WHEN 'applied' THEN coalesce(applied_at, clock_timestamp()) END
     WHERE key = %(key)s AND raw <> ''
    """
HERE = "SELECT key FROM inbox WHERE key = ANY(%s) AND raw <> '' ORDER BY key FOR UPDATE"
AWAIT = "INSERT INTO fhir_awaited (system, kind, value, key) VALUES (%s, %s, %s, %s) ON CONFLICT DO NOTHING"
AWAIT_NO_MORE = "DELETE FROM fhir_awaited WHERE key = ANY(%s)"
AWAITING = """
    SELECT DISTINCT key FROM fhir_awaited
      JOIN unnest(%s::text[], %s::text[], %s::text[]) AS come (system, kind, value)
     USING (system, kind, value)
    """
TRIED = "UPDATE inbox SET attempts = attempts + 1 WHERE key = %s"
UNTELL = "INSERT INTO fhir_untold (patient_id, key) VALUES (%s, %s) ON CONFLICT DO NOTHING"
TOLD = "DELETE FROM fhir_untold WHERE key = ANY(%s)"
UNTOLD = "SELECT patient_id, key FROM fhir_untold WHERE patient_id = ANY(%s) ORDER BY key"
PARKED = """
    SELECT key FROM inbox
     WHERE status = 'parked' AND channel = 'fhir' AND (code = %s OR %s::text IS NULL)
     ORDER BY occurred_at NULLS LAST, received_at, key
    """
GET = KEPT + " AND inbox.key = ANY(%s)"
IN_ORDER: LiteralString = " ORDER BY occurred_at NULLS LAST, received_at, inbox.key"
NOT_APPLIED: LiteralString = " AND inbox.status <> 'applied'"
THAT_WAIT: LiteralString = NOT_APPLIED + " AND EXISTS (SELECT FROM fhir_awaited WHERE key = inbox.key)"


class Inbox:
    """The table."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def seen(self, keys: Sequence[bytes]) -> dict[bytes, Outcome]:
        """Those that were taken before, with what has become of them; counts that they came once more."""
        with connected(self._store) as connection:
            return {key: Outcome(*stands) for key, *stands in connection.execute(SEEN, (list(keys),))}

    def latest(self, items: Iterable[Item]) -> dict[tuple[str, str], datetime]:
        """The newest version that was applied of each of these, by source and name."""
        named = [(each.came.source, each.name) for each in items if each.updated and each.name]
        if not named:
            return {}
        with connected(self._store) as connection:
            rows = connection.execute(LATEST, [list(column) for column in zip(*named, strict=True)])
            return {(sender, name): latest for sender, name, latest in rows if latest}

    def put(self, items: Sequence[Item]) -> None:
        """Keep them with what became of them, all or none; nothing of those that were erased meanwhile."""
        with connected(self._store) as connection, connection.transaction():
            kept = [each.key for each in items if each.is_kept]
            here = {key for (key,) in connection.execute(HERE, (kept,))} if kept else set[bytes]()
            items = [each for each in items if not each.is_kept or each.key in here]
            items = [each for each in items if not self._refused(connection, each)]
            rows = list(_rows(connection, items))
            with connection.cursor() as cursor:
                cursor.executemany(PUT, [row for row in rows if not row["is_kept"]])
                cursor.executemany(SETTLE, [row for row in rows if row["is_kept"]])
                record(connection, _attempts(items))
                awaiting = [(*key, each.key) for each in items if each.outcome for key in each.outcome.awaits]
                settled = [each.key for each in items if each.is_kept]
                cursor.execute(AWAIT_NO_MORE, (settled,))
                cursor.executemany(AWAIT, awaiting)
                untold = [(each.patient_id, each.key) for each in items if each.patient_id]
                cursor.executemany(UNTELL, untold)
                cursor.execute(TOLD, ([each.key for each in items if each.is_kept and not each.patient_id],))

    def _refused(self, connection: Connection[Any], item: Item) -> bool:
        """Keep a correction that was tried for the first time with what became of it. One that is applied, or
        waits, is taken instead of the resource from now on; of another it knows no more than that it was
        tried.
        """
        outcome, correction = item.outcome, item.correction
        if correction is None or correction.attempt or outcome is None or item.hand is None:
            return False
        attempt = noted(
            connection, Attempt(item.key, item.hand, outcome.ended), correction.note, outcome.journey_id
        )
        item.correction = correction._replace(attempt=attempt)
        if outcome.status == "applied" or outcome.awaits:
            item.hand = None
            return False
        connection.execute(TRIED, (item.key,))
        return True

    def awaiting(self, names: Sequence[Key]) -> list[bytes]:
        """The keys of the resources that wait for what goes by one of these names."""
        if not names:
            return []
        with connected(self._store) as connection:
            columns = [list(column) for column in zip(*names, strict=True)]
            systems, kinds, values = columns
            return [key for (key,) in connection.execute(AWAITING, (systems, kinds, values))]

    def is_awaited(self) -> bool:
        """Whether anything waits at all."""
        with connected(self._store) as connection:
            return connection.execute("SELECT FROM fhir_awaited LIMIT 1").fetchone() is not None

    def untold(self, patients: Sequence[UUID]) -> dict[UUID, list[Item]]:
        """The Patients of whom no journey was told yet, by their records."""
        with connected(self._store) as connection:
            rows = connection.execute(UNTOLD, (list(patients),)).fetchall()
        by_key = {each.key: each for each in self.items([key for _, key in rows])}
        found: dict[UUID, list[Item]] = {}
        for patient_id, key in rows:
            if key in by_key:
                found.setdefault(patient_id, []).append(by_key[key])
        return found

    def parked(self, code: str | None = None) -> list[bytes]:
        """Every parked resource, or those of one reason, in the order in which they were changed."""
        with connected(self._store) as connection:
            return [key for (key,) in connection.execute(PARKED, (code, code))]

    def items(self, keys: Sequence[bytes], hand: Hand | None = None, only: LiteralString = "") -> list[Item]:
        """What is kept under these keys and can still be read, to be tried again by this hand."""
        if not keys:
            return []
        with connected(self._store) as connection:
            return [
                _read(kept(row), hand) for row in connection.execute(GET + only + IN_ORDER, (list(keys),))
            ]


def _rows(connection: Connection[Any], items: Sequence[Item]) -> Iterator[dict[str, Any]]:
    outcomes = [each.outcome for each in items if each.outcome and each.outcome.journey_id]
    wrapped = dict(connection.execute(KEYS, ([each.journey_id for each in outcomes],)).fetchall())
    for each in items:
        outcome = each.outcome
        if outcome is None or outcome.status not in IN_THE_INBOX:
            continue
        raw = to_json({**each.first._asdict(), "sender": each.sender})
        correction = each.correction
        if correction and outcome.journey_id:
            seal_anew(connection, each.key, correction, outcome.journey_id)
        sealed = box(each.key, raw, outcome.journey_id, wrapped.get(outcome.journey_id))
        yield {
            "key": each.key,
            "is_kept": each.is_kept,
            "status": outcome.status,
            "code": outcome.code,
            "reason": outcome.reason,
            "places": list(outcome.ended.places),
            "corrected_by": correction and correction.attempt,
            "sender": each.came.source,
            "control_id": each.name or None,
            "trigger": _type(each.came),
            "occurred_at": each.updated,
            "journey_id": outcome.journey_id,
            "source": each.source,
            "number": each.number,
            **sealed._asdict(),
        }


def _type(came: Came) -> str | None:
    name = came.body.get("resourceType")
    return name if isinstance(name, str) and TYPE.fullmatch(name) else None


def _read(kept: Kept, hand: Hand | None) -> Item:
    fields = from_json(kept.raw)
    sender = Sender.of(fields.pop("sender"))
    item = Item(Came(**fields), kept.source, kept.number, sender, key=kept.key, is_kept=True, hand=hand)
    return item.corrected(kept.correction) if kept.correction else item


def _attempts(items: Iterable[Item]) -> Iterator[Attempt]:
    """Of those that could not be applied at once."""
    for each in items:
        outcome = each.outcome
        if outcome is None or outcome.status not in IN_THE_INBOX:
            continue
        if each.hand:
            yield Attempt(each.key, each.hand, outcome.ended)
        elif not each.is_kept and outcome.status != "applied":
            yield Attempt(each.key, CAME, outcome.ended)
