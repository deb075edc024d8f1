"""A feed for tests: messages go in, and what is recorded and kept of them is asked for."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from psycopg.rows import dict_row

from journey.domain.journey import Journey, fold
from journey.domain.visit import Visit
from journey.ingest.files import Found
from journey.ingest.hl7v2.ingest import Counts, ingest, replay
from journey.store.boxes import Box, unboxed
from journey.store.store import Store

ZONE = ZoneInfo("UTC")


class Feed:
    """Messages into one database."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.store = Store(url, timeout=2.0)

    def close(self) -> None:
        self.store.close()

    def take(self, *raws: bytes) -> Counts:
        """Every one of them counted exactly once, whatever became of it."""
        return self.take_all(raws)

    def take_all(self, raws: Iterable[bytes], source: str = "test") -> Counts:
        found = [Found(raw, source, number) for number, raw in enumerate(raws, start=1)]
        counts = ingest(self.store, found, zone=ZONE)
        assert counts.stopped is None
        assert counts.messages == len(found)
        assert counts.messages == counts.applied + counts.duplicate + counts.parked + counts.rejected
        return counts

    def replay(self, code: str | None = None) -> Counts:
        return replay(self.store, zone=ZONE, code=code)

    def inbox(self) -> Sequence[dict[str, Any]]:
        """What is kept, in the order in which it came."""
        rows = self.rows(
            """
            SELECT inbox.*, wrapped FROM inbox LEFT JOIN data_key ON data_key.journey_id = sealed_for
             ORDER BY received_at, number
            """
        )
        return [
            {**row, "raw": unboxed(row["key"], Box(row["raw"], row["sealed_for"]), row["wrapped"])}
            for row in rows
        ]

    def rows(self, query: str, *parameters: Any) -> Sequence[dict[str, Any]]:
        with self.store.datastore.pool.connection() as connection:
            return connection.cursor(row_factory=dict_row).execute(query.encode(), parameters).fetchall()

    def journey_ids(self) -> set[UUID]:
        return {row["journey_id"] for row in self.rows("SELECT DISTINCT journey_id FROM event")}

    def journey_of(self, number: str) -> Journey:
        """The journey to which a patient's number leads now."""
        (row,) = self.rows("SELECT journey_id FROM routing WHERE kind = 'patient' AND value = %s", number)
        return self.journey(row["journey_id"])

    def journey(self, journey_id: UUID) -> Journey:
        history = self.store.load(journey_id)
        return fold(history.effective, journey_id, history.version)

    def only_visit(self, number: str = "M1") -> Visit:
        (visit,) = self.journey_of(number).visits
        return visit

    def told(self, journey_id: UUID) -> list[str]:
        """The names of everything recorded on it, voided or not."""
        return [each.event.stored_as for each in self.store.load(journey_id).recorded]
