"""The inbox of FHIR: every resource that was taken, whole and sealed, with what became of it and why.

A resource is known by its content, its versionId and lastUpdated with it: the same again is a duplicate,
and one that was changed there and back is three versions.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any, Literal, NamedTuple
from uuid import UUID

from psycopg import Connection
from pydantic_core import from_json, to_json

from journey.ingest.fhir.naming import Came
from journey.ingest.fhir.resource import TYPE
from journey.ingest.keys import Key
from journey.ingest.routing import connected
from journey.ingest.sealing import Box, box, unboxed
from journey.store.store import Store

CHANNEL = "fhir"
Status = Literal["applied", "duplicate", "parked", "rejected", "not-mapped", "barred"]

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
    INSERT INTO inbox (key, status, code, reason, channel, sender, control_id, trigger, occurred_at,
                       applied_at, journey_id, source, number, raw, sealed_for)
    VALUES (%(key)s, %(status)s, %(code)s, %(reason)s, 'fhir', %(sender)s, %(control_id)s, %(trigger)s,
            %(occurred_at)s, CASE %(status)s WHEN 'applied' THEN clock_timestamp() END, %(journey_id)s,
            %(source)s, %(number)s, %(raw)s, %(sealed_for)s)
    ON CONFLICT (key) DO UPDATE SET seen = inbox.seen + 1
    """
SETTLE = """
    UPDATE inbox
       SET status = %(status)s, code = %(code)s, reason = %(reason)s, journey_id = %(journey_id)s,
           raw = %(raw)s, sealed_for = %(sealed_for)s, attempts = attempts + 1,
           applied_at = CASE %(status)s WHEN 'applied' THEN coalesce(applied_at, clock_timestamp()) END
     WHERE key = %(key)s AND raw <> ''
    """
AWAIT = "INSERT INTO fhir_awaited (system, kind, value, key) VALUES (%s, %s, %s, %s) ON CONFLICT DO NOTHING"
AWAIT_NO_MORE = "DELETE FROM fhir_awaited WHERE key = ANY(%s)"
AWAITING = """
    SELECT DISTINCT key FROM fhir_awaited
      JOIN unnest(%s::text[], %s::text[], %s::text[]) AS come (system, kind, value)
     USING (system, kind, value)
    """
UNTELL = "INSERT INTO fhir_untold (patient_id, key) VALUES (%s, %s) ON CONFLICT DO NOTHING"
TOLD = "DELETE FROM fhir_untold WHERE key = ANY(%s)"
UNTOLD = "SELECT patient_id, key FROM fhir_untold WHERE patient_id = ANY(%s) ORDER BY key"
PARKED = """
    SELECT key FROM inbox
     WHERE status = 'parked' AND channel = 'fhir' AND (code = %s OR %s::text IS NULL)
     ORDER BY occurred_at NULLS LAST, received_at, key
    """
GET = """
    SELECT key, raw, sealed_for, wrapped, source, number
      FROM inbox LEFT JOIN data_key ON data_key.journey_id = sealed_for
     WHERE key = ANY(%s) AND raw <> '' AND wrapped IS DISTINCT FROM ''
     ORDER BY occurred_at NULLS LAST, received_at, key
    """


class Outcome(NamedTuple):
    """What became of a resource."""

    status: Status
    code: str | None = None
    reason: str | None = None
    where: str | None = None
    """The element that the reason is about, as FHIRPath."""
    journey_id: UUID | None = None
    thing_id: UUID | None = None
    """What it is there: the visit, the referral …"""
    events: int = 0
    awaits: tuple[Key, ...] = ()
    """Whom it refers to, and nobody knows yet."""


BARRED = Outcome("barred", "forbidden", "It is about a journey that is not yours to tell.")
"""Neither applied nor kept."""


@dataclass
class Item:
    """A resource on its way: kept with what becomes of it."""

    came: Came
    source: str
    """The file or the request, for people to find it by."""
    number: int
    key: bytes = b""
    is_kept: bool = False
    """Whether it is in the inbox already."""
    name: str = ""
    updated: datetime | None = None
    patient_id: UUID | None = None
    """Of a Patient of whom no journey is opened yet."""
    outcome: Outcome | None = field(default=None)

    def __post_init__(self) -> None:
        self.key = self.key or content_key(self.came)


def content_key(came: Came) -> bytes:
    """The resource's name among all of them; see this module's docstring."""
    content = json.dumps(came, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return sha256(content.encode("utf-8", "surrogatepass")).digest()


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
        """Keep them with what became of them, all or none."""
        with connected(self._store) as connection, connection.transaction():
            rows = list(_rows(connection, items))
            with connection.cursor() as cursor:
                cursor.executemany(PUT, [row for row in rows if not row["is_kept"]])
                cursor.executemany(SETTLE, [row for row in rows if row["is_kept"]])
                awaiting = [(*key, each.key) for each in items if each.outcome for key in each.outcome.awaits]
                settled = [each.key for each in items if each.is_kept]
                cursor.execute(AWAIT_NO_MORE, (settled,))
                cursor.executemany(AWAIT, awaiting)
                untold = [(each.patient_id, each.key) for each in items if each.patient_id]
                cursor.executemany(UNTELL, untold)
                cursor.execute(TOLD, ([each.key for each in items if each.is_kept and not each.patient_id],))

    def awaiting(self, names: Sequence[Key]) -> list[Item]:
        """The resources that wait for what goes by one of these names."""
        if not names:
            return []
        with connected(self._store) as connection:
            columns = [list(column) for column in zip(*names, strict=True)]
            systems, kinds, values = columns
            keys = [key for (key,) in connection.execute(AWAITING, (systems, kinds, values))]
        return self.items(keys)

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

    def items(self, keys: Sequence[bytes]) -> list[Item]:
        """What is kept under these keys and can still be read."""
        if not keys:
            return []
        with connected(self._store) as connection:
            return [_read(row) for row in connection.execute(GET, (list(keys),))]


def _rows(connection: Connection[Any], items: Sequence[Item]) -> Iterator[dict[str, Any]]:
    outcomes = [each.outcome for each in items if each.outcome and each.outcome.journey_id]
    wrapped = dict(connection.execute(KEYS, ([each.journey_id for each in outcomes],)).fetchall())
    for each in items:
        outcome = each.outcome
        if outcome is None or outcome.status not in {"applied", "parked", "rejected"}:
            continue
        raw = to_json(each.came._asdict())
        sealed = box(each.key, raw, outcome.journey_id, wrapped.get(outcome.journey_id))
        yield {
            "key": each.key,
            "is_kept": each.is_kept,
            "status": outcome.status,
            "code": outcome.code,
            "reason": outcome.reason,
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


def _read(row: tuple[Any, ...]) -> Item:
    key, raw, sealed_for, wrapped, source, number = row
    came = Came(**from_json(unboxed(key, Box(raw, sealed_for), wrapped)))
    return Item(came, source, number, key=key, is_kept=True)
