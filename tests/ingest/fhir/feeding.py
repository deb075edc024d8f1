"""A feed for tests: resources go in, and what is recorded and kept of them is asked for."""

import json
from collections.abc import Iterable, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from psycopg.rows import dict_row

from journey.domain.journey import Journey, fold
from journey.domain.visit import Visit
from journey.ingest.fhir.documents import split
from journey.ingest.fhir.ingest import Counts, ingest, replay
from journey.ingest.files import Found, Unreadable, within
from journey.store.store import Store

ZONE = ZoneInfo("UTC")
Json = dict[str, Any]


class Feed:
    """Resources into one database."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.store = Store(url, timeout=2.0)

    def close(self) -> None:
        self.store.close()

    def take(self, *documents: Json | bytes, system: str = "fhir") -> Counts:
        """Each in a file of its own, one after the other."""
        raws = (each if isinstance(each, bytes) else json.dumps(each).encode() for each in documents)
        found = [
            Found(raw, "test", number)
            for each in raws
            for number, raw in enumerate(split(BytesIO(each)), start=1)  # type: ignore[arg-type]  # it reads lines
        ]
        return self.counted(found, system)

    def read(self, *paths: Path, system: str = "fhir") -> Counts:
        return self.counted(within(paths, split), system)

    def counted(self, found: Iterable[Found | Unreadable], system: str) -> Counts:
        """Every one of them counted exactly once, whatever became of it."""
        counts = ingest(self.store, found, zone=ZONE, system=system)
        assert counts.stopped is None
        assert counts.messages == counts.applied + counts.duplicate + counts.parked + counts.rejected
        assert not counts.reasons["internal"]
        return counts

    def replay(self, code: str | None = None) -> Counts:
        return replay(self.store, zone=ZONE, code=code)

    def rows(self, query: str, *parameters: Any) -> Sequence[dict[str, Any]]:
        with self.store.datastore.pool.connection() as connection:
            return connection.cursor(row_factory=dict_row).execute(query.encode(), parameters).fetchall()

    def inbox(self) -> Sequence[dict[str, Any]]:
        return self.rows("SELECT * FROM inbox ORDER BY received_at, number")

    def journey_ids(self) -> set[UUID]:
        return {row["journey_id"] for row in self.rows("SELECT DISTINCT journey_id FROM event")}

    def journey(self, journey_id: UUID) -> Journey:
        history = self.store.load(journey_id)
        return fold(history.effective, journey_id, history.version)

    def only(self) -> Journey:
        (journey_id,) = self.journey_ids()
        return self.journey(journey_id)

    def only_visit(self) -> Visit:
        (visit,) = self.only().visits
        return visit

    def told(self) -> list[str]:
        """The names of everything recorded on the only journey, voided or not."""
        (journey_id,) = self.journey_ids()
        return [each.event.stored_as for each in self.store.load(journey_id).recorded]
